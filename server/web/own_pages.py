"""Our own pages: `/auth/`, where people sign in and see what for, and `/auth/account`, where they are known.

The session is an opaque secret in a cookie that scripts can't read and that other sites' forms don't send;
the server holds its hash. It is good for these pages alone: GraphQL takes bearer tokens and no cookie.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.identity.model import OWN_SESSION_ABSOLUTE
from server.web.pages import NO_TRACE, failure_page, page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from server.identity.model import ListedProvider, Session
    from server.identity.service import Identity
    from server.settings import Settings

_SIGN_IN = "/auth/"
_ACCOUNT = "/auth/account"
_ERRORS = {
    "access_denied": "You said no at the provider, so nobody was signed in.",
    "provider_unavailable": "The provider does not answer now. Try again later.",
    "person_erased": "This account was erased and can't be used here.",
}
_FAILED = "The sign-in could not be proved, so nobody was signed in."


class OwnPages:
    """The pages and their cookie."""

    def __init__(self, identity: Identity, settings: Settings) -> None:
        self._identity = identity
        self._origin = settings.public_url
        self._is_https = settings.is_https
        # With the prefix a browser takes the cookie from this very host alone, over TLS, for all of it
        # (RFC 6265bis, section 4.1.3): no sibling domain can plant one. It wants TLS: not in development.
        self.cookie = "__Host-acquaint" if settings.is_https else "acquaint"

    def routes(self) -> list[BaseRoute]:
        """Return the routes, as they lie under `/auth`."""
        return [
            Route("/", self.sign_in, methods=["GET"]),
            Route("/account", self.account, methods=["GET"]),
            Route("/account", self.act, methods=["POST"]),
        ]

    async def put_session(self, request: Request, response: Response, secret: str) -> None:
        """Set the new session and end the one before it: none from before a sign-in outlives it."""
        await self._end(request)
        response.set_cookie(
            self.cookie,
            secret,
            max_age=int(OWN_SESSION_ABSOLUTE.total_seconds()),
            path="/",
            secure=self._is_https,
            httponly=True,
            samesite="lax",
        )

    async def sign_in(self, request: Request) -> Response:
        """Show the providers, and of each what it would be asked for and what for; boxes say no to it."""
        error = request.query_params.get("error")
        said = "" if error is None else f'<p role="alert">{escape(_ERRORS.get(error, _FAILED))}</p>'
        forms = "".join(_form(each) for each in await self._identity.providers.listed())
        # Some browsers count the redirects of a form as its target, and the providers' are not known here.
        return page(
            "Sign in", said + (forms or "<p>No provider is on.</p>"), more="form-action 'self' https: http:"
        )

    async def account(self, request: Request) -> Response:
        """Show where the person is signed in."""
        found = await self._identity.sessions.own(request.cookies.get(self.cookie), self._origin)
        if found is None:
            return RedirectResponse(_SIGN_IN, 303, NO_TRACE)
        session, _ = found
        sessions = await self._identity.sessions.of(session.viewer)
        items = "".join(_item(each, is_this=each.id == session.id) for each in sessions)
        return page(
            "Where you are signed in",
            f"<ul>{items}</ul>{_button('sign_out', 'Sign out here')}"
            f"{_button('sign_out_everywhere', 'Sign out everywhere')}",
            more="form-action 'self'",
        )

    async def act(self, request: Request) -> Response:
        """Sign out, here or everywhere; only a form of this very origin may say so.

        The cookie is `Lax`, so that no other site's form has it; a sibling domain is the same site, and its
        form is told by `Origin`, which browsers send with every POST.
        """
        if request.headers.get("origin") != self._origin:
            return failure_page("This has to be said on this page itself.")
        found = await self._identity.sessions.own(request.cookies.get(self.cookie), self._origin)
        if found is not None:
            if request.query_params.get("do") == "sign_out_everywhere":
                await self._identity.sessions.end_all(found[0].viewer)
            else:
                await self._identity.sessions.end(found[0].id)
        response = RedirectResponse(_SIGN_IN, 303, NO_TRACE)
        response.delete_cookie(self.cookie, path="/", secure=self._is_https, httponly=True, samesite="lax")
        return response

    async def _end(self, request: Request) -> None:
        found = await self._identity.sessions.own(request.cookies.get(self.cookie), self._origin)
        if found is not None:
            await self._identity.sessions.end(found[0].id)


def _form(provider: ListedProvider) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="use" value="{escape(use.rule.claim)}" checked>'
        f" {escape(use.definition.label)}{_purpose(use.definition.purpose)}</label><br>"
        for use in provider.uses
    )
    shown = escape(",".join(use.rule.claim for use in provider.uses))
    return (
        f'<form action="/auth/{quote(provider.key)}/start"><fieldset>{boxes}</fieldset>'
        f'<input type="hidden" name="shown" value="{shown}">'
        f'<input type="hidden" name="next" value="{_ACCOUNT}">'
        f"<button>Sign in with {escape(provider.name)}</button></form>"
    )


def _purpose(key: str | None) -> str:
    return "" if key is None else f", for {escape(key.replace('_', ' '))}"


def _item(session: Session, *, is_this: bool) -> str:
    since = session.created_at.strftime("%Y-%m-%d %H:%M")
    return f"<li>{escape(session.origin)}, since {since} UTC{' (here)' if is_this else ''}</li>"


def _button(act: str, label: str) -> str:
    return f'<form method="post" action="{_ACCOUNT}?do={act}"><button>{label}</button></form>'
