"""Any OpenID provider by discovery (OpenID Connect Core, section 3.1), those that depart from it included.

Everything a provider sends is hostile until checked. What Authlib accepts by default and must not be accepted
is closed here, in `code_flow` and in `id_token`.
"""

from __future__ import annotations

import json
import secrets as random
from typing import TYPE_CHECKING, Any

from server.identity.claims import merged
from server.identity.errors import SignInRefusedError
from server.identity.model import AttemptSecrets, Begun, ProvedIdentity
from server.identity.providers.code_flow import (
    SECRET_BYTES,
    access_token_of,
    check_callback,
    granted_scopes,
)
from server.identity.providers.id_token import Expected, UnknownKeyError, is_uuid, issuer_of, read_id_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.identity.model import Callback, ClaimRule
    from server.identity.providers.code_flow import CodeFlow
    from server.identity.providers.kinds import Kind
    from server.identity.providers.metadata import Metadata
    from server.identity.providers.published import Published
    from server.kit.clock import Clock

_MAX_USER = 4_096  # characters of Apple's form field


class OidcProvider:
    """One OpenID provider."""

    def __init__(
        self,
        kind: Kind,
        *,
        key: str,
        name: str,
        rules: tuple[ClaimRule, ...],
        flow: CodeFlow,
        published: Published,
        clock: Clock,
    ) -> None:
        self.key = key
        self.name = name
        self.kind = kind.key
        self.rules = rules
        self._kind = kind
        self._flow = flow
        self._published = published
        self._clock = clock

    async def begin(self) -> Begun:
        """Return the provider's page with state, nonce and PKCE challenge, all new and each its own."""
        metadata = await self._published.metadata()
        state, nonce, verifier = (random.token_urlsafe(SECRET_BYTES) for _ in range(3))
        url = self._flow.url(metadata.authorization_endpoint, state=state, verifier=verifier, nonce=nonce)
        return Begun(url=url, state=state, secrets=AttemptSecrets(nonce=nonce, verifier=verifier))

    async def finish(self, callback: Callback, secrets: AttemptSecrets) -> ProvedIdentity:
        """Exchange the code, check the ID token, add what userinfo says about the same subject."""
        metadata = await self._published.metadata()
        check_callback(callback, metadata.issuer, sends_issuer=metadata.sends_issuer)
        authentication = self._kind.authentication or metadata.authentication
        answer = await self._flow.exchange(metadata.token_endpoint, callback, secrets, authentication)
        access_token = access_token_of(answer)
        expected = Expected(
            issuer=metadata.issuer,
            client_id=self._flow.client_id,
            algorithms=metadata.algorithms,
            nonce=secrets.nonce if self._kind.has_nonce else None,
            access_token=access_token,
        )
        id_token = await self._id_token(answer.get("id_token"), expected)
        userinfo = await self._userinfo(metadata, access_token, id_token["sub"])
        unsigned = _apple_name(callback.user) if self._kind.response_mode == "form_post" else {}
        return ProvedIdentity(
            issuer=issuer_of(id_token, metadata.issuer),
            subject=self._subject(id_token),
            claims={**unsigned, **merged(id_token, userinfo)},
            unsigned=unsigned.keys() - id_token.keys(),
            scopes=granted_scopes(answer),
        )

    def _subject(self, id_token: Mapping[str, Any]) -> str:
        """Return what is stored: `sub`; of Microsoft `oid`, the same for all clients within its tenant."""
        if self._kind.key != "microsoft":
            return str(id_token["sub"])
        subject = id_token.get("oid")
        if not isinstance(subject, str) or not is_uuid(subject):
            raise SignInRefusedError("the ID token has no oid: is the scope profile asked for?")
        return subject

    async def _id_token(self, token: object, expected: Expected) -> dict[str, Any]:
        """Check the token; where it names a key that we do not hold, with keys asked for anew (rotation)."""
        try:
            return read_id_token(token, await self._published.keys(), expected, self._clock())
        except UnknownKeyError:
            pass
        try:
            return read_id_token(token, await self._published.newer_keys(), expected, self._clock())
        except UnknownKeyError:
            message = "the ID token is signed with a key that the provider does not publish"
            raise SignInRefusedError(message) from None

    async def _userinfo(self, metadata: Metadata, access_token: str, subject: str) -> dict[str, Any]:
        """Return what userinfo adds: many providers put all claims but `sub` there (Core, section 5.4).

        It has to speak of the same subject (section 5.3.2): a swapped token would bring another's claims.
        """
        if metadata.userinfo_endpoint is None:
            return {}
        bearer = {"authorization": f"Bearer {access_token}"}
        userinfo = await self._flow.client.get(metadata.userinfo_endpoint, bearer)
        if userinfo.get("sub") != subject:
            raise SignInRefusedError("userinfo speaks of another subject than the ID token")
        return userinfo


def _apple_name(user: str | None) -> dict[str, Any]:
    """Return the name that Apple's form brings the first time; whatever else stands there is left.

    Anybody who controls the browser writes it, so it is worth as much as the person's own word. The address
    beside it is not taken at all: the ID token has it, signed.
    """
    if user is None or len(user) > _MAX_USER:
        return {}
    try:
        given = json.loads(user)
    except (ValueError, RecursionError):
        return {}
    match given:
        case {"name": {"firstName": str(first), "lastName": str(last)}}:
            names = {"given_name": first, "family_name": last, "name": f"{first} {last}".strip()}
            return {name: value for name, value in names.items() if value}
    return {}
