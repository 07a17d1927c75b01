"""The words by which search finds a person: case and marks don't count, a beginning suffices. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from server.profiles.model import AttributeType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.profiles.model import AttributeDefinition, IdentityRef, Value

MAX_TERM = 64  # characters; what is longer is found by its first so many
MAX_TERMS = 20  # of one value: a name has a handful
_NAMES = frozenset({"name", "given_name", "middle_name", "family_name", "nickname", "preferred_username"})
_PARTS = re.compile(r"[^\w\s]+|_")


def words_of(text: str) -> list[str]:
    """Return the words of a text in the one spelling in which words are compared, in order.

    Compatibility forms, case and combining marks are folded away (NFKD, casefold): Zoë, ZOE and zoe are one.
    """
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    folded = unicodedata.normalize("NFKD", bare.casefold())
    return [word[:MAX_TERM] for word in folded.replace("\0", " ").split()]


def value_terms(definition: AttributeDefinition, value: Value) -> tuple[str, ...]:
    """Return the words that find a value: those of names and e-mail addresses, of other attributes none.

    An attribute that rests on a consent gives none either: a search must not find what may not be shown.
    """
    is_searched = definition.type is AttributeType.EMAIL or definition.key in _NAMES
    if not is_searched or definition.purpose is not None or not isinstance(value, str):
        return ()
    return _terms([*words_of(value), *_parts(value)])


def identity_terms(ref: IdentityRef) -> tuple[str, ...]:
    """Return the words that find an identity: the id, the address or the subject, and an address's domain."""
    domain = words_of(ref.value.rpartition("@")[2]) if "@" in ref.value else []
    return _terms([*words_of(ref.value), *domain])


def _parts(text: str) -> list[str]:
    """Return what lies between the marks that join words: of Mary-Jane O'Brien also jane and brien."""
    return [part for word in words_of(text) for part in _PARTS.split(word) if len(part) > 1]


def _terms(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))[:MAX_TERMS]
