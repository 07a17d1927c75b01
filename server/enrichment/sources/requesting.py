"""From a spec and a person's values to the one request, and to what of it may be shown; pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from server.enrichment.sources.spec import CALLBACK, SecretRef, Transform
from server.kit.addresses import is_public
from server.kit.calling import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from server.enrichment.sources.spec import Auth, EnricherSpec, Input, Sent
    from server.profiles.model import Value

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_HIDDEN = "•••"
_AGENT = "Acquaint"


class UnusableInputError(ValueError):
    """A value that this provider could do nothing with."""


def sent_values(spec: EnricherSpec, known: Mapping[str, Value]) -> dict[str, str]:
    """Return what is sent, by placeholder; raise UnusableInputError for a value of the wrong form."""
    return {name: _sent_value(each, known[each.source]) for name, each in spec.inputs.items()}


def prepare(
    spec: EnricherSpec, values: Mapping[str, str], secrets: Mapping[str, str], callback_url: str = ""
) -> Request:
    """Return the request. Values are put in place and percent-encoded; they can't change what is asked for.

    Raises UnusableInputError for a value that would, such as `..` in a path.
    """
    given = {**values, CALLBACK: callback_url}
    request = spec.request
    return Request(
        method=request.method,
        url=_url(spec, given, lambda name: secrets[name]),
        headers={**_headers(spec), **_secret_headers(spec, secrets)},
        content=None if request.body is None else json.dumps(_filled(request.body, given)).encode(),
    )


def shown(spec: EnricherSpec, values: Mapping[str, str], callback_url: str = "") -> Request:
    """Return the request as admins see it, without its secrets."""
    return prepare(spec, values, dict.fromkeys(spec.secrets, _HIDDEN), callback_url)


def placeholders(spec: EnricherSpec) -> frozenset[str]:
    """Return the names of all placeholders in path, query and body."""
    request = spec.request
    texts = [request.path, *(each for each in request.query.values() if isinstance(each, str))]
    return frozenset(name for text in (*texts, *_texts(request.body)) for name in _PLACEHOLDER.findall(text))


def _sent_value(given: Input, value: Value) -> str:
    text = _TRANSFORMS[given.transform](str(value).strip())
    if not text or (given.public_address_only and not is_public(text)):
        raise UnusableInputError
    return text


def _zip5(text: str) -> str:
    """Return a US ZIP code of a ZIP or ZIP+4; nothing for any other postal code."""
    found = re.fullmatch(r"(\d{5})(-\d{4})?", text)
    return found[1] if found else ""


_TRANSFORMS: Mapping[Transform, Callable[[str], str]] = {
    Transform.NONE: str,
    Transform.LOWER: str.lower,
    Transform.UPPER: str.upper,
    Transform.DIGITS: lambda text: re.sub(r"\D", "", text),
    Transform.ZIP5: _zip5,
    # What providers of hashed look-ups document; a guessable address is told by its hash as well.
    Transform.SHA256: lambda text: hashlib.sha256(text.lower().encode()).hexdigest(),
    Transform.MD5: lambda text: hashlib.md5(text.lower().encode(), usedforsecurity=False).hexdigest(),
}


def _url(spec: EnricherSpec, given: Mapping[str, str], secret: Callable[[str], str]) -> str:
    request = spec.request
    path = _PLACEHOLDER.sub(lambda found: _encoded(given[found[1]]), request.path)
    if any(segment in {".", ".."} for segment in path.split("/")):
        raise UnusableInputError
    query = "&".join(
        f"{_encoded(name)}={_encoded(_text(each, given, secret))}" for name, each in request.query.items()
    )
    return f"{request.base_url.rstrip('/')}{path}{'?' * bool(query)}{query}"


def _text(sent: Sent, given: Mapping[str, str], secret: Callable[[str], str]) -> str:
    if isinstance(sent, SecretRef):
        return secret(sent.name)
    return _PLACEHOLDER.sub(lambda found: given[found[1]], sent)


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _headers(spec: EnricherSpec) -> dict[str, str]:
    has_body = {} if spec.request.body is None else {"content-type": "application/json"}
    literal = {name: each for name, each in spec.request.headers.items() if isinstance(each, str)}
    accepted = {"accept": ", ".join(sorted(spec.content_types)), "accept-encoding": "gzip"}
    return {"user-agent": _AGENT, **accepted, **has_body, **literal}


def _secret_headers(spec: EnricherSpec, secrets: Mapping[str, str]) -> dict[str, str]:
    named = {
        name: secrets[each.name] for name, each in spec.request.headers.items() if isinstance(each, SecretRef)
    }
    auth = spec.request.auth
    return named if auth is None else {**named, "authorization": _authorization(auth, secrets)}


def _authorization(auth: Auth, secrets: Mapping[str, str]) -> str:
    if auth.type == "bearer":
        return f"Bearer {secrets[auth.secret or '']}"
    pair = ":".join("" if name is None else secrets[name] for name in (auth.username, auth.password))
    return f"Basic {_HIDDEN if _HIDDEN in pair else base64.b64encode(pair.encode()).decode()}"


def _filled(template: Any, given: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    match template:
        case str():
            return _PLACEHOLDER.sub(lambda found: given[found[1]], template)
        case dict():
            return {name: _filled(each, given) for name, each in template.items()}
        case list():
            return [_filled(each, given) for each in template]
        case _:
            return template


def _texts(template: object) -> Iterator[str]:
    match template:
        case str():
            yield template
        case dict():
            for each in template.values():
                yield from _texts(each)
        case list():
            for each in template:
                yield from _texts(each)
