"""Sign-in: two redirects, `/auth/{provider}/start` and `…/callback`, and one page for when they can't be.

No rules here: what comes in goes to `identity`, which says where the browser goes next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from server.enrichment.visits import VisitFacts, during
from server.identity.model import ATTEMPT_LIFETIME, Callback
from server.kit.signing import derived_key
from server.web.admin_pages import AdminPages
from server.web.own_pages import OwnPages
from server.web.pages import NO_TRACE, explained, handing_over_page, in_a_popup, returning_page
from server.web.sign_in_input import (
    browser_of,
    fields_of_form,
    fields_of_query,
    known_browser,
    once,
    parameter,
    withheld_by,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from server.identity.model import Finished, Handover
    from server.identity.service import Identity
    from server.settings import Settings
    from server.web.gate import Gate

COOKIE = "acquaint_sign_in"
_FIELDS = ("state", "code", "iss", "error", "user")


def sign_in_routes(identity: Identity, settings: Settings, gate: Gate) -> list[BaseRoute]:
    """Return everything under `/auth`, with the cookie that binds a sign-in to its browser.

    The cookie holds a random secret and nothing else. It lives as long as an attempt and is `Lax`, since the
    way back from a provider is a navigation from another site.
    """
    own, administration = OwnPages(identity, settings), AdminPages(identity, settings)

    async def start(request: Request) -> Response:
        begun = await identity.begin_sign_in(
            request.path_params["provider"],
            await _handover(identity, settings, request),
            browser=browser_of(request),
            is_link=parameter(request, "intent") == "link" and "key" in request.query_params,
            withheld=withheld_by(fields_of_query(request)),
        )
        return _sent(begun, 302)

    async def callback(request: Request) -> Response:
        """Take what a redirect brought; the form's `user` never comes this way."""
        given = {name: once(values) for name, values in fields_of_query(request).items() if name != "user"}
        return await finish(request, given)

    async def posted(request: Request) -> Response:
        """Take a form from a provider to ourselves first: from another site it comes without our cookie."""
        return returning_page(request.url.path.removesuffix("/callback") + "/return", await _form(request))

    async def returned(request: Request) -> Response:
        return await finish(request, await _form(request))

    async def finish(request: Request, given: Mapping[str, str | None]) -> Response:
        brought = Callback(
            state=given.get("state") or "",
            code=given.get("code") or "",
            issuer=given.get("iss"),
            error=given.get("error"),
            user=given.get("user"),
        )
        with during(_visit(request, gate)):
            finished = await identity.finish_sign_in(
                request.path_params["provider"],
                brought,
                browser=known_browser(request),
                own_session=request.cookies.get(own.cookie),
            )
        response = _sent(finished, 303)
        if finished.session is not None:
            await own.put_session(request, response, finished.session)
        if finished.admin_session is not None:
            await administration.put_session(request, response, finished.admin_session)
        return response

    pages = [*own.routes(), *administration.routes()]
    steps = [
        ("/{provider}/start", start, "GET"),
        ("/{provider}/callback", callback, "GET"),
        ("/{provider}/callback", posted, "POST"),
        ("/{provider}/return", returned, "POST"),
    ]
    session = Middleware(SessionMiddleware, **_session_options(settings))
    explaining = [
        *(Route(path, explained(gate, endpoint), methods=[method]) for path, endpoint, method in pages),
        *(Route(path, in_a_popup(explained(gate, each)), methods=[method]) for path, each, method in steps),
    ]
    return [Mount("/auth", routes=explaining, middleware=[session])]


def _visit(request: Request, gate: Gate) -> VisitFacts:
    """Return what look-ups may know of the visit that begins here, for as long as the request lasts."""
    return VisitFacts(
        address=gate.address_of(request.scope),
        languages=request.headers.get("accept-language"),
        user_agent=request.headers.get("user-agent"),
    )


def _session_options(settings: Settings) -> dict[str, Any]:
    return {
        "secret_key": derived_key(settings.secret, "sign-in-cookie").hex(),
        # As that of our own pages: no sibling domain can plant its own, and have its own sign-in end here.
        "session_cookie": f"__Host-{COOKIE}" if settings.is_https else COOKIE,
        "max_age": int(ATTEMPT_LIFETIME.total_seconds()),
        "path": "/",
        "same_site": "lax",
        "https_only": settings.is_https,
    }


async def _handover(identity: Identity, settings: Settings, request: Request) -> Handover:
    """Return where it leads back to: with `next` a page of our own, else a page with a publishable key."""
    if parameter(request, "intent") == "admin":
        return identity.handover_to_admins(settings.public_url)
    if "next" in request.query_params and "key" not in request.query_params:
        return identity.handover_to_us(settings.public_url, parameter(request, "next"))
    return await identity.handover_to_page(
        parameter(request, "key"),
        parameter(request, "return_to"),
        parameter(request, "challenge"),
        is_popup=parameter(request, "display") == "popup",
    )


async def _form(request: Request) -> dict[str, str | None]:
    """Return the fields of a provider's form that we know, each once."""
    fields = await fields_of_form(request)
    return {name: once(fields[name]) for name in _FIELDS if name in fields}


def _sent(finished: Finished, status: int) -> Response:
    if finished.opener_origin is not None:
        return handing_over_page(finished.url, finished.opener_origin)
    return RedirectResponse(finished.url, status_code=status, headers=NO_TRACE)
