"""Which question is asked: never what is known, never more than a person bears, always for one reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.profiles.catalogue import NamedCondition, catalogue
from server.profiles.model import AttributeId
from server.questions.compiling import compile_sets
from server.questions.model import (
    Branch,
    Budget,
    Experiment,
    Gate,
    NextState,
    Ordering,
    Outcome,
    QuestionId,
    QuestionKind,
    SetState,
    Variant,
)
from server.questions.selection import decide, in_order, verdicts
from tests.factories.profiles import definition
from tests.factories.questions import (
    NOW,
    QUIET,
    content,
    facts,
    live_sets,
    question,
    question_set,
    question_state,
)
from tests.questions.judging import gates, judged

if TYPE_CHECKING:
    from server.questions.facts import Facts
    from server.questions.selection import Decision

SKIPPED, ANSWERED = Outcome.SKIPPED, Outcome.ANSWERED
ROLE, SIZE, GOAL = question("role"), question("size"), question("goal")
DAY = timedelta(days=1)


def asked(decision: Decision) -> str | None:
    return None if decision.verdict is None else decision.verdict.question.key


def test_first_question_of_the_first_set_is_asked() -> None:
    sets = live_sets(question_set(content(ROLE, SIZE), key="one"), question_set(content(GOAL), key="two"))

    decision = decide(sets, facts(), NOW)

    assert (decision.state, asked(decision)) == (NextState.READY, "role")


def test_set_is_asked_from_in_its_placements_only() -> None:
    welcome = question_set(content(ROLE, placements=("home", "checkout")))

    assert gates(welcome, facts(placement="checkout")) == {"role": None}
    assert gates(welcome, facts(placement="footer")) == {"role": Gate.PLACEMENT}


def test_set_speaks_to_its_audience_only() -> None:
    aimed = question_set(content(ROLE, audience={"identified": True}))

    assert gates(aimed, facts(is_identified=True)) == {"role": None}
    assert gates(aimed, facts()) == {"role": Gate.AUDIENCE}


@pytest.mark.parametrize(("logins", "gate"), [(1, Gate.TRIGGER), (2, None), (3, None)])
def test_set_waits_for_its_sign_in(logins: int, gate: Gate | None) -> None:
    assert gates(question_set(content(ROLE, from_login=2)), facts(logins=logins)) == {"role": gate}


@pytest.mark.parametrize(("visits", "gate"), [(1, Gate.TRIGGER), (2, None), (3, None)])
def test_set_waits_for_its_visit(visits: int, gate: Gate | None) -> None:
    assert gates(question_set(content(ROLE, from_visit=2)), facts(visits=visits)) == {"role": gate}


def test_set_waits_for_its_event() -> None:
    purchase = question_set(content(ROLE, after_event="Order Completed"))

    before = judged(purchase, facts(events=["Viewed Page"]))["role"]

    assert (before.gate, before.opens_at, before.may_open) == (Gate.TRIGGER, None, True)
    assert gates(purchase, facts(events=["Order Completed"])) == {"role": None}


def test_set_is_asked_from_between_its_days() -> None:
    sale = question_set(content(ROLE, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY))

    assert judged(sale, facts())["role"].opens_at == NOW + DAY
    assert gates(sale, facts(), NOW + DAY) == {"role": None}
    assert judged(sale, facts(), NOW + 2 * DAY)["role"].opens_at is None


def test_known_attribute_is_never_asked_for() -> None:
    welcome = question_set(content(ROLE, SIZE, per_visit=2))

    assert gates(welcome, facts(known=["att_role"])) == {"role": Gate.KNOWN, "size": None}


def test_value_that_ends_is_asked_for_from_its_end_on() -> None:
    welcome, given = question_set(content(ROLE)), facts(known={"att_role": NOW + DAY})

    assert judged(welcome, given)["role"].opens_at == NOW + DAY


def test_purpose_without_consent_is_not_asked_about_but_for_leave() -> None:
    leave = question("leave", QuestionKind.CONSENT, purpose="marketing")
    forbidden = frozenset({AttributeId("att_role")})
    welcome = question_set(content(leave, ROLE))

    assert gates(welcome, facts(forbidden=forbidden)) == {"leave": None, "role": Gate.CONSENT}
    assert gates(welcome, facts(settled=frozenset({"marketing"}))) == {"leave": Gate.KNOWN, "role": None}


def test_running_look_up_is_waited_for_and_no_longer_than_that() -> None:
    welcome = live_sets(question_set(content(ROLE, patience=timedelta(seconds=8))))
    given = facts(waiting={AttributeId("att_role"): NOW})

    waiting = decide(welcome, given, NOW + timedelta(seconds=7))
    asking = decide(welcome, given, NOW + timedelta(seconds=8))

    assert (waiting.state, waiting.until) == (NextState.WAITING, NOW + timedelta(seconds=8))
    assert asked(asking) == "role"


@pytest.mark.parametrize("outcome", Outcome)
def test_visit_bears_so_many_questions_of_a_set(outcome: Outcome) -> None:
    welcome = question_set(content(ROLE, SIZE, GOAL, per_visit=2))
    states = {"qst_role": question_state(outcome, visit=2), "qst_size": question_state(outcome, visit=2)}
    known = ["att_role", "att_size"]

    assert gates(welcome, facts(states=states, visits=2, known=known))["goal"] is Gate.PACE
    assert gates(welcome, facts(states=states, visits=3, known=known))["goal"] is None


def test_day_and_week_each_have_a_clock() -> None:
    welcome = question_set(content(ROLE, SIZE, GOAL, per_day=1, per_week=2, per_visit=9))
    states = {"qst_role": question_state(visit=1), "qst_size": question_state(visit=2, at=NOW + DAY)}
    given = facts(states=states, visits=3, known=["att_role", "att_size"])

    assert judged(welcome, given, NOW + 3 * DAY)["goal"].opens_at == NOW + 7 * DAY
    assert gates(welcome, given, NOW + 7 * DAY)["goal"] is None


def test_question_has_a_clock_of_its_own() -> None:
    rare = question("role", rest=9 * DAY, most_asks=2)
    once = facts(states={"qst_role": question_state(SKIPPED, visit=1)}, visits=2)
    twice = facts(states={"qst_role": question_state(SKIPPED, visit=1, handled=2)}, visits=2)

    assert judged(question_set(content(rare)), once)["role"].opens_at == NOW + 9 * DAY
    assert judged(question_set(content(rare)), twice, NOW + 99 * DAY)["role"].opens_at is None


def test_person_bears_so_much_over_all_sets() -> None:
    sets = [question_set(content(ROLE), key="one"), question_set(content(GOAL), key="two")]
    given = facts(known=["att_role"], states={"qst_role": question_state()})

    assert asked(decide(live_sets(*sets), given, NOW)) == "goal"
    assert decide(live_sets(*sets, budget=Budget(per_visit=1)), given, NOW).until == NOW + QUIET


def test_no_set_starves() -> None:
    sets = live_sets(
        question_set(content(ROLE, priority=5), key="one"), question_set(content(GOAL, priority=1), key="two")
    )
    given = facts(states={"qst_role": question_state(SKIPPED, at=NOW + 5 * DAY)}, visits=9)

    assert [each.question_set.key for each in in_order(sets, given, NOW + 4 * DAY)] == ["one", "two"]
    assert [each.question_set.key for each in in_order(sets, given, NOW + 6 * DAY)] == ["two", "one"]


def test_adaptive_set_asks_what_is_worth_most_and_shows_the_score() -> None:
    heavy = question("heavy", QuestionKind.LONG_TEXT)
    light = question("light", QuestionKind.TEXT)
    loved = question("loved", QuestionKind.TEXT)
    adaptive = question_set(content(heavy, light, loved, ordering=Ordering.ADAPTIVE))

    sets = live_sets(adaptive, chances={"qst_loved": (90, 100), "qst_light": (1, 100)})
    found = list(verdicts(sets, facts(), NOW))

    assert [each.question.key for each in found] == ["loved", "heavy", "light"]
    assert [each.score for each in found] == sorted((each.score or 0 for each in found), reverse=True)


def test_person_sees_one_variant_for_good() -> None:
    experiment = Experiment(
        key="short", variants=(Variant(key="a"), Variant(key="b", order=("size",), per_visit=2))
    )
    sets = live_sets(question_set(content(ROLE, SIZE, experiment=experiment)))

    arms = {n: {each.arm for each in verdicts(sets, facts(profile_id=f"prf_{n}"), NOW)} for n in range(200)}
    again = {n: {each.arm for each in verdicts(sets, facts(profile_id=f"prf_{n}"), NOW)} for n in range(200)}
    in_b = next(n for n, found in arms.items() if found == {"b"})
    left_out = {each.question.key: each.gate for each in verdicts(sets, facts(profile_id=f"prf_{in_b}"), NOW)}

    assert arms == again
    assert 60 < sum(found == {"b"} for found in arms.values()) < 140
    assert left_out == {"size": None, "role": Gate.ARM}


def test_branches_lead_by_what_was_answered() -> None:
    about = [
        definition("role", id="att_role"),
        definition("size", id="att_size"),
        definition("goal", id="att_goal"),
    ]
    boss = {"attribute": {"id": "att_role", "operator": "equals", "values": ["boss"]}}
    branching = question_set(
        content(question("role", branches=(Branch(to="goal", when=boss),)), SIZE, GOAL, per_visit=9)
    )
    sets = live_sets(branching, definitions=about)

    def found(given: Facts) -> dict[str, Gate | None]:
        return {each.question.key: each.gate for each in verdicts(sets, given, NOW)}

    assert found(facts()) == {"role": None, "size": Gate.BRANCH, "goal": Gate.BRANCH}
    as_boss = facts(known=["att_role"], values={"att_role": "boss"})
    assert found(as_boss) == {"role": Gate.KNOWN, "size": Gate.BRANCH, "goal": None}
    as_other = facts(known=["att_role"], values={"att_role": "clerk"})
    assert found(as_other) == {"role": Gate.KNOWN, "size": None, "goal": None}


def test_question_is_shown_only_where_its_condition_holds() -> None:
    shown = question("role", show_if={"login": {"at_least": 3, "at_most": None}})

    assert gates(question_set(content(shown)), facts(logins=2)) == {"role": Gate.BRANCH}
    assert gates(question_set(content(shown)), facts(logins=3)) == {"role": None}


def test_claim_is_confirmed_once_and_blank_only_when_it_is_called_wrong() -> None:
    confirm = question("confirm", QuestionKind.CONFIRM, attribute_id="att_role")
    welcome, role = question_set(content(confirm, ROLE, per_visit=9)), AttributeId("att_role")
    claimed = facts(known=["att_role"], to_confirm={role: NOW})
    wrong = replace(
        claimed,
        states={QuestionId("qst_confirm"): question_state(ANSWERED, is_wrong=True)},
        disputed=frozenset({role}),
    )

    assert gates(welcome, claimed) == {"confirm": None, "role": Gate.KNOWN}
    assert gates(welcome, wrong) == {"confirm": Gate.KNOWN, "role": None}
    assert gates(welcome, facts()) == {"confirm": Gate.UNCLAIMED, "role": None}


def test_archived_attribute_is_named_as_the_reason() -> None:
    gone = replace(definition("role", id="att_role"), archived_at=NOW)
    sets = live_sets(question_set(content(ROLE)), definitions=[gone])

    (verdict,) = verdicts(sets, facts(forbidden=frozenset({gone.id})), NOW)

    assert verdict.gate is Gate.ARCHIVED


def test_gates_are_named_in_order() -> None:
    closed = question_set(content(ROLE, placements=("checkout",), from_login=9))
    states = {"qst_role": question_state(SKIPPED)}
    every = facts(known=["att_role"], states=states)

    assert gates(closed, every) == {"role": Gate.PLACEMENT}
    assert gates(closed, replace(every, placement="checkout")) == {"role": Gate.TRIGGER}
    assert gates(question_set(content(ROLE)), every) == {"role": Gate.KNOWN}
    assert gates(question_set(content(ROLE)), facts(states=states)) == {"role": Gate.PACE}
    assert gates(question_set(content(ROLE, per_visit=2)), facts(states=states)) == {"role": Gate.OUTCOME}


def test_set_that_was_never_published_is_not_asked_from() -> None:
    draft = live_sets(question_set(None, draft=content(ROLE), state=SetState.DRAFT))

    assert list(verdicts(draft, facts(), NOW)) == []
    assert decide(draft, facts(), NOW).state is NextState.DONE


def test_nothing_to_ask_is_done() -> None:
    welcome = live_sets(question_set(content(ROLE)))

    assert decide(live_sets(), facts(), NOW).state is NextState.DONE
    assert decide(welcome, facts(known=["att_role"]), NOW).state is NextState.DONE
    assert decide(welcome, facts(placement="footer"), NOW).state is NextState.DONE
    assert decide(welcome, facts(known={"att_role": NOW + DAY}), NOW).state is NextState.DONE


def test_what_only_a_later_sign_in_brings_has_no_known_moment() -> None:
    waiting = live_sets(question_set(content(ROLE, from_login=2)))

    decision = decide(waiting, facts(logins=1), NOW)

    assert (decision.state, decision.until) == (NextState.RESTING, None)
    assert decide(waiting, facts(logins=1, known=["att_role"]), NOW).state is NextState.DONE


def test_attribute_that_decides_more_comes_first() -> None:
    about = [definition(key, id=f"att_{key}") for key in ("first", "second")]
    audience = NamedCondition(id="aud_1", key="team", form={"attribute": {"id": "att_second"}})
    known = replace(catalogue(about), audiences={"aud_1": audience})
    adaptive = question_set(content(question("first"), question("second"), ordering=Ordering.ADAPTIVE))

    found = verdicts(compile_sets([adaptive], known), facts(), NOW)

    assert [each.question.key for each in found] == ["second", "first"]
