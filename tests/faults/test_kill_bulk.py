"""Kill -9 in the middle of an import, a merge, a withdrawal of a source, an erasure.

Begun again, each ends in the state in which an undisturbed run ends, document for document.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.states import Restart, everything
from tests.faults.world import PATIENCE, World, eventually, kill

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.states import State

WORKER = "privacy_worker.py"
ROWS = 4_000
PEOPLE = 40
SET = """mutation ($writes: [SetAttributesInput!]!) { setManyAttributes(input: {writes: $writes}) {
  ... on SetManyAttributesSuccess { outcomes { result {
    ... on SetAttributesSuccess { profile { id } } ... on UserError { message } } } } } }"""
MERGE = """mutation ($ids: [ID!]!) { mergeProfiles(input: {profiles: $ids}) {
  ... on MergeProfilesSuccess { profile { id } } ... on UserError { message } } }"""
WITHDRAW = """mutation { withdrawSource(input: {kind: APP, key: "crm"}) {
  ... on WithdrawSourceSuccess { withdrawal { id } } ... on UserError { message } } }"""
ERASE = """mutation ($id: ID!) { erasePerson(input: {profile: {id: $id}}) {
  ... on PrivacyRequestSuccess { request { id } } ... on UserError { message } } }"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("faults"))
    try:
        world.start()
        world.database["profiles"].delete_many({})  # who the demo starts with
        yield world
    finally:
        world.close()


@pytest.fixture
def restart(world: World) -> Iterator[Restart]:
    """The world as it was before any test here."""
    restart = Restart(world.database)
    yield restart
    restart()


def killed_when(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    """Kill a process in the moment in which the database shows that it got so far."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "it ended before it got so far"
        assert time.monotonic() < deadline, "it never got so far"
        threading.Event().wait(0.001)
    kill(process)


def settled(world: World) -> State:
    """Let a worker do what is left, and return what there is then."""
    worker = world.start_worker(WORKER)
    eventually(world.is_quiet, "all work is done")
    kill(worker)
    return everything(world.database)


# Import


def people_file(folder: Path) -> Path:
    """Write a file with known people, people named twice, and rows that can't be taken."""
    file = folder / "people.csv"
    with file.open("w") as out:
        out.write("user_id,given_name,company_size\n")
        for number in range(ROWS):
            who = f"u-{number if number % 100 else number + 1}"
            out.write(f"{who},Name {number},{'a few' if number % 997 == 5 else '11-50'}\n")
    return file


def imported(world: World, file: Path) -> tuple[State, bytes]:
    """Import a file to its end; return what there is then and what was refused."""
    process = world.start_command("import", str(file))
    assert process.wait(PATIENCE) == 0
    rejects = file.with_name(f"{file.name}.rejects.jsonl")
    refused = rejects.read_bytes()
    rejects.unlink()
    return settled(world), refused


@pytest.mark.parametrize("batches", [1, 2])
def test_import_goes_on_where_it_was_killed(
    world: World, restart: Restart, tmp_path: Path, batches: int
) -> None:
    file, held = people_file(tmp_path), world.database["imports"]
    world.set_email("u-7", "ada@acme.com")
    known = Restart(world.database)
    calm = imported(world, file)
    known()

    process = world.start_command("import", str(file))
    killed_when(process, lambda: held.count_documents({"rows": {"$gte": batches * 1_000}}) == 1)
    (half,) = held.find()
    stormy = imported(world, file)

    assert half["rows"] < ROWS
    assert not half["is_finished"]
    assert stormy == calm


# Merge


def told(world: World) -> list[str]:
    """Return the ids of people who all said something about the same, through two apps."""
    ids: dict[str, None] = {}
    for name in ("CRM", "Shop"):
        writes: list[dict[str, Any]] = [
            {
                "profile": {"userId": f"u-{number}"},
                "createIfMissing": True,
                "attributes": [
                    {"key": "job_title", "value": f"{name} {number}"},
                    {"key": "email", "value": f"u-{number}@acme{number}.com"},
                ],
            }
            for number in range(PEOPLE)
        ]
        outcomes = world.ask(world.app_key(name), SET, {"writes": writes})["setManyAttributes"]["outcomes"]
        ids |= {each["result"]["profile"]["id"]: None for each in outcomes}
    return list(ids)


def merged(world: World, ids: list[str]) -> State:
    result = world.ask(world.admin_key, MERGE, {"ids": ids})["mergeProfiles"]
    assert result["profile"]["id"] == ids[0]
    return settled(world)


@pytest.mark.parametrize("merges", [1, PEOPLE // 2])
def test_merge_goes_on_where_it_was_killed(world: World, restart: Restart, merges: int) -> None:
    ids, log = told(world), world.database["merge_log"]
    settled(world)
    before = Restart(world.database)
    calm = merged(world, ids)
    before()

    doomed = threading.Thread(target=world.try_to_ask, args=(world.admin_key, MERGE, {"ids": ids}))
    doomed.start()
    killed_when(world.api, lambda: log.count_documents({}) >= merges)
    doomed.join()
    half = log.count_documents({})
    world.start_api()
    stormy = merged(world, ids)

    assert merges <= half < PEOPLE - 1
    assert log.count_documents({}) == PEOPLE - 1
    assert stormy == calm


# Withdrawal of a source


def withdrawn(world: World) -> State:
    state = settled(world)
    assert world.database["source_withdrawals"].count_documents({"state": "done"}) == 1
    return state


@pytest.mark.parametrize("done", [1, PEOPLE // 2])
def test_withdrawal_of_a_source_goes_on_where_it_was_killed(
    world: World, restart: Restart, done: int
) -> None:
    told(world)
    settled(world)
    before = Restart(world.database)
    world.ask(world.admin_key, WITHDRAW, {})
    calm = withdrawn(world)
    before()
    title = world.database["attribute_definitions"].find_one({"key": "job_title"})
    assert title is not None
    holding = {f"attributes.{title['_id']}.app:crm": {"$exists": True}}

    world.ask(world.admin_key, WITHDRAW, {})
    worker = world.start_worker(WORKER)
    people = world.database["profiles"]
    killed_when(worker, lambda: people.count_documents(holding) <= PEOPLE - done)
    half = people.count_documents(holding)
    stormy = withdrawn(world)

    assert 0 < half <= PEOPLE - done
    assert people.count_documents(holding) == 0
    assert stormy == calm


# Erasure


def erased(world: World) -> State:
    worker = world.start_worker(WORKER)
    requests = world.database["privacy_requests"]
    eventually(lambda: requests.count_documents({"state": "done"}) == 1, "it is done")
    jobs = world.database["jobs"]
    eventually(lambda: jobs.count_documents({"state": "leased"}) == 0, "its job is done")
    kill(worker)
    return everything(world.database)


@pytest.mark.parametrize("write", [2, 5, 11])
def test_erasure_goes_on_where_it_was_killed(world: World, restart: Restart, write: int) -> None:
    ids = told(world)[:3]
    merged(world, ids)
    before = Restart(world.database)
    world.ask(world.admin_key, ERASE, {"id": ids[0]})
    calm = erased(world)
    before()

    world.ask(world.admin_key, ERASE, {"id": ids[0]})
    doomed = world.start_worker(WORKER, STUCK_AT=str(write))
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"in hand\n"
    kill(doomed)
    half = everything(world.database)
    stormy = erased(world)

    assert half != calm
    assert stormy == calm
