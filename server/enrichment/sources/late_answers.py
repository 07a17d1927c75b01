"""Takes what a provider posts to us later: once, for the look-up that waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from server.enrichment.model import Result
    from server.enrichment.sources.callbacks import Callbacks
    from server.enrichment.sources.live import LiveEnrichers

    # Of profile, enricher and reference: whether the result was waited for, and is written.
    CalledBack = Callable[[str, str, str, Result], Awaitable[bool]]


class LateAnswers:
    """Answers the door at the addresses that providers were given."""

    def __init__(self, *, callbacks: Callbacks, live: LiveEnrichers, called_back: CalledBack) -> None:
        self._callbacks = callbacks
        self._live = live
        self._called_back = called_back

    async def is_awaited(self, token: str) -> bool:
        """Whether anything is to be expected at this address: nobody else gets to send us anything."""
        return await self._callbacks.find(token) is not None

    async def take(self, token: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Write what was posted; False for whatever was not asked for, comes late or is not signed.

        Header names come in small letters. The write is the guard: of two posts at once one counts.
        """
        owed = await self._callbacks.find(token)
        source = None if owed is None else await self._live.source_of(owed.enricher_key)
        if owed is None or source is None:
            return False
        result = self._callbacks.posted(source, owed, headers, body)
        if result is None:
            return False
        is_taken = await self._called_back(owed.profile_id, owed.enricher_key, owed.reference, result)
        if is_taken:
            await self._callbacks.settle(owed)
        return is_taken
