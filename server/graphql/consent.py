"""Purposes, consents and the log of them as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from server.consent import model
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    UnknownPurposeError,
)
from server.graphql.node import Node


@strawberry.type(description="What people read when they are asked.")
class PurposeText:
    """See consent.model."""

    version: int = strawberry.field(description="Counts from 1; a version never means another text.")
    text: str = strawberry.field(description="The words.")
    at: datetime = strawberry.field(description="Since when it is shown.")


@strawberry.type(description="What data is used for.")
class Purpose(Node):
    """See consent.model."""

    key: str = strawberry.field(description="The name by which attributes and enrichers use it.")
    name: str = strawberry.field(description="What people read.")
    description: str = strawberry.field(description="What is done, in the words of who declared it.")
    basis: model.Basis = strawberry.field(description="What counts while the person has said nothing.")
    on_withdrawal: model.OnWithdrawal = strawberry.field(
        description="What becomes of what rests on it when consent is taken back."
    )
    text: str = strawberry.field(description="What people are asked now.")
    text_version: int = strawberry.field(description="The version of that text.")
    least_version: int = strawberry.field(description="A grant counts if it is of this version or later.")
    texts: list[PurposeText] = strawberry.field(description="Every text there ever was, in order.")
    created_at: datetime = strawberry.field(description="When it was declared.")


@strawberry.type(description="Where a person stands towards one purpose.")
class Consent:
    """See consent.model."""

    purpose: Purpose = strawberry.field(description="The purpose.")
    is_allowed: bool = strawberry.field(description="Whether data may be used for it now.")
    state: model.ConsentState | None = strawberry.field(
        description="What the person last said; null for nothing."
    )
    at: datetime | None = strawberry.field(description="When they said it.")
    text_version: int | None = strawberry.field(description="The version of the text they read.")
    source: model.ConsentSource | None = strawberry.field(description="Through whom it reached us.")


@strawberry.type(description="One line of the consent log.")
class ConsentEntry:
    """See consent.model."""

    id: strawberry.ID = strawberry.field(description="The entry's id.")
    purpose: str = strawberry.field(description="The key of the purpose.")
    state: model.ConsentState = strawberry.field(description="What the person said.")
    at: datetime = strawberry.field(description="When they said it.")
    text_version: int = strawberry.field(description="The version of the text they read.")
    source: model.ConsentSource = strawberry.field(description="Through whom it reached us.")
    actor: str | None = strawberry.field(description="The id of the key or the profile that recorded it.")


def show_purpose(purpose: model.Purpose) -> Purpose:
    """Return a purpose as its GraphQL type."""
    return Purpose(
        id=strawberry.ID(purpose.id),
        key=purpose.key,
        name=purpose.name,
        description=purpose.description,
        basis=purpose.basis,
        on_withdrawal=purpose.on_withdrawal,
        text=purpose.texts[-1].text,
        text_version=purpose.text_version,
        least_version=purpose.least_version,
        texts=[PurposeText(version=text.version, text=text.text, at=text.at) for text in purpose.texts],
        created_at=purpose.created_at,
    )


def show_standing(standing: model.Standing) -> Consent:
    """Return where a person stands towards a purpose as its GraphQL type."""
    said = standing.consent
    return Consent(
        purpose=show_purpose(standing.purpose),
        is_allowed=standing.is_allowed,
        state=None if said is None else said.state,
        at=None if said is None else said.at,
        text_version=None if said is None else said.text_version,
        source=None if said is None else said.source,
    )


def show_entry(entry: model.ConsentEntry) -> ConsentEntry:
    """Return a line of the log as its GraphQL type."""
    return ConsentEntry(
        id=strawberry.ID(entry.id),
        purpose=entry.purpose,
        state=entry.consent.state,
        at=entry.consent.at,
        text_version=entry.consent.text_version,
        source=entry.consent.source,
        actor=entry.actor,
    )


@strawberry.input(description="A purpose to declare.")
class DefinePurposeInput:
    """See consent.model."""

    key: str = strawberry.field(description="A small letter, then small letters, digits and _.")
    name: str = strawberry.field(description="What people read.")
    description: str = strawberry.field(description="What is done.")
    text: str = strawberry.field(description="What people are asked; the first version.")
    basis: model.Basis = strawberry.field(
        default=model.Basis.OPT_IN, description="What counts while the person has said nothing."
    )
    on_withdrawal: model.OnWithdrawal = strawberry.field(
        default=model.OnWithdrawal.HIDE,
        description="What becomes of what rests on it when consent is taken back.",
    )


@strawberry.input(description="What to change of a purpose; what is left out stays.")
class UpdatePurposeInput:
    """See consent.model."""

    key: str = strawberry.field(description="The purpose.")
    name: str | None = strawberry.field(default=None, description="What people read.")
    description: str | None = strawberry.field(default=None, description="What is done.")
    basis: model.Basis | None = strawberry.field(
        default=None, description="What counts while the person has said nothing."
    )
    on_withdrawal: model.OnWithdrawal | None = strawberry.field(
        default=None, description="What becomes of what rests on it when consent is taken back."
    )
    text: str | None = strawberry.field(
        default=None, description="What people are asked from now on: the next version."
    )
    needs_renewal: bool = strawberry.field(
        default=False, description="Whether grants of earlier versions stop counting."
    )


def read_purpose(given: DefinePurposeInput) -> model.PurposeSpec:
    """Return what an admin declares."""
    return model.PurposeSpec(
        key=given.key,
        name=given.name,
        description=given.description,
        text=given.text,
        basis=given.basis,
        on_withdrawal=given.on_withdrawal,
    )


def read_edit(given: UpdatePurposeInput) -> model.PurposeEdit:
    """Return what an admin changes."""
    return model.PurposeEdit(
        name=given.name,
        description=given.description,
        basis=given.basis,
        on_withdrawal=given.on_withdrawal,
        text=given.text,
        needs_renewal=given.needs_renewal,
    )


@strawberry.type(description="The purpose as it is now.")
class PurposeSuccess:
    """The purpose."""

    purpose: Purpose = strawberry.field(description="The purpose.")


DefinePurposeResult = Annotated[
    PurposeSuccess | ForbiddenError | InvalidInputError | ConflictError,
    strawberry.union("DefinePurposeResult", description="What became of definePurpose."),
]
UpdatePurposeResult = Annotated[
    PurposeSuccess | ForbiddenError | UnknownPurposeError | InvalidInputError | ConflictError,
    strawberry.union("UpdatePurposeResult", description="What became of updatePurpose."),
]
