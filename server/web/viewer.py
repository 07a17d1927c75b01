"""From the headers of a request to the viewer they prove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.errors import AuthenticationError

if TYPE_CHECKING:
    from starlette.requests import Request

    from server.access.model import Viewer
    from server.access.service import Access

_MAX_TOKEN = 4_096  # characters; ours have under 600


async def viewer_of(request: Request, access: Access) -> Viewer:
    """Return who is asking; raise AuthenticationError for a token that proves nothing.

    Only a bearer token counts (RFC 6750, section 2.1): no cookie, so that no page can act in a
    person's name without having been given a token.
    """
    return await access.identify(_bearer(request), request.headers.get("origin"))


def _bearer(request: Request) -> str | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > _MAX_TOKEN:
        raise AuthenticationError("The Authorization header must be `Bearer`, a space and a token.")
    return token.strip()
