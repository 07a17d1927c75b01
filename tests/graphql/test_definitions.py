"""Declaring and changing attributes over GraphQL: versions, keys, texts, archive, order, hostile patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api import Api

DEFINITION = """definition {
  id key version label german: label(language: "de-AT") description labels { language text } minimum maxLength
  pattern purpose options { value label german: label(language: "de") }
  precedence { kind key isVerified } lastsSeconds personalData appAccess confirm archivedAt
}"""
_RESULT = f"__typename ... on UserError {{ message }} ... on AttributeSuccess {{ {DEFINITION} }}"


def mutation(name: str, given: str) -> str:
    return f"mutation ($input: {given}!) {{ {name}(input: $input) {{ {_RESULT} }} }}"


DEFINE = mutation("defineAttribute", "DefineAttributeInput")
UPDATE = mutation("updateAttribute", "UpdateAttributeInput")
ARCHIVE = mutation("archiveAttribute", "AttributeVersionInput")
RESTORE = mutation("restoreAttribute", "AttributeVersionInput")
REORDER = """mutation ($input: ReorderAttributesInput!) { reorderAttributes(input: $input) {
  __typename ... on UserError { message } ... on ReorderAttributesSuccess { definitions { id key } }
} }"""
SET = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
  __typename ... on UserError { message } ... on SetAttributesSuccess { profile { traits } }
} }"""


async def run(api: Api, operation: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of inputs
    """Run a mutation as an admin and return its result."""
    (result,) = (await api.data(operation, {"input": given}, by=api.admin)).values()
    assert isinstance(result, dict)
    return result


async def declared(api: Api, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the input
    """Declare an attribute and return it."""
    spec = {"key": "colour", "type": "STRING", "label": "Colour", "personAccess": "READWRITE", **given}
    definition: dict[str, Any] = (await run(api, DEFINE, **spec))["definition"]
    return definition


async def said(api: Api, user_id: str, key: str, value: object) -> dict[str, Any]:
    """Let the admin say something of a person; return the result."""
    values = [{"key": key, "value": value}]
    return await run(api, SET, profile={"userId": user_id}, attributes=values, createIfMissing=True)


async def test_everything_that_is_declared_is_read(api: Api) -> None:
    found = await declared(
        api,
        type="ENUM",
        labels=[{"language": "de", "text": "Farbe"}],
        description="To paint the cup.",
        options=[{"value": "red", "label": "Red", "labels": [{"language": "de", "text": "Rot"}]}],
        precedence=[{"kind": "IDENTITY", "isVerified": True}, {"kind": "ENRICHER", "key": "paint"}],
        lastsSeconds=86400,
        personalData="NONE",
        appAccess="READ",
        confirm="ALWAYS",
    )

    assert (found["label"], found["german"], found["description"]) == ("Colour", "Farbe", "To paint the cup.")
    assert found["options"] == [{"value": "red", "label": "Red", "german": "Rot"}]
    assert found["precedence"] == [
        {"kind": "IDENTITY", "key": None, "isVerified": True},
        {"kind": "ENRICHER", "key": "paint", "isVerified": None},
    ]
    assert (found["lastsSeconds"], found["personalData"], found["appAccess"], found["confirm"]) == (
        86400,
        "NONE",
        "READ",
        "ALWAYS",
    )
    assert (found["version"], found["archivedAt"]) == (1, None)


async def test_what_is_left_out_stays_and_null_takes_away(api: Api) -> None:
    colour = await declared(api, description="To paint.", maxLength=10, pattern="[a-z]+")

    changed = await run(
        api, UPDATE, id=colour["id"], expectedVersion=1, label="Hue", pattern=None, purpose=None
    )

    shown = changed["definition"]
    assert (shown["label"], shown["description"], shown["maxLength"], shown["pattern"]) == (
        "Hue",
        "To paint.",
        10,
        None,
    )
    assert (shown["id"], shown["version"]) == (colour["id"], 2)


async def test_renamed_attribute_keeps_its_values(api: Api) -> None:
    colour = await declared(api)
    await said(api, "ada", "colour", "red")

    await run(api, UPDATE, id=colour["id"], expectedVersion=1, key="hue")

    written = await said(api, "ada", "hue", "blue")
    assert written["profile"]["traits"] == {"hue": "blue"}
    assert (await said(api, "ada", "colour", "red"))["__typename"] == "UnknownAttributeError"
    taken = await run(api, UPDATE, id=colour["id"], expectedVersion=2, key="job_title")
    assert taken["__typename"] == "ConflictError"


async def test_standard_attribute_that_was_renamed_is_still_filled_by_sign_in(api: Api) -> None:
    known = (await api.services.attributes.catalogue.current()).get("name")
    await run(api, UPDATE, id=known.id, expectedVersion=1, key="full_name")
    await api.services.attributes.ensure_standard_attributes()

    person = await api.signed_in(name="Ada Lovelace")

    own = await api.data("{ viewer { profile { traits } } }", by=person)
    assert own["viewer"]["profile"]["traits"] == {"full_name": "Ada Lovelace"}


async def test_tighter_check_is_for_later_writes_alone(api: Api) -> None:
    colour = await declared(api)
    await said(api, "ada", "colour", "vermilion")

    await run(api, UPDATE, id=colour["id"], expectedVersion=1, maxLength=4)

    refused = await said(api, "bob", "colour", "magenta")
    other = await said(api, "ada", "nickname", "Ada")
    assert refused["message"] == "Colour must have 1 to 4 characters; it has 7."
    assert other["profile"]["traits"] == {"nickname": "Ada", "colour": "vermilion"}


@pytest.mark.parametrize("operation", [UPDATE, ARCHIVE, RESTORE])
async def test_change_meant_for_another_version_is_refused(api: Api, operation: str) -> None:
    colour = await declared(api)

    refused = await run(api, operation, id=colour["id"], expectedVersion=7)
    missing = await run(api, operation, id="att_none", expectedVersion=1)

    assert refused["__typename"] == "VersionConflictError"
    assert missing["__typename"] == "NotFoundError"


async def test_archived_attribute_is_neither_shown_nor_written_and_comes_back_whole(api: Api) -> None:
    colour = await declared(api)
    await said(api, "ada", "colour", "red")

    archived = await run(api, ARCHIVE, id=colour["id"], expectedVersion=1)

    assert archived["definition"]["archivedAt"] is not None
    assert (await said(api, "ada", "colour", "blue"))["__typename"] == "UnknownAttributeError"
    assert (await said(api, "ada", "nickname", "Ada"))["profile"]["traits"] == {"nickname": "Ada"}
    listed = """query ($with: Boolean!) { attributeDefinitions(first: 100, withArchived: $with) {
      edges { node { key } } } }"""
    for with_archived in (True, False):
        page = await api.data(listed, {"with": with_archived}, by=api.admin)
        keys = {edge["node"]["key"] for edge in page["attributeDefinitions"]["edges"]}
        assert ("colour" in keys) is with_archived

    restored = await run(api, RESTORE, id=colour["id"], expectedVersion=2)

    assert restored["definition"]["archivedAt"] is None
    assert (await said(api, "ada", "nickname", "A"))["profile"]["traits"]["colour"] == "red"


async def test_named_attributes_come_first_and_the_others_follow_as_they_were(api: Api) -> None:
    one, two = await declared(api, key="one"), await declared(api, key="two")
    before = [each["id"] for each in (await run(api, REORDER, ids=[]))["definitions"]]

    after = [each["id"] for each in (await run(api, REORDER, ids=[two["id"], one["id"]]))["definitions"]]

    rest = [each for each in before if each not in {one["id"], two["id"]}]
    assert after == [two["id"], one["id"], *rest]
    twice = await run(api, REORDER, ids=[one["id"], one["id"]])
    unknown = await run(api, REORDER, ids=["att_none"])
    assert (twice["__typename"], unknown["__typename"]) == ("InvalidInputError", "NotFoundError")


@pytest.mark.parametrize("pattern", ["(?=a)a", r"(a)\1", "(", "a{1001}", "x" * 501, "((a{100}){100}){100}"])
async def test_pattern_that_could_hang_or_means_nothing_is_refused(api: Api, pattern: str) -> None:
    refused = await run(api, DEFINE, key="colour", type="STRING", label="Colour", pattern=pattern)

    assert refused["__typename"] == "InvalidInputError"
    assert len(refused["message"]) < 300


async def test_catastrophic_pattern_takes_no_time(api: Api) -> None:
    await declared(api, pattern="(a+)+$", patternHint="must be the letter a, any number of times")

    refused = await said(api, "ada", "colour", "a" * 2_000 + "!")

    assert refused["message"] == "Colour must be the letter a, any number of times."
