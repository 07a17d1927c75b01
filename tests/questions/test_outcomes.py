"""When a question comes back, by what became of it before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.questions.model import Gate, Outcome, Reask
from tests.factories.questions import NOW, QUIET, content, facts, question, question_set, question_state
from tests.questions.judging import gates, judged

SKIPPED, ANSWERED = Outcome.SKIPPED, Outcome.ANSWERED
ROLE, SIZE = question("role"), question("size")
DAY = timedelta(days=1)


def test_skipped_question_rests_for_its_visit_and_comes_back_with_the_next() -> None:
    welcome = question_set(content(ROLE, SIZE, per_visit=2))
    states = {"qst_role": question_state(SKIPPED, visit=1)}

    assert gates(welcome, facts(states=states, visits=1)) == {"role": Gate.OUTCOME, "size": None}
    assert judged(welcome, facts(states=states))["role"].opens_at == NOW + QUIET
    assert gates(welcome, facts(states=states, visits=2)) == {"role": None, "size": None}


@pytest.mark.parametrize(
    ("outcome", "days"),
    [(Outcome.DISMISSED, 1), (Outcome.NOT_APPLICABLE, 365), (Outcome.DECLINED, None)],
)
def test_each_outcome_has_its_own_way_back(outcome: Outcome, days: int | None) -> None:
    welcome, states = question_set(content(ROLE, per_visit=2)), {"qst_role": question_state(outcome, visit=1)}

    verdict = judged(welcome, facts(states=states, visits=5))["role"]

    assert verdict.gate is Gate.OUTCOME
    assert verdict.opens_at == (None if days is None else NOW + days * DAY)


def test_author_says_when_a_declined_question_comes_back() -> None:
    patient = content(ROLE, reask={Outcome.DECLINED: Reask(after=30 * DAY)})
    states = {"qst_role": question_state(Outcome.DECLINED, visit=1)}

    assert judged(question_set(patient), facts(states=states, visits=5))["role"].opens_at == NOW + 30 * DAY


def test_question_that_was_seen_and_left_counts_as_ignored_once_its_visit_is_over() -> None:
    welcome = question_set(content(ROLE, reask={Outcome.IGNORED: Reask(after=3 * DAY)}))
    states = {"qst_role": question_state(Outcome.IGNORED, handled=0, shows=((0, NOW, 1),))}

    assert gates(welcome, facts(states=states, visits=1)) == {"role": None}
    assert judged(welcome, facts(states=states, visits=2))["role"].opens_at == NOW + 3 * DAY


def test_being_left_takes_nothing_back_of_what_was_said() -> None:
    said = question_state(Outcome.NOT_APPLICABLE, visit=1, shows=((1, NOW, 4),))

    for visits in (4, 5):
        verdict = judged(question_set(content(ROLE)), facts(states={"qst_role": said}, visits=visits))["role"]
        assert verdict.opens_at == NOW + 365 * DAY


def test_answered_question_whose_value_is_gone_is_asked_again() -> None:
    states = {"qst_role": question_state(ANSWERED, visit=1)}

    assert gates(question_set(content(ROLE, per_visit=2)), facts(states=states)) == {"role": None}
