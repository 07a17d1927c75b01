"""Sign-in: two redirects, `/auth/{provider}/start` and `…/callback`, and one page for when they can't be.

No rules here: what comes in goes to `identity`, which says where the browser goes next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from server.access.errors import TooManyRequestsError
from server.identity.model import ATTEMPT_LIFETIME, Callback
from server.kit.errors import ExpectedError
from server.kit.signing import derived_key, new_secret
from server.web.own_pages import OwnPages
from server.web.pages import NO_TRACE, failure_page, handing_over_page, returning_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from server.identity.model import Finished, Handover
    from server.identity.service import Identity
    from server.settings import Settings
    from server.web.gate import Gate

    _Endpoint = Callable[[Request], Awaitable[Response]]

COOKIE = "acquaint_sign_in"
_BROWSER = "browser"
_MAX_PARAMETER = 4_096  # characters; codes of the big providers have some 2,000
_MAX_FORM = 32 * 1024  # bytes of a form that a provider posts; Apple's has some 2,000
_FIELDS = ("state", "code", "iss", "error", "user")


def sign_in_routes(identity: Identity, settings: Settings, gate: Gate) -> list[BaseRoute]:
    """Return everything under `/auth`, with the cookie that binds a sign-in to its browser.

    The cookie holds a random secret and nothing else. It lives as long as an attempt, goes to `/auth` alone
    and is `Lax`, since the way back from a provider is a navigation from another site.
    """
    own = OwnPages(identity, settings)

    async def start(request: Request) -> Response:
        browser = request.session.get(_BROWSER) or new_secret("brw")
        begun = await identity.begin_sign_in(
            request.path_params["provider"],
            await _handover(identity, settings, request),
            browser=browser,
            is_link=_parameter(request, "intent") == "link" and "key" in request.query_params,
            withheld=_withheld(request),
        )
        request.session[_BROWSER] = browser  # set again even if it is the same: its ten minutes start anew
        return _sent(begun, 302)

    async def callback(request: Request) -> Response:
        given = {name: _parameter(request, name) for name in ("state", "code")}
        more = {name: request.query_params.get(name) for name in ("iss", "error")}
        return await finish(request, {**given, **more})

    async def posted(request: Request) -> Response:
        """Take a form from a provider to ourselves first: from another site it comes without our cookie."""
        return returning_page(request.url.path.removesuffix("/callback") + "/return", await _form(request))

    async def returned(request: Request) -> Response:
        return await finish(request, await _form(request))

    async def finish(request: Request, given: dict[str, str | None]) -> Response:
        finished = await identity.finish_sign_in(
            request.path_params["provider"],
            Callback(
                state=given.get("state") or "",
                code=given.get("code") or "",
                issuer=given.get("iss"),
                error=given.get("error"),
                user=given.get("user"),
            ),
            browser=request.session.get(_BROWSER, ""),
        )
        response = _sent(finished, 303)
        if finished.session is not None:
            await own.put_session(request, response, finished.session)
        return response

    routes = [
        *own.routes(),
        Route("/{provider}/start", _explained(gate, start), methods=["GET"]),
        Route("/{provider}/callback", _explained(gate, callback), methods=["GET"]),
        Route("/{provider}/callback", _explained(gate, posted), methods=["POST"]),
        Route("/{provider}/return", _explained(gate, returned), methods=["POST"]),
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


async def _handover(identity: Identity, settings: Settings, request: Request) -> Handover:
    """Return where it leads back to: with `next` a page of our own, else a page with a publishable key."""
    if "next" in request.query_params and "key" not in request.query_params:
        return identity.handover_to_us(settings.public_url, _parameter(request, "next"))
    return await identity.handover_to_page(
        _parameter(request, "key"),
        _parameter(request, "return_to"),
        _parameter(request, "challenge"),
        is_popup=_parameter(request, "display") == "popup",
    )


def _withheld(request: Request) -> tuple[str, ...] | None:
    """Return the claims that the person withholds: `withhold=picture,locale`, any number of times, or empty.

    Without the parameter it stays as it was. `shown` and `use` come from our own page's boxes: what was
    shown and is not used is withheld.
    """
    query = request.query_params
    if "shown" in query:
        return tuple(sorted(set(_listed(query.getlist("shown"))) - set(_listed(query.getlist("use")))))
    if "withhold" not in query:
        return None
    return tuple(sorted(set(_listed(query.getlist("withhold")))))


def _listed(values: list[str]) -> list[str]:
    return [name for value in values for name in value[:_MAX_PARAMETER].split(",") if name]


def _parameter(request: Request, name: str) -> str:
    """Return a query parameter, empty where it is missing, longer than any honest one, or there twice.

    RFC 6749, section 3.1 forbids to repeat a parameter: whoever does wants two readers to see two values.
    """
    values = request.query_params.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= _MAX_PARAMETER else ""


async def _form(request: Request) -> dict[str, str | None]:
    """Return the fields of a form (OAuth 2.0 Form Post Response Mode) that we know, as `_parameter` does.

    Read up to a cap; what is larger, or no such form, has no fields: then the sign-in is not found.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM:
            return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        return {}
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {
        name: values[0]
        for name in _FIELDS
        if len(values := [value for key, value in pairs if key == name]) == 1
        and len(values[0]) <= _MAX_PARAMETER
    }


_FORM_TYPE = "application/x-www-form-urlencoded"


def _sent(finished: Finished, status: int) -> Response:
    if finished.opener_origin is not None:
        return handing_over_page(finished.url, finished.opener_origin)
    return RedirectResponse(finished.url, status_code=status, headers=NO_TRACE)


def _explained(gate: Gate, endpoint: _Endpoint) -> _Endpoint:
    """Answer what is expected to go wrong with a page, since there is no address to lead back to."""

    async def explained(request: Request) -> Response:
        try:
            gate.admit_sign_in_step(request.scope)
            return await endpoint(request)
        except TooManyRequestsError as error:
            return failure_page(error.message, status=429, retry_after_seconds=error.retry_after_seconds)
        except ExpectedError as error:
            return failure_page(error.message)

    return explained
