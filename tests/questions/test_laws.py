"""What holds of every decision, whoever is asked and whatever the sets are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from server.questions.facts import Facts
from server.questions.model import (
    Budget,
    Experiment,
    Gate,
    NextState,
    Ordering,
    Outcome,
    QuestionKind,
    QuestionSet,
    Reask,
    Variant,
)
from server.questions.selection import decide, verdicts
from tests.factories.questions import NOW, content, facts, live_sets, question, question_set, question_state

ATTRIBUTES = [f"att_{name}" for name in "abcdef"]
HOUR = timedelta(hours=1)
T = TypeVar("T")
Moment = tuple[datetime, int]  # when, and in which visit
law = settings(max_examples=150)  # a situation has many sides, of which few matter at once
spans = st.none() | st.integers(0, 200).map(lambda hours: hours * HOUR)
Situation = tuple[list[QuestionSet], Facts, Budget]


def seldom(value: T) -> st.SearchStrategy[T | None]:
    """Return this in one of five cases: of gates that close for good, few leave anything to see."""
    return st.sampled_from([None, None, None, None, value])


@st.composite
def situations(draw: st.DrawFn, most: int = 3) -> Situation:
    limits = st.none() | st.integers(1, most)
    sets = []
    for number in range(draw(st.integers(1, 3))):
        about = draw(st.lists(st.sampled_from(ATTRIBUTES), unique=True, max_size=4))
        reask = {
            outcome: Reask(after=draw(spans), next_visit=draw(st.booleans()), at_most=draw(limits))
            for outcome in draw(st.sets(st.sampled_from(Outcome), max_size=3))
        }
        asked = [
            question(
                f"q{number}_{each}",
                attribute_id=each,
                rest=draw(spans),
                most_asks=draw(seldom(3)),
                show_if=draw(seldom({"login": {"at_least": 2, "at_most": None}})),
            )
            for each in about
        ]
        if draw(st.booleans()):
            leave = question(f"q{number}_leave", QuestionKind.CONSENT, purpose="care")
            confirm = question(f"q{number}_confirm", QuestionKind.CONFIRM, attribute_id="att_a")
            asked = [leave, *asked, confirm]
        written = content(
            *asked,
            placements=tuple(draw(st.sets(st.sampled_from(["home", "checkout"]), min_size=1))),
            priority=draw(st.integers(0, 3)),
            from_login=draw(seldom(3)) or 0,
            from_visit=draw(seldom(5)) or 0,
            after_event=draw(seldom("Signed Up") | seldom("Order Completed")),
            starts_at=draw(seldom(NOW + 20 * HOUR)),
            ends_at=draw(seldom(NOW + 100 * HOUR)),
            ordering=draw(st.sampled_from(Ordering)),
            experiment=draw(seldom(_experiment([each.key for each in asked]))),
            per_visit=draw(st.integers(1, most)),
            per_day=draw(limits),
            per_week=draw(limits),
            reask=reask,
            audience=draw(seldom({"identified": True})),
        )
        sets.append(question_set(written, key=f"set_{number}"))
    states = {}
    for each in (asked for of in sets if of.live is not None for asked in of.live.questions):
        if draw(st.booleans()):
            visit, ago = draw(st.integers(1, 4)), draw(st.integers(0, 300))
            at = NOW - ago * HOUR
            shown = draw(st.booleans())
            states[str(each.id)] = question_state(
                draw(st.sampled_from([o for o in Outcome if o is not Outcome.IGNORED])),
                visit=visit,
                handled=draw(st.integers(1, 3)),
                at=at,
                shows=((draw(st.integers(0, 4)), at, draw(st.integers(visit, 4))),) if shown else (),
            )
    known = {
        each: draw(st.none() | st.just(NOW + 9 * HOUR))
        for each in draw(st.sets(st.sampled_from(ATTRIBUTES), max_size=3))
    }
    given_facts = facts(
        profile_id=draw(st.integers(0, 9).map("prf_{}".format)),
        placement=draw(st.sampled_from(["home", "checkout"])),
        logins=draw(st.integers(0, 4)),
        visits=4,
        events=["Signed Up"],
        known=known,
        states=states,
        is_identified=draw(st.booleans()),
        waiting=dict.fromkeys(draw(st.sets(st.sampled_from(ATTRIBUTES), max_size=2)), NOW),
        forbidden=frozenset(draw(st.sets(st.just("att_f")))),
        settled=frozenset(draw(st.sets(st.just("care")))),
        to_confirm={"att_a": NOW} if "att_a" in known and draw(st.booleans()) else {},
    )
    return sets, given_facts, Budget(per_visit=draw(limits), per_day=draw(limits), per_week=draw(limits))


def _experiment(keys: list[str]) -> Experiment:
    """Return one whose second variant turns the order round and leaves a question out."""
    return Experiment(
        key="order", variants=(Variant(key="a"), Variant(key="b", order=tuple(keys[:0:-1]), per_visit=2))
    )


@law
@given(situations())
def test_explain_and_next_agree_on_every_profile(situation: Situation) -> None:
    sets, given_facts, budget = situation
    live = live_sets(*sets, budget=budget)

    every, decision = list(verdicts(live, given_facts, NOW)), decide(live, given_facts, NOW)

    assert decision.verdict == next((each for each in every if each.gate is None), None)
    assert (decision.state is NextState.READY) == (decision.verdict is not None)
    opening = [each.opens_at for each in every if each.opens_at is not None and each.gate is not Gate.KNOWN]
    assert decision.until == (min(opening, default=None) if decision.verdict is None else None)


@law
@given(situations())
def test_what_is_known_and_fresh_is_never_asked_for(situation: Situation) -> None:
    sets, given_facts, budget = situation

    asked = [
        each for each in verdicts(live_sets(*sets, budget=budget), given_facts, NOW) if each.gate is None
    ]

    blank = {each.question.attribute_id for each in asked if each.question.kind is not QuestionKind.CONFIRM}
    assert not blank & given_facts.known.keys()


@law
@given(situations())
def test_question_blocked_only_by_time_is_asked_at_exactly_that_time(situation: Situation) -> None:
    sets, given_facts, budget = situation
    live = live_sets(*sets, budget=budget)

    for each in verdicts(live, given_facts, NOW):
        if each.opens_at is not None:
            assert each.opens_at > NOW
            assert _gate_of(each.question.id, situation, each.opens_at) is None
            assert (
                _gate_of(each.question.id, situation, each.opens_at - timedelta(milliseconds=1)) is not None
            )


def _gate_of(question_id: str, situation: Situation, now: datetime) -> Gate | None:
    sets, given_facts, budget = situation
    live = live_sets(*sets, budget=budget)
    return next(each.gate for each in verdicts(live, given_facts, now) if each.question.id == question_id)


@law
@given(situations(), st.randoms(use_true_random=False))
def test_order_and_number_of_unrelated_facts_never_matter(situation: Situation, chance: object) -> None:
    sets, given_facts, budget = situation
    states = list(given_facts.states.items())
    chance.shuffle(states)  # type: ignore[attr-defined] # Hypothesis's Random
    known = dict(sorted(given_facts.known.items(), reverse=True))
    more = replace(given_facts, states=dict(states), known={**known, "att_unrelated": None})  # type: ignore[dict-item]
    live = live_sets(*sets, budget=budget)

    assert list(verdicts(live, more, NOW)) == list(verdicts(live, given_facts, NOW))


@law
@given(situations())
def test_publishing_what_is_live_changes_no_verdict(situation: Situation) -> None:
    sets, given_facts, budget = situation

    once = list(verdicts(live_sets(*sets, budget=budget), given_facts, NOW))
    again = list(verdicts(live_sets(*(replace(each) for each in sets), budget=budget), given_facts, NOW))

    assert once == again


@law
@given(situations(most=12), st.lists(st.sampled_from(Outcome), min_size=30, max_size=30))
def test_no_pace_is_ever_exceeded(situation: Situation, outcomes: list[Outcome]) -> None:
    sets, given_facts, budget = situation
    live, now = live_sets(*sets, budget=budget), NOW
    given_facts = replace(given_facts, states={})
    asked: list[tuple[str, Moment]] = []
    per_visit = {each.id: each.live.per_visit for each in sets if each.live is not None}

    for outcome in outcomes:
        decision = decide(live, given_facts, now)
        if decision.verdict is None:
            now += 5 * HOUR
            given_facts = replace(given_facts, visits=given_facts.visits + 1, visit_ends_at=now + HOUR)
            continue
        chosen = decision.verdict.question
        before = given_facts.states.get(chosen.id)
        moment = (now, given_facts.visit_at(now))
        asked.append((decision.verdict.question_set.id, moment))
        if decision.verdict.arm == "b":
            per_visit[decision.verdict.question_set.id] = 2
        times = (*(() if before is None else before.times), moment)
        state = question_state(outcome, visit=moment[1], at=now, handled=len(times), times=times)
        given_facts = replace(given_facts, states={**given_facts.states, chosen.id: state})

    for of in sets:
        assert of.live is not None
        own = [moment for set_id, moment in asked if set_id == of.id]
        _assert_within(own, per_visit[of.id], of.live.per_day, of.live.per_week)
    every = [moment for _, moment in asked]
    _assert_within(every, budget.per_visit, budget.per_day, budget.per_week)


def _assert_within(
    asked: list[Moment], per_visit: int | None, per_day: int | None, per_week: int | None
) -> None:
    for at, visit in asked:
        assert per_visit is None or sum(each == visit for _, each in asked) <= per_visit
        for most, window in ((per_day, 24 * HOUR), (per_week, 7 * 24 * HOUR)):
            assert most is None or sum(at - window < each <= at for each, _ in asked) <= most
