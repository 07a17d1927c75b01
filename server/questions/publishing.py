"""The rules for what an author writes, and for what may go live. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.kit.errors import InvalidInputError
from server.profiles.model import AttributeType, PersonAccess
from server.questions.asks import PLACEMENT
from server.questions.errors import UnpublishableError
from server.questions.model import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.profiles.model import AttributeDefinition, AttributeId
    from server.questions.model import Question, SetContent

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME = 200  # characters
_MAX_PROMPT = 500  # characters; a drip question is one sentence
_MAX_QUESTIONS = 100
_MAX_PLACEMENTS = 20
_MAX_PER_VISIT = 20
_MAX_PRIORITY = 1_000

_FITTING: Mapping[QuestionKind, frozenset[AttributeType]] = {
    QuestionKind.TEXT: frozenset(
        {
            AttributeType.STRING,
            AttributeType.TEXT,
            AttributeType.EMAIL,
            AttributeType.PHONE,
            AttributeType.URL,
            AttributeType.COUNTRY,
            AttributeType.LANGUAGE,
            AttributeType.TIME_ZONE,
        }
    ),
    QuestionKind.NUMBER: frozenset({AttributeType.INTEGER, AttributeType.NUMBER}),
    QuestionKind.BOOLEAN: frozenset({AttributeType.BOOLEAN}),
    QuestionKind.DATE: frozenset({AttributeType.DATE}),
    QuestionKind.SINGLE_CHOICE: frozenset({AttributeType.ENUM}),
    QuestionKind.MULTI_CHOICE: frozenset({AttributeType.MULTI_ENUM}),
}


def check_key(key: str) -> None:
    """Raise InvalidInputError for a key that is not one."""
    if not _KEY.fullmatch(key):
        message = (
            f"{key[:80]!r} is no key: start with a small letter, go on with small letters, digits and _."
        )
        raise InvalidInputError(message, field="key")


def check_content(content: SetContent) -> None:
    """Raise InvalidInputError for the first thing that is wrong with what an author wrote."""
    _check_length("name", content.name, _MAX_NAME)
    _check_placements(content.placements)
    _check_range("priority", content.priority, -_MAX_PRIORITY, _MAX_PRIORITY)
    _check_range("perVisit", content.per_visit, 1, _MAX_PER_VISIT)
    _check_range("fromLogin", content.trigger.from_login, 0, _MAX_PRIORITY)
    _check_range("fromVisit", content.trigger.from_visit, 0, _MAX_PRIORITY)
    _check_questions(content.questions)


def check_publishable(content: SetContent, definitions: Mapping[AttributeId, AttributeDefinition]) -> None:
    """Raise UnpublishableError for the first reason not to put this before people."""
    if not content.questions:
        raise UnpublishableError("This set has no question: add one before publishing it.")
    asked: dict[AttributeId, str] = {}
    for question in content.questions:
        _check_attribute(question, definitions.get(question.attribute_id))
        if question.attribute_id in asked:
            message = (
                f"{asked[question.attribute_id]!r} and {question.key!r} ask for the same attribute: keep one."
            )
            raise UnpublishableError(message, question_key=question.key)
        asked[question.attribute_id] = question.key


def _check_attribute(question: Question, definition: AttributeDefinition | None) -> None:
    if definition is None:
        message = f"{question.key!r} asks for an attribute that does not exist."
    elif definition.person_access is not PersonAccess.READWRITE:
        message = f"{question.key!r} asks for {definition.key!r}, which people may not write."
    elif definition.type not in _FITTING[question.kind]:
        message = (
            f"{question.key!r} of kind {question.kind} can't fill"
            f" {definition.key!r}, which is of type {definition.type}."
        )
    else:
        return
    raise UnpublishableError(message, question_key=question.key)


def _check_questions(questions: tuple[Question, ...]) -> None:
    if len(questions) > _MAX_QUESTIONS:
        message = f"A set has at most {_MAX_QUESTIONS} questions; this one has {len(questions)}."
        raise InvalidInputError(message, field="questions")
    keys = [question.key for question in questions]
    if len(set(keys)) != len(keys):
        raise InvalidInputError("Each question of a set has a key of its own.", field="questions")
    for question in questions:
        check_key(question.key)
        _check_length("prompt", question.prompt, _MAX_PROMPT)
        _check_length("help", question.help or "-", _MAX_PROMPT)
        _check_length("placeholder", question.placeholder or "-", _MAX_NAME)


def _check_placements(placements: tuple[str, ...]) -> None:
    if not 0 < len(placements) <= _MAX_PLACEMENTS:
        message = f"A set appears in 1 to {_MAX_PLACEMENTS} placements."
        raise InvalidInputError(message, field="placements")
    for placement in placements:
        check_placement(placement)


def check_placement(placement: str) -> None:
    """Raise InvalidInputError for a placement that is not spelled like one."""
    if not re.fullmatch(PLACEMENT, placement):
        message = f"{placement[:80]!r} is no placement: small letters, digits, - and _, up to 40 characters."
        raise InvalidInputError(message, field="placement")


def _check_length(name: str, text: str, most: int) -> None:
    if not text.strip() or len(text) > most:
        raise InvalidInputError(f"`{name}` has 1 to {most} characters.", field=name)


def _check_range(name: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise InvalidInputError(f"`{name}` must be between {least} and {most}; it was {number}.", field=name)
