"""How admins declare and change attributes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from server.graphql.context import Info
from server.graphql.definitions import AttributeDefinition, show_definition
from server.graphql.durations import span_of
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnknownPurposeError,
    VersionConflictError,
)
from server.profiles import model
from server.profiles.model import AttributeId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_WHAT = strawberry.argument(description="What to do, and to what.")
_BOUNDS = tuple(each.name for each in fields(model.Bounds))


@strawberry.input(description="A text in one language.")
class TextInput:
    """An entry of profiles.definitions' texts by language."""

    language: str = strawberry.field(description="A language tag in its usual case, such as pt-BR.")
    text: str = strawberry.field(description="What people read.")


@strawberry.input(description="One of the values of an enum.")
class OptionInput:
    """See profiles.definitions."""

    value: str = strawberry.field(description="What is stored; unique among the options.")
    label: str = strawberry.field(description="What people read.")
    labels: list[TextInput] = strawberry.field(default_factory=list, description="The label, by language.")


@strawberry.input(description="Some sources: all of a kind, or fewer.")
class SourceMatchInput:
    """See profiles.definitions."""

    kind: model.SourceKind = strawberry.field(description="The kind of the sources.")
    key: str | None = strawberry.field(default=None, description="Only the one with this key.")
    is_verified: bool | None = strawberry.field(
        default=None, description="Only claims that are verified, or that are not."
    )


def _optional(description: str) -> Any:  # noqa: ANN401 - what a dataclass's field wants
    """Return a field that may be left out, which is told from null."""
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="What can be said of an attribute. Null takes away; what is left out stays.")
class _Content:
    """See profiles.definitions."""

    labels: list[TextInput] | None = _optional("What people read, by language.")
    description: str | None = _optional("What it is for.")
    descriptions: list[TextInput] | None = _optional("What it is for, by language.")
    options: list[OptionInput] | None = _optional("The values of an enum, in order; none for other types.")
    minimum: float | None = _optional("The least number allowed.")
    maximum: float | None = _optional("The greatest number allowed.")
    min_length: int | None = _optional("The least number of characters.")
    max_length: int | None = _optional("The greatest number of characters.")
    min_items: int | None = _optional("The least number of options chosen.")
    max_items: int | None = _optional("The greatest number of options chosen.")
    pattern: str | None = _optional(
        "An RE2 expression that a whole text has to match: no look-around, no back-references."
    )
    pattern_hint: str | None = _optional(
        "How to say so: what follows the label, such as `must be two letters`."
    )
    person_access: model.PersonAccess | None = _optional(
        "What people may do with their own; HIDDEN at first."
    )
    app_access: model.AppAccess | None = _optional("What apps may do, given the scope; WRITE at first.")
    personal_data: model.PersonalData | None = _optional("How close it is to the person; PERSONAL at first.")
    purpose: str | None = _optional("The purpose whose consent it needs, by key.")
    precedence: list[SourceMatchInput] | None = _optional(
        "The sources that come before all others, in order; the others keep the usual order."
    )
    lasts_seconds: float | None = _optional("How long a value counts after it was observed; null for always.")
    confirm: model.ConfirmPolicy | None = _optional(
        "Which values people may be asked to confirm; NEVER at first."
    )


@strawberry.input(description="An attribute to declare.")
class DefineAttributeInput(_Content):
    """See profiles.definitions."""

    key: str = strawberry.field(description="A small letter, then small letters, digits and _.")
    type: model.AttributeType = strawberry.field(description="What kind of value it holds; never changes.")
    label: str = strawberry.field(description="What people read.")


@strawberry.input(description="What to change of an attribute. Null takes away; what is left out stays.")
class UpdateAttributeInput(_Content):
    """See profiles.definitions."""

    id: strawberry.ID = strawberry.field(description="The attribute's id.")
    expected_version: int = strawberry.field(description="The version that the change is meant for.")
    key: str | None = _optional("Another name; everything that uses the attribute goes on using it.")
    label: str | None = _optional("What people read.")


@strawberry.input(description="An attribute in a version.")
class AttributeVersionInput:
    """Which attribute, as the caller last saw it."""

    id: strawberry.ID = strawberry.field(description="The attribute's id.")
    expected_version: int = strawberry.field(description="The version that the caller saw.")


@strawberry.input(description="An order of attributes.")
class ReorderAttributesInput:
    """Which come first."""

    ids: list[strawberry.ID] = strawberry.field(
        description="The attributes that come first, in order; the others follow as they were."
    )


@strawberry.type(description="The attribute as it is now.")
class AttributeSuccess:
    """The definition."""

    definition: AttributeDefinition = strawberry.field(description="The attribute with its id and version.")


@strawberry.type(description="The attributes stand in the new order.")
class ReorderAttributesSuccess:
    """The definitions."""

    definitions: list[AttributeDefinition] = strawberry.field(description="All of them, in order.")


DefineAttributeResult = Annotated[
    AttributeSuccess | ForbiddenError | InvalidInputError | UnknownPurposeError | ConflictError,
    strawberry.union("DefineAttributeResult", description="What became of defineAttribute."),
]
UpdateAttributeResult = Annotated[
    AttributeSuccess
    | ForbiddenError
    | NotFoundError
    | InvalidInputError
    | UnknownPurposeError
    | VersionConflictError
    | ConflictError,
    strawberry.union("UpdateAttributeResult", description="What became of updateAttribute."),
]
ArchiveAttributeResult = Annotated[
    AttributeSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("ArchiveAttributeResult", description="What became of archiveAttribute."),
]
RestoreAttributeResult = Annotated[
    AttributeSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("RestoreAttributeResult", description="What became of restoreAttribute."),
]
ReorderAttributesResult = Annotated[
    ReorderAttributesSuccess | ForbiddenError | NotFoundError | InvalidInputError,
    strawberry.union("ReorderAttributesResult", description="What became of reorderAttributes."),
]


@strawberry.type(description="What can be changed of attributes.")
class DefinitionMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(description="Declare an attribute.")
    async def define_attribute(
        self, info: Info, input: Annotated[DefineAttributeInput, _WHAT]
    ) -> DefineAttributeResult:
        """Declare it; admins only."""
        context = info.context
        spec = replace(
            model.AttributeSpec(key=input.key, type=input.type, label=input.label), **_given(input)
        )
        return _shown(await context.services.attributes.define(context.viewer, spec))

    @strawberry.mutation(
        description="Change an attribute. What profiles hold stays: a tighter check is for later writes."
    )
    async def update_attribute(
        self, info: Info, input: Annotated[UpdateAttributeInput, _WHAT]
    ) -> UpdateAttributeResult:
        """Change it; admins only."""
        context = info.context
        updated = await context.services.attributes.update(
            context.viewer, AttributeId(input.id), input.expected_version, _edit(input)
        )
        return _shown(updated)

    @strawberry.mutation(description="Put an attribute away: not shown, not written, nothing lost.")
    async def archive_attribute(
        self, info: Info, input: Annotated[AttributeVersionInput, _WHAT]
    ) -> ArchiveAttributeResult:
        """Archive it; admins only."""
        context = info.context
        archived = await context.services.attributes.archive(
            context.viewer, AttributeId(input.id), input.expected_version
        )
        return _shown(archived)

    @strawberry.mutation(description="Take an attribute out of the archive, with everything it held.")
    async def restore_attribute(
        self, info: Info, input: Annotated[AttributeVersionInput, _WHAT]
    ) -> RestoreAttributeResult:
        """Restore it; admins only."""
        context = info.context
        restored = await context.services.attributes.restore(
            context.viewer, AttributeId(input.id), input.expected_version
        )
        return _shown(restored)

    @strawberry.mutation(description="Put attributes in order.")
    async def reorder_attributes(
        self, info: Info, input: Annotated[ReorderAttributesInput, _WHAT]
    ) -> ReorderAttributesResult:
        """Reorder them; admins only."""
        context = info.context
        ids = [AttributeId(each) for each in input.ids]
        ordered = await context.services.attributes.reorder(context.viewer, ids)
        return ReorderAttributesSuccess(definitions=[show_definition(each) for each in ordered])


def _shown(definition: model.AttributeDefinition) -> AttributeSuccess:
    return AttributeSuccess(definition=show_definition(definition))


def _edit(given: UpdateAttributeInput) -> Callable[[model.AttributeDefinition], model.AttributeDefinition]:
    names = {name: value for name in ("key", "label") if (value := getattr(given, name))}
    return lambda present: replace(present, **names, **_given(given, present.bounds))


def _given(given: _Content, bounds: model.Bounds | None = None) -> dict[str, Any]:
    """Return what was said of an attribute, by the names of a spec; null is what a spec begins with."""
    said = {
        name: value for name, value in vars(given).items() if value is not strawberry.UNSET and name in _READ
    }
    beginnings = model.AttributeSpec(key="", type=model.AttributeType.STRING, label="")
    content = {
        _NAMES.get(name, name): getattr(beginnings, _NAMES.get(name, name))
        if value is None
        else _READ[name](value)
        for name, value in said.items()
    }
    limits = {name: getattr(given, name) for name in _BOUNDS if getattr(given, name) is not strawberry.UNSET}
    return {**content, "bounds": replace(bounds or model.Bounds(), **limits)}


def _texts(given: Iterable[TextInput]) -> Mapping[str, str]:
    return {each.language: each.text for each in given}


def _options(given: Iterable[OptionInput]) -> tuple[model.Option, ...]:
    return tuple(
        model.Option(value=each.value, label=each.label, labels=_texts(each.labels)) for each in given
    )


def _precedence(given: Iterable[SourceMatchInput]) -> tuple[model.SourceMatch, ...]:
    return tuple(
        model.SourceMatch(kind=each.kind, key=each.key, is_verified=each.is_verified) for each in given
    )


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - of whatever type the field has
    return value


_NAMES = {"lasts_seconds": "lasts"}
_READ: Mapping[str, Callable[[Any], Any]] = {
    "labels": _texts,
    "description": _as_it_is,
    "descriptions": _texts,
    "options": _options,
    "pattern": _as_it_is,
    "pattern_hint": _as_it_is,
    "person_access": _as_it_is,
    "app_access": _as_it_is,
    "personal_data": _as_it_is,
    "purpose": _as_it_is,
    "precedence": _precedence,
    "lasts_seconds": span_of,
    "confirm": _as_it_is,
}
