"""What is known of one person, as enrichers look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.enrichment.model import EnricherKind
from server.enrichment.planning import Standing
from server.profiles.conditions import holds, subject_of
from server.profiles.model import IdentityKind, Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from server.consent.model import Purposes
    from server.enrichment.model import Enricher
    from server.enrichment.suppression_store import SuppressionStore
    from server.enrichment.visits import Visits
    from server.kit.clock import Clock
    from server.profiles.model import Claim, Profile, ResolvedAttribute, Value
    from server.profiles.service import Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person at one moment. `claims` are about to be made, by attribute key, and count already.

    `visit` is what is known of their present visit, by the keys of inputs.
    """

    profile: Profile
    attributes: Mapping[str, ResolvedAttribute]
    purposes: Purposes
    is_listed: bool
    now: datetime
    claims: Mapping[str, Claim]
    visit: Mapping[str, Value]

    def standing(self, enricher: Enricher) -> Standing:
        """Return what decides about an enricher; pure."""
        is_third_party = enricher.kind is EnricherKind.HTTP
        return Standing(
            known=self._values(),
            is_allowed=self.allows(enricher.purpose),
            is_listed=is_third_party and self.is_listed,
            has_address=bool(self.addresses()),
            fits=self._fits(enricher),
            is_filled=bool(enricher.wants) and all(self._is_filled(enricher, key) for key in enricher.wants),
        )

    def allows(self, purpose: str | None) -> bool:
        """Whether the person allows this purpose; True where there is none to ask about."""
        return self.purposes.allow(purpose, self.profile.consents)

    def addresses(self) -> set[str]:
        """Return every e-mail address of the person."""
        return addresses_of(self.profile, self.attributes)

    def _values(self) -> dict[str, Value]:
        values = {key: attribute.value for key, attribute in self.attributes.items()}
        return {**self.visit, **{key: claim.value for key, claim in self.claims.items()}, **values}

    def _fits(self, enricher: Enricher) -> bool:
        if enricher.condition is None:
            return True
        values = {each.definition.id: each.value for each in self.attributes.values()}
        return holds(enricher.condition, subject_of(self.profile, values), self.now)

    def _is_filled(self, enricher: Enricher, key: str) -> bool:
        """Whether somebody else says surely enough what the enricher is wanted for."""
        own = source_of(enricher)
        said = self.attributes[key].claims if key in self.attributes else ()
        about = (*said, self.claims[key]) if key in self.claims else said
        return any(each.source != own and each.confidence >= enricher.min_confidence for each in about)


class People:
    """Looks at people for enrichers."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        suppressions: SuppressionStore,
        clock: Clock,
        visits: Visits | None = None,
    ) -> None:
        self._profiles = profiles
        self._visits = visits
        self._suppressions = suppressions
        self._clock = clock

    async def look_at(
        self,
        profile: Profile,
        enrichers: Collection[Enricher],
        *,
        claims: Mapping[str, Claim] | None = None,
    ) -> Person:
        """Return what decides about these enrichers; the list of suppressions is read if one asks others."""
        attributes = await self._profiles.known_attributes(profile)
        asks_others = any(each.kind is EnricherKind.HTTP for each in enrichers)
        addresses = addresses_of(profile, attributes) if asks_others else set()
        return Person(
            profile=profile,
            attributes=attributes,
            purposes=await self._profiles.purposes.current(),
            is_listed=await self._suppressions.has_any(addresses),
            now=self._clock(),
            claims=claims or {},
            visit={} if self._visits is None else await self._visits.known(profile, enrichers),
        )


def source_of(enricher: Enricher) -> Source:
    """Return the source of the enricher's claims."""
    return Source(kind=SourceKind.ENRICHER, key=enricher.key)


def addresses_of(profile: Profile, attributes: Mapping[str, ResolvedAttribute]) -> set[str]:
    """Return every e-mail address in a profile: those it is recognised by, and the one that is claimed."""
    proved = {each.ref.value for each in profile.identities if each.ref.kind is IdentityKind.EMAIL}
    claimed = attributes["email"].claims if "email" in attributes else ()
    return proved | {each.value for each in claimed if isinstance(each.value, str)}
