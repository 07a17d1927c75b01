"""A replica set of three real mongods on one machine, each of which can be killed, paused or cut off."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from server.kit.leash import leashed
from server.kit.mongod import find_mongod
from tests.faults.world import PATIENCE, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SIZE = 3
_SET = "acquaint"
_SECONDS = 2.0  # for one member to answer; one that is paused never does
_OPTIONS = (
    "--bind_ip_all",
    "--nounixsocket",
    f"--replSet={_SET}",
    "--oplogSize=128",  # megabytes
    "--wiredTigerCacheSizeGB=0.25",
    "--setParameter=diagnosticDataCollectionEnabled=false",
    # What a process that was killed had begun keeps what it wrote locked for so long, by default 60 seconds.
    "--setParameter=transactionLifetimeLimitSeconds=5",
)


class Place(Protocol):
    """Where the members run."""

    def folder(self, index: int) -> Path:
        """Return where a member keeps its data."""
        ...

    def host(self, index: int) -> str:
        """Return the address that everybody reaches a member by."""
        ...

    def command(self, index: int, command: Sequence[str]) -> list[str]:
        """Return the command line that runs a command where the member is."""
        ...


@dataclass(frozen=True, slots=True)
class Loopback:
    """One machine, one disk, one network: nothing here needs to be allowed by anybody."""

    root: Path

    def folder(self, index: int) -> Path:
        """Return a folder of its own."""
        return self.root / f"mongod-{index}"

    def host(self, index: int) -> str:  # noqa: ARG002 - all have the same
        """Return loopback."""
        return "127.0.0.1"

    def command(self, index: int, command: Sequence[str]) -> list[str]:  # noqa: ARG002
        """Return it as it is."""
        return list(command)


class Member:
    """One mongod."""

    def __init__(self, place: Place, index: int) -> None:
        self.index = index
        self.address = f"{place.host(index)}:{free_port()}"
        self.folder = place.folder(index)
        self._place = place
        self._quick, self._patient = (_client(self.address, each) for each in (_SECONDS, PATIENCE))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it on what is on its disk; it takes part some seconds later."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        port = self.address.rpartition(":")[2]
        command = [
            str(find_mongod()),
            f"--dbpath={self.folder / 'data'}",
            f"--port={port}",
            *_OPTIONS,
            *options,
        ]
        with (self.folder / "mongod.log").open("ab") as log:
            self.process = subprocess.Popen(
                leashed(self._place.command(self.index, command), death=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def pause(self) -> None:
        """Let it keep its connections and do nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    @property
    def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self.process is None or self.process.poll() is not None

    def run(self, command: str, value: object = 1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - raw
        """Have it carry out an administrative command."""
        answer: dict[str, Any] = self._patient.admin.command(command, value, **fields)
        return answer

    @property
    def state(self) -> str:
        """How it sees itself: PRIMARY, SECONDARY, …; nothing where it does not answer."""
        try:
            status = self._quick.admin.command("replSetGetStatus")
        except PyMongoError:
            return ""
        return next(str(each["stateStr"]) for each in status["members"] if each.get("self"))

    def close(self) -> None:
        """End it and forget it."""
        self._quick.close()
        self._patient.close()
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


class ReplicaSet:
    """Three members that hold elections among themselves.

    `election_seconds` is how long they miss their primary before they elect another; MongoDB's own is 10.
    """

    def __init__(self, place: Place, *, election_seconds: float = 10, options: Sequence[str] = ()) -> None:
        self.members = [Member(place, index) for index in range(SIZE)]
        hosts = ",".join(each.address for each in self.members)
        self.url = f"mongodb://{hosts}/?replicaSet={_SET}"
        self._options = options
        self._election_milliseconds = int(1000 * election_seconds)

    def __enter__(self) -> Self:
        try:
            for each in self.members:
                each.start(*self._options)
            self._initiate()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End all members; nothing of theirs is worth an orderly end."""
        for each in self.members:
            each.close()

    def restart(self, member: Member) -> None:
        """Start a member that ended."""
        member.start(*self._options)

    def primary(self) -> Member:
        """Return the member that takes writes, once there is one."""
        found: list[Member] = []

        def is_found() -> bool:
            found.extend(each for each in self.members if not each.has_ended and each.state == "PRIMARY")
            return bool(found)

        eventually(is_found, "there is a primary")
        return found[0]

    def secondaries(self) -> list[Member]:
        """Return the others."""
        primary = self.primary()
        return [each for each in self.members if each is not primary]

    def wait_until_whole(self) -> None:
        """Return once one member is primary, and all others follow it."""
        whole = ["PRIMARY", "SECONDARY", "SECONDARY"]
        eventually(lambda: sorted(each.state for each in self.members) == whole, "all members take part")

    def _initiate(self) -> None:
        first = self.members[0]
        eventually(lambda: all(_answers(each) for each in self.members), "all members answer")
        members = [{"_id": each.index, "host": each.address} for each in self.members]
        # The first election waits for nobody that could be missed.
        settings = {"electionTimeoutMillis": 500}
        first.run("replSetInitiate", {"_id": _SET, "members": members, "settings": settings})
        self.wait_until_whole()
        config = self.primary().run("replSetGetConfig")["config"]
        config["version"] += 1
        config["settings"]["electionTimeoutMillis"] = self._election_milliseconds
        self.primary().run("replSetReconfig", config)


def _client(address: str, seconds: float) -> MongoClient[dict[str, Any]]:
    milliseconds = int(1000 * seconds)
    return MongoClient(
        f"mongodb://{address}/",
        directConnection=True,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=milliseconds,
    )


def _answers(member: Member) -> bool:
    assert not member.has_ended, (member.folder / "mongod.log").read_text()[-2000:]
    try:
        member.run("ping")
    except PyMongoError:
        return False
    return True
