"""API keys in the roots of the schema: which there are, and new tokens for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import strawberry

from server.access.model import KeyId
from server.graphql.access import ApiKey, show_key
from server.graphql.context import Info
from server.graphql.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from server.graphql.paging import After, Connection, First, connection
from server.kit.paging import page_request

_What = strawberry.argument(description="What to do, and to which key.")


@strawberry.input(description="An API key to give a new token.")
class RotateApiKeyInput:
    """See access.rotating."""

    id: strawberry.ID = strawberry.field(description="The key.")
    overlap_seconds: int = strawberry.field(
        default=86_400, description="How long the token before it stays good; up to 365 days."
    )


@strawberry.type(description="The key has a new token, and is the same key in everything else.")
class RotateApiKeySuccess:
    """The only time a secret token is shown."""

    key: ApiKey = strawberry.field(description="The key.")
    token: str = strawberry.field(description="The token; of a secret key it is shown this once.")


RotateApiKeyResult = Annotated[
    RotateApiKeySuccess | ForbiddenError | NotFoundError | InvalidInputError | ConflictError,
    strawberry.union("RotateApiKeyResult", description="What became of rotateApiKey."),
]


@strawberry.type(description="What is read of API keys.")
class KeyQueries:
    """Part of the root of queries."""

    @strawberry.field(
        description="The API keys, oldest first, ended ones included; null for who is no admin."
    )
    async def api_keys(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[ApiKey] | None:
        """Read a page of keys."""
        context = info.context
        page = await context.services.access.keys(context.viewer, page_request(first, after))
        return None if page is None else connection(page, lambda each: each.id, show_key)


@strawberry.type(description="What is done about the tokens of API keys.")
class KeyMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Give an API key a new token; the one before it overlaps.")
    async def rotate_api_key(
        self, info: Info, input: Annotated[RotateApiKeyInput, _What]
    ) -> RotateApiKeyResult:
        """Rotate it; admins only."""
        context = info.context
        made = await context.services.access.rotation.rotate(
            context.viewer, KeyId(input.id), timedelta(seconds=input.overlap_seconds)
        )
        return RotateApiKeySuccess(key=show_key(made.key), token=made.token)
