"""`make run`: MongoDB, API, worker and demo on one machine, started together and ended together.

Development only. Each is a process of its own, as it would be anywhere else.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.kit.leash import leashed
from server.kit.mongod import MongodError, start_mongod
from server.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

_Process = subprocess.Popen[bytes]

_PROGRAM = (sys.executable, "-m", "server")
_FOLDER = Path(".acquaint")
_TICK_SECONDS = 0.05
_READY_SECONDS = 60.0  # the first start compiles every module; an ordinary one takes about 2
_STOP_SECONDS = 10.0  # longer than any request may take
_PARTS = {"serve": "The API", "worker": "The worker", "demo": "The demo"}
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LocalError(Exception):
    """It cannot run here and now; the message says why and what to do, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    name: str
    process: _Process


def run_local(
    environ: Mapping[str, str], *, program: Sequence[str] = _PROGRAM, stop_seconds: float = _STOP_SECONDS
) -> int:
    """Run everything until Ctrl-C, SIGTERM or the end of any part; return the exit code.

    `program` is the command line that setup, serve, worker and demo are appended to. Each gets `environ`
    with the settings of this machine filled in, and `stop_seconds` to end when it is asked to.
    """
    try:
        with _stop_signals_interrupt(), contextlib.ExitStack() as stack:
            _run(environ, program, stop_seconds, stack)
    except (LocalError, MongodError, SettingsError) as error:
        print(error, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        return 0
    return 1


def remembered_environment(folder: Path = _FOLDER) -> dict[str, str]:
    """Return the settings of the last run in `folder`, for a command beside it; {} if there was none."""
    try:
        remembered = json.loads((folder / "environment.json").read_text())
    except FileNotFoundError:
        return {}
    return {str(name): str(value) for name, value in remembered.items()}


def _run(
    environ: Mapping[str, str], program: Sequence[str], stop_seconds: float, stack: contextlib.ExitStack
) -> None:
    folder = Path(environ.get("ACQUAINT_DATA_DIR") or _FOLDER).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = _local_environment(environ, folder)
    settings = read_settings(ours)
    _check_ports(settings)
    children: list[_Child] = []
    if "ACQUAINT_MONGODB_URL" not in ours:
        mongod = start_mongod(folder / "mongodb")
        stack.callback(mongod.stop)
        children.append(_Child(name="mongod", process=mongod.process))
        ours["ACQUAINT_MONGODB_URL"] = mongod.url
    _write_secret(folder / "environment.json", json.dumps(ours, indent=2))
    keys = _set_up(program, {**environ, **ours})
    parts: list[_Child] = []
    stack.callback(_stop, parts, stop_seconds)
    for word, name in _PARTS.items():
        parts.append(_Child(name=name, process=_start([*program, word], {**environ, **ours})))
    _watch([*children, *parts], until=lambda: _is_ready(settings), seconds=_READY_SECONDS)
    _announce(settings, keys, folder)
    _watch([*children, *parts])


# --- what a run needs before it starts ------------------------------------------------------------------


def _local_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return every setting of this run: what the environment says, else this machine's defaults."""
    if environ.get("ACQUAINT_ENVIRONMENT", "development") != "development":
        message = (
            "`make run` is for development: unset ACQUAINT_ENVIRONMENT,"
            " or run `acquaint serve` and `acquaint worker` (docker-compose.yml shows how)."
        )
        raise LocalError(message)
    given = {name: value for name, value in environ.items() if name.startswith("ACQUAINT_") and value}
    if mongodb_url := environ.get("MONGODB_URL"):
        given.setdefault("ACQUAINT_MONGODB_URL", mongodb_url)
    port = given.get("ACQUAINT_PORT", "8000")
    defaults = {
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_HOST": "127.0.0.1",
        "ACQUAINT_PORT": port,
        "ACQUAINT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ACQUAINT_DEMO_URL": "http://127.0.0.1:8001",
        "ACQUAINT_DATABASE": "acquaint",
        "ACQUAINT_DATA_DIR": str(folder),
    }
    return {**defaults, "ACQUAINT_SECRET": given.get("ACQUAINT_SECRET") or _secret(folder), **given}


def _secret(folder: Path) -> str:
    """Return the secret that this folder's tokens are signed with, made at the first run."""
    file = folder / "secret"
    if not file.exists():
        _write_secret(file, secrets.token_hex(32))
    return file.read_text().strip()


def _write_secret(file: Path, text: str) -> None:
    """Replace `file` by one that only its owner can read; even a power cut leaves no half of it."""
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _check_ports(settings: Settings) -> None:
    demo_port = urlsplit(settings.demo_url).port or 80
    cures = {settings.port: "ACQUAINT_PORT=8080", demo_port: "ACQUAINT_DEMO_URL=http://127.0.0.1:8081"}
    for port, cure in cures.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: skips TIME_WAIT
            try:
                probe.bind((settings.host, port))
            except OSError as error:
                message = (
                    f"Port {port} cannot be had ({error.strerror}): take another with `make run {cure}`."
                )
                raise LocalError(message) from None


# --- processes ------------------------------------------------------------------------------------------


def _start(command: Sequence[str], environ: Mapping[str, str], *, output: int | None = None) -> _Process:
    """Start a part: on a leash, and out of reach of the terminal's Ctrl-C, which is for us.

    It is killed outright when we are: it is built to survive that, and a polite end might never come.
    """
    return subprocess.Popen(  # noqa: S603 - our own words
        leashed(command, death=signal.SIGKILL),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        start_new_session=True,
    )


def _set_up(program: Sequence[str], environ: Mapping[str, str]) -> list[dict[str, str]]:
    """Create indexes and seed the demo; return what it tells: objects with `kind` and `token` or `note`."""
    process = _start([*program, "setup"], environ, output=subprocess.PIPE)
    try:
        output, _ = process.communicate()
    finally:
        process.kill()
    if process.returncode != 0:
        message = f"Setting up the database failed (exit code {process.returncode}): the reason is above."
        raise LocalError(message)
    return [json.loads(line) for line in output.splitlines()]


def _watch(
    children: Sequence[_Child], *, until: Callable[[], bool] = lambda: False, seconds: float = math.inf
) -> None:
    """Return when `until` holds; raise LocalError if a child ends first, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while not until():
        for child in children:
            if (code := child.process.poll()) is not None:
                message = f"{child.name} ended by itself (exit code {code}), so everything was stopped."
                raise LocalError(message)
        if time.monotonic() > deadline:
            message = f"API and demo did not answer within {seconds:.0f} seconds, so everything was stopped."
            raise LocalError(message)
        time.sleep(_TICK_SECONDS)


def _is_ready(settings: Settings) -> bool:
    demo = urlsplit(settings.demo_url)
    return _answers(settings.host, settings.port, "/readyz") and _answers(
        demo.hostname or "", demo.port or 80, "/"
    )


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(children: Sequence[_Child], seconds: float) -> None:
    """Ask all to end, wait a bounded time for all, then insist."""
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + seconds
    for child in children:
        try:
            child.process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


@contextlib.contextmanager
def _stop_signals_interrupt() -> Iterator[None]:
    """Make the first stop signal a KeyboardInterrupt, and let no second one disturb the cleaning up."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for each in _STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in _STOP_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


# --- what the person at the terminal sees ---------------------------------------------------------------


def _announce(settings: Settings, lines: Sequence[Mapping[str, str]], folder: Path) -> None:
    facts = [
        ("Demo page", settings.demo_url),
        ("GraphQL", f"{settings.public_url}/graphql"),
        ("Playground", f"{settings.public_url}/playground"),
        *((line["kind"].replace("_", " ").capitalize(), line.get("token") or line["note"]) for line in lines),
        ("Data", str(folder)),
    ]
    print("\nAcquaint is running; Ctrl-C stops it.\n")
    for name, value in facts:
        print(f"  {name:<18}{value}")
    print(flush=True)
