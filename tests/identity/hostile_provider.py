"""An OpenID provider that lies on demand: `mode` names the attack, and everything else is as it should be."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from server.identity.providers.bounded import MAX_ANSWER_BYTES
from server.settings import ProviderSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from server.kit.clock import Clock

ISSUER = "https://idp.test"
CLIENT_ID = "acquaint"
CLIENT_SECRET = "made-up-secret-of-the-client-0123456789"
STRANGER = "somebody-else"
# A provider's words that must never be seen by anybody.
CANARY = "<script>canary</script>"

SETTINGS = ProviderSettings(
    key="idp",
    name="Test",
    issuer=ISSUER,
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    claims={"company": "company_name", "upn": "email"},
)

_NONE = b'{"alg":"none"}'
_ANY_ALGORITHM = JWSRegistry(algorithms=["HS256", "ES256"], strict_check_header=False)


class HostileProvider:
    """Speaks OpenID Connect in process. `nonce` is that of the latest authorization request."""

    def __init__(self, clock: Clock, mode: str = "honest") -> None:
        self._clock = clock
        self.mode = mode
        self.nonce = ""
        self.subject = "ada"
        self.claims: dict[str, Any] = {"email": "ada@acme.example", "email_verified": True, "name": "Ada"}
        self.calls: list[str] = []
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        self.published = [self.key]
        self._other_key = ECKey.generate_key("P-256", auto_kid=True)
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._jwks),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def rotate_key(self) -> None:
        """Sign with a new key from now on, and publish it alone."""
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        self.published = [self.key]

    # Endpoints

    async def _metadata(self, _: Request) -> Response:
        self.calls.append("metadata")
        document = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/jwks",
            "id_token_signing_alg_values_supported": ["ES256", "none", "HS256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return await self._misbehave("metadata") or JSONResponse({**document, **_METADATA.get(self.mode, {})})

    async def _jwks(self, _: Request) -> Response:
        self.calls.append("jwks")
        if self.mode == "jwks of nonsense":
            return JSONResponse({"keys": [{"kty": "EC", "crv": "P-256", "x": 7, "y": []}]})
        keys = [key.as_dict(private=False) for key in self.published]
        return await self._misbehave("jwks") or JSONResponse({"keys": keys})

    async def _token(self, request: Request) -> Response:
        self.calls.append("token")
        form = await request.form()
        if misbehaviour := await self._misbehave("token"):
            return misbehaviour
        if self.mode == "token error":
            return JSONResponse({"error": CANARY, "error_description": CANARY}, 400)
        answer = {"access_token": "at", "token_type": "Bearer", "id_token": self._id_token()}
        if not form.get("code_verifier"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({**answer, **_ANSWERS.get(self.mode, {})})

    async def _userinfo(self, _: Request) -> Response:
        self.calls.append("userinfo")
        subject = STRANGER if self.mode == "userinfo of another subject" else self.subject
        document = {"sub": subject, **self.claims}
        if self.mode == "userinfo without subject":
            del document["sub"]
        if misbehaviour := await self._misbehave("userinfo"):
            return misbehaviour
        return Response(json.dumps(document), media_type="application/json")  # half characters and all

    async def _misbehave(self, endpoint: str) -> Response | None:
        if self.mode == f"{endpoint} never answers":
            await asyncio.Event().wait()
        name, _, fault = self.mode.partition(" sends ")
        if name != endpoint or not fault:
            return None
        return _FAULTS[fault]()

    # ID tokens

    def _id_token(self) -> str:
        now = int(self._clock().timestamp())
        claims = {
            "iss": ISSUER,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 600,
            **_CLAIMS.get(self.mode, _as_it_should_be)(now),
        }
        honest = {name: value for name, value in claims.items() if value is not _LEFT_OUT}
        forge = _FORGERIES.get(self.mode, _sign)
        return forge(self, honest)

    @property
    def other_key(self) -> ECKey:
        """A key that is published nowhere."""
        return self._other_key


def _sign(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    return _encode({"alg": "ES256", "kid": provider.key.kid}, claims, provider.key)


def _encode(header: dict[str, Any], claims: Mapping[str, Any], key: ECKey | OctKey) -> str:
    return jwt.encode(header, dict(claims), key, registry=_ANY_ALGORITHM)


def _unsigned(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    payload = _sign(provider, claims).split(".")[1]
    return f"{_encoded(_NONE)}.{payload}."


def _cut(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    return _sign(provider, claims).rpartition(".")[0] + "."


def _with_public_key_as_secret(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    secret = OctKey.import_key(json.dumps(provider.key.as_dict(private=False)).encode())
    return _encode({"alg": "HS256", "kid": provider.key.kid}, claims, secret)


def _with_client_secret(_: HostileProvider, claims: Mapping[str, Any]) -> str:
    return _encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def _with_other_key(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    return _encode({"alg": "ES256", "kid": provider.key.kid}, claims, provider.other_key)


def _with_unknown_key(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    return _encode({"alg": "ES256", "kid": "nobody-knows"}, claims, provider.other_key)


def _with_embedded_key(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    header = {"alg": "ES256", "kid": provider.key.kid, "jwk": provider.other_key.as_dict(private=False)}
    return _encode(header, claims, provider.other_key)


def _with_key_elsewhere(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    header = {"alg": "ES256", "kid": provider.key.kid, "jku": "https://evil.test/jwks"}
    return _encode(header, claims, provider.other_key)


def _with_unknown_extension(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    token = _encode({"alg": "ES256", "kid": provider.key.kid}, claims, provider.key)
    header = {"alg": "ES256", "kid": provider.key.kid, "crit": ["exp2"], "exp2": 1}
    return _reheaded(token, header, provider.key)


def _reheaded(token: str, header: dict[str, Any], key: ECKey) -> str:
    """Sign the token's payload under a header that joserfc itself would not write."""
    return _signed(_encoded(json.dumps(header).encode()), token.split(".")[1], key)


def _with_nested_payload(provider: HostileProvider, claims: Mapping[str, Any]) -> str:
    deep = b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    return _signed(_sign(provider, claims).split(".")[0], _encoded(deep), provider.key)


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _signed(header: str, payload: str, key: ECKey) -> str:
    signature = JWSRegistry.algorithms["ES256"].sign(f"{header}.{payload}".encode(), key)
    return f"{header}.{payload}.{_encoded(signature)}"


_LEFT_OUT = object()


def _as_it_should_be(_: int) -> dict[str, Any]:
    return {}


_CLAIMS: dict[str, Callable[[int], dict[str, Any]]] = {
    "wrong issuer": lambda _: {"iss": "https://evil.test"},
    "issuer with a slash more": lambda _: {"iss": f"{ISSUER}/"},
    "no issuer": lambda _: {"iss": _LEFT_OUT},
    "wrong audience": lambda _: {"aud": STRANGER},
    "wrong audience, our azp": lambda _: {"aud": STRANGER, "azp": CLIENT_ID},
    "audience with a stranger": lambda _: {"aud": [CLIENT_ID, STRANGER], "azp": CLIENT_ID},
    "no audience": lambda _: {"aud": _LEFT_OUT},
    "azp of a stranger": lambda _: {"azp": STRANGER},
    "wrong nonce": lambda _: {"nonce": "another"},
    "no nonce": lambda _: {"nonce": _LEFT_OUT},
    "nonce in a list": lambda _: {"nonce": ["another"]},
    "expired": lambda now: {"exp": now - 3_600},
    "no expiry": lambda _: {"exp": _LEFT_OUT},
    "expiry that is no number": lambda _: {"exp": "tomorrow"},
    "issued in the future": lambda now: {"iat": now + 3_600},
    "not valid yet": lambda now: {"nbf": now + 3_600},
    "no subject": lambda _: {"sub": _LEFT_OUT},
    "empty subject": lambda _: {"sub": ""},
    "subject that is a number": lambda _: {"sub": 7},
    "subject with a NUL": lambda _: {"sub": "ada\0"},
    "endless subject": lambda _: {"sub": "a" * 256},
    "wrong at_hash": lambda _: {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "at_hash that is a list": lambda _: {"at_hash": [1]},
}

_FORGERIES: dict[str, Callable[[HostileProvider, Mapping[str, Any]], str]] = {
    "unsigned": _unsigned,
    "signature cut off": _cut,
    "HS256 with the public key": _with_public_key_as_secret,
    "HS256 with the client secret": _with_client_secret,
    "signed with another key": _with_other_key,
    "signed with an unknown key": _with_unknown_key,
    "key in its header": _with_embedded_key,
    "key at an address in its header": _with_key_elsewhere,
    "extension nobody knows": _with_unknown_extension,
    "payload nested without end": _with_nested_payload,
}

_ANSWERS: dict[str, dict[str, Any]] = {
    "no ID token": {"id_token": None},
    "ID token that is no token": {"id_token": CANARY},
    "ID token that is a list": {"id_token": [CANARY]},
    "no access token": {"access_token": None},
    "access token with a line break": {"access_token": "at\r\nx-evil: 1"},
    "token of another type": {"token_type": "mac"},
}

_METADATA: dict[str, dict[str, Any]] = {
    "metadata of another issuer": {"issuer": "https://evil.test"},
    "metadata without token endpoint": {"token_endpoint": None},
    "metadata that steps down to HTTP": {"token_endpoint": "http://idp.test/token"},
    "metadata with a script for a page": {"authorization_endpoint": "javascript:alert(1)"},
    "metadata with a port out of range": {"jwks_uri": "https://idp.test:99999/jwks"},
    "metadata with half a name for keys": {"jwks_uri": "https://xn--/jwks"},
    "metadata with half a name for tokens": {"token_endpoint": "https://xn--/token"},
    "metadata with an address of no version": {"userinfo_endpoint": "https://[v1.a]/userinfo"},
}


_FAULTS: dict[str, Callable[[], Response]] = {
    "a page": lambda: HTMLResponse(CANARY),
    "a page called JSON": lambda: Response(CANARY, media_type="application/json"),
    "a list": lambda: JSONResponse([CANARY]),
    "too much": lambda: Response(b" " * (MAX_ANSWER_BYTES + 1), media_type="application/json"),
    "something packed": lambda: Response(b"", headers={"content-encoding": "gzip"}),
    "brackets without end": lambda: Response(b"[" * 100_000, media_type="application/json"),
    "a redirect": lambda: RedirectResponse("https://evil.test/"),
    "a crash": lambda: Response(CANARY, status_code=500),
    "nothing to find": lambda: JSONResponse({"error": CANARY}, 404),
    "too many requests": lambda: JSONResponse({"error": "slow_down"}, 429),
}

_ENDPOINTS = ("metadata", "jwks", "token", "userinfo")

REFUSED = (
    *(*_CLAIMS, *_FORGERIES, *_ANSWERS),
    *(
        "userinfo of another subject",
        "userinfo without subject",
        "token error",
        "token sends nothing to find",
    ),
)
UNAVAILABLE = (
    *(*_METADATA, "jwks of nonsense"),
    *(f"{endpoint} never answers" for endpoint in _ENDPOINTS),
    *(
        f"{endpoint} sends {fault}"
        for endpoint in _ENDPOINTS
        for fault in _FAULTS
        if f"{endpoint} sends {fault}" not in REFUSED
    ),
)
