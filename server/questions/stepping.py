"""Where a question stands among what its set asks in one visit, and what comes after it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.model import QuestionKind, Step
from server.questions.selection import decide, open_questions

if TYPE_CHECKING:
    from datetime import datetime

    from server.questions.compiling import LiveSets
    from server.questions.facts import Facts
    from server.questions.model import Verdict


def step_of(sets: LiveSets, facts: Facts, verdict: Verdict, now: datetime) -> Step:
    """Return which question of its set this is, and of how many at most, unless answers change that.

    Most sets ask one question a visit, for which nothing is counted.
    """
    compiled = sets.owners[verdict.question.id]
    arm = next(each for each in compiled.arms if each.key == verdict.arm)
    if arm.per_visit == 1:
        return Step(number=1, total=1)
    visit = facts.visit_at(now)
    states = (facts.states.get(each.question.id) for each in arm.questions)
    done = sum(any(at == visit for _, at in state.times) for state in states if state is not None)
    total = min(arm.per_visit, done + open_questions(sets, facts, compiled, now))
    return Step(number=done + 1, total=max(total, done + 1))


def following(sets: LiveSets, after: Facts, verdict: Verdict, now: datetime) -> Verdict | None:
    """Return what the same set asks `after` a question, whatever its answer; None where that decides."""
    question = verdict.question
    if sets.owners[question.id].has_branches or question.kind is QuestionKind.CONSENT:
        return None
    found = decide(sets, after, now).verdict
    if found is None or found.question_set is not verdict.question_set or found.question.show_if is not None:
        return None
    return found
