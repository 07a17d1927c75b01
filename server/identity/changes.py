"""What happens to identities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from server.kit.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Change):
    """A provider proved who the person is; `is_first` where nobody ever signed in to this profile before."""

    kind: ClassVar[str] = "identity.signed_in"
    provider: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLinked(Change):
    """A person who was signed in proved another account to be theirs."""

    kind: ClassVar[str] = "identity.linked"
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityUnlinked(Change):
    """A person gave up a way to sign in."""

    kind: ClassVar[str] = "identity.unlinked"
    provider: str
