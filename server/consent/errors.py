"""What can be wrong with purposes."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class UnknownPurposeError(ExpectedError):
    """No purpose has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no purpose {key[:80]!r}: define it first with definePurpose.")
        self.key = key
