"""A publishable key may be for some placements alone: no question of another is asked or answered with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import KeyKind, Scope
from server.kit.errors import InvalidInputError
from tests.api import ORIGIN, SEEDER, START_VISIT, Caller
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api

REFUSAL = "This publishable key is for the placements basket, checkout; home is none of them."
NEXT = "query ($placement: String!) { nextQuestion(placement: $placement) { state ask { id } } }"
ANSWER = """mutation ($input: AnswerQuestionInput!) { answerQuestion(input: $input) {
  __typename ... on UserError { message } } }"""
CREATE = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  ... on CreateApiKeySuccess { key { placements } token } ... on UserError { message } } }"""


async def _page(api: Api, *placements: str) -> Caller:
    given = {
        "kind": "PUBLISHABLE",
        "name": "Shop",
        "origins": [ORIGIN],
        "placements": list(placements),
    }
    made = (await api.data(CREATE, {"input": given}, by=api.admin))["createApiKey"]
    assert made["key"]["placements"] == list(placements)
    return Caller(token=made["token"], origin=ORIGIN)


async def _start(api: Api, page: Caller, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - of startVisit
    started: dict[str, Any] = (await api.data(START_VISIT, {"input": given}, by=page))["startVisit"]
    return started


async def test_question_of_another_placement_is_refused_with_a_sentence(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"), placements=("home", "checkout"))
    page = await _page(api, "checkout", "basket")

    refused = await _start(api, page, placement="home")
    started = await _start(api, page, placement="checkout")
    person = Caller(token=started["viewerToken"], origin=ORIGIN)
    there = await api.execute(NEXT, {"placement": "home"}, by=person)
    here = await api.data(NEXT, {"placement": "checkout"}, by=person)

    assert refused == {"__typename": "ForbiddenError", "message": REFUSAL}
    assert started["next"]["state"] == "READY"
    assert there["errors"][0]["message"] == REFUSAL
    assert there["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert here["nextQuestion"]["ask"] is not None


async def test_ask_of_another_placement_is_not_answered_with_the_key(api: Api) -> None:
    await api.publish("welcome", question_draft("job_title"), placements=("home", "checkout"))
    everywhere = await api.signed_in("ada")
    asked = (await api.data(NEXT, {"placement": "home"}, by=everywhere))["nextQuestion"]["ask"]
    key = await api.services.access.create_key(
        SEEDER, kind=KeyKind.PUBLISHABLE, name="Shop", origins=(ORIGIN,), placements=("basket", "checkout")
    )
    viewer = await api.services.access.identify(everywhere.token, ORIGIN)
    session, _ = await api.services.identity.sessions.open(
        everywhere.profile_id, key.key.id, ORIGIN, is_identified=viewer.is_identified
    )
    there = Caller(token=api.services.access.viewer_token(session.viewer).token, origin=ORIGIN)

    given = {"input": {"askId": asked["id"], "value": "Countess"}}
    refused = (await api.data(ANSWER, given, by=there))["answerQuestion"]
    answered = (await api.data(ANSWER, given, by=everywhere))["answerQuestion"]

    assert refused == {"__typename": "ForbiddenError", "message": REFUSAL}
    assert answered["__typename"] == "AnswerQuestionSuccess"


async def test_key_without_placements_is_for_all(api: Api) -> None:
    page = await _page(api)

    for placement in ("home", "checkout", "anywhere-at_all"):
        assert (await _start(api, page, placement=placement))["__typename"] == "StartVisitSuccess"


@pytest.mark.parametrize("placement", ["", "Home", "a b", "1st", "x" * 41, "home\n", "*", "../home"])
async def test_placement_that_is_none_is_refused(api: Api, placement: str) -> None:
    with pytest.raises(InvalidInputError, match="placements, each of small letters") as refused:
        await api.services.access.create_key(
            SEEDER, kind=KeyKind.PUBLISHABLE, name="Shop", origins=(ORIGIN,), placements=(placement,)
        )

    assert refused.value.field == "placements"


async def test_secret_key_has_no_placements(api: Api) -> None:
    with pytest.raises(InvalidInputError, match="A secret key has no placements"):
        await api.services.access.create_key(
            SEEDER, kind=KeyKind.SECRET, name="App", scopes=(Scope.PROFILES_READ,), placements=("home",)
        )
