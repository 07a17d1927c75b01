"""Our own pages: `/auth/`, where people sign in and see what for, and `/auth/account`, where they are known.

The session is an opaque secret in a cookie that scripts can't read and that other sites' forms don't send;
the server holds its hash. It is good for these pages alone: GraphQL takes bearer tokens and no cookie.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from server.identity.model import OWN_SESSION_ABSOLUTE
from server.kit.errors import ExpectedError, InvalidInputError
from server.profiles.model import IdentityKind, IdentityRef
from server.web.account_page import ACCOUNT, account_body, claims_to_use
from server.web.pages import NO_TRACE, failure_page, page
from server.web.sign_in_input import browser_of, fields_of_form, withheld_by

if TYPE_CHECKING:
    from starlette.requests import Request

    from server.identity.model import ListedProvider, Session
    from server.identity.service import Identity
    from server.profiles.model import Profile
    from server.settings import Settings
    from server.web.pages import Endpoint

_SIGN_IN = "/auth/"
# Some browsers count the redirects of a form as its target, and the providers' are not known here.
_TO_PROVIDERS = "form-action 'self' https: http:"
_ASKED = (
    "<p>This is what a provider would be asked for. Untick what you keep to yourself: it is neither stored"
    " nor used, and stays withheld at later sign-ins.</p>"
)
_STAYING = {"unlink", "release"}  # acts after which the person is still signed in
_ERRORS = {
    "access_denied": "You said no at the provider, so nobody was signed in.",
    "sign_in_denied": "You can't sign in here with this account.",
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

    def routes(self) -> list[tuple[str, Endpoint, str]]:
        """Return what to answer where, as it lies under `/auth`, and to which method."""
        return [
            ("/", self.sign_in, "GET"),
            ("/account", self.account, "GET"),
            ("/account", self.act, "POST"),
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
        body = said + (_ASKED + forms if forms else "<p>No provider is on.</p>")
        return page("Sign in", body, more=_TO_PROVIDERS)

    async def account(self, request: Request) -> Response:
        """Show the person's accounts, with what of each is used, and where they are signed in."""
        found = await self._own(request)
        if found is None:
            return RedirectResponse(_SIGN_IN, 303, NO_TRACE)
        session, profile = found
        body = account_body(
            await self._identity.accounts.of(profile),
            await self._identity.providers.listed(),
            await self._identity.sessions.of(session.viewer),
            session,
        )
        answer = page("Your account", body, more=_TO_PROVIDERS)
        # Without a referrer to their own origin browsers send forms as from nowhere: `Origin: null` (Fetch,
        # section 3.1), and `act` would believe none of them.
        answer.headers["referrer-policy"] = "same-origin"
        return answer

    async def act(self, request: Request) -> Response:
        """Do what a form says; only one of this very origin may say anything.

        The cookie is `Lax`, so that no other site's form has it; a sibling domain is the same site, and its
        form is told by `Origin`, which browsers send with every POST.
        """
        if request.headers.get("origin") != self._origin:
            return failure_page("This has to be said on this page itself.")
        found = await self._own(request)
        if found is None:
            return self._signed_out()
        try:
            return await self._act(request, request.query_params.get("do", ""), *found)
        except ExpectedError as error:
            back = f'<p><a href="{ACCOUNT}">Your account</a></p>'
            return page("Nothing was changed", f"<p>{escape(error.message)}</p>{back}", status=400)

    async def _act(self, request: Request, act: str, session: Session, profile: Profile) -> Response:
        match act:
            case "link":
                return await self._link(request, session)
            case "unlink":
                await self._identity.joining.unlink_on_our_pages(session, _account(request))
            case "release":
                await self._identity.accounts.release(profile, _account(request))
            case "sign_out":
                await self._identity.sessions.end(session.id)
            case "sign_out_everywhere":
                await self._identity.sessions.end_all(session.viewer)
            case _:
                raise InvalidInputError("This page does no such thing.", field="do")
        return RedirectResponse(ACCOUNT, 303, NO_TRACE) if act in _STAYING else self._signed_out()

    async def _link(self, request: Request, session: Session) -> Response:
        """Begin to link an account to this very session; only a form of ours can say so, no link does."""
        begun = await self._identity.begin_sign_in(
            request.query_params.get("provider", ""),
            self._identity.handover_to_us(self._origin, ACCOUNT),
            browser=browser_of(request),
            withheld=withheld_by(await fields_of_form(request)),
            links_to=session.id,
        )
        return RedirectResponse(begun.url, 303, NO_TRACE)

    async def _own(self, request: Request) -> tuple[Session, Profile] | None:
        return await self._identity.sessions.own(request.cookies.get(self.cookie), self._origin)

    async def _end(self, request: Request) -> None:
        found = await self._own(request)
        if found is not None:
            await self._identity.sessions.end(found[0].id)

    def _signed_out(self) -> Response:
        response = RedirectResponse(_SIGN_IN, 303, NO_TRACE)
        response.delete_cookie(self.cookie, path="/", secure=self._is_https, httponly=True, samesite="lax")
        return response


def _account(request: Request) -> IdentityRef:
    """Return which account a form speaks of; whether it is the person's is looked at elsewhere."""
    given = {name: request.query_params.get(name, "") for name in ("issuer", "subject")}
    return IdentityRef(kind=IdentityKind.SOCIAL, issuer=given["issuer"], value=given["subject"])


def _form(provider: ListedProvider) -> str:
    return (
        f'<form action="/auth/{quote(provider.key)}/start">{claims_to_use(provider)}'
        f'<input type="hidden" name="next" value="{ACCOUNT}">'
        f"<button>Sign in with {escape(provider.name)}</button></form>"
    )
