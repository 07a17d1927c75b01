"""Any OpenID provider by discovery: authorization code with PKCE (OpenID Connect Core, section 3.1).

Authlib knows the protocol's words (authorization URL, client authentication, ID token claims); what it
accepts by default and must not be accepted is closed here and in `id_token`. Everything a provider
sends is hostile until checked, and none of its words reach a page or an error.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from authlib.oauth2 import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request

from server.identity.claims import merged
from server.identity.errors import AccessDeniedError, ProviderUnavailableError, SignInRefusedError
from server.identity.model import AttemptSecrets, Begun, ProvedIdentity
from server.identity.providers.bounded import BoundedClient
from server.identity.providers.id_token import Expected, UnknownKeyError, read_id_token
from server.identity.providers.published import Published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.identity.model import Callback
    from server.identity.providers.metadata import Metadata
    from server.kit.clock import Clock
    from server.settings import ProviderSettings, Settings

_SECRET_BYTES = 32
_TOKEN_ERRORS = (  # RFC 6749, section 5.2; other words of the provider do not get into our log
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
    *("unsupported_grant_type", "invalid_scope"),
)
_UNAVAILABLE = frozenset({"server_error", "temporarily_unavailable"})  # RFC 6749, section 4.1.2.1


class OidcProvider:
    """One OpenID provider. `redirect_uri` is our callback as it is registered there, to the letter."""

    def __init__(
        self, settings: ProviderSettings, *, redirect_uri: str, client: BoundedClient, clock: Clock
    ) -> None:
        self.key = settings.key
        self.name = settings.name
        self.extra_claims: Mapping[str, str] = settings.claims
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._client = client
        self._clock = clock
        self._published = Published(settings.issuer, client=client, clock=clock)

    async def begin(self) -> Begun:
        """Return the provider's page with state, nonce and PKCE challenge, all new and each its own.

        A caller's `login_hint` is not passed on: with it another client could choose whom the provider shows.
        """
        metadata = await self._published.metadata()
        state, nonce, verifier = (secrets.token_urlsafe(_SECRET_BYTES) for _ in range(3))
        url, _ = self._oauth(metadata).create_authorization_url(
            metadata.authorization_endpoint, state=state, nonce=nonce, code_verifier=verifier
        )
        return Begun(url=url, state=state, secrets=AttemptSecrets(nonce=nonce, verifier=verifier))

    async def finish(self, callback: Callback, secrets: AttemptSecrets) -> ProvedIdentity:
        """Exchange the code, check the ID token, add what userinfo says about the same subject."""
        metadata = await self._published.metadata()
        _check_callback(callback, metadata)
        answer = await self._exchange(metadata, callback.code, secrets.verifier)
        access_token = _access_token(answer)
        expected = Expected(
            issuer=self._settings.issuer,
            client_id=self._settings.client_id,
            algorithms=metadata.algorithms,
            nonce=secrets.nonce,
            access_token=access_token,
        )
        id_token = await self._id_token(answer.get("id_token"), expected)
        userinfo = await self._userinfo(metadata, access_token, id_token["sub"])
        return ProvedIdentity(
            issuer=metadata.issuer, subject=id_token["sub"], claims=merged(id_token, userinfo)
        )

    async def close(self) -> None:
        """Close the connections that are kept open; they are shared with the other providers."""
        await self._client.close()

    async def _exchange(self, metadata: Metadata, code: str, verifier: str) -> dict[str, Any]:
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=self._redirect_uri, code_verifier=verifier
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        oauth = self._oauth(metadata)
        url, headers, body = oauth.client_auth(oauth.token_endpoint_auth_method).prepare(  # type: ignore[no-untyped-call]  # the stubs leave it out
            "POST", metadata.token_endpoint, headers, body
        )
        status, answer = await self._client.post(url, headers, body)
        if status != 200 or "error" in answer:  # noqa: PLR2004 - RFC 6749, section 5.1
            error = answer.get("error")
            message = (
                f"the code was not exchanged: status {status}, {error if error in _TOKEN_ERRORS else 'other'}"
            )
            raise SignInRefusedError(message)
        return answer

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
        userinfo = await self._client.get(
            metadata.userinfo_endpoint, {"authorization": f"Bearer {access_token}"}
        )
        if userinfo.get("sub") != subject:
            message = "userinfo speaks of another subject than the ID token"
            raise SignInRefusedError(message)
        return userinfo

    def _oauth(self, metadata: Metadata) -> OAuth2Client:
        settings = self._settings
        return OAuth2Client(
            session=None,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            token_endpoint_auth_method=metadata.authentication if settings.client_secret else "none",
            scope=" ".join(settings.scopes),
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )


def oidc_providers(settings: Settings, *, clock: Clock) -> dict[str, OidcProvider]:
    """Return a provider for each that the settings name, by key.

    The callback is built on the public URL: behind a proxy a request does not know how browsers reach us.
    Each provider has its own, which keeps one from answering for another (RFC 9700, section 4.4.2).
    """
    client = BoundedClient()
    return {
        each.key: OidcProvider(
            each,
            redirect_uri=f"{settings.public_url}/auth/{each.key}/callback",
            client=client,
            clock=clock,
        )
        for each in settings.sign_in_providers
    }


def _check_callback(callback: Callback, metadata: Metadata) -> None:
    """Raise SignInError unless this is a success of the provider that we asked.

    The issuer comes before the error: RFC 9207, section 2.4 has it checked in both, against mix-up.
    """
    is_expected = metadata.sends_issuer or callback.issuer is not None
    if is_expected and callback.issuer != metadata.issuer:
        message = "the callback comes from another issuer"
        raise SignInRefusedError(message)
    if callback.error == "access_denied":
        message = "the provider says that access was denied"
        raise AccessDeniedError(message)
    if callback.error in _UNAVAILABLE:
        message = "the provider says that it cannot answer now"
        raise ProviderUnavailableError(message)
    if callback.error is not None or not callback.code:
        message = "the provider sent an error or no code"
        raise SignInRefusedError(message)


def _access_token(answer: Mapping[str, Any]) -> str:
    """Return the bearer token for userinfo; one of another type is not to be used (RFC 6749, section 7.1)."""
    token, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        message = "the token endpoint gave no bearer token"
        raise SignInRefusedError(message)
    if not (token.isascii() and token.isprintable()):
        message = "the access token is not one that fits a header"
        raise SignInRefusedError(message)
    return token
