"""The embedded mongod: it starts anywhere, keeps what it was given, and says what to do when it cannot."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from server.kit.mongod import MongodError, find_mongod, running_mongod, start_mongod

if TYPE_CHECKING:
    from pathlib import Path


def _client(url: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(url, serverSelectionTimeoutMS=5000)


def test_data_is_kept_over_a_restart_and_served_on_the_same_port(tmp_path: Path) -> None:
    with running_mongod(tmp_path) as first, _client(first.url) as client:
        client["app"]["things"].insert_one({"_id": 1})

    with running_mongod(tmp_path) as second, _client(second.url) as client:
        assert second.url == first.url
        assert client["app"]["things"].count_documents({}) == 1


def test_acknowledged_write_survives_kill_nine(tmp_path: Path) -> None:
    mongod = start_mongod(tmp_path)
    with _client(mongod.url) as client:
        client["app"]["things"].insert_one({"_id": 1})
    mongod.process.kill()
    mongod.process.wait()

    with running_mongod(tmp_path) as again, _client(again.url) as client:
        assert client["app"]["things"].count_documents({}) == 1


def test_taken_port_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    with running_mongod(tmp_path) as first, _client(first.url) as client:
        client["app"]["things"].insert_one({"_id": 1})
    port = int((tmp_path / "port").read_text())

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        taken.bind(("127.0.0.1", port))
        with running_mongod(tmp_path) as second, _client(second.url) as client:
            assert second.url != first.url
            assert client["app"]["things"].count_documents({}) == 1


def test_folder_in_use_is_named_in_one_sentence(tmp_path: Path) -> None:
    with running_mongod(tmp_path), pytest.raises(MongodError, match="Another mongod already uses") as raised:
        start_mongod(tmp_path, patience_seconds=0)

    assert str(tmp_path) in str(raised.value)


def test_damaged_folder_is_reported_and_left_alone(tmp_path: Path) -> None:
    with running_mongod(tmp_path):
        pass
    damaged = tmp_path / "data" / "WiredTiger.wt"
    damaged.write_bytes(b"half written")

    with pytest.raises(MongodError, match="move it away"):
        start_mongod(tmp_path)

    assert damaged.read_bytes() == b"half written"


def test_program_that_does_not_run_is_told_from_damaged_data(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.write_text("#!/bin/sh\necho libcrypto.so.3: cannot open shared object file >&2\nexit 127\n")
    program.chmod(0o755)

    with pytest.raises(MongodError, match=r"does not run on this machine \(libcrypto"):
        start_mongod(tmp_path / "folder", program=program)


def test_mongod_on_the_search_path_comes_first(tmp_path: Path) -> None:
    program = tmp_path / "mongod"
    program.touch(mode=0o755)

    assert find_mongod(str(tmp_path)) == program


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
def test_mongod_ends_with_a_killed_starter(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, time\n"
        "from server.kit.mongod import start_mongod\n"
        "print(start_mongod(pathlib.Path(sys.argv[1])).process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    mongod = os.pidfd_open(int(starter.stdout.readline()))

    starter.send_signal(signal.SIGKILL)
    starter.communicate()

    _wait_for_end(mongod)
    with running_mongod(tmp_path):
        pass


def _wait_for_end(pidfd: int) -> None:
    assert select.select([pidfd], [], [], 20)[0], "it is still running"
