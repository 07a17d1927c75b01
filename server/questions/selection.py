"""Which question to ask: a verdict for every question, and the first that nothing blocks. Pure.

Every gate says when it opens if nothing but the time changes; a question opens when the last of them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.records import record
from server.questions.gates import Person
from server.questions.model import Gate, NextState, Ordering, Verdict
from server.questions.opening import NEVER, SOMEDAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from server.questions.compiling import CompiledArm, CompiledQuestion, CompiledSet, LiveSets
    from server.questions.facts import Facts
    from server.questions.gates import Blocked
    from server.questions.model import QuestionSetId


@record
class Decision:
    """What to do now. `until` is when there may be something, where a clock can tell."""

    state: NextState
    verdict: Verdict | None = None
    until: datetime | None = None


def verdicts(sets: LiveSets, facts: Facts, now: datetime) -> Iterator[Verdict]:
    """Yield a verdict for every published question, in the order in which they would be asked."""
    here = in_order(sets, facts, now)
    person = Person(sets, facts, now)
    for compiled in here:
        arm = person.arm(compiled)
        blocked = person.set_gate(compiled)
        for question, found in person.gates(compiled, arm, blocked):
            yield _verdict(compiled, arm, question, found)
        for question in arm.omitted:
            yield _verdict(compiled, arm, question, (Gate.ARM, NEVER))
    for compiled in sets.ordered:
        if facts.placement not in compiled.content.placements:
            arm = person.arm(compiled)
            for question in (*arm.questions, *arm.omitted):
                yield _verdict(compiled, arm, question, (Gate.PLACEMENT, NEVER))


def decide(sets: LiveSets, facts: Facts, now: datetime) -> Decision:
    """Return READY with the question to ask; WAITING or RESTING where time may bring one; else DONE.

    Looks no further than the first question that is open, and not into sets that are closed for good.
    """
    person = Person(sets, facts, now)
    soonest: Blocked | None = None
    for compiled in in_order(sets, facts, now):
        blocked = person.set_gate(compiled)
        if blocked is not None and blocked[1] is NEVER:
            continue
        arm = person.arm(compiled)
        for question, found in person.gates(compiled, arm, blocked, is_brief=True):
            if found is None:
                return Decision(state=NextState.READY, verdict=_verdict(compiled, arm, question, None))
            if (
                found[1] is not NEVER
                and found[0] is not Gate.KNOWN
                and (soonest is None or found[1] < soonest[1])
            ):
                soonest = found
    return _later(soonest)


def open_questions(sets: LiveSets, facts: Facts, compiled: CompiledSet, now: datetime) -> int:
    """Return how many questions of a set could be asked now, each by itself."""
    person = Person(sets, facts, now)
    gates = person.gates(compiled, person.arm(compiled), person.set_gate(compiled))
    return sum(found is None for _, found in gates)


def in_order(sets: LiveSets, facts: Facts, now: datetime) -> Sequence[CompiledSet]:
    """Return the sets of the placement: by priority, which grows with the days that a set had to wait."""
    here, ageing = sets.by_placement.get(facts.placement, ()), sets.budget.ageing
    if not ageing or len(here) < 2:  # noqa: PLR2004 - nothing to order
        return here
    last: dict[QuestionSetId, datetime] = {}
    for question_id, state in facts.states.items():
        owner = sets.owners.get(question_id)
        if owner is not None:
            set_id = owner.question_set.id
            last[set_id] = max(last.get(set_id, state.at), state.at)
    keyed = []
    for place, each in enumerate(here):
        waited = now - last.get(each.question_set.id, max(each.since, facts.since))
        keyed.append((-each.content.priority - ageing * max(0, waited.days), place, each))
    keyed.sort(key=lambda entry: entry[:2])
    return [entry[2] for entry in keyed]


def _later(soonest: Blocked | None) -> Decision:
    if soonest is None:
        return Decision(state=NextState.DONE)
    gate, opens = soonest
    state = NextState.WAITING if gate is Gate.ENRICHMENT else NextState.RESTING
    return Decision(state=state, until=None if opens is SOMEDAY else opens)


def _verdict(
    compiled: CompiledSet, arm: CompiledArm, question: CompiledQuestion, found: Blocked | None
) -> Verdict:
    opens = None if found is None or found[1] is NEVER or found[1] is SOMEDAY else found[1]
    return Verdict(
        question_set=compiled.question_set,
        question=question.question,
        gate=None if found is None else found[0],
        opens_at=opens,
        may_open=found is not None and found[1] is not NEVER,
        score=question.score if compiled.content.ordering is Ordering.ADAPTIVE else None,
        arm=arm.key,
    )
