"""Which hosts may be named as a provider's; pure. What a name leads to is judged again at every call."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.kit.addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Collection
    from urllib.parse import SplitResult

_HTTPS = 443
# Names that lead nowhere on the internet (RFC 6761, RFC 8375, and what networks use for their own).
_PRIVATE_ENDINGS = (
    *(".localhost", ".local", ".internal", ".intranet", ".private", ".corp", ".home", ".lan", ".localdomain"),
    *(".home.arpa", ".arpa", ".test", ".example", ".invalid", ".onion"),
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as the last label, it makes all of a host an IPv4 address


def host_of(base_url: str) -> str:
    """Return scheme, host and port, which secrets are bound to."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{(parts.netloc or '').lower()}"


def why_not_callable(base_url: str, allowed_hosts: Collection[str] = ()) -> str | None:
    """Return in one sentence why this can't be a provider's address; None where it can.

    `allowed_hosts` are the operator's word: plain http, any port and private addresses are for these alone.
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "The base URL has to be a URL such as https://api.example.com."
    if not _is_plain(base_url, parts):
        return "The base URL is a scheme and a host alone, such as https://api.example.com."
    if host in allowed_hosts:
        return None
    if parts.scheme != "https" or port not in {None, _HTTPS}:
        return "The base URL has to begin with https:// and to be on the port of https."
    return None if _is_public_name(host) else f"{host[:80]!r} is not a host on the public internet."


def _is_plain(base_url: str, parts: SplitResult) -> bool:
    is_text = base_url.isascii() and base_url.isprintable() and not re.search(r"[\s\\{}%]", base_url)
    rest = (parts.path.removeprefix("/"), parts.query, parts.fragment, parts.username, parts.password)
    return is_text and parts.scheme in {"https", "http"} and not any(rest) and "@" not in parts.netloc


def _is_public_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        is_name = len(labels) > 1 and all(_LABEL.fullmatch(each) for each in labels)
        is_address = _NUMBER.fullmatch(labels[-1]) is not None
        return is_name and not is_address and not f".{'.'.join(labels)}".endswith(_PRIVATE_ENDINGS)
    return is_public(host)
