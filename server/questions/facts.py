"""What a decision rests on: everything about one person and the place they are at."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import field, replace
from typing import TYPE_CHECKING

from server.kit.records import record
from server.questions.model import Outcome, QuestionState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from server.profiles.conditions import Subject
    from server.profiles.model import AttributeId
    from server.questions.model import Question, QuestionId


@record
class Facts:
    """One person in one placement.

    `known` are the attributes with a live value, whoever said it, and until when (None: for good);
    `forbidden` those whose purpose the person does not allow; `settled` the purposes about which they said
    what still counts; `waiting` the attributes that a running look-up may fill, and since when it runs;
    `to_confirm` the attributes with a claim to confirm, and when it was observed; `disputed` those whose
    only value the person called wrong. `visits` is the number of the visit that ends at `visit_ends_at`
    unless the person shows up before.
    """

    profile_id: str
    placement: str
    logins: int
    visits: int
    visit_ends_at: datetime | None
    since: datetime
    subject: Subject
    known: Mapping[AttributeId, datetime | None]
    states: Mapping[QuestionId, QuestionState]
    forbidden: AbstractSet[AttributeId] = frozenset()
    settled: AbstractSet[str] = frozenset()
    waiting: Mapping[AttributeId, datetime] = field(default_factory=dict)
    to_confirm: Mapping[AttributeId, datetime] = field(default_factory=dict)
    disputed: AbstractSet[AttributeId] = frozenset()

    def visit_at(self, now: datetime) -> int:
        """Return the number of the visit that a question asked now belongs to."""
        is_over = self.visit_ends_at is not None and now >= self.visit_ends_at
        return self.visits + 1 if is_over else self.visits

    def once_answered(self, question: Question, now: datetime) -> Facts:
        """Return the facts once a question is answered in this visit, save what its answer itself decides."""
        visit = self.visit_at(now)
        before = self.states.get(question.id)
        state = QuestionState(
            handled=1 if before is None else before.handled + 1,
            outcome=Outcome.ANSWERED,
            at=now,
            visit=visit,
            times=(*(() if before is None else before.times), (now, visit)),
        )
        known = {} if question.attribute_id is None else {question.attribute_id: None}
        settled = set() if question.purpose is None else {question.purpose}
        return replace(
            self,
            known=ChainMap(known, self.known),  # type: ignore[arg-type] # which only reads what is beneath
            settled=self.settled | settled,
            states={**self.states, question.id: state},
            to_confirm={key: at for key, at in self.to_confirm.items() if key not in known},
        )
