"""Profiles, claims and definitions, with whatever a test cares about said by the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from server.kit.ids import new_id
from server.profiles.model import (
    PERSON,
    AttributeDefinition,
    AttributeId,
    AttributeSpec,
    AttributeType,
    Bounds,
    Claim,
    ClaimId,
    Identity,
    IdentityKind,
    IdentityRef,
    Option,
    PersonAccess,
    Profile,
    ProfileId,
    Source,
    SourceKind,
    Value,
    Visit,
    VisitId,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.consent.model import Consent
    from server.profiles.tallies import Tally

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)

APP = Source(kind=SourceKind.APP)
DEMO = Source(kind=SourceKind.IDENTITY, key="demo")
LOOK_UP = Source(kind=SourceKind.ENRICHER, key="email_domain")


def options(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value=value, label=value.title()) for value in values)


def spec(
    key: str = "job_title",
    type: AttributeType = AttributeType.STRING,  # noqa: A002 - the field's name
    *,
    label: str | None = None,
    description: str | None = None,
    options: tuple[Option, ...] = (),
    bounds: Bounds | None = None,
    person_access: PersonAccess = PersonAccess.READWRITE,
    **rest: Any,  # noqa: ANN401 - further fields by name
) -> AttributeSpec:
    return AttributeSpec(
        key=key,
        type=type,
        label=key.replace("_", " ").capitalize() if label is None else label,
        description=description,
        options=options,
        bounds=bounds or Bounds(),
        person_access=person_access,
        **rest,
    )


def definition(
    key: str = "job_title",
    type: AttributeType = AttributeType.STRING,  # noqa: A002 - the field's name
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    label: str | None = None,
    options: tuple[Option, ...] = (),
    bounds: Bounds | None = None,
    person_access: PersonAccess = PersonAccess.READWRITE,
    **rest: Any,  # noqa: ANN401 - further fields by name
) -> AttributeDefinition:
    return AttributeDefinition(
        id=AttributeId(id or f"att_{key}"),
        created_at=NOW,
        key=key,
        type=type,
        label=key.replace("_", " ").capitalize() if label is None else label,
        options=options,
        bounds=bounds or Bounds(),
        person_access=person_access,
        **rest,
    )


def claim(
    value: Value = "Engineer",
    source: Source = PERSON,
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    attribute_id: str = "att_job_title",
    confidence: float = 1.0,
    is_verified: bool = False,
    observed_at: datetime = NOW,
    expires_at: datetime | None = None,
) -> Claim:
    return Claim(
        id=ClaimId(id or new_id("clm", observed_at)),
        attribute_id=AttributeId(attribute_id),
        value=value,
        source=source,
        confidence=confidence,
        is_verified=is_verified,
        observed_at=observed_at,
        expires_at=expires_at,
    )


def browser(value: str = "browser-1") -> IdentityRef:
    return IdentityRef(kind=IdentityKind.ANONYMOUS_ID, value=value)


def user(value: str = "user-1") -> IdentityRef:
    return IdentityRef(kind=IdentityKind.USER_ID, value=value)


def account(value: str = "subject-1", issuer: str = "https://id.example.com") -> IdentityRef:
    return IdentityRef(kind=IdentityKind.SOCIAL, value=value, issuer=issuer)


def identity(ref: IdentityRef, *, first_seen_at: datetime = NOW, last_seen_at: datetime = NOW) -> Identity:
    return Identity(ref=ref, first_seen_at=first_seen_at, last_seen_at=last_seen_at)


def visit(
    number: int = 1,
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    started_at: datetime = NOW,
    quiet: timedelta = timedelta(),
) -> Visit:
    """Return a visit whose person was last seen `quiet` after its start."""
    return Visit(
        id=VisitId(id or new_id("vis", started_at)),
        number=number,
        started_at=started_at,
        last_seen_at=started_at + quiet,
    )


def profile(
    *claims: Claim,
    id: str = "prf_1",  # noqa: A002 - the field's name
    identities: Iterable[Identity] = (),
    merged_into: str | None = None,
    created_at: datetime = NOW,
    updated_at: datetime = NOW,
    version: int = 1,
    visit: Visit | None = None,
    visits: int = 0,
    logins: int = 0,
    consents: Mapping[str, Consent] | None = None,
    questions: Mapping[str, Mapping[str, Any]] | None = None,
    enrichments: Mapping[str, Mapping[str, Any]] | None = None,
    events: Mapping[str, Tally] | None = None,
) -> Profile:
    by_attribute: dict[AttributeId, tuple[Claim, ...]] = {}
    for each in claims:
        by_attribute[each.attribute_id] = (*by_attribute.get(each.attribute_id, ()), each)
    return Profile(
        id=ProfileId(id),
        created_at=created_at,
        updated_at=updated_at,
        version=version,
        merged_into=None if merged_into is None else ProfileId(merged_into),
        identities=tuple(identities),
        claims=by_attribute,
        visit=visit,
        visits=visits,
        logins=logins,
        consents=consents or {},
        questions=questions or {},
        enrichments=enrichments or {},
        events=events or {},
    )
