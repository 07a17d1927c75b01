"""Patterns that admins write, matched by RE2: in time linear in the text, whatever the pattern.

Python's own engine backtracks, so that `(a+)+$` and thirty letters keep a process busy for minutes. See
docs/decisions/0009-re2-for-patterns.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

import re2

MAX_PATTERN = 500  # characters
_MEMORY = 1 << 20  # bytes of one compiled pattern; `((a{1000}){1000}` and the like end here
_CACHED = 1_000


class Pattern(Protocol):
    """What is used of a compiled pattern."""

    def fullmatch(self, text: str) -> object | None:
        """Return a match of the whole text, or None."""
        ...


class BadPatternError(ValueError):
    """RE2 does not take the pattern; the message is RE2's own."""


@lru_cache(maxsize=_CACHED)
def compiled(pattern: str) -> Pattern:
    """Return a pattern ready for use; raise BadPatternError."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        return cast("Pattern", re2.compile(pattern, options))
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise BadPatternError(
            reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        ) from None
    except UnicodeEncodeError:
        raise BadPatternError("characters that are not text") from None


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of a text matches; the text must be one that UTF-8 can hold."""
    return compiled(pattern).fullmatch(text) is not None
