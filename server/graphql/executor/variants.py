"""Which compiled variants of operations are kept: those used last, as far as there is room.

A variant is an operation under one answer to each of its conditions. Clients choose documents and answers, so
what they make us keep has to be bounded: by the compiled fields, which weigh about 3 kB each, and by the text
of the document that a variant keeps alive.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

    from server.graphql.executor.objects import Execute

Count = Callable[[int], None]
"""Told of fields that were compiled, also while a variant is executed."""
ROOM = 20_000  # fields, some 60 MB at worst; 500 variants of 40 fields
_CHARACTERS_OF_A_FIELD = 20  # as many weigh as much as one compiled field: 160 bytes of AST each


class Variants:
    """Variants by whatever names them, within room for so many fields. The newest one always has a place."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, _Variant] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> Execute | None:
        """Return a variant if it is kept, and keep it longer than any other."""
        variant = self._kept.get(key)
        if variant is None:
            return None
        self._kept.move_to_end(key)
        return variant.execute

    def add(self, key: Hashable, text: str, compile_: Callable[[Count], Execute]) -> Execute:
        """Compile a variant of a document with this text, and keep it."""
        variant = _Variant()

        def count(fields: int) -> None:
            variant.weight += fields
            if self._kept.get(key) is variant:
                self._weight += fields
                self._make_room()

        variant.execute = compile_(count)
        variant.weight += len(text) // _CHARACTERS_OF_A_FIELD
        self._kept[key] = variant
        self._weight += variant.weight
        self._make_room()
        return variant.execute

    def _make_room(self) -> None:
        while self._weight > self._room and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._weight -= oldest.weight


class _Variant:
    __slots__ = ("execute", "weight")

    execute: Execute

    def __init__(self) -> None:
        self.weight = 0
