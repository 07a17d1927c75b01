"""Processes on one socket that only say that they are there, as their supervisor has them: give it a folder.

Each leaves a file named for its process id in the folder. With a file `unable` there, none can serve; with
`dying`, each ends at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from server.serving.server import listening
from server.serving.supervisor import READY, Supervisor


def supervise(folder: str) -> None:
    """Run two of them."""
    logging.basicConfig(format="%(message)s")
    with listening("127.0.0.1", 0) as ours:
        command = (sys.executable, __file__, folder)
        asyncio.run(Supervisor(command, os.environ, listening=ours, processes=2).run())


def serve(folder: Path) -> None:
    """Be one of them, until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    (folder / str(os.getpid())).touch()
    if (folder / "dying").exists():
        sys.exit(1)
    os.write(1, b"" if (folder / "unable").exists() else READY)
    os.close(1)
    signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    supervise(sys.argv[1]) if len(sys.argv) == 2 else serve(Path(sys.argv[1]))
