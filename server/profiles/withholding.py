"""Which stored values a filter must not see, given what people consented to: gating for MongoDB. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.consent.model import Basis, ConsentState

if TYPE_CHECKING:
    from server.consent.model import Purpose, Purposes
    from server.profiles.catalogue import Catalogue
    from server.profiles.filters import Filter, Withheld
    from server.profiles.model import AttributeId

_ALWAYS: Filter = {}


def withheld_by(catalogue: Catalogue, purposes: Purposes) -> Withheld:
    """Return, for each attribute, the filter of the profiles whose value of it may not be used.

    What counts is the purpose of the attribute and the purpose that the source of the value named. Where the
    value is withheld but another source's claim is not, a filter takes it as missing all the same: it knows
    only the claim that wins.
    """

    def withheld(attribute_id: AttributeId) -> Filter | None:
        purpose = catalogue.by_id[attribute_id].purpose
        rests = {"values": {"$elemMatch": {"k": attribute_id, "c": {"$exists": True}}}}
        by_source = {"$and": [rests, {"$or": _forbidden_sources(attribute_id, purposes)}]}
        if purpose is None:
            return by_source
        return {"$or": [_forbidden(purposes.by_key.get(purpose)), by_source]}

    return withheld


def _forbidden_sources(attribute_id: AttributeId, purposes: Purposes) -> list[Filter]:
    known = [
        {"$and": [{"values": {"$elemMatch": {"k": attribute_id, "c": key}}}, _forbidden(purpose)]}
        for key, purpose in purposes.by_key.items()
    ]
    unknown = {"k": attribute_id, "c": {"$exists": True, "$nin": list(purposes.by_key)}}
    return [*known, {"values": {"$elemMatch": unknown}}]


def _forbidden(purpose: Purpose | None) -> Filter:
    """Return the filter of the people who did not allow a purpose; see Purpose.is_allowed_by."""
    if purpose is None:
        return _ALWAYS
    place = f"consents.{purpose.key}"
    if purpose.basis is Basis.OPT_OUT:
        return {f"{place}.state": {"$in": [ConsentState.DENIED.value, ConsentState.WITHDRAWN.value]}}
    granted = {f"{place}.state": ConsentState.GRANTED.value}
    return {"$nor": [{**granted, f"{place}.text_version": {"$gte": purpose.least_version}}]}
