"""Sign-in: two redirects, `/auth/{provider}/start` and `…/callback`, and one page for when they can't be.

No rules here: what comes in goes to `identity`, which says where the browser goes next.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from server.identity.model import ATTEMPT_LIFETIME, Callback
from server.kit.errors import ExpectedError
from server.kit.signing import derived_key, new_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from server.identity.service import Identity
    from server.settings import Settings

COOKIE = "acquaint_sign_in"
_BROWSER = "browser"
_MAX_PARAMETER = 4_096  # characters; codes of the big providers have some 2,000
_HEADERS = {
    "cache-control": "no-store",
    # Code and state stand in the address of the callback: no page may learn them as its referrer.
    "referrer-policy": "no-referrer",
}
_PAGE_HEADERS = {
    **_HEADERS,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


def sign_in_routes(identity: Identity, settings: Settings) -> list[BaseRoute]:
    """Return everything under `/auth`, with the cookie that binds a sign-in to its browser.

    The cookie holds a random secret and nothing else. It lives as long as an attempt, goes to `/auth` alone
    and is `Lax`, since the way back from a provider is a navigation from another site.
    """

    async def start(request: Request) -> Response:
        browser = request.session.get(_BROWSER) or new_secret("brw")
        url = await identity.begin_sign_in(
            request.path_params["provider"],
            key=_parameter(request, "key"),
            return_to=_parameter(request, "return_to"),
            challenge=_parameter(request, "challenge"),
            browser=browser,
        )
        request.session[_BROWSER] = browser  # set again even if it is the same: its ten minutes start anew
        return _redirect(url, 302)

    async def callback(request: Request) -> Response:
        url = await identity.finish_sign_in(
            request.path_params["provider"],
            Callback(
                state=_parameter(request, "state"),
                code=_parameter(request, "code"),
                issuer=request.query_params.get("iss"),
                error=request.query_params.get("error"),
            ),
            browser=request.session.get(_BROWSER, ""),
        )
        return _redirect(url, 303)

    routes = [
        Route("/{provider}/start", _explained(start), methods=["GET"]),
        Route("/{provider}/callback", _explained(callback), methods=["GET"]),
    ]
    session = Middleware(SessionMiddleware, **_session_options(settings))
    return [Mount("/auth", routes=routes, middleware=[session])]


def _session_options(settings: Settings) -> dict[str, Any]:
    return {
        "secret_key": derived_key(settings.secret, "sign-in-cookie").hex(),
        "session_cookie": COOKIE,
        "max_age": int(ATTEMPT_LIFETIME.total_seconds()),
        "path": "/auth",
        "same_site": "lax",
        "https_only": settings.is_https,
    }


def _parameter(request: Request, name: str) -> str:
    """Return a query parameter, empty where it is missing, longer than any honest one, or there twice.

    RFC 6749, section 3.1 forbids to repeat a parameter: whoever does wants two readers to see two values.
    """
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= _MAX_PARAMETER else ""


def _redirect(url: str, status: int) -> Response:
    return RedirectResponse(url, status_code=status, headers=_HEADERS)


def _explained(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Answer what is expected to go wrong with a page, since there is no address to lead back to."""

    async def explained(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ExpectedError as error:
            return HTMLResponse(_PAGE.format(message=escape(error.message)), 400, _PAGE_HEADERS)

    return explained


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign-in did not work</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}}</style>
<h1>Sign-in did not work</h1>
<p>{message}</p>
<p>Nobody was signed in. Close this page, go back to where you came from and try again.</p>
</html>
"""
