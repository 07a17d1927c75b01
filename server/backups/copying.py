"""Making a backup: copy every collection, then what changed meanwhile, the last of it at one moment.

No snapshot has to last as long as the copy: the change stream names the documents that were written after
they were copied, and those are read again. The last of them are read at one moment, by when every document
that changed since it was read has been named: so each is in the backup as it was at that moment.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

from server.backups.errors import BackupError, SnapshotGoneError
from server.backups.model import FORMAT, Kind, Manifest, Progress, Section
from server.backups.sealing import sealed
from server.backups.sections import packed
from server.backups.store import Moment, is_behind, key_of
from server.kit.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from server.backups.folder import BackupFolder
    from server.backups.store import Event, SourceStore, Tail
    from server.kit.clock import Clock

PART_BYTES = 32 * 2**20  # before compression; two replies of MongoDB may come on top, 16 MB each
_KEYS = 500  # read again at once
_LAST_TRIES = 5
_TOO_MUCH = (
    "More is written than can be read again before the server forgets the moment at which it has to be: run"
    " the same command again when less is written, or raise minSnapshotHistoryWindowInSeconds."
)


class Backup:
    """Makes one backup, or goes on with one that was interrupted."""

    def __init__(
        self,
        *,
        source: SourceStore,
        folder: BackupFolder,
        recipients: Sequence[str],
        database: str,
        clock: Clock,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._source = source
        self._folder = folder
        self._recipients = recipients
        self._database = database
        self._clock = clock
        self._part_bytes = part_bytes

    async def run(self, tell: Callable[[int], None]) -> Manifest:
        """Return what was made; `tell` hears how many documents are in it by now."""
        with self._folder.held():
            for _ in range(_LAST_TRIES):
                with suppress(SnapshotGoneError):  # so much had changed; the next time less is left
                    return await self._go_on(tell)
        raise BackupError(_TOO_MUCH)

    async def _go_on(self, tell: Callable[[int], None]) -> Manifest:
        progress = self._folder.progress() or await self._begin()
        tail = self._source.follow(Moment(*progress.since), progress.place)
        copy = _Copy(self._source, tail, progress, self._part_bytes)
        try:
            while progress.pending:
                await copy.catch_up(until=await self._source.now())
                await copy.copy()
                await self._put(copy, tell)
            await self._catch_up(copy, tell, until=await self._source.now())
            at = await self._source.snapshot(await self._source.now())
            await self._catch_up(copy, tell, until=at, at=at)
            await copy.add_shapes()
            await self._put(copy, tell)
        finally:
            await tail.close()
        return await self._finish(progress, at)

    async def _catch_up(
        self, copy: _Copy, tell: Callable[[int], None], *, until: Moment, at: Moment | None = None
    ) -> None:
        """Read again all that changed until a moment; the note is what is heard of from after it."""
        await self._source.note(copy.progress.id, self._clock())
        while not await copy.catch_up(until=until, at=at, waits=True):
            await self._put(copy, tell)

    async def _begin(self) -> Progress:
        now = self._clock()
        backup_id = new_id("bak", now)
        await self._source.note(backup_id, now)
        since = await self._source.now()
        return Progress(
            id=backup_id,
            started_at=now.astimezone(UTC).isoformat(),
            since=(since.time, since.inc),
            pending=await self._source.names(),
        )

    async def _put(self, copy: _Copy, tell: Callable[[int], None]) -> None:
        """Write what was gathered as a part, and remember how far that is."""
        progress, sections = copy.progress, copy.taken()
        documents = sum(len(each.documents) for each in sections)
        content = packed(progress.id, progress.parts + 1, sections)
        await asyncio.to_thread(self._write, progress.parts + 1, content, documents)
        progress.parts += 1
        progress.documents += documents
        self._folder.save(progress)
        tell(progress.documents)

    def _write(self, part: int, content: bytes, documents: int) -> None:
        self._folder.add(part, sealed(content, self._recipients), documents)

    async def _finish(self, progress: Progress, at: Moment) -> Manifest:
        now = self._clock()
        digest, size = self._folder.totals()
        manifest = Manifest(
            id=progress.id,
            format=FORMAT,
            database=self._database,
            started_at=progress.started_at,
            finished_at=now.astimezone(UTC).isoformat(),
            at=(at.time, at.inc),
            recipients=self._recipients,
            parts=progress.parts,
            parts_sha256=digest,
            documents=progress.documents,
            bytes=size,
        )
        self._folder.finish(manifest)
        await self._source.note_finished(manifest, now)
        return manifest


class _Copy:
    """Gathers the sections of a part at a time, and knows how far that is."""

    def __init__(self, source: SourceStore, tail: Tail, progress: Progress, part_bytes: int) -> None:
        self._source = source
        self._tail = tail
        self.progress = progress
        self._part_bytes = part_bytes
        self._sections: list[Section] = []
        self._bytes = 0

    def taken(self) -> list[Section]:
        """Return what was gathered, and gather anew."""
        taken, self._sections, self._bytes = self._sections, [], 0
        self.progress.place = self._tail.place
        return taken

    async def copy(self) -> None:
        """Copy what comes next, something also where the part is full: it goes on however much changes."""
        progress, is_first = self.progress, True
        while progress.pending and (is_first or self._bytes < self._part_bytes):
            is_first, collection = False, progress.pending[0]
            documents = await self._source.next_documents(collection, progress.position)
            if documents:
                self._add(Section(kind=Kind.COPIED, collection=collection, documents=documents))
                progress.position = key_of(documents[-1])
            else:
                progress.pending.pop(0)
                progress.position = None

    async def catch_up(self, *, until: Moment, at: Moment | None = None, waits: bool = False) -> bool:
        """Read again what changed until a moment, now or at `at`; False where a part is full before.

        That is all where nothing is heard just now or, when it waits, once something is from after `until`.
        """
        while self._bytes < self._part_bytes:
            changed, is_all = await self._changed(until, waits=waits)
            for collection, keys in changed.items():
                async for section in self._source.sections(collection, list(keys), at):
                    self._add(section)
            if is_all:
                return True
        return False

    async def add_shapes(self) -> None:
        """Add what each collection is apart from its documents."""
        for name in await self._source.names():
            self._add(await self._source.shape(name))

    async def _changed(self, until: Moment, *, waits: bool) -> tuple[dict[str, set[bytes]], bool]:
        """Return some keys of what changed after it was copied, by collection, and whether that is all."""
        changed: dict[str, set[bytes]] = {}
        for _ in range(_KEYS):
            event = await self._tail.take(until)
            if event is None and (self._tail.is_waiting or not waits):
                return changed, True
            if event is not None and self._is_copied(event):
                changed.setdefault(event.collection, set()).add(event.key)
        return changed, False

    def _is_copied(self, event: Event) -> bool:
        pending, position = self.progress.pending, self.progress.position
        if event.collection not in pending:
            return True
        return event.collection == pending[0] and position is not None and is_behind(event.key, position)

    def _add(self, section: Section) -> None:
        self._sections.append(section)
        self._bytes += sum(map(len, section.documents))
