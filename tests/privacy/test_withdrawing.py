"""Without consent nothing is asked, fetched or shown; a withdrawal counts at once and erases soon after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.consent.model import (
    ENRICHMENT_DERIVED,
    Basis,
    ConsentState,
    OnWithdrawal,
    PurposeEdit,
    PurposeSpec,
)
from server.profiles.model import ProfileUpdate, Source, SourceKind
from tests.api import SEEDER
from tests.factories.profiles import LOOK_UP, spec
from tests.privacy.world import (
    ANSWER,
    MERGE,
    NEWS,
    RECORD,
    consent,
    everything,
    mentions,
    prepare,
    set_attributes,
    tell,
    work,
    work_and_settle,
)

if TYPE_CHECKING:
    from tests.api import Api, Caller
    from tests.fakes import FakeClock

NEXT = "{ nextQuestion { state ask { id question { key } } } }"
TRAITS = "query ($id: ID!) { profile(by: {id: $id}) { traits } }"
CONSENTS = """{ viewer { profile { consents { purpose { key } state isAllowed textVersion source }
  consentHistory { edges { node { purpose state actor } } } } } }"""
ENRICHMENTS = "{ viewer { profile { enrichments { state reason { code } } } } }"


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with a purpose, an attribute that needs it, and questions."""
    await prepare(api)
    return api


async def asked(town: Api, by: Caller) -> str | None:
    found = (await town.data(NEXT, by=by))["nextQuestion"]["ask"]
    return None if found is None else found["question"]["key"]


async def traits(town: Api, profile_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await town.data(TRAITS, {"id": profile_id}, by=town.admin))["profile"]["traits"]
    return found


async def test_nothing_is_asked_without_consent(town: Api) -> None:
    person = await town.person()

    before = await asked(town, person)
    await consent(town, person, ConsentState.GRANTED)
    after = await asked(town, person)

    assert (before, after) == ("job_title", "topic")


async def test_answer_to_a_question_that_was_withdrawn_meanwhile_is_not_kept(town: Api) -> None:
    person = await town.person()
    await consent(town, person, ConsentState.GRANTED)
    ask = (await town.data(NEXT, by=person))["nextQuestion"]["ask"]
    await consent(town, person, ConsentState.WITHDRAWN)

    result = await town.data(ANSWER, {"input": {"askId": ask["id"], "value": "Cats"}}, by=person)

    assert result["answerQuestion"]["__typename"] == "UnknownAskError"
    await work(town)
    assert await mentions(town, "Cats") == set()


async def test_withdrawal_hides_at_once_from_everybody(town: Api) -> None:
    told = await tell(town)
    before = await traits(town, told.id)

    await consent(town, told.page, ConsentState.WITHDRAWN)

    after = await traits(town, told.id)
    own = (await town.data("{ viewer { profile { traits } } }", by=told.page))["viewer"]["profile"]["traits"]
    assert before.keys() - after.keys() == {"topic"}
    assert "topic" not in own


async def test_withdrawal_erases_what_rested_on_it(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    await consent(town, told.page, ConsentState.WITHDRAWN)

    await work_and_settle(town, clock)

    found = await everything(town)
    del found["export_chunks"]  # an archive was handed out while the consent stood
    assert [name for name, documents in found.items() if "Topic of lovelace" in repr(documents)] == []
    assert "Title of lovelace" in repr(found["answers"])


async def test_merge_forgets_the_words_of_what_is_erased(town: Api, clock: FakeClock) -> None:
    page = await town.person()
    await consent(town, page, ConsentState.GRANTED)
    found, derived = [
        await town.services.profiles.claims({"given_name": name}, source)
        for name, source in (("Augusta", LOOK_UP), ("Ada", Source(kind=SourceKind.DERIVED)))
    ]
    claims = (*(replace(each, consent=NEWS) for each in found), *derived)
    await town.services.profiles.write(page.profile_id, ProfileUpdate(claims=claims))
    other = (await set_attributes(town, {"userId": "ada"}, company_name="Fernhill"))["profile"]["id"]
    await town.data(MERGE, {"input": {"profiles": [page.profile_id, other]}}, by=town.admin)
    before = await mentions(town, "Augusta", "augusta")
    survivor = {"profile": {"id": other}, "purpose": NEWS, "state": "WITHDRAWN"}
    await town.data(RECORD, {"input": survivor}, by=town.admin)

    await work_and_settle(town, clock)

    assert before == {"profiles", "merge_log"}
    assert await mentions(town, "Augusta", "augusta") == set()
    assert (await traits(town, other))["given_name"] == "Ada"


async def test_hidden_value_shows_again_when_it_is_granted_again(town: Api, clock: FakeClock) -> None:
    await town.services.consents.update(SEEDER, NEWS, PurposeEdit(on_withdrawal=OnWithdrawal.HIDE))
    told = await tell(town)
    await consent(town, told.page, ConsentState.WITHDRAWN)
    await work_and_settle(town, clock)

    hidden = await traits(town, told.id)
    await consent(town, told.page, ConsentState.GRANTED)

    assert "topic" not in hidden
    assert (await traits(town, told.id))["topic"] == "Topic of lovelace"


async def test_grant_in_time_stops_the_erasure(town: Api) -> None:
    told = await tell(town)
    await consent(town, told.page, ConsentState.WITHDRAWN)
    await consent(town, told.page, ConsentState.GRANTED)

    await work(town)

    assert (await traits(town, told.id))["topic"] == "Topic of lovelace"


async def test_withdrawn_consent_cancels_look_ups_and_takes_back_what_they_found(
    town: Api, clock: FakeClock
) -> None:
    told = await tell(town)
    before = await traits(town, told.id)

    await consent(town, told.page, ConsentState.DENIED, ENRICHMENT_DERIVED)
    at_once = await traits(town, told.id)
    shown = (await town.data(ENRICHMENTS, by=told.page))["viewer"]["profile"]["enrichments"]
    await work_and_settle(town, clock)

    assert "company_domain" in before
    assert "company_domain" not in at_once
    assert {(each["state"], each["reason"]["code"]) for each in shown} == {("CANCELLED", "consent_missing")}
    assert "enricher:email_domain" not in repr((await everything(town))["profiles"])


async def test_granted_again_it_is_looked_up_again(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    await consent(town, told.page, ConsentState.DENIED, ENRICHMENT_DERIVED)
    await work_and_settle(town, clock)

    await consent(town, told.page, ConsentState.GRANTED, ENRICHMENT_DERIVED)
    await work(town)

    assert "company_domain" in await traits(town, told.id)


async def test_queued_look_up_finds_nothing_to_do_after_a_withdrawal(town: Api) -> None:
    page = await town.signed_in("lovelace", email="lovelace@works.com", email_verified=True)
    await consent(town, page, ConsentState.DENIED, ENRICHMENT_DERIVED)

    await work(town)

    assert "company_domain" not in await traits(town, page.profile_id)


async def test_everything_said_is_in_the_history(town: Api) -> None:
    person = await town.person()
    for state in (ConsentState.GRANTED, ConsentState.WITHDRAWN):
        await consent(town, person, state)

    await work(town)

    shown = (await town.data(CONSENTS, by=person))["viewer"]["profile"]
    (news,) = [each for each in shown["consents"] if each["purpose"]["key"] == NEWS]
    history = [edge["node"] for edge in shown["consentHistory"]["edges"]]
    assert (news["state"], news["isAllowed"], news["source"]) == ("WITHDRAWN", False, "PERSON")
    assert {(each["state"], each["actor"]) for each in history} == {
        ("GRANTED", person.profile_id),
        ("WITHDRAWN", person.profile_id),
    }


async def test_history_outlives_the_merge_of_a_visitor_into_a_person(town: Api) -> None:
    stranger = await town.person()
    await consent(town, stranger, ConsentState.DENIED)
    page = await town.signed_in("lovelace", resume_token=stranger.resume_token)

    await work(town)

    shown = (await town.data(CONSENTS, by=page))["viewer"]["profile"]
    (news,) = [each for each in shown["consents"] if each["purpose"]["key"] == NEWS]
    assert news["state"] == "DENIED"
    assert len(shown["consentHistory"]["edges"]) == 1


async def test_renewed_text_needs_a_new_grant(town: Api) -> None:
    person = await town.person()
    await consent(town, person, ConsentState.GRANTED)

    edit = PurposeEdit(text="May we write to you every day?", needs_renewal=True)
    await town.services.consents.update(SEEDER, NEWS, edit)
    before = await asked(town, person)
    await consent(town, person, ConsentState.GRANTED)

    assert (before, await asked(town, person)) == ("job_title", "topic")


async def test_opt_out_purpose_is_allowed_until_somebody_objects(town: Api) -> None:
    purpose = PurposeSpec(
        key="care", name="Care", description="To care.", text="We care.", basis=Basis.OPT_OUT
    )
    await town.services.consents.define(SEEDER, purpose)
    await town.services.attributes.define(SEEDER, replace(spec("mood"), purpose="care"))
    told = await town.person()
    await set_attributes(town, {"id": told.profile_id}, mood="fine")

    before = await traits(town, told.profile_id)
    await consent(town, told, ConsentState.DENIED, "care")

    assert before == {"mood": "fine"}
    assert await traits(town, told.profile_id) == {}
