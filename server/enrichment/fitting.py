"""From findings to claims: what is declared, fits, is sure enough and may be kept."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from server.enrichment.model import MergePolicy, ReasonCode
from server.enrichment.people import source_of
from server.profiles.errors import InvalidValueError
from server.profiles.model import SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher, Finding, Found
    from server.enrichment.people import Person
    from server.profiles.catalogue import Catalogue
    from server.profiles.model import AttributeDefinition, Claim
    from server.profiles.service import Profiles

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The claims by attribute key; `rejected` says why nothing of what was found could be believed."""

    claims: Mapping[str, Claim]
    rejected: ReasonCode | None = None


class Fitting:
    """Makes claims of findings."""

    def __init__(self, *, profiles: Profiles) -> None:
        self._profiles = profiles
        # Findings that were dropped since this process began, by enricher and attribute.
        self.dropped: dict[tuple[str, str], int] = {}

    async def fit(
        self, enricher: Enricher, person: Person, found: Found, expires_at: datetime | None
    ) -> Fitted:
        """Return the claims that a person's profile gets.

        Left out is what the enricher does not declare or is not sure of, what no attribute is defined for
        or fits, and what the person does not allow the attribute for. What the policy leaves to other
        sources is left out too, but was found all the same.
        """
        catalogue = await self._profiles.catalogue.current()
        sure = [each for each in found.findings if each.confidence >= enricher.min_confidence]
        if found.findings and not sure:
            return Fitted(claims={}, rejected=ReasonCode.LOW_CONFIDENCE)
        claims = {
            each.key: claim
            for each in sure
            if (claim := self._claim(enricher, person, each, catalogue, found, expires_at)) is not None
        }
        if not claims:
            return Fitted(claims={}, rejected=ReasonCode.NOTHING_USABLE)
        return Fitted(claims={key: each for key, each in claims.items() if _is_wanted(enricher, person, key)})

    def _claim(
        self,
        enricher: Enricher,
        person: Person,
        finding: Finding,
        catalogue: Catalogue,
        found: Found,
        expires_at: datetime | None,
    ) -> Claim | None:
        definition = catalogue.find(finding.key) if finding.key in enricher.outputs else None
        if definition is None:
            self._drop(enricher, finding)
            return None
        if not person.allows(definition.purpose):
            return None
        return self._checked(enricher, definition, finding, found, expires_at)

    def _checked(
        self,
        enricher: Enricher,
        definition: AttributeDefinition,
        finding: Finding,
        found: Found,
        expires_at: datetime | None,
    ) -> Claim | None:
        try:
            claim = self._profiles.claim(
                definition,
                finding.value,
                source_of(enricher),
                confidence=finding.confidence,
                observed_at=found.observed_at,
                expires_at=expires_at,
            )
        except InvalidValueError:
            self._drop(enricher, finding)
            return None
        return replace(claim, consent=enricher.purpose)

    def _drop(self, enricher: Enricher, finding: Finding) -> None:
        place = (enricher.key, finding.key)
        self.dropped[place] = self.dropped.get(place, 0) + 1
        if self.dropped[place] == 1:
            _log.warning("enricher %s gave something that does not fit %s", enricher.key, finding.key)


def _is_wanted(enricher: Enricher, person: Person, key: str) -> bool:
    """Whether the policy lets a finding in beside what others say of the attribute."""
    said = person.attributes[key].claims if key in person.attributes else ()
    others = [each for each in said if each.source != source_of(enricher)]
    match enricher.merge:
        case MergePolicy.PREFER:
            return True
        case MergePolicy.FILL_MISSING:
            return not others
        case MergePolicy.SUGGEST:
            return any(each.source.kind is SourceKind.PERSON for each in others)
