"""Hooks that are asked: they let pass, say no, add a word of their own, or give no answer in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.consent.model import ConsentState
from server.hooks.gatekeeping import Gatekeeper
from server.hooks.sending import Sender
from server.profiles.errors import RefusedError
from server.profiles.model import PersonAccess, ProfileUpdate
from tests.api import PROVIDER
from tests.factories.profiles import LOOK_UP, claim
from tests.factories.questions import question_draft
from tests.hooks.receiver import HANG, answer
from tests.hooks.world import act, create
from tests.privacy.world import ANSWER, CORRECT, SET, consent, prepare

if TYPE_CHECKING:
    from server.profiles.model import Claim
    from tests.api import Api, Person
    from tests.hooks.receiver import Receiver

NO = answer(200, {"is_allowed": False, "reason": "Not from that address."})
YES = answer(200, {"is_allowed": True})


async def ask(api: Api, receiver: Receiver, gate: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the input
    """Put a hook in place that is asked at a gate."""
    return await create(api, receiver.url, gates=[gate], **more)


async def said(api: Api, person: Person, **values: object) -> dict[str, Any]:
    """Let the admin say something of a person."""
    given = {
        "profile": {"id": person.profile_id},
        "attributes": [{"key": key, "value": value} for key, value in values.items()],
    }
    result: dict[str, Any] = (await api.data(SET, {"input": given}, by=api.admin))["setAttributes"]
    return result


async def traits(api: Api, person: Person) -> dict[str, Any]:
    found = await api.data(
        "query ($id: ID!) { profile(by: {id: $id}) { traits } }", {"id": person.profile_id}, by=api.admin
    )
    known: dict[str, Any] = found["profile"]["traits"]
    return known


async def test_stranger_is_asked_about_before_there_is_a_profile(api: Api, receiver: Receiver) -> None:
    made = await ask(api, receiver, "USER_PRE_CREATE", reads=["name"])
    receiver.answers = [NO]

    with pytest.raises(RefusedError, match="Not from that address"):
        await api.sign_in("ada", name="Ada", email="ada@example.com", email_verified=True)

    (asked,) = receiver.requests
    assert asked.is_signed_by(made["secret"])
    assert asked.json["type"] == "user.pre_create"
    assert asked.json["data"]["profile"] is None
    assert asked.json["data"]["changes"] == {"name": "Ada"}
    assert "email" in asked.json["data"]["attributes"]
    assert await api.services.database["profiles"].count_documents({}) == 0


async def test_somebody_known_is_asked_about_before_they_sign_in(api: Api, receiver: Receiver) -> None:
    first = await api.signed_in("ada")
    await ask(api, receiver, "USER_PRE_LOGIN")
    await api.sign_in("somebody-new")
    receiver.answers = [NO]

    with pytest.raises(RefusedError):
        await api.sign_in("ada")

    (asked,) = receiver.requests
    assert asked.json["data"]["profile"]["id"] == first.profile_id
    assert asked.json["data"]["provider"] == PROVIDER
    found = await api.services.profiles.find(first.profile_id)
    assert found is not None
    assert found.logins == 1


async def test_no_to_a_write_is_told_to_whoever_wrote(api: Api, receiver: Receiver) -> None:
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE", reads=["job_title"])
    receiver.answers = [NO]

    refused = await said(api, person, job_title="Countess", company_name="Fernhill")

    assert (refused["__typename"], refused["message"]) == ("ForbiddenError", "Not from that address.")
    assert receiver.requests[0].json["data"]["changes"] == {"job_title": "Countess"}
    assert receiver.requests[0].json["data"]["attributes"] == ["company_name", "job_title"]
    assert await traits(api, person) == {}


async def test_people_s_words_and_answers_are_asked_about_too(api: Api, receiver: Receiver) -> None:
    await api.define("hobby", person_access=PersonAccess.READWRITE)
    await api.publish("welcome", question_draft("job_title"))
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE")
    receiver.answers = [NO]

    corrected = await api.data(CORRECT, {"input": {"key": "hobby", "value": "Looms"}}, by=person)
    ask_id = person.next["ask"]["id"]
    answered = await api.data(ANSWER, {"input": {"askId": ask_id, "value": "Countess"}}, by=person)

    assert corrected["correctAttribute"]["__typename"] == "ForbiddenError"
    assert answered["answerQuestion"]["__typename"] == "ForbiddenError"
    assert [each.json["data"]["source"] for each in receiver.requests] == ["person", "person"]
    assert await traits(api, person) == {}


async def test_look_ups_are_not_asked_about(api: Api, receiver: Receiver) -> None:
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE")
    definition = (await api.services.attributes.catalogue.current()).get("job_title")
    found = claim("Countess", LOOK_UP, attribute_id=definition.id, observed_at=api.services.clock())

    await api.services.profiles.write(person.profile_id, _update(found))

    assert receiver.requests == []


async def test_hook_adds_a_word_of_its_own(api: Api, receiver: Receiver) -> None:
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE", writes=["company_size"])
    receiver.answers = [answer(200, {"mutations": {"attributes": {"company_size": "11-50"}}})]

    await said(api, person, company_name="Fernhill")
    with_word = await traits(api, person)
    found = await api.services.profiles.find(person.profile_id)
    receiver.answers = [answer(200, {"mutations": {"attributes": {"company_size": None}}})]
    await said(api, person, company_name="Fernhill & Co.")

    assert with_word == {"company_name": "Fernhill", "company_size": "11-50"}
    assert found is not None
    sources = {each.source.slug for claims in found.claims.values() for each in claims}
    assert any(slug.startswith("hook") and "crm" in slug for slug in sources)
    assert await traits(api, person) == {"company_name": "Fernhill & Co."}


async def test_word_of_a_hook_comes_with_the_first_sign_in(api: Api, receiver: Receiver) -> None:
    await ask(api, receiver, "USER_PRE_CREATE", writes=["company_size"])
    receiver.answers = [answer(200, {"mutations": {"attributes": {"company_size": "11-50"}}})]

    person = await api.signed_in("ada")

    assert (await traits(api, person))["company_size"] == "11-50"


async def test_word_about_what_a_person_does_not_consent_to_is_not_kept(api: Api, receiver: Receiver) -> None:
    await prepare(api)
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE", writes=["topic"], reads=["topic"])
    receiver.answers = [answer(200, {"mutations": {"attributes": {"topic": "Looms"}}})]

    written = await said(api, person, company_name="Fernhill")
    before = await traits(api, person)
    await consent(api, person, ConsentState.GRANTED)
    await said(api, person, company_name="Fernhill")

    assert written["__typename"] == "SetAttributesSuccess"
    assert "topic" not in before
    assert (await traits(api, person))["topic"] == "Looms"


UNUSABLE = {
    "500": answer(500),
    "redirect": answer(302, location="https://elsewhere.test"),
    "no JSON": answer(200, b"<html>"),
    "a list": answer(200, [1]),
    "a word for a flag": answer(200, {"is_allowed": "yes"}),
    "what it may not write": answer(200, {"mutations": {"attributes": {"job_title": "Count"}}}),
    "what does not fit": answer(200, {"mutations": {"attributes": {"company_size": "huge"}}}),
    "mutations of another form": answer(200, {"mutations": [1]}),
    "attributes of another form": answer(200, {"mutations": {"attributes": ["a"]}}),
    "too large": answer(200, {"reason": "x" * 70_000}),
    "no HTTP": b"nonsense\r\n\r\n",
}


async def test_without_an_answer_that_can_be_used_nothing_happens(api: Api, receiver: Receiver) -> None:
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE", writes=["company_size"])
    told = {}

    for what, given in UNUSABLE.items():
        receiver.answers = [given]
        told[what] = (await said(api, person, company_name=what)).get("message")

    assert told == dict.fromkeys(
        UNUSABLE, "This could not be checked just now, so it was not done: try again later."
    )
    assert len(receiver.requests) == len(UNUSABLE)
    assert await traits(api, person) == {}


async def test_without_an_answer_that_can_be_used_it_happens_where_the_hook_says_so(
    api: Api, receiver: Receiver
) -> None:
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE", writes=["company_size"], onError="ALLOW")
    known = {}

    for what, given in UNUSABLE.items():
        receiver.answers = [given]
        await said(api, person, company_name=what)
        known[what] = await traits(api, person)

    assert known == {what: {"company_name": what} for what in UNUSABLE}


async def test_hook_that_hangs_is_waited_for_up_to_a_limit_and_all_of_them_up_to_another(
    api: Api, receiver: Receiver
) -> None:
    for key in ("one", "two", "three"):
        await ask(api, receiver, "PROFILE_PRE_UPDATE", key=key, onError="ALLOW")
    receiver.answers = [HANG]
    services, person = api.services, await api.person()
    calls = Gatekeeper(
        known=services.hooks.known,
        sender=Sender(),
        clock=services.clock,
        each_seconds=0.2,
        all_seconds=0.3,
    )
    known = await services.attributes.catalogue.current()
    update = _update(claim("Fernhill", attribute_id=known.get("company_name").id))

    word = await calls.before_update(services.profiles, person.profile_id, update)

    assert word.claims == ()
    assert len(receiver.requests) == 2  # for the third no time was left


async def test_reason_is_a_sentence_of_the_hook_or_ours(api: Api, receiver: Receiver) -> None:
    person = await api.person()
    await ask(api, receiver, "PROFILE_PRE_UPDATE")
    told = []

    for reason in ("Because.", None, "", 7, "x" * 501, "a\0"):
        receiver.answers = [answer(200, {"is_allowed": False, "reason": reason})]
        told.append((await said(api, person, company_name="Fernhill"))["message"])

    assert told == ["Because.", *["This was refused."] * 5]


async def test_hook_that_is_off_is_not_asked(api: Api, receiver: Receiver) -> None:
    made = await ask(api, receiver, "PROFILE_PRE_UPDATE")
    await act(api, "updateHook", key="crm", expectedVersion=made["hook"]["version"], isEnabled=False)
    person = await api.person()
    receiver.answers = [NO]

    assert (await said(api, person, company_name="Fernhill"))["__typename"] == "SetAttributesSuccess"


async def test_erasing_and_consent_are_nobody_s_to_refuse(api: Api, receiver: Receiver) -> None:
    await prepare(api)
    person = await api.person()
    await consent(api, person, ConsentState.GRANTED)
    await said(api, person, topic="Looms")
    await ask(api, receiver, "PROFILE_PRE_UPDATE")
    receiver.answers = [NO]

    await consent(api, person, ConsentState.WITHDRAWN)
    found = await api.services.profiles.find(person.profile_id)

    assert found is not None
    assert found.consents["news"].state is ConsentState.WITHDRAWN
    assert await api.services.profiles.erasure.anonymise(found) is not None
    assert receiver.requests == []


async def test_hook_can_be_tried_out_without_deciding_anything(api: Api, receiver: Receiver) -> None:
    await ask(api, receiver, "USER_PRE_LOGIN")
    receiver.answers = [YES, answer(200, {"is_allowed": "perhaps"}), answer(204)]

    tried = [(await act(api, "testHook", key="crm"))["response"] for _ in range(3)]

    assert tried == ["SUCCESS", "UNREADABLE", "SUCCESS"]


def _update(*claims: Claim) -> ProfileUpdate:
    return ProfileUpdate(claims=claims)
