"""Processes on one socket are kept, replaced and ended together."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60.0
PROGRAM = Path(__file__).with_name("supervised.py")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Two processes and who watches over them."""
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate(timeout=PATIENCE)


def _running(folder: Path) -> set[int]:
    """Return which processes run that ever said so."""
    return {
        int(each.name) for each in folder.iterdir() if each.name.isdecimal() and _is_alive(int(each.name))
    }


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _eventually(folder: Path, condition: Callable[[set[int]], bool]) -> set[int]:
    deadline = time.monotonic() + PATIENCE
    while not condition(running := _running(folder)):
        assert time.monotonic() < deadline, f"{running} run"
        time.sleep(0.02)
    return running


def _both(folder: Path) -> set[int]:
    return _eventually(folder, lambda running: len(running) == 2)


def _said(supervisor: subprocess.Popen[str], *texts: str) -> list[str]:
    """Return the lines with these texts, one after the other."""
    assert supervisor.stderr is not None
    return [next(line for line in supervisor.stderr if text in line) for text in texts]


def test_all_are_replaced_on_request(supervisor: subprocess.Popen[str], tmp_path: Path) -> None:
    first = _both(tmp_path)

    supervisor.send_signal(signal.SIGHUP)

    second = _eventually(tmp_path, lambda running: len(running) == 2 and not running & first)
    assert supervisor.poll() is None
    assert len(second) == 2


def test_process_that_cannot_serve_replaces_nobody(supervisor: subprocess.Popen[str], tmp_path: Path) -> None:
    first = _both(tmp_path)
    (tmp_path / "unable").touch()

    supervisor.send_signal(signal.SIGHUP)
    _said(supervisor, "could not serve; what runs is left as it is")

    assert _both(tmp_path) == first


def test_process_that_died_is_started_again(supervisor: subprocess.Popen[str], tmp_path: Path) -> None:
    victim, other = _both(tmp_path)

    os.kill(victim, signal.SIGKILL)

    second = _eventually(tmp_path, lambda running: len(running) == 2 and victim not in running)
    assert other in second


def test_process_that_dies_again_and_again_is_started_ever_later(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    victim, _ = _both(tmp_path)
    (tmp_path / "dying").touch()

    os.kill(victim, signal.SIGKILL)

    _said(supervisor, "another starts in 0.5 seconds", "another starts in 1 seconds", "another starts in 2")


def test_where_nothing_can_be_started_what_runs_goes_on(
    supervisor: subprocess.Popen[str], tmp_path: Path
) -> None:
    victim, other = _both(tmp_path)
    _, most = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (3, most))

    os.kill(victim, signal.SIGKILL)
    _said(supervisor, "no process can be started: Too many open files")
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (most, most))

    assert other in _both(tmp_path)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_all_end_with_their_supervisor(
    supervisor: subprocess.Popen[str], tmp_path: Path, end: signal.Signals
) -> None:
    _both(tmp_path)

    supervisor.send_signal(end)

    _eventually(tmp_path, lambda running: not running)
    assert supervisor.wait(PATIENCE) == (-end if end is signal.SIGKILL else 0)
