"""Attribute definitions as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.graphql.node import Node
from server.profiles import model

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Annotated[
    str | None,
    strawberry.argument(
        description="A language tag such as pt-BR: the text in it, else in pt, else the one in no particular."
    ),
]


@strawberry.type(description="A text in one language.")
class Text:
    """An entry of profiles.definitions' texts by language."""

    language: str = strawberry.field(description="The language tag, such as pt-BR.")
    text: str = strawberry.field(description="What people read.")


@strawberry.type(description="One of the values of an enum, as a question offers it.")
class Option:
    """See questions.model."""

    value: str = strawberry.field(description="What is stored.")
    label: str = strawberry.field(description="What people read.")


@strawberry.type(description="One of the values of an enum.")
class AttributeOption:
    """See profiles.definitions."""

    option: strawberry.Private[model.Option]
    value: str = strawberry.field(description="What is stored.")
    labels: list[Text] = strawberry.field(description="What people read, by language.")

    @strawberry.field(description="What people read.")
    def label(self, language: Language = None) -> str:
        """Look the label up."""
        return self.option.label_in(language)


@strawberry.type(description="Some sources: all of a kind, or fewer.")
class SourceMatch:
    """See profiles.definitions."""

    kind: model.SourceKind = strawberry.field(description="The kind of the sources.")
    key: str | None = strawberry.field(description="Only the one with this key.")
    is_verified: bool | None = strawberry.field(description="Only claims that are verified, or are not.")


@strawberry.type(description="Something a profile can know, declared once.")
class AttributeDefinition(Node):
    """See profiles.definitions."""

    definition: strawberry.Private[model.AttributeDefinition]
    key: str = strawberry.field(description="The name by which apps and authors use it.")
    canonical: str | None = strawberry.field(
        description="The key under which it ships and which sign-in and look-ups know, whatever it is now."
    )
    type: model.AttributeType = strawberry.field(description="What kind of value it holds; never changes.")
    labels: list[Text] = strawberry.field(description="What people read, by language.")
    descriptions: list[Text] = strawberry.field(description="What it is for, by language.")
    options: list[AttributeOption] = strawberry.field(
        description="The values of an enum, in order; else empty."
    )
    minimum: float | None = strawberry.field(description="The least number allowed.")
    maximum: float | None = strawberry.field(description="The greatest number allowed.")
    min_length: int | None = strawberry.field(description="The least number of characters.")
    max_length: int | None = strawberry.field(description="The greatest number of characters.")
    min_items: int | None = strawberry.field(description="The least number of options chosen.")
    max_items: int | None = strawberry.field(description="The greatest number of options chosen.")
    pattern: str | None = strawberry.field(description="The RE2 expression that a whole text has to match.")
    pattern_hint: str | None = strawberry.field(description="How to say so: what follows the label.")
    person_access: model.PersonAccess = strawberry.field(description="What people may do with their own.")
    app_access: model.AppAccess = strawberry.field(description="What apps may do, given the scope.")
    personal_data: model.PersonalData = strawberry.field(description="How close it is to the person.")
    purpose: str | None = strawberry.field(description="The purpose whose consent it needs, by key.")
    precedence: list[SourceMatch] = strawberry.field(
        description="The sources that come before all others, in order; the others keep the usual order."
    )
    lasts_seconds: float | None = strawberry.field(
        description="How long a value counts after it was observed; null for always."
    )
    confirm: model.ConfirmPolicy = strawberry.field(
        description="Which values people may be asked to confirm."
    )
    version: int = strawberry.field(description="Counts its changes; `updateAttribute` wants the latest.")
    created_at: datetime = strawberry.field(description="When it was declared.")
    archived_at: datetime | None = strawberry.field(
        description="When it was put away; null while it is used."
    )

    @strawberry.field(description="What people read.")
    def label(self, language: Language = None) -> str:
        """Look the label up."""
        return self.definition.label_in(language)

    @strawberry.field(description="What it is for, in the words of who declared it.")
    def description(self, language: Language = None) -> str | None:
        """Look the description up."""
        return self.definition.description_in(language)


def show_definition(definition: model.AttributeDefinition) -> AttributeDefinition:
    """Return a definition as its GraphQL type."""
    bounds = definition.bounds
    return AttributeDefinition(
        definition=definition,
        id=strawberry.ID(definition.id),
        key=definition.key,
        canonical=definition.canonical,
        type=definition.type,
        labels=_show_texts(definition.labels),
        descriptions=_show_texts(definition.descriptions),
        options=[
            AttributeOption(option=option, value=option.value, labels=_show_texts(option.labels))
            for option in definition.options
        ],
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        min_length=bounds.min_length,
        max_length=bounds.max_length,
        min_items=bounds.min_items,
        max_items=bounds.max_items,
        pattern=definition.pattern,
        pattern_hint=definition.pattern_hint,
        person_access=definition.person_access,
        app_access=definition.app_access,
        personal_data=definition.personal_data,
        purpose=definition.purpose,
        precedence=[
            SourceMatch(kind=each.kind, key=each.key, is_verified=each.is_verified)
            for each in definition.precedence
        ],
        lasts_seconds=None if definition.lasts is None else definition.lasts.total_seconds(),
        confirm=definition.confirm,
        version=definition.version,
        created_at=definition.created_at,
        archived_at=definition.archived_at,
    )


def _show_texts(texts: Mapping[str, str]) -> list[Text]:
    return [Text(language=language, text=text) for language, text in sorted(texts.items())]
