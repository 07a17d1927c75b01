"""People with a story in every collection, and the worker that does what follows from it."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

from server.consent.model import ConsentState, OnWithdrawal, PurposeSpec
from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.model import Finding, Found
from server.hooks.model import HookEvent, HookFields
from server.kit.relay import Relay
from server.privacy.model import SETTLES_AFTER, PrivacyRequest, RequestId
from server.profiles.model import IdentityKind, IdentityRef, ProfileId
from server.reactions import reactions
from server.worker import Worker
from tests.api import SEEDER
from tests.factories.profiles import spec
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from server.services import Services
    from tests.api import Api, Caller, Person
    from tests.fakes import FakeClock

NEWS = "news"
ANSWER = """mutation ($input: AnswerQuestionInput!) { answerQuestion(input: $input) { __typename } }"""
SET = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
  __typename ... on SetAttributesSuccess { profile { id } } ... on UserError { message } } }"""
RECORD = "mutation ($input: RecordConsentInput!) { recordConsent(input: $input) { __typename } }"
CORRECT = "mutation ($input: CorrectAttributeInput!) { correctAttribute(input: $input) { __typename } }"
TRACK = "mutation ($input: TrackEventInput!) { trackEvent(input: $input) { __typename } }"
MERGE = "mutation ($input: MergeProfilesInput!) { mergeProfiles(input: $input) { __typename } }"
EXPORT = """mutation ($input: ExportPersonInput!) { exportPerson(input: $input) {
  __typename ... on PrivacyRequestSuccess { request { id state } } ... on UserError { message } } }"""
ERASE = """mutation ($input: ErasePersonInput!) { erasePerson(input: $input) {
  __typename ... on PrivacyRequestSuccess { request { id state } } ... on UserError { message } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A person whose story was told: the ids they had, and their page."""

    id: ProfileId
    ids: frozenset[str]
    page: Person
    subject: str


def worker(services: Services) -> Worker:
    """Return a worker as the command line starts it."""
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    return Worker(name="worker", relay=relay, queue=services.queue, handlers=services.job_handlers)


async def work(api: Api) -> None:
    """Do all that is due."""
    await worker(api.services).drain()


async def work_and_settle(api: Api, clock: FakeClock) -> None:
    """Do all that is due, and what is due after a while."""
    await work(api)
    clock.advance(SETTLES_AFTER + timedelta(seconds=1))
    await work(api)


async def prepare(api: Api) -> None:
    """Define a purpose that erases on withdrawal, an attribute that needs it, and questions."""
    services = api.services
    await services.consents.define(
        SEEDER,
        PurposeSpec(
            key=NEWS,
            name="News",
            description="To write to people.",
            text="May we write to you?",
            on_withdrawal=OnWithdrawal.ERASE,
        ),
    )
    await services.attributes.define(SEEDER, replace(spec("topic"), purpose=NEWS))
    hook = HookFields(name="CRM", url="http://127.0.0.1:1/", events=(HookEvent.EVENT_TRACKED,))
    await services.hooks.create(SEEDER, "books", hook)
    await api.publish(
        "welcome",
        question_draft("topic", prompt="What should we write about?"),
        question_draft("job_title"),
        per_visit=5,
    )


# Names that no random id, hash or secret holds by chance.
async def tell(api: Api, subject: str = "lovelace") -> Told:
    """Let somebody come as a stranger, sign in, say things, be looked up, merged and exported."""
    stranger = await api.person()
    await consent(api, stranger, ConsentState.GRANTED)
    claims = {
        "email": f"{subject}@{subject}-works.com",
        "email_verified": True,
        "name": f"Name of {subject}",
    }
    page = await api.signed_in(subject, resume_token=stranger.resume_token, **claims)
    await consent(api, page, ConsentState.GRANTED)
    await work(api)
    for value in (f"Topic of {subject}", f"Title of {subject}"):
        asked = (await api.data("{ nextQuestion { ask { id } } }", by=page))["nextQuestion"]["ask"]
        given = {"askId": asked["id"], "value": value, "report": {"page": f"https://shop.test/of/{subject}"}}
        await api.data(ANSWER, {"input": given}, by=page)
    await api.data(CORRECT, {"input": {"key": "job_title", "value": f"Later title of {subject}"}}, by=page)
    written = await set_attributes(api, {"userId": f"user-{subject}"}, company_name=f"Company of {subject}")
    other = ProfileId(written["profile"]["id"])
    await api.data(MERGE, {"input": {"profiles": [page.profile_id, other]}}, by=api.admin)
    await keep_result(api, living_id=page.profile_id, subject=subject)
    await api.data(TRACK, {"input": {"name": "Order", "properties": {"for": subject}}}, by=page)
    await api.sign_in(subject, **claims)  # a code that nobody fetches
    await api.data(EXPORT, {"input": {"profile": {"userId": f"user-{subject}"}}}, by=api.admin)
    await work(api)
    living = await api.services.profiles.find_living(other)
    assert living is not None
    return Told(
        id=living.id,
        ids=frozenset({stranger.profile_id, page.profile_id, other, living.id}),
        page=page,
        subject=subject,
    )


async def keep_result(api: Api, *, living_id: str, subject: str) -> None:
    """Let a source that is paid for have said something of somebody."""
    found = Found(findings=(Finding(key="job_title", value=f"Looked-up title of {subject}"),))
    paid = replace(email_domain(), outputs=frozenset({"job_title"}))
    inputs, now = {"email": subject}, api.services.clock()
    until = now + timedelta(days=9_999)
    await api.services.stores.look_up_results.keep(
        paid, inputs, found, ProfileId(living_id), now=now, until=until
    )
    await api.services.stores.visits.put(living_id, f"sealed address of {subject}", until)
    await api.services.sources.callbacks.owe(living_id, "oracle", f"answer owed about {subject}")


async def consent(api: Api, person: Caller, state: ConsentState, purpose: str = NEWS) -> None:
    """Let somebody say this to a purpose."""
    given = {"purpose": purpose, "state": state.name}
    recorded = await api.data(RECORD, {"input": given}, by=person)
    assert recorded["recordConsent"]["__typename"] == "RecordConsentSuccess"


async def set_attributes(api: Api, profile: dict[str, Any], **values: object) -> dict[str, Any]:
    """Let an admin say these things of somebody."""
    attributes = [{"key": key, "value": value} for key, value in values.items()]
    given = {"profile": profile, "attributes": attributes, "createIfMissing": True}
    result: dict[str, Any] = (await api.data(SET, {"input": given}, by=api.admin))["setAttributes"]
    return result


async def everything(api: Api) -> dict[str, list[dict[str, Any]]]:
    """Return every document of every collection, in the order of ids."""
    database = api.services.database
    return {
        name: await database[name].find().sort("_id", 1).to_list(None)
        for name in sorted(await database.list_collection_names())
    }


async def mentions(api: Api, *words: str) -> set[str]:
    """Return the collections in which one of these words stands anywhere."""
    return {
        name
        for name, documents in (await everything(api)).items()
        if any(word in json.dumps(documents, default=_text) for word in words)
    }


def _text(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


async def request_of(api: Api, request_id: str) -> PrivacyRequest:
    """Return a request as it stands."""
    found = await api.services.stores.privacy.find(RequestId(request_id))
    assert found is not None
    return found


async def fetched(api: Api, url: str) -> dict[str, Any]:
    """Fetch an archive and return its files, read."""
    response = await api.http.get(url)
    assert response.status_code == httpx.codes.OK, response.text
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def account(subject: str) -> IdentityRef:
    """Return what recognises somebody who signed in."""
    return IdentityRef(kind=IdentityKind.SOCIAL, value=subject, issuer="https://id.test")
