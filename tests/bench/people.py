"""A deployment with people in it, made by the real services: what a bench sends its requests as."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.access.limiting import DEFAULTS
from server.access.model import KeyKind, Scope, SessionId, Viewer, ViewerKind
from server.identity.model import Handover, ProvedIdentity, SignInCode
from server.kit.ids import new_id
from server.kit.signing import s256_challenge
from server.profiles.model import IdentityKind, IdentityRef, ProfileId
from server.profiles.store import COLLECTION
from server.questions.model import QuestionDraft, QuestionKind, SetDraft
from server.services import build_services
from server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from server.access.model import ApiKey
    from server.kit.mongo import Collection, Document
    from server.profiles.model import Profile
    from server.services import Services

ORIGIN = "https://www.example.com"
ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))
_PROVIDER = {
    "key": "example",
    "issuer": "https://accounts.example.com",
    "client_id": "acquaint",
    "client_secret": "made-up",
}
_VERIFIER = "a-verifier-that-only-the-page-knows-0123456789"
_BATCH = 500  # documents of one insert

_CLAIMS = {
    "name": "Ada Okafor",
    "given_name": "Ada",
    "family_name": "Okafor",
    "nickname": "ada",
    "email": "ada@northwind.example",
    "email_verified": True,
    "picture": "https://accounts.example.com/pictures/ada.png",
    "website": "https://ada.example",
    "locale": "en-GB",
    "zoneinfo": "Europe/London",
}
_FROM_APP = {
    "email_domain": "northwind.example",
    "email_domain_type": "business",
    "company_domain": "northwind.example",
    "company_name": "Northwind",
    "industry": "software",
    "job_title": "Platform engineer",
}
_QUESTIONS = SetDraft(
    name="Welcome",
    per_visit=3,
    questions=(
        QuestionDraft(
            key="role",
            kind=QuestionKind.SINGLE_CHOICE,
            attribute_key="job_role",
            prompt="What do you mostly work on?",
            help="So that we show you what your colleagues find useful.",
        ),
        QuestionDraft(
            key="size",
            kind=QuestionKind.SINGLE_CHOICE,
            attribute_key="company_size",
            prompt="How many people work at your company?",
        ),
        QuestionDraft(
            key="goal",
            kind=QuestionKind.TEXT,
            attribute_key="goal",
            prompt="What would you like to achieve with us?",
            placeholder="Understand why people leave",
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person on a page: a profile of their own, a viewer token, and the first question asked of them."""

    profile_id: str
    token: str
    ask_id: str
    question_id: str
    attribute_id: str
    options: tuple[str, ...]


def production_environment(mongodb_url: str, database: str, port: int) -> dict[str, str]:
    """Return the settings of a production process with one identity provider."""
    return {
        "ACQUAINT_ENVIRONMENT": "production",
        "ACQUAINT_PUBLIC_URL": "https://acquaint.example",
        "ACQUAINT_MONGODB_URL": mongodb_url,
        "ACQUAINT_DATABASE": database,
        "ACQUAINT_SECRET": secrets.token_hex(32),
        "ACQUAINT_PORT": str(port),
        "ACQUAINT_LIMITS": json.dumps({name: [10**9, 60] for name in DEFAULTS}),  # counted, never reached
        "ACQUAINT_CONNECTION_LIMITS": json.dumps({"least_operations": 1_000}),  # nobody is sent away
        "ACQUAINT_PROVIDERS": json.dumps([_PROVIDER]),
    }


def settle_people(environ: Mapping[str, str], count: int) -> list[Person]:
    """Set a deployment up and return so many people who have signed in and have a question waiting.

    The first goes through everything, from the provider's word to the started visit; the others are
    that profile again under ids of their own, written in bulk. About 16 attributes are known of each.
    """
    return asyncio.run(_settle(environ, count))


async def prepare(services: Services) -> ApiKey:
    """Set a deployment up with three questions, and return the key of its page."""
    await services.stores.create_indexes()
    await services.attributes.ensure_standard_attributes()
    created = await services.authoring.create(ADMIN, "welcome", _QUESTIONS)
    await services.authoring.publish(ADMIN, created.id, created.version)
    made = await services.access.create_key(
        ADMIN, kind=KeyKind.PUBLISHABLE, name="Example", origins=(ORIGIN,)
    )
    await services.questions.live.refresh()
    return made.key


async def _settle(environ: Mapping[str, str], count: int) -> list[Person]:
    services = build_services(read_settings(environ))
    with contextlib.closing(services):
        key = await prepare(services)
        first = await sign_in(services, key, "subject-0")
        copies = [replace(first, id=ProfileId(new_id("prf", services.clock()))) for _ in range(count)]
        await _insert(services.database[COLLECTION], first, copies)
        return [await _person(services, key, profile) for profile in copies]


async def sign_in(services: Services, key: ApiKey, subject: str) -> Profile:
    """Sign somebody in, with ten claims of the provider's, and add six attributes by an app."""
    claims = {**_CLAIMS, "email": f"{subject}@northwind.example"}
    proved = ProvedIdentity(issuer=_PROVIDER["issuer"], subject=subject, claims=claims)
    handover = Handover(
        key_id=key.id, origin=ORIGIN, return_to=f"{ORIGIN}/", challenge=s256_challenge(_VERIFIER)
    )
    code = await services.identity.complete_sign_in(_PROVIDER["key"], proved, handover)
    page = Viewer(kind=ViewerKind.WIDGET, key_id=key.id, origin=ORIGIN)
    started = await services.identity.start_visit(
        page, resume_token=None, sign_in=SignInCode(code=code, verifier=_VERIFIER)
    )
    return await services.claiming.set_attributes(ADMIN, started.profile.id, _FROM_APP, may_create=False)


async def _insert(profiles: Collection, first: Profile, copies: Sequence[Profile]) -> None:
    document = await profiles.find_one({"_id": first.id})
    assert document is not None
    for batch in _batches(copies):
        await profiles.insert_many([_copy(document, profile.id) for profile in batch])


def _copy(document: Document, profile_id: ProfileId) -> Document:
    """Return the document under another id, with an account of its own and nothing left to announce."""
    account = IdentityRef(kind=IdentityKind.SOCIAL, value=profile_id, issuer=_PROVIDER["issuer"])
    entry = next(each for each in document["identities"].values() if each["kind"] == account.kind.value)
    return {
        **document,
        "_id": profile_id,
        "identity_keys": [account.key],
        "identities": {account.field_name: {**entry, "value": account.value}},
        "outbox": [],
    }


def _batches(profiles: Sequence[Profile]) -> Iterator[Sequence[Profile]]:
    return (profiles[start : start + _BATCH] for start in range(0, len(profiles), _BATCH))


def viewer_of(services: Services, key: ApiKey, profile: Profile) -> Viewer:
    """Return somebody on the page, as their token says."""
    return Viewer(
        kind=ViewerKind.PERSON,
        key_id=key.id,
        origin=ORIGIN,
        profile_id=profile.id,
        session_id=SessionId(new_id("ses", services.clock())),
        is_identified=True,
    )


async def _person(services: Services, key: ApiKey, profile: Profile) -> Person:
    viewer = viewer_of(services, key, profile)
    ask = (await services.questions.next_for(profile, "home")).ask
    assert ask is not None
    assert ask.definition is not None
    return Person(
        profile_id=profile.id,
        token=services.access.viewer_token(viewer).token,
        ask_id=ask.id,
        question_id=ask.question.id,
        attribute_id=ask.definition.id,
        options=tuple(option.value for option in ask.definition.options),
    )
