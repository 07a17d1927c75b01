"""Kill -9 at any of the parts: what was acknowledged is there, and no effect happened twice."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.faults.world import World, eventually, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("faults"))
    try:
        world.start()
        yield world
    finally:
        world.close()


def effects_on(world: World, profile_id: str) -> int:
    return world.database["effects"].count_documents({"profile_id": profile_id})


def enrichment_of(world: World, profile_id: str) -> dict[str, object]:
    profile = world.database["profiles"].find_one({"_id": profile_id})
    assert profile is not None
    found: dict[str, object] = profile["enrichments"].get("email_domain", {})
    return found


def test_worker_killed_in_the_middle_of_a_job_is_followed_by_another(world: World) -> None:
    profile_id = world.set_email("ada", "ada@acme.com")
    doomed = world.start_worker(STUCK="yes")
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"in hand\n"

    kill(doomed)
    worker = world.start_worker()
    eventually(lambda: enrichment_of(world, profile_id)["state"] == "succeeded", "the look-up succeeded")
    eventually(world.is_quiet, "all work is done")

    kill(worker)
    job = world.database["jobs"].find_one({"_id": enrichment_of(world, profile_id)["job"]})
    assert job is not None
    assert (job["state"], job["fence"]) == ("done", 2)
    assert effects_on(world, profile_id) == 1


def test_api_killed_between_a_write_and_its_consequences_loses_neither(world: World) -> None:
    viewer_token, ask_id = world.start_visit()
    world.answer(viewer_token, ask_id, "to see the engine")
    logged = world.database["answers"]

    world.kill_api()
    before = logged.count_documents({"ask_id": ask_id})
    worker = world.start_worker()
    eventually(world.is_quiet, "all work is done")
    world.start_api()
    world.answer(viewer_token, ask_id, "to see the engine")  # a client that never heard of its success
    eventually(world.is_quiet, "all work is done")

    kill(worker)
    assert before == 0
    assert [entry["value"] for entry in logged.find({"ask_id": ask_id})] == ["to see the engine"]


@dataclass
class Load:
    """Clients that go on while things break, and remember what was acknowledged."""

    world: World
    answers: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _troubles: list[BaseException] = field(default_factory=list)

    def start(self) -> None:
        works = (self._answer, self._answer, self._set_email)
        for n, work in enumerate(works):
            self._threads.append(threading.Thread(target=self._repeat, args=(work, f"client-{n}")))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self._troubles == []

    def wait_for_more(self, count: int) -> None:
        target = len(self.answers) + len(self.emails) + count
        eventually(
            lambda: bool(self._troubles) or len(self.answers) + len(self.emails) >= target, "requests succeed"
        )
        assert self._troubles == []

    def _repeat(self, work: Callable[[str], None], name: str) -> None:
        try:
            for n in range(10_000):
                if self._stop.is_set():
                    return
                work(f"{name}-{n}")
        except BaseException as error:  # noqa: BLE001 - shown by the test
            self._troubles.append(error)

    def _answer(self, name: str) -> None:
        viewer_token, ask_id = self.world.start_visit()
        self.world.answer(viewer_token, ask_id, name)
        self.answers[ask_id] = name

    def _set_email(self, name: str) -> None:
        email = f"{name}@acme.com"
        self.emails[self.world.set_email(name, email)] = email


def test_kills_under_load_lose_nothing_and_double_nothing(world: World) -> None:
    load = Load(world)
    workers = [world.start_worker(), world.start_worker()]
    load.start()

    for round_ in range(2):
        load.wait_for_more(20)
        kill(workers.pop())
        workers.append(world.start_worker())
        load.wait_for_more(20)
        world.kill_api()
        world.start_api()
        load.wait_for_more(20 if round_ else 5)
        world.restart_mongod()
    load.wait_for_more(20)
    load.end()
    eventually(world.is_quiet, "all work is done")

    for worker in workers:
        kill(worker)
    logged = list(world.database["answers"].find({}))
    assert set(Counter(entry["ask_id"] for entry in logged).values()) == {1}
    assert {entry["ask_id"]: entry["value"] for entry in logged}.items() >= load.answers.items()
    assert answers_in_profiles(world) >= set(load.answers.values())
    assert {enrichment_of(world, profile_id)["state"] for profile_id in load.emails} == {"succeeded"}
    assert {effects_on(world, profile_id) for profile_id in load.emails} == {1}


def answers_in_profiles(world: World) -> set[str]:
    goal = world.database["attribute_definitions"].find_one({"key": "goal"})
    assert goal is not None
    path = f"attributes.{goal['_id']}.person.value"
    return set(world.database["profiles"].distinct(path))
