"""As a subgraph of Apollo Federation 2: other graphs extend a Profile that they know by its id.

After the subgraph specification (apollographql.com/docs/graphos/reference/federation/subgraph-spec).
Strawberry's own `_entities` would tell Python's words to whoever sends something absurd, and look profiles up
one by one.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import strawberry
from strawberry.federation.schema import FederationAny

from server.access.model import ViewerKind
from server.graphql.context import Info
from server.graphql.profiles import Profile, show_profile
from server.kit.errors import InvalidInputError
from server.profiles.model import ProfileId
from server.profiles.reading import MAX_LOOKUPS

_Representations = Annotated[
    list[FederationAny],
    strawberry.argument(description="Whom a gateway asks about: an object of `__typename` and `id` each."),
]
Entity = Annotated[Profile, strawberry.union("_Entity", description="What other graphs may extend.")]


@strawberry.type(name="_Service", description="This subgraph, as a gateway composes it.")
class Service:
    """Said by `schema.graphql` too, which is published with each version."""

    sdl: str | None = strawberry.field(description="The schema; shown to admins alone.")


@strawberry.type
class FederationQueries:
    """What a gateway asks."""

    @strawberry.field(name="_entities", description="Profiles by their ids, at most a hundred at once.")
    async def entities(self, info: Info, representations: _Representations) -> list[Entity | None]:
        """Look them up together."""
        context = info.context
        ids = _ids(representations)
        found = await asyncio.gather(*(context.profile_loader.load(each) for each in ids))
        return [None if each is None else show_profile(each, context.viewer) for each in found]

    @strawberry.field(name="_service", description="What a gateway composes.")
    def service(self, info: Info) -> Service:
        """Print the schema."""
        is_shown = info.context.viewer.kind is ViewerKind.ADMIN
        return Service(sdl=info.schema.as_str() if is_shown else None)


def _ids(representations: list[FederationAny]) -> list[ProfileId]:
    if len(representations) > MAX_LOOKUPS:
        message = f"`representations` names at most {MAX_LOOKUPS} profiles at once."
        raise InvalidInputError(message, field="representations")
    return [_id(each) for each in representations]


def _id(representation: object) -> ProfileId:
    match representation:
        case {"__typename": "Profile", "id": str(profile_id)}:
            return ProfileId(profile_id)
    message = 'A representation is an object such as {"__typename": "Profile", "id": "prf_…"}.'
    raise InvalidInputError(message, field="representations")
