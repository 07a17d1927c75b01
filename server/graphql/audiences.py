"""Audiences as GraphQL types: saved conditions, and how they are changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from server.audiences import model
from server.graphql.conditions import Condition, read_form
from server.graphql.context import Info
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnknownAttributeError,
    VersionConflictError,
)
from server.graphql.node import Node
from server.graphql.paging import After, Connection, First, connection
from server.kit.paging import page_request

_WHAT = strawberry.argument(description="What to do, and to which audience.")
_WithArchived = Annotated[bool, strawberry.argument(description="Whether archived ones are among them.")]


@strawberry.type(description="A saved condition over profiles.")
class Audience(Node):
    """See audiences.model."""

    audience: strawberry.Private[model.Audience]
    key: str = strawberry.field(description="The name by which conditions know it; it never changes.")
    name: str = strawberry.field(description="What admins read.")
    description: str | None = strawberry.field(description="Who is meant, in the words of who defined it.")
    version: int = strawberry.field(description="Counts every write; send it along with the next one.")
    created_at: datetime = strawberry.field(description="When it was defined.")
    updated_at: datetime = strawberry.field(description="When it was written last.")
    archived_at: datetime | None = strawberry.field(description="Since when nothing new may name it.")

    @strawberry.field(description="Who is in it, as docs/question-set.schema.json writes conditions.")
    async def condition(self, info: Info) -> JSON:
        """Write the condition down, with keys for ids."""
        return JSON(await info.context.services.audiences.condition_of(self.audience))


def show_audience(audience: model.Audience) -> Audience:
    """Return an audience as its GraphQL type."""
    return Audience(
        id=strawberry.ID(audience.id),
        audience=audience,
        key=audience.key,
        name=audience.name,
        description=audience.description,
        version=audience.version,
        created_at=audience.created_at,
        updated_at=audience.updated_at,
        archived_at=audience.archived_at,
    )


@strawberry.type(description="What can be read of audiences.")
class AudienceQueries:
    """Part of the root of queries."""

    @strawberry.field(description="The audiences, oldest first; null without the scope configuration:read.")
    async def audiences(
        self, info: Info, first: First = None, after: After = None, with_archived: _WithArchived = False
    ) -> Connection[Audience] | None:
        """Read a page of audiences."""
        context = info.context
        page = await context.services.audiences.page(
            context.viewer, page_request(first, after), with_archived=with_archived
        )
        return None if page is None else connection(page, lambda each: each.id, show_audience)


@strawberry.input(description="An audience to define.")
class DefineAudienceInput:
    """See audiences.model."""

    key: str = strawberry.field(description="A small letter, then small letters, digits and _.")
    name: str = strawberry.field(description="What admins read.")
    description: str | None = strawberry.field(default=None, description="Who is meant.")
    condition: Condition = strawberry.field(description="Who is in it.")


@strawberry.input(description="What to change of an audience; what is left out stays.")
class UpdateAudienceInput:
    """See audiences.model."""

    key: str = strawberry.field(description="The audience.")
    expected_version: int = strawberry.field(description="The version that was read.")
    name: str | None = strawberry.field(default=None, description="What admins read.")
    description: str | None = strawberry.field(default=None, description="Who is meant.")
    condition: Condition | None = strawberry.field(default=None, description="Who is in it.")


@strawberry.input(description="An audience in the version that was read.")
class ArchiveAudienceInput:
    """See audiences.service."""

    key: str = strawberry.field(description="The audience.")
    expected_version: int = strawberry.field(description="The version that was read.")


@strawberry.type(description="The audience as it is now.")
class AudienceSuccess:
    """The audience."""

    audience: Audience = strawberry.field(description="The audience.")


DefineAudienceResult = Annotated[
    AudienceSuccess | ForbiddenError | InvalidInputError | UnknownAttributeError | ConflictError,
    strawberry.union("DefineAudienceResult", description="What became of defineAudience."),
]
UpdateAudienceResult = Annotated[
    AudienceSuccess
    | ForbiddenError
    | NotFoundError
    | InvalidInputError
    | UnknownAttributeError
    | VersionConflictError,
    strawberry.union("UpdateAudienceResult", description="What became of updateAudience."),
]
ArchiveAudienceResult = Annotated[
    AudienceSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("ArchiveAudienceResult", description="What became of archiveAudience."),
]


@strawberry.type(description="How audiences are changed.")
class AudienceMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Save a condition under a name; admins only.")
    async def define_audience(
        self, info: Info, input: Annotated[DefineAudienceInput, _WHAT]
    ) -> DefineAudienceResult:
        """Define it."""
        context = info.context
        spec = model.AudienceSpec(
            key=input.key,
            name=input.name,
            description=input.description,
            condition=read_form(input.condition),
        )
        defined = await context.services.audiences.define(context.viewer, spec)
        return AudienceSuccess(audience=show_audience(defined))

    @strawberry.mutation(
        description="Change an audience; what names it goes by the new condition. Admins only."
    )
    async def update_audience(
        self, info: Info, input: Annotated[UpdateAudienceInput, _WHAT]
    ) -> UpdateAudienceResult:
        """Change it."""
        context = info.context
        edit = model.AudienceEdit(
            name=input.name,
            description=input.description,
            condition=None if input.condition is None else read_form(input.condition),
        )
        updated = await context.services.audiences.update(
            context.viewer, input.key, input.expected_version, edit
        )
        return AudienceSuccess(audience=show_audience(updated))

    @strawberry.mutation(
        description="Put an audience away: nothing new may name it, what does goes on. Admins only."
    )
    async def archive_audience(
        self, info: Info, input: Annotated[ArchiveAudienceInput, _WHAT]
    ) -> ArchiveAudienceResult:
        """Archive it."""
        context = info.context
        archived = await context.services.audiences.archive(context.viewer, input.key, input.expected_version)
        return AudienceSuccess(audience=show_audience(archived))
