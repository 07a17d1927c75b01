"""`make soak`: a quarter of an hour at 70 % of what was measured first, and whether anything grows.

Memory and open files of APIs and workers, connections to MongoDB and what waits in queues are looked at
every few seconds. A straight line is laid through the second half; what it rises by in that half has to be
less than a share of what there was, or than what a few requests more or less make.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, linear_regression
from typing import TYPE_CHECKING

from tests.faults.auditing import audited
from tests.faults.running import staged
from tests.faults.world import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.faults.stage import Stage

_MEASURING_SECONDS = 20.0
_SHARE_OF_CAPACITY = 0.7
_CLIENTS = 12
_EVERY_SECONDS = 5.0
_TOLD_EVERY = 12  # samples
_ANY_BUDGET = 10**8
_MOST_RISE = 0.05  # of the mean of the second half
# A rise that says nothing: megabytes that the allocator keeps, files and connections of requests in hand,
# jobs of one moment.
_NO_RISE = {"memory (MB)": 4.0, "open files": 8.0, "connections": 8.0, "waiting": 50.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How something fared over the second half of a soak."""

    what: str
    mean: float
    an_hour: float
    rise: float
    is_flat: bool


def trend(what: str, seconds: Sequence[float], values: Sequence[float]) -> Trend:
    """Return where a straight line through the second half leads; two samples there are the least."""
    half = len(values) // 2
    later, when = values[half:], seconds[half:]
    slope = linear_regression(when, later).slope
    rise, mean = slope * (when[-1] - when[0]), fmean(later)
    is_flat = rise <= max(_MOST_RISE * mean, _NO_RISE[what.partition(": ")[2]])
    return Trend(what=what, mean=mean, an_hour=3600 * slope, rise=rise, is_flat=is_flat)


def main(arguments: Sequence[str]) -> int:
    """Soak; return 1 where something grows or was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15, help="how long (default: 15)")
    minutes = parser.parse_args(arguments).minutes
    with (
        tempfile.TemporaryDirectory(prefix="acquaint-soak-") as folder,
        staged(Path(folder), "soak") as stage,
    ):
        stage.raise_budget(_ANY_BUDGET)
        capacity = _capacity(stage)
        _tell(f"capacity, with clients and databases on the same machine: {capacity:.0f} requests a second")
        return _soaked(stage, _SHARE_OF_CAPACITY * capacity, 60 * minutes)


def _capacity(stage: Stage) -> float:
    """Return the requests a second that clients get answered who do not wait in between."""
    load = stage.load(0, clients=_CLIENTS, thinking_seconds=0)
    load.start()
    try:
        load.rest(_MEASURING_SECONDS)
        answered = load.replies["OK"]
    finally:
        load.end()
    eventually(stage.is_quiet, "all work is done")
    return answered / _MEASURING_SECONDS


def _soaked(stage: Stage, pace: float, seconds: float) -> int:
    stage.clear()
    load = stage.load(1, clients=_CLIENTS, thinking_seconds=0, pace=pace)
    began = time.monotonic()
    samples: list[tuple[float, Mapping[str, float]]] = []
    load.start()
    try:
        while (passed := time.monotonic() - began) < seconds:
            samples.append((passed, _sample(stage)))
            if len(samples) % _TOLD_EVERY == 0:
                _tell(f"{passed / 60:.1f} of {seconds / 60:g} minutes: {_now(samples[-1][1])}")
            load.rest(_EVERY_SECONDS)
        held = load.replies["OK"] / (time.monotonic() - began)
    finally:
        load.end()
    eventually(stage.is_quiet, "all work is done")
    verdict = audited(stage, load)
    trends = [
        trend(what, [each[0] for each in samples], [each[1][what] for each in samples])
        for what in samples[0][1]
    ]
    print(f"{seconds / 60:g} minutes, {pace:.0f} requests a second wanted, {held:.0f} held")
    print(f"answered: {dict(load.replies)}")
    _print_table(trends)
    print(f"lost {len(verdict.lost)}, doubled {len(verdict.doubled)}, by half {len(verdict.torn)}")
    return 0 if verdict.is_clean and all(each.is_flat for each in trends) else 1


def _sample(stage: Stage) -> dict[str, float]:
    """Return what is there now, by what it is."""
    found: dict[str, float] = {}
    for kind, parts in (("API", stage.apis), ("worker", stage.workers)):
        for number, part in enumerate(parts, 1):
            assert part.process is not None
            found[f"{kind} {number}: memory (MB)"] = _memory_mb(part.process.pid)
            found[f"{kind} {number}: open files"] = _open_files(part.process.pid)
    found["MongoDB: connections"] = stage.replica_set.primary().run("serverStatus")["connections"]["current"]
    database = stage.world.database
    outboxes = database["profiles"].count_documents({"outbox.0": {"$exists": True}})
    found["queues: waiting"] = outboxes + database["jobs"].count_documents({"live": True})
    return found


def _now(sample: Mapping[str, float]) -> str:
    memory = sum(value for what, value in sample.items() if "memory" in what)
    connections, waiting = sample["MongoDB: connections"], sample["queues: waiting"]
    return f"{memory:.0f} MB in all, {connections:.0f} connections, {waiting:.0f} waiting"


def _memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1_000_000


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _print_table(trends: Sequence[Trend]) -> None:
    print("| what | mean | slope (an hour) | rise in the second half | verdict |\n|---|---|---|---|---|")
    for each in trends:
        verdict = "flat" if each.is_flat else "grows"
        print(f"| {each.what} | {each.mean:.1f} | {each.an_hour:+.1f} | {each.rise:+.1f} | {verdict} |")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
