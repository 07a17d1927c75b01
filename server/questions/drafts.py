"""From what is stored back to what an author would write: attributes and questions by key, no ids. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from server.questions.content import with_keys
from server.questions.model import QuestionDraft, SetDraft
from server.questions.model.sets import QuestionFields, SetFields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.profiles.catalogue import Catalogue
    from server.questions.model import Question, SetContent


def draft_of(content: SetContent, catalogue: Catalogue) -> SetDraft:
    """Return the draft that describes this content."""
    keys: dict[str, str] = {question.id: question.key for question in content.questions}
    return SetDraft(
        **{**_fields(content, SetFields), "audience": with_keys(content.audience, catalogue, keys)},
        questions=tuple(_question(each, catalogue, keys) for each in content.questions),
    )


def _question(question: Question, catalogue: Catalogue, keys: Mapping[str, str]) -> QuestionDraft:
    branches = tuple(replace(each, when=with_keys(each.when, catalogue, keys)) for each in question.branches)
    conditions = {"show_if": with_keys(question.show_if, catalogue, keys), "branches": branches}
    about = None if question.attribute_id is None else catalogue.by_id[question.attribute_id].key
    return QuestionDraft(**{**_fields(question, QuestionFields), **conditions}, attribute_key=about)


def _fields(given: object, of: type) -> dict[str, Any]:
    return {field.name: getattr(given, field.name) for field in fields(of)}
