"""What a person's outcomes come to for pace: when they were handed questions, by set and over all. Pure.

A question that is on the page and not handled yet counts for every other question, not for itself: it may
be shown again, but nothing else may use its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.questions.model import Outcome
from server.questions.opening import DAY, WEEK, by_count, by_visit, later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.questions.facts import Facts
    from server.questions.model import QuestionId, QuestionSetId, QuestionState
    from server.questions.opening import Opening

    Owners = Mapping[QuestionId, object]

Moment = tuple["datetime", int, str]  # when, in which visit, about which question


@dataclass(frozen=True, slots=True)
class History:
    """Moments, latest first: over all, and by the id of the set."""

    every: Sequence[Moment]
    by_set: Mapping[QuestionSetId, Sequence[Moment]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many in a visit, a day and a week; None is no limit."""

    per_visit: int | None
    per_day: int | None
    per_week: int | None


def history_of(facts: Facts, set_of: Mapping[QuestionId, QuestionSetId]) -> History:
    """Return the moments of a profile; questions of no published set count over all."""
    every: list[Moment] = []
    by_set: dict[QuestionSetId, list[Moment]] = {}
    for question_id, state in facts.states.items():
        moments = moments_of(question_id, state)
        every += moments
        if question_id in set_of:
            by_set.setdefault(set_of[question_id], []).extend(moments)
    every.sort(reverse=True)
    for found in by_set.values():
        found.sort(reverse=True)
    return History(every, by_set)


def moments_of(question_id: str, state: QuestionState) -> list[Moment]:
    """Return when a question was handled, and when it was seen without that."""
    times = state.times or (((state.at, state.visit),) if state.handled else ())
    visits = {visit for _, visit in times}
    moments = [(at, visit, question_id) for at, visit in times]
    moments += [(at, visit, question_id) for _, at, visit in state.shows if visit not in visits]
    return moments


def pending(state: QuestionState) -> list[tuple[int, datetime, int]]:
    """Return when the question was seen since it was last handled."""
    return [show for show in state.shows if show[0] == state.handled]


def shown_in(state: QuestionState, visit: int) -> tuple[int, datetime, int] | None:
    """Return the ask that stands on a page of this visit and may still be answered."""
    return next((show for show in pending(state) if show[2] >= visit), None)


def as_ignored(state: QuestionState) -> QuestionState:
    """Return the state of a question that was seen and left: each time counts as an outcome."""
    seen = pending(state)
    if not seen:
        return state
    _, at, visit = max(seen, key=lambda show: show[1:])
    return replace(state, handled=state.handled + state.seen, outcome=Outcome.IGNORED, at=at, visit=visit)


def by_pace(
    moments: Sequence[Moment], pace: Pace, visit: int, visit_ends_at: datetime | None, now: datetime
) -> Opening:
    """Say when all three clocks allow one more."""
    opens: Opening = None
    if pace.per_visit is not None and sum(each[1] == visit for each in moments) >= pace.per_visit:
        opens = by_visit(visit_ends_at)
    if pace.per_day is not None or pace.per_week is not None:
        times = [each[0] for each in moments]
        opens = later(opens, by_count(times, pace.per_day, DAY, now))
        opens = later(opens, by_count(times, pace.per_week, WEEK, now))
    return opens
