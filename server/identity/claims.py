"""From the claims of a provider to values of our attributes; pure.

What each provider's claims mean is data (see providers/kinds.py). Which values fit our attributes is not
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from server.identity.model import Vouching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from server.identity.model import ClaimRule

# Contact details are worth only as much as the provider's own flag beside them.
_FLAGS = MappingProxyType({"email": "email_verified", "phone_number": "phone_number_verified"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedValue:
    """A value for one attribute, not checked against its definition; verified where the provider vouches."""

    key: str
    value: object
    is_verified: bool


def merged(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of both documents about one subject; where they differ the signed one counts.

    A contact detail and its flag stay together: an address of one document must never be vouched for
    by the flag that the other document has about a different address.
    """
    together = {**userinfo, **id_token}
    for detail, flag in _FLAGS.items():
        if detail in id_token and flag not in id_token and userinfo.get(detail) != id_token[detail]:
            together.pop(flag, None)
        if detail not in id_token and detail in userinfo:
            together.pop(flag, None)
            together.update({flag: userinfo[flag]} if flag in userinfo else {})
    return together


def claim_at(claims: Mapping[str, Any], path: str) -> object:
    """Return the claim of this name, else what lies at this path, else None; names may have dots too."""
    if path in claims:
        return claims[path]
    found: object = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def claimed_values(
    claims: Mapping[str, Any], rules: Sequence[ClaimRule], *, unsigned: AbstractSet[str] = frozenset()
) -> tuple[ClaimedValue, ...]:
    """Return what the claims say about attributes, each key once: the first rule that finds something counts.

    `unsigned` names claims that came through the browser and not from the provider: nobody vouches for them.
    """
    values: dict[str, ClaimedValue] = {}
    for rule in rules:
        value = claim_at(claims, rule.claim)
        if value is not None and rule.attribute not in values:
            is_verified = rule.claim not in unsigned and _is_vouched_for(claims, rule)
            values[rule.attribute] = ClaimedValue(
                key=rule.attribute, value=_plain(rule.attribute, value), is_verified=is_verified
            )
    return (*values.values(),)


def without(claims: Mapping[str, Any], withheld: AbstractSet[str]) -> dict[str, Any]:
    """Return the claims without those that the person withholds, by name or by the first part of a path.

    The flag of a contact detail goes with it: alone it would say that there is one.
    """
    gone = {name.partition(".")[0] if name not in claims else name for name in withheld}
    gone |= {_FLAGS[name] for name in gone if name in _FLAGS}
    return {name: value for name, value in claims.items() if name not in gone}


def _is_vouched_for(claims: Mapping[str, Any], rule: ClaimRule) -> bool:
    if rule.vouching is not Vouching.FLAG:
        return rule.vouching is Vouching.ALWAYS
    flag = claim_at(claims, rule.flag)
    # The flag is a JSON boolean (Core, section 5.1): a string proves nothing, save where it is documented so.
    return flag is True or (rule.takes_text and flag == "true")


def _plain(key: str, value: object) -> object:
    """LinkedIn sends a locale as an object of language and country; everything else stays as it is."""
    match value:
        case {"language": str(language), "country": str(country)} if key == "locale":
            return f"{language}-{country}"
    return value
