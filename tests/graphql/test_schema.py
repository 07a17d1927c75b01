"""The schema is a promise: current on disk, described throughout, and of one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from server.graphql.permissions import FIELDS, MUTATIONS, QUERIES, SUBSCRIPTIONS, permissions_page
from server.graphql.schema import print_schema
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLNamedType, GraphQLSchema, GraphQLType

WITHOUT_INPUT = {
    "signOut",
    "signOutEverywhere",
}  # it is about the viewer, and there is nothing to say about it


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as clients read it."""
    return build_schema((ROOT / "schema.graphql").read_text())


def test_schema_file_is_current() -> None:
    assert (ROOT / "schema.graphql").read_text() == print_schema(), "run `make schema` and look at the diff"


def test_everything_in_the_schema_is_described(schema: GraphQLSchema) -> None:
    undescribed = [
        where for each in _own_types(schema) for where, description in _described(each) if not description
    ]

    assert undescribed == []


def test_mutation_takes_one_input_and_gives_a_union_of_its_own(schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        capital = name[0].upper() + name[1:]

        assert (list(field.args) or ["none"]) == (["none"] if name in WITHOUT_INPUT else ["input"]), name
        assert isinstance(_bare(field.type), GraphQLUnionType), name
        assert str(field.type) == f"{capital}Result!"


def test_result_is_one_success_and_otherwise_errors_with_a_message(schema: GraphQLSchema) -> None:
    for union in _results(schema):
        success, *errors = union.types

        assert success.name.endswith("Success"), union.name
        assert [each.name for each in errors if not each.name.endswith("Error")] == [], union.name
        assert [each.name for each in errors if not _is_user_error(each)] == [], union.name


def test_every_mutation_can_be_forbidden(schema: GraphQLSchema) -> None:
    assert [each.name for each in _results(schema) if "ForbiddenError" not in _names(each.types)] == []


def test_every_error_type_is_a_member_of_some_result(schema: GraphQLSchema) -> None:
    errors = {each.name for each in _own_types(schema) if _is_user_error(each)}

    assert errors == {name for each in _results(schema) for name in _names(each.types) if name in errors}


def test_connection_has_the_shape_that_relay_prescribes(schema: GraphQLSchema) -> None:
    connections = [each for each in _own_types(schema) if each.name.endswith("Connection")]

    assert connections
    for connection in connections:
        assert isinstance(connection, GraphQLObjectType)
        edge = _bare(connection.fields["edges"].type)
        assert isinstance(edge, GraphQLObjectType)
        assert edge.name == connection.name.removesuffix("Connection") + "Edge"
        assert set(edge.fields) == {"cursor", "node"}
        assert str(connection.fields["pageInfo"].type) == "PageInfo!"


def test_field_that_gives_a_connection_is_read_page_by_page(schema: GraphQLSchema) -> None:
    for each in _own_types(schema):
        if isinstance(each, GraphQLObjectType):
            for name, field in each.fields.items():
                is_connection = str(_bare(field.type)).endswith("Connection")
                assert not is_connection or {"first", "after"} <= set(field.args), f"{each.name}.{name}"


def test_table_speaks_of_every_field_of_the_roots(schema: GraphQLSchema) -> None:
    for root, table in (
        (schema.query_type, QUERIES),
        (schema.mutation_type, MUTATIONS),
        (schema.subscription_type, SUBSCRIPTIONS),
    ):
        assert root is not None
        missing, gone = root.fields.keys() - table.keys(), table.keys() - root.fields.keys()
        assert not missing, f"Say in server/graphql/permissions.py who may use {sorted(missing)}."
        assert not gone, (
            f"Take {sorted(gone)} out of server/graphql/permissions.py: the schema has them no more."
        )


def test_table_speaks_of_fields_that_there_are(schema: GraphQLSchema) -> None:
    for name in FIELDS:
        owner, _, field = name.partition(".")
        kind = schema.type_map[owner]
        assert isinstance(kind, GraphQLObjectType)
        assert field in kind.fields


def test_page_is_printed_from_the_table() -> None:
    page = ROOT / "docs" / "permissions.md"

    assert page.read_text() == permissions_page(), "Run: python -m server permissions > docs/permissions.md"


def _own_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    return [
        each
        for each in schema.type_map.values()
        if not is_introspection_type(each) and not is_specified_scalar_type(each)
    ]


def _results(schema: GraphQLSchema) -> list[GraphQLUnionType]:
    assert schema.mutation_type is not None
    types = [_bare(field.type) for field in schema.mutation_type.fields.values()]
    return [each for each in types if isinstance(each, GraphQLUnionType)]


def _described(each: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Yield whatever of a type can have a description, with it."""
    yield each.name, each.description
    if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in each.fields.items():
            yield f"{each.name}.{name}", field.description
            for argument, given in field.args.items():
                yield f"{each.name}.{name}({argument})", given.description
    if isinstance(each, GraphQLInputObjectType):
        for name, input_field in each.fields.items():
            yield f"{each.name}.{name}", input_field.description
    if isinstance(each, GraphQLEnumType):
        for name, value in each.values.items():
            yield f"{each.name}.{name}", value.description


def _is_user_error(each: GraphQLNamedType) -> bool:
    return isinstance(each, GraphQLObjectType) and "UserError" in _names(each.interfaces)


def _names(types: tuple[GraphQLNamedType, ...]) -> list[str]:
    return [each.name for each in types]


def _bare(kind: GraphQLType) -> GraphQLType:
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return kind
