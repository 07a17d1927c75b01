"""Tokens that ended before their time: every process knows them in memory, and asks nobody for a request."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.model import VIEWER_TOKEN_LIFETIME
from server.access.revocation_store import COLLECTION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from server.access.revocation_store import RevocationStore
    from server.kit.clock import Clock

# For tokens that another process made a moment later, by a clock that goes a little after ours.
_KEPT = VIEWER_TOKEN_LIFETIME + timedelta(minutes=1)


class Revocations:
    """The sessions and people whose viewer tokens are void.

    In this process it counts at once, in the others when the change stream tells of it (in milliseconds;
    within seconds by the poll where there is no stream). An entry lives as long as a token can: then no token
    is left that it is about.
    """

    collection = COLLECTION

    def __init__(self, *, store: RevocationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._until: dict[str, datetime] = {}  # in the order of their ends, about
        self._is_loaded = False

    async def revoke(self, ids: Sequence[str]) -> None:
        """Void every token about these sessions or people, in every process."""
        if ids:
            until = self._clock() + _KEPT
            await self._store.put(ids, until)
            self._until.update(dict.fromkeys(ids, until))

    async def cover(self, *ids: str) -> bool:
        """Whether tokens about one of these are void."""
        if not self._is_loaded:
            await self.refresh()
        return not self._until.keys().isdisjoint(ids)

    async def refresh(self) -> None:
        """Load all; what was revoked here meanwhile stays."""
        loaded = await self._store.since(self._clock())
        self._until.update(loaded)
        self._forget_expired()
        self._is_loaded = True

    async def heed(self, changed: object) -> None:
        """Note what another process revoked.

        MongoDB tells in the same way when it drops what expired: then the entry stays a while longer, about
        tokens that have expired as well.
        """
        self._until[str(changed)] = self._clock() + _KEPT
        self._forget_expired()

    def _forget_expired(self) -> None:
        now = self._clock()
        while self._until and (first := next(iter(self._until))) and self._until[first] <= now:
            del self._until[first]
