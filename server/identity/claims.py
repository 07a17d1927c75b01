"""From the claims of a provider to values of our attributes; pure.

What a claim means is fixed by OpenID Connect Core, section 5.1. Which of these values fit our
attributes is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_APPLE = "https://appleid.apple.com"

# Our keys are the claims' own names: the field's words over ours.
_STANDARD = (
    *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
    *("profile", "picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number"),
)
_ADDRESS = MappingProxyType(
    {"locality": "city", "region": "region", "postal_code": "postal_code", "country": "country"}
)
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


def claimed_values(
    claims: Mapping[str, Any], *, issuer: str, extra: Mapping[str, str]
) -> tuple[ClaimedValue, ...]:
    """Return what the claims say about attributes, each key once.

    The provider vouches for what it says in a token or answer that was checked to be its own, save for e-mail
    addresses and telephone numbers, which need their flag. `extra` names further claims and the
    attributes they fill; through it a contact detail is never verified, since no flag speaks of it
    (Microsoft's `upn` is whatever an administrator typed).
    """
    values = {
        key: ClaimedValue(key=key, value=claims[claim], is_verified=key not in _FLAGS)
        for claim, key in extra.items()
        if claims.get(claim) is not None
    }
    for key in _STANDARD:
        if claims.get(key) is not None:
            values[key] = ClaimedValue(
                key=key, value=_plain(key, claims[key]), is_verified=_is_verified(claims, key, issuer)
            )
    return (*(values | _address(claims.get("address"), values)).values(),)


def _is_verified(claims: Mapping[str, Any], key: str, issuer: str) -> bool:
    if key not in _FLAGS:
        return True
    flag = claims.get(_FLAGS[key])
    # The flag is a JSON boolean (Core, section 5.1): a string proves nothing. Apple alone documents "true".
    return flag is True or (issuer == _APPLE and flag == "true")


def _plain(key: str, value: object) -> object:
    """LinkedIn sends a locale as an object of language and country; everything else stays as it is."""
    match value:
        case {"language": str(language), "country": str(country)} if key == "locale":
            return f"{language}-{country}"
    return value


def _address(address: object, taken: Mapping[str, ClaimedValue]) -> dict[str, ClaimedValue]:
    if not isinstance(address, dict):
        return {}
    return {
        key: ClaimedValue(key=key, value=address[part], is_verified=True)
        for part, key in _ADDRESS.items()
        if address.get(part) is not None and key not in taken
    }
