"""Origins as browsers send them (RFC 6454, section 6.2): scheme, host and port, nothing else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_origin(text: str) -> bool:
    """Whether `text` is spelled exactly as a browser would put it into an `Origin` header."""
    scheme = text.partition("://")[0]
    return _ORIGIN.fullmatch(text) is not None and not text.endswith(_DEFAULT_PORTS.get(scheme, ""))


def origin_of(url: str) -> str | None:
    """Return the origin of an absolute http(s) URL, or None where there is none to trust.

    User info, backslashes and control characters make browsers and parsers disagree about the host:
    such a URL has no origin here.
    """
    if re.search(r"[\x00-\x20\x7f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    origin = f"{parts.scheme}://{host}{port}".removesuffix(_DEFAULT_PORTS.get(parts.scheme, "\0"))
    return origin if is_origin(origin) and "@" not in parts.netloc else None
