"""Question sets as documents, and back; what earlier versions did not write has its default."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from server.kit.documents import known
from server.profiles.model import AttributeId
from server.questions.model import (
    Branch,
    Choice,
    Exit,
    Experiment,
    Ordering,
    Outcome,
    Question,
    QuestionId,
    QuestionKind,
    QuestionSet,
    QuestionSetId,
    RatingStyle,
    Reask,
    SetContent,
    SetState,
    Translation,
    Trigger,
    Variant,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.kit.mongo import Document


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    """Return a value as documents have it: objects by field, enums by value, spans in seconds."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def set_document(question_set: QuestionSet) -> Document:
    """Return a set as it is stored."""
    document: Document = plain(question_set)
    document["_id"] = document.pop("id")
    return document


def set_model(document: Mapping[str, Any]) -> QuestionSet:
    """Return a stored set."""
    return QuestionSet(
        id=QuestionSetId(document["_id"]),
        key=document["key"],
        version=document["version"],
        state=SetState(document["state"]),
        draft=content_model(document["draft"]),
        live=None if document["live"] is None else content_model(document["live"]),
        revision=document["revision"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        published_at=document.get("published_at"),
    )


def content_model(document: Mapping[str, Any]) -> SetContent:
    """Return the content of a stored set."""
    given = {**document}
    given["placements"] = tuple(given["placements"])
    given["trigger"] = Trigger(**known(Trigger, given["trigger"]))
    given["questions"] = tuple(_question(each) for each in given["questions"])
    given |= _read(given, "ordering", Ordering)
    given |= _read(given, "patience", _span)
    given |= _read(given, "exits", lambda exits: tuple(map(Exit, exits)))
    given["reask"] = {Outcome(key): _reask(each) for key, each in given.get("reask", {}).items()}
    given["experiment"] = _experiment(given.get("experiment"))
    return SetContent(**known(SetContent, given))


def _question(entry: Mapping[str, Any]) -> Question:
    given = {**entry, "id": QuestionId(entry["id"]), "kind": QuestionKind(entry["kind"])}
    given["attribute_id"] = None if entry["attribute_id"] is None else AttributeId(entry["attribute_id"])
    given["translations"] = {
        tag: Translation(**known(Translation, each)) for tag, each in given.get("translations", {}).items()
    }
    given["options"] = tuple(Choice(**known(Choice, each)) for each in given.get("options", ()))
    given["branches"] = tuple(Branch(**known(Branch, each)) for each in given.get("branches", ()))
    given |= _read(given, "rating_style", RatingStyle)
    given |= _read(given, "rest", _span)
    return Question(**known(Question, given))


def _read(given: Mapping[str, Any], name: str, read: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: read(given[name])} if given.get(name) is not None else {}


def _reask(entry: Mapping[str, Any]) -> Reask:
    after = entry["after"]
    return Reask(
        after=None if after is None else _span(after),
        next_visit=entry["next_visit"],
        at_most=entry["at_most"],
    )


def _experiment(entry: Mapping[str, Any] | None) -> Experiment | None:
    if entry is None:
        return None
    variants = tuple(
        Variant(**known(Variant, {**each, "order": None if each["order"] is None else tuple(each["order"])}))
        for each in entry["variants"]
    )
    return Experiment(key=entry["key"], variants=variants)


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
