"""What can be wrong with a request for a look-up."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class UnknownEnricherError(ExpectedError):
    """No enricher has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no enricher {key[:80]!r}.")
        self.key = key
