"""What happens to consents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from server.kit.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecorded(Change):
    """A person said something to a purpose; `actor` is the id of the key or the profile that recorded it."""

    kind: ClassVar[str] = "consent.recorded"
    purpose: str
    state: str
    text_version: int
    source: str
    actor: str | None
