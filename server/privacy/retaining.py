"""Drops what is older than its retention, once a day."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from server.kit.ids import first_id
from server.kit.jobs.model import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.privacy.erasing import Erasing
    from server.privacy.holding_store import HoldingStore
    from server.privacy.model import Holding

_log = logging.getLogger(__name__)
VISITORS = "anonymous_profiles"  # beside the collections: browsers that never came back
_BATCH = 100  # visitors at once


class Retaining:
    """Runs the jobs of kind RETAIN. `rules` say how long each collection keeps what it holds."""

    def __init__(
        self, *, holdings: HoldingStore, erasing: Erasing, clock: Clock, rules: Mapping[str, timedelta]
    ) -> None:
        self._holdings = holdings
        self._erasing = erasing
        self._clock = clock
        self._rules = rules

    async def run(self, job: Job) -> JobResult:  # noqa: ARG002 - the moment is all it needs
        """Drop what is too old; interrupted, the rest goes with the next run."""
        now = self._clock()
        for holding in self._holdings.personal:
            keeps = self._rules.get(holding.collection)
            if keeps is not None and holding.dated is not None:
                dropped = await self._holdings.drop_older(holding, now - keeps)
                _log.info("retention: %d dropped from %s", dropped, holding.collection)
        if VISITORS in self._rules:
            await self._forget_visitors(now - self._rules[VISITORS])
        return Done()

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Nobody waits to hear of it."""

    async def given_up(self, job: Job, reason: str) -> None:
        """Nobody waits to hear of it: the next day brings another."""

    async def _forget_visitors(self, before: datetime) -> None:
        oldest = first_id("prf", before)
        while gone := await self._holdings.visitors_gone_since(before, oldest, _BATCH):
            for profile_id in gone:
                await self._erasing.erase_visitor(profile_id, before)


def why_unknown(rules: Mapping[str, timedelta], holdings: Iterable[Holding]) -> str | None:
    """Return what is wrong with the rules of retention, in one sentence, or None."""
    dated = {each.collection for each in holdings if each.dated is not None} | {VISITORS}
    strange = sorted(rules.keys() - dated)
    if not strange:
        return None
    return f"ACQUAINT_RETENTION names {strange[0]!r}; it can be one of {', '.join(sorted(dated))}."
