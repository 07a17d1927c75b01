"""A small OpenID provider for the demo: anybody is whom they click on. Development only.

It keeps the protocol to the letter (code, PKCE S256, nonce, exact client and redirect URI, codes good once),
so that what works here works with a real one. It keeps everything in memory and has no passwords.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from server.demo.people import PEOPLE
from server.kit.signing import is_same, s256_challenge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from server.demo.people import SamplePerson

_CODE_SECONDS = 60
_TOKEN_SECONDS = 600
_NO_STORE = {"cache-control": "no-store"}
_PEOPLE = {person.subject: person for person in PEOPLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """What a code or an access token stands for."""

    person: SamplePerson
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires_at: float


def identity_provider(
    issuer: str, client_id: str, client_secret: str, redirect_uris: Sequence[str]
) -> Starlette:
    """Return the provider as an application to mount at the path of `issuer`."""
    provider = _DemoProvider(issuer, client_id, client_secret, redirect_uris)
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", provider.metadata),
            Route("/authorize", provider.choose, methods=["GET"]),
            Route("/authorize", provider.authorize, methods=["POST"]),
            Route("/token", provider.token, methods=["POST"]),
            Route("/userinfo", provider.userinfo),
            Route("/jwks", provider.jwks),
            Route("/people/{subject}.svg", provider.picture),
        ]
    )


class _DemoProvider:
    def __init__(self, issuer: str, client_id: str, client_secret: str, redirect_uris: Sequence[str]) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uris = frozenset(redirect_uris)
        self._key = ECKey.generate_key("P-256", auto_kid=True)
        self._codes: dict[str, _Grant] = {}
        self._tokens: dict[str, _Grant] = {}

    async def metadata(self, _: Request) -> Response:
        """OpenID Connect Discovery 1.0, section 3."""
        return JSONResponse(
            {
                "issuer": self._issuer,
                "authorization_endpoint": f"{self._issuer}/authorize",
                "token_endpoint": f"{self._issuer}/token",
                "userinfo_endpoint": f"{self._issuer}/userinfo",
                "jwks_uri": f"{self._issuer}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "scopes_supported": ["openid", "profile", "email"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def choose(self, request: Request) -> Response:
        """Show the people to sign in as."""
        if problem := self._problem(request):
            return _refusal(problem)
        buttons = "".join(_BUTTON.format(**_shown(person)) for person in PEOPLE)
        return HTMLResponse(_PAGE.format(buttons=buttons), headers=_PAGE_HEADERS)

    async def authorize(self, request: Request) -> Response:
        """Send the browser back with a code for the chosen person, or with their no."""
        if problem := self._problem(request):
            return _refusal(problem)
        form = await request.form(max_fields=4, max_files=0)
        person = _PEOPLE.get(str(form.get("person", "")))
        query = request.query_params
        if person is None:
            return self._back(query["redirect_uri"], query.get("state"), error="access_denied")
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Grant(
            person=person,
            redirect_uri=query["redirect_uri"],
            challenge=query["code_challenge"],
            nonce=query.get("nonce"),
            expires_at=time.monotonic() + _CODE_SECONDS,
        )
        return self._back(query["redirect_uri"], query.get("state"), code=code)

    async def token(self, request: Request) -> Response:
        """Exchange a code once for tokens (OpenID Connect Core, section 3.1.3)."""
        if not self._is_client(request):
            return JSONResponse(
                {"error": "invalid_client"}, 401, {**_NO_STORE, "www-authenticate": 'Basic realm="demo"'}
            )
        form = await request.form(max_fields=10, max_files=0)
        if form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "unsupported_grant_type"}, 400, _NO_STORE)
        grant = self._codes.pop(str(form.get("code", "")), None)
        if grant is None or not _may_have(grant, form):
            return JSONResponse({"error": "invalid_grant"}, 400, _NO_STORE)
        return JSONResponse(self._tokens_for(grant), headers=_NO_STORE)

    async def userinfo(self, request: Request) -> Response:
        """OpenID Connect Core, section 5.3: the claims, here and not in the ID token (section 5.4)."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        grant = self._tokens.get(token)
        if grant is None or grant.expires_at < time.monotonic():
            return JSONResponse({"error": "invalid_token"}, 401, {**_NO_STORE, "www-authenticate": "Bearer"})
        picture = f"{self._issuer}/people/{grant.person.subject}.svg"
        return JSONResponse(grant.person.claims(picture), headers=_NO_STORE)

    async def jwks(self, _: Request) -> Response:
        """Return the public half of the key that this process signs with."""
        return JSONResponse({"keys": [self._key.as_dict(private=False, use="sig", alg="ES256")]})

    async def picture(self, request: Request) -> Response:
        """Return a person's initials as their picture."""
        person = _PEOPLE.get(request.path_params["subject"])
        if person is None:
            return Response(status_code=404)
        return Response(_PICTURE.format(**_shown(person)), media_type="image/svg+xml")

    def _problem(self, request: Request) -> str | None:
        """Return what is wrong with an authorization request; then nobody is sent anywhere."""
        query = request.query_params
        checks = {
            "client_id is not the demo's": query.get("client_id") == self._client_id,
            "redirect_uri is not registered": query.get("redirect_uri") in self._redirect_uris,
            "response_type has to be code": query.get("response_type") == "code",
            "scope has to include openid": "openid" in query.get("scope", "").split(),
            "code_challenge_method has to be S256": query.get("code_challenge_method") == "S256",
            "code_challenge is missing": bool(query.get("code_challenge")),
        }
        return next((problem for problem, is_met in checks.items() if not is_met), None)

    def _back(self, redirect_uri: str, state: str | None, **result: str) -> Response:
        parameters = {**result, "iss": self._issuer} | ({"state": state} if state else {})
        return RedirectResponse(f"{redirect_uri}?{urlencode(parameters)}", 303, _NO_STORE)

    def _is_client(self, request: Request) -> bool:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        is_known = is_same(unquote(name), self._client_id) and is_same(unquote(password), self._client_secret)
        return scheme.lower() == "basic" and is_known

    def _tokens_for(self, grant: _Grant) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "sub": grant.person.subject,
            "aud": self._client_id,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            **({"nonce": grant.nonce} if grant.nonce else {}),
        }
        access_token = secrets.token_urlsafe(32)
        self._tokens[access_token] = grant
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "id_token": jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key),
        }


def _may_have(grant: _Grant, form: Any) -> bool:  # noqa: ANN401 - a form of Starlette
    return (
        grant.expires_at > time.monotonic()
        and form.get("redirect_uri") == grant.redirect_uri
        and is_same(s256_challenge(str(form.get("code_verifier", ""))), grant.challenge)
    )


def _shown(person: SamplePerson) -> dict[str, str]:
    initials = person.given_name[0] + person.family_name[0]
    shown = {"subject": person.subject, "name": person.name, "email": person.email, "note": person.note}
    return {key: escape(value) for key, value in {**shown, "initials": initials}.items()}


def _refusal(problem: str) -> Response:
    return HTMLResponse(
        f"<!doctype html><title>Demo sign-in</title><p>{escape(problem)}.</p>", 400, _PAGE_HEADERS
    )


_PAGE_HEADERS = {
    **_NO_STORE,
    # No form-action: browsers apply it to the redirect that follows the form, too.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}

_BUTTON = """
<button name="person" value="{subject}">
<span class="face" aria-hidden="true">{initials}</span>
<span><strong>{name}</strong><small>{email}<br>{note}</small></span>
</button>"""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Demo sign-in</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.4 system-ui, sans-serif; }}
body {{ max-width: 26rem; margin: 12vh auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; margin: 0 0 .25rem; }}
button {{ display: flex; gap: 1rem; align-items: center; width: 100%; margin: .75rem 0; padding: .75rem 1rem;
  font: inherit; text-align: left; border: 1px solid #8886; border-radius: .75rem; background: none;
  cursor: pointer; }}
button:hover, button:focus-visible {{ border-color: #2f6fed; }}
.face {{ flex: none; width: 2.75rem; height: 2.75rem; border-radius: 50%; display: grid; place-items: center;
  background: #2f6fed; color: #fff; font-weight: 600; }}
small {{ display: block; opacity: .75; }}
.no {{ border: 0; justify-content: center; opacity: .75; }}
</style>
<h1>Who are you today?</h1>
<p>A demo provider for social sign-in. It runs on your machine; these people are made up.</p>
<form method="post">{buttons}
<button class="no" name="person" value="">Cancel</button>
</form>
</html>
"""

_PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="{name}">
<circle cx="32" cy="32" r="32" fill="#2f6fed"/>
<text x="32" y="41" font-family="sans-serif" font-size="26" text-anchor="middle" fill="#fff">{initials}</text>
</svg>
"""
