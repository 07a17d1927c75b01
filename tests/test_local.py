"""The supervisor behind `make run`, with real processes: what starts together ends together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.kit.mongod import running_mongod
from server.local import remembered_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAKE = str(Path(__file__).parent / "fake_program.py")
_SUPERVISOR = (
    "import os, sys; from server.local import run_local;"
    f"sys.exit(run_local(os.environ, program=[sys.executable, {_FAKE!r}], stop_seconds=1))"
)
_NO_MONGODB = "mongodb://127.0.0.1:1/"  # the fakes never call it


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Supervisor:
    """A supervisor in a process of its own.

    Its parts hold its output open, so the end of the output is the end of all of them.
    """

    def __init__(self, folder: Path, **environ: str) -> None:
        settings = {
            "ACQUAINT_DATA_DIR": str(folder),
            "ACQUAINT_PORT": str(_free_port()),
            "ACQUAINT_DEMO_URL": f"http://127.0.0.1:{_free_port()}",
            "MONGODB_URL": _NO_MONGODB,
        }
        ours = ("ACQUAINT_", "MONGODB_URL", "FAKE_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SUPERVISOR],
            cwd=Path(__file__).parent.parent,
            env={**inherited, **settings, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read_until(self, text: str) -> str:
        """Return what it said up to the line with `text`."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if text in line:
                return said
        pytest.fail(f"it ended without saying {text!r}: {said}")

    def read_to_the_end(self) -> str:
        """Return the rest of what it said, once it and every part of it has ended."""
        return self.process.communicate(timeout=30)[0]


@pytest.fixture
def started() -> Iterator[list[Supervisor]]:
    """Whatever a test puts here is gone after it."""
    supervisors: list[Supervisor] = []
    yield supervisors
    for supervisor in supervisors:
        supervisor.process.kill()
        supervisor.read_to_the_end()


def _start(started: list[Supervisor], folder: Path, **environ: str) -> Supervisor:
    started.append(Supervisor(folder, **environ))
    return started[-1]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_ends_every_part(started: list[Supervisor], tmp_path: Path, stop: signal.Signals) -> None:
    supervisor = _start(started, tmp_path)
    supervisor.read_until("Data")

    supervisor.process.send_signal(stop)

    supervisor.read_to_the_end()
    assert supervisor.process.returncode == 0


def test_part_that_does_not_listen_is_ended_all_the_same(started: list[Supervisor], tmp_path: Path) -> None:
    supervisor = _start(started, tmp_path, FAKE_FAULT="worker:deaf")
    supervisor.read_until("Data")

    supervisor.process.terminate()

    supervisor.read_to_the_end()
    assert supervisor.process.returncode == 0


@pytest.mark.parametrize(
    ("part", "name"), [("serve", "The API"), ("worker", "The worker"), ("demo", "The demo")]
)
def test_part_that_ends_takes_the_rest_down(
    started: list[Supervisor], tmp_path: Path, part: str, name: str
) -> None:
    supervisor = _start(started, tmp_path, FAKE_FAULT=f"{part}:ends")

    said = supervisor.read_to_the_end()

    assert said.endswith(f"{name} ended by itself (exit code 3), so everything was stopped.\n")
    assert supervisor.process.returncode == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
def test_killed_supervisor_leaves_no_orphan(started: list[Supervisor], tmp_path: Path) -> None:
    supervisor = _start(started, tmp_path, MONGODB_URL="")
    supervisor.read_until("Data")

    supervisor.process.kill()

    supervisor.read_to_the_end()
    with running_mongod(tmp_path / "mongodb"):
        pass


def test_own_mongod_ends_with_the_run_and_its_death_ends_the_run(
    started: list[Supervisor], tmp_path: Path
) -> None:
    first = _start(started, tmp_path, MONGODB_URL="")
    first.read_until("Data")
    first.process.terminate()
    first.read_to_the_end()
    second = _start(started, tmp_path, MONGODB_URL="")
    second.read_until("Data")

    os.kill(int((tmp_path / "mongodb" / "data" / "mongod.lock").read_text()), signal.SIGKILL)

    assert "mongod ended by itself (exit code -9)" in second.read_to_the_end()
    assert second.process.returncode == 1


def test_failed_set_up_is_told_and_nothing_is_started(started: list[Supervisor], tmp_path: Path) -> None:
    supervisor = _start(started, tmp_path, FAKE_FAULT="setup:ends")

    assert supervisor.read_to_the_end() == (
        "Setting up the database failed (exit code 3): the reason is above.\n"
    )


def test_taken_port_is_named_with_the_way_to_another(started: list[Supervisor], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        supervisor = _start(started, tmp_path, ACQUAINT_PORT=str(port))
        said = supervisor.read_to_the_end()

    assert said.startswith(f"Port {port} cannot be had (Address already in use)")
    assert said.endswith("`make run ACQUAINT_PORT=8080`.\n")


def test_production_is_refused(started: list[Supervisor], tmp_path: Path) -> None:
    supervisor = _start(started, tmp_path, ACQUAINT_ENVIRONMENT="production")

    assert "`make run` is for development" in supervisor.read_to_the_end()
    assert supervisor.process.returncode == 1


def test_secret_is_made_once_and_only_its_owner_reads_it(started: list[Supervisor], tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        supervisor = _start(started, tmp_path)
        keys.append(re.findall(r"Admin key +(\S+)", supervisor.read_until("Data")))
        supervisor.process.terminate()
        supervisor.read_to_the_end()

    assert keys[0] == keys[1]
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        "secret": 0o600,
        "environment.json": 0o600,
    }
    assert keys[0] == ["sk_of_" + remembered_environment(tmp_path)["ACQUAINT_SECRET"]]
