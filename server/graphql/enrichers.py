"""Enrichers as admins configure them, as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

import strawberry
from strawberry.scalars import JSON

from server.enrichment import model
from server.enrichment.configured import Recorded
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from server.graphql.node import Node
from server.graphql.profiles import ProfileLookup

if TYPE_CHECKING:
    from server.enrichment import configured


@strawberry.type(description="A secret that a provider is asked with; its value is written and never read.")
class EnricherSecret:
    """See enrichment.configured."""

    name: str = strawberry.field(description="Its name in the enricher's document.")
    is_set: bool = strawberry.field(description="Whether it is there, for the present host.")


@strawberry.type(description="An enricher that asks a provider over HTTP, as it is configured.")
class EnricherConfiguration(Node):
    """See enrichment.configured."""

    key: str = strawberry.field(description="Its short name, in the source of its claims; stays for good.")
    name: str = strawberry.field(description="The provider's name for people.")
    spec: JSON = strawberry.field(description="The document, as enricher.schema.json has it.")
    host: str = strawberry.field(description="Where it is asked: what the secrets are for.")
    secrets: list[EnricherSecret] = strawberry.field(description="The secrets that it needs.")
    is_enabled: bool = strawberry.field(description="Whether it is on.")
    problem: str | None = strawberry.field(description="What keeps it from working, in one sentence.")
    version: int = strawberry.field(description="Counts writes; give it with the next one.")
    created_at: datetime = strawberry.field(description="When it was made.")
    archived_at: datetime | None = strawberry.field(description="When it was put away.")


@strawberry.type(description="A provider that ships as data.")
class EnricherPreset:
    """See enrichment.configured."""

    key: str = strawberry.field(description="What createEnricher takes.")
    name: str = strawberry.field(description="The provider's name for people.")
    notice: str | None = strawberry.field(description="What the provider wants to be said beside its data.")
    spec: JSON = strawberry.field(description="The document, as enricher.schema.json has it.")


def show_configured(listed: configured.ListedEnricher) -> EnricherConfiguration:
    """Return an enricher as its GraphQL type."""
    known = listed.configured
    return EnricherConfiguration(
        id=strawberry.ID(known.id),
        key=known.key,
        name=listed.name,
        spec=JSON(known.document),
        host=listed.host,
        secrets=[EnricherSecret(name=name, is_set=name in known.secrets) for name in listed.needed_secrets],
        is_enabled=known.is_enabled,
        problem=listed.problem,
        version=known.version,
        created_at=known.created_at,
        archived_at=known.archived_at,
    )


def show_preset(preset: configured.Preset) -> EnricherPreset:
    """Return a preset as its GraphQL type."""
    return EnricherPreset(key=preset.key, name=preset.name, notice=preset.notice, spec=JSON(preset.document))


@strawberry.input(description="A new enricher: of a preset, or of a whole document.")
class CreateEnricherInput:
    """See enrichment.sources.configuring."""

    key: str = strawberry.field(description="Its short name, in the source of its claims; stays for good.")
    preset: str | None = strawberry.field(default=None, description="The key of a provider that ships.")
    spec: JSON | None = strawberry.field(default=None, description="As enricher.schema.json has it.")


@strawberry.input(description="Another document for an enricher; with another host its secrets are gone.")
class UpdateEnricherInput:
    """See enrichment.sources.configuring."""

    id: strawberry.ID = strawberry.field(description="The enricher.")
    expected_version: int = strawberry.field(description="The version that was read.")
    spec: JSON = strawberry.field(description="All of it, as enricher.schema.json has it.")


@strawberry.input(description="An enricher to switch on.")
class EnableEnricherInput:
    """See enrichment.sources.configuring."""

    id: strawberry.ID = strawberry.field(description="The enricher.")
    expected_version: int = strawberry.field(description="The version that was read.")


@strawberry.input(description="An enricher to switch off; what it found stays until it runs out.")
class DisableEnricherInput:
    """See enrichment.sources.configuring."""

    id: strawberry.ID = strawberry.field(description="The enricher.")
    expected_version: int = strawberry.field(description="The version that was read.")


@strawberry.input(description="An enricher to put away for good; its secrets are gone.")
class ArchiveEnricherInput:
    """See enrichment.sources.configuring."""

    id: strawberry.ID = strawberry.field(description="The enricher.")
    expected_version: int = strawberry.field(description="The version that was read.")


@strawberry.input(description="A secret of an enricher.")
class SetEnricherSecretInput:
    """See enrichment.sources.configuring."""

    id: strawberry.ID = strawberry.field(description="The enricher.")
    name: str = strawberry.field(description="The secret's name in the document.")
    value: str = strawberry.field(description="The secret: written, sealed and never read.")


@strawberry.input(description="An answer that a provider once gave.")
class RecordedAnswerInput:
    """See enrichment.configured."""

    status: int = strawberry.field(default=200, description="Its status.")
    body: JSON | None = strawberry.field(default=None, description="Its body.")
    content_type: str = strawberry.field(default="application/json", description="Its type.")
    inputs: JSON | None = strawberry.field(
        default=None, description="What was asked with, by attribute; the document's example where left out."
    )


@strawberry.input(description="An enricher to try; nothing is written.")
class TestEnricherInput:
    """See enrichment.sources.trying."""

    id: strawberry.ID = strawberry.field(description="The enricher, on or off.")
    answer: RecordedAnswerInput | None = strawberry.field(
        default=None, description="An answer to try it on; the document's own example where left out."
    )
    live_with: ProfileLookup | None = strawberry.field(
        default=None, description="Ask the provider for this person, who has to allow it; it may cost."
    )


def read_answer(given: RecordedAnswerInput | None) -> Recorded | None:
    """Return a recorded answer as the domain has it."""
    if given is None:
        return None
    inputs = cast("object", given.inputs)
    return Recorded(
        status=given.status,
        body=given.body,
        media_type=given.content_type,
        inputs={str(key): str(each) for key, each in inputs.items()} if isinstance(inputs, dict) else {},
    )


@strawberry.type(description="What would be claimed of an attribute.")
class TriedClaim:
    """See enrichment.model."""

    attribute: str = strawberry.field(description="The key of the attribute.")
    value: JSON = strawberry.field(description="The value.")
    confidence: float = strawberry.field(description="How sure, between 0 and 1.")


@strawberry.type(description="A header of a request.")
class TriedHeader:
    """See enrichment.configured."""

    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value; a secret is shown as dots.")


@strawberry.type(description="The request, without its secrets.")
class TriedRequest:
    """See enrichment.configured."""

    method: str = strawberry.field(description="GET or POST.")
    url: str = strawberry.field(description="The whole address; a secret is shown as dots.")
    headers: list[TriedHeader] = strawberry.field(description="The headers.")
    body: str | None = strawberry.field(description="The body, if there is one.")


@strawberry.type(description="What the try came to.")
class TestEnricherSuccess:
    """See enrichment.sources.trying."""

    request: TriedRequest = strawberry.field(description="What is sent, or would be.")
    outcome: model.OutcomeClass = strawberry.field(description="What the answer means.")
    reason: str | None = strawberry.field(description="Why, in a few words of ours.")
    retry_after_seconds: float | None = strawberry.field(description="How long the answer asks to wait.")
    claims: list[TriedClaim] = strawberry.field(description="What would be claimed.")
    dropped: list[str] = strawberry.field(description="Attributes whose value does not fit them.")


def show_tried(tried: configured.Tried) -> TestEnricherSuccess:
    """Return what a try came to as its GraphQL type."""
    return TestEnricherSuccess(
        request=TriedRequest(
            method=tried.method,
            url=tried.url,
            headers=[TriedHeader(name=name, value=value) for name, value in tried.headers.items()],
            body=tried.body,
        ),
        outcome=tried.outcome,
        reason=tried.reason,
        retry_after_seconds=tried.after_seconds,
        claims=[
            TriedClaim(attribute=each.key, value=JSON(each.value), confidence=each.confidence)
            for each in tried.findings
        ],
        dropped=list(tried.dropped),
    )


@strawberry.type(description="The enricher after the write.")
class EnricherSuccess:
    """See enrichment.sources.configuring."""

    enricher: EnricherConfiguration = strawberry.field(description="The enricher.")


CreateEnricherResult = Annotated[
    EnricherSuccess | ForbiddenError | InvalidInputError | NotFoundError | ConflictError,
    strawberry.union("CreateEnricherResult", description="What became of createEnricher."),
]
UpdateEnricherResult = Annotated[
    EnricherSuccess | ForbiddenError | NotFoundError | VersionConflictError | InvalidInputError,
    strawberry.union("UpdateEnricherResult", description="What became of updateEnricher."),
]
EnableEnricherResult = Annotated[
    EnricherSuccess | ForbiddenError | NotFoundError | VersionConflictError | InvalidInputError,
    strawberry.union("EnableEnricherResult", description="What became of enableEnricher."),
]
DisableEnricherResult = Annotated[
    EnricherSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("DisableEnricherResult", description="What became of disableEnricher."),
]
ArchiveEnricherResult = Annotated[
    EnricherSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("ArchiveEnricherResult", description="What became of archiveEnricher."),
]
SetEnricherSecretResult = Annotated[
    EnricherSuccess | ForbiddenError | NotFoundError | VersionConflictError | InvalidInputError,
    strawberry.union("SetEnricherSecretResult", description="What became of setEnricherSecret."),
]
TestEnricherResult = Annotated[
    TestEnricherSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("TestEnricherResult", description="What became of testEnricher."),
]
