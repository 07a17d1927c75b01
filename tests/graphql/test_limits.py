"""How much one operation may ask for, counted after fragments are spread."""

from __future__ import annotations

from graphql import get_introspection_query, parse

from server.graphql.limits import MAX_FIELDS, MAX_MUTATIONS, too_many_fields, too_many_mutations


def _fields(count: int) -> str:
    return " ".join(f"f{number}: viewer {{ kind }}" for number in range(count // 2))


def test_as_many_fields_as_allowed_may_be_asked_for() -> None:
    assert too_many_fields(parse(f"{{ {_fields(MAX_FIELDS)} }}")) is None


def test_one_field_more_is_too_many() -> None:
    error = too_many_fields(parse(f"{{ viewer {{ ... on Viewer {{ kind }} }} {_fields(MAX_FIELDS)} }}"))

    assert error is not None
    assert error.message == "An operation has at most 1000 fields once its fragments are spread."


def test_fragment_counts_wherever_it_is_spread() -> None:
    fragments = f"fragment Half on Query {{ {_fields(MAX_FIELDS // 2)} }}"

    assert too_many_fields(parse(f"{{ ...Half ...Half }} {fragments}")) is None
    assert too_many_fields(parse(f"{{ ...Half ...Half __typename }} {fragments}")) is not None


def test_fragments_of_fragments_are_multiplied_without_being_spread() -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))

    assert (
        too_many_fields(parse(f"{{ ...F0 }} {doubling} fragment F200 on Query {{ __typename }}")) is not None
    )


def test_every_operation_of_a_document_is_counted() -> None:
    assert (
        too_many_fields(parse(f"query A {{ viewer {{ kind }} }} query B {{ {_fields(1_100)} }}")) is not None
    )


def test_tools_may_introspect() -> None:
    assert too_many_fields(parse(get_introspection_query())) is None


def _mutations(count: int) -> str:
    return " ".join(f"m{number}: signOut {{ __typename }}" for number in range(count))


def test_as_many_mutations_as_allowed_may_be_carried_out() -> None:
    assert too_many_mutations(parse(f"mutation {{ {_mutations(MAX_MUTATIONS)} }}")) is None
    assert too_many_mutations(parse(f"{{ {_fields(100)} }}")) is None


def test_one_mutation_more_is_too_many_however_it_is_spread() -> None:
    half = f"fragment Half on Mutation {{ {_mutations(MAX_MUTATIONS // 2)} }}"

    error = too_many_mutations(
        parse(f"mutation {{ ...Half ... on Mutation {{ ...Half signOut {{ ok }} }} }} {half}")
    )

    assert error is not None
    assert error.message == "An operation carries out at most 20 mutations."
