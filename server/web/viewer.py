"""From the headers of a request to the viewer they prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.access.errors import AuthenticationError
from server.web.reading_headers import header

if TYPE_CHECKING:
    from starlette.types import Scope

    from server.access.model import Viewer
    from server.access.service import Access

_MAX_TOKEN = 4_096  # characters; ours have under 600


def proof_of(scope: Scope) -> Proof:
    """Return what a request shows of who is asking.

    Only a bearer token counts (RFC 6750, section 2.1): no cookie, so that no page can act in a
    person's name without having been given a token.
    """
    return Proof(header(scope, b"authorization"), header(scope, b"origin"))


@dataclass(frozen=True, slots=True)
class Proof:
    """An `Authorization` header, or what stands for it, and the origin it came from."""

    authorization: str | None
    origin: str | None

    @property
    def is_secret_key(self) -> bool:
        """Whether it would be a secret key, if it were good."""
        shown = self.authorization or ""
        return "sk_" in shown and shown.partition(" ")[2].strip().startswith("sk_")

    async def viewer(self, access: Access) -> Viewer:
        """Return whom it proves now; raise AuthenticationError."""
        return await access.identify(_bearer(self.authorization), self.origin)


def _bearer(shown: str | None) -> str | None:
    if shown is None:
        return None
    scheme, _, token = shown.partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > _MAX_TOKEN:
        raise AuthenticationError("The Authorization header must be `Bearer`, a space and a token.")
    return token.strip()
