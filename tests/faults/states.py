"""What a database holds, so that two runs of the same can be compared, and back to what it held before."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymongo.database import Database

State = dict[str, list[str]]

# Ids of what a run makes; those of configuration stay, since both runs have the same.
_MADE = re.compile(r"(?<![a-z])(prf|clm|chg|mrg|job|req|wdr|vis|ses)_[0-9a-hjkmnp-tv-z]{26}")
_MOMENT = 10**11  # milliseconds since 1970 and their negations, by which claims are ranked, are beyond
# How often it was tried, when and by whom, which differs by what is tested here.
_TRIED = {"audit_log": ("*",), "api_key_uses": ("*",), "jobs": ("fence", "attempts", "worker")}


def everything(database: Database[dict[str, Any]]) -> State:
    """Return every document of every collection without what differs from run to run: ids and moments."""
    names = (name for name in database.list_collection_names() if _TRIED.get(name) != ("*",))
    return {name: sorted(_text(name, each) for each in database[name].find()) for name in sorted(names)}


def _text(collection: str, document: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in document.items() if key not in _TRIED.get(collection, ())}
    return _MADE.sub(r"\1_", json.dumps(_plain(kept), sort_keys=True))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime) or (isinstance(value, int) and abs(value) > _MOMENT):
        return "a moment"
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


class Restart:
    """Takes a database back to what it held when this was made."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._database = database
        self._held = {name: list(database[name].find()) for name in database.list_collection_names()}

    def __call__(self) -> None:
        for name in self._database.list_collection_names():
            self._database[name].delete_many({})
            if self._held.get(name):
                self._database[name].insert_many(self._held[name])
