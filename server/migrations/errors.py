"""What keeps from migrating."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class MigrationError(ExpectedError):
    """The database can't be migrated now; the message says why and what to do."""
