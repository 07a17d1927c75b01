"""What a release promised is kept until a version that may break it, and what goes says so beforehand."""

from __future__ import annotations

import pytest
from graphql import build_schema

from tests.graphql.released import Release, current, last_release, wrong_reasons

SDL = "type Query { name(of: ID): String size: Int count: Int } enum Size { SMALL LARGE }"


@pytest.mark.parametrize(
    ("sdl", "break_"),
    [
        (SDL.replace("size: Int", ""), "Query.size was removed."),
        (SDL.replace("size: Int", "size: String"), "Query.size changed type from Int to String."),
        (SDL.replace("of: ID", "of: ID!"), "changed type from ID to ID!"),
        (SDL.replace("of: ID", "of: ID by: ID!"), "A required argument Query.name(by:) was added."),
        (SDL.replace("LARGE", ""), "Enum value Size.LARGE was removed."),
    ],
)
def test_what_breaks_clients_is_found(sdl: str, break_: str) -> None:
    (found,) = Release("0.1.4", sdl).breaks(Release("0.1.0", SDL))

    assert break_ in found


@pytest.mark.parametrize(
    "sdl",
    [
        SDL.replace("size: Int", "size: Int more: Int"),
        SDL.replace("size: Int", "size: Int!"),
        SDL.replace("of: ID", "of: ID by: ID"),
        SDL.replace("LARGE", "LARGE HUGE"),
    ],
)
def test_what_is_added_breaks_nobody(sdl: str) -> None:
    assert Release("0.1.4", sdl).breaks(Release("0.1.0", SDL)) == []


@pytest.mark.parametrize(
    ("before", "now", "may"),
    [
        ("0.1.0", "0.1.9", False),
        ("0.1.0", "0.2.0", True),
        ("1.0.0", "1.9.0", False),
        ("1.9.3", "2.0.0", True),
        ("0.9.0", "1.0.0", True),
    ],
)
def test_versions_that_may_break_are_those_of_semantic_versioning(
    before: str, now: str, *, may: bool
) -> None:
    less = SDL.replace("size: Int", "")

    assert (Release(now, less).breaks(Release(before, SDL)) == []) is may


def test_nothing_that_the_last_release_promised_is_broken() -> None:
    assert current().breaks(last_release()) == [], "Deprecate it, or `make released` if nothing is published."


@pytest.mark.parametrize(
    ("reason", "is_right"),
    [
        ("Use `Query.size`. Goes after 2027-05-31.", True),
        ("Use `Query.name(of:)` with an id. Goes after 2027-05-31.", True),
        ("Use `Query.length`. Goes after 2027-05-31.", False),
        ("Use `Query.size`.", False),
        ("Goes after 2027-05-31.", False),
        ("No longer supported", False),
    ],
)
def test_deprecated_field_says_what_to_use_and_until_when_it_stays(reason: str, *, is_right: bool) -> None:
    for old, new, where in (
        ("size: Int", f'size: Int width: Int @deprecated(reason: "{reason}")', "Query.width"),
        ("of: ID", f'of: ID by: ID @deprecated(reason: "{reason}")', "Query.name(by:)"),
        ("LARGE", f'LARGE HUGE @deprecated(reason: "{reason}")', "Size.HUGE"),
    ):
        schema = build_schema(SDL.replace(old, new))

        assert wrong_reasons(schema) == ([] if is_right else [where])


def test_all_that_is_deprecated_says_so() -> None:
    assert wrong_reasons(build_schema(current().schema)) == []
