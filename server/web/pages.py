"""The few pages of our own, as HTML: escaped throughout, with a policy that lets nothing in."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from server.access.errors import TooManyRequestsError
from server.kit.errors import ExpectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from server.web.gate import Gate

    Endpoint = Callable[[Request], Awaitable[Response]]

NO_TRACE = {
    "cache-control": "no-store",
    # Code and state stand in the address of the callback: no page may learn them as its referrer.
    "referrer-policy": "no-referrer",
}
_SUBMIT = "document.forms[0].submit()"
# The exact origin: whoever else may have opened the window, or taken its opener's place, is told nothing.
# A window that a Cross-Origin-Opener-Policy (the provider's or the page's) cut off goes back by itself.
_HAND_OVER = (
    "const{origin,url}=document.currentScript.dataset;"
    "if(opener){opener.postMessage({type:'acquaint:sign-in',fragment:new URL(url).hash},origin);close()}"
    "else location.replace(url)"
)
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem}"
    "button{font:inherit;padding:.4rem 1rem}fieldset{border:0;margin:1rem 0;padding:.5rem 0}"
)


def page(title: str, body: str, *, status: int = 200, more: str = "form-action 'none'") -> HTMLResponse:
    """Return a page; `body` is HTML, `more` what its policy allows beside styles."""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; {more}"
    headers = {**NO_TRACE, "content-security-policy": policy, "x-content-type-options": "nosniff"}
    return HTMLResponse(_PAGE.format(title=escape(title), style=_STYLE, body=body), status, headers)


def failure_page(message: str, *, status: int = 400, retry_after_seconds: int | None = None) -> HTMLResponse:
    """Return the one page for every sign-in that can't lead back anywhere."""
    body = (
        f"<p>{escape(message)}</p>\n<p>Nobody was signed in. Close this page, go back to where you came from"
        " and try again.</p>"
    )
    answer = page("Sign-in did not work", body, status=status)
    if retry_after_seconds is not None:
        answer.headers["retry-after"] = str(retry_after_seconds)
    return answer


def returning_page(action: str, fields: Mapping[str, str | None]) -> HTMLResponse:
    """Return a page that sends a provider's form on to ourselves, by itself or at a click.

    Posted from our own page the browser adds our `Lax` cookie, which it kept back when another site posted.
    """
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
        if value is not None
    )
    body = (
        f'<form method="post" action="{escape(action)}">{hidden}<button>Continue</button></form>'
        f"<script>{_SUBMIT}</script>"
    )
    return page("Signing in", body, more=f"form-action 'self'; script-src {_hashed(_SUBMIT)}")


def handing_over_page(url: str, origin: str) -> HTMLResponse:
    """Return a page that tells its opener, on this origin alone, what the fragment of `url` says."""
    body = (
        f'<p><a href="{escape(url)}">Continue</a></p>'
        f'<script data-origin="{escape(origin)}" data-url="{escape(url)}">{_HAND_OVER}</script>'
    )
    return page("Signed in", body, more=f"form-action 'none'; script-src {_hashed(_HAND_OVER)}")


def _hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def in_a_popup(endpoint: Endpoint) -> Endpoint:
    """Let the page that opened this window hear from it: with a policy of ours it would be cut off.

    Every step says so, redirects too: browsers look at each on the way (HTML, section 7.1.3).
    """

    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        response.headers["cross-origin-opener-policy"] = "unsafe-none"
        return response

    return answer


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
<h1>{title}</h1>
{body}
</html>
"""


def explained(gate: Gate, endpoint: Endpoint) -> Endpoint:
    """Answer what is expected to go wrong with a page, since there is no address to lead back to."""

    async def answer(request: Request) -> Response:
        try:
            gate.admit_sign_in_step(request.scope)
            return await endpoint(request)
        except TooManyRequestsError as error:
            return failure_page(error.message, status=429, retry_after_seconds=error.retry_after_seconds)
        except ExpectedError as error:
            return failure_page(error.message)

    return answer
