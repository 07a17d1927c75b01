"""Which operations come first where there is not room for all, by the root field of their document."""

from __future__ import annotations

from server.kit.crowding import Priority

# What a person said or did about a question: it is lost with their patience.
_ANSWERS = frozenset(
    {
        *("answerQuestion", "correctAnswer", "declineQuestion", "dismissQuestion", "reportShown"),
        *("recordConsent", "skipQuestion"),
    }
)
# What reads or writes many profiles, or long logs.
_BULK = frozenset(
    {
        *("answers", "auditLog", "enrichmentEstimate", "experimentResults", "profileCount", "profiles"),
        *("profilesBy", "questionStats", "setManyAttributes", "simulateQuestionSet", "trackEvents"),
    }
)
FIELDS = _ANSWERS | _BULK


def priority_of(root: str | None, *, is_app: bool) -> Priority:
    """Return how much it matters that an operation is executed now; None is a root that is not known."""
    if not is_app:
        return Priority.ANSWER if root in _ANSWERS else Priority.QUESTION
    return Priority.BULK if root in _BULK else Priority.APP
