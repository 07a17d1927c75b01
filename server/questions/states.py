"""What a profile remembers of its questions, as documents in its `questions` part, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.questions.model import Outcome, QuestionId, QuestionState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.profiles.model import Profile


def states_of(profile: Profile) -> dict[QuestionId, QuestionState]:
    """Return the state of every question that this profile ever handled."""
    return {
        QuestionId(question_id): QuestionState(
            handled=entry["n"],
            outcome=Outcome(entry["outcome"]),
            at=entry["at"],
            visit=entry["visit"],
        )
        for question_id, entry in profile.questions.items()
    }


def state_fields(question_id: QuestionId, state: QuestionState) -> dict[str, Any]:
    """Return the update of the profile that remembers this state."""
    return {
        f"questions.{question_id}": {
            "n": state.handled,
            "outcome": state.outcome.value,
            "at": state.at,
            "visit": state.visit,
        }
    }


def not_handled_since(question_id: QuestionId, handled: int) -> Mapping[str, Any]:
    """Return the guard that lets one outcome through: the question was handled this often and no more."""
    return {f"questions.{question_id}.n": handled or {"$exists": False}}


def not_answered_since(question_id: QuestionId, handled: int) -> Mapping[str, Any]:
    """Return the guard of an answer: as above or skipped meanwhile, since an answer says more."""
    skipped = {
        f"questions.{question_id}.n": handled + 1,
        f"questions.{question_id}.outcome": Outcome.SKIPPED.value,
    }
    return {"$or": [not_handled_since(question_id, handled), skipped]}
