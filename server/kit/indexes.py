"""Which indexes the stores want, and which of them the database does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from server.kit.mongo import Database, IndexModel


class _Collection:
    """Takes what `create_indexes` of a store says, and does nothing."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def with_options(self, **_: Any) -> _Collection:  # noqa: ANN401 - as the driver's
        return self

    async def create_indexes(self, models: Iterable[IndexModel]) -> None:
        self.names |= {each.document["name"] for each in models}

    async def update_many(self, *_: object) -> None:
        """Bring no document up to date."""


class _Recorder(dict[str, _Collection]):
    def __missing__(self, name: str) -> _Collection:
        self[name] = _Collection()
        return self[name]


async def missing_indexes(database: Database, create: Callable[[Database], Awaitable[None]]) -> list[str]:
    """Return `collection.index` for each index that `create` would make and that is not there."""
    wanted = _Recorder()
    await create(cast("Database", wanted))
    there = {
        name: {each["name"] async for each in database[name].list_indexes()}
        for name, each in wanted.items()
        if each.names
    }
    return sorted(f"{name}.{index}" for name in there for index in wanted[name].names - there[name])
