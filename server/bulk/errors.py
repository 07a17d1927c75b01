"""What can be wrong with a file."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class FileError(ExpectedError):
    """A file can't be read as what it should be; nothing of it was taken."""


class RowError(ExpectedError):
    """One row can't be taken; the message says why, for the file of rejects."""
