"""Archives of what is known of a person, for whoever holds a link that was signed minutes ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from server.privacy.service import DOWNLOADS

if TYPE_CHECKING:
    from starlette.requests import Request

    from server.privacy.service import Privacy

_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def archive_routes(privacy: Privacy) -> list[Route]:
    """Return the one route; what is wrong with a link is not told."""

    async def download(request: Request) -> Response:
        archive = await privacy.open_archive(
            request.path_params["request_id"],
            request.query_params.get("expires", ""),
            request.query_params.get("signature", ""),
        )
        if archive is None:
            message = "This link is not good (any more): ask for a new one."
            return Response(message, status_code=404, media_type="text/plain", headers=_HEADERS)
        headers = {
            **_HEADERS,
            "Content-Disposition": f'attachment; filename="{archive.name}"',
            "Content-Length": str(archive.size_bytes),
        }
        return StreamingResponse(archive.content, media_type="application/zip", headers=headers)

    return [Route(f"{DOWNLOADS}/{{request_id}}", download, methods=["GET"])]
