"""What of a profile decides whether to ask: what is known and until when, what may be asked, what is claimed.

Values are resolved when somebody wants them, since most questions are decided without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from server.profiles.conditions import subject_of
from server.profiles.definitions import ConfirmPolicy
from server.profiles.documents import grounds_of
from server.profiles.gating import forbidden_attributes, permitted_claims
from server.profiles.model import SourceKind
from server.profiles.resolving import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from server.consent.model import Purposes
    from server.profiles.catalogue import Catalogue
    from server.profiles.model import AttributeId, Claim, Profile, ResolvedAttribute, Value


class Askable:
    """The facts of one profile at one moment.

    `known` maps every attribute with a live, usable value to when the last such claim ends (None: never).
    `forbidden` are attributes whose purpose the person does not allow, `settled` the purposes about which
    they said what still counts.
    """

    __slots__ = ("_now", "_profile", "catalogue", "forbidden", "known", "purposes", "settled", "subject")

    def __init__(self, profile: Profile, catalogue: Catalogue, purposes: Purposes, now: datetime) -> None:
        self._profile, self._now = profile, now
        self.catalogue, self.purposes = catalogue, purposes
        self.known = _known(profile, purposes, now)
        self.forbidden = forbidden_attributes(profile, catalogue.by_id.values(), purposes)
        self.settled = frozenset(
            key
            for key, consent in profile.consents.items()
            if consent.state.value != "granted" or purposes.allow(key, profile.consents)
        )
        self.subject = subject_of(profile, _Values(self))

    def attribute(self, attribute_id: AttributeId) -> ResolvedAttribute | None:
        """Return what the usable claims about an attribute come to."""
        definition = self.catalogue.by_id.get(attribute_id)
        if definition is None or attribute_id not in self._profile.claims:
            return None
        return resolve(definition, permitted_claims(self._profile, definition, self.purposes), self._now)

    def to_confirm(self, attribute_id: AttributeId) -> Claim | None:
        """Return the claim that a question may ask to confirm; None where the person has spoken."""
        resolved = self.attribute(attribute_id)
        if resolved is None or any(each.source.kind is SourceKind.PERSON for each in resolved.claims):
            return None
        policy, winner = resolved.definition.confirm, resolved.winner
        if policy is ConfirmPolicy.NEVER or (policy is ConfirmPolicy.UNVERIFIED and winner.is_verified):
            return None
        return winner


class _Values(Mapping["AttributeId", "Value"]):
    """The values of a profile, each worked out the first time it is asked for."""

    __slots__ = ("_askable", "_found")

    def __init__(self, askable: Askable) -> None:
        self._askable = askable
        self._found: dict[AttributeId, Value | None] = {}

    def __getitem__(self, attribute_id: AttributeId) -> Value:
        value = self.get(attribute_id)
        if value is None:
            raise KeyError(attribute_id)
        return value

    def get(self, attribute_id: AttributeId, default: object = None) -> Value | None:  # type: ignore[override] # never given one
        del default
        if attribute_id not in self._found:
            resolved = self._askable.attribute(attribute_id) if attribute_id in self._askable.known else None
            self._found[attribute_id] = None if resolved is None else resolved.value
        return self._found[attribute_id]

    def __iter__(self) -> Iterator[AttributeId]:
        return iter(self._askable.known)

    def __len__(self) -> int:
        return len(self._askable.known)


_FOR_GOOD = (None, None)  # never ends, needs nobody's leave


def _known(profile: Profile, purposes: Purposes, now: datetime) -> dict[AttributeId, datetime | None]:
    known: dict[AttributeId, datetime | None] = {}
    for attribute_id, grounds in grounds_of(profile):
        if _FOR_GOOD in grounds:
            known[attribute_id] = None
            continue
        ends = [
            end
            for end, consent in grounds
            if (end is None or end > now) and (consent is None or purposes.allow(consent, profile.consents))
        ]
        if ends:
            known[attribute_id] = None if None in ends else max(end for end in ends if end is not None)
    return known
