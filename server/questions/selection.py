"""Which question to ask: a verdict for every question, and the first that nothing blocks. Pure.

Every gate says when it opens if nothing but the time changes; a question opens when the last of them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.questions.arms import chosen, place_of
from server.questions.compiling import goes_on
from server.questions.history import Pace, as_ignored, by_pace, history_of, shown_in
from server.questions.model import END, Gate, NextState, Ordering, Outcome, QuestionKind, Verdict
from server.questions.opening import NEVER, SOMEDAY, by_outcome, by_rest, later

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from server.profiles.model import AttributeId
    from server.questions.compiling import CompiledArm, CompiledQuestion, CompiledSet, LiveSets
    from server.questions.facts import Facts
    from server.questions.history import History, Moment
    from server.questions.model import QuestionId, QuestionSetId, QuestionState
    from server.questions.opening import Opening

    Blocked = tuple[Gate, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now. `until` is when there may be something, where a clock can tell."""

    state: NextState
    verdict: Verdict | None = None
    until: datetime | None = None


def verdicts(sets: LiveSets, facts: Facts, now: datetime) -> Iterator[Verdict]:
    """Yield a verdict for every published question, in the order in which they would be asked."""
    here = in_order(sets, facts, now)
    person = _Person(sets, facts, now)
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
    person = _Person(sets, facts, now)
    soonest: Blocked | None = None
    for compiled in in_order(sets, facts, now):
        blocked = person.set_gate(compiled)
        if blocked is not None and blocked[1] is NEVER:
            continue
        arm = person.arm(compiled)
        for question, found in person.gates(compiled, arm, blocked):
            if found is None:
                return Decision(state=NextState.READY, verdict=_verdict(compiled, arm, question, None))
            if (
                found[1] is not NEVER
                and found[0] is not Gate.KNOWN
                and (soonest is None or found[1] < soonest[1])
            ):
                soonest = found
    return _later(soonest)


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


_KNOWN_FOR_GOOD: Blocked = (Gate.KNOWN, NEVER)


class _Person:
    """The gates of one person at one moment; what several questions need is worked out once."""

    def __init__(self, sets: LiveSets, facts: Facts, now: datetime) -> None:
        self._sets, self._facts, self._now = sets, facts, now
        self._visit = facts.visit_at(now)
        self._ends = None if self._visit != facts.visits else facts.visit_ends_at
        budget = sets.budget
        self._budget = Pace(budget.per_visit, budget.per_day, budget.per_week)
        self._history: History | None = None

    def arm(self, compiled: CompiledSet) -> CompiledArm:
        """Return the arm that this person is in."""
        experiment = compiled.content.experiment
        if experiment is None:
            return compiled.arms[0]
        return compiled.arms[chosen(place_of(self._facts.profile_id, experiment.key), compiled.weights)]

    def set_gate(self, compiled: CompiledSet) -> Blocked | None:
        """Return what blocks every question of a set: its audience or its trigger."""
        facts, now, trigger = self._facts, self._now, compiled.content.trigger
        if compiled.audience is not None and not compiled.audience(facts.subject, now):
            return (Gate.AUDIENCE, NEVER)
        opens: Opening = None
        if facts.logins < trigger.from_login:
            opens = SOMEDAY
        if self._visit < trigger.from_visit:
            is_next = self._visit + 1 >= trigger.from_visit and self._ends is not None
            opens = later(opens, self._ends if is_next else SOMEDAY)
        if trigger.after_event is not None and trigger.after_event not in facts.subject.events:
            opens = later(opens, SOMEDAY)
        if trigger.starts_at is not None and now < trigger.starts_at:
            opens = later(opens, trigger.starts_at)
        if _is_over(trigger.ends_at, opens, now):
            opens = NEVER
        return None if opens is None else (Gate.TRIGGER, opens)

    def gates(
        self, compiled: CompiledSet, arm: CompiledArm, blocked: Blocked | None
    ) -> Iterator[tuple[CompiledQuestion, Blocked | None]]:
        """Yield each question of an arm with what blocks it."""
        reached = self._reached(arm) if compiled.has_branches else None
        for each in arm.questions:
            question = each.question
            attribute_id = question.attribute_id
            if (
                blocked is None
                and question.kind is not QuestionKind.CONFIRM
                and self._is_for_good(attribute_id)
            ):
                yield each, _KNOWN_FOR_GOOD  # most questions of most people: no further
                continue
            is_reached = reached is None or question.key in reached
            found = self._question_gate(compiled, arm, each, blocked, is_reached=is_reached)
            yield each, found

    def _question_gate(
        self,
        compiled: CompiledSet,
        arm: CompiledArm,
        each: CompiledQuestion,
        blocked: Blocked | None,
        *,
        is_reached: bool,
    ) -> Blocked | None:
        state = self._facts.states.get(each.question.id)
        found = self._joined(compiled, arm, each, state, blocked, is_reached=is_reached)
        if found is None or state is None or found[1] is NEVER or not self._is_on_page(state):
            return found
        if self._ends is not None and found[1] >= self._ends:  # by then it will have been ignored
            again = self._joined(compiled, arm, each, state, blocked, is_reached=is_reached, is_left=True)
            return found if again is None else (found[0], later(found[1], again[1]) or found[1])
        return found

    def _joined(
        self,
        compiled: CompiledSet,
        arm: CompiledArm,
        each: CompiledQuestion,
        state: QuestionState | None,
        blocked: Blocked | None,
        *,
        is_reached: bool,
        is_left: bool = False,
    ) -> Blocked | None:
        """Ask every gate in turn; the first that is closed gives its name, the last to open the time."""
        gate, opens = (None, None) if blocked is None else blocked
        for name, opening in self._openings(
            compiled, arm, each, state, is_reached=is_reached, is_left=is_left
        ):
            if opening is None:
                continue
            gate = gate or name
            opens = later(opens, opening)
            if opens is NEVER:
                break
        if gate is None or opens is None:
            return None
        return (gate, NEVER if _is_over(compiled.content.trigger.ends_at, opens, self._now) else opens)

    def _openings(
        self,
        compiled: CompiledSet,
        arm: CompiledArm,
        each: CompiledQuestion,
        state: QuestionState | None,
        *,
        is_reached: bool,
        is_left: bool,
    ) -> Iterator[tuple[Gate, Opening]]:
        facts, now, question = self._facts, self._now, each.question
        yield self._known(each, state)
        if each.is_archived:
            yield Gate.ARCHIVED, NEVER
        if question.attribute_id in facts.forbidden:
            yield Gate.CONSENT, NEVER
        if question.attribute_id is not None and question.attribute_id in facts.waiting:
            deadline = facts.waiting[question.attribute_id] + compiled.content.patience
            yield Gate.ENRICHMENT, deadline if deadline > now else None
        yield Gate.PACE, self._pace(compiled, arm, question.id, state, is_left=is_left)
        if state is not None:
            last = as_ignored(state) if is_left or not self._is_on_page(state) else state
            if last.handled:
                yield Gate.PACE, by_rest(last, question.rest, now)
                if question.most_asks is not None and last.handled >= question.most_asks:
                    yield Gate.PACE, NEVER
                rule = compiled.reask[last.outcome]
                yield Gate.OUTCOME, by_outcome(last, rule, self._visit, self._ends, now)
        if not is_reached or (each.show_if is not None and not each.show_if(facts.subject, now)):
            yield Gate.BRANCH, NEVER

    def _known(self, each: CompiledQuestion, state: QuestionState | None) -> tuple[Gate, Opening]:
        facts, question = self._facts, each.question
        if question.kind is QuestionKind.CONSENT:
            return Gate.KNOWN, NEVER if question.purpose in facts.settled else None
        attribute_id = question.attribute_id
        if question.kind is QuestionKind.CONFIRM:
            observed_at = facts.to_confirm.get(attribute_id) if attribute_id is not None else None
            if observed_at is None:
                return (Gate.KNOWN if attribute_id in facts.known else Gate.UNCLAIMED), NEVER
            was_asked = state is not None and state.outcome is Outcome.ANSWERED and state.at >= observed_at
            return Gate.KNOWN, NEVER if was_asked else None
        if attribute_id is None or attribute_id not in facts.known or attribute_id in facts.disputed:
            return Gate.KNOWN, None
        until = facts.known[attribute_id]
        return Gate.KNOWN, NEVER if until is None else until if until > self._now else None

    def _is_for_good(self, attribute_id: AttributeId | None) -> bool:
        known = self._facts.known
        is_known = attribute_id is not None and attribute_id in known and known[attribute_id] is None
        return is_known and attribute_id not in self._facts.disputed

    def _pace(
        self,
        compiled: CompiledSet,
        arm: CompiledArm,
        question_id: QuestionId,
        state: QuestionState | None,
        *,
        is_left: bool,
    ) -> Opening:
        content = compiled.content
        if self._history is None:
            owners = self._sets.owners
            set_of = {each: owners[each].question_set.id for each in self._facts.states if each in owners}
            self._history = history_of(self._facts, set_of)
        of_set: Sequence[Moment] = self._history.by_set.get(compiled.question_set.id, ())
        every = self._history.every
        on_page = None if state is None or is_left else shown_in(state, self._visit)
        if on_page is not None:
            own_moment = (*on_page[1:], question_id)
            of_set = [each for each in of_set if each != own_moment]
            every = [each for each in every if each != own_moment]
        own = Pace(arm.per_visit, content.per_day, content.per_week)
        opens = by_pace(of_set, own, self._visit, self._ends, self._now) if of_set else None
        return (
            later(opens, by_pace(every, self._budget, self._visit, self._ends, self._now)) if every else opens
        )

    def _is_on_page(self, state: QuestionState) -> bool:
        return shown_in(state, self._visit) is not None

    def _reached(self, arm: CompiledArm) -> set[str]:
        """Walk the set from its first question, as the outcomes so far lead."""
        keys = [each.question.key for each in arm.questions]
        by_key: Mapping[str, CompiledQuestion] = dict(zip(keys, arm.questions, strict=True))
        reached: set[str] = set()
        key = keys[0] if keys else END
        while key != END and key in by_key and key not in reached:
            reached.add(key)
            each = by_key[key]
            is_left_out = each.show_if is not None and not each.show_if(self._facts.subject, self._now)
            if each.branches and not is_left_out and not self._is_settled(each):
                break
            place = keys.index(key) + 1
            target = None if is_left_out else goes_on(each, self._facts.subject, self._now)
            key = target or (keys[place] if place < len(keys) else END)
        return reached

    def _is_settled(self, each: CompiledQuestion) -> bool:
        facts, question = self._facts, each.question
        state = facts.states.get(question.id)
        if state is not None and state.handled:
            return True
        if question.kind is QuestionKind.CONFIRM:
            return question.attribute_id not in facts.to_confirm
        return question.attribute_id in facts.known or question.purpose in facts.settled


def _is_over(ends_at: datetime | None, opens: Opening, now: datetime) -> bool:
    """Whether a set will have ended when its gates open; SOMEDAY may still be in time."""
    if ends_at is None:
        return False
    return now >= ends_at or (
        opens is not None and opens is not NEVER and opens is not SOMEDAY and opens >= ends_at
    )
