"""Why somebody is asked what they are asked: every verdict in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import Scope
from server.questions.model import Explanation, Gate
from server.questions.writing import check_placement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.model import Viewer
    from server.profiles.model import IdentityRef, ProfileId
    from server.profiles.service import Profiles
    from server.questions.model import Verdict
    from server.questions.service import Questions

_WORDS: Mapping[Gate, str] = {
    Gate.PLACEMENT: "The set does not appear in this placement.",
    Gate.AUDIENCE: "The person is not in the set's audience.",
    Gate.TRIGGER: "The set waits for an event, a later sign-in, visit or day, or its time is over.",
    Gate.ARM: "The person's variant of the experiment leaves it out.",
    Gate.KNOWN: "It is known and fresh already.",
    Gate.UNCLAIMED: "There is no value to confirm.",
    Gate.ARCHIVED: "Its attribute is archived.",
    Gate.CONSENT: "The person does not allow what it is for.",
    Gate.ENRICHMENT: "A look-up is running that may answer it.",
    Gate.PACE: "The person has been asked enough for now.",
    Gate.OUTCOME: "The person dealt with it before, and it rests.",
    Gate.BRANCH: "Earlier answers lead elsewhere, or have not led here yet.",
}


class Explaining:
    """Explains decisions to admins; needs the scopes profiles:read and configuration:read."""

    def __init__(self, *, profiles: Profiles, questions: Questions) -> None:
        self._profiles = profiles
        self._questions = questions

    async def explain(
        self, viewer: Viewer, by: ProfileId | IdentityRef, placement: str
    ) -> Explanation | None:
        """Return every verdict in the order of asking; None for what does not exist or is not theirs.

        Raises InvalidInputError for what is no placement.
        """
        check_placement(placement)
        if not (viewer.has_scope(Scope.PROFILES_READ) and viewer.has_scope(Scope.CONFIGURATION_READ)):
            return None
        profile = await self._profiles.find_living(by)
        if profile is None:
            return None
        decision, verdicts = await self._questions.verdicts_for(profile, placement)
        return Explanation(
            state=decision.state,
            until=decision.until,
            verdicts=tuple((each, in_words(each, each == decision.verdict)) for each in verdicts),
        )


def in_words(verdict: Verdict, is_next: bool) -> str:  # noqa: FBT001 - the second half of one sentence
    """Return a verdict as a sentence."""
    if verdict.gate is None:
        return "It is asked now." if is_next else "It may be asked, after those before it."
    words = _WORDS[verdict.gate]
    if verdict.opens_at is not None:
        return f"{words} Not before {verdict.opens_at:%Y-%m-%d %H:%M:%S} UTC."
    return f"{words} It may open, but not by the clock." if verdict.may_open else words
