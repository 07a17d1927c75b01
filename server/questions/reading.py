"""What an answer says: a value to claim, leave for a purpose, or that a claimed value is wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.questions.errors import InvalidAnswerError
from server.questions.model import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.profiles.model import AttributeDefinition
    from server.questions.model import Question

MAX_OTHER = 500  # characters
DEFAULT_SCALE = 5
_NPS_SCALE = 10  # Reichheld, "The One Number You Need to Grow", HBR 2003: 0 to 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said: `value` goes into a claim (None: no claim), `leave` to the question's purpose.

    `in_order` tells that the value is a list whose order is part of the answer.
    """

    value: Any = None
    leave: bool | None = None
    is_wrong: bool = False
    in_order: bool = False


def read_answer(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    """Return what an answer says, as far as its question goes; the attribute's own rules come after that.

    Raises InvalidAnswerError with a sentence for the person.
    """
    return _READERS.get(question.kind, _plain)(question, definition, given)


def option_values(question: Question, definition: AttributeDefinition | None) -> list[str]:
    """Return what may be chosen: the question's own options, else the attribute's."""
    if question.options:
        return [option.value for option in question.options]
    return [] if definition is None else [option.value for option in definition.options]


def scale_of(question: Question) -> tuple[int, int] | None:
    """Return the least and the highest number of a rating or a recommendation; None for other kinds."""
    if question.kind is QuestionKind.RATING:
        return (1, question.scale or DEFAULT_SCALE)
    return (0, _NPS_SCALE) if question.kind is QuestionKind.NPS else None


def _plain(_: Question, __: AttributeDefinition | None, given: object) -> Answer:
    return Answer(value=given)


def _rating(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    least, most = scale_of(question) or (1, DEFAULT_SCALE)
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    if not is_whole or not least <= given <= most:  # type: ignore[operator] # a number, by the line above
        raise InvalidAnswerError(
            f"{_name(question, definition)} takes a whole number from {least} to {most}."
        )
    return Answer(value=given)


def _single(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    if not question.options:
        return Answer(value=given)  # the attribute knows its options
    if isinstance(given, str) and given in option_values(question, definition):
        return Answer(value=given)
    if question.has_other and isinstance(given, str) and 0 < len(given.strip()) <= MAX_OTHER:
        return Answer(value=given)
    raise InvalidAnswerError(f"{_name(question, definition)} takes one of its options.")


def _multiple(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    chosen = _chosen(question, definition, given)
    least, most = question.min_choices or 1, question.max_choices or len(option_values(question, definition))
    if not least <= len(chosen) <= most:
        raise InvalidAnswerError(f"{_name(question, definition)} takes {least} to {most} options.")
    return Answer(value=chosen)


def _ranking(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    chosen = _chosen(question, definition, given)
    if set(chosen) != set(option_values(question, definition)):
        raise InvalidAnswerError(f"{_name(question, definition)} takes every option once, best first.")
    return Answer(value=chosen, in_order=True)


def _chosen(question: Question, definition: AttributeDefinition | None, given: object) -> list[str]:
    allowed = set(option_values(question, definition))
    name = _name(question, definition)
    if not isinstance(given, list) or len(given) > len(allowed):
        raise InvalidAnswerError(f"{name} takes a list of options, each at most once.")
    if not all(isinstance(each, str) and each in allowed for each in given) or len(set(given)) != len(given):
        raise InvalidAnswerError(f"{name} takes a list of options, each at most once.")
    return given


def _consent(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    if not isinstance(given, bool):
        raise InvalidAnswerError(f"{_name(question, definition)} takes true or false.")
    return Answer(leave=given)


def _confirm(question: Question, definition: AttributeDefinition | None, given: object) -> Answer:
    verdict = given.get("verdict") if isinstance(given, dict) else None
    if isinstance(given, dict) and verdict == "wrong" and set(given) == {"verdict"}:
        return Answer(is_wrong=True)
    if isinstance(given, dict) and verdict in {"right", "edit"} and set(given) == {"verdict", "value"}:
        return Answer(value=given["value"])
    raise InvalidAnswerError(
        f"{_name(question, definition)} takes a verdict (right, wrong or edit) and, but for wrong, the value."
    )


def _name(question: Question, definition: AttributeDefinition | None) -> str:
    return question.key if definition is None else definition.label


_READERS: Mapping[QuestionKind, Callable[[Question, AttributeDefinition | None, object], Answer]] = {
    QuestionKind.RATING: _rating,
    QuestionKind.NPS: _rating,
    QuestionKind.SINGLE_CHOICE: _single,
    QuestionKind.PICTURE_CHOICE: _single,
    QuestionKind.MULTI_CHOICE: _multiple,
    QuestionKind.RANKING: _ranking,
    QuestionKind.CONSENT: _consent,
    QuestionKind.CONFIRM: _confirm,
}
