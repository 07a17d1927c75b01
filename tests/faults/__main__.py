"""`make faults`: break real processes under load, and print what was lost; see docs/operations/faults.md."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.faults import soaking
from tests.faults.breaking import FAULTS
from tests.faults.places import run
from tests.faults.replica_set import Loopback
from tests.faults.running import place_of, run_once, staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.running import Run

_APART = "ACQUAINT_FAULTS_APART"  # set where mounts and networks are our own
_HEADS = (
    "fault",
    "runs",
    "load held (req/s)",
    "acknowledged",
    "lost",
    "doubled",
    "by half",
    "time to recover (s)",
)


def main(arguments: Sequence[str]) -> int:
    """Run faults; return 1 where anything was lost, doubled or by half, 2 where some could not be made."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "faults", nargs="*", metavar="FAULT", help=f"of {', '.join(FAULTS)}; all when left out"
    )
    parser.add_argument("--seeds", type=int, default=5, help="how often each (default: 5)")
    given = parser.parse_args(arguments)
    names = given.faults or list(FAULTS)
    if unknown := [name for name in names if name not in FAULTS]:
        parser.error(f"there is no fault {unknown[0]!r}; there are {', '.join(FAULTS)}")
    apart = _go_apart(arguments)
    possible = [name for name in names if apart or place_of(name) is Loopback]
    runs = [run for _, some in groupby(possible, place_of) for run in _runs(list(some), given.seeds)]
    _print_table(runs)
    for name in names:
        if name not in possible:
            _tell(f"{name} could not be made: it needs mounts and networks of its own, by unshare(1).")
    if not all(run.verdict.is_clean for run in runs):
        return 1
    return 0 if possible == names else 2


def _go_apart(arguments: Sequence[str]) -> bool:
    """Go on in namespaces of our own, where mounts and networks end with us; whether we are there."""
    if os.environ.get(_APART):
        run("ip", "link", "set", "lo", "up")
        run("mount", "-t", "tmpfs", "run", "/run")  # where ip keeps the names of networks
        return True
    for more in ((), ("--map-root-user",)):
        command = ["unshare", *more, "--mount", "--net"]
        try:
            is_possible = (
                subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
            )
        except OSError:
            return False
        if is_possible:
            os.environ[_APART] = "yes"
            os.execvp(command[0], [*command, sys.executable, "-m", "tests.faults", *arguments])  # noqa: S606
    return False


def _runs(faults: Sequence[str], seeds: int) -> list[Run]:
    """Run faults that need the same place, one after the other; after one that failed on another stage."""
    runs: list[Run] = []
    waiting = [(name, seed) for name in faults for seed in range(1, seeds + 1)]
    while waiting:
        _tell(f"setting up for {', '.join(dict.fromkeys(name for name, _ in waiting))} …")
        with (
            tempfile.TemporaryDirectory(prefix="acquaint-faults-", dir=_memory()) as folder,
            staged(Path(folder), faults[0]) as stage,
        ):
            while waiting:
                runs.append(run_once(stage, *waiting.pop(0)))
                _tell(_sentence(runs[-1]))
                if runs[-1].has_failed:
                    break
    return runs


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - Linux's


def _sentence(run: Run) -> str:
    verdict = run.verdict
    replies = ", ".join(f"{reply}: {times}" for reply, times in sorted(run.replies.items()))
    took = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in run.took.items())
    lines = [
        (
            f"{run.fault} {run.seed}: {run.load:.0f} req/s, {run.acknowledged} acknowledged,"
            f" {run.recovery_seconds:.1f} s to recover ({replies})"
        ),
        f"  {sum(run.took.values()):.0f} s: {took}",
    ]
    for what, found in (("lost", verdict.lost), ("doubled", verdict.doubled), ("by half", verdict.torn)):
        lines += [f"  {what}: {each}" for each in found[:20]]
    return "\n".join(lines)


def _print_table(runs: Sequence[Run]) -> None:
    print(f"| {' | '.join(_HEADS)} |")
    print(f"|{'---|' * len(_HEADS)}")
    for fault, some in groupby(runs, lambda run: run.fault):
        print(f"| {' | '.join(_row(fault, list(some)))} |")


def _row(fault: str, runs: Sequence[Run]) -> list[str]:
    recovery = [run.recovery_seconds for run in runs]
    return [
        fault,
        str(len(runs)),
        f"{median(run.load for run in runs):.0f}",
        str(sum(run.acknowledged for run in runs)),
        str(sum(len(run.verdict.lost) for run in runs)),
        str(sum(len(run.verdict.doubled) for run in runs)),
        str(sum(len(run.verdict.torn) for run in runs)),
        f"{median(recovery):.1f} (at most {max(recovery):.1f})",
    ]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and tidy up
    sys.exit(soaking.main(sys.argv[2:]) if sys.argv[1:2] == ["soak"] else main(sys.argv[1:]))
