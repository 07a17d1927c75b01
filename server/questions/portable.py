"""Question sets as JSON, as docs/question-set.schema.json has them; spans of time in seconds. Pure."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from server.kit.errors import InvalidInputError
from server.profiles.model import AttributeSpec, AttributeType, Bounds, Option, PersonAccess
from server.questions.documents import plain
from server.questions.model import (
    Branch,
    Choice,
    Exit,
    Experiment,
    Ordering,
    Outcome,
    QuestionDraft,
    QuestionKind,
    RatingStyle,
    Reask,
    SetDraft,
    Translation,
    Trigger,
    Variant,
)
from server.questions.places import Place, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.profiles.model import AttributeDefinition

FORMAT = "acquaint.question-set/1"


def written(key: str | None, draft: SetDraft, definitions: Iterable[AttributeDefinition]) -> dict[str, Any]:
    """Return a set as JSON; what is as it would be anyway is left out."""
    content = _without_defaults(plain(draft), plain(SetDraft(name="")))
    usual = plain(QuestionDraft(key="", kind=QuestionKind.TEXT, prompt=""))
    trigger, usual_trigger = plain(Trigger()), plain(Trigger())
    if "trigger" in content:
        trigger = _without_defaults(_moments(content["trigger"]), usual_trigger)
        content["trigger"] = trigger
    content["questions"] = [_question(each, usual) for each in content.get("questions", [])]
    own = {} if key is None else {"key": key}
    return {"format": FORMAT, **own, **content, "attributes": [_attribute(each) for each in definitions]}


def key_of(document: Mapping[str, Any]) -> str:
    """Return the key of a set that was written down."""
    return Place(document, "document").text("key")


def draft_from(document: object) -> SetDraft:
    """Return the draft that a JSON document describes; raise InvalidInputError naming the place at fault."""
    place = Place(document, "document")
    if place.text("format") != FORMAT:
        raise InvalidInputError(f"`format` must be {FORMAT!r}.", field="document")
    place.only({*(each.name for each in fields(SetDraft)), "format", "key", "attributes"})
    given: dict[str, Any] = {"name": place.text("name")}
    place.take(given, "placements", lambda at: tuple(each.as_text() for each in at.items()))
    for name in ("priority", "per_visit", "per_day", "per_week"):
        place.take(given, name, Place.as_whole)
    place.take(given, "trigger", _trigger)
    place.take(given, "audience", Place.as_form)
    place.take(given, "ordering", lambda at: at.as_one_of(Ordering))
    place.take(given, "default_language", Place.as_text)
    place.take(given, "reask", lambda at: {Outcome(k): _reask(v) for k, v in at.members(set(Outcome))})
    place.take(given, "patience", Place.as_span)
    place.take(given, "asks_consent_first", Place.as_flag)
    place.take(given, "exits", lambda at: tuple(each.as_one_of(Exit) for each in at.items()))
    place.take(given, "experiment", _experiment)
    place.take(given, "questions", lambda at: tuple(_question_from(each) for each in at.items()))
    return SetDraft(**given)


def attributes_of(document: Mapping[str, Any]) -> list[AttributeSpec]:
    """Return the attributes that a set that was written down asks for."""
    found: dict[str, Any] = {}
    Place(document, "document").take(found, "attributes", lambda at: [_spec(each) for each in at.items()])
    specs: list[AttributeSpec] = found.get("attributes", [])
    return specs


def _question_from(at: Place) -> QuestionDraft:
    at.only({*(each.name for each in fields(QuestionDraft)), "attribute"} - {"attribute_key"})
    given: dict[str, Any] = {"key": at.text("key"), "prompt": at.text("prompt")}
    at.take(given, "kind", lambda each: each.as_one_of(QuestionKind))
    if "kind" not in given:
        raise at.wrong("a question with a `kind`")
    for name in (*_TEXTS, "purpose"):
        at.take(given, name, Place.as_text)
    for name in ("is_skippable", "has_other"):
        at.take(given, name, Place.as_flag)
    for name in ("scale", "min_choices", "max_choices", "most_asks"):
        at.take(given, name, Place.as_whole)
    for name in ("weight", "effort"):
        at.take(given, name, Place.as_number)
    at.take(given, "rating_style", lambda each: each.as_one_of(RatingStyle))
    at.take(given, "rest", Place.as_span)
    at.take(given, "show_if", Place.as_form)
    at.take(given, "branches", lambda each: tuple(_branch(branch) for branch in each.items()))
    at.take(given, "options", lambda each: tuple(_choice(option) for option in each.items()))
    at.take(given, "translations", lambda each: {tag: _translation(said) for tag, said in each.members()})
    about: dict[str, Any] = {}
    at.take(about, "attribute", Place.as_text)
    return QuestionDraft(**given, attribute_key=about.get("attribute"))


_TEXTS = ("help", "why", "placeholder", "submit_label", "skip_label", "decline_label")


def _translation(at: Place) -> Translation:
    at.only({each.name for each in fields(Translation)})
    given: dict[str, Any] = {}
    for name in ("prompt", *_TEXTS):
        at.take(given, name, Place.as_text)
    at.take(given, "options", lambda each: {key: label.as_text() for key, label in each.members()})
    return Translation(**given)


def _choice(at: Place) -> Choice:
    at.only({"value", "label", "picture"})
    given: dict[str, Any] = {"value": at.text("value")}
    at.take(given, "label", Place.as_text)
    at.take(given, "picture", Place.as_text)
    return Choice(**given)


def _branch(at: Place) -> Branch:
    at.only({"to", "when"})
    given: dict[str, Any] = {"to": at.text("to")}
    at.take(given, "when", Place.as_form)
    return Branch(**given)


def _trigger(at: Place) -> Trigger:
    at.only({each.name for each in fields(Trigger)})
    given: dict[str, Any] = {}
    for name in ("from_login", "from_visit"):
        at.take(given, name, Place.as_whole)
    at.take(given, "after_event", Place.as_text)
    for name in ("starts_at", "ends_at"):
        at.take(given, name, Place.as_moment)
    return Trigger(**given)


def _reask(at: Place) -> Reask:
    at.only({each.name for each in fields(Reask)})
    given: dict[str, Any] = {"after": None} if "after" in at.value and at.value["after"] is None else {}
    at.take(given, "after", Place.as_span)
    at.take(given, "next_visit", Place.as_flag)
    at.take(given, "at_most", Place.as_whole)
    return Reask(**given)


def _experiment(at: Place) -> Experiment:
    at.only({"key", "variants"})
    given: dict[str, Any] = {}
    at.take(given, "variants", lambda each: tuple(_variant(variant) for variant in each.items()))
    return Experiment(key=at.text("key"), variants=given.get("variants", ()))


def _variant(at: Place) -> Variant:
    at.only({each.name for each in fields(Variant)})
    given: dict[str, Any] = {"key": at.text("key")}
    for name in ("weight", "per_visit"):
        at.take(given, name, Place.as_whole)
    at.take(given, "prompts", lambda each: {key: said.as_text() for key, said in each.members()})
    at.take(given, "order", lambda each: tuple(texts(each)))
    return Variant(**given)


def _spec(at: Place) -> AttributeSpec:
    at.only({"key", "type", "label", "labels", "options", "min_items", "max_items", "max_length"})
    given: dict[str, Any] = {"key": at.text("key"), "label": at.text("label")}
    at.take(given, "type", lambda each: each.as_one_of(AttributeType))
    if "type" not in given:
        raise at.wrong("an attribute with a `type`")
    at.take(given, "labels", lambda each: {tag: label.as_text() for tag, label in each.members()})
    at.take(given, "options", lambda each: tuple(_option(option) for option in each.items()))
    bounds: dict[str, Any] = {}
    for name in ("min_items", "max_items", "max_length"):
        at.take(bounds, name, Place.as_whole)
    return AttributeSpec(**given, bounds=Bounds(**bounds), person_access=PersonAccess.READWRITE)


def _option(at: Place) -> Option:
    at.only({"value", "label", "labels"})
    given: dict[str, Any] = {"value": at.text("value"), "label": at.text("label")}
    at.take(given, "labels", lambda each: {tag: label.as_text() for tag, label in each.members()})
    return Option(**given)


def _question(given: dict[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: given[name] for name in ("key", "kind", "prompt")} | _without_defaults(given, usual)
    if "attribute_key" in shown:
        shown["attribute"] = shown.pop("attribute_key")
    if "translations" in shown:
        shown["translations"] = {tag: _said(each) for tag, each in shown["translations"].items()}
    if "options" in shown:
        shown["options"] = [_said(each) for each in shown["options"]]
    if "branches" in shown:
        shown["branches"] = [_said(each) for each in shown["branches"]]
    return shown


def _attribute(definition: AttributeDefinition) -> dict[str, Any]:
    options = [_said(plain(option)) for option in definition.options]
    bounds = {name: getattr(definition.bounds, name) for name in ("min_items", "max_items", "max_length")}
    shown = {"key": definition.key, "type": definition.type.value, "label": definition.label}
    return shown | _said({"labels": dict(definition.labels), "options": options, **bounds})


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in given.items() if each is not None and each not in ({}, [])}


def _moments(trigger: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: each.isoformat().replace("+00:00", "Z") if isinstance(each, datetime) else each
        for name, each in trigger.items()
    }


def _without_defaults(given: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in given.items() if name not in usual or usual[name] != each}
