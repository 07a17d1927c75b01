"""`/auth/admin`, where admins sign in and see that they are, and where their page gets tokens for GraphQL."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import JSONResponse, RedirectResponse, Response

from server.access.admins import SESSION_LIFETIME
from server.web.pages import NO_TRACE, failure_page, page

if TYPE_CHECKING:
    from starlette.requests import Request

    from server.identity.service import Identity
    from server.settings import Settings
    from server.web.pages import Endpoint

PATH = "/auth/admin"
# No form can send it, and no other origin's script without asking us first, which we answer with no.
_ASKING = "x-acquaint"
_ERRORS = {
    "access_denied": "You said no at the provider, so nobody was signed in.",
    "provider_unavailable": "The provider does not answer now. Try again later.",
    "not_admin": "The provider does not give you the role of an admin.",
}
_FAILED = "The sign-in could not be proved, so nobody was signed in."


class AdminPages:
    """The page, its cookie and the tokens."""

    def __init__(self, identity: Identity, settings: Settings) -> None:
        self._identity = identity
        self._sessions = identity.admins.sessions
        self._origin = settings.public_url
        self._is_https = settings.is_https
        self.cookie = "__Host-acquaint-admin" if settings.is_https else "acquaint-admin"

    def routes(self) -> list[tuple[str, Endpoint, str]]:
        """Return what to answer where, as it lies under `/auth`, and to which method."""
        return [
            ("/admin", self.show, "GET"),
            ("/admin", self.sign_out, "POST"),
            ("/admin/token", self.token, "POST"),
        ]

    async def put_session(self, request: Request, response: Response, secret: str) -> None:
        """Set the new session and end the one before it."""
        await self._end(request)
        response.set_cookie(
            self.cookie,
            secret,
            max_age=int(SESSION_LIFETIME.total_seconds()),
            path="/",
            secure=self._is_https,
            httponly=True,
            # Not `strict`: the redirect that follows a sign-in comes by way of the provider's site.
            samesite="lax",
        )

    async def show(self, request: Request) -> Response:
        """Show who is signed in, else where to."""
        session = await self._sessions.find(request.cookies.get(self.cookie))
        if session is not None:
            body = (
                f"<p>You are {escape(session.name)}, an admin until"
                f" {session.expires_at:%H:%M} UTC.</p>"
                f'<form method="post" action="{PATH}"><button>Sign out</button></form>'
            )
            return page("Administration", body, more="form-action 'self'")
        error = request.query_params.get("error")
        said = "" if error is None else f'<p role="alert">{escape(_ERRORS.get(error, _FAILED))}</p>'
        forms = "".join(
            f'<form action="/auth/{quote(key)}/start"><input type="hidden" name="intent" value="admin">'
            f"<button>Sign in with {escape(name)}</button></form>"
            for key, name in await self._identity.providers.for_admins()
        )
        nowhere = "<p>Admins sign in nowhere here; see docs/sign-in.md, or use an admin key.</p>"
        return page("Administration", said + (forms or nowhere), more="form-action 'self' https: http:")

    async def sign_out(self, request: Request) -> Response:
        """End the session; only a form of this very origin may say so."""
        if request.headers.get("origin") != self._origin:
            return failure_page("This has to be said on this page itself.")
        await self._end(request)
        response = RedirectResponse(PATH, 303, NO_TRACE)
        response.delete_cookie(self.cookie, path="/", secure=self._is_https, httponly=True, samesite="lax")
        return response

    async def token(self, request: Request) -> Response:
        """Return a token for GraphQL to a script of this very origin, which says so in two ways.

        `Origin` is written by the browser alone, and the header of our own wants a preflight from any other
        origin, which none gets here: neither a form nor another site's script can ask.
        """
        is_ours = request.headers.get("origin") == self._origin and _ASKING in request.headers
        session = await self._sessions.find(request.cookies.get(self.cookie)) if is_ours else None
        if session is None:
            return JSONResponse({"error": "not_signed_in"}, 403, NO_TRACE)
        made = self._sessions.token(session)
        return JSONResponse({"token": made.token, "expiresAt": made.expires_at.isoformat()}, 200, NO_TRACE)

    async def _end(self, request: Request) -> None:
        session = await self._sessions.find(request.cookies.get(self.cookie))
        if session is not None:
            await self._sessions.end(session)
