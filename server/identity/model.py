"""Sessions, sign-ins on their way, and what an identity provider has to be able to do for us."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType, Protocol

from server.access.model import KeyId, Viewer, ViewerKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from server.access.model import SessionId, ViewerToken
    from server.kit.jwts import SignatureAlgorithm
    from server.profiles.model import AttributeDefinition, IdentityRef, Profile, ProfileId

SignerId = NewType("SignerId", str)

SESSION_IDLE = timedelta(days=30)  # without a visit, after which a browser is a stranger again
SESSION_ABSOLUTE = timedelta(days=365)  # however often it is used: a stolen one ends some day
OWN_SESSION_IDLE = timedelta(hours=12)  # on our own pages, where accounts are linked and sessions are ended
OWN_SESSION_ABSOLUTE = timedelta(days=7)
RECENT = timedelta(minutes=15)  # since the sign-in of this session: what linking asks for
ATTEMPT_LIFETIME = timedelta(minutes=10)  # to type a password and find the second factor
CODE_LIFETIME = timedelta(seconds=60)  # one redirect and one request
# Stands in the place of a publishable key in what belongs to our own pages; no key has this id.
OWN_PAGES = KeyId("own")
ADMIN_PAGES = KeyId("admin")  # the same, of what belongs to the page of admins


class SyncMode(StrEnum):
    """When a later sign-in writes a value that an earlier one wrote."""

    IMPORT = "import"
    MISSING = "missing"
    FORCE = "force"


class Vouching(StrEnum):
    """When the provider vouches for a claim: always, where a flag beside it says so, or never."""

    ALWAYS = "always"
    FLAG = "flag"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRule:
    """One line of a provider's claims table: which claim fills which attribute, and what it is worth.

    `claim` is a name or a path with dots (`picture.data.url`), `scope` what has to be asked for to get it.
    `flag` names the claim that vouches for this one; `takes_text` is for a provider that writes "true".
    """

    claim: str
    attribute: str
    scope: str | None = None
    vouching: Vouching = Vouching.ALWAYS
    flag: str = ""
    takes_text: bool = False
    sync: SyncMode = SyncMode.FORCE


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUse:
    """What a claim is used for, as the person reads it before they sign in."""

    rule: ClaimRule
    definition: AttributeDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProvider:
    """A provider that is on, and what it would be asked for: the claims that fill an attribute we have."""

    key: str
    name: str
    kind: str
    uses: tuple[ClaimUse, ...]


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

    @property
    def viewer(self) -> Viewer:
        """Who asks with a token made for this session."""
        return Viewer(
            kind=ViewerKind.PERSON,
            key_id=self.key_id,
            origin=self.origin,
            profile_id=self.profile_id,
            session_id=self.id,
            is_identified=self.is_identified,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode:
    """What a page hands over after a sign-in: the one-time code, and the verifier that only it knows."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedVisit:
    """A visit under way: the token for the next requests and the one that recognises the browser later.

    `left_out` are the attributes of an identity token, by key, that could not be written.
    """

    viewer: Viewer
    token: ViewerToken
    resume_token: str = field(repr=False)
    profile: Profile
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSigner:
    """What a host signs the identity tokens of one publishable key with: a secret, or keys that it publishes.

    A secret has `hint`, its last four characters, and no issuer; it is None where it can't be read any more.
    Of keys there is the issuer, and one of `jwks`, `jwks_uri` and neither, which means discovery.
    """

    id: SignerId
    key_id: KeyId
    algorithm: SignatureAlgorithm
    hint: str | None
    secret: str | None = field(repr=False)
    issuer: str | None
    jwks: object = field(repr=False)
    jwks_uri: str | None
    created_at: datetime
    ends_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether tokens may be signed with it."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentitySecret:
    """A secret just made, shown this once."""

    signer: HostSigner
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Where a sign-in leads back to, and to whom alone: the page whose verifier hashes to `challenge`.

    `return_to` is an absolute URL without a fragment on `origin`, which is one of the key's. With the key
    OWN_PAGES it is a page of our own, which needs no challenge: the session goes into its cookie.
    With `is_popup` it happens in a window that the page opened, and the page is told there where it is.
    """

    key_id: KeyId
    origin: str
    return_to: str
    challenge: str
    is_popup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSecrets:
    """What proves that a provider's answer belongs to the question we asked: nonce and PKCE verifier."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in that somebody began: which browser, at which provider, and where it leads back to.

    With `is_link` nobody is signed in by it: the account joins whoever is signed in on the page already; on
    our own pages that is whose session `links_to` is. `withheld` are claims that the person keeps to
    themself beside those of earlier sign-ins.
    """

    provider_key: str
    secrets: AttemptSecrets
    handover: Handover
    expires_at: datetime
    is_link: bool = False
    withheld: tuple[str, ...] = ()
    links_to: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCode:
    """Who a one-time code signs in, and the page that may use it.

    A code that links signs nobody in: it holds the account that was proved, sealed (`link`).
    """

    profile_id: ProfileId | None
    link: str | None = field(default=None, repr=False)
    key_id: KeyId
    origin: str
    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Where the browser goes after a sign-in; on our own pages with the secret of its new session.

    That is an admin's where it is `admin_session`. With `opener_origin` it stays in a window that a page of
    this origin opened: what the fragment of `url` says is told to that page, and to no other.
    """

    url: str
    session: str | None = field(default=None, repr=False)
    admin_session: str | None = field(default=None, repr=False)
    opener_origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is kept of one account at a provider: its raw claims, and which of them the person withholds."""

    provider_key: str
    claims: Mapping[str, Any] = field(repr=False)
    withheld: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """An account as its person sees it: where it is, what it brought, and what is kept from us."""

    ref: IdentityRef
    provider_name: str
    used: tuple[AttributeDefinition, ...]
    withheld: tuple[str, ...]


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
    user: str | None = field(default=None, repr=False)  # Apple's, the first time: signed by nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedIdentity:
    """Who a provider says this is and what it said about them; checked to be its words, and to us.

    Not its words, and not vouched for: the claims named in `unsigned`, which the browser brought. `scopes`
    are those that were granted, None where the provider did not say that there were fewer.
    """

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)
    unsigned: AbstractSet[str] = frozenset()
    scopes: AbstractSet[str] | None = None


class Provider(Protocol):
    """A place to sign in at."""

    @property
    def key(self) -> str:
        """A short name for URLs and for the source of claims."""

    @property
    def name(self) -> str:
        """The name that people read."""

    @property
    def kind(self) -> str:
        """Which provider it is, as a key of KINDS."""

    @property
    def rules(self) -> Sequence[ClaimRule]:
        """Which claims are used, and for which attributes."""

    async def begin(self) -> Begun:
        """Prepare a sign-in; raise ProviderUnavailableError where the provider does not answer."""

    async def finish(self, callback: Callback, secrets: AttemptSecrets) -> ProvedIdentity:
        """Turn what the browser brought back into a proved identity.

        Raises SignInError: AccessDeniedError where the person said no, ProviderUnavailableError where
        the provider does not answer as the protocol says, SignInRefusedError where its answer proves nothing.
        """
