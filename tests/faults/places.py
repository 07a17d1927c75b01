"""Where members run: on disks of their own that can be filled, in networks of their own that can be cut.

Both need root in namespaces of our own, which end with us, so that nothing is left behind: see __main__.
"""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.replica_set import SIZE, Loopback

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO
    from pathlib import Path

_DISK = "500m"  # of memory: journal, log of operations, and a little for data
_BLOCK = 1024 * 1024  # bytes
_BRIDGE = "bridge0"


@dataclass(frozen=True, slots=True)
class Disks(Loopback):
    """A small disk for each member."""

    def mount(self) -> None:
        """Make the disks."""
        for index in range(SIZE):
            folder = self.folder(index)
            folder.mkdir()
            run("mount", "-t", "tmpfs", "-o", f"size={_DISK}", "disk", str(folder))

    def unmount(self) -> None:
        """Take them away."""
        for index in range(SIZE):
            run("umount", str(self.folder(index)))

    def fill(self, index: int) -> None:
        """Leave no room on a disk."""
        with (self.folder(index) / "ballast").open("wb", buffering=0) as ballast:
            for size in (_BLOCK, 4096):
                _write_until_full(ballast, bytes(size))

    def make_room(self, index: int) -> None:
        """Take back what was filled."""
        (self.folder(index) / "ballast").unlink()


@dataclass(frozen=True, slots=True)
class Networks:
    """A network for each member, on one bridge with us."""

    root: Path

    def folder(self, index: int) -> Path:
        """Return a folder of its own."""
        return self.root / f"mongod-{index}"

    def host(self, index: int) -> str:
        """Return its address on the bridge."""
        return f"10.99.0.{index + 1}"

    def command(self, index: int, command: Sequence[str]) -> list[str]:
        """Return the command line that runs a command in a member's network."""
        return ["ip", "netns", "exec", _name(index), *command]

    def connect(self) -> None:
        """Make the networks."""
        run("ip", "link", "add", _BRIDGE, "type", "bridge")
        run("ip", "address", "add", "10.99.0.254/24", "dev", _BRIDGE)
        run("ip", "link", "set", _BRIDGE, "up")
        for index in range(SIZE):
            name = _name(index)
            run("ip", "netns", "add", name)
            run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "link", "set", name, "master", _BRIDGE, "up")
            self._inside(index, "link", "set", "lo", "up")
            self._inside(index, "address", "add", f"{self.host(index)}/24", "dev", "eth0")
            self._inside(index, "link", "set", "eth0", "up")

    def cut(self, index: int) -> None:
        """Cut a member off from everybody."""
        run("ip", "link", "set", _name(index), "down")

    def mend(self, index: int) -> None:
        """Take that back."""
        run("ip", "link", "set", _name(index), "up")

    def cut_from(self, index: int, others: Sequence[int]) -> None:
        """Let nothing that a member sends reach these others."""
        for other in others:
            self._inside(index, "route", "add", "blackhole", f"{self.host(other)}/32")

    def mend_to(self, index: int, others: Sequence[int]) -> None:
        """Take that back."""
        for other in others:
            self._inside(index, "route", "delete", "blackhole", f"{self.host(other)}/32")

    def _inside(self, index: int, *arguments: str) -> None:
        run("ip", "-netns", _name(index), *arguments)


def _name(index: int) -> str:
    return f"member{index}"


def _write_until_full(file: FileIO, block: bytes) -> None:
    with contextlib.suppress(OSError):  # ENOSPC: there is no room left
        while True:
            file.write(block)


def run(*command: str) -> None:
    """Run a program of the system; raise CalledProcessError where it fails."""
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
