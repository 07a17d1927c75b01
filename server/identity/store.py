"""Sessions, sign-ins on their way and one-time codes in MongoDB; of every secret the hash alone.

Collections: `sessions` (by the hash of their secret), `sign_in_attempts` (by the hash of the state),
`sign_in_codes` (by the hash of the code), and those of the stores below this one. TTL indexes tidy up; no
query relies on them, for they run once a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import KeyId, SessionId
from server.identity.accounts.store import AccountStore
from server.identity.hosts.store import HostStore
from server.identity.model import Attempt, AttemptSecrets, Handover, HeldCode, Session
from server.identity.providers.store import ProviderStore
from server.kit.mongo import IndexModel
from server.kit.signing import secret_hash
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from server.kit.mongo import Database, Document

SESSIONS = "sessions"
ATTEMPTS = "sign_in_attempts"
CODES = "sign_in_codes"


class IdentityStore:
    """Reads and writes what identity keeps of its own."""

    def __init__(self, database: Database, *, secret: str) -> None:
        self.accounts = AccountStore(database)
        self.providers = ProviderStore(database, secret=secret)
        self.hosts = HostStore(database, secret=secret)
        self._sessions = database[SESSIONS]
        self._attempts = database[ATTEMPTS]
        self._codes = database[CODES]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        for collection in (self._sessions, self._attempts, self._codes):
            await collection.create_indexes([IndexModel("expires_at", expireAfterSeconds=0)])
        await self._sessions.create_indexes(
            [IndexModel("session_id", name="by_session"), IndexModel("profile_id"), IndexModel("key_id")]
        )
        await self._codes.create_indexes([IndexModel("profile_id")])
        await self.accounts.create_indexes()
        await self.hosts.create_indexes()

    # Sessions

    async def insert_session(self, resume_token: str, session: Session) -> None:
        """Remember a browser by its resume token."""
        await self._sessions.insert_one(_session_document(resume_token, session))

    async def find_session(
        self, resume_token: str, key_id: KeyId, origin: str, now: datetime
    ) -> Session | None:
        """Return the live session of this token, key and origin; all three have to be right."""
        found = await self._sessions.find_one(
            {
                "_id": secret_hash(resume_token),
                "key_id": key_id,
                "origin": origin,
                "expires_at": {"$gt": now},
            }
        )
        return None if found is None else _session(found)

    async def prolong_session(self, session_id: SessionId, now: datetime, expires_at: datetime) -> None:
        """Note that the browser is still in use."""
        found = await self._sessions.find_one({"session_id": session_id}, {"_id": 1})
        if found is not None:  # where sessions are sharded, MongoDB 6 writes one document by its `_id` alone
            lasting = {"last_seen_at": now, "expires_at": expires_at}
            await self._sessions.update_one({"_id": found["_id"]}, {"$set": lasting})

    async def sessions_of(self, profile_id: ProfileId, now: datetime, most: int) -> list[Session]:
        """Return the live sessions of a person, the latest first."""
        found = self._sessions.find({"profile_id": profile_id, "expires_at": {"$gt": now}})
        return [_session(each) async for each in found.sort("session_id", -1).limit(most)]

    async def find_session_by_id(self, session_id: SessionId, now: datetime) -> Session | None:
        """Return a live session."""
        found = await self._sessions.find_one({"session_id": session_id, "expires_at": {"$gt": now}})
        return None if found is None else _session(found)

    async def session_ids(
        self, profile_id: ProfileId, *, but: SessionId | None, most: int
    ) -> list[SessionId]:
        """Return the sessions of this person but one, expired ones too."""
        criteria = {"profile_id": profile_id, "session_id": {"$ne": but}}
        found = self._sessions.find(criteria, {"session_id": 1}).limit(most)
        return [SessionId(each["session_id"]) async for each in found]

    async def delete_sessions(self, session_ids: Sequence[SessionId]) -> int:
        """Forget these browsers, and return how many were known."""
        gone = {"session_id": {"$in": list(session_ids)}}
        return (await self._sessions.delete_many(gone)).deleted_count

    # Sign-ins on their way

    async def insert_attempt(self, state: str, browser: str, attempt: Attempt) -> None:
        """Remember a sign-in that begins in the browser with this secret."""
        await self._attempts.insert_one(_attempt_document(state, browser, attempt))

    async def take_attempt(
        self, state: str, browser: str, provider_key: str, now: datetime
    ) -> Attempt | None:
        """Return and forget the sign-in with this state, so that no answer counts twice.

        None where it ended or where another browser or provider began it; that one is kept.
        """
        found = await self._attempts.find_one_and_delete(
            {
                "_id": secret_hash(state),
                "browser": secret_hash(browser),
                "provider": provider_key,
                "expires_at": {"$gt": now},
            }
        )
        return _attempt(found)

    # One-time codes

    async def delete_codes(self, profile_id: ProfileId) -> None:
        """Forget every code that would sign this person in."""
        await self._codes.delete_many({"profile_id": profile_id})

    async def insert_code(self, code: str, held: HeldCode) -> None:
        """Remember whom a code signs in."""
        await self._codes.insert_one(
            {
                "_id": secret_hash(code),
                "profile_id": held.profile_id,
                "link": held.link,
                "key_id": held.key_id,
                "origin": held.origin,
                "challenge": held.challenge,
                "expires_at": held.expires_at,
            }
        )

    async def take_code(
        self, code: str, *, key_id: KeyId, origin: str, challenge: str, now: datetime
    ) -> ProfileId | None:
        """Return whom a code signs in and forget it; None, and kept, where anything about it is not right.

        A code that links is none that signs in, and the other way round.
        """
        found = await self._take(code, {"link": None}, key_id, origin, challenge, now)
        return None if found is None else ProfileId(found["profile_id"])

    async def take_link(
        self, code: str, *, key_id: KeyId, origin: str, challenge: str, now: datetime
    ) -> str | None:
        """Return what a code that links has sealed in it, and forget it; None as above."""
        found = await self._take(code, {"link": {"$ne": None}}, key_id, origin, challenge, now)
        return None if found is None else str(found["link"])

    async def _take(
        self, code: str, of: Document, key_id: KeyId, origin: str, challenge: str, now: datetime
    ) -> Document | None:
        found: Document | None = await self._codes.find_one_and_delete(
            {
                "_id": secret_hash(code),
                "key_id": key_id,
                "origin": origin,
                "challenge": challenge,
                "expires_at": {"$gt": now},
                **of,
            }
        )
        return found


def _session_document(resume_token: str, session: Session) -> Document:
    return {
        "_id": secret_hash(resume_token),
        "session_id": session.id,
        "profile_id": session.profile_id,
        "key_id": session.key_id,
        "origin": session.origin,
        "identified": session.is_identified,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
    }


def _session(document: Document) -> Session:
    return Session(
        id=SessionId(document["session_id"]),
        profile_id=ProfileId(document["profile_id"]),
        key_id=KeyId(document["key_id"]),
        origin=document["origin"],
        is_identified=document["identified"],
        created_at=document["created_at"],
        last_seen_at=document["last_seen_at"],
        expires_at=document["expires_at"],
    )


def _attempt_document(state: str, browser: str, attempt: Attempt) -> Document:
    return {
        "_id": secret_hash(state),
        "browser": secret_hash(browser),
        "provider": attempt.provider_key,
        "nonce": attempt.secrets.nonce,
        "verifier": attempt.secrets.verifier,
        "key_id": attempt.handover.key_id,
        "origin": attempt.handover.origin,
        "return_to": attempt.handover.return_to,
        "challenge": attempt.handover.challenge,
        "is_popup": attempt.handover.is_popup,
        "is_link": attempt.is_link,
        "links_to": attempt.links_to,
        "withheld": list(attempt.withheld) or None,  # the version before takes an empty list for leave
        "expires_at": attempt.expires_at,
    }


# The driver's types say that these documents are always there; they are not.


def _attempt(document: Document | None) -> Attempt | None:
    if document is None:
        return None
    return Attempt(
        provider_key=document["provider"],
        secrets=AttemptSecrets(nonce=document["nonce"], verifier=document["verifier"]),
        handover=Handover(
            key_id=KeyId(document["key_id"]),
            origin=document["origin"],
            return_to=document["return_to"],
            challenge=document["challenge"],
            # An attempt of ten minutes ago may have been begun by a version that knew none of these.
            is_popup=document.get("is_popup", False),
        ),
        expires_at=document["expires_at"],
        is_link=document.get("is_link", False),
        links_to=document.get("links_to"),
        withheld=tuple(document.get("withheld") or ()),
    )
