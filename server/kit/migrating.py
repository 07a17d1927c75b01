"""What a store says of documents that an earlier version wrote, and how they become what it writes today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from server.kit.mongo import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """Rewrites documents while both versions run: each has to read what the other writes.

    `key` never changes and says the order: a year and month, then what becomes of it. `pending` finds what is
    to be rewritten and nothing that was; `rewrite` is an update pipeline, which may be repeated.
    """

    key: str
    collection: str
    why: str
    pending: Mapping[str, object]
    rewrite: Sequence[Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Writes to another collection what the documents of this one call for, while both versions run.

    `fill` takes ids of documents; it may be repeated, and leaves as it is what is right. For what the earlier
    version writes meanwhile stands the index that this `replaces` (`collection.name`): everything is filled
    once more before that one is dropped, when no process of that version runs.
    """

    key: str
    collection: str
    why: str
    fill: Callable[[Sequence[Any]], Awaitable[None]]
    replaces: str
