"""Which question is asked: never what is known, never more than a visit bears, always for one reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.questions.model import NextState, Outcome, SetState
from server.questions.selection import Decision, Facts, Gate, decide, verdicts
from tests.factories.questions import content, facts, question, question_set, question_state

if TYPE_CHECKING:
    from server.questions.model import Question, QuestionSet

ATTRIBUTES = [f"att_{name}" for name in "abcdef"]
PLACEMENTS = ["home", "checkout"]
SKIPPED, ANSWERED = Outcome.SKIPPED, Outcome.ANSWERED

ROLE, SIZE, GOAL = question("role"), question("size"), question("goal")


def gates(of: QuestionSet, given_facts: Facts) -> dict[str, Gate | None]:
    return {verdict.question.key: verdict.gate for verdict in verdicts([of], given_facts)}


def asked(decision: Decision) -> str | None:
    return None if decision.verdict is None else decision.verdict.question.key


# Each gate


def test_first_question_of_the_first_set_is_asked() -> None:
    sets = [question_set(content(ROLE, SIZE), key="one"), question_set(content(GOAL), key="two")]

    decision = decide(sets, facts())

    assert decision.state is NextState.READY
    assert asked(decision) == "role"
    assert decision.verdict is not None
    assert decision.verdict.question_set is sets[0]


def test_set_is_asked_from_in_its_placements_only() -> None:
    welcome = question_set(content(ROLE, placements=("home", "checkout")))

    assert gates(welcome, facts(placement="checkout")) == {"role": None}
    assert gates(welcome, facts(placement="footer")) == {"role": Gate.PLACEMENT}


@pytest.mark.parametrize(("logins", "gate"), [(1, Gate.TRIGGER), (2, None), (3, None)])
def test_set_waits_for_its_sign_in(logins: int, gate: Gate | None) -> None:
    assert gates(question_set(content(ROLE, from_login=2)), facts(logins=logins)) == {"role": gate}


@pytest.mark.parametrize(("visits", "gate"), [(1, Gate.TRIGGER), (2, None), (3, None)])
def test_set_waits_for_its_visit(visits: int, gate: Gate | None) -> None:
    assert gates(question_set(content(ROLE, from_visit=2)), facts(visits=visits)) == {"role": gate}


def test_known_attribute_is_never_asked_for() -> None:
    welcome = question_set(content(ROLE, SIZE, per_visit=2))

    assert gates(welcome, facts(known=["att_role"])) == {"role": Gate.KNOWN, "size": None}


def test_what_needs_a_consent_that_is_missing_is_not_asked_for() -> None:
    welcome = question_set(content(ROLE, SIZE))

    assert gates(welcome, facts(forbidden=["att_role"])) == {"role": Gate.CONSENT, "size": None}
    assert decide([question_set(content(ROLE))], facts(forbidden=["att_role"])).state is NextState.DONE


def test_skipped_question_rests_for_its_visit_and_comes_back_with_the_next() -> None:
    welcome = question_set(content(ROLE, SIZE, per_visit=2))
    states = {"qst_role": question_state(SKIPPED, visit=1)}

    assert gates(welcome, facts(states=states, visits=1)) == {"role": Gate.OUTCOME, "size": None}
    assert gates(welcome, facts(states=states, visits=2)) == {"role": None, "size": None}


def test_answered_question_whose_value_is_gone_is_asked_again() -> None:
    welcome = question_set(content(ROLE, per_visit=2))

    assert gates(welcome, facts(states={"qst_role": question_state(ANSWERED, visit=1)})) == {"role": None}


@pytest.mark.parametrize("outcome", Outcome)
def test_visit_bears_so_many_questions_of_a_set(outcome: Outcome) -> None:
    welcome = question_set(content(ROLE, SIZE, GOAL, per_visit=2))
    states = {"qst_role": question_state(outcome, visit=2), "qst_size": question_state(outcome, visit=2)}
    known = ["att_role", "att_size"]

    assert gates(welcome, facts(states=states, visits=2, known=known))["goal"] is Gate.PACE
    assert gates(welcome, facts(states=states, visits=3, known=known))["goal"] is None


def test_pace_of_one_set_is_not_that_of_another() -> None:
    sets = [question_set(content(ROLE, SIZE), key="one"), question_set(content(GOAL), key="two")]

    decision = decide(sets, facts(known=["att_role"], states={"qst_role": question_state(ANSWERED)}))

    assert asked(decision) == "goal"


def test_gates_are_checked_in_order() -> None:
    closed = question_set(content(ROLE, placements=("checkout",), from_login=9))
    states = {"qst_role": question_state(SKIPPED)}

    every = facts(known=["att_role"], states=states)
    assert gates(closed, every) == {"role": Gate.PLACEMENT}
    assert gates(closed, replace(every, placement="checkout")) == {"role": Gate.TRIGGER}
    assert gates(question_set(content(ROLE)), every) == {"role": Gate.KNOWN}
    assert gates(question_set(content(ROLE)), facts(states=states)) == {"role": Gate.OUTCOME}


def test_set_that_was_never_published_is_not_asked_from() -> None:
    draft = question_set(None, draft=content(ROLE), state=SetState.DRAFT)

    assert list(verdicts([draft], facts())) == []
    assert decide([draft], facts()) == Decision(state=NextState.DONE)


# Later or never


def test_nothing_to_ask_is_done() -> None:
    assert decide([], facts()) == Decision(state=NextState.DONE)
    assert decide([question_set(content(ROLE))], facts(known=["att_role"])).state is NextState.DONE
    assert decide([question_set(content(ROLE))], facts(placement="footer")).state is NextState.DONE


def test_what_the_next_visit_brings_is_told() -> None:
    skipped = facts(states={"qst_role": question_state(SKIPPED)})
    paced = facts(known=["att_role"], states={"qst_role": question_state(ANSWERED)})

    for decision in (
        decide([question_set(content(ROLE))], skipped),
        decide([question_set(content(ROLE, SIZE))], paced),
    ):
        assert decision == Decision(state=NextState.RESTING, opens_with_visit=True)


def test_what_only_a_later_sign_in_brings_has_no_known_moment() -> None:
    waiting = question_set(content(ROLE, from_login=2))

    assert decide([waiting], facts(logins=1)) == Decision(state=NextState.RESTING, opens_with_visit=False)


def test_known_attributes_do_not_keep_a_set_resting() -> None:
    waiting = question_set(content(ROLE, from_login=2))

    assert decide([waiting], facts(logins=1, known=["att_role"])).state is NextState.DONE


# Laws


@st.composite
def live_sets(draw: st.DrawFn) -> list[QuestionSet]:
    sets = []
    for number in range(draw(st.integers(0, 4))):
        about = draw(st.lists(st.sampled_from(ATTRIBUTES), unique=True, max_size=4))
        questions = [question(f"q{number}_{each}", attribute_id=each) for each in about]
        sets.append(
            question_set(
                content(
                    *questions,
                    placements=tuple(draw(st.sets(st.sampled_from(PLACEMENTS), min_size=1))),
                    from_login=draw(st.integers(0, 3)),
                    from_visit=draw(st.integers(0, 3)),
                    per_visit=draw(st.integers(1, 3)),
                ),
                key=f"set_{number}",
            )
        )
    return sets


def questions_of(sets: list[QuestionSet]) -> list[Question]:
    return [each for of in sets if of.live is not None for each in of.live.questions]


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[QuestionSet], Facts]:
    sets = draw(live_sets())
    states = {
        each.id: question_state(draw(st.sampled_from(Outcome)), visit=draw(st.integers(1, 4)))
        for each in questions_of(sets)
        if draw(st.booleans())
    }
    given_facts = facts(
        placement=draw(st.sampled_from(PLACEMENTS)),
        logins=draw(st.integers(0, 4)),
        visits=draw(st.integers(1, 4)),
        known=draw(st.sets(st.sampled_from(ATTRIBUTES))),
        forbidden=draw(st.sets(st.sampled_from(ATTRIBUTES), max_size=2)),
        states={str(key): state for key, state in states.items()},
    )
    return sets, given_facts


@given(situations())
def test_asked_question_passes_every_gate(situation: tuple[list[QuestionSet], Facts]) -> None:
    sets, given_facts = situation

    decision = decide(sets, given_facts)

    assert (decision.state is NextState.READY) == (decision.verdict is not None)
    if decision.verdict is None:
        return
    live, chosen = decision.verdict.question_set.live, decision.verdict.question
    assert live is not None
    assert chosen in live.questions
    assert given_facts.placement in live.placements
    assert given_facts.logins >= live.trigger.from_login
    assert given_facts.visits >= live.trigger.from_visit
    assert chosen.attribute_id not in given_facts.known | given_facts.forbidden
    states = given_facts.states
    handled_now = [each for each in live.questions if each.id in states]
    assert sum(states[each.id].visit == given_facts.visits for each in handled_now) < live.per_visit


@given(situations())
def test_first_open_question_is_asked_and_none_before_it(situation: tuple[list[QuestionSet], Facts]) -> None:
    sets, given_facts = situation
    every = list(verdicts(sets, given_facts))

    decision = decide(sets, given_facts)

    assert [each.question for each in every] == questions_of(sets)
    assert decision.verdict == next((each for each in every if each.gate is None), None)


@given(situations())
def test_same_facts_give_the_same_question(situation: tuple[list[QuestionSet], Facts]) -> None:
    sets, given_facts = situation

    assert decide(sets, given_facts) == decide(list(sets), replace(given_facts))


@given(situations(), st.randoms(use_true_random=False))
def test_order_and_number_of_unrelated_facts_do_not_matter(
    situation: tuple[list[QuestionSet], Facts], chance: object
) -> None:
    sets, given_facts = situation
    states = list(given_facts.states.items())
    chance.shuffle(states)  # type: ignore[attr-defined] # Hypothesis's Random
    more = facts(
        placement=given_facts.placement,
        logins=given_facts.logins,
        visits=given_facts.visits,
        known=["att_unrelated", *sorted(given_facts.known, reverse=True)],
        forbidden=["att_unrelated", *sorted(given_facts.forbidden, reverse=True)],
        states={"qst_unrelated": question_state(visit=given_facts.visits), **dict(states)},
    )

    assert decide(sets, more) == decide(sets, given_facts)


@given(situations())
def test_learning_something_never_brings_a_question_about_it(
    situation: tuple[list[QuestionSet], Facts],
) -> None:
    sets, given_facts = situation
    decision = decide(sets, given_facts)
    if decision.verdict is None:
        return
    learned = decision.verdict.question.attribute_id

    later = decide(sets, replace(given_facts, known=given_facts.known | {learned}))

    assert later.verdict is None or later.verdict.question.attribute_id != learned


def after(outcome: Outcome, decision: Decision, given_facts: Facts) -> Facts:
    """Return the facts once the question has this outcome, as answering and skipping write it."""
    assert decision.verdict is not None
    chosen = decision.verdict.question
    before = given_facts.states.get(chosen.id)
    state = question_state(outcome, visit=given_facts.visits, handled=before.handled + 1 if before else 1)
    known = {chosen.attribute_id} if outcome is ANSWERED else set()
    return replace(
        given_facts, known=given_facts.known | known, states={**given_facts.states, chosen.id: state}
    )


@given(situations(), st.lists(st.sampled_from(Outcome), min_size=30, max_size=30))
def test_visit_ends_and_never_exceeds_what_each_set_allows(
    situation: tuple[list[QuestionSet], Facts], outcomes: list[Outcome]
) -> None:
    sets, given_facts = situation
    before = {state.visit for state in given_facts.states.values()}
    given_facts = replace(given_facts, visits=max(before, default=0) + 1)  # a visit that just began
    handled: dict[str, int] = {}

    for outcome in outcomes:
        decision = decide(sets, given_facts)
        if decision.verdict is None:
            break
        handled[decision.verdict.question_set.key] = handled.get(decision.verdict.question_set.key, 0) + 1
        given_facts = after(outcome, decision, given_facts)

    allowed = {each.key: each.live.per_visit for each in sets if each.live is not None}
    assert decide(sets, given_facts).verdict is None
    assert all(count <= allowed[key] for key, count in handled.items())


@given(live_sets())
def test_everything_is_known_in_the_end_and_nothing_was_asked_twice(sets: list[QuestionSet]) -> None:
    given_facts, about = facts(logins=3, visits=3), []

    for _ in range(30):
        decision = decide(sets, given_facts)
        if decision.verdict is None:
            given_facts = replace(given_facts, visits=given_facts.visits + 1)
            continue
        about.append(decision.verdict.question.attribute_id)
        given_facts = after(ANSWERED, decision, given_facts)

    reachable = {
        each.attribute_id
        for of in sets
        if of.live is not None and "home" in of.live.placements
        for each in of.live.questions
    }
    assert sorted(about) == sorted(reachable)
    assert decide(sets, given_facts).state is NextState.DONE
