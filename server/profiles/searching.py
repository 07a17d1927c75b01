"""Where a search looks for a word, given who searches and what people consented to. Pure.

A term names what it rests on before the word, so that no value that may not be shown finds anybody: not
while consent is missing, and not for who may not see the attribute. What may be shown is decided when
somebody searches, so that a purpose set or taken off later counts at once and nothing is written for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.profiles.gating import consent_guard
from server.profiles.terms import IDENTITY, claim_prefix, is_searched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.consent.model import Purposes
    from server.profiles.catalogue import Catalogue
    from server.profiles.filters import Filter


def with_words(words: Sequence[str], catalogue: Catalogue, purposes: Purposes) -> Filter:
    """Return the filter of those with a term for every word that begins with it.

    Only what the attributes of this catalogue say counts, beside identities.
    """
    if not words:
        return {}
    places = _places(catalogue, purposes)
    return {"$and": [{"$or": [_found(word, *place, purposes) for place in places.items()]} for word in words]}


def _places(catalogue: Catalogue, purposes: Purposes) -> Mapping[frozenset[str], Sequence[str]]:
    """Return what terms begin with, by the purposes that a person has to allow for them to be looked at."""
    places: dict[frozenset[str], list[str]] = {frozenset(): [IDENTITY]}
    for definition in catalogue.by_key.values():
        if is_searched(definition):
            for of_source in (None, *purposes.by_key):
                needed = frozenset(each for each in (definition.purpose, of_source) if each is not None)
                places.setdefault(needed, []).append(claim_prefix(definition.id, of_source))
    return places


def _found(word: str, needed: frozenset[str], prefixes: Sequence[str], purposes: Purposes) -> Filter:
    guard = consent_guard(purposes, *sorted(needed))
    return {"terms": {"$in": [_beginning(prefix + word) for prefix in prefixes]}, **guard}


def _beginning(text: str) -> re.Pattern[str]:
    """Return what matches texts that begin so; with the flag for Unicode the whole index would be read."""
    return re.compile("^" + re.escape(text), re.ASCII)
