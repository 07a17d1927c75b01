"""API keys as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from server.access import model
from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.graphql.hosts import IdentitySigner, show_signer
from server.graphql.node import Node


@strawberry.type(description="An API key; a secret one's token is shown once, when it is made.")
class ApiKey(Node):
    """See access.model."""

    kind: model.KeyKind = strawberry.field(description="What kind of key it is.")
    name: str = strawberry.field(description="What it is for.")
    hint: str = strawberry.field(description="The last four characters of its token.")
    token: str | None = strawberry.field(description="The token of a publishable key, which is no secret.")
    origins: list[str] = strawberry.field(description="The exact origins of a publishable key.")
    scopes: list[model.Scope] = strawberry.field(description="What a secret key may do.")
    placements: list[str] = strawberry.field(
        description="Where a publishable key may ask; empty for everywhere."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null for never.")
    last_used_at: datetime | None = strawberry.field(
        description="When its token was last used, to the minute; null for never."
    )
    overlaps_until: datetime | None = strawberry.field(
        description="Until when a token from before its rotation is still good."
    )

    @strawberry.field(
        description="What the host signs identity tokens for this key with, ended ones included; for admins."
    )
    async def identity_signers(self, info: Info) -> list[IdentitySigner]:
        """Look them up among those that this process holds in memory."""
        context = info.context
        found = await context.services.identity.hosts.of(context.viewer, model.KeyId(self.id))
        return [show_signer(each) for each in found]


def show_key(key: model.ApiKey) -> ApiKey:
    """Return a key as its GraphQL type."""
    return ApiKey(
        id=strawberry.ID(key.id),
        kind=key.kind,
        name=key.name,
        hint=key.hint,
        token=key.token,
        origins=list(key.origins),
        scopes=sorted(key.scopes),
        placements=list(key.placements),
        created_at=key.created_at,
        revoked_at=key.revoked_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        overlaps_until=max((each.ends_at for each in key.old_tokens), default=None),
    )


@strawberry.type(
    description="One act of an admin or an app: ids and names, nothing that says something of a person."
)
class AuditEntry:
    """See access.model."""

    id: strawberry.ID = strawberry.field(description="The entry's id.")
    at: datetime = strawberry.field(description="When it began.")
    actor_kind: model.ViewerKind = strawberry.field(
        description="Who did it: an admin, an app, or a person who linked an account."
    )
    actor: str | None = strawberry.field(
        description="The id of their key or profile; null for the command line."
    )
    act: str = strawberry.field(description="What they did: the name of the mutation.")
    targets: list[str] = strawberry.field(description="The ids of what it was about, in no order.")
    request_id: str | None = strawberry.field(description="The id of the request, as in our log.")
    outcome: str | None = strawberry.field(
        description="The type of its result; null where the process ended before it knew."
    )


def show_audit_entry(entry: model.AuditEntry) -> AuditEntry:
    """Return an entry of the audit log as its GraphQL type."""
    return AuditEntry(
        id=strawberry.ID(entry.id),
        at=entry.at,
        actor_kind=entry.actor_kind,
        actor=entry.actor,
        act=entry.act,
        targets=list(entry.targets),
        request_id=entry.request_id,
        outcome=entry.outcome,
    )


@strawberry.input(description="An API key to make.")
class CreateApiKeyInput:
    """See access.service."""

    kind: model.KeyKind = strawberry.field(description="What kind of key it shall be.")
    name: str = strawberry.field(description="What it is for, 100 characters at most.")
    origins: list[str] = strawberry.field(
        default_factory=list,
        description="For a publishable key: the exact origins of the pages that embed it.",
    )
    scopes: list[model.Scope] = strawberry.field(
        default_factory=list, description="For a secret key: what it may do."
    )
    placements: list[str] = strawberry.field(
        default_factory=list,
        description="For a publishable key: where alone it may ask; none for everywhere.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it shall end by itself; null for never."
    )


@strawberry.type(description="The key was made.")
class CreateApiKeySuccess:
    """The only time a secret token is shown."""

    key: ApiKey = strawberry.field(description="The key.")
    token: str = strawberry.field(description="The token; of a secret key it is shown this once.")


@strawberry.input(description="An API key to revoke.")
class RevokeApiKeyInput:
    """See access.service."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.type(description="The key opens nothing any more.")
class RevokeApiKeySuccess:
    """The key with its date."""

    key: ApiKey = strawberry.field(description="The key.")


CreateApiKeyResult = Annotated[
    CreateApiKeySuccess | ForbiddenError | InvalidInputError,
    strawberry.union("CreateApiKeyResult", description="What became of createApiKey."),
]
RevokeApiKeyResult = Annotated[
    RevokeApiKeySuccess | ForbiddenError | NotFoundError,
    strawberry.union("RevokeApiKeyResult", description="What became of revokeApiKey."),
]
