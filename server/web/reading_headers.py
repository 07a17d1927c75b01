"""The headers of a request, looked up by name: found once, since every request is asked for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

_KEPT = "acquaint.headers"


def header(scope: Scope, name: bytes) -> str | None:
    """Return the header of this name (in small letters); of several the first, as Starlette does."""
    found: Mapping[bytes, bytes] | None = scope.get(_KEPT)
    if found is None:
        found = scope[_KEPT] = dict(reversed(scope["headers"]))
    value = found.get(name)
    return None if value is None else value.decode("latin-1")
