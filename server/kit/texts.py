"""Texts that can be kept."""

from __future__ import annotations

import re

_UNCLEAN = re.compile("[\0\ud800-\udfff]")


def is_clean(text: str) -> bool:
    """Whether a text can be kept: UTF-8 has no lone surrogates, and MongoDB's indexes no NUL."""
    return _UNCLEAN.search(text) is None
