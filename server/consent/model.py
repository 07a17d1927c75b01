"""Purposes, consents, and the rule that decides from them whether we may; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PurposeId = NewType("PurposeId", str)
ConsentEntryId = NewType("ConsentEntryId", str)


# Purposes that ship with the product, by key: what enrichers are for.
ENRICHMENT_DERIVED = "enrichment_derived"
ENRICHMENT_IP = "enrichment_ip"
ENRICHMENT_THIRD_PARTY = "enrichment_third_party"


class Basis(StrEnum):
    """What a purpose rests on while the person has said nothing (GDPR, article 6(1)(a) and (f))."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


class OnWithdrawal(StrEnum):
    """What becomes of what rests on a purpose when the person takes consent back: both hide it at once."""

    HIDE = "hide"
    ERASE = "erase"


class ConsentState(StrEnum):
    """What a person said to a purpose, from the least restrictive to the most."""

    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class ConsentSource(StrEnum):
    """Through whom a consent reached us."""

    PERSON = "person"
    APP = "app"
    ADMIN = "admin"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeText:
    """What people read when they are asked; `version` counts from 1 and never means another text."""

    version: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeSpec:
    """What an admin declares of a purpose."""

    key: str
    name: str
    description: str
    text: str
    basis: Basis = Basis.OPT_IN
    on_withdrawal: OnWithdrawal = OnWithdrawal.HIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeEdit:
    """What an admin changes of a purpose; None leaves it.

    A new `text` becomes the next version. With `needs_renewal` a grant counts only for that version and
    later ones: people are asked again.
    """

    name: str | None = None
    description: str | None = None
    basis: Basis | None = None
    on_withdrawal: OnWithdrawal | None = None
    text: str | None = None
    needs_renewal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a person last said to one purpose, having read this version of its text."""

    state: ConsentState
    at: datetime
    text_version: int
    source: ConsentSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What data is used for. The key never changes, since consents lie under it.

    A grant counts if it was given for the text `least_version` or a later one. `texts` is in order, the
    last one is shown. `revision` counts writes and guards against lost updates.
    """

    id: PurposeId
    key: str
    name: str
    description: str
    basis: Basis
    on_withdrawal: OnWithdrawal
    texts: tuple[PurposeText, ...]
    least_version: int
    revision: int
    created_at: datetime

    @property
    def text_version(self) -> int:
        """The version of the text that is shown now."""
        return self.texts[-1].version

    def is_allowed_by(self, consent: Consent | None) -> bool:
        """May we, given what the person said?"""
        if consent is None:
            return self.basis is Basis.OPT_OUT
        if consent.state is not ConsentState.GRANTED:
            return False
        return self.basis is Basis.OPT_OUT or consent.text_version >= self.least_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a person stands towards one purpose: what they said, if anything, and whether we may."""

    purpose: Purpose
    consent: Consent | None
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class Purposes:
    """Every purpose of one revision, by key."""

    by_key: Mapping[str, Purpose] = field(default_factory=dict)

    def allow(self, purpose: str | None, consents: Mapping[str, Consent]) -> bool:
        """May we use data for this purpose? No purpose needs nobody's leave; an unknown one is denied."""
        if purpose is None:
            return True
        known = self.by_key.get(purpose)
        return known is not None and known.is_allowed_by(consents.get(purpose))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEntry:
    """One line of the consent log; `actor` is the id of the key or the profile that recorded it."""

    id: ConsentEntryId
    profile_id: str
    purpose: str
    consent: Consent
    actor: str | None


_STRICTNESS = {ConsentState.GRANTED: 0, ConsentState.DENIED: 1, ConsentState.WITHDRAWN: 2}


def strictest(one: Mapping[str, Consent], other: Mapping[str, Consent]) -> dict[str, Consent]:
    """Return what two profiles of one person come to: of two statements the more restrictive one counts.

    Of equally restrictive ones the grant of the older text and then the later statement. A purpose that
    only one of the two spoke about keeps that: silence is no statement. Commutative, associative and
    idempotent, so that the order of merges never matters.
    """
    return {
        key: max((side[key] for side in (one, other) if key in side), key=_restriction)
        for key in {**one, **other}
    }


def _restriction(consent: Consent) -> tuple[int, int, datetime, str]:
    return (_STRICTNESS[consent.state], -consent.text_version, consent.at, consent.source.value)
