"""Takes announced changes to their reactions: at least once each, so every reaction must be idempotent."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from server.kit.changes import read_change
from server.kit.group_commit import GroupCommit
from server.kit.instruments import Instruments
from server.kit.mongo import is_conflict, is_outage
from server.kit.tracing import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from server.kit.changes import Change
    from server.kit.clock import Clock

    Reactions = Mapping[type[Change], Sequence[Callable[[Any], Awaitable[None]]]]

_log = logging.getLogger(__name__)
_AT_ONCE = 64  # outboxes in hand, each in a task of its own
_FIRST_REST = timedelta(seconds=1)
_LONGEST_REST = timedelta(minutes=5)


class Outboxes(Protocol):
    """The documents that changes were announced in."""

    async def pending_outboxes(
        self, limit: int, *, kinds: Collection[str], resting: Collection[str], share: str
    ) -> Sequence[tuple[Any, Sequence[Mapping[str, Any]]]]:
        """Return documents with an entry of one of `kinds` that is not among the ids `resting`.

        Where `share` is not empty, it is a pattern of the ids of documents that count.
        """
        ...

    async def clear_outboxes(self, taken: Sequence[tuple[Any, Sequence[str]]]) -> None:
        """Take these entries off these documents."""
        ...


class Shares(Protocol):
    """What of all is for this relay."""

    async def share(self) -> str:
        """Return the pattern of ids; empty for all."""
        ...

    async def leave(self) -> None:
        """Take no share any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Failure:
    """A change whose reaction raised: how often, and until when it is left alone."""

    count: int
    until: datetime


class Relay:
    """Delivers what lies in the outboxes.

    Several may run at once, each with its share; now and then some reactions run twice, which they must
    bear anyway. A change of a kind that is not in the table stays where it is: a newer version announced it
    and will take it. A change whose reaction raises rests for ever longer, in this process, while all others
    go on.
    """

    def __init__(
        self,
        *,
        outboxes: Outboxes,
        reactions: Reactions,
        clock: Clock,
        instruments: Instruments | None = None,
        shares: Shares | None = None,
        at_once: int = _AT_ONCE,
    ) -> None:
        self._outboxes = outboxes
        self._reactions = reactions
        self._kinds = {change.kind for change in reactions}
        self._clock = clock
        self._instruments = instruments or Instruments()
        self._failures: dict[str, _Failure] = {}
        self._strangers: set[str] = set()
        self._shares = shares
        self._at_once = at_once
        self._in_hand: dict[Any, asyncio.Task[bool]] = {}  # by document
        self.was_full = False  # when it last took something up: more may wait
        self._clearing = GroupCommit(self._clear)

    async def deliver(self, *, within: float | None = None) -> bool:
        """Take up what waits, and wait for all that is in hand, or for so many seconds.

        Returns whether there may be more to do. Raises what hindered one; all others go on.
        """
        await self._take_up()
        if not self._in_hand:
            return False
        ended, _ = await asyncio.wait(self._in_hand.values(), timeout=within)
        self._in_hand = {key: task for key, task in self._in_hand.items() if task not in ended}
        # No TaskGroup: after one that failed this task counts as cancelled, and a time limit ends it (3.11).
        for error in [task.exception() for task in ended]:
            if error is not None:
                raise error
        return bool(self._in_hand) or any(task.result() for task in ended)

    async def end(self) -> None:
        """Wait for what is in hand, and leave the rest to others."""
        if self._in_hand:
            await asyncio.wait(self._in_hand.values())
        if self._shares is not None:
            await self._shares.leave()

    async def _take_up(self) -> None:
        """Begin on those that have waited longest, as many as there is room for."""
        pending = await self._outboxes.pending_outboxes(
            self._at_once,
            kinds=self._kinds,
            resting=self._resting(self._clock()),
            share="" if self._shares is None else await self._shares.share(),
        )
        for document_id, entries in pending:
            if len(self._in_hand) < self._at_once and document_id not in self._in_hand:
                self._in_hand[document_id] = asyncio.create_task(self._deliver(document_id, entries))
        self.was_full = len(self._in_hand) == self._at_once

    async def _deliver(self, document_id: object, entries: Sequence[Mapping[str, Any]]) -> bool:
        resting = self._resting(self._clock())
        delivered = [
            entry["id"] for entry in entries if entry["id"] not in resting and await self._take(entry)
        ]
        if delivered:
            await self._clearing.join((document_id, delivered))
        return bool(delivered)

    async def _clear(self, taken: Sequence[tuple[Any, Sequence[str]]]) -> Sequence[None]:
        await self._outboxes.clear_outboxes(taken)
        return [None for _ in taken]

    async def _take(self, entry: Mapping[str, Any]) -> bool:
        """Run the reactions to one entry; whether all of them did their part."""
        change = read_change(entry, self._reactions)
        if change is None:
            self._leave(entry["kind"])
            return False
        tracing = self._instruments.tracing
        try:
            with tracing.span(f"react to {change.kind}", Kind.CONSUMER, link=entry.get("trace")):
                for react in self._reactions[type(change)]:
                    await react(change)
        except Exception as error:  # noqa: BLE001 - a bug in one reaction must not stall the others
            if is_conflict(error):
                self._rest(change)
                _log.warning("what %s writes is locked; others go on", change.kind)
            elif is_outage(error):
                _log.warning("database away while reacting to %s: %s", change.kind, error)
            else:
                count = self._rest(change)
                _log.exception("reaction to %s %s failed, attempt %d", change.kind, change.id, count)
            return False
        self._failures.pop(change.id, None)
        self._instruments.reacted(change)
        return True

    def _rest(self, change: Change) -> int:
        """Leave a change alone for a while; return how often it failed."""
        count = self._failures[change.id].count + 1 if change.id in self._failures else 1
        rest = min(_FIRST_REST * 2 ** min(count - 1, 16), _LONGEST_REST)
        self._failures[change.id] = _Failure(count, self._clock() + rest)
        return count

    def _resting(self, now: datetime) -> set[str]:
        """Return the changes that are left alone now, and forget those that somebody else took long ago."""
        forgotten = now - 2 * _LONGEST_REST
        self._failures = {key: each for key, each in self._failures.items() if each.until > forgotten}
        return {change_id for change_id, failure in self._failures.items() if failure.until > now}

    def _leave(self, kind: str) -> None:
        if kind not in self._strangers:
            self._strangers.add(kind)
            _log.warning("changes of kind %s are left for a version that knows them", kind)
