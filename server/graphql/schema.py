"""The schema, made of everything in this folder."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import strawberry
from graphql import GraphQLInputObjectType
from strawberry.federation import Schema
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter

from server.graphql.access import ApiKey
from server.graphql.definitions import AttributeDefinition
from server.graphql.errors import HANDLERS
from server.graphql.inputs import read_at_once
from server.graphql.moments import MOMENT
from server.graphql.mutations import Mutation
from server.graphql.profiles import Profile
from server.graphql.queries import Query
from server.graphql.question_sets import QuestionSet
from server.graphql.subscriptions import Subscription

if TYPE_CHECKING:
    from graphql import GraphQLSchema

_DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
_ANY = strawberry.scalar(
    name="_Any",
    description="What a gateway knows of an object: its `__typename` and the fields of a key.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)


def build_schema(*, is_incremental: bool = True) -> Schema:
    """Return the schema, with `@defer` and `@stream` where it `is_incremental`."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        scalar_overrides={FederationAny: _ANY, datetime: MOMENT},
        types=[Profile, AttributeDefinition, QuestionSet, ApiKey],
        exception_handlers=list(HANDLERS),
        config=StrawberryConfig(enable_experimental_incremental_execution=is_incremental),
    )
    _tell_one_of(schema._schema)  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
    read_at_once(schema)
    return schema


def _tell_one_of(schema: GraphQLSchema) -> None:
    """Let graphql-core refuse with the document what is not one of a `@oneOf`; Strawberry does it later."""
    for each in schema.type_map.values():
        if isinstance(each, GraphQLInputObjectType) and (known := each.extensions.get(_DEFINITION)):
            each.is_one_of = known.is_one_of


def print_schema() -> str:
    """Return the schema as it lies in `schema.graphql`: for gateways, and tools that know no federation.

    It is without `@defer` and `@stream`, which many tools define themselves or refuse to read.
    """
    return build_schema(is_incremental=False).as_str() + _DIRECTIVES


# Composition knows these by itself; to all other tools a directive that nobody defined is an error.
_DIRECTIVES = """

\"\"\"Which specification a schema follows, and what it takes from it.\"\"\"
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

\"\"\"By which fields other graphs know an object.\"\"\"
directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE

\"\"\"What is taken from a specification.\"\"\"
scalar link__Import

\"\"\"What a specification is followed for.\"\"\"
enum link__Purpose {
  \"\"\"Access to what is secret.\"\"\"
  SECURITY

  \"\"\"The right execution of operations.\"\"\"
  EXECUTION
}

\"\"\"Fields of one object, as a selection without its braces.\"\"\"
scalar federation__FieldSet
"""
