"""How MongoDB carries out what is documented: by an index, in its order, and no further than needed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener

from server.consent.model import Purposes
from server.kit.mongo import open_database
from server.profiles.catalogue import catalogue
from server.profiles.condition_forms import read_condition
from server.profiles.documents import replacement
from server.profiles.filters import mongo_filter
from server.profiles.model import AttributeType
from server.profiles.ordering import Direction, Order, SortKey, place_of, read_place
from server.profiles.resolving import resolve_all
from server.profiles.search_store import SearchStore
from server.profiles.searching import with_words
from server.profiles.tallies import Tally
from tests.consent.test_model import purpose
from tests.factories.profiles import NOW, claim, definition, identity, options, profile, user, visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

    from server.kit.mongo import Database
    from server.profiles.model import Profile

MANY = 3_000
PAGE = 20
SIZES = ("small", "medium", "large")
SEARCHED = {"mail": None, "work_mail": None, "news_mail": "news"}
PURPOSES = Purposes(by_key={"news": purpose()})
CATALOGUE = catalogue(
    [
        definition("size", AttributeType.ENUM, options=options(*SIZES)),
        definition("age", AttributeType.INTEGER),
        definition("title", AttributeType.STRING),
        *(definition(key, AttributeType.EMAIL, purpose=purpose) for key, purpose in SEARCHED.items()),
    ]
)


class Listener(CommandListener):
    """Remembers the reads of one collection as they were sent."""

    def __init__(self) -> None:
        self.reads: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in {"find", "aggregate", "count"}:
            self.reads.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to remember."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to remember."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Many people, and an eye on what is read of them."""

    database: Database
    store: SearchStore
    listener: Listener
    last: dict[SortKey, Profile] = field(default_factory=dict)

    async def plans(self) -> list[dict[str, Any]]:
        """Return how the reads since the last call are carried out."""
        reads, self.listener.reads[:] = list(self.listener.reads), []
        return [await self._plan(read) for read in reads]

    async def _plan(self, read: dict[str, Any]) -> dict[str, Any]:
        command = {
            key: value
            for key, value in read.items()
            if key not in {"lsid", "$clusterTime", "$db", "txnNumber"}
        }
        command.pop("$readPreference", None)
        explained = await self.database.command({"explain": command, "verbosity": "executionStats"})
        if "stages" in explained:
            explained = explained["stages"][0]["$cursor"]
        stats = explained["executionStats"]
        return {
            "stages": set(_stages(stats["executionStages"])),
            "examined": stats["totalDocsExamined"],
            "keys": stats["totalKeysExamined"],
        }


def _stages(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["stage"]
    for inner in [plan.get("inputStage"), *plan.get("inputStages", [])]:
        if inner is not None:
            yield from _stages(inner)


@pytest.fixture(scope="module")
async def world(mongodb_url: str) -> AsyncIterator[World]:
    """Three thousand people: read, never written, so that one set serves every test here."""
    listener = Listener()
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        mongodb_url, tz_aware=True, event_listeners=[listener]
    )
    database = open_database(client, "test_indexes")
    store = SearchStore(database)
    await database["profiles"].drop()
    await store.create_indexes()
    people = _people()
    for people_slice in (people[start : start + 500] for start in range(0, MANY, 500)):
        await database["profiles"].insert_many([_document(each) for each in people_slice])
    listener.reads.clear()
    yield World(database=database, store=store, listener=listener, last=dict.fromkeys(SortKey, people[1]))
    await database["profiles"].drop()
    client.close()


def _people() -> list[Profile]:
    chance = random.Random(7)  # noqa: S311 - repeatable
    return [_person(number, chance) for number in range(MANY)]


def _person(number: int, chance: random.Random) -> Profile:
    at = NOW + timedelta(seconds=chance.randrange(100_000))
    values: dict[str, str | int] = {
        "size": chance.choice(SIZES),
        "age": chance.randrange(100),
        "title": f"title {number}",
    }
    return profile(
        *(claim(value, attribute_id=f"att_{key}") for key, value in values.items()),
        id=f"prf_{number:026}",
        identities=[identity(user(f"u-{number}"))],
        created_at=at,
        updated_at=at,
        visit=visit(started_at=at) if number % 3 else None,
        visits=number % 5,
        events={} if number % 10 else {"Order Completed": Tally(count=2, first_at=at, times=(at, at))},
    )


def _document(person: Profile) -> dict[str, Any]:
    return replacement(person, resolve_all(person.claims, CATALOGUE.by_id), [], person.created_at)


def _form(key: str, operator: str, *values: object) -> dict[str, Any]:
    return {"attribute": {"key": key, "operator": operator, "values": list(values)}}


def _filter(form: dict[str, Any]) -> dict[str, Any]:
    return mongo_filter(read_condition(form, CATALOGUE), NOW)


ORDERS = [Order(key=key, direction=direction) for key in SortKey for direction in Direction]


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("is_further", [False, True])
async def test_page_reads_the_index_in_its_order_and_no_further(
    world: World, order: Order, *, is_further: bool
) -> None:
    after = read_place(place_of(world.last[order.key], order), order) if is_further else None

    found = await world.store.page({}, order, after, PAGE + 1)
    plans = await world.plans()

    assert len(found) == PAGE + 1
    assert not any(plan["stages"] & {"COLLSCAN", "SORT"} for plan in plans)
    assert sum(plan["examined"] for plan in plans) <= PAGE + 2


@pytest.mark.parametrize("direction", Direction)
async def test_page_of_one_value_reads_its_index_in_order(world: World, direction: Direction) -> None:
    order = Order(direction=direction)
    after = read_place(place_of(world.last[order.key], order), order)

    for place in (None, after):
        found = await world.store.page(_filter(_form("size", "equals", "small")), order, place, PAGE + 1)
        (plan,) = await world.plans()

        assert len(found) == PAGE + 1
        assert not plan["stages"] & {"COLLSCAN", "SORT"}
        assert plan["examined"] <= PAGE + 2


@pytest.mark.parametrize(
    "form",
    [
        _form("size", "in", "small", "large"),
        _form("age", "at_least", 90),
        _form("age", "less_than", 2),
        _form("title", "starts_with", "title 29"),
        _form("title", "equals", "title 77"),
        _form("size", "missing"),
        {"visit": {"at_least": 3}},
        {"visit": {"within": 86_400}},
        {"identified": True},
        {"event": {"name": "Order Completed"}},
        {"event": {"name": "Order Completed", "at_least": 2, "within": 86_400}},
        {"event": {"name": "Order Completed", "at_most": 0}},
        {"all": [_form("size", "equals", "small"), _form("age", "at_least", 50)]},
        {"not": _form("size", "equals", "small")},
    ],
    ids=str,
)
async def test_every_filter_goes_by_an_index_and_sorts_no_more_than_a_page(
    world: World, form: dict[str, Any]
) -> None:
    await world.store.page(_filter(form), Order(), None, PAGE + 1)
    plans = await world.plans()

    assert not any("COLLSCAN" in plan["stages"] for plan in plans)


@pytest.mark.parametrize("words", [["u-77"], ["u"], ["u-1", "u-12"]])
async def test_search_goes_by_the_index_of_words(world: World, words: list[str]) -> None:
    await world.store.page(with_words(words, CATALOGUE, PURPOSES), Order(), None, PAGE + 1)
    plans = await world.plans()

    assert not any("COLLSCAN" in plan["stages"] for plan in plans)


async def test_rare_word_is_found_without_reading_others(world: World) -> None:
    found = await world.store.page(with_words(["u-77"], CATALOGUE, PURPOSES), Order(), None, PAGE + 1)
    (plan,) = await world.plans()

    assert len(found) == plan["examined"] == 11
    assert plan["keys"] < 11 + 5 * len(SEARCHED)  # a step or two between the bounds of each place


async def test_rare_value_is_found_without_reading_others(world: World) -> None:
    await world.store.page(_filter(_form("title", "equals", "title 77")), Order(), None, PAGE + 1)
    (plan,) = await world.plans()

    assert plan["examined"] == 1


async def test_who_did_something_is_found_without_reading_others(world: World) -> None:
    did = _filter({"event": {"name": "Order Completed"}})

    await world.store.count(did, 10_001)
    (plan,) = await world.plans()

    assert plan["examined"] == MANY / 10


async def test_count_goes_by_an_index(world: World) -> None:
    await world.store.count({}, 10_001)
    await world.store.count(_filter(_form("size", "equals", "small")), 10_001)
    plans = await world.plans()

    assert not any("COLLSCAN" in plan["stages"] for plan in plans)


async def test_estimate_is_about_right(world: World) -> None:
    estimated = await world.store.estimate(_filter(_form("size", "equals", "small")))

    assert abs(estimated - MANY / 3) < MANY * 0.06
