"""Enrichers as an admin configures them, and what a try of one shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Finding, OutcomeClass

EnricherId = NewType("EnricherId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredEnricher:
    """An enricher as stored. `document` is what an admin wrote, as enricher.schema.json has it.

    `version` counts writes and guards against lost updates; `revision` goes up when the same input could
    now give something else. `secrets` are by name, and only those that are for the present host.
    """

    id: EnricherId
    key: str
    document: Mapping[str, Any]
    created_at: datetime
    version: int = 1
    revision: int = 1
    is_enabled: bool = False
    archived_at: datetime | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEnricher:
    """An enricher as admins see it: which secrets it needs and has, and what keeps it from working."""

    configured: ConfiguredEnricher
    name: str
    host: str
    needed_secrets: tuple[str, ...]
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A provider that ships as data."""

    key: str
    name: str
    notice: str | None
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An answer that is tried in place of a call."""

    status: int
    body: Any
    media_type: str = "application/json"
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a try came to: the request without its secrets, what the answer meant, what would be claimed."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    outcome: OutcomeClass
    reason: str | None
    after_seconds: float | None
    findings: tuple[Finding, ...]
    dropped: tuple[str, ...]
