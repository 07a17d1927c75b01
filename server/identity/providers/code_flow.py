"""The authorization code flow with PKCE (RFC 6749, section 4.1; RFC 7636), as every provider here speaks it.

Authlib knows the protocol's words; the network is ours. None of a provider's words reach a page or an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authlib.oauth2 import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request

from server.identity.errors import AccessDeniedError, ProviderUnavailableError, SignInRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.identity.model import AttemptSecrets, Callback
    from server.identity.providers.bounded import BoundedClient

SECRET_BYTES = 32
_TOKEN_ERRORS = (  # RFC 6749, section 5.2; other words of the provider do not get into our log
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
    *("unsupported_grant_type", "invalid_scope"),
)
_UNAVAILABLE = frozenset({"server_error", "temporarily_unavailable"})  # RFC 6749, section 4.1.2.1
# The words by which some say no: Facebook and LinkedIn have their own.
_DENIED = frozenset({"access_denied", "user_cancelled_login", "user_cancelled_authorize"})
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/userinfo."
_MAX_SCOPE = 4_096  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFlow:
    """One client at one provider. `secret` makes the client secret anew for each request."""

    client: BoundedClient
    client_id: str
    secret: Callable[[], str] = field(repr=False)
    redirect_uri: str
    scopes: tuple[str, ...]
    has_pkce: bool = True
    response_mode: str | None = None

    def url(self, endpoint: str, *, state: str, verifier: str, nonce: str | None) -> str:
        """Return the provider's page. A caller's `login_hint` is not passed on: with it another client could
        choose whom the provider shows.
        """
        more: dict[str, str] = {} if nonce is None else {"nonce": nonce}
        if self.response_mode is not None:
            more["response_mode"] = self.response_mode
        if self.has_pkce:
            more["code_verifier"] = verifier
        url, _ = self._oauth("none", "").create_authorization_url(endpoint, state=state, **more)
        return str(url)

    async def exchange(
        self, endpoint: str, callback: Callback, secrets: AttemptSecrets, authentication: str
    ) -> dict[str, Any]:
        """Return the answer of the token endpoint; raise SignInError."""
        more = {"code_verifier": secrets.verifier} if self.has_pkce else {}
        body = prepare_token_request(
            "authorization_code", code=callback.code, redirect_uri=self.redirect_uri, **more
        )
        secret = self.secret()
        method = authentication if secret else "none"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        url, headers, body = (
            self._oauth(method, secret)
            .client_auth(method)
            .prepare(  # type: ignore[no-untyped-call]  # the stubs leave it out
                "POST", endpoint, headers, body
            )
        )
        status, answer = await self.client.post(url, headers, body)
        if status != 200 or "error" in answer:  # noqa: PLR2004 - RFC 6749, section 5.1
            error = answer.get("error")
            known = error if isinstance(error, str) and error in _TOKEN_ERRORS else "other"
            raise SignInRefusedError(f"the code was not exchanged: status {status}, {known}")
        return answer

    def _oauth(self, method: str, secret: str) -> OAuth2Client:
        return OAuth2Client(
            session=None,
            client_id=self.client_id,
            client_secret=secret,
            token_endpoint_auth_method=method,
            scope=" ".join(self.scopes),
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256" if self.has_pkce else None,
        )


def check_callback(callback: Callback, issuer: str, *, sends_issuer: bool) -> None:
    """Raise SignInError unless this is a success of the provider that we asked.

    The issuer comes before the error: RFC 9207, section 2.4 has it checked in both, against mix-up.
    """
    is_expected = sends_issuer or callback.issuer is not None
    if is_expected and callback.issuer != issuer:
        raise SignInRefusedError("the callback comes from another issuer")
    if callback.error in _DENIED:
        raise AccessDeniedError("the provider says that access was denied")
    if callback.error in _UNAVAILABLE:
        raise ProviderUnavailableError("the provider says that it cannot answer now")
    if callback.error is not None or not callback.code:
        raise SignInRefusedError("the provider sent an error or no code")


def access_token_of(answer: Mapping[str, Any]) -> str:
    """Return the bearer token for userinfo; one of another type is not to be used (RFC 6749, section 7.1)."""
    token, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise SignInRefusedError("the token endpoint gave no bearer token")
    if not (token.isascii() and token.isprintable()):
        raise SignInRefusedError("the access token is not one that fits a header")
    return token


def granted_scopes(answer: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the scopes that were granted; None, for all, where it is not said (RFC 6749, section 5.1).

    GitHub and LinkedIn part them by commas; Google gives two of them long names.
    """
    scope = answer.get("scope")
    if not isinstance(scope, str) or not scope.strip() or len(scope) > _MAX_SCOPE:
        return None
    return frozenset(each.removeprefix(_GOOGLE_SCOPE) for each in re.split(r"[\s,]+", scope) if each)
