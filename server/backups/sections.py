"""Sections as BSON, one document after the other: `age -d | zstd -d` gives what any BSON reader reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bson import decode, encode

from server.backups.errors import BackupError
from server.backups.model import Kind, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LENGTH_BYTES = 4  # every BSON document opens with its length


def packed(backup_id: str, part: int, sections: Sequence[Section]) -> bytes:
    """Return the content of a part: whose it is, then each section's head and documents."""
    pieces = [encode({"backup": backup_id, "part": part})]
    for each in sections:
        head = {"kind": each.kind.value, "collection": each.collection, "documents": len(each.documents)}
        pieces.append(encode(head))
        pieces.extend(each.documents)
    return b"".join(pieces)


def unpacked(backup_id: str, part: int, content: bytes) -> Iterator[Section]:
    """Yield the sections; raise BackupError where it is another part than it should be."""
    documents = _documents(content)
    if decode(next(documents)) != {"backup": backup_id, "part": part}:
        raise BackupError(f"What should be part {part} of this backup is another: files were mixed up.")
    for raw in documents:
        head = decode(raw)
        found = [next(documents) for _ in range(head["documents"])]
        yield Section(kind=Kind(head["kind"]), collection=head["collection"], documents=found)


def _documents(content: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        end = start + int.from_bytes(content[start : start + _LENGTH_BYTES], "little")
        yield content[start:end]
        start = end
