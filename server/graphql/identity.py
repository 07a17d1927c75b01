"""Sign-in providers, accounts and sessions as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.graphql.consent import Purpose, show_purpose
from server.graphql.context import Info
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    IdentityInUseError,
    InvalidInputError,
    LastIdentityError,
    LinkCodeError,
    NotFoundError,
    RecentSignInError,
)
from server.graphql.profiles import Profile, show_profile
from server.graphql.visits import SignInCodeInput
from server.identity.model import SyncMode
from server.profiles.model import IdentityKind, IdentityRef
from server.settings import ProviderSettings

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.identity import model
    from server.identity.model import ClaimUse, ListedProvider


@strawberry.type(description="One claim of a provider, and what it is used for if the person lets us.")
class ProviderClaim:
    """See identity.configuring."""

    purpose_key: strawberry.Private[str | None]
    claim: str = strawberry.field(
        description="Its name at the provider: what `withhold` names to keep it back."
    )
    attribute: str = strawberry.field(description="The key of the attribute that it fills.")
    label: str = strawberry.field(description="What people read.")
    sync: SyncMode = strawberry.field(description="When a later sign-in writes it again.")

    @strawberry.field(description="What the attribute is used for; null where nothing was declared.")
    async def purpose(self, info: Info) -> Purpose | None:
        """Look the purpose up among those that this process holds in memory."""
        purposes = await info.context.services.consents.purposes.current()
        found = None if self.purpose_key is None else purposes.by_key.get(self.purpose_key)
        return None if found is None else show_purpose(found)


@strawberry.type(description="A place to sign in at that is on.")
class SignInProvider:
    """See identity.configuring."""

    key: str = strawberry.field(description="Its name in URLs: sign-in begins at /auth/{key}/start.")
    name: str = strawberry.field(description="What people read.")
    icon: str = strawberry.field(description="Which logo it has: google, microsoft, apple, …, or oidc.")
    claims: list[ProviderClaim] = strawberry.field(description="What it would be asked for, and what for.")


@strawberry.type(description="A browser that knows the person.")
class Session:
    """See identity.model."""

    id: strawberry.ID = strawberry.field(description="The session's id, which opens nothing.")
    origin: str = strawberry.field(description="The pages that it is for.")
    is_current: bool = strawberry.field(description="Whether this request comes from it.")
    is_identified: bool = strawberry.field(description="Whether it began with a sign-in.")
    created_at: datetime = strawberry.field(description="When it began.")
    last_seen_at: datetime = strawberry.field(description="When it was last used, to the hour.")
    expires_at: datetime = strawberry.field(description="When it ends if it is not used.")


@strawberry.type(
    description="An address of the viewer by which another profile is recognised. Whoever can sign in to that"
    " one as well makes the two one with linkIdentity; the address alone joins nobody."
)
class PendingLink:
    """See identity.joining."""

    address: str = strawberry.field(description="The address, which a provider vouches for to the viewer.")


def show_provider(provider: ListedProvider) -> SignInProvider:
    """Return a provider as its GraphQL type; nothing of its settings but what people see is in it."""
    return SignInProvider(
        key=provider.key,
        name=provider.name,
        icon=provider.kind,
        claims=[_show_claim(use) for use in provider.uses],
    )


def _show_claim(use: ClaimUse) -> ProviderClaim:
    return ProviderClaim(
        purpose_key=use.definition.purpose,
        claim=use.rule.claim,
        attribute=use.definition.key,
        label=use.definition.label,
        sync=use.rule.sync,
    )


def show_session(session: model.Session, viewer: Viewer) -> Session:
    """Return a session as its GraphQL type."""
    return Session(
        id=strawberry.ID(session.id),
        origin=session.origin,
        is_current=session.id == viewer.session_id,
        is_identified=session.is_identified,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
    )


# Providers


@strawberry.input(description="A claim of a provider beyond those that its kind is known for.")
class ProviderClaimInput:
    """See settings."""

    claim: str = strawberry.field(description="Its name, or a path with dots.")
    attribute: str = strawberry.field(description="The key of the attribute that it fills.")


@strawberry.input(description="When the claim that fills an attribute is written.")
class ProviderSyncInput:
    """See settings."""

    attribute: str = strawberry.field(description="The key of the attribute.")
    mode: SyncMode = strawberry.field(description="When.")


@strawberry.input(description="A sign-in provider to turn on or to change.")
class ConfigureProviderInput:
    """See settings."""

    key: str = strawberry.field(description="Its name in URLs and in the source of claims; stays for good.")
    kind: str = strawberry.field(
        description="google, microsoft, apple, linkedin, github, facebook, x, or oidc: any OpenID provider."
    )
    name: str = strawberry.field(description="What people read.")
    client_id: str = strawberry.field(description="Our name there.")
    client_secret: str | None = strawberry.field(
        default=None,
        description="Written and never read: null keeps the present one while kind, issuer and client id"
        " stay. Of Apple it is the PEM of the private key.",
    )
    issuer: str = strawberry.field(default="", description="Of the kind oidc: the issuer, to the letter.")
    requested: list[str] | None = strawberry.field(
        default=None, description="The attributes to fill, by key; null for all that the kind is known for."
    )
    scopes: list[str] = strawberry.field(
        default_factory=list, description="What to ask for; empty for the least that `requested` needs."
    )
    claims: list[ProviderClaimInput] = strawberry.field(default_factory=list, description="Further claims.")
    sync: list[ProviderSyncInput] = strawberry.field(
        default_factory=list, description="Modes that differ from the kind's own."
    )
    tenant: str | None = strawberry.field(
        default=None, description="Of Microsoft: common, organizations, consumers, or a tenant's id."
    )
    team_id: str | None = strawberry.field(default=None, description="Of Apple: the team.")
    key_id: str | None = strawberry.field(default=None, description="Of Apple: the id of the private key.")
    admin_claim: str | None = strawberry.field(
        default=None,
        description="Of the kind oidc: the claim that holds roles; whoever has `adminRole` is an admin.",
    )
    admin_role: str | None = strawberry.field(
        default=None,
        description="Of the kind oidc: the role in `adminClaim` that makes admins, to the letter.",
    )


def read_provider(given: ConfigureProviderInput) -> ProviderSettings:
    """Return the settings of a provider, without its secret."""
    options = {
        "tenant": given.tenant,
        "team_id": given.team_id,
        "key_id": given.key_id,
        "admin_claim": given.admin_claim,
        "admin_role": given.admin_role,
    }
    return ProviderSettings(
        key=given.key,
        kind=given.kind,
        name=given.name,
        client_id=given.client_id,
        issuer=given.issuer,
        requested=None if given.requested is None else tuple(given.requested),
        scopes=tuple(given.scopes),
        claims={each.claim: each.attribute for each in given.claims},
        sync={each.attribute: each.mode.value for each in given.sync},
        options={name: value for name, value in options.items() if value is not None},
    )


@strawberry.type(description="The provider is on.")
class ConfigureProviderSuccess:
    """See identity.configuring."""

    provider: SignInProvider = strawberry.field(description="The provider, as people see it.")


@strawberry.input(description="A sign-in provider to turn off.")
class DisableProviderInput:
    """See identity.configuring."""

    key: str = strawberry.field(description="The provider.")


@strawberry.type(description="Nobody signs in there any more.")
class DisableProviderSuccess:
    """See identity.configuring."""

    key: str = strawberry.field(description="The provider.")


ConfigureProviderResult = Annotated[
    ConfigureProviderSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("ConfigureProviderResult", description="What became of configureProvider."),
]
DisableProviderResult = Annotated[
    DisableProviderSuccess | ForbiddenError | NotFoundError,
    strawberry.union("DisableProviderResult", description="What became of disableProvider."),
]


# Accounts


@strawberry.input(description="An account that was just proved, to join the person who is signed in.")
class LinkIdentityInput:
    """See identity.joining."""

    sign_in: SignInCodeInput = strawberry.field(
        description="The code that stood after `acquaint_link` in the page's address, and its verifier."
    )


@strawberry.type(description="The account is the person's; every other session of theirs has ended.")
class LinkIdentitySuccess:
    """What the browser goes on with."""

    viewer_token: str = strawberry.field(description="Send it as bearer token from now on; 15 minutes.")
    expires_at: datetime = strawberry.field(description="When the viewer token ends.")
    resume_token: str = strawberry.field(description="Keep it in place of the one before, which is dead.")
    profile: Profile = strawberry.field(description="The person's profile.")


def show_linked(started: model.StartedVisit) -> LinkIdentitySuccess:
    """Return what a link came to."""
    return LinkIdentitySuccess(
        viewer_token=started.token.token,
        expires_at=started.token.expires_at,
        resume_token=started.resume_token,
        profile=show_profile(started.profile, started.viewer),
    )


@strawberry.input(description="An account of the viewer's to give up, as `identities` shows it.")
class UnlinkIdentityInput:
    """See identity.joining."""

    issuer: str = strawberry.field(description="The issuer.")
    subject: str = strawberry.field(description="The subject: the `value` of the identity.")


def read_account(given: UnlinkIdentityInput) -> IdentityRef:
    """Return what recognises an account."""
    return IdentityRef(kind=IdentityKind.SOCIAL, issuer=given.issuer, value=given.subject)


@strawberry.type(description="The account signs in to this profile no more.")
class UnlinkIdentitySuccess:
    """What is left."""

    profile: Profile = strawberry.field(description="The person's profile.")


LinkIdentityResult = Annotated[
    LinkIdentitySuccess
    | ForbiddenError
    | LinkCodeError
    | IdentityInUseError
    | RecentSignInError
    | ConflictError,
    strawberry.union("LinkIdentityResult", description="What became of linkIdentity."),
]
UnlinkIdentityResult = Annotated[
    UnlinkIdentitySuccess
    | ForbiddenError
    | NotFoundError
    | LastIdentityError
    | RecentSignInError
    | ConflictError,
    strawberry.union("UnlinkIdentityResult", description="What became of unlinkIdentity."),
]


# Sessions


@strawberry.input(description="A session to end.")
class RevokeSessionInput:
    """See identity.sessions."""

    id: strawberry.ID = strawberry.field(description="The session.")


@strawberry.type(description="The session has ended.")
class RevokeSessionSuccess:
    """Its id."""

    id: strawberry.ID = strawberry.field(description="The session.")


@strawberry.type(description="Nobody is signed in to this profile any more, here included.")
class SignOutEverywhereSuccess:
    """How many there were."""

    ended: int = strawberry.field(description="How many sessions ended.")


RevokeSessionResult = Annotated[
    RevokeSessionSuccess | ForbiddenError | NotFoundError,
    strawberry.union("RevokeSessionResult", description="What became of revokeSession."),
]
SignOutEverywhereResult = Annotated[
    SignOutEverywhereSuccess | ForbiddenError,
    strawberry.union("SignOutEverywhereResult", description="What became of signOutEverywhere."),
]
