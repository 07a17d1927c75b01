"""The gates between one person and the questions there are: what blocks each, and until when. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.arms import chosen, place_of
from server.questions.compiling import goes_on
from server.questions.history import Pace, as_ignored, by_pace, history_of, shown_in
from server.questions.model import END, Gate, Outcome, QuestionKind
from server.questions.opening import NEVER, SOMEDAY, by_outcome, by_rest, later

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from server.questions.compiling import CompiledArm, CompiledQuestion, CompiledSet, LiveSets
    from server.questions.facts import Facts
    from server.questions.history import History, Moment
    from server.questions.model import Question, QuestionId, QuestionSetId, QuestionState
    from server.questions.opening import Opening

    Blocked = tuple[Gate, datetime]

_UNKNOWN = NEVER  # stands for what is not known where None stands for what is known for good


class Person:
    """The gates of one person at one moment; what several questions need is worked out once."""

    def __init__(self, sets: LiveSets, facts: Facts, now: datetime) -> None:
        self._sets, self._facts, self._now = sets, facts, now
        self._visit = facts.visit_at(now)
        self._ends = None if self._visit != facts.visits else facts.visit_ends_at
        self._history: History | None = None
        self._paces: dict[tuple[QuestionSetId, str], Opening] = {}

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
        self, compiled: CompiledSet, arm: CompiledArm, blocked: Blocked | None, *, is_brief: bool = False
    ) -> Iterator[tuple[CompiledQuestion, Blocked | None]]:
        """Yield each question of an arm with what blocks it.

        With `is_brief` leave out what is closed for good, and all but the first of those that open together.
        """
        reached = self._reached(arm) if compiled.has_branches else None
        has_plain = False
        for each in arm.questions:
            if is_brief and self._is_closed(each):
                continue  # most questions of most people: no further
            if is_brief and reached is None and self._is_plain(each.question):
                if has_plain:
                    continue
                has_plain = True
            is_reached = reached is None or each.question.key in reached
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
            for said in (last, state):  # being left takes nothing back of what was said before
                if said.handled:
                    rule = compiled.reask[said.outcome]
                    yield Gate.OUTCOME, by_outcome(said, rule, self._visit, self._ends, now)
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

    def _is_closed(self, each: CompiledQuestion) -> bool:
        """Whether a question is closed for one of the reasons that are quick to see, whatever the time."""
        facts, attribute_id = self._facts, each.question.attribute_id
        if each.is_archived:
            return True
        if attribute_id is not None:
            if attribute_id in facts.forbidden:
                return True
            is_known = facts.known.get(attribute_id, _UNKNOWN) is None and attribute_id not in facts.disputed
            if is_known and each.question.kind is not QuestionKind.CONFIRM:
                return True
        return each.show_if is not None and not each.show_if(facts.subject, self._now)

    def _is_plain(self, question: Question) -> bool:
        """Whether nothing but its set says when a question opens: all such questions open together."""
        attribute_id = question.attribute_id
        return (
            attribute_id is not None
            and question.id not in self._facts.states
            and attribute_id not in self._facts.known
            and attribute_id not in self._facts.waiting
            and question.kind is not QuestionKind.CONFIRM
        )

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
        key = (compiled.question_set.id, arm.key)
        if on_page is None and key in self._paces:
            return self._paces[key]
        if on_page is not None:
            own_moment = (*on_page[1:], question_id)
            of_set = [each for each in of_set if each != own_moment]
            every = [each for each in every if each != own_moment]
        opens: Opening = None
        if of_set:
            own = Pace(arm.per_visit, content.per_day, content.per_week)
            opens = by_pace(of_set, own, self._visit, self._ends, self._now)
        if every:
            budget = self._sets.budget
            of_all = Pace(budget.per_visit, budget.per_day, budget.per_week)
            opens = later(opens, by_pace(every, of_all, self._visit, self._ends, self._now))
        if on_page is None:
            self._paces[key] = opens  # the same for every question that is not on a page
        return opens

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
