"""Kill -9 at any of the parts: what was acknowledged is there, and no effect happened twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.world import World, eventually, kill

if TYPE_CHECKING:
    from collections.abc import Iterator


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
