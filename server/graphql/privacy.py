"""Requests about a person's data as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidInputError, NotFoundError, RecentSignInError
from server.graphql.node import Node
from server.graphql.profiles import ProfileLookup
from server.privacy import model


@strawberry.type(description="A request about one person's data, and what became of it.")
class PrivacyRequest(Node):
    """See privacy.model."""

    request: strawberry.Private[model.PrivacyRequest]
    kind: model.RequestKind = strawberry.field(description="What shall become of the data.")
    state: model.RequestState = strawberry.field(description="Where it stands.")
    profile_id: strawberry.ID = strawberry.field(description="The id that the person had when it was made.")
    requested_at: datetime = strawberry.field(description="When it was made.")
    requested_by: str | None = strawberry.field(description="The id of the key or the profile that made it.")
    finished_at: datetime | None = strawberry.field(description="When it was done or given up.")
    settled_at: datetime | None = strawberry.field(
        description="When it was done once more, after all that was under way meanwhile had ended."
    )
    size: int | None = strawberry.field(description="The size of a finished archive in bytes.")
    sha256: str | None = strawberry.field(description="The SHA-256 of a finished archive, in hex.")
    expires_at: datetime | None = strawberry.field(description="When a finished archive is dropped.")

    @strawberry.field(
        description="Where a finished archive can be fetched; each link is good for ten minutes."
    )
    def download_url(self, info: Info) -> str | None:
        """Sign a link."""
        return info.context.services.privacy.download_url(info.context.viewer, self.request)


def show_request(request: model.PrivacyRequest) -> PrivacyRequest:
    """Return a request as its GraphQL type."""
    archive = request.archive
    return PrivacyRequest(
        id=strawberry.ID(request.id),
        request=request,
        kind=request.kind,
        state=request.state,
        profile_id=strawberry.ID(request.profile_id),
        requested_at=request.requested_at,
        requested_by=request.requested_by,
        finished_at=request.finished_at,
        settled_at=request.settled_at,
        size=None if archive is None else archive.size_bytes,
        sha256=None if archive is None else archive.sha256,
        expires_at=None if archive is None else archive.expires_at,
    )


@strawberry.input(description="Whose data is to be packed.")
class ExportPersonInput:
    """See privacy.service."""

    profile: ProfileLookup | None = strawberry.field(
        default=None, description="Whose it is; left out by people themselves."
    )


@strawberry.input(description="Who is to be erased.")
class ErasePersonInput:
    """See privacy.service."""

    profile: ProfileLookup | None = strawberry.field(
        default=None, description="The person; left out by people themselves."
    )


@strawberry.input(description="Who is to be made anonymous.")
class AnonymisePersonInput:
    """See privacy.service."""

    profile: ProfileLookup = strawberry.field(description="The person.")


@strawberry.input(description="Who may return.")
class ReadmitPersonInput:
    """See privacy.service."""

    profile: ProfileLookup = strawberry.field(
        description="An identity by which the person was known; an id is none any more."
    )


@strawberry.type(description="The request is made; a worker sees to it.")
class PrivacyRequestSuccess:
    """The request."""

    request: PrivacyRequest = strawberry.field(description="The request; ask for it again by its id.")


@strawberry.type(description="The person may return.")
class ReadmitPersonSuccess:
    """Nothing more to say."""

    ok: bool = strawberry.field(description="Always true.")


ExportPersonResult = Annotated[
    PrivacyRequestSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("ExportPersonResult", description="What became of exportPerson."),
]
ErasePersonResult = Annotated[
    PrivacyRequestSuccess | ForbiddenError | RecentSignInError | NotFoundError | InvalidInputError,
    strawberry.union("ErasePersonResult", description="What became of erasePerson."),
]
AnonymisePersonResult = Annotated[
    PrivacyRequestSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("AnonymisePersonResult", description="What became of anonymisePerson."),
]
ReadmitPersonResult = Annotated[
    ReadmitPersonSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("ReadmitPersonResult", description="What became of readmitPerson."),
]
