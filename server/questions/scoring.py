"""What asking is worth: value of knowing times chance of an answer over effort. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.model import QuestionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.questions.model import Question

# Seconds that answering takes, as a rule of thumb: a tap, a look through options, a line, a form.
_EFFORT: Mapping[QuestionKind, float] = {
    QuestionKind.BOOLEAN: 2,
    QuestionKind.CONFIRM: 2,
    QuestionKind.CONSENT: 4,
    QuestionKind.RATING: 3,
    QuestionKind.NPS: 3,
    QuestionKind.SINGLE_CHOICE: 4,
    QuestionKind.PICTURE_CHOICE: 4,
    QuestionKind.COUNTRY: 5,
    QuestionKind.MULTI_CHOICE: 6,
    QuestionKind.NUMBER: 5,
    QuestionKind.DATE: 6,
    QuestionKind.EMAIL: 8,
    QuestionKind.PHONE: 10,
    QuestionKind.URL: 10,
    QuestionKind.TEXT: 10,
    QuestionKind.RANKING: 12,
    QuestionKind.LONG_TEXT: 25,
    QuestionKind.ADDRESS: 25,
}
# Laplace's rule with two imagined answers to four imagined asks: no history is even odds, and the first
# few real asks move it without throwing it about.
_ANSWERED, _ASKED = 2, 4


def chance(answered: int, asked: int) -> float:
    """Return the smoothed chance that an ask is answered, strictly between 0 and 1."""
    return (answered + _ANSWERED) / (asked + _ASKED)


def effort(question: Question) -> float:
    """Return what answering costs, in seconds by rule of thumb."""
    return _EFFORT[question.kind] if question.effort is None else question.effort


def score(question: Question, deciding: int, chance_of_answer: float) -> float:
    """Return what a question is worth; `deciding` is how many conditions its attribute could decide."""
    return question.weight * (1 + deciding) * chance_of_answer / effort(question)
