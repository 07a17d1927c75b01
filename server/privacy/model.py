"""Requests about one person's data, and what every collection holds of people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

RequestId = NewType("RequestId", str)

# The kinds of our jobs.
EXPORT = "privacy_export"
ERASE = "privacy_erase"
ANONYMISE = "privacy_anonymise"
WITHDRAW = "privacy_withdraw"
RETAIN = "privacy_retain"

SETTLES_AFTER = timedelta(
    minutes=10
)  # twice what a job may take: by then no write that was under way still is
ARCHIVE_LIFETIME = timedelta(days=7)
LINK_LIFETIME = timedelta(minutes=10)
RETAIN_EVERY = timedelta(days=1)


class RequestKind(StrEnum):
    """What shall become of a person's data."""

    EXPORT = "export"
    ERASE = "erase"
    ANONYMISE = "anonymise"


class RequestState(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A finished export: a zip of JSON files, one a collection, with a manifest."""

    id: str
    size_bytes: int
    sha256: str
    chunks: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """A request about one person, and what became of it.

    `profile_ids` are all ids that the person ever had here, as far as they were found so far. An erasure is
    done when nothing is left, and settled when that was checked once more after everything that was under
    way had ended. It is kept for ever: it says that and when somebody was erased, and not who.
    """

    id: RequestId
    kind: RequestKind
    profile_id: str
    profile_ids: tuple[str, ...]
    state: RequestState
    requested_by: str | None
    requested_at: datetime
    finished_at: datetime | None = None
    settled_at: datetime | None = None
    archive: Archive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDownload:
    """An archive on its way to whoever has the link."""

    name: str
    size_bytes: int
    content: AsyncIterator[bytes]


class OnAnonymise(StrEnum):
    """What becomes of a collection's documents about a person who is made anonymous."""

    KEEP = "keep"  # they say nothing that a person could be known by
    STRIP = "strip"  # what they say about personal attributes goes, as `attribute`, `values`, `telling` say
    ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one collection holds of people, and who answers for it.

    `person` are the fields that hold a profile's id; none where the collection says nothing of anybody, and
    then `because` says why. `secret` fields never leave in an export. `survives` matches documents that an
    erasure leaves, with the reason in `because`.

    `attribute` is the field with the id of the attribute that a document is about and `consent` the one
    with the purpose it rests on: of such documents the `values` are emptied, or all is deleted where there
    are none. `telling` are fields that may name a person whatever their document is about: of who is made
    anonymous they are emptied. `snapshots` are fields that hold a profile as it once was. `dated` is the
    moment that retention counts from.
    """

    collection: str
    owner: str
    person: tuple[str, ...] = ()
    because: str = ""
    secret: frozenset[str] = frozenset()
    is_exported: bool = True
    survives: Mapping[str, Any] | None = None
    on_anonymise: OnAnonymise = OnAnonymise.ERASE
    attribute: str | None = None
    consent: str | None = None
    values: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    dated: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of what is known of a person that is to be forgotten.

    Attributes by id, and what rests on a purpose whatever attribute it is about.
    """

    attribute_ids: frozenset[str] = field(default_factory=frozenset)
    purpose: str | None = None
