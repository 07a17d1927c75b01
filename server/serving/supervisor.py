"""Several processes that serve on one socket: those that die are started again, all are replaced on request.

Our own, because uvicorn's starts a process that died again without a pause, hears no signal while it
replaces one, and knows of a new process that it runs, not that it can serve.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.kit.leash import leashed

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

_log = logging.getLogger(__name__)
READY = b"ready\n"  # what a process says on standard output once it serves and can
_READY_SECONDS = 60.0
_FIRST_PAUSE = 0.5  # seconds before what died is started again, doubled each time
_LONGEST_PAUSE = 30.0
_SETTLED_SECONDS = 30.0  # after which a death counts as the first again
_PATIENCE_SECONDS = 12.0  # from SIGTERM to SIGKILL, beside what it is told to drain for

_Process = asyncio.subprocess.Process


@dataclass(slots=True)
class _Place:
    """Where one of the processes is, and another after it."""

    number: int
    process: _Process | None = None
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_vacant(self) -> bool:
        """Whether nobody is there."""
        return self.process is None or self.process.returncode is not None


class Supervisor:
    """Runs `command` so many times; the descriptor of the socket and the number of its place are appended.

    SIGHUP replaces one after the other: the old ends once the new can serve, and stays where it can't.
    SIGTERM and Ctrl-C end all.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        listening: socket.socket,
        processes: int,
        drain_seconds: float = 0,
    ) -> None:
        self._command = command
        self._environ = environ
        self._listening = listening
        self._places = [_Place(number) for number in range(processes)]
        self._patience = drain_seconds + _PATIENCE_SECONDS
        self._running: set[_Process] = set()
        self._is_to_end = asyncio.Event()
        self._is_to_renew = asyncio.Event()

    async def run(self) -> None:
        """Run until SIGTERM or Ctrl-C."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._is_to_end.set)
        loop.add_signal_handler(signal.SIGHUP, self._is_to_renew.set)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep(each)) for each in self._places]
            tasks.append(group.create_task(self._renew_on_demand()))
            await self._is_to_end.wait()
            for task in tasks:
                task.cancel()
        await asyncio.gather(*(self._end(each) for each in list(self._running)))

    async def _keep(self, place: _Place) -> None:
        """See to it that somebody is there, with ever longer pauses while they die young."""
        loop, pause = asyncio.get_running_loop(), 0.0
        while True:
            began = loop.time()
            async with place.changing:
                if place.is_vacant:
                    place.process = await self._start(place)
            process = place.process
            if process is not None:
                code = await process.wait()
                if place.process is not process:
                    continue  # it was replaced
                self._running.discard(process)
                _log.error("process %d died (%d)", process.pid, code)
            pause = 0.0 if loop.time() - began > _SETTLED_SECONDS else pause
            pause = min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE)
            _log.error("another starts in %g seconds", pause)
            await asyncio.sleep(pause)

    async def _renew_on_demand(self) -> None:
        while await self._is_to_renew.wait():
            self._is_to_renew.clear()
            for place in self._places:
                if not await self._renew(place):
                    break

    async def _renew(self, place: _Place) -> bool:
        """Put another in the place of a process; whether it could serve."""
        successor = await self._start(place)
        if successor is None:
            return False
        if not await _is_ready(successor):
            _log.error("process %d could not serve; what runs is left as it is", successor.pid)
            await self._end(successor)
            return False
        async with place.changing:
            former, place.process = place.process, successor
        if former is not None:
            await self._end(former)
        return True

    async def _start(self, place: _Place) -> _Process | None:
        """Return another process; None where the machine has no room for it just now."""
        descriptor = self._listening.fileno()
        try:
            process = await asyncio.create_subprocess_exec(
                *leashed([*self._command, str(descriptor), str(place.number)]),
                env=self._environ,
                pass_fds=(descriptor,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            _log.error("no process can be started: %s", error.strerror)
            return None
        self._running.add(process)
        return process

    async def _end(self, process: _Process) -> None:
        """Ask a process to end what it has in hand, and see that it did."""
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(self._patience):
                await process.wait()
        except TimeoutError:
            _log.error("process %d did not end and is killed", process.pid)
            process.kill()
            await process.wait()
        self._running.discard(process)


async def _is_ready(process: _Process) -> bool:
    """Wait until a process says that it can serve; False where it ends or takes too long."""
    if process.stdout is None:
        return False
    try:
        async with asyncio.timeout(_READY_SECONDS):
            return await process.stdout.readline() == READY
    except TimeoutError:
        return False
