"""Admins who sign in, in MongoDB: `admins`, by id, and `admin_sessions`, by the hash of the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import AdminId, AdminSession, SessionId
from server.kit.mongo import IndexModel
from server.kit.signing import secret_hash

if TYPE_CHECKING:
    from datetime import datetime

    from server.kit.mongo import Database, Document

ADMINS = "admins"
SESSIONS = "admin_sessions"


class AdminStore:
    """Reads and writes who administers, and from which browser."""

    def __init__(self, database: Database) -> None:
        self._admins = database[ADMINS]
        self._sessions = database[SESSIONS]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._sessions.create_indexes(
            [IndexModel("expires_at", expireAfterSeconds=0), IndexModel("session_id", unique=True)]
        )

    async def note_sign_in(
        self, admin_id: AdminId, name: str, issuer: str, subject: str, at: datetime
    ) -> None:
        """Note that an admin signed in: by this the audit log's ids are told who they are."""
        known = {"name": name, "issuer": issuer, "subject": subject, "signed_in_at": at}
        await self._admins.update_one({"_id": admin_id}, {"$set": known}, upsert=True)

    async def insert_session(self, secret: str, session: AdminSession) -> None:
        """Remember an admin's browser."""
        await self._sessions.insert_one(
            {
                "_id": secret_hash(secret),
                "session_id": session.id,
                "admin_id": session.admin_id,
                "name": session.name,
                "expires_at": session.expires_at,
            }
        )

    async def find_session(self, secret: str, now: datetime) -> AdminSession | None:
        """Return the live session that a cookie's secret opens."""
        return _session(
            await self._sessions.find_one({"_id": secret_hash(secret), "expires_at": {"$gt": now}})
        )

    async def find_session_by_id(self, session_id: SessionId, now: datetime) -> AdminSession | None:
        """Return a live session."""
        live = {"session_id": session_id, "expires_at": {"$gt": now}}
        return _session(await self._sessions.find_one(live))

    async def delete_session(self, session_id: SessionId) -> None:
        """End a session; does nothing where it has ended."""
        await self._sessions.delete_one({"session_id": session_id})


def _session(document: Document | None) -> AdminSession | None:
    if document is None:
        return None
    return AdminSession(
        id=SessionId(document["session_id"]),
        admin_id=AdminId(document["admin_id"]),
        name=document["name"],
        expires_at=document["expires_at"],
    )
