"""Processes to measure: started on a core of their own, ready, watched from outside, stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from server.kit.leash import leashed
from tests.bench.bench import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from server.kit.mongod import Mongod

_POLL_SECONDS = 0.005
_READY_SECONDS = 60.0
_STOP_SECONDS = 15.0
_KIB_PER_MB = 1_000_000 / 1_024


class ProcessError(BenchError):
    """A process to measure did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A process that serves on `port`; `start_seconds` passed from its start until it said it was ready."""

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    def cpu_seconds(self) -> float | None:
        """Return the CPU time used so far; None where there is no /proc."""
        return cpu_seconds(self.process.pid)

    def memory_mb(self, name: str = "VmRSS") -> float | None:
        """Return its memory now (VmRSS) or at its peak (VmHWM); None where there is no /proc."""
        try:
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        except OSError:
            return None
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / _KIB_PER_MB


def children_of(pid: int) -> list[int]:
    """Return the processes that a process started; none where there is no /proc."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time that a process has used so far; None where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime: proc(5)


@dataclass(slots=True)
class Spent:
    """What some work took: how many a second, and for each microseconds of our CPU and MongoDB's."""

    rate: float = 0
    cpu_us: float = 0
    mongod_cpu_us: float = 0


@contextlib.contextmanager
def spending(mongod: Mongod, count: int) -> Iterator[Spent]:
    """Yield what is known, afterwards, of what was done so often by this process and MongoDB."""
    pids, spent = (os.getpid(), mongod.process.pid), Spent()
    began, before = time.perf_counter(), [cpu_seconds(pid) or 0 for pid in pids]
    yield spent
    spent.rate = count / (time.perf_counter() - began)
    spent.cpu_us, spent.mongod_cpu_us = (
        ((cpu_seconds(pid) or 0) - earlier) / count * 1e6 for pid, earlier in zip(pids, before, strict=True)
    )


def pin_to_other_cores() -> None:
    """Leave the last core to the process that is measured; what we start from now on stays off it, too."""
    cores = _cores()
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:-1])


@contextlib.contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], *, port: int, cores: int = 1
) -> Iterator[Measured]:
    """Run a server on the last core or cores, from when `/readyz` answers 200 to the end of the block."""
    started = time.perf_counter()
    with on_its_cores(cores):
        process = subprocess.Popen(
            leashed(command, death=signal.SIGKILL),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,  # standard output is for figures
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port)
        yield Measured(process=process, port=port, start_seconds=time.perf_counter() - started)
    finally:
        _stop(process)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cores() -> list[int]:
    return sorted(_ALL_CORES)


_ALL_CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()


@contextlib.contextmanager
def on_its_cores(count: int) -> Iterator[None]:
    """Let this thread, and what is started in the block, run on the last cores alone."""
    cores = _cores()
    if len(cores) < 2:
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not _is_ready(port):
        if process.poll() is not None:
            raise ProcessError(f"The server to measure ended by itself (exit code {process.returncode}).")
        if time.monotonic() > deadline:
            raise ProcessError(f"The server to measure was not ready within {_READY_SECONDS:.0f} seconds.")
        time.sleep(_POLL_SECONDS)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
