"""What the big providers answer, as their documentation shows it, with made-up people and no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from server.settings import ProviderSettings
from tests.sign_in_world import PUBLIC_URL, fragment_of, parameters_of

if TYPE_CHECKING:
    from server.kit.clock import Clock
    from server.profiles.model import Profile
    from tests.sign_in_world import Browser, World

KINDS = ("google", "microsoft", "apple", "linkedin", "github", "facebook", "x")
USER = '{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"evil@acme.example"}'
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OID = "00000000-0000-0000-66f3-3332eca7ea81"
APPLE_KEY = ECKey.generate_key("P-256")
CLIENT_ID = "our-client"
SECRET = "our-made-up-secret"

_ISSUERS = {
    "google": "https://accounts.google.com",
    "microsoft": "https://login.microsoftonline.com/{tenantid}/v2.0",
    "apple": "https://appleid.apple.com",
    "linkedin": "https://www.linkedin.com/oauth",
}
_ID_TOKENS: dict[str, dict[str, Any]] = {
    "google": {
        "iss": "https://accounts.google.com",
        "sub": "110169484474386276334",
        "email": "ada@acme.example",
        "email_verified": True,
        "hd": "acme.example",
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "picture": "https://lh3.example/ada.jpg",
    },
    "microsoft": {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "tid": TENANT,
        "oid": OID,
        "email": "ada@acme.example",
        "preferred_username": "ada@acme.example",
        "name": "Ada Lovelace",
    },
    "apple": {
        "iss": "https://appleid.apple.com",
        "sub": "001234.abcdef0123456789.1234",
        "email": "ada@privaterelay.example",
        "email_verified": "true",
        "is_private_email": "true",
        "nonce_supported": True,
    },
    "linkedin": {
        "iss": "https://www.linkedin.com/oauth",
        "sub": "782bbtaQ",
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "picture": "https://media.example/ada",
        "locale": {"country": "GB", "language": "en"},
        "email": "ada@acme.example",
        "email_verified": True,
    },
}
_USERINFO: dict[str, dict[str, Any]] = {
    "google": {"sub": "110169484474386276334", "email": "ada@acme.example", "email_verified": True},
    "microsoft": {"sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "email": "ada@acme.example"},
    "linkedin": {"sub": "782bbtaQ", "locale": {"country": "GB", "language": "en"}},
}
_PEOPLE: dict[str, Any] = {
    "/user": {
        "login": "ada",
        "id": 583231,
        "avatar_url": "https://avatars.example/u/583231",
        "html_url": "https://github.com/ada",
        "name": "Ada Lovelace",
        "company": "@engine",
        "blog": "https://ada.example",
        "email": "public@acme.example",
    },
    "/user/emails": [
        {"email": "old@acme.example", "verified": True, "primary": False, "visibility": None},
        {"email": "ada@acme.example", "verified": True, "primary": True, "visibility": "private"},
    ],
    "/v23.0/me": {
        "id": "10153456789",
        "name": "Ada Lovelace",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@acme.example",
        "picture": {"data": {"url": "https://platform.example/ada.jpg", "is_silhouette": False}},
    },
    "/2/users/me": {
        "data": {
            "id": "2244994945",
            "name": "Ada Lovelace",
            "username": "ada",
            "profile_image_url": "https://pbs.example/ada.jpg",
            "confirmed_email": "ada@acme.example",
        }
    },
}


def vendor_settings(kind: str, **changed: Any) -> ProviderSettings:  # noqa: ANN401 - any field
    """Return our client at this provider."""
    options = {"team_id": "TEAM123456", "key_id": "KEY1234567"} if kind == "apple" else {}
    secret = APPLE_KEY.as_pem(private=True).decode() if kind == "apple" else SECRET
    given = {"key": kind, "name": kind, "kind": kind, "client_id": CLIENT_ID, "options": options}
    return ProviderSettings(**{**given, "client_secret": secret, **changed})


@dataclass
class Vendors:
    """All of them at once. `lies` replace members of the document at a path; requests are kept."""

    clock: Clock
    nonce: str = ""
    scope: str | None = None
    lies: dict[str, Any] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", auto_kid=True))

    @property
    def transport(self) -> httpx.MockTransport:
        """The network, with nobody else on it."""
        return httpx.MockTransport(self._answer)

    def sent(self, path: str) -> httpx.Request:
        """Return the last request to this path."""
        return next(each for each in reversed(self.requests) if each.url.path == path)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        vendor = _vendor(request.url.host)
        path = request.url.path
        if path.endswith("/.well-known/openid-configuration"):
            return _json(self._metadata(vendor))
        if path.endswith("/keys"):
            return _json({"keys": [self.key.as_dict(private=False)]})
        if path.endswith("/userinfo"):
            return _json({**_USERINFO[vendor], **self.lies.get("userinfo", {})})
        if path in _PEOPLE:
            return _json(self.lies.get(path, _PEOPLE[path]))
        return _json(self._token(vendor))

    def _metadata(self, vendor: str) -> dict[str, Any]:
        host = f"https://{_HOSTS[vendor]}"
        document = {
            "issuer": _ISSUERS[vendor],
            "authorization_endpoint": f"{host}/authorize",
            "token_endpoint": f"{host}/token",
            "jwks_uri": f"{host}/keys",
            "userinfo_endpoint": f"{host}/userinfo",
            "id_token_signing_alg_values_supported": ["ES256"],
        }
        if vendor == "apple":
            del document["userinfo_endpoint"]
        return {**document, **self.lies.get("metadata", {})}

    def _token(self, vendor: str) -> dict[str, Any]:
        answer: dict[str, Any] = {"access_token": "at", "token_type": "bearer"}
        if self.scope is not None:
            answer["scope"] = self.scope
        if vendor in _ID_TOKENS:
            now = int(self.clock().timestamp())
            claims = {**_ID_TOKENS[vendor], "aud": CLIENT_ID, "iat": now, "exp": now + 600}
            if vendor != "linkedin":
                claims["nonce"] = self.nonce
            claims |= self.lies.get("id_token", {})
            kept = {name: value for name, value in claims.items() if value is not None}
            answer["id_token"] = jwt.encode({"alg": "ES256", "kid": self.key.kid}, kept, self.key)
        return {**answer, **self.lies.get("token", {})}


_HOSTS = {
    "google": "accounts.google.com",
    "microsoft": "login.microsoftonline.com",
    "apple": "appleid.apple.com",
    "linkedin": "www.linkedin.com",
}


def _vendor(host: str) -> str:
    return next((vendor for vendor, its in _HOSTS.items() if its == host), host)


def _json(document: object) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "application/json"}, content=json.dumps(document))


async def walk(browser: Browser, vendors: Vendors, kind: str, **more: str) -> httpx.Response:
    """Go to the provider and come back as it sends browsers back: by a link, or with Apple by a form."""
    started = await browser.start(kind)
    asked = parameters_of(started.headers["location"])
    vendors.nonce = asked.get("nonce", "")
    back = {"state": asked["state"], "code": "a-code", **more}
    if asked.get("response_mode") == "form_post":
        return await browser.client.post(f"{PUBLIC_URL}/auth/{kind}/return", data=back)
    return await browser.come_back(kind, **back)


async def arrived(world: World, answer: httpx.Response) -> Profile:
    """Return who the page then finds signed in."""
    return (await world.arrive(fragment_of(answer.headers["location"])["acquaint_code"])).profile
