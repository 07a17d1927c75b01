"""What can be wrong with a backup."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class BackupError(ExpectedError):
    """A backup can't be made or used; the message says why and what to do."""


class SnapshotGoneError(Exception):
    """The server does not hold that moment any more: read at a later one."""
