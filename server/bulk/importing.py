"""Importing a file: in batches with a checkpoint after each, so that a killed import goes on where it was."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from server.bulk.errors import FileError
from server.bulk.mapping import read_mapping
from server.bulk.rows import csv_rows, json_rows
from server.kit.errors import ExpectedError
from server.profiles.importing import Imported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from server.bulk.mapping import ColumnMapping
    from server.bulk.rows import Row
    from server.bulk.store import Checkpoint, ImportStore
    from server.kit.clock import Clock
    from server.profiles.catalogue import Catalogue
    from server.profiles.importing import Importing, Prepared
    from server.profiles.service import Profiles

_BATCH = 1_000  # rows; some 2 MB of documents, and what a kill makes the next run look at again


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What to import and how. `renamed` maps columns to attribute keys, `user_id` or `email_identity`.

    With `brings_back` people who were erased are imported like anybody else.
    """

    file: Path
    rejects: Path
    renamed: Mapping[str, str]
    encoding: str = "utf-8"
    is_dry_run: bool = False
    is_again: bool = False
    brings_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file: rows taken (or good, in a dry run) and refused. `was_done` is a run too many."""

    taken: int
    refused: int
    was_done: bool = False


class FileImport:
    """Takes one file after the other."""

    def __init__(self, *, profiles: Profiles, importing: Importing, store: ImportStore, clock: Clock) -> None:
        self._profiles = profiles
        self._importing = importing
        self._store = store
        self._clock = clock

    async def run(self, options: ImportOptions, progress: Callable[[int], None]) -> Outcome:
        """Import a file and return what became of it; `progress` hears how many bytes are behind.

        Repeating a finished import does nothing unless `is_again`. Raises FileError.
        """
        with options.file.open("rb") as stream:
            catalogue = await self._profiles.catalogue.current()
            mapping, rows = _opened(stream, options, catalogue)
            import_id = _id_of(options)
            if options.is_again:
                await self._store.forget(import_id)
            checkpoint = await self._begin(import_id, options)
            if checkpoint.is_finished:
                return _outcome(checkpoint, was_done=True)
            deque(islice(rows, checkpoint.rows), maxlen=0)
            read = _Reader(
                mapping=mapping,
                catalogue=catalogue,
                import_id=import_id,
                is_text=not _is_json(options.file),
            )
            return await self._rest(rows, read, checkpoint, options, lambda: progress(stream.tell()))

    async def _begin(self, import_id: str, options: ImportOptions) -> Checkpoint:
        checkpoint = await self._store.begin(import_id, self._clock())
        if options.is_dry_run:
            checkpoint = replace(checkpoint, rows=0, refused=0, rejects_bytes=0, is_finished=False)
        if options.rejects.exists():  # what a killed run wrote after its last checkpoint comes again
            with options.rejects.open("r+b") as rejects:
                rejects.truncate(checkpoint.rejects_bytes)
        return checkpoint

    async def _rest(
        self,
        rows: Iterator[Row],
        read: _Reader,
        checkpoint: Checkpoint,
        options: ImportOptions,
        progress: Callable[[], None],
    ) -> Outcome:
        """Take what is left: one batch is made ready while the database stores the one before."""
        with options.rejects.open("ab") as rejects:
            run = _Run(self, options, checkpoint, rejects)
            try:
                await self._take_all(rows, read, run, progress)
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from None  # there is one task at a time
        checkpoint = replace(run.checkpoint, is_finished=True)
        await self.save(checkpoint, options)
        if not checkpoint.rejects_bytes:
            options.rejects.unlink()
        return _outcome(checkpoint)

    async def _take_all(
        self, rows: Iterator[Row], read: _Reader, run: _Run, progress: Callable[[], None]
    ) -> None:
        async with asyncio.TaskGroup() as group:
            storing: asyncio.Task[None] | None = None
            ready: _Batch | None = None
            while batch := list(islice(rows, _BATCH)):
                ready = await self._prepared(batch, read, run, ready)
                if storing is not None:
                    await storing
                storing = group.create_task(run.take(ready))
                progress()

    async def _prepared(
        self, batch: Sequence[Row], read: _Reader, run: _Run, beside: _Batch | None
    ) -> _Batch:
        """Return a batch made ready while the one before, `beside` it, is being stored."""
        read_rows = [(row, read(row)) for row in batch]
        refused = [(row, each) for row, each in read_rows if isinstance(each, str)]
        good = [(row, each) for row, each in read_rows if not isinstance(each, str)]
        people = [each for _, each in good]
        prepared = await self._importing.prepare(
            people,
            run.checkpoint.started_at,
            brings_back=run.options.brings_back,
            beside=None if beside is None else beside.prepared,
        )
        return _Batch(rows=[row for row, _ in good], refused=refused, prepared=prepared, size=len(batch))

    async def take(self, batch: _Batch, options: ImportOptions) -> list[tuple[Row, str]]:
        """Write a batch (not in a dry run); return the rows that were refused, with the reason, in order."""
        prepared = batch.prepared
        reasons = prepared.refused if options.is_dry_run else await self._importing.take(prepared)
        refused = [*batch.refused, *((batch.rows[index], reason) for index, reason in reasons.items())]
        return sorted(refused, key=lambda each: each[0].number)

    async def save(self, checkpoint: Checkpoint, options: ImportOptions) -> None:
        """Remember how far the import came, unless it is a dry run."""
        if not options.is_dry_run:
            await self._store.save(checkpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A batch made ready: the rows that could be read, those that could not, how many together."""

    rows: Sequence[Row]
    refused: Sequence[tuple[Row, str]]
    prepared: Prepared
    size: int


@dataclass(slots=True)
class _Run:
    """One run over a file: what it wrote so far."""

    files: FileImport
    options: ImportOptions
    checkpoint: Checkpoint
    rejects: BinaryIO

    async def take(self, batch: _Batch) -> None:
        """Take a batch, then the rejects, then the checkpoint: what a kill leaves is taken again."""
        refused = await self.files.take(batch, self.options)
        for row, reason in refused:
            self.rejects.write(_reject(row, reason))
        self.rejects.flush()
        self.checkpoint = replace(
            self.checkpoint,
            rows=self.checkpoint.rows + batch.size,
            refused=self.checkpoint.refused + len(refused),
            rejects_bytes=self.rejects.tell(),
        )
        await self.files.save(self.checkpoint, self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads one row, or says why it can't be read."""

    mapping: ColumnMapping
    catalogue: Catalogue
    import_id: str
    is_text: bool

    def __call__(self, row: Row) -> Imported | str:
        try:
            person = self.mapping.person(row, self.catalogue, is_text=self.is_text)
        except ExpectedError as error:
            return error.message
        return Imported(
            seed=self.import_id, number=row.number, identities=person.identities, values=person.values
        )


def _opened(
    stream: BinaryIO, options: ImportOptions, catalogue: Catalogue
) -> tuple[ColumnMapping, Iterator[Row]]:
    """Return what the columns fill, and the rows."""
    read = json_rows if _is_json(options.file) else csv_rows
    try:
        first = next(read(stream, options.encoding), None)
    except LookupError:
        raise FileError(f"There is no encoding {options.encoding!r}.") from None
    if first is None:
        raise FileError("The file has no rows.")
    columns = _columns(options.file, options.encoding, first)
    stream.seek(0)
    return read_mapping(columns, options.renamed, catalogue), read(stream, options.encoding)


def _columns(file: Path, encoding: str, first: Row) -> Sequence[str]:
    """Return the names of the columns: of a CSV file those of its header, else those that its rows use."""
    if not _is_json(file):
        if first.cells:
            return list(first.cells)
        with file.open(encoding=encoding, errors="replace", newline="") as text:
            return [name.strip() for name in next(csv.reader([text.readline()]))]
    with file.open("rb") as stream:
        rows = islice(json_rows(stream, encoding), _BATCH)
        return list(dict.fromkeys(column for row in rows for column in row.cells))


def _is_json(file: Path) -> bool:
    return file.suffix.lower() in {".jsonl", ".ndjson", ".json"}


def _id_of(options: ImportOptions) -> str:
    """Return what names this import: the file's content and what its columns fill."""
    with options.file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    mapping = json.dumps(sorted(options.renamed.items()))
    return hashlib.sha256(f"{content}|{mapping}|{options.encoding}".encode()).hexdigest()


def _reject(row: Row, reason: str) -> bytes:
    line = {"row": row.number, "reason": reason, "cells": dict(row.cells)}
    return json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n"


def _outcome(checkpoint: Checkpoint, *, was_done: bool = False) -> Outcome:
    taken = checkpoint.rows - checkpoint.refused
    return Outcome(taken=taken, refused=checkpoint.refused, was_done=was_done)
