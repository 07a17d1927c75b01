"""What a profile remembers of its questions, as documents in its `questions` part, and back.

An entry: `n outcome at visit wrong`, `seen` (how often it was seen since it was last handled), `times`
(outcomes) and `shows` (asks that were seen, one a visit). Both lists keep what some pace may count: the last
week and this visit, and no more than a pace may allow. The statement that writes works all of it out, so that
no read has to come first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.consent.model import ConsentState
from server.questions.model import Outcome, QuestionId, QuestionState
from server.questions.opening import WEEK
from server.questions.writing import MOST_PACE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.consent.model import Consent
    from server.profiles.model import Profile
_MILLISECOND = timedelta(milliseconds=1)


def states_of(profile: Profile) -> dict[QuestionId, QuestionState]:
    """Return the state of every question that this profile ever saw or handled."""
    return {
        QuestionId(question_id): QuestionState(
            handled=entry["n"],
            outcome=Outcome(entry["outcome"]),
            at=entry["at"],
            visit=entry["visit"],
            seen=entry.get("seen", 0),
            times=tuple((each["at"], each["visit"]) for each in entry.get("times", ())),
            shows=tuple((each["n"], each["at"], each["visit"]) for each in entry.get("shows", ())),
            is_wrong=entry.get("wrong", False),
        )
        for question_id, entry in profile.questions.items()
    }


def handled_fields(question_id: QuestionId, state: QuestionState) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what remembers an outcome: fields, and expressions.

    It counts for the visit in which the person spoke: an ask may have been left open since an earlier one.
    """
    place = f"questions.{question_id}"
    visit = {"$max": ["$visits", state.visit]}
    fields = {
        f"{place}.n": state.handled,
        f"{place}.outcome": state.outcome.value,
        f"{place}.at": state.at,
        f"{place}.wrong": state.is_wrong,
        f"{place}.seen": 0,
    }
    entry = {"n": state.handled, "at": {"$literal": state.at}, "visit": visit}
    others = {"$ne": ["$$this.n", state.handled]}  # an answer takes the place of the skip before it
    return fields, {f"{place}.visit": visit, f"{place}.times": _kept(f"{place}.times", entry, others)}


def shown_fields(
    question_id: QuestionId, handled: int, at: datetime, visit: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what remembers that an ask was seen; of a question never handled that is all there is."""
    place = f"questions.{question_id}"
    first = {"n": 0, "outcome": Outcome.IGNORED.value, "at": at, "visit": visit}
    fields = {} if handled else {f"{place}.{name}": value for name, value in first.items()}
    entry = {"n": handled, "at": {"$literal": at}, "visit": visit}
    seen = {"$add": [{"$ifNull": [f"${place}.seen", 0]}, 1]}
    return fields, {f"{place}.seen": seen, f"{place}.shows": _kept(f"{place}.shows", entry, True)}  # noqa: FBT003 - an expression


def _kept(place: str, entry: Mapping[str, Any], others: Any) -> dict[str, Any]:  # noqa: ANN401 - an expression
    """Return the list with a new entry, without what no pace counts any more."""
    counts = {"$gt": ["$$this.at", {"$subtract": [entry["at"], WEEK // _MILLISECOND]}]}
    is_now = {"$gte": ["$$this.visit", entry["visit"]]}
    known = {"$ifNull": [f"${place}", []]}
    kept = {"$filter": {"input": known, "cond": {"$and": [others, {"$or": [counts, is_now]}]}}}
    return {"$slice": [{"$concatArrays": [[entry], kept]}, MOST_PACE]}


def not_handled_since(question_id: QuestionId, handled: int) -> Mapping[str, Any]:
    """Return the guard that lets one outcome through: the question was handled this often and no more."""
    return {f"questions.{question_id}.n": handled or {"$in": [None, 0]}}


def not_answered_since(question_id: QuestionId, handled: int) -> Mapping[str, Any]:
    """Return the guard of an answer: as above or passed on meanwhile, since an answer says more."""
    passed = {
        f"questions.{question_id}.n": handled + 1,
        f"questions.{question_id}.outcome": {"$ne": Outcome.ANSWERED.value},
    }
    return {"$or": [not_handled_since(question_id, handled), passed]}


def not_shown_since(question_id: QuestionId, handled: int, visit: int) -> Mapping[str, Any]:
    """Return the guard of a report: the ask has no outcome, and its visit has not reported it before."""
    seen = {"$elemMatch": {"n": handled, "visit": visit}}
    return {**not_handled_since(question_id, handled), f"questions.{question_id}.shows": {"$not": seen}}


def not_spoken_since(purpose: str | None, text_version: int) -> Mapping[str, Any]:
    """Return the guard of leave that is given: nobody who refused is asked, so that a refusal came after.

    So did leave for a later text.
    """
    return {
        f"consents.{purpose}.state": {"$in": [None, ConsentState.GRANTED.value]},
        f"consents.{purpose}.text_version": {"$not": {"$gt": text_version}},
    }


def answered_in(question_id: QuestionId, handled: int) -> Mapping[str, Any]:
    """Return the guard of a correction: the ask was answered, and nothing newer came of the question."""
    return {
        f"questions.{question_id}.n": handled + 1,
        f"questions.{question_id}.outcome": Outcome.ANSWERED.value,
    }


def corrected_fields(question_id: QuestionId) -> dict[str, Any]:
    """Return the update that remembers that an answer now is a value, should it have called one wrong."""
    return {f"questions.{question_id}.wrong": False}


def consent_fields(purpose: str, consent: Consent) -> dict[str, Any]:
    """Return the update that remembers what a person said to a purpose, as profiles.documents reads it."""
    said = {"state": consent.state.value, "at": consent.at}
    return {
        f"consents.{purpose}": {**said, "text_version": consent.text_version, "source": consent.source.value}
    }
