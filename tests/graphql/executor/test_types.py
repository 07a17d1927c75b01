"""Interfaces and unions: how an object's type is found, and what is said when it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLError, GraphQLObjectType, GraphQLUnionType

from tests.graphql.executor.both import same, schema_of

if TYPE_CHECKING:
    from graphql import GraphQLSchema

SDL = """
interface Being { id: ID }
interface Animal implements Being { id: ID name(loud: Boolean = false): String }
type Cat implements Animal & Being { id: ID name(loud: Boolean = false): String lives: Int! friend: Animal }
type Dog implements Animal & Being { id: ID name(loud: Boolean = false): String tricks: [String!] }
type Rock implements Being { id: ID weight: Float }
type Star { id: ID }
union Pet = Cat | Dog
union Any = Cat | Dog | Rock
type Query { being: Being animal: Animal animals: [Animal!] pet: Pet any: Any anys: [[Any]]
  cat: Cat dogs: [Dog] }
"""
SCHEMA = schema_of(SDL)
CAT = {"__typename": "Cat", "id": 1, "name": "Tom", "lives": 9}
DOG = {"__typename": "Dog", "id": 2, "name": "Rex", "tricks": ["sit"]}
ROCK = {"__typename": "Rock", "weight": 2.5}


def test_fragments_apply_by_type_interface_and_union() -> None:
    text = """
    query { anys { __typename ... on Being { id ... on Animal { name ...Cats } }
      ... on Pet { ...Dogs ...Cats } ... on Rock { weight id } } }
    fragment Cats on Cat { lives id friend { name ...Cats2 } }
    fragment Cats2 on Cat { lives }
    fragment Dogs on Dog { tricks ...Again }
    fragment Again on Animal { loud: name(loud: true) ... { id } }
    """
    found = same(SCHEMA, text, lambda: {"anys": [[CAT, DOG], [ROCK, {**CAT, "friend": CAT}, None]]})

    assert not found.errors
    assert "{'__typename': 'Dog', 'id': '2', 'name': 'Rex', 'tricks': ['sit'], 'loud': 'Rex'}" in found.data


def test_a_key_selected_in_several_fragments_is_resolved_once_with_all_its_selections() -> None:
    calls: list[str] = []

    def friend(info: Any) -> dict[str, object]:  # noqa: ANN401
        calls.append(f"{len(info.field_nodes)} nodes")
        return {**CAT, "friend": None}

    text = """
    { cat { friend { id } ...A ... on Animal { ... on Cat { friend { ... on Cat { lives } } } } } }
    fragment A on Cat { friend { id name ... on Cat { friend { id } } } }
    """
    found = same(SCHEMA, text, lambda: {"cat": {**CAT, "friend": friend}})

    assert found.data == "{'cat': {'friend': {'id': '1', 'name': 'Tom', 'friend': None, 'lives': 9}}}"
    assert calls == ["3 nodes"] * 3


def test_typename_may_be_asked_for_anywhere_and_under_any_key() -> None:
    found = same(
        SCHEMA,
        "{ __typename me: __typename cat { __typename } pet { t: __typename } }",
        lambda: {"cat": CAT, "pet": DOG},
    )

    assert (
        found.data
        == "{'__typename': 'Query', 'me': 'Query', 'cat': {'__typename': 'Cat'}, 'pet': {'t': 'Dog'}}"
    )


@pytest.mark.parametrize("name", ["Star", "Nothing", "Pet", "Int", "Cat", "Rock", 7, "", None, b"Cat"])
def test_any_type_name_comes_to_the_same(name: object) -> None:
    thing = {"__typename": name, "id": 1}
    text = "{ being { id } animal { name } animals { id } pet { ...P } any { ...P } anys { ...P } } "

    same(
        SCHEMA,
        text + "fragment P on Pet { __typename }",
        lambda: {
            "being": thing,
            "animal": thing,
            "animals": [CAT, thing],
            "pet": thing,
            "any": thing,
            "anys": [[thing]],
        },
    )


def test_python_names_a_type_by_a_private_attribute() -> None:
    class Tom:
        __typename = "Cat"
        lives = 3

    found = same(SCHEMA, "{ pet { ... on Cat { lives } } }", lambda: {"pet": Tom()})

    assert found.data == "{'pet': {'lives': 3}}"


def _with_is_type_of(**answers: object) -> GraphQLSchema:
    schema = schema_of(SDL)
    for name, answer in answers.items():
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)

        def is_type_of(value: object, _info: object, answer: object = answer) -> bool:
            if isinstance(answer, Exception):
                raise answer
            return isinstance(value, dict) and answer in value

        type_.is_type_of = is_type_of
    return schema


@pytest.mark.parametrize("dog", ["tricks", "nothing", ValueError("no idea"), GraphQLError("refused")])
def test_objects_are_asked_whether_they_are_of_their_type(dog: object) -> None:
    schema = _with_is_type_of(Cat="lives", Dog=dog)
    untold = {"id": 1, "lives": 9, "name": "Tom"}

    same(
        schema,
        "{ pet { __typename } animals { id } cat { lives } dogs { name } anys { __typename } }",
        lambda: {
            "pet": untold,
            "animals": [untold, DOG],
            "cat": DOG,
            "dogs": [DOG, untold],
            "anys": [[untold, {}], [ROCK]],
        },
    )


def test_resolve_type_sees_the_field_not_the_item() -> None:
    seen: list[object] = []
    schema = schema_of(SDL)
    any_type = schema.type_map["Any"]
    assert isinstance(any_type, GraphQLUnionType)

    def resolve_type(_value: object, info: Any, type_: object) -> str:  # noqa: ANN401
        seen.append(
            (info.path.as_list(), info.field_name, str(info.return_type), str(type_), info.path.typename)
        )
        return "Cat"

    any_type.resolve_type = resolve_type
    same(schema, "{ anys { __typename } any { __typename } }", lambda: {"anys": [[CAT], [CAT]], "any": CAT})

    assert seen[:3] == [
        (["anys"], "anys", "[[Any]]", "Any", "Query"),
        (["anys"], "anys", "[[Any]]", "Any", "Query"),
        (["any"], "any", "Any", "Any", "Query"),
    ]
    assert seen == seen[:3] * 3


@dataclass(frozen=True)
class Point:
    """Any object will do as a source."""

    id: int
    weight: float


def test_objects_and_mappings_may_take_turns_as_sources() -> None:
    found = same(
        SCHEMA,
        "{ anys { ... on Rock { id weight } } }",
        lambda: {"anys": [[ROCK, _Named(3, 1.5), ROCK], [_Named(4, 2.5), ROCK, _Mapping()]]},
    )

    assert not found.errors


def test_a_proxy_may_stand_for_an_object_first_and_a_mapping_then() -> None:
    class Proxy:
        def __init__(self, of: object) -> None:
            self.of = of

        @property  # type: ignore[misc]  # as proxies do
        def __class__(self) -> type:
            return type(self.of)

        def __getattr__(self, name: str) -> object:
            return getattr(self.of, name)

    found = same(
        SCHEMA,
        "{ dogs { id name } }",
        lambda: {"dogs": [Proxy(_Named(3, 1.5)), Proxy(DOG), _Named(4, 1.5), Proxy(DOG)]},
    )

    rex = {"id": "2", "name": "Rex"}
    assert found.data == repr({"dogs": [{"id": "3", "name": None}, rex, {"id": "4", "name": None}, rex]})


class _Named(Point):
    _Point__typename = "Rock"


class _Mapping(dict[str, object]):
    def get(self, name: str, default: object = None) -> object:
        return {"__typename": "Rock", "id": "made up"}.get(name, default)
