"""Origins as browsers send them (RFC 6454, section 6.2): scheme, host and port, nothing else."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urlsplit

# Underscores are no part of a host name, yet browsers go to such hosts on private networks.
_ORIGIN = re.compile(
    r"(https?)://((?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_HOST = 253  # characters; RFC 1035, section 2.3.4, without the length bytes
_MAX_PORT = 65_535


def is_origin(text: str) -> bool:
    """Whether `text` is spelled exactly as a browser would put it into an `Origin` header."""
    match = _ORIGIN.fullmatch(text)
    if match is None:
        return False
    scheme, host, port = match[1], match[2], int(match[3] or 0)
    return _is_as_browsers_spell_it(host) and port <= _MAX_PORT and port != _DEFAULT_PORTS[scheme]


def origin_of(url: str) -> str | None:
    """Return the origin of an absolute http(s) URL, or None where there is none to trust.

    User info, backslashes and control characters make browsers and parsers disagree about the host:
    such a URL has no origin here.
    """
    if re.search(r"[\x00-\x20\x7f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    ending = "" if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{port}"
    origin = f"{parts.scheme}://{host or ''}{ending}"
    return origin if is_origin(origin) and "@" not in parts.netloc else None


def _is_as_browsers_spell_it(host: str) -> bool:
    """Whether an address has its one spelling; names have but one (WHATWG URL, section 3.5)."""
    if len(host) > _MAX_HOST:
        return False
    try:
        if host.startswith("["):
            return f"[{IPv6Address(host[1:-1])}]" == host
        is_number = host.removesuffix(".").rpartition(".")[2].isdecimal()
        return not is_number or str(IPv4Address(host)) == host
    except AddressValueError:
        return False
