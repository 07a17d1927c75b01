"""Viewers, scopes and API keys."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.kit.jwts import SignatureAlgorithm

KeyId = NewType("KeyId", str)
SessionId = NewType("SessionId", str)
AuditId = NewType("AuditId", str)
IssuerId = NewType("IssuerId", str)
AdminId = NewType("AdminId", str)

_MAX_APP = 63  # characters, as of every source's key
PLACEMENT = r"[a-z][a-z0-9_-]{0,39}"  # how a placement is spelled
VIEWER_TOKEN_LIFETIME = timedelta(minutes=15)


class ViewerKind(StrEnum):
    """Who is asking."""

    NOBODY = "nobody"
    WIDGET = "widget"
    PERSON = "person"
    APP = "app"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a secret key may do; `admin` includes all the others."""

    PROFILES_READ = "profiles:read"
    PROFILES_WRITE = "profiles:write"
    ENRICHMENT_RUN = "enrichment:run"
    PRIVACY_EXPORT = "privacy:export"
    PRIVACY_ERASE = "privacy:erase"
    CONFIGURATION_READ = "configuration:read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who is asking, as proved by the token of this request.

    `profile_id` is set for a person only; `key_id` and `origin` for whoever came with a publishable
    key or with a token made from one. `app` is set for apps and their pages: see ApiKey.app.
    """

    kind: ViewerKind
    key_id: KeyId | None = None
    origin: str | None = None
    profile_id: str | None = None
    session_id: SessionId | None = None
    is_identified: bool = False
    scopes: frozenset[Scope] = frozenset()
    app: str | None = None

    # Of whoever came with a publishable key: where it may ask, empty for everywhere.
    placements: frozenset[str] = frozenset()

    def may_be_asked_at(self, placement: str) -> bool:
        """Whether the publishable key behind this viewer is for this placement too."""
        return not self.placements or placement in self.placements

    def has_scope(self, scope: Scope) -> bool:
        """Whether a key of this viewer carries `scope`; nobody but apps and admins has any."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


NOBODY = Viewer(kind=ViewerKind.NOBODY)
# Whoever holds the settings of a deployment: an admin without a key.
COMMAND_LINE = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))


class KeyKind(StrEnum):
    """Publishable keys stand in web pages, secret keys on servers."""

    PUBLISHABLE = "publishable"
    SECRET = "secret"  # noqa: S105 - the name of a kind, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class OldToken:
    """The hash of a token that a key had before, and until when it is good."""

    hash: str
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as stored: of a secret one only the hash; `hint` (the last four characters) tells keys apart.

    `token` is kept for publishable keys alone, which are no secret. `origins` are exact
    (scheme, host, port) and belong to publishable keys, as `placements` do (none stands for all), `scopes`
    to secret ones.
    """

    id: KeyId
    kind: KeyKind
    name: str
    hash: str
    hint: str
    token: str | None
    origins: tuple[str, ...]
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None
    placements: tuple[str, ...] = ()
    expires_at: datetime | None = None
    old_tokens: tuple[OldToken, ...] = ()
    last_used_at: datetime | None = None  # filled in where it is shown: see access.using

    def is_active(self, now: datetime) -> bool:
        """Whether the key may be used."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def opens(self, token_hash: str, now: datetime) -> bool:
        """Whether the token with this hash is one of the key's that is good now."""
        tokens = {self.hash, *(each.hash for each in self.old_tokens if now < each.ends_at)}
        return self.is_active(now) and token_hash in tokens

    @property
    def app(self) -> str:
        """The app that has this key: its name in small letters, digits and _, else the key's id.

        Keys of one name are one app's, so that an app may change its key and stay who it is.
        """
        return _app_of(self.name, self.id)


def _app_of(name: str, otherwise: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = "_".join(re.findall(r"[a-z0-9]+", ascii_name.lower()))[:_MAX_APP]
    return slug if slug[:1].isalpha() else otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Somebody else who signs tokens for apps, and what their scopes are worth here.

    `issuer`, `audience` and `algorithm` are pinned. The keys are `jwks`, else at `jwks_uri`, else found by
    discovery. `scope_claim` names the claim, and `scopes` says what each of its values allows.
    """

    id: IssuerId
    name: str
    issuer: str
    audience: str
    algorithm: SignatureAlgorithm
    jwks: object
    jwks_uri: str | None
    scope_claim: str
    scopes: Mapping[str, tuple[Scope, ...]]
    created_at: datetime

    @property
    def app(self) -> str:
        """The app whose name its tokens speak in: as of ApiKey."""
        return _app_of(self.name, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made, with the token that is shown this once."""

    key: ApiKey
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSession:
    """A browser in which an admin is signed in. `name` is for people: an address, a name, or the subject."""

    id: SessionId
    admin_id: AdminId
    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminToken:
    """A token with which our own pages act for an admin, and when it ends."""

    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to whom, when; ids and names of ours, never a value that says something about a person.

    `actor` is the id of the key, of an app with somebody else's token that of the issuer and the app's name
    there, of an admin who signed in the admin's; None for the command line. `outcome` is the result's type in
    the schema, None where the process ended before it knew: then it may have happened or not.
    """

    id: AuditId
    at: datetime
    actor_kind: ViewerKind
    actor: str | None
    act: str
    targets: tuple[str, ...]
    request_id: str | None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerToken:
    """A signed token for one person and one origin, and when it ends.

    `expires_in_seconds` counts from when it was made, for clients whose clock is wrong.
    """

    token: str
    expires_at: datetime
    expires_in_seconds: int
