"""Migrating: what there is to do, and doing it under a lock, a bit at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from server.kit.indexes import wanted_indexes
from server.kit.migrating import Filling
from server.kit.mongo import PyMongoError
from server.migrations.errors import MigrationError
from server.migrations.model import Act, IndexStep, Plan, RewriteStep
from server.migrations.planning import index_steps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from server.kit.clock import Clock
    from server.kit.migrating import Migration
    from server.kit.mongo import Database
    from server.migrations.store import MigrationStore

    Step = IndexStep | RewriteStep
    Tell = Callable[[Step, int], None]  # which hears how many documents of a step are done

_log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What was not migrated yet, and what a later version did to this database."""

    missing: Sequence[str]
    unknown: Sequence[str]


class Migrations:
    """Brings the database to what this version wants: `create` makes the indexes of all stores."""

    def __init__(
        self,
        *,
        store: MigrationStore,
        create: Callable[[Database], Awaitable[None]],
        registry: Sequence[Migration | Filling],
        clock: Clock,
        holder: str,
    ) -> None:
        self._store = store
        self._create = create
        self._registry = sorted(registry, key=lambda each: each.key)
        self._clock = clock
        self._holder = holder

    async def plan(self, *, drops: bool = False) -> Plan:
        """Return what there is to do; raise MigrationError where this version can't do it."""
        wanted = await wanted_indexes(self._create)
        there = await self._store.indexes(wanted)
        indexes = [
            replace(each, documents=await self._store.size(each.collection))
            for each in index_steps(wanted, there, drops=drops)
        ]
        dropped = [each for each in indexes if each.act is Act.DROP]
        finished = await self._store.finished()
        rewrites = [
            RewriteStep(migration=each, documents=await self._store.pending(each))
            for each in self._registry
            if each.key not in finished or _is_replaced(each, dropped)
        ]
        kept = [each for each in indexes if each.act is not Act.DROP]
        return Plan(indexes=kept, rewrites=rewrites, drops=dropped)

    async def due(self) -> Due:
        """Return which migrations of documents are left, without counting anything."""
        finished, ours = await self._store.finished(), {each.key for each in self._registry}
        return Due(missing=sorted(ours - finished), unknown=sorted(finished - ours))

    async def tell_due(self) -> None:
        """Say in the log what documents are of another version; nothing where the database is away."""
        try:
            due = await self.due()
        except PyMongoError:
            return
        if due.missing:
            _log.warning("documents wait to be migrated, run `acquaint migrate`: %s", ", ".join(due.missing))
        if due.unknown:
            _log.warning("a later version migrated this database: %s", ", ".join(due.unknown))

    async def run(self, tell: Tell, *, drops: bool = False, waits: bool = False) -> Plan:
        """Do it, or the rest of it, and return what was planned.

        While another process does, wait for it or raise MigrationError.
        """
        await self._begin(waits=waits)
        try:
            plan = await self.plan(drops=drops)
            for collection, steps in groupby(plan.indexes, key=lambda each: each.collection):
                await self._index(collection, list(steps), tell)
            for rewrite in plan.rewrites:
                if _is_replaced(rewrite.migration, plan.drops):
                    await self._store.start_anew(rewrite.migration.key)
                await self._rewrite(rewrite, tell)
            for drop in plan.drops:
                await self._store.drop(drop.collection, drop.name)
                tell(drop, drop.documents)
        finally:
            await self._store.unlock(self._holder)
        return plan

    async def _index(self, collection: str, steps: Sequence[IndexStep], tell: Tell) -> None:
        for step in steps:
            if step.act is Act.REPLACE:
                await self._store.drop(collection, step.name)
            elif step.act is Act.EXPIRE:
                await self._store.expire(collection, step.definition)
        built = [each for each in steps if each.act in {Act.BUILD, Act.REPLACE}]
        if built:
            await self._build(collection, built, tell)
        for step in steps:
            if step.act is not Act.LEAVE:
                tell(step, step.documents)

    async def _build(self, collection: str, steps: Sequence[IndexStep], tell: Tell) -> None:
        """Build several at once: the collection is read once for all of them."""
        build = asyncio.ensure_future(self._store.build(collection, [each.definition for each in steps]))
        try:
            while not (await asyncio.wait({build}, timeout=_POLL_SECONDS))[0]:
                await self._lock()
                tell(steps[0], await self._store.seen(collection))
        finally:
            build.cancel()  # does nothing to what is done
        await build

    async def _rewrite(self, step: RewriteStep, tell: Tell) -> None:
        documents = 0
        while rewritten := await self._store.rewrite(step.migration, self._clock()):
            documents += rewritten
            await self._lock()
            tell(step, documents)
        if not await self._store.finish(step.migration, self._clock()):
            raise MigrationError(
                f"An earlier version still writes what {step.migration.key} rewrites: run `acquaint migrate`"
                " once more when it no longer runs."
            )

    async def _begin(self, *, waits: bool) -> None:
        while True:
            try:
                return await self._lock()
            except MigrationError:
                if not waits:
                    raise
            await asyncio.sleep(_POLL_SECONDS)

    async def _lock(self) -> None:
        now = self._clock()
        await self._store.lock(self._holder, now, now + LEASE)


def _is_replaced(migration: Migration | Filling, dropped: Sequence[IndexStep]) -> bool:
    """Whether the index that stands for what a version without this migration writes is about to go."""
    return isinstance(migration, Filling) and any(
        f"{each.collection}.{each.name}" == migration.replaces for each in dropped
    )
