"""What a backup is made of: parts (files), each with sections of documents, and a manifest over all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = 1  # of parts and manifest; a higher one is of a later version


class Kind(StrEnum):
    """What to do with the documents of a section."""

    COPIED = "copied"  # read in the order of their ids
    CHANGED = "changed"  # read again, since they changed after they were copied
    GONE = "gone"  # nothing but `_id` of documents that are there no more
    SHAPE = "shape"  # one: the collection's `options`, such as a validator, and its `indexes`


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Documents of one collection, as BSON each."""

    kind: Kind
    collection: str
    documents: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a backup."""

    file: str
    bytes: int
    sha256: str
    documents: int


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a backup came: what begins it again after an interruption.

    `pending` are the collections to copy, the first up to `position` copied already: `_id` of the last
    document, as BSON. `place` is where in the change stream to go on, also as BSON; `since`, a moment as
    seconds and increment, is that for the very first time. `parts` are written, with `documents` in them.
    """

    id: str
    started_at: str
    since: tuple[int, int]
    pending: list[str]
    position: bytes | None = None
    place: bytes | None = None
    parts: int = 0
    documents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a finished backup is; `at` is the moment that it shows, in seconds and increment."""

    id: str
    format: int
    database: str
    started_at: str
    finished_at: str
    at: tuple[int, int]
    recipients: Sequence[str]
    parts: int
    parts_sha256: str
    documents: int
    bytes: int
