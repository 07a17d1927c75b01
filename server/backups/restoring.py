"""Restoring a backup into an empty database, or trying whether that could be done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from server.backups.errors import BackupError
from server.backups.model import Kind
from server.backups.sealing import opened
from server.backups.sections import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from server.backups.folder import BackupFolder
    from server.backups.model import Manifest, Part, Section
    from server.backups.target_store import TargetStore


class Restoring:
    """Reads one backup; `keys` are secret keys, of which one has to fit."""

    def __init__(self, *, folder: BackupFolder, manifest: Manifest, keys: Sequence[str]) -> None:
        self._folder = folder
        self._manifest = manifest
        self._keys = keys
        self._parts = folder.parts(manifest)

    async def run(self, target: TargetStore, tell: Callable[[int], None], *, replaces: bool) -> None:
        """Write everything, or what an interrupted run left out.

        `tell` hears how many parts are done, and one more when the indexes are built.
        """
        shapes = [each for each in await self._sections(len(self._parts)) if each.kind is Kind.SHAPE]
        done = await target.begin(self._manifest.id, replaces=replaces)
        for shape in shapes:
            await target.create(shape)
        for number in range(done + 1, len(self._parts) + 1):
            for section in await self._sections(number):
                await target.write(section)
            await target.note(self._manifest.id, number)
            tell(number)
        for shape in shapes:
            await target.index(shape)
        await target.finish()
        tell(len(self._parts) + 1)

    async def verify(self, tell: Callable[[int], None]) -> None:
        """Open every part and count what is in it; raise BackupError for the first that is damaged."""
        for number in range(1, len(self._parts) + 1):
            await self._sections(number)
            tell(number)

    async def _sections(self, number: int) -> list[Section]:
        return await asyncio.to_thread(self._open, number, self._parts[number - 1])

    def _open(self, number: int, part: Part) -> list[Section]:
        content = opened(part.file, self._folder.content(part), self._keys)
        sections = list(unpacked(self._manifest.id, number, content))
        if sum(len(each.documents) for each in sections) != part.documents:
            raise BackupError(f"{part.file} does not hold the documents that were written to it.")
        return sections


def verify_files(folder: BackupFolder, manifest: Manifest, tell: Callable[[int], None]) -> None:
    """Compare the SHA-256 of every file, which needs no key; raise BackupError for the first that differs."""
    for number, part in enumerate(folder.parts(manifest), 1):
        folder.content(part)
        tell(number)
