"""What is found of each question of one set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.selection import verdicts
from tests.factories.questions import NOW, live_sets

if TYPE_CHECKING:
    from datetime import datetime

    from server.questions.facts import Facts
    from server.questions.model import Budget, Gate, QuestionSet, Verdict


def judged(
    of: QuestionSet, given: Facts, now: datetime = NOW, budget: Budget | None = None
) -> dict[str, Verdict]:
    return {each.question.key: each for each in verdicts(live_sets(of, budget=budget), given, now)}


def gates(of: QuestionSet, given: Facts, now: datetime = NOW) -> dict[str, Gate | None]:
    return {key: each.gate for key, each in judged(of, given, now).items()}
