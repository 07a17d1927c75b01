"""Sets written down and read again: nothing is lost, and what can't be read is named with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.kit.errors import InvalidInputError
from server.questions.documents import plain
from server.questions.drafts import draft_of
from server.questions.model import Exit, SetDraft
from server.questions.portable import attributes_of, draft_from, key_of, written
from server.questions.porting import STARTERS, starter_set
from tests.api import SEEDER, Api
from tests.test_architecture import ROOT

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/question-set.schema.json").read_text())


@pytest.mark.parametrize("key", STARTERS)
def test_starter_set_is_read_and_has_two_languages(key: str) -> None:
    document = starter_set(key)

    draft = draft_from(document)

    assert key_of(document) == key
    assert all(set(question.translations) == {"de"} for question in draft.questions)


@pytest.mark.parametrize("key", STARTERS)
def test_starter_set_is_written_down_as_it_was_read(key: str) -> None:
    draft = draft_from(starter_set(key))

    assert draft_from(written(key, draft, ())) == draft


def test_schema_names_every_member_that_is_read() -> None:
    members = set(SCHEMA["properties"])

    assert members == {*SetDraft.__dataclass_fields__, "format", "key", "attributes"}
    assert set(SCHEMA["$defs"]["question"]["properties"]) == {
        *plain(draft_from(starter_set("newsletter")).questions[0]).keys() - {"attribute_key"},
        "attribute",
    }


def test_ways_out_are_written_down_and_read_again() -> None:
    draft = SetDraft(name="Care", exits=(Exit.SKIP, Exit.CLOSE))

    document = written("care", draft, ())

    assert document["exits"] == ["skip", "close"]
    assert draft_from(document) == draft


async def test_starter_sets_are_imported_published_and_exported_again(api: Api) -> None:
    porting, authoring = api.services.porting, api.services.authoring
    for key in STARTERS:
        made = await porting.bring_in(SEEDER, None, starter=key)
        published = await authoring.publish(SEEDER, made.id, made.version)

        exported = await porting.export(SEEDER, published.id)
        catalogue = await api.services.profiles.catalogue.current()

        assert draft_from(exported) == draft_of(published.draft, catalogue)
        assert {each.key for each in attributes_of(exported)} >= {
            each.key for each in attributes_of(starter_set(key))
        }


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (None, "document"),
        ([], "document"),
        ({"format": "other"}, "format"),
        ({"name": 7}, "document.name"),
        ({"colour": "red"}, "colour"),
        ({"priority": True}, "document.priority"),
        ({"questions": {}}, "document.questions"),
        ({"questions": [{"key": "a"}]}, "document.questions[0].prompt"),
        ({"questions": [{"key": "a", "prompt": "?", "kind": "essay"}]}, "document.questions[0].kind"),
        ({"audience": {"all": [], "any": []}}, "document.audience"),
        ({"audience": {"not": {"sql": "1=1"}}}, "sql"),
        ({"trigger": {"starts_at": "tomorrow"}}, "document.trigger.starts_at"),
        ({"reask": {"bored": {}}}, "bored"),
        ({"exits": ["escape"]}, "document.exits[0]"),
        ({"patience": 1e300}, "document.patience"),
    ],
)
def test_what_can_not_be_read_is_named_with_its_place(given: Any, place: str) -> None:  # noqa: ANN401 - JSON
    base = {"format": "acquaint.question-set/1", "name": "A set"}

    with pytest.raises(InvalidInputError) as raised:
        draft_from({**base, **given} if isinstance(given, dict) else given)

    assert place in raised.value.message
