"""From what an author wrote to what is stored: ids for keys, conditions about attributes by id. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from server.kit.errors import InvalidInputError
from server.kit.ids import new_id
from server.profiles.condition_forms import condition_form, keyed_form, read_condition
from server.profiles.errors import InvalidConditionError
from server.questions.model import Question, QuestionId, QuestionKind, SetContent
from server.questions.model.sets import QuestionFields, SetFields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.consent.model import Purposes
    from server.profiles.catalogue import Catalogue
    from server.questions.model import Form, QuestionDraft, SetDraft


def content_of(
    draft: SetDraft,
    known: Mapping[tuple[str, str | None], QuestionId],
    catalogue: Catalogue,
    purposes: Purposes,
    now: datetime,
) -> SetContent:
    """Return the content that a draft describes; questions keep their id as long as key
    and attribute (or purpose) stay: an answer on its way never lands elsewhere.

    Raises UnknownAttributeError and InvalidInputError.
    """
    asked = _with_consent_questions(draft, catalogue, purposes)
    ids = {each.key: _id_of(each, known, catalogue, now) for each in asked}
    reader = _Reader(catalogue, ids)
    return SetContent(
        **{**_fields(draft, SetFields), "audience": reader.form(draft.audience, "audience")},
        questions=tuple(reader.question(each) for each in asked),
    )


def question_of(
    draft: QuestionDraft,
    known: Mapping[tuple[str, str | None], QuestionId],
    catalogue: Catalogue,
    now: datetime,
) -> Question:
    """Return one question; `known` are the ids of its set, by key and attribute or purpose."""
    ids = {key: question_id for (key, _), question_id in known.items()}
    return _Reader(catalogue, {**ids, draft.key: _id_of(draft, known, catalogue, now)}).question(draft)


def _id_of(
    draft: QuestionDraft,
    known: Mapping[tuple[str, str | None], QuestionId],
    catalogue: Catalogue,
    now: datetime,
) -> QuestionId:
    about = draft.purpose if draft.attribute_key is None else catalogue.get(draft.attribute_key).id
    return known.get((draft.key, about)) or QuestionId(new_id("qst", now))


class _Reader:
    """Reads questions of one set."""

    def __init__(self, catalogue: Catalogue, ids: Mapping[str, QuestionId]) -> None:
        self._catalogue = catalogue
        self._ids = ids

    def question(self, draft: QuestionDraft) -> Question:
        key = draft.attribute_key
        branches = tuple(replace(each, when=self.form(each.when, "branches")) for each in draft.branches)
        return Question(
            **{
                **_fields(draft, QuestionFields),
                "show_if": self.form(draft.show_if, "showIf"),
                "branches": branches,
            },
            id=self._ids[draft.key],
            attribute_id=None if key is None else self._catalogue.get(key).id,
        )

    def form(self, form: Form | None, field: str) -> Form | None:
        """Return a condition as it is stored; questions of the same set may be named by their key."""
        if form is None:
            return None
        try:
            return condition_form(read_condition(with_ids(form, self._ids), self._catalogue))
        except InvalidConditionError as error:
            raise InvalidInputError(error.message, field=field) from None


def with_ids(form: Form, ids: Mapping[str, str]) -> Form:
    """Return a condition in which questions are named by `ids` where that knows them, else as they were."""

    def renamed(kind: str, inner: Any) -> Any:  # noqa: ANN401 - a part of a form
        if kind == "question":
            return {**inner, "id": ids.get(inner["id"], inner["id"])}
        if kind == "not":
            return with_ids(inner, ids)
        return [with_ids(each, ids) for each in inner] if kind in {"all", "any"} else inner

    return {kind: renamed(kind, inner) for kind, inner in form.items()}


def with_keys(form: Form | None, catalogue: Catalogue, keys: Mapping[str, str]) -> dict[str, Any] | None:
    """Return a stored condition as authors write it: attributes and questions of the set by key."""
    if form is None:
        return None
    return keyed_form(with_ids(form, keys), catalogue)


def _with_consent_questions(
    draft: SetDraft, catalogue: Catalogue, purposes: Purposes
) -> tuple[QuestionDraft, ...]:
    """Put a question for leave before the first that needs it, where the set asks for consent first."""
    if not draft.asks_consent_first:
        return draft.questions
    asked = {each.purpose for each in draft.questions if each.kind is QuestionKind.CONSENT}
    found: list[QuestionDraft] = []
    for each in draft.questions:
        purpose = None if each.attribute_key is None else catalogue.get(each.attribute_key).purpose
        if purpose is not None and purpose not in asked and purpose in purposes.by_key:
            asked.add(purpose)
            found.append(_consent_question(each, purpose, purposes))
        found.append(each)
    return tuple(found)


def _consent_question(before: QuestionDraft, purpose: str, purposes: Purposes) -> QuestionDraft:
    known = purposes.by_key[purpose]
    return replace(
        type(before)(key=f"consent_{purpose}"[:63], kind=QuestionKind.CONSENT, prompt=f"{known.name}?"),
        purpose=purpose,
    )


def _fields(given: object, of: type) -> dict[str, Any]:
    return {field.name: getattr(given, field.name) for field in fields(of)}
