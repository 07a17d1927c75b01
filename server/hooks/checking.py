"""The rules for what an admin says of a hook; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.kit.addresses import is_numeric, is_public
from server.kit.errors import InvalidInputError
from server.kit.texts import is_clean

if TYPE_CHECKING:
    from server.consent.model import Purposes
    from server.hooks.model import HookFields
    from server.profiles.catalogue import Catalogue

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_NAME = 200  # characters
_MAX_URL = 2_048  # characters
_MAX_KEYS = 100


def check_key(key: str) -> None:
    """Raise InvalidInputError for a key that is not one."""
    if not _KEY.fullmatch(key):
        message = "A key is a small letter, then small letters, digits and _, 63 characters at most."
        raise InvalidInputError(message, field="key")


def check_hook(hook: HookFields, known: Catalogue, purposes: Purposes, *, may_be_near: bool) -> None:
    """Raise InvalidInputError for the first thing that is wrong; `may_be_near` is for development alone."""
    if not 0 < len(hook.name.strip()) <= len(hook.name) <= _MAX_NAME or not is_clean(hook.name):
        raise InvalidInputError(f"The name of a hook has 1 to {_MAX_NAME} characters.", field="name")
    _check_url(hook.url, may_be_near=may_be_near)
    if bool(hook.events) is bool(hook.gates):
        message = "A hook is told of events or asked at gates: name some of the one or of the other."
        raise InvalidInputError(message, field="events")
    _check_keys(hook.reads, known, "reads")
    _check_keys(hook.writes, known, "writes")
    if hook.writes and not hook.gates:
        raise InvalidInputError("Only a hook that is asked at gates can set attributes.", field="writes")
    if hook.purpose is None:
        return
    if hook.gates:
        message = "A hook that is asked has no purpose: it decides about everybody, consent or not."
        raise InvalidInputError(message, field="purpose")
    if hook.purpose not in purposes.by_key:
        raise InvalidInputError(f"There is no purpose {hook.purpose[:80]!r}.", field="purpose")


def _check_url(url: str, *, may_be_near: bool) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    schemes = {"http", "https"} if may_be_near else {"https"}
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MAX_URL
    if not host or parts.scheme not in schemes or parts.username or parts.fragment or not is_plain:
        message = "`url` is an address such as https://hooks.example.com/acquaint, without a name in it."
        raise InvalidInputError(message, field="url")
    if not may_be_near and is_numeric(host) and not is_public(host):
        message = "`url` leads to an address that is none of the public internet, where hooks have to be."
        raise InvalidInputError(message, field="url")


def _check_keys(keys: tuple[str, ...], known: Catalogue, field: str) -> None:
    if len(keys) > _MAX_KEYS:
        raise InvalidInputError(f"`{field}` names at most {_MAX_KEYS} attributes.", field=field)
    for key in keys:
        if key not in known.by_key:
            raise InvalidInputError(f"There is no attribute {key[:80]!r}.", field=field)
