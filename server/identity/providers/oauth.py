"""Providers that speak OAuth 2 without OpenID: GitHub, Facebook, X.

There is no ID token: who signed in is whoever the provider's own API says that the access token belongs to.
What is not proved thereby: that the token was made for us. It came to us from the token endpoint, over TLS,
for a code bound to our client and our verifier; a token that a page hands over is never taken.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from server.identity.errors import ProviderUnavailableError, SignInRefusedError
from server.identity.model import AttemptSecrets, Begun, ProvedIdentity
from server.identity.providers.code_flow import (
    SECRET_BYTES,
    access_token_of,
    check_callback,
    granted_scopes,
)
from server.identity.providers.kinds import Speaks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from server.identity.model import Callback, ClaimRule
    from server.identity.providers.bounded import BoundedClient
    from server.identity.providers.code_flow import CodeFlow
    from server.identity.providers.kinds import Kind

_FACEBOOK = "v23.0"
_FACEBOOK_FIELDS = "id,name,first_name,last_name,middle_name,email,picture.width(320)"
_X_FIELDS = "name,username,profile_image_url,url,confirmed_email"
_MAX_ADDRESSES = 100

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider is, and how to ask whose an access token is (its last argument is our secret)."""

    authorize: str
    token: str
    authentication: str
    whoami: Callable[[BoundedClient, str, str], Awaitable[tuple[object, Claims]]]


class OAuthProvider:
    """One provider that speaks OAuth 2 only."""

    def __init__(
        self, kind: Kind, *, key: str, name: str, rules: tuple[ClaimRule, ...], flow: CodeFlow
    ) -> None:
        self.key = key
        self.name = name
        self.kind = kind.key
        self.rules = rules
        self._issuer = kind.issuer
        self._endpoints = ENDPOINTS[kind.speaks]
        self._flow = flow

    async def begin(self) -> Begun:
        """Return the provider's page with state and PKCE challenge; a nonce has nowhere to come back."""
        state, verifier = (random.token_urlsafe(SECRET_BYTES) for _ in range(2))
        url = self._flow.url(self._endpoints.authorize, state=state, verifier=verifier, nonce=None)
        return Begun(url=url, state=state, secrets=AttemptSecrets(nonce="", verifier=verifier))

    async def finish(self, callback: Callback, secrets: AttemptSecrets) -> ProvedIdentity:
        """Exchange the code and ask whose the access token is."""
        check_callback(callback, self._issuer, sends_issuer=False)
        endpoints = self._endpoints
        answer = await self._flow.exchange(endpoints.token, callback, secrets, endpoints.authentication)
        token = access_token_of(answer)
        found, claims = await endpoints.whoami(self._flow.client, token, self._flow.secret())
        return ProvedIdentity(
            issuer=self._issuer, subject=_subject(found), claims=claims, scopes=granted_scopes(answer)
        )


async def github_person(client: BoundedClient, token: str, _: str) -> tuple[object, Claims]:
    """Return the user and their primary address, with whether GitHub confirmed it.

    `/user` has an address too: the one the person shows, which may be any of theirs or none. It is not used.
    """
    headers = {**_bearer(token), "accept": "application/vnd.github+json"}
    user = await client.get("https://api.github.com/user", headers)
    user.pop("email", None)
    try:
        listed = await client.get_list("https://api.github.com/user/emails", headers)
    except ProviderUnavailableError:
        listed = []  # without the scope user:email this is refused: a sign-in without an address is one too
    for each in listed[:_MAX_ADDRESSES]:
        match each:
            case {"email": str(address), "primary": True}:
                user |= {"email": address, "email_verified": each.get("verified") is True}
    return user.get("id"), user


async def facebook_person(client: BoundedClient, token: str, secret: str) -> tuple[object, Claims]:
    """Return the user; `appsecret_proof` keeps a stolen access token from being used without our secret."""
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    query = urlencode({"fields": _FACEBOOK_FIELDS, "appsecret_proof": proof})
    user = await client.get(f"https://graph.facebook.com/{_FACEBOOK}/me?{query}", _bearer(token))
    return user.get("id"), user


async def x_person(client: BoundedClient, token: str, _: str) -> tuple[object, Claims]:
    """Return the user, which X wraps in `data`."""
    query = urlencode({"user.fields": _X_FIELDS})
    user = (await client.get(f"https://api.x.com/2/users/me?{query}", _bearer(token))).get("data")
    if not isinstance(user, dict):
        raise SignInRefusedError("the answer says of nobody that the token is theirs")
    return user.get("id"), user


ENDPOINTS: Mapping[Speaks, Endpoints] = {
    Speaks.GITHUB: Endpoints(
        authorize="https://github.com/login/oauth/authorize",
        token="https://github.com/login/oauth/access_token",  # noqa: S106 - an address
        authentication="client_secret_post",
        whoami=github_person,
    ),
    Speaks.FACEBOOK: Endpoints(
        authorize=f"https://www.facebook.com/{_FACEBOOK}/dialog/oauth",
        token=f"https://graph.facebook.com/{_FACEBOOK}/oauth/access_token",
        authentication="client_secret_post",
        whoami=facebook_person,
    ),
    Speaks.X: Endpoints(
        authorize="https://x.com/i/oauth2/authorize",
        token="https://api.x.com/2/oauth2/token",  # noqa: S106 - an address
        authentication="client_secret_basic",
        whoami=x_person,
    ),
}


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _subject(found: object) -> str:
    """Return the user's number as text; True is a number to Python, and an empty text is everybody."""
    is_number = isinstance(found, int) and not isinstance(found, bool) and found > 0
    is_text = isinstance(found, str) and found.isascii() and found.isalnum() and len(found) <= 255  # noqa: PLR2004 - as in OpenID
    if not is_number and not is_text:
        raise SignInRefusedError("the provider does not say whose the access token is")
    return str(found)
