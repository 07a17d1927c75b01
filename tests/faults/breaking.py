"""The faults: each breaks something under load, holds it so for a while, and mends it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from signal import SIGUSR1, SIGUSR2
from typing import TYPE_CHECKING

from tests.faults.provider import KEY
from tests.faults.world import eventually

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from signal import Signals

    from tests.faults.load import Load
    from tests.faults.places import Disks, Networks
    from tests.faults.stage import Part, Stage

    Fault = Callable[[Stage, Load, random.Random], float | None]

_CATCHING_SECONDS = 3.0  # for a worker to have a job in hand, which it has for milliseconds
_FULL_SECONDS = 15.0  # with a checkpoint each second, a database without room soon finds out


def kill_primary(stage: Stage, load: Load, chance: random.Random) -> None:
    """Kill the primary; start it again while or after another is elected."""
    primary = stage.replica_set.primary()
    primary.kill()
    load.rest(chance.uniform(2, 12))
    stage.replica_set.restart(primary)


def pause_primary(stage: Stage, load: Load, chance: random.Random) -> None:
    """Let the primary fall silent with its connections open, and come back believing that it is primary."""
    primary = stage.replica_set.primary()
    with _while(primary.pause, primary.resume):
        load.rest(15)


def kill_api(stage: Stage, load: Load, chance: random.Random) -> None:
    """Kill one API; start it again."""
    api = chance.choice(stage.apis)
    stage.kill(api)
    load.rest(chance.uniform(0, 2))
    stage.start(api)
    stage.wait_until_ready(api)


def kill_worker(stage: Stage, load: Load, chance: random.Random) -> float:
    """Kill a worker with jobs in hand; return when others had done them."""
    worker = chance.choice(stage.workers)
    assert worker.process is not None
    jobs = stage.world.database["jobs"]
    # Without those that would have to wait for the provider's budget afterwards.
    orphans = {
        "worker": f"worker:{worker.process.pid}",
        "state": "leased",
        "payload.enricher": {"$ne": KEY},
    }
    deadline = time.monotonic() + _CATCHING_SECONDS
    while jobs.count_documents(orphans) == 0 and time.monotonic() < deadline:
        load.rest(0.005)
    stage.kill(worker)
    killed_at = time.monotonic()
    stage.start(worker)
    eventually(lambda: jobs.count_documents(orphans) == 0, "others take over")
    return time.monotonic() - killed_at


def jump_clock(stage: Stage, load: Load, chance: random.Random) -> None:
    """Put the clock of one API and of one worker a minute forward or back for a while."""
    there, back = chance.choice(((SIGUSR1, SIGUSR2), (SIGUSR2, SIGUSR1)))
    parts = (chance.choice(stage.apis), chance.choice(stage.workers))
    with _while(partial(_send, parts, there), partial(_send, parts, back)):
        load.rest(chance.uniform(3, 6))


def lag(stage: Stage, load: Load, chance: random.Random) -> None:
    """Keep one secondary or both from writing: with both, no write is confirmed by a majority."""
    behind = stage.replica_set.secondaries()[: chance.choice((1, 2, 2))]
    with _while(
        lambda: [each.run("fsync", lock=True) for each in behind],
        lambda: [each.run("fsyncUnlock") for each in behind],
    ):
        load.rest(chance.uniform(5, 12))


def fill_disk(stage: Stage, load: Load, chance: random.Random) -> None:
    """Fill the disk of the primary or of all members, until the database ends; make room, start it again."""
    disks: Disks = stage.place  # type: ignore[assignment] # see __main__
    full = [stage.replica_set.primary()] if chance.random() < 0.5 else stage.replica_set.members
    for each in full:
        disks.fill(each.index)
    deadline = time.monotonic() + _FULL_SECONDS
    while time.monotonic() < deadline and not all(each.has_ended for each in full):
        load.rest(0.1)
    for each in full:
        disks.make_room(each.index)
        if each.has_ended:
            stage.replica_set.restart(each)


def cut_network(stage: Stage, load: Load, chance: random.Random) -> None:
    """Cut the primary off from everybody, or from the other members alone: then it still hears clients."""
    networks: Networks = stage.place  # type: ignore[assignment] # see __main__
    primary = stage.replica_set.primary()
    others = [each.index for each in stage.replica_set.members if each is not primary]
    if chance.random() < 0.5:
        with _while(lambda: networks.cut(primary.index), lambda: networks.mend(primary.index)):
            load.rest(chance.uniform(5, 18))
    else:
        with _while(
            lambda: networks.cut_from(primary.index, others), lambda: networks.mend_to(primary.index, others)
        ):
            load.rest(chance.uniform(5, 18))


def _send(parts: Iterable[Part], number: Signals) -> None:
    for part in parts:
        part.send(number)


@contextmanager
def _while(begin: Callable[[], object], end: Callable[[], object]) -> Iterator[None]:
    begin()
    try:
        yield
    finally:
        end()


FAULTS: Mapping[str, Fault] = {
    "primary_killed": kill_primary,
    "primary_paused": pause_primary,
    "api_killed": kill_api,
    "worker_killed": kill_worker,
    "clock_jumps": jump_clock,
    "secondaries_lag": lag,
    "disk_full": fill_disk,
    "network_cut": cut_network,
}
