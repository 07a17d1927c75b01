"""Who is asked before something is said of a person; they lie above, and come in by construction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from server.profiles.model import Claim, ProfileId, ProfileUpdate
    from server.profiles.service import Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What somebody who was asked says themself, and takes back of what they said before."""

    claims: tuple[Claim, ...] = ()
    retracted: tuple[Claim, ...] = ()


class UpdateGate(Protocol):
    """Who is asked before each write; they may say no and add a word of their own."""

    async def before_update(self, profiles: Profiles, profile_id: ProfileId, update: ProfileUpdate) -> Word:
        """Return what they say to a write; raise RefusedError."""


async def with_word(
    gate: UpdateGate | None, profiles: Profiles, profile_id: ProfileId, update: ProfileUpdate
) -> ProfileUpdate:
    """Return an update with what those say to it who are asked; raise RefusedError."""
    word = Word() if gate is None else await gate.before_update(profiles, profile_id, update)
    if not word.claims and not word.retracted:
        return update
    claims, retracted = (*update.claims, *word.claims), (*update.retracted, *word.retracted)
    return replace(update, claims=claims, retracted=retracted)
