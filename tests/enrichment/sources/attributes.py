"""The attributes and purposes that ship, as validation sees them."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from server.consent.standard import STANDARD_PURPOSES
from server.profiles.catalogue import catalogue
from server.profiles.model import AttributeDefinition, AttributeId
from server.profiles.standard import STANDARD_ATTRIBUTES

PURPOSES = frozenset(each.key for each in STANDARD_PURPOSES)
STANDARD = catalogue(
    AttributeDefinition(
        id=AttributeId(f"att_{number:026}"),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        canonical=spec.key,
        **{each.name: getattr(spec, each.name) for each in fields(spec)},
    )
    for number, spec in enumerate(STANDARD_ATTRIBUTES)
)
