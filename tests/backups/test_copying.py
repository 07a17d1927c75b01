"""A backup shows one moment, however much is written meanwhile and however often it is interrupted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from bson import Binary, Int64, ObjectId, decode, encode
from motor.motor_asyncio import AsyncIOMotorClient

from server.backups.errors import BackupError, SnapshotGoneError
from server.backups.store import SourceStore
from server.kit.mongo import CommandListener, open_database
from tests.backups.world import InterruptedByTestError, state, stopping_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from server.backups.model import Section
    from server.backups.store import Moment
    from server.kit.mongo import Client, CommandStartedEvent
    from tests.backups.world import World


async def test_backup_under_load_restores_to_the_database_as_it_was_at_one_moment(world: World) -> None:
    await world.populate()

    async with world.written_to():
        made = await world.back_up()
    then = await state(world.source, made.at)
    await world.restore()

    assert await state(world.target) == then
    assert then != await state(world.source)
    assert made.documents > sum(map(len, then.values())) + len(then)  # many were read again
    assert sum([each["owes"] async for each in world.target["people"].find()]) == 0


async def test_interrupted_backup_goes_on_where_it_was(world: World) -> None:
    await world.populate()

    for parts in (3, 2, 4):
        async with world.written_to():
            with pytest.raises(InterruptedByTestError):
                await world.backup().run(stopping_after(parts))
        await world.write_once(parts)
    first_part = (world.path / "0000001.bson.zst.age").read_bytes()
    made = await world.back_up()
    then = await state(world.source, made.at)
    await world.restore()

    assert await state(world.target) == then
    assert (world.path / "0000001.bson.zst.age").read_bytes() == first_part


async def test_interrupted_restore_goes_on_where_it_was(world: World) -> None:
    await world.populate()
    async with world.written_to():
        made = await world.back_up()

    for parts in (2, 3):
        with pytest.raises(InterruptedByTestError):
            await world.restore(stopping_after(parts))
    left: list[int] = []
    await world.restore(left.append)

    assert await state(world.target) == await state(world.source, made.at)
    assert left[0] == 2 + 3 + 1


async def test_backup_goes_on_after_an_election(world: World) -> None:
    elections: list[asyncio.Future[Any]] = []
    await world.populate()
    step_down = {"replSetStepDown": 1, "secondaryCatchUpPeriodSecs": 0, "force": True}

    def tell(_: int) -> None:
        if not elections:
            elections.append(asyncio.ensure_future(world.source.client.admin.command(step_down)))

    made = await world.back_up(tell)
    await asyncio.gather(*elections, return_exceptions=True)
    then = await state(world.source, made.at)
    await world.restore()

    assert await state(world.target) == then
    assert elections


async def test_ids_of_every_type_are_copied(world: World) -> None:
    ids: list[Any] = [
        *(1, 2.5, Int64(3), "text", {"a": 1, "b": "c"}, ObjectId(), Binary(b"\0\1"), True, False),
        *(None, datetime(2026, 1, 1, tzinfo=UTC), "", "ü", "\U0001f600", -7),
    ]
    store = SourceStore(world.source, most_documents=1)
    await world.source["things"].insert_many([{"_id": each, "of": str(type(each))} for each in ids])

    await world.backup(store).run(lambda _: None)
    await world.restore()

    restored = (await state(world.target))["things"]
    assert len(restored) == len(ids)
    assert restored == (await state(world.source))["things"]


async def test_indexes_and_options_are_restored(world: World) -> None:
    validator = {"$jsonSchema": {"required": ["owes"]}}
    await world.populate()
    await world.source.create_collection("strict", validator=validator, validationLevel="moderate")

    await world.back_up()
    await world.restore()

    for name in ("people", "log", "strict"):
        old, new = world.source[name], world.target[name]
        assert await new.options() == await old.options()
        assert await new.index_information() == await old.index_information()


class _Heard(CommandListener):
    def __init__(self) -> None:
        self.writes: list[Any] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in {"insert", "update"}:
            self.writes.append(event.command)

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


async def test_restoring_asks_for_no_more_rights_than_reading_and_writing(world: World) -> None:
    await world.populate()
    await world.back_up()
    heard = _Heard()
    client: Client = AsyncIOMotorClient(world.url, event_listeners=[heard])

    await replace(world, target=open_database(client, world.target.name)).restore()

    client.close()
    assert heard.writes
    assert not any(each.get("bypassDocumentValidation") for each in heard.writes)


async def test_moment_that_the_server_forgot_is_replaced_by_a_later_one(world: World) -> None:
    class Forgetful(SourceStore):
        forgets = True

        async def sections(
            self, collection: str, keys: Sequence[bytes], at: Moment | None
        ) -> AsyncIterator[Section]:
            if at is not None and self.forgets:
                self.forgets = False
                raise SnapshotGoneError
            async for each in super().sections(collection, keys, at):
                yield each

    await world.populate()

    async with world.written_to():
        made = await world.backup(Forgetful(world.source, most_documents=20)).run(lambda _: None)
    then = await state(world.source, made.at)
    await world.restore()

    assert await state(world.target) == then


async def test_backup_that_waited_too_long_for_the_oplog_says_so(world: World) -> None:
    await world.populate()
    for _ in "12":
        with pytest.raises(InterruptedByTestError):
            await world.backup().run(stopping_after(2))
        await world.write_once(1)
    folder = world.folder
    progress = folder.progress()
    assert progress is not None
    assert progress.place is not None
    place = decode(progress.place)["_data"]
    progress.place = encode({"_data": f"82{1:08X}{place[10:]}"})  # its place, in the first second of 1970
    folder.save(progress)

    with pytest.raises(BackupError, match="oplog does not reach back any more"):
        await world.back_up()


async def test_collection_that_is_dropped_meanwhile_ends_the_backup(world: World) -> None:
    await world.populate()
    with pytest.raises(InterruptedByTestError):
        await world.backup().run(stopping_after(2))
    await world.source["log"].drop()

    with pytest.raises(BackupError, match=r"dropped or renamed while the backup was made \(drop\)"):
        await world.back_up()


async def test_view_is_refused_since_it_could_not_be_restored(world: World) -> None:
    await world.populate()
    await world.source.create_collection("seen", viewOn="people")

    with pytest.raises(BackupError, match="seen is a view"):
        await world.back_up()
