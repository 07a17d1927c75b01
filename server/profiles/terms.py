"""The words by which search finds a person: case and marks don't count, a beginning suffices. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from server.profiles.model import AttributeType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.profiles.model import AttributeDefinition, AttributeId, Claim, IdentityRef, Value

MAX_TERM = 64  # characters; what is longer is found by its first so many
MAX_TERMS = 20  # of one value: a name has a handful
IDENTITY = "id "  # before the words of identities; no attribute's id is this short
_NAMES = frozenset({"name", "given_name", "middle_name", "family_name", "nickname", "preferred_username"})
_PARTS = re.compile(r"[^\w\s]+|_")


def words_of(text: str) -> list[str]:
    """Return the words of a text in the one spelling in which words are compared, in order.

    Compatibility forms, case and combining marks are folded away (NFKD, casefold): Zoë, ZOE and zoe are one.
    """
    return [word[:MAX_TERM] for word in _folded(text).replace("\0", " ").split()]


def _folded(text: str) -> str:
    if text.isascii():  # there is nothing to take apart, and most names of a long import are
        return text.lower()
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return unicodedata.normalize("NFKD", bare.casefold())


def is_searched(definition: AttributeDefinition) -> bool:
    """Whether search looks at an attribute: at names as they ship, however renamed, and e-mail addresses.

    It never changes, since neither the type nor what an attribute ships as ever does.
    """
    return definition.type is AttributeType.EMAIL or definition.canonical in _NAMES


def value_words(definition: AttributeDefinition, value: Value) -> tuple[str, ...]:
    """Return the words that find a value, of attributes that search does not look at none."""
    if not is_searched(definition) or not isinstance(value, str):
        return ()
    return _distinct([*words_of(value), *_parts(value)])


def claim_prefix(attribute_id: AttributeId, consent: str | None) -> str:
    """Return what stands before the words of claims about an attribute whose sources need this consent."""
    return f"{attribute_id} " if consent is None else f"{attribute_id}~{consent} "


def claim_terms(claim: Claim) -> tuple[str, ...]:
    """Return the terms of a claim: its words, each with what it rests on."""
    prefix = claim_prefix(claim.attribute_id, claim.consent)
    return tuple(prefix + word for word in claim.words)


def word_of(term: str) -> str:
    """Return the word of a term; words have no spaces."""
    return term.rpartition(" ")[2]


def identity_terms(ref: IdentityRef) -> tuple[str, ...]:
    """Return the terms of an identity: the id, the address or the subject, and an address's domain."""
    domain = words_of(ref.value.rpartition("@")[2]) if "@" in ref.value else []
    return tuple(IDENTITY + word for word in _distinct([*words_of(ref.value), *domain]))


def _parts(text: str) -> list[str]:
    """Return what lies between the marks that join words: of Mary-Jane O'Brien also jane and brien."""
    return [part for word in words_of(text) for part in _PARTS.split(word) if len(part) > 1]


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))[:MAX_TERMS]
