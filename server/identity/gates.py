"""Who is asked before somebody signs in or links an account; they lie above, and come in by construction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.profiles.gates import Word
    from server.profiles.model import Claim, IdentityRef, Profile
    from server.profiles.service import Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An account that proved itself; `brings` returns what it says of its person, None for a stranger."""

    provider: str
    ref: IdentityRef
    brings: Callable[[Profile | None], Awaitable[tuple[Claim, ...]]]


class SignInGate(Protocol):
    """Who is asked; they may say no and add a word of their own."""

    async def before_sign_in(self, profiles: Profiles, arrival: Arrival) -> Word:
        """Return what they say to a sign-in, of somebody known or not; raise RefusedError."""

    async def before_link(self, profiles: Profiles, profile: Profile, arrival: Arrival) -> Word:
        """Return what they say to an account that is about to join a person; raise RefusedError."""
