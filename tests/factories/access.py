"""Viewers and keys, with whatever a test cares about said by the test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from server.access.model import ApiKey, KeyId, KeyKind, Scope, SessionId, Viewer, ViewerKind
from server.kit.ids import new_id
from server.kit.signing import secret_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
ORIGIN = "https://www.example.com"

ADMIN = Viewer(kind=ViewerKind.ADMIN, key_id=KeyId("key_admin"), scopes=frozenset({Scope.ADMIN}))


def app_viewer(*scopes: Scope) -> Viewer:
    return Viewer(kind=ViewerKind.APP, key_id=KeyId("key_app"), scopes=frozenset(scopes), app="crm")


def person_viewer(
    profile_id: str,
    *,
    key_id: str = "key_publishable",
    origin: str = ORIGIN,
    session_id: str = "ses_1",
    is_identified: bool = False,
) -> Viewer:
    return Viewer(
        kind=ViewerKind.PERSON,
        key_id=KeyId(key_id),
        origin=origin,
        profile_id=profile_id,
        session_id=SessionId(session_id),
        is_identified=is_identified,
    )


def widget_viewer(*, key_id: str = "key_publishable", origin: str = ORIGIN, app: str | None = None) -> Viewer:
    return Viewer(kind=ViewerKind.WIDGET, key_id=KeyId(key_id), origin=origin, app=app)


def api_key(
    token: str = "sk_made_up",  # noqa: S107 - made up
    *,
    key_id: str | None = None,
    kind: KeyKind = KeyKind.SECRET,
    name: str = "A key",
    origins: tuple[str, ...] = (),
    scopes: Iterable[Scope] = (Scope.PROFILES_READ,),
    created_at: datetime = NOW,
    revoked_at: datetime | None = None,
) -> ApiKey:
    return ApiKey(
        id=KeyId(key_id or new_id("key", created_at)),
        kind=kind,
        name=name,
        hash=secret_hash(token),
        hint=token[-4:],
        token=token if kind is KeyKind.PUBLISHABLE else None,
        origins=origins,
        scopes=frozenset(scopes),
        created_at=created_at,
        revoked_at=revoked_at,
    )
