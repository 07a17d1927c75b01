"""Starts a command that ends when its starter ends, even on kill -9, so that a crash leaves no orphan.

Linux only (prctl's PR_SET_PDEATHSIG); elsewhere the command runs without the leash.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def leashed(command: Sequence[str], *, death: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return the command line that runs `command` on a leash held by this process.

    This file is run as a script in between, not as a `preexec_fn`, which is unsafe beside threads. The
    leash is held by the thread that starts the command: start it on the main one.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(death.value), *command]


def _become(holder: int, death: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death)
    if os.getppid() != holder:  # it died before the leash was on
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
