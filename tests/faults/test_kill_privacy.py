"""Kill -9 in the middle of an erasure or a withdrawal: another worker brings it to the same end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.world import World, eventually, kill

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER = "privacy_worker.py"
ERASE = """mutation ($user: String!) { erasePerson(input: {profile: {userId: $user}}) {
  ... on PrivacyRequestSuccess { request { id } } } }"""
DENY = """mutation ($user: String!) { recordConsent(input: {profile: {userId: $user},
  purpose: "enrichment_derived", state: WITHDRAWN}) { __typename } }"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("faults"))
    try:
        world.start()
        yield world
    finally:
        world.close()


def killed_in_the_middle(world: World, write: int) -> None:
    """Let a worker get as far as this write of a privacy job, and kill it there."""
    doomed = world.start_worker(WORKER, STUCK_AT=str(write))
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"in hand\n"
    kill(doomed)


def mentions(world: World, word: str) -> set[str]:
    names = world.database.list_collection_names()
    return {name for name in names if word in repr(list(world.database[name].find()))}


def is_quiet(world: World) -> bool:
    """Whether everything is done but what is to be done once more after a while."""
    waiting = world.database["profiles"].count_documents({"outbox.0": {"$exists": True}})
    live = {"live": True, "payload.again": None}
    return waiting == 0 and world.database["jobs"].count_documents(live) == 0


def told(world: World, user: str) -> str:
    """Let somebody be known, be looked up, and change what they said, so that there is a history."""
    profile_id = world.set_email(user, f"{user}@{user}-works.com")
    worker = world.start_worker(WORKER)
    eventually(lambda: is_quiet(world), "everything is looked up")
    world.set_email(user, f"{user}@{user}-labs.com")
    eventually(lambda: is_quiet(world), "everything is looked up again")
    kill(worker)
    return profile_id


@pytest.mark.parametrize("write", [1, 4, 9, 16])
def test_erasure_goes_on_where_it_was_killed(world: World, write: int) -> None:
    user = f"ada{write}x"
    profile_id = told(world, user)
    before = mentions(world, user)
    request = world.ask(world.admin_key, ERASE, {"user": user})["erasePerson"]["request"]["id"]

    killed_in_the_middle(world, write)
    worker = world.start_worker(WORKER)
    requests = world.database["privacy_requests"]
    eventually(lambda: requests.count_documents({"_id": request, "state": "done"}) == 1, "it is done")
    kill(worker)

    assert {"profiles", "claim_history"} <= before
    assert mentions(world, user) == set()
    assert mentions(world, profile_id) <= {"audit_log", "privacy_requests", "revocations"}


@pytest.mark.parametrize("write", [2, 4])
def test_withdrawal_goes_on_where_it_was_killed(world: World, write: int) -> None:
    user = f"bob{write}x"
    profile_id = told(world, user)
    world.ask(world.admin_key, DENY, {"user": user})

    killed_in_the_middle(world, write)
    worker = world.start_worker(WORKER)
    jobs = world.database["jobs"]
    mine = {"kind": "privacy_withdraw", "profile_id": profile_id}
    eventually(lambda: jobs.count_documents({**mine, "state": "done"}) == 1, "it is done")
    kill(worker)

    profile = world.database["profiles"].find_one({"_id": profile_id})
    assert "enricher:email_domain" not in repr(profile and profile["attributes"])
    assert profile is not None
    assert [each["v"] for each in profile["values"]] == [f"{user}@{user}-labs.com"]
