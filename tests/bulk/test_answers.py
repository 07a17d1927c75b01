"""The answer log as a file: what was asked and said, and nothing that may not be shown."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.bulk.commands import ExportAnswersCommand
from server.consent.model import ConsentState, PurposeSpec
from server.kit.errors import NotFoundError
from server.kit.paging import PageRequest
from server.kit.relay import Relay
from server.profiles.model import AppAccess
from server.questions.model.asking import AskReport
from server.reactions import reactions
from tests.api import SEEDER
from tests.factories.access import app_viewer, person_viewer
from tests.factories.profiles import spec
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api import Api, Person

CARE = PurposeSpec(key="care", name="Care", description="To care.", text="May we know to care for you?")


async def relayed(api: Api) -> None:
    services = api.services
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    while await relay.deliver():
        pass


async def say(api: Api, person: Person, value: object) -> None:
    """Answer whatever is asked."""
    viewer = person_viewer(person.profile_id)
    found = await api.services.questions.next_question(viewer, "home")
    assert found is not None
    assert found.ask is not None
    report = AskReport(page="https://shop.test/a?token=secret")
    await api.services.answering.answer(viewer, found.ask.id, value, report)


@pytest.fixture
async def asked(api: Api) -> Person:
    """Somebody who answered two questions of two sets, of which one was archived since."""
    await api.publish("work", question_draft("job_title"), priority=5)
    published = await api.publish("more", question_draft("company_name"))
    ada = await api.person()
    await say(api, ada, "=Countess")
    await say(api, ada, "Fernhill, Ltd")
    await api.services.authoring.archive(SEEDER, published.id, published.version)
    await relayed(api)
    return ada


async def rows_of(api: Api, file: Path, set_key: str | None = None) -> list[dict[str, Any]]:
    await ExportAnswersCommand(file, set_key)(api.services)
    return read(file)


def read(file: Path) -> list[dict[str, Any]]:
    if file.suffix == ".csv":
        with file.open(newline="") as stream:
            return list(csv.DictReader(stream))
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_every_ask_is_exported_by_the_names_that_authors_gave(
    api: Api, asked: Person, tmp_path: Path
) -> None:
    rows = await rows_of(api, tmp_path / "answers.jsonl")

    shown = [(each["set"], each["question"], each["outcome"], each["value"]) for each in rows]
    assert shown == [
        ("work", "job_title", "answered", "=Countess"),
        ("more", "company_name", "answered", "Fernhill, Ltd"),
    ]
    assert {each["profile_id"] for each in rows} == {asked.profile_id}
    assert {each["page"] for each in rows} == {"https://shop.test/a"}


async def test_cell_that_a_spreadsheet_would_run_is_quoted(api: Api, asked: Person, tmp_path: Path) -> None:
    del asked

    rows = await rows_of(api, tmp_path / "answers.csv", "work")

    assert [(each["question"], each["value"]) for each in rows] == [("job_title", "'=Countess")]


async def test_set_that_is_none_is_named_and_nothing_is_written(
    api: Api, asked: Person, tmp_path: Path
) -> None:
    del asked

    with pytest.raises(NotFoundError, match="no question set 'nope'"):
        await rows_of(api, tmp_path / "answers.csv", "nope")

    assert not (tmp_path / "answers.csv").exists()


async def test_what_a_person_does_not_allow_any_more_is_not_exported(api: Api, tmp_path: Path) -> None:
    services = api.services
    await services.consents.define(SEEDER, CARE)
    await services.attributes.define(SEEDER, spec("allergy", purpose="care"))
    await api.publish("care", question_draft("allergy"))
    ada = await api.person()
    viewer = person_viewer(ada.profile_id)
    await services.consenting.record(viewer, None, "care", ConsentState.GRANTED)
    await say(api, ada, "Nuts")
    await relayed(api)
    allowed = await rows_of(api, tmp_path / "before.jsonl")

    await services.consenting.record(viewer, None, "care", ConsentState.WITHDRAWN)

    assert [each["value"] for each in allowed] == ["Nuts"]
    assert ["value" in each for each in await rows_of(api, tmp_path / "after.jsonl")] == [False]


async def test_what_somebody_allowed_as_a_stranger_is_exported_of_the_person(
    api: Api, tmp_path: Path
) -> None:
    services = api.services
    await services.consents.define(SEEDER, CARE)
    await services.attributes.define(SEEDER, spec("allergy", purpose="care"))
    await api.publish("care", question_draft("allergy"))
    stranger = await api.person()
    await services.consenting.record(person_viewer(stranger.profile_id), None, "care", ConsentState.GRANTED)
    await say(api, stranger, "Nuts")

    await api.signed_in(resume_token=stranger.resume_token)
    await relayed(api)

    assert [each["value"] for each in await rows_of(api, tmp_path / "answers.jsonl")] == ["Nuts"]


async def test_app_does_not_see_what_is_hidden_from_apps(api: Api) -> None:
    await api.services.attributes.define(SEEDER, spec("diary", app_access=AppAccess.NONE))
    await api.publish("diary", question_draft("diary"))
    await say(api, await api.person(), "Dear diary")
    await relayed(api)

    pages = [
        await api.services.results.answers(viewer, PageRequest())
        for viewer in (app_viewer(Scope.PROFILES_READ), SEEDER)
    ]

    assert [[each.value for each in page.items] for page in pages if page] == [[None], ["Dear diary"]]
