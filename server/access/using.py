"""When each key was last used: noted in memory, written once a minute, so that no request waits for it.

Collection `api_key_uses`, by key id: apart from the keys, which every process would load anew at each use.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from server.kit.mongo import PyMongoError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from server.access.model import KeyId
    from server.access.store import KeyStore
    from server.kit.clock import Clock

_log = logging.getLogger(__name__)
_SECONDS = 60.0


class KeyUses:
    """Remembers when keys were used. What a process that dies noted in its last minute is lost."""

    def __init__(self, *, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[KeyId, datetime] = {}

    def note(self, key_id: KeyId) -> None:
        """Note that a key is used now."""
        self._noted[key_id] = self._clock()

    async def last(self, key_ids: Sequence[KeyId]) -> dict[KeyId, datetime]:
        """Return when these keys were last used, in any process, to the minute; used ones only."""
        return {**await self._store.last_uses(key_ids), **self._own(key_ids)}

    async def run(self) -> None:
        """Write what was noted every minute, until cancelled."""
        while True:
            await asyncio.sleep(_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write what was noted since the last time; what can't be written now is written next time."""
        noted, self._noted = self._noted, {}
        try:
            await self._store.note_uses(noted)
        except PyMongoError as error:
            _log.warning("the uses of keys can't be written now: %s", error)
            self._noted = {**noted, **self._noted}

    def _own(self, key_ids: Sequence[KeyId]) -> dict[KeyId, datetime]:
        return {each: self._noted[each] for each in key_ids if each in self._noted}
