"""A backup on disk: numbered parts, a line about each in `parts.jsonl`, `manifest.json` once all is there.

Until then `progress.json` says how far it came. Each file is written whole or not at all.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from server.backups.errors import BackupError
from server.backups.model import FORMAT, Manifest, Part, Progress
from server.kit.signing import derived_keys, is_tag, tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MANIFEST, _PROGRESS, _PARTS = "manifest.json", "progress.json", "parts.jsonl"
_PRIVATE = 0o700
_RAW = ("position", "place")


class BackupFolder:
    """Writes and reads the files of one backup; `secret`, the deployment's, signs the manifest."""

    def __init__(self, path: Path, secret: str) -> None:
        self.path = path
        self._keys = derived_keys(secret, "backup-manifest")

    # Writing

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder to this process; raise BackupError where it is held or holds something else."""
        self.path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        names = {each.name for each in self.path.iterdir()}
        if _MANIFEST in names:
            raise BackupError(f"There is a finished backup in {self.path} already: name another folder.")
        if names and not names & {_PROGRESS, _PARTS}:
            raise BackupError(f"{self.path} holds something else: name an empty or a new folder.")
        with (self.path / _PARTS).open("a") as lines:
            try:
                fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(f"Another process makes a backup in {self.path} just now.") from None
            yield

    def progress(self) -> Progress | None:
        """Return how far an interrupted backup came, or None where none was begun here."""
        try:
            found = json.loads((self.path / _PROGRESS).read_bytes())
        except FileNotFoundError:
            return None
        raw = {name: base64.b64decode(found[name]) for name in _RAW if found[name] is not None}
        progress = Progress(**{**found, **raw, "since": tuple(found["since"])})
        lines = (self.path / _PARTS).read_bytes().splitlines(keepends=True)[: progress.parts]
        os.truncate(self.path / _PARTS, sum(map(len, lines)))  # what came after is written again
        return progress

    def save(self, progress: Progress) -> None:
        """Remember how far the backup came."""
        raw = {name: _base64(getattr(progress, name)) for name in _RAW}
        self._write(_PROGRESS, json.dumps({**asdict(progress), **raw}).encode())

    def add(self, number: int, content: bytes, documents: int) -> None:
        """Write a part."""
        part = Part(
            file=f"{number:07}.bson.zst.age",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            documents=documents,
        )
        self._write(part.file, content)
        with (self.path / _PARTS).open("a") as lines:
            lines.write(json.dumps(asdict(part)) + "\n")
            lines.flush()
            os.fsync(lines.fileno())

    def totals(self) -> tuple[str, int]:
        """Return the SHA-256 of the list of parts, and how many bytes all of them have."""
        return self._digest(), sum(each.bytes for each in self._listed())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest: from here on it is a backup."""
        content = asdict(manifest)
        self._write(_MANIFEST, json.dumps({**content, "seal": self._seal(content)}, indent=1).encode())
        (self.path / _PROGRESS).unlink()

    # Reading

    def manifest(self, *, trusts_any_secret: bool = False) -> Manifest:
        """Return what the backup is; raise BackupError where it is none, unfinished, newer or not ours."""
        try:
            content = json.loads((self.path / _MANIFEST).read_bytes())
        except FileNotFoundError:
            raise BackupError(self._why_none()) from None
        except ValueError:
            raise BackupError(f"{self.path / _MANIFEST} is damaged: it is no JSON.") from None
        if content.get("format", 0) > FORMAT:
            raise BackupError(
                f"This backup was made by a later version of Acquaint: its format is {content['format']}, and"
                f" this version reads up to {FORMAT}."
            )
        seal = content.pop("seal", "")
        if not is_tag(seal, self._keys, _words(content)) and not trusts_any_secret:
            raise BackupError(
                "The manifest was made with another ACQUAINT_SECRET, or changed afterwards. Set the secret of"
                " the deployment that was backed up: without it what lies sealed in the database can't be"
                " read (--other-secret restores all the same)."
            )
        return Manifest(**{**content, "at": tuple(content["at"]), "recipients": tuple(content["recipients"])})

    def parts(self, manifest: Manifest) -> list[Part]:
        """Return the parts in order; raise BackupError where their list is not the manifest's."""
        try:
            if self._digest() == manifest.parts_sha256:
                return list(self._listed())
        except FileNotFoundError:
            pass
        raise BackupError(f"{self.path / _PARTS} is missing or damaged: fetch the backup again.")

    def content(self, part: Part) -> bytes:
        """Return the bytes of a part; raise BackupError where they are not those that were written."""
        try:
            content = (self.path / part.file).read_bytes()
        except FileNotFoundError:
            raise BackupError(f"{part.file} is missing: fetch the backup again.") from None
        if len(content) < part.bytes:
            raise BackupError(f"{part.file} is cut off: it has {len(content)} of {part.bytes} bytes.")
        if hashlib.sha256(content).hexdigest() != part.sha256:
            raise BackupError(f"{part.file} is damaged: its SHA-256 is not the one that was written.")
        return content

    def _digest(self) -> str:
        return hashlib.sha256((self.path / _PARTS).read_bytes()).hexdigest()

    def _listed(self) -> Iterator[Part]:
        with (self.path / _PARTS).open() as lines:
            for line in lines:
                yield Part(**json.loads(line))

    def _why_none(self) -> str:
        if (self.path / _PROGRESS).exists():
            return f"The backup in {self.path} is not finished: run `acquaint backup` on it again."
        return f"There is no backup in {self.path}: it has no {_MANIFEST}."

    def _seal(self, content: dict[str, Any]) -> str:
        return tag(self._keys[0], _words(content))

    def _write(self, name: str, content: bytes) -> None:
        draft = self.path / f"{name}.part"
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self.path / name)


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _words(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True)
