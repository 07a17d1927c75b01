"""What of a profile decides whether to ask: what is known and until when, what may be asked, what is claimed.

Values are resolved when somebody wants them, since most questions are decided without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from server.profiles.conditions import subject_of
from server.profiles.definitions import ConfirmPolicy
from server.profiles.documents import grounds_of
from server.profiles.gating import forbidden_attributes, permitted_claims
from server.profiles.model import SourceKind
from server.profiles.resolving import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from server.consent.model import Purposes
    from server.profiles.catalogue import Catalogue
    from server.profiles.documents import Ground
    from server.profiles.model import AttributeId, Claim, Profile, ResolvedAttribute, Value


class Askable:
    """The facts of one profile at one moment.

    `known` maps every attribute with a live, usable value to when the last such claim ends (None: never).
    `forbidden` are attributes whose purpose the person does not allow, `settled` the purposes about which
    they said what still counts.
    """

    __slots__ = ("_values", "catalogue", "forbidden", "known", "purposes", "settled", "subject")

    def __init__(self, profile: Profile, catalogue: Catalogue, purposes: Purposes, now: datetime) -> None:
        self.catalogue, self.purposes = catalogue, purposes
        self.known: Mapping[AttributeId, datetime | None] = _Known(profile, purposes, now)
        self.forbidden = forbidden_attributes(profile, catalogue, purposes)
        self.settled = frozenset(
            [
                key
                for key, consent in profile.consents.items()
                if consent.state.value != "granted" or purposes.allow(key, profile.consents)
            ]
        )
        self._values = _Values(profile, catalogue, purposes, now, self.known)
        self.subject = subject_of(profile, self._values)

    def attribute(self, attribute_id: AttributeId) -> ResolvedAttribute | None:
        """Return what the usable claims about an attribute come to."""
        return self._values.resolved(attribute_id)

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

    __slots__ = ("_catalogue", "_found", "_known", "_now", "_profile", "_purposes")

    def __init__(
        self,
        profile: Profile,
        catalogue: Catalogue,
        purposes: Purposes,
        now: datetime,
        known: Mapping[AttributeId, datetime | None],
    ) -> None:
        self._profile, self._catalogue, self._purposes, self._now = profile, catalogue, purposes, now
        self._known = known
        self._found: dict[AttributeId, Value | None] = {}

    def resolved(self, attribute_id: AttributeId) -> ResolvedAttribute | None:
        """Return what the usable claims about an attribute come to."""
        definition = self._catalogue.by_id.get(attribute_id)
        if definition is None or attribute_id not in self._profile.claims:
            return None
        return resolve(definition, permitted_claims(self._profile, definition, self._purposes), self._now)

    def __getitem__(self, attribute_id: AttributeId) -> Value:
        value = self.get(attribute_id)
        if value is None:
            raise KeyError(attribute_id)
        return value

    def get(self, attribute_id: AttributeId, default: object = None) -> Value | None:  # type: ignore[override] # never given one
        del default
        if attribute_id not in self._found:
            resolved = self.resolved(attribute_id) if attribute_id in self._known else None
            self._found[attribute_id] = None if resolved is None else resolved.value
        return self._found[attribute_id]

    def __iter__(self) -> Iterator[AttributeId]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


_FOR_GOOD = (None, None)  # never ends, needs nobody's leave


class _Known(Mapping["AttributeId", "datetime | None"]):
    """Until when something is known, each found out the first time it is asked for."""

    __slots__ = ("_found", "_now", "_profile", "_purposes")

    def __init__(self, profile: Profile, purposes: Purposes, now: datetime) -> None:
        self._profile, self._purposes, self._now = profile, purposes, now
        self._found: dict[AttributeId, tuple[()] | tuple[datetime | None]] = {}

    def _look(self, attribute_id: AttributeId) -> tuple[()] | tuple[datetime | None]:
        """Return when what is known ends, or an empty tuple."""
        found = self._found.get(attribute_id)
        if found is None:
            grounds = grounds_of(self._profile, attribute_id)
            found = self._found[attribute_id] = _end(grounds, self._profile, self._purposes, self._now)
        return found

    def __getitem__(self, attribute_id: AttributeId) -> datetime | None:
        found = self._look(attribute_id)
        if not found:
            raise KeyError(attribute_id)
        return found[0]

    def get(self, attribute_id: AttributeId, default: Any = None) -> Any:  # noqa: ANN401 - as in any mapping
        found = self._look(attribute_id)
        return found[0] if found else default

    def __contains__(self, attribute_id: object) -> bool:
        return bool(self._look(attribute_id))  # type: ignore[arg-type] # nobody looks for anything else

    def __iter__(self) -> Iterator[AttributeId]:
        return (each for each in self._profile.claims if self._look(each))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _end(
    grounds: Sequence[Ground], profile: Profile, purposes: Purposes, now: datetime
) -> tuple[()] | tuple[datetime | None]:
    if not grounds:
        return ()
    if _FOR_GOOD in grounds:
        return (None,)
    ends = [
        end
        for end, consent in grounds
        if (end is None or end > now) and purposes.allow(consent, profile.consents)
    ]
    if not ends:
        return ()
    return (None if None in ends else max(end for end in ends if end is not None),)
