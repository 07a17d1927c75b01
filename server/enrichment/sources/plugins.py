"""Enrichers that other distributions bring, by the entry point group `acquaint.enrichers`.

An entry point names a function without arguments that returns an `Enricher` or several; see
docs/enrichers.md. Whoever installs a distribution trusts it: a plugin is code in this process.
"""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from server.enrichment.model import Enricher
from server.profiles.catalogue import is_source_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import EntryPoint

GROUP = "acquaint.enrichers"
_log = logging.getLogger(__name__)


class BadPluginError(Exception):
    """What an entry point names is no plugin; the message says why."""


def plugins(taken: Mapping[str, Enricher]) -> dict[str, Enricher]:
    """Return the enrichers of all installed plugins, by key.

    One that is none stops the process: raises BadPluginError. To start without it would be to look nobody
    up and to say nothing.
    """
    found: dict[str, Enricher] = {}
    for entry_point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        for enricher in _made_by(entry_point):
            if enricher.key in taken or enricher.key in found:
                raise BadPluginError(f"{_named(entry_point)}: there is an enricher {enricher.key!r} already")
            found[enricher.key] = enricher
            _log.info("enricher %s comes from %s", enricher.key, _named(entry_point))
    return found


def _made_by(entry_point: EntryPoint) -> Iterator[Enricher]:
    try:
        made = entry_point.load()()
    except (ImportError, AttributeError, TypeError) as error:
        raise BadPluginError(f"{_named(entry_point)} can't be loaded: {error}") from error
    for enricher in (made,) if isinstance(made, Enricher) else made:
        if not isinstance(enricher, Enricher) or not is_source_key(enricher.key):
            raise BadPluginError(f"{_named(entry_point)} has to return enrichers with a key of small letters")
        yield enricher


def _named(entry_point: EntryPoint) -> str:
    distribution = entry_point.dist
    return f"{entry_point.name} of {'unknown' if distribution is None else distribution.name}"
