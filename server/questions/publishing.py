"""What may go before people. Pure; what an author may write at all is in writing.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.model import AttributeId, AttributeType, ConfirmPolicy, PersonAccess
from server.questions.branching import check_branches
from server.questions.errors import UnpublishableError
from server.questions.model import QuestionKind
from server.questions.wording import may_be_piped, piped_keys

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from server.profiles.model import AttributeDefinition
    from server.questions.model import Question, SetContent, Translation

_TEXTS = frozenset(
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
)
_NUMBERS = frozenset({AttributeType.INTEGER, AttributeType.NUMBER})
_FITTING: Mapping[QuestionKind, frozenset[AttributeType]] = {
    QuestionKind.TEXT: _TEXTS,
    QuestionKind.LONG_TEXT: frozenset({AttributeType.STRING, AttributeType.TEXT}),
    QuestionKind.NUMBER: _NUMBERS,
    QuestionKind.RATING: _NUMBERS,
    QuestionKind.NPS: _NUMBERS,
    QuestionKind.BOOLEAN: frozenset({AttributeType.BOOLEAN}),
    QuestionKind.DATE: frozenset({AttributeType.DATE}),
    QuestionKind.SINGLE_CHOICE: frozenset({AttributeType.ENUM, AttributeType.STRING}),
    QuestionKind.MULTI_CHOICE: frozenset({AttributeType.MULTI_ENUM}),
    QuestionKind.PICTURE_CHOICE: frozenset({AttributeType.ENUM, AttributeType.STRING}),
    QuestionKind.RANKING: frozenset({AttributeType.MULTI_ENUM}),
    QuestionKind.EMAIL: frozenset({AttributeType.EMAIL}),
    QuestionKind.PHONE: frozenset({AttributeType.PHONE}),
    QuestionKind.URL: frozenset({AttributeType.URL}),
    QuestionKind.COUNTRY: frozenset({AttributeType.COUNTRY}),
    QuestionKind.ADDRESS: frozenset({AttributeType.ADDRESS}),
    QuestionKind.CONSENT: frozenset(),
    QuestionKind.CONFIRM: frozenset(AttributeType),
}


def check_publishable(
    content: SetContent,
    definitions: Mapping[AttributeId, AttributeDefinition],
    purposes: Container[str] = (),
) -> None:
    """Raise UnpublishableError for the first reason not to put this before people."""
    if not content.questions:
        raise UnpublishableError("This set has no question: add one before publishing it.")
    asked: dict[tuple[AttributeId | None, str | None, bool], str] = {}
    for question in content.questions:
        if question.kind is QuestionKind.CONSENT:
            _check_purpose(question, purposes)
        else:
            _check_attribute(question, definitions.get(question.attribute_id or AttributeId("")))
        about = (question.attribute_id, question.purpose, question.kind is QuestionKind.CONFIRM)
        if about in asked:
            message = f"{asked[about]!r} and {question.key!r} ask for the same attribute: keep one."
            raise UnpublishableError(message, question_key=question.key)
        asked[about] = question.key
    _check_pipes(content, {each.key: each for each in definitions.values() if each.archived_at is None})
    _check_variants(content)
    check_branches(content)


def _check_purpose(question: Question, purposes: Container[str]) -> None:
    if question.purpose is None or question.purpose not in purposes:
        message = f"{question.key!r} asks for leave and needs the key of a purpose that exists."
        raise UnpublishableError(message, question_key=question.key)


def _check_attribute(question: Question, definition: AttributeDefinition | None) -> None:
    if definition is None or definition.archived_at is not None:
        message = f"{question.key!r} asks for an attribute that does not exist."
    elif definition.person_access is not PersonAccess.READWRITE:
        message = f"{question.key!r} asks for {definition.key!r}, which people may not write."
    elif definition.type not in _FITTING[question.kind]:
        message = (
            f"{question.key!r} of kind {question.kind} can't fill"
            f" {definition.key!r}, which is of type {definition.type}."
        )
    elif question.kind is QuestionKind.CONFIRM and definition.confirm is ConfirmPolicy.NEVER:
        message = f"{question.key!r} has {definition.key!r} confirmed, which its definition never allows."
    else:
        _check_options(question, definition)
        return
    raise UnpublishableError(message, question_key=question.key)


def _check_options(question: Question, definition: AttributeDefinition) -> None:
    """Own options of an enum's question are some of the enum's; a free text's question brings all of them."""
    values = {option.value for option in question.options}
    allowed = {option.value for option in definition.options}
    is_free = definition.type is AttributeType.STRING
    is_choice = question.kind in {QuestionKind.SINGLE_CHOICE, QuestionKind.PICTURE_CHOICE}
    if is_free and is_choice and not values:
        message = f"{question.key!r} has nothing to choose from: give it options."
    elif not is_free and question.has_other:
        message = f"{question.key!r} takes other answers, which {definition.key!r} has no place for."
    elif not is_free and not values <= allowed:
        message = f"{question.key!r} offers options that {definition.key!r} does not have."
    else:
        return
    raise UnpublishableError(message, question_key=question.key)


def _check_pipes(content: SetContent, by_key: Mapping[str, AttributeDefinition]) -> None:
    variants = () if content.experiment is None else content.experiment.variants
    for question in content.questions:
        said: list[Question | Translation] = [question, *question.translations.values()]
        texts = [text or "" for each in said for text in (each.prompt, each.help, each.why)]
        texts += [variant.prompts.get(question.key, "") for variant in variants]
        for key, fallback in (pipe for text in texts for pipe in piped_keys(text)):
            if key not in by_key or not may_be_piped(by_key[key]):
                message = f"{question.key!r} shows {key!r}, which people may not see."
            elif fallback is None:
                message = (
                    f"{question.key!r} shows {key!r}: add what stands there when it is unknown, {{{key}|…}}."
                )
            else:
                continue
            raise UnpublishableError(message, question_key=question.key)


def _check_variants(content: SetContent) -> None:
    known = {question.key for question in content.questions}
    for variant in () if content.experiment is None else content.experiment.variants:
        strange = sorted(({*variant.prompts, *(variant.order or ())}) - known)
        if strange:
            raise UnpublishableError(
                f"The variant {variant.key!r} names {strange[0]!r}, which is no question of this set."
            )
