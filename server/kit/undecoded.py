"""Documents of MongoDB of which one part is decoded when somebody looks at it, field by field.

Decoding is most of what reading a large document costs here. The layout is that of bsonspec.org, version 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bson import decode
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bson.raw_bson import RawBSONDocument

    from server.kit.mongo import Document

_DOCUMENT = 0x03
# Bytes of a value, by its kind: of a double, an ObjectId, a boolean, a date, a null, 32 and 64 bits; of a
# string, a document, an array and a binary those beside what their length counts, all bits turned.
_SIZES = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x12: 8}
_SIZES |= {0x02: ~4, _DOCUMENT: ~0, 0x04: ~0, 0x05: ~5}
_length = struct.Struct("<i")


class _Aware(TypeDecoder):
    """Dates in UTC: PyMongo's own way to make them so takes as long as all else about a document."""

    bson_type = datetime

    def transform_bson(self, value: datetime) -> datetime:
        """Return a date that was read with its time zone."""
        return datetime.combine(value, value.time(), UTC)


_AWARE: CodecOptions[Document] = CodecOptions(type_registry=TypeRegistry([_Aware()]))


def halved(document: RawBSONDocument, later: str) -> Document:
    """Return a document with the documents of one field as `Fields`; whole where there is no such field."""
    raw = bytes(document.raw)
    place = _place(raw, later.encode())
    if place is None:
        return decode(raw, _AWARE)
    first, begins, ends = place
    rest = _length.pack(len(raw) - (ends - first)) + raw[4:first] + raw[ends:]
    return {**decode(rest, _AWARE), later: Fields(raw[begins:ends])}


class Fields(Mapping[str, Any]):
    """A document of documents as it came over the wire: what is not looked at costs nothing."""

    __slots__ = ("_places", "_raw", "_read")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._places: dict[str, slice] | None = None
        self._read: dict[str, Document] = {}

    def _located(self) -> dict[str, slice]:
        if self._places is None:
            raw = self._raw
            self._places = {
                raw[at + 1 : begins - 1].decode(): slice(begins, ends) for at, begins, ends in _elements(raw)
            }
        return self._places

    def __getitem__(self, key: str) -> Document:
        if key not in self._read:
            self._read[key] = decode(self._raw[self._located()[key]], _AWARE)
        return self._read[key]

    def __contains__(self, key: object) -> bool:
        if self._places is None and isinstance(key, str) and b"\x03%b\0" % key.encode() not in self._raw:
            return False  # no field can be called so; whether one is, the places say
        return key in self._located()

    def __iter__(self) -> Iterator[str]:
        return iter(self._located())

    def __len__(self) -> int:
        return len(self._located())


def _place(raw: bytes, name: bytes) -> tuple[int, int, int] | None:
    """Return where a document of this name, and its content, begins and where it ends."""
    wanted = b"\x03%b\0" % name
    try:
        for at, begins, ends in _elements(raw):
            if raw[at] == _DOCUMENT and raw.startswith(wanted, at):
                return at, begins, ends
    except KeyError:
        pass  # of a kind that we don't store
    return None


def _elements(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield of each element where it and its value begin, and where it ends; raise KeyError."""
    at, index, length, sizes = 4, raw.index, _length.unpack_from, _SIZES
    while kind := raw[at]:
        begins = index(0, at) + 1
        size = sizes[kind]
        ends = begins + (size if size >= 0 else ~size + length(raw, begins)[0])
        yield at, begins, ends
        at = ends
