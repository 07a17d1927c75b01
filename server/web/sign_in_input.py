"""What browsers bring to the pages of sign-in: bounded, each value once, and nothing believed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from server.kit.signing import new_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

_BROWSER = "browser"
_MAX_PARAMETER = 4_096  # characters; codes of the big providers have some 2,000
_MAX_FORM = 32 * 1024  # bytes of a form that a provider posts; Apple's has some 2,000
_FORM_TYPE = "application/x-www-form-urlencoded"

Fields = dict[str, list[str]]


def browser_of(request: Request) -> str:
    """Return the secret in the browser's cookie, a new one where there is none; its time starts anew."""
    browser: str = request.session.get(_BROWSER) or new_secret("brw")
    request.session[_BROWSER] = browser
    return browser


def known_browser(request: Request) -> str:
    """Return the secret in the browser's cookie; empty where it began nothing."""
    browser: str = request.session.get(_BROWSER, "")
    return browser


def parameter(request: Request, name: str) -> str:
    """Return a query parameter, empty where it is missing, longer than any honest one, or there twice."""
    return once(request.query_params.getlist(name)) or ""


def once(values: Sequence[str]) -> str | None:
    """Return the one value, None where there is none, several, or one longer than any honest one.

    RFC 6749, section 3.1 forbids to repeat a parameter: whoever does wants two readers to see two values.
    """
    return values[0] if len(values) == 1 and len(values[0]) <= _MAX_PARAMETER else None


def fields_of_query(request: Request) -> Fields:
    """Return all parameters of the address."""
    return {name: request.query_params.getlist(name) for name in request.query_params}


async def fields_of_form(request: Request) -> Fields:
    """Return the fields of a form (of a provider: OAuth 2.0 Form Post Response Mode).

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
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}


def withheld_by(fields: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the claims that the person withholds: `withhold=picture,locale`, any number of times, or empty.

    `shown` and `use` come from our own page's boxes: what was shown and is not used is withheld.
    """
    if "shown" in fields:
        return tuple(sorted(set(_listed(fields["shown"])) - set(_listed(fields.get("use", ())))))
    return tuple(sorted(set(_listed(fields.get("withhold", ())))))


def _listed(values: Sequence[str]) -> list[str]:
    return [name for value in values for name in value[:_MAX_PARAMETER].split(",") if name]
