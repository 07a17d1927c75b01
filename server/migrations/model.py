"""What there is to do before the database is as this version wants it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.kit.migrating import Filling, Migration
    from server.kit.mongo import Document


class Act(StrEnum):
    """What becomes of an index."""

    BUILD = "build"
    EXPIRE = "expire"  # the same index, with documents that expire earlier or later
    REPLACE = "replace"  # dropped and built again, since its definition changed under the same name
    LEAVE = "leave"  # of another version, which may be running still
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStep:
    """One index: `definition` as this version wants it, or as it is there where it is to go."""

    act: Act
    collection: str
    name: str
    definition: Document
    documents: int = 0

    @property
    def lasts(self) -> timedelta:
        """About how long it takes."""
        is_built = self.act in {Act.BUILD, Act.REPLACE}
        return timedelta(seconds=self.documents / _INDEXED_PER_SECOND if is_built else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteStep:
    """One migration of documents, of which so many are pending."""

    migration: Migration | Filling
    documents: int

    @property
    def lasts(self) -> timedelta:
        """About how long it takes."""
        return timedelta(seconds=self.documents / _REWRITTEN_PER_SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything, in the order in which it is done."""

    indexes: Sequence[IndexStep]
    rewrites: Sequence[RewriteStep]
    drops: Sequence[IndexStep]


# Of a million profiles, measured on two cores with all of it in memory: see docs/operations/growth.md.
_INDEXED_PER_SECOND = 100_000
_REWRITTEN_PER_SECOND = 10_000
