"""Whose tokens apps may come with, as GraphQL types and in the roots of the schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from server.access import model
from server.access.model import IssuerId
from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.jwts import SignatureAlgorithm

_What = strawberry.argument(description="What to do, and to which issuer.")


@strawberry.type(description="What one value of an issuer's scopes allows here.")
class TokenScope:
    """See access.model."""

    value: str = strawberry.field(description="The issuer's word.")
    scopes: list[model.Scope] = strawberry.field(description="What it allows.")


@strawberry.type(description="Somebody else who signs tokens for apps.")
class TokenIssuer:
    """See access.model."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Whose it is: what its apps write is claimed in this name.")
    issuer: str = strawberry.field(description="What `iss` has to be.")
    audience: str = strawberry.field(description="What `aud` has to name.")
    algorithm: SignatureAlgorithm = strawberry.field(description="The one algorithm of its tokens.")
    jwks_uri: str | None = strawberry.field(description="Where its keys are, if that was said.")
    scope_claim: str = strawberry.field(description="The claim that holds its scopes.")
    scopes: list[TokenScope] = strawberry.field(description="What each of them allows here.")
    created_at: datetime = strawberry.field(description="When it was trusted.")


def show_issuer(issuer: model.TokenIssuer) -> TokenIssuer:
    """Return an issuer as its GraphQL type."""
    return TokenIssuer(
        id=strawberry.ID(issuer.id),
        name=issuer.name,
        issuer=issuer.issuer,
        audience=issuer.audience,
        algorithm=issuer.algorithm,
        jwks_uri=issuer.jwks_uri,
        scope_claim=issuer.scope_claim,
        scopes=[TokenScope(value=value, scopes=list(each)) for value, each in issuer.scopes.items()],
        created_at=issuer.created_at,
    )


@strawberry.input(description="What one value of an issuer's scopes shall allow.")
class TokenScopeInput:
    """See access.model."""

    value: str = strawberry.field(description="The issuer's word.")
    scopes: list[model.Scope] = strawberry.field(description="What it allows; never ADMIN.")


@strawberry.input(description="An issuer to trust, in place of what was trusted of it before.")
class TrustTokenIssuerInput:
    """See access.issuers."""

    name: str = strawberry.field(description="Whose it is.")
    issuer: str = strawberry.field(
        description="What `iss` has to be, to the letter. Without `jwks` and `jwksUri` the keys are those"
        " that its /.well-known/openid-configuration names."
    )
    audience: str = strawberry.field(description="What `aud` has to name: how the issuer calls this server.")
    algorithm: SignatureAlgorithm = strawberry.field(
        default=SignatureAlgorithm.RS256, description="The one algorithm to accept; not HS256."
    )
    jwks_uri: str | None = strawberry.field(default=None, description="Where the key set lies.")
    jwks: JSON | None = strawberry.field(
        default=None, description="The key set itself (RFC 7517), where it can't be fetched."
    )
    scope_claim: str = strawberry.field(
        default="scope", description="The claim with the scopes: words in a text, or a list (`roles`, …)."
    )
    scopes: list[TokenScopeInput] = strawberry.field(description="What its scopes allow.")


def read_issuer(given: TrustTokenIssuerInput) -> model.TokenIssuer:
    """Return an issuer as it was given; its id and its date are made where it is trusted."""
    return model.TokenIssuer(
        id=IssuerId(""),
        name=given.name,
        issuer=given.issuer,
        audience=given.audience,
        algorithm=given.algorithm,
        jwks=given.jwks,
        jwks_uri=given.jwks_uri,
        scope_claim=given.scope_claim,
        scopes={each.value: tuple(each.scopes) for each in given.scopes},
        created_at=datetime.min.replace(tzinfo=UTC),
    )


@strawberry.type(description="Its tokens open what their scopes allow.")
class TrustTokenIssuerSuccess:
    """See access.issuers."""

    issuer: TokenIssuer = strawberry.field(description="Who is trusted.")


@strawberry.input(description="An issuer to trust no more.")
class EndTokenIssuerInput:
    """See access.issuers."""

    id: strawberry.ID = strawberry.field(description="The issuer.")


@strawberry.type(description="Its tokens open nothing any more.")
class EndTokenIssuerSuccess:
    """See access.issuers."""

    id: strawberry.ID = strawberry.field(description="Who was trusted.")


TrustTokenIssuerResult = Annotated[
    TrustTokenIssuerSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("TrustTokenIssuerResult", description="What became of trustTokenIssuer."),
]
EndTokenIssuerResult = Annotated[
    EndTokenIssuerSuccess | ForbiddenError | NotFoundError,
    strawberry.union("EndTokenIssuerResult", description="What became of endTokenIssuer."),
]


@strawberry.type(description="What is read of issuers.")
class IssuerQueries:
    """Part of the root of queries."""

    @strawberry.field(description="Whose tokens apps may come with; null for whoever is no admin.")
    async def token_issuers(self, info: Info) -> list[TokenIssuer] | None:
        """Show who is trusted."""
        found = await info.context.services.issuers.listed(info.context.viewer)
        return None if found is None else [show_issuer(each) for each in found]


@strawberry.type(description="What is done about issuers.")
class IssuerMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Trust the tokens that somebody else signs for apps.")
    async def trust_token_issuer(
        self, info: Info, input: Annotated[TrustTokenIssuerInput, _What]
    ) -> TrustTokenIssuerResult:
        """Trust it; admins only."""
        context = info.context
        trusted = await context.services.issuers.trust(context.viewer, read_issuer(input))
        return TrustTokenIssuerSuccess(issuer=show_issuer(trusted))

    @strawberry.mutation(description="Trust the tokens of an issuer no more, at once.")
    async def end_token_issuer(
        self, info: Info, input: Annotated[EndTokenIssuerInput, _What]
    ) -> EndTokenIssuerResult:
        """End it; admins only."""
        context = info.context
        await context.services.issuers.end(context.viewer, IssuerId(input.id))
        return EndTokenIssuerSuccess(id=input.id)
