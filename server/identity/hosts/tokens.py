"""What an identity token of a host has to say; pure. Its signature was checked before.

The claims are those of RFC 7519, section 4.1, and one of ours, `attributes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from server.kit.jwts import TokenRefusedError, checked_end, checked_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# What leaks out of a page or a log is worth little for long; minting one takes a host no time.
LONGEST = timedelta(minutes=10)
_MAX_ATTRIBUTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityToken:
    """Whom a host says that it has before it, and what it says of them: None takes back what it said."""

    subject: str
    id: str
    ends_at: datetime
    attributes: Mapping[str, object] = field(repr=False)


def read_identity_token(
    claims: Mapping[str, Any], *, audience: str, issuer: str | None, now: datetime
) -> IdentityToken:
    """Return what the claims come to; raise TokenRefusedError for the first that is wrong.

    `aud` names us and nobody else: what another service takes as well, that service could use here. `iss` has
    to be `issuer` where keys were published, since one key set may serve several issuers; who has a secret of
    ours is known by that.
    """
    if claims.get("aud") not in (audience, [audience]):
        raise TokenRefusedError(f"`aud` has to be {audience} and nothing else.")
    if issuer is not None and claims.get("iss") != issuer:
        raise TokenRefusedError(f"`iss` has to be {issuer}.")
    return IdentityToken(
        subject=checked_text(claims, "sub"),
        id=checked_text(claims, "jti"),
        ends_at=checked_end(claims, now, longest=LONGEST),
        attributes=_attributes(claims.get("attributes")),
    )


def _attributes(given: object) -> Mapping[str, object]:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > _MAX_ATTRIBUTES:
        message = f"`attributes` has to be an object of at most {_MAX_ATTRIBUTES} values by attribute key."
        raise TokenRefusedError(message)
    return given
