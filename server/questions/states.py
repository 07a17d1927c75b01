"""What a profile remembers of its questions, as documents in its `questions` part, and back.

An entry: `n outcome at visit wrong`, `t` (the latest outcomes) and `s` (the latest asks that were seen), both
rings of eight whose places follow from a number known before the write: so no read has to come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.questions.model import Outcome, QuestionId, QuestionState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.consent.model import Consent
    from server.profiles.model import Profile

_RING = 8  # how many outcomes of one question count for pace; a week of daily asks, and one more


def states_of(profile: Profile) -> dict[QuestionId, QuestionState]:
    """Return the state of every question that this profile ever saw or handled."""
    return {
        QuestionId(question_id): QuestionState(
            handled=entry["n"],
            outcome=Outcome(entry["outcome"]),
            at=entry["at"],
            visit=entry["visit"],
            times=tuple((each["at"], each["visit"]) for each in entry.get("t", _NOTHING).values()),
            shows=tuple((each["n"], each["at"], each["visit"]) for each in entry.get("s", _NOTHING).values()),
            is_wrong=entry.get("wrong", False),
        )
        for question_id, entry in profile.questions.items()
    }


_NOTHING: Mapping[str, Any] = {}


def handled_fields(question_id: QuestionId, state: QuestionState) -> dict[str, Any]:
    """Return the update of the profile that remembers an outcome."""
    place = f"questions.{question_id}"
    return {
        f"{place}.n": state.handled,
        f"{place}.outcome": state.outcome.value,
        f"{place}.at": state.at,
        f"{place}.visit": state.visit,
        f"{place}.wrong": state.is_wrong,
        f"{place}.t.{state.handled % _RING}": {"at": state.at, "visit": state.visit},
    }


def shown_fields(question_id: QuestionId, handled: int, at: datetime, visit: int) -> dict[str, Any]:
    """Return the update that remembers that an ask was seen; of a question never handled that is all."""
    place = f"questions.{question_id}"
    seen = {f"{place}.s.{visit % _RING}": {"n": handled, "at": at, "visit": visit}}
    if handled:
        return seen
    first = {"n": 0, "outcome": Outcome.IGNORED.value, "at": at, "visit": visit}
    return {**{f"{place}.{name}": value for name, value in first.items()}, **seen}


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
    seen = f"questions.{question_id}.s.{visit % _RING}"
    unseen = {"$nor": [{f"{seen}.n": handled, f"{seen}.visit": visit}]}
    return {**not_handled_since(question_id, handled), **unseen}


def answered_in(question_id: QuestionId, handled: int) -> Mapping[str, Any]:
    """Return the guard of a correction: the ask was answered, and nothing newer came of the question."""
    return {
        f"questions.{question_id}.n": handled + 1,
        f"questions.{question_id}.outcome": Outcome.ANSWERED.value,
    }


def consent_fields(purpose: str, consent: Consent) -> dict[str, Any]:
    """Return the update that remembers what a person said to a purpose, as profiles.documents reads it."""
    said = {"state": consent.state.value, "at": consent.at}
    return {
        f"consents.{purpose}": {**said, "text_version": consent.text_version, "source": consent.source.value}
    }
