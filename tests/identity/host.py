"""A host's backend: it mints identity tokens, honest ones unless a test says otherwise."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry

from server.identity.errors import IdentityTokenError
from tests.identity.hostile_provider import CANARY
from tests.sign_in_world import ADMIN, PUBLIC_URL

if TYPE_CHECKING:
    from joserfc.jwk import Key

    from server.access.model import Viewer
    from server.identity.model import StartedVisit
    from tests.sign_in_world import World

_ANY_HEADER = JWSRegistry(algorithms=["HS256", "RS256", "PS256", "ES256"], strict_check_header=False)
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The backend of the page's host, with the secret of its publishable key."""

    world: World
    secret: str = field(repr=False)

    def claims(self, **changed: object) -> dict[str, Any]:
        """Return honest claims with some changed; a claim that is changed to ... is left out."""
        now = int(self.world.clock().timestamp())
        honest = {
            "aud": PUBLIC_URL,
            "sub": "u-42",
            "jti": f"token-{next(_numbers)}",
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**honest, **changed}.items() if value is not ...}

    def token(self, **changed: object) -> str:
        """Return a token that is signed with the secret."""
        return signed(self.claims(**changed), OctKey.import_key(self.secret.encode()))

    async def visit(
        self, token: str | None = None, *, resume_token: str | None = None, page: Viewer | None = None
    ) -> StartedVisit:
        """Let somebody load the page, who brings a token of the host."""
        return await self.world.identity.start_visit(
            page or self.world.page,
            resume_token=resume_token,
            sign_in=None,
            identity_token=self.token() if token is None else token,
        )


async def host_of(world: World) -> Host:
    """Return the host of the world's page with a new secret."""
    made = await world.identity.hosts.create_secret(ADMIN, world.key.id, timedelta())
    return Host(world=world, secret=made.secret)


def signed(claims: object, key: Key, algorithm: str = "HS256", **header: object) -> str:
    """Return a JWT of these claims, with some more in its header."""
    if not isinstance(claims, dict):
        return _by_hand({"alg": algorithm, **header}, claims, key)
    return jwt.encode({"alg": algorithm, **header}, claims, key, registry=_ANY_HEADER)


def _by_hand(header: object, claims: object, key: Key) -> str:
    text = f"{part(header)}.{part(claims)}"
    assert isinstance(key, OctKey)
    return f"{text}.{_base64(hmac.digest(key.raw_value, text.encode(), 'sha256'))}"


def part(value: object) -> str:
    """Return a part of a JWT."""
    return _base64(json.dumps(value).encode())


def _base64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


async def assert_refused(host: Host, token: str) -> str:
    """Assert that nobody gets in with the token, and return what the page is told."""
    with pytest.raises(IdentityTokenError) as raised:
        await host.visit(token)
    assert await host.world.database["profiles"].count_documents({}) == 0
    assert await host.world.database["sessions"].count_documents({}) == 0
    assert CANARY not in raised.value.message
    assert len(raised.value.message) < 200
    return raised.value.message
