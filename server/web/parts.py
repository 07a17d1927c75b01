"""Answers in parts: `multipart/mixed`, one for what is there at once and one for each thing that follows.

After the working group's text on incremental delivery over HTTP, and the older one of Apollo's router.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import orjson

from server.web.accepting import Parts
from server.web.event_stream import StreamInTime

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    Part = dict[str, Any]
    Path = list[str | int]

_TYPES = {
    Parts.BY_ID: 'multipart/mixed; boundary="-"; incrementalSpec=v0.2',
    Parts.BY_PATH: 'multipart/mixed; boundary="-"; deferSpec=20220824',
}
_HEAD = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"


class InParts(StreamInTime):
    """Sends the parts of one answer."""

    def __init__(self, parts: AsyncGenerator[Part, None], kind: Parts) -> None:
        super().__init__(_framed(parts, kind), _TYPES[kind])


async def only(response: Part) -> AsyncGenerator[Part, None]:
    """Return an answer that is whole, for who takes it in parts alone."""
    yield response


async def _framed(parts: AsyncGenerator[Part, None], kind: Parts) -> AsyncIterator[bytes]:
    """Yield each part with the boundary that follows it: clients wait for that before they read it."""
    paths = Paths()
    yield b"---"
    async with contextlib.aclosing(parts):
        async for part in parts:
            told = paths.told(part) if kind is Parts.BY_PATH else part
            yield _HEAD + orjson.dumps(told) + b"\r\n---"
    yield b"--\r\n"


class Paths:
    """Tells parts that say by id where they belong as those that say it by path (the text of 2022-08-24)."""

    def __init__(self) -> None:
        self._pending: dict[str, Part] = {}
        self._items: dict[str, int | None] = {}  # that were sent of each stream; None of what is none
        self._places: list[tuple[Path, Any]] = []  # what the part at hand brings

    def told(self, part: Part) -> Part:
        """Return the part in the older form."""
        self._places = [([], part["data"])] if "data" in part else []
        self._pending.update((each["id"], each) for each in part.get("pending", ()))
        entries = [self._entry(each) for each in part.get("incremental", ())]
        for each in part.get("pending", ()):
            self._sent(each["id"])
        entries += [self._failure(each) for each in part.get("completed", ()) if "errors" in each]
        kept: Part = {
            name: part[name] for name in ("data", "errors", "extensions", "hasNext") if name in part
        }
        return {**kept, "incremental": entries} if entries else kept

    def _entry(self, given: Part) -> Part:
        id_, items = given["id"], given.get("items")
        if items is None:
            path = [*self._pending[id_]["path"], *given.get("subPath", ())]
            self._places.append((path, given["data"]))
        else:
            path, first = self._pending[id_]["path"], self._sent(id_) or 0
            self._places += [([*path, first + number], item) for number, item in enumerate(items)]
            self._items[id_] = first + len(items)
            path = [*path, first]
        said: Part = {name: given[name] for name in ("data", "items", "errors") if name in given}
        return self._labelled(id_, {**said, "path": path})

    def _failure(self, given: Part) -> Part:
        """Return what stands for something that never comes."""
        path, sent = self._pending[given["id"]]["path"], self._sent(given["id"])
        nothing: Part = (
            {"data": None, "path": path} if sent is None else {"items": None, "path": [*path, sent]}
        )
        return self._labelled(given["id"], {**nothing, "errors": given["errors"]})

    def _labelled(self, id_: str, entry: Part) -> Part:
        label = self._pending[id_].get("label")
        return entry if label is None else {**entry, "label": label}

    def _sent(self, id_: str) -> int | None:
        if id_ not in self._items:
            path = self._pending[id_]["path"]
            found = (_at(data, path[len(base) :]) for base, data in self._places if path[: len(base)] == base)
            self._items[id_] = next((len(each) for each in found if isinstance(each, list)), None)
        return self._items[id_]


def _at(data: Any, path: Path) -> Any:  # noqa: ANN401 - whatever an answer holds
    for key in path:
        if isinstance(data, dict):
            data = data.get(str(key))
        else:
            data = data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
    return data
