"""How a page begins: visits, sign-ins that come back, and the end of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api import ORIGIN, START_VISIT, Caller
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api

VISIT = "{ viewer { kind profile { id isIdentified visits logins visit { number } } } }"


async def test_first_visit_meets_a_stranger_and_asks_at_once(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"))

    stranger = await api.person()
    seen = await api.data(VISIT, by=stranger)

    assert stranger.next["state"] == "READY"
    assert stranger.next["ask"]["question"] == {"key": "job_title"}
    assert seen["viewer"] == {
        "kind": "PERSON",
        "profile": {
            "id": stranger.profile_id,
            "isIdentified": False,
            "visits": 1,
            "logins": 0,
            "visit": {"number": 1},
        },
    }


async def test_resume_token_recognises_the_same_person(api: Api) -> None:
    first = await api.person()

    again = await api.person(resume_token=first.resume_token)

    assert again.profile_id == first.profile_id


async def test_resume_token_that_recognises_nobody_is_no_error(api: Api) -> None:
    first = await api.person()

    strangers = [await api.person(resume_token=each) for each in ("", "rst_unknown", "é", "x" * 10_000)]

    assert len({first.profile_id, *(each.profile_id for each in strangers)}) == 5


async def test_sign_in_makes_the_stranger_a_person(api: Api) -> None:
    stranger = await api.person()

    person = await api.signed_in(resume_token=stranger.resume_token, name="Ada")
    seen = (await api.data(VISIT, by=person))["viewer"]["profile"]

    assert seen["isIdentified"]
    assert seen["logins"] == 1


@pytest.mark.parametrize("code", ["", "sic_unknown", "é"])
async def test_code_that_signs_nobody_in_is_told(api: Api, code: str) -> None:
    given = {"input": {"signIn": {"code": code, "verifier": "v" * 43}}}

    result = await api.data(START_VISIT, given, by=api.page)

    assert result["startVisit"]["__typename"] == "SignInCodeError"
    assert await api.services.database["profiles"].count_documents({}) == 0


@pytest.mark.parametrize("placement", ["", "Home", "ho me", "x" * 41])
async def test_visit_in_a_place_that_is_none_does_not_begin(api: Api, placement: str) -> None:
    result = await api.data(START_VISIT, {"input": {"placement": placement}}, by=api.page)

    assert result["startVisit"]["__typename"] == "InvalidInputError"
    assert await api.services.database["profiles"].count_documents({}) == 0


async def test_whoever_signs_out_is_not_recognised_again(api: Api) -> None:
    person = await api.signed_in()

    signed_out = await api.data("mutation { signOut { ... on SignOutSuccess { ok } } }", by=person)
    later = await api.person(resume_token=person.resume_token)

    assert signed_out == {"signOut": {"ok": True}}
    assert later.profile_id != person.profile_id


async def test_code_of_a_sign_in_counts_once(api: Api) -> None:
    sign_in = await api.sign_in()
    await api.person(signIn=sign_in)

    again = await api.data(START_VISIT, {"input": {"signIn": sign_in}}, by=api.page)

    assert again["startVisit"]["__typename"] == "SignInCodeError"


async def test_code_of_a_sign_in_is_worth_nothing_without_its_verifier(api: Api) -> None:
    stolen = {**await api.sign_in(), "verifier": "of-somebody-else"}

    result = await api.data(START_VISIT, {"input": {"signIn": stolen}}, by=api.page)

    assert result["startVisit"]["__typename"] == "SignInCodeError"


async def test_viewer_token_belongs_to_the_page_it_was_made_for(api: Api) -> None:
    person = await api.person()

    elsewhere = await api.post(VISIT, by=Caller(token=person.token, origin="https://evil.test"))
    here = await api.post(VISIT, by=Caller(token=person.token, origin=ORIGIN))

    assert elsewhere.status_code == 403
    assert here.status_code == 200
