"""Sessions, sign-ins on their way, and what an identity provider has to be able to do for us."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.access.model import KeyId, SessionId, Viewer, ViewerToken
    from server.profiles.model import Profile, ProfileId

SESSION_IDLE = timedelta(days=30)  # without a visit, after which a browser is a stranger again
ATTEMPT_LIFETIME = timedelta(minutes=10)  # to type a password and find the second factor
CODE_LIFETIME = timedelta(seconds=60)  # one redirect and one request


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that we recognise by its resume token, on pages of one origin with one publishable key.

    `is_identified` says how the session began: with a sign-in or without. A session that began without
    one never opens a profile that is somebody's by now.
    """

    id: SessionId
    profile_id: ProfileId
    key_id: KeyId
    origin: str
    is_identified: bool
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode:
    """What a page hands over after a sign-in: the one-time code, and the verifier that only it knows."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedVisit:
    """A visit under way: the token for the next requests and the one that recognises the browser later."""

    viewer: Viewer
    token: ViewerToken
    resume_token: str = field(repr=False)
    profile: Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Where a sign-in leads back to, and to whom alone: the page whose verifier hashes to `challenge`.

    `return_to` is an absolute URL without a fragment on `origin`, which is one of the key's.
    """

    key_id: KeyId
    origin: str
    return_to: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSecrets:
    """What proves that a provider's answer belongs to the question we asked: nonce and PKCE verifier."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in that somebody began: which browser, at which provider, and where it leads back to."""

    provider_key: str
    secrets: AttemptSecrets
    handover: Handover
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCode:
    """Who a one-time code signs in, and the page that may use it."""

    profile_id: ProfileId
    key_id: KeyId
    origin: str
    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The provider's page to send the browser to, with the state that comes back from there."""

    url: str
    state: str = field(repr=False)
    secrets: AttemptSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What the browser brought back from a provider. Nothing of it is proved; anybody can write it."""

    state: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    issuer: str | None = None  # RFC 9207
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedIdentity:
    """Who a provider says this is and what it said about them; checked to be its words, and to us."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)


class Provider(Protocol):
    """A place to sign in at."""

    @property
    def key(self) -> str:
        """A short name for URLs and for the source of claims."""

    @property
    def name(self) -> str:
        """The name that people read."""

    @property
    def extra_claims(self) -> Mapping[str, str]:
        """Claims of this provider beyond the standard ones, and the attribute keys that they fill."""

    async def begin(self) -> Begun:
        """Prepare a sign-in; raise ProviderUnavailableError where the provider does not answer."""

    async def finish(self, callback: Callback, secrets: AttemptSecrets) -> ProvedIdentity:
        """Turn what the browser brought back into a proved identity.

        Raises SignInError: AccessDeniedError where the person said no, ProviderUnavailableError where
        the provider does not answer as the protocol says, SignInRefusedError where its answer proves nothing.
        """

    async def close(self) -> None:
        """Let go of what is kept open."""
