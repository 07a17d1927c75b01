"""What hosts sign identity tokens with, as GraphQL types and in the root of mutations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from server.access.model import KeyId
from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.identity import model
from server.kit.jwts import SignatureAlgorithm

if TYPE_CHECKING:
    from server.identity.model import HostSigner

_What = strawberry.argument(description="What to do, and to what.")


@strawberry.type(description="What a host's backend signs the identity tokens of one publishable key with.")
class IdentitySigner:
    """See identity.model."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    algorithm: SignatureAlgorithm = strawberry.field(description="The one algorithm of its tokens.")
    hint: str | None = strawberry.field(description="Of a secret: the last four characters.")
    issuer: str | None = strawberry.field(description="Of a key set: what `iss` has to be.")
    jwks_uri: str | None = strawberry.field(description="Where the key set lies, if that was said.")
    created_at: datetime = strawberry.field(description="When it was made.")
    ends_at: datetime | None = strawberry.field(
        description="When its tokens are refused; null while it counts."
    )


def show_signer(signer: HostSigner) -> IdentitySigner:
    """Return a signer as its GraphQL type, without any secret."""
    return IdentitySigner(
        id=strawberry.ID(signer.id),
        algorithm=signer.algorithm,
        hint=signer.hint,
        issuer=signer.issuer,
        jwks_uri=signer.jwks_uri,
        created_at=signer.created_at,
        ends_at=signer.ends_at,
    )


@strawberry.input(description="A secret for the host's backend to sign identity tokens with.")
class CreateIdentitySecretInput:
    """See identity.hosts.signers."""

    key: strawberry.ID = strawberry.field(description="The publishable key.")
    overlap_seconds: int = strawberry.field(
        default=86_400, description="How long the secret before it stays good; up to 30 days."
    )


@strawberry.type(description="The secret was made; this is the only time that it is shown.")
class CreateIdentitySecretSuccess:
    """See identity.model."""

    signer: IdentitySigner = strawberry.field(description="What is kept of it for people to see.")
    secret: str = strawberry.field(description="The secret: the bytes of this text are the HS256 key.")


@strawberry.input(description="A key set of the host: given here, at an address, or found by discovery.")
class TrustIdentityKeySetInput:
    """See identity.hosts.signers."""

    key: strawberry.ID = strawberry.field(description="The publishable key.")
    issuer: str = strawberry.field(
        description="What `iss` has to be, to the letter. Without `jwks` and `jwksUri` the key set is the one"
        " that its /.well-known/openid-configuration names."
    )
    algorithm: SignatureAlgorithm = strawberry.field(
        default=SignatureAlgorithm.RS256, description="The one algorithm to accept; not HS256."
    )
    jwks_uri: str | None = strawberry.field(default=None, description="Where the key set lies.")
    jwks: JSON | None = strawberry.field(
        default=None, description="The key set itself (RFC 7517), where it can't be fetched."
    )


@strawberry.type(description="Tokens by these keys are trusted.")
class TrustIdentityKeySetSuccess:
    """See identity.hosts.signers."""

    signer: IdentitySigner = strawberry.field(description="What is trusted.")


@strawberry.input(description="A secret or a key set to trust no more.")
class EndIdentitySignerInput:
    """See identity.hosts.signers."""

    id: strawberry.ID = strawberry.field(description="The signer.")


@strawberry.type(description="Its tokens are refused.")
class EndIdentitySignerSuccess:
    """See identity.hosts.signers."""

    signer: IdentitySigner = strawberry.field(description="What was trusted.")


CreateIdentitySecretResult = Annotated[
    CreateIdentitySecretSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("CreateIdentitySecretResult", description="What became of createIdentitySecret."),
]
TrustIdentityKeySetResult = Annotated[
    TrustIdentityKeySetSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("TrustIdentityKeySetResult", description="What became of trustIdentityKeySet."),
]
EndIdentitySignerResult = Annotated[
    EndIdentitySignerSuccess | ForbiddenError | NotFoundError,
    strawberry.union("EndIdentitySignerResult", description="What became of endIdentitySigner."),
]


@strawberry.type(description="What is done about the tokens of hosts.")
class HostMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(
        description="Make a secret for a host to sign identity tokens with; the one before overlaps."
    )
    async def create_identity_secret(
        self, info: Info, input: Annotated[CreateIdentitySecretInput, _What]
    ) -> CreateIdentitySecretResult:
        """Make it; admins only."""
        context = info.context
        made = await context.services.identity.hosts.create_secret(
            context.viewer, KeyId(input.key), timedelta(seconds=input.overlap_seconds)
        )
        return CreateIdentitySecretSuccess(signer=show_signer(made.signer), secret=made.secret)

    @strawberry.mutation(description="Trust identity tokens that a host signs with keys that it publishes.")
    async def trust_identity_key_set(
        self, info: Info, input: Annotated[TrustIdentityKeySetInput, _What]
    ) -> TrustIdentityKeySetResult:
        """Trust it; admins only."""
        context = info.context
        signer = await context.services.identity.hosts.trust_key_set(
            context.viewer,
            KeyId(input.key),
            issuer=input.issuer,
            algorithm=input.algorithm,
            jwks=input.jwks,
            jwks_uri=input.jwks_uri,
        )
        return TrustIdentityKeySetSuccess(signer=show_signer(signer))

    @strawberry.mutation(description="Trust the identity tokens of a secret or a key set no more, at once.")
    async def end_identity_signer(
        self, info: Info, input: Annotated[EndIdentitySignerInput, _What]
    ) -> EndIdentitySignerResult:
        """End it; admins only."""
        context = info.context
        ended = await context.services.identity.hosts.end(context.viewer, model.SignerId(input.id))
        return EndIdentitySignerSuccess(signer=show_signer(ended))
