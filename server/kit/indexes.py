"""Which indexes the stores want, and which of them the database does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from server.kit.mongo import Database, Document, IndexModel

    Create = Callable[[Database], Awaitable[None]]


class _Collection:
    """Takes what `create_indexes` of a store says, and does nothing."""

    def __init__(self) -> None:
        self.indexes: dict[str, Document] = {}

    def with_options(self, **_: Any) -> _Collection:  # noqa: ANN401 - as the driver's
        return self

    async def create_indexes(self, models: Iterable[IndexModel]) -> None:
        self.indexes |= {each.document["name"]: each.document for each in models}


class _Recorder(dict[str, _Collection]):
    def __missing__(self, name: str) -> _Collection:
        self[name] = _Collection()
        return self[name]


async def wanted_indexes(create: Create) -> dict[str, dict[str, Document]]:
    """Return the definition of each index that `create` would make, by its name and its collection's."""
    wanted = _Recorder()
    await create(cast("Database", wanted))
    return {name: each.indexes for name, each in wanted.items() if each.indexes}


async def present_indexes(database: Database, collections: Iterable[str]) -> dict[str, dict[str, Document]]:
    """Return the definition of each index that is there, in the same way, save those of `_id`."""
    return {
        name: {
            each["name"]: dict(each) async for each in database[name].list_indexes() if each["name"] != "_id_"
        }
        for name in collections
    }


async def missing_indexes(database: Database, create: Create) -> list[str]:
    """Return `collection.index` for each index that `create` would make and that is not there."""
    wanted = await wanted_indexes(create)
    return missing(wanted, await present_indexes(database, wanted))


def missing(
    wanted: Mapping[str, Mapping[str, Document]], there: Mapping[str, Mapping[str, Document]]
) -> list[str]:
    """Return `collection.index` for each index that is wanted and not there."""
    return sorted(
        f"{name}.{index}" for name, those in wanted.items() for index in those.keys() - there[name].keys()
    )
