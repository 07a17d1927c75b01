"""One run: load, a fault, rest, and what was found; and the stages on which runs take place."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from tests.faults.auditing import Verdict, audited
from tests.faults.breaking import FAULTS
from tests.faults.places import Disks, Networks
from tests.faults.replica_set import Loopback, ReplicaSet
from tests.faults.stage import Stage
from tests.faults.world import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.faults.replica_set import Place

_SOME = 40  # acknowledged writes
_BUDGET = 20  # calls of a run that the provider may get; there are more people than that
_NUMBERS = count()
# A full disk is noticed at a checkpoint, by default one a minute.
_HASTY = ("--syncdelay=1",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run came to. `load` is in acknowledged requests a second; `took` is where its time went."""

    fault: str
    seed: int
    load: float
    acknowledged: int
    recovery_seconds: float
    verdict: Verdict
    replies: Mapping[str, int]
    took: Mapping[str, float]  # seconds by phase
    has_failed: bool = False


def run_once(stage: Stage, fault: str, seed: int, *, some: int = _SOME) -> Run:
    """Break, mend and look; what does not come to rest has failed, which counts as a loss."""
    try:
        return _run(stage, fault, seed, some)
    except AssertionError as error:
        reasons = (str(error), *getattr(error, "__notes__", ()))
        return Run(
            fault=fault,
            seed=seed,
            load=0,
            acknowledged=0,
            recovery_seconds=0,
            verdict=Verdict(lost=reasons, doubled=(), torn=()),
            replies={},
            took={},
            has_failed=True,
        )


def _run(stage: Stage, fault: str, seed: int, some: int) -> Run:
    """Let at least `some` writes be acknowledged, break and mend, and as many again."""
    phases = Phases()
    with phases.timed("clear"):
        stage.clear()
        stage.raise_budget(_BUDGET)
    load = stage.load(next(_NUMBERS))
    began = time.monotonic()
    load.start()
    try:
        with phases.timed("load"):
            load.wait_for_more(some)
        broke_at = time.monotonic()
        with phases.timed("fault"):
            recovery = FAULTS[fault](stage, load, random.Random(f"{fault}-{seed}"))  # noqa: S311 - no secret
        with phases.timed("more load"):
            load.wait_for_more(some)
    finally:
        with phases.timed("last requests"):
            load.end()
    seconds = time.monotonic() - began
    with phases.timed("whole again"):
        stage.replica_set.wait_until_whole()
    with phases.timed("work done"):
        eventually(stage.is_quiet, "all work is done")
    with phases.timed("audit"):
        verdict = audited(stage, load)
    return Run(
        fault=fault,
        seed=seed,
        load=load.replies["OK"] / seconds,
        acknowledged=len(load.acknowledged_at),
        recovery_seconds=load.longest_silence(broke_at) if recovery is None else recovery,
        verdict=verdict,
        replies=load.replies,
        took=phases.seconds,
    )


class Phases:
    """How long each phase of a run took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Note how long this takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[phase] = time.monotonic() - began


@contextmanager
def staged(folder: Path, fault: str, *, election_seconds: float = 10) -> Iterator[Stage]:
    """Set up what a fault needs."""
    with ExitStack() as stack:
        place = _place(folder, fault, stack)
        options = _HASTY if isinstance(place, Disks) else ()
        members = ReplicaSet(place, election_seconds=election_seconds, options=options)
        yield stack.enter_context(Stage(folder, place, stack.enter_context(members)))


def place_of(fault: str) -> type[Loopback | Disks | Networks]:
    """Return the kind of place that a fault needs."""
    if fault == "disk_full":
        return Disks
    return Networks if fault == "network_cut" else Loopback


def _place(folder: Path, fault: str, stack: ExitStack) -> Place:
    place = place_of(fault)(folder)
    if isinstance(place, Disks):
        place.mount()
        stack.callback(place.unmount)
    elif isinstance(place, Networks):
        place.connect()
    return place
