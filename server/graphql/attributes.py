"""Attributes, claims and values as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from server.graphql.errors import ConflictError, ForbiddenError, InvalidInputError, UnknownPurposeError
from server.graphql.node import Node
from server.profiles import model


@strawberry.type(description="One of the values of an enum.")
class Option:
    """See profiles.model."""

    value: str = strawberry.field(description="What is stored.")
    label: str = strawberry.field(description="What people read.")


@strawberry.input(description="One of the values of an enum.")
class OptionInput:
    """See profiles.model."""

    value: str = strawberry.field(description="What is stored; unique among the options.")
    label: str = strawberry.field(description="What people read.")


@strawberry.type(description="Something a profile can know, declared once.")
class AttributeDefinition(Node):
    """See profiles.model."""

    key: str = strawberry.field(description="The name by which apps and authors use it.")
    type: model.AttributeType = strawberry.field(description="What kind of value it holds; never changes.")
    label: str = strawberry.field(description="What people read.")
    description: str | None = strawberry.field(description="What it is for, in the words of who declared it.")
    options: list[Option] = strawberry.field(description="The values of an enum, in order; else empty.")
    minimum: float | None = strawberry.field(description="The least number allowed.")
    maximum: float | None = strawberry.field(description="The greatest number allowed.")
    min_length: int | None = strawberry.field(description="The least number of characters.")
    max_length: int | None = strawberry.field(description="The greatest number of characters.")
    min_items: int | None = strawberry.field(description="The least number of options chosen.")
    max_items: int | None = strawberry.field(description="The greatest number of options chosen.")
    person_access: model.PersonAccess = strawberry.field(description="What people may do with their own.")
    purpose: str | None = strawberry.field(description="The purpose whose consent it needs, by key.")
    created_at: datetime = strawberry.field(description="When it was declared.")


@strawberry.type(description="Who made a claim.")
class Source:
    """See profiles.model."""

    kind: model.SourceKind = strawberry.field(description="What kind of source it is.")
    key: str | None = strawberry.field(description="Which identity provider or enricher it was.")
    label: str = strawberry.field(description="The source in a few words for people.")


@strawberry.type(description="One source's statement about one attribute.")
class Claim:
    """See profiles.model."""

    id: strawberry.ID = strawberry.field(description="The claim's id.")
    value: JSON = strawberry.field(description="What the source says.")
    source: Source = strawberry.field(description="Who says so.")
    confidence: float = strawberry.field(description="How sure the source is, between 0 and 1.")
    is_verified: bool = strawberry.field(description="Whether the source checked it.")
    observed_at: datetime = strawberry.field(description="When it was so.")
    expires_at: datetime | None = strawberry.field(description="When it stops counting; null for never.")


@strawberry.type(description="What is known about one attribute of one profile.")
class Attribute:
    """A resolved attribute; see profiles.resolving for which claim wins."""

    definition: AttributeDefinition = strawberry.field(description="What the attribute is.")
    key: str = strawberry.field(description="The attribute's key.")
    label: str = strawberry.field(description="The attribute's name for people.")
    value: JSON = strawberry.field(description="The value of the claim that won.")
    source: Source = strawberry.field(description="Who made the claim that won.")
    confidence: float = strawberry.field(description="How sure that source is, between 0 and 1.")
    is_verified: bool = strawberry.field(description="Whether that source checked it.")
    observed_at: datetime = strawberry.field(description="When it was so.")
    claims: list[Claim] = strawberry.field(description="Every live claim, the one that won first.")


def show_definition(definition: model.AttributeDefinition) -> AttributeDefinition:
    """Return a definition as its GraphQL type."""
    bounds = definition.bounds
    return AttributeDefinition(
        id=strawberry.ID(definition.id),
        key=definition.key,
        type=definition.type,
        label=definition.label,
        description=definition.description,
        options=[Option(value=option.value, label=option.label) for option in definition.options],
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        min_length=bounds.min_length,
        max_length=bounds.max_length,
        min_items=bounds.min_items,
        max_items=bounds.max_items,
        person_access=definition.person_access,
        purpose=definition.purpose,
        created_at=definition.created_at,
    )


def show_attribute(attribute: model.ResolvedAttribute) -> Attribute:
    """Return a resolved attribute as its GraphQL type."""
    winner = attribute.winner
    return Attribute(
        definition=show_definition(attribute.definition),
        key=attribute.definition.key,
        label=attribute.definition.label,
        value=JSON(winner.value),
        source=_show_source(winner.source),
        confidence=winner.confidence,
        is_verified=winner.is_verified,
        observed_at=winner.observed_at,
        claims=[_show_claim(claim) for claim in attribute.claims],
    )


def _show_claim(claim: model.Claim) -> Claim:
    return Claim(
        id=strawberry.ID(claim.id),
        value=JSON(claim.value),
        source=_show_source(claim.source),
        confidence=claim.confidence,
        is_verified=claim.is_verified,
        observed_at=claim.observed_at,
        expires_at=claim.expires_at,
    )


_SOURCE_LABELS = {
    model.SourceKind.PERSON: "said so",
    model.SourceKind.IDENTITY: "sign-in with",
    model.SourceKind.ADMIN: "set by an admin",
    model.SourceKind.APP: "set by an app",
    model.SourceKind.HOOK: "set by a hook",
    model.SourceKind.ENRICHER: "looked up by",
    model.SourceKind.DERIVED: "worked out",
    model.SourceKind.IMPORT: "imported",
}


def _show_source(source: model.Source) -> Source:
    named = f" {source.key}" if source.key else ""
    return Source(kind=source.kind, key=source.key, label=_SOURCE_LABELS[source.kind] + named)


@strawberry.input(description="An attribute to declare.")
class DefineAttributeInput:
    """See profiles.model."""

    key: str = strawberry.field(description="A small letter, then small letters, digits and _.")
    type: model.AttributeType = strawberry.field(description="What kind of value it holds; never changes.")
    label: str = strawberry.field(description="What people read.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    options: list[OptionInput] = strawberry.field(
        default_factory=list, description="The values of an enum, in order; none for other types."
    )
    minimum: float | None = strawberry.field(default=None, description="The least number allowed.")
    maximum: float | None = strawberry.field(default=None, description="The greatest number allowed.")
    min_length: int | None = strawberry.field(default=None, description="The least number of characters.")
    max_length: int | None = strawberry.field(default=None, description="The greatest number of characters.")
    min_items: int | None = strawberry.field(default=None, description="The least number of options chosen.")
    max_items: int | None = strawberry.field(
        default=None, description="The greatest number of options chosen."
    )
    person_access: model.PersonAccess = strawberry.field(
        default=model.PersonAccess.HIDDEN, description="What people may do with their own."
    )
    purpose: str | None = strawberry.field(
        default=None, description="The purpose whose consent it needs, by key; none when left out."
    )


def read_spec(given: DefineAttributeInput) -> model.AttributeSpec:
    """Return what an admin declares."""
    return model.AttributeSpec(
        key=given.key,
        type=given.type,
        label=given.label,
        description=given.description,
        options=tuple(model.Option(value=option.value, label=option.label) for option in given.options),
        bounds=model.Bounds(
            minimum=given.minimum,
            maximum=given.maximum,
            min_length=given.min_length,
            max_length=given.max_length,
            min_items=given.min_items,
            max_items=given.max_items,
        ),
        person_access=given.person_access,
        purpose=given.purpose,
    )


@strawberry.type(description="The attribute is declared.")
class DefineAttributeSuccess:
    """The definition."""

    definition: AttributeDefinition = strawberry.field(description="The attribute with its id.")


DefineAttributeResult = Annotated[
    DefineAttributeSuccess | ForbiddenError | InvalidInputError | UnknownPurposeError | ConflictError,
    strawberry.union("DefineAttributeResult", description="What became of defineAttribute."),
]
