"""Which question to ask: a verdict for every question, and the first that nothing blocks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from server.questions.model import NextState, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from server.profiles.model import AttributeId
    from server.questions.model import Question, QuestionId, QuestionSet, QuestionState, SetContent


class Gate(StrEnum):
    """What keeps a question from being asked, in the order in which it is checked."""

    PLACEMENT = "placement"
    TRIGGER = "trigger"
    KNOWN = "known"
    CONSENT = "consent"
    OUTCOME = "outcome"
    PACE = "pace"


_OPENS_WITH_VISIT = frozenset({Gate.OUTCOME, Gate.PACE})
_OPENS_LATER = _OPENS_WITH_VISIT | {Gate.TRIGGER}  # that may take a sign-in, which no clock foretells


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the decision rests on.

    `known` are the attributes that have a live value, whoever said it; `forbidden` those whose purpose the
    person did not consent to; `visits` is the number of this visit.
    """

    placement: str
    logins: int
    visits: int
    known: AbstractSet[AttributeId]
    states: Mapping[QuestionId, QuestionState]
    forbidden: AbstractSet[AttributeId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One question of one set: asked now where `gate` is None, else what blocks it."""

    question_set: QuestionSet
    question: Question
    gate: Gate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do now. `opens_with_visit` tells that the next visit, whenever it is, will have a question."""

    state: NextState
    verdict: Verdict | None = None
    opens_with_visit: bool = False


def verdicts(sets: Iterable[QuestionSet], facts: Facts) -> Iterator[Verdict]:
    """Yield a verdict for every question of the live sets, in the order in which they would be asked."""
    for question_set in sets:
        if question_set.live is not None:
            blocked = _set_gate(question_set.live, facts)
            for question in question_set.live.questions:
                gate = blocked or _question_gate(question_set.live, question, facts)
                yield Verdict(question_set=question_set, question=question, gate=gate)


def decide(sets: Iterable[QuestionSet], facts: Facts) -> Decision:
    """Return READY with the question to ask, RESTING where a later visit may bring one, else DONE."""
    blocking: set[Gate] = set()
    for verdict in verdicts(sets, facts):
        if verdict.gate is None:
            return Decision(state=NextState.READY, verdict=verdict)
        if verdict.question.attribute_id not in facts.known:
            blocking.add(verdict.gate)
    state = NextState.RESTING if blocking & _OPENS_LATER else NextState.DONE
    return Decision(state=state, opens_with_visit=bool(blocking & _OPENS_WITH_VISIT))


def _set_gate(content: SetContent, facts: Facts) -> Gate | None:
    if facts.placement not in content.placements:
        return Gate.PLACEMENT
    trigger = content.trigger
    if facts.logins < trigger.from_login or facts.visits < trigger.from_visit:
        return Gate.TRIGGER
    return None


def _question_gate(content: SetContent, question: Question, facts: Facts) -> Gate | None:
    if question.attribute_id in facts.known:
        return Gate.KNOWN
    if question.attribute_id in facts.forbidden:
        return Gate.CONSENT
    if _rests(facts.states.get(question.id), facts):
        return Gate.OUTCOME
    if _handled_in_visit(content, facts) >= content.per_visit:
        return Gate.PACE
    return None


def _rests(state: QuestionState | None, facts: Facts) -> bool:
    """A skipped question comes back with the next visit; an answered one whose value is gone, at once."""
    return state is not None and state.outcome is Outcome.SKIPPED and state.visit == facts.visits


def _handled_in_visit(content: SetContent, facts: Facts) -> int:
    states = (facts.states.get(question.id) for question in content.questions)
    return sum(1 for state in states if state is not None and state.visit == facts.visits)
