"""Ids: a prefix that names the kind, then a time-sortable random part (the ULID layout, lower case)."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from itertools import count

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32: no i, l, o, u
_PAIRS = [left + right for left in _ALPHABET for right in _ALPHABET]  # ten bits at a time: ids are made often
_RANDOM_BITS = 80
_PLACE_BITS = 24  # of these: comes round after 16 million ids, in far more than a millisecond
_places = count(secrets.randbits(_PLACE_BITS - 1))
_TIME_LENGTH = 10
_LENGTH = 26  # 48 bits of milliseconds and 80 random bits, five bits a character


def new_id(prefix: str, now: datetime) -> str:
    """Return `prefix_` and 26 characters that sort by `now` to the millisecond.

    Of one millisecond they sort as this process made them: of two things that somebody said at once, the
    later one counts.
    """
    place = next(_places) & ((1 << _PLACE_BITS) - 1)
    random = secrets.randbits(_RANDOM_BITS - _PLACE_BITS)
    number = (_milliseconds(now) << _RANDOM_BITS) | (place << (_RANDOM_BITS - _PLACE_BITS)) | random
    return f"{prefix}_{_base32(number)}"


def first_id(prefix: str, now: datetime) -> str:
    """Return the id before which lie all that were made before `now`."""
    return f"{prefix}_{_base32(_milliseconds(now) << _RANDOM_BITS)}"


def made_at(made: str) -> datetime:
    """Return the moment that `new_id` was given, to the millisecond."""
    number = 0
    for digit in made.partition("_")[2][:_TIME_LENGTH]:
        number = number * len(_ALPHABET) + _ALPHABET.index(digit)
    return _EPOCH + number * _MILLISECOND


def is_id(prefix: str, text: str) -> bool:
    """Whether `text` has the form that `new_id` gives for `prefix`."""
    return re.fullmatch(rf"{prefix}_[{_ALPHABET}]{{{_LENGTH}}}", text) is not None


def ids_of_share(index: int, of: int) -> str:
    """Return the pattern of the ids in one of `of` shares, about as large as each other; every id is in one.

    Empty where there is but one; beyond the 32nd they begin anew.
    """
    of = min(of, len(_ALPHABET))
    index %= of
    if index > 0:
        return f"[{_ALPHABET[index::of]}]$"
    others = "".join(sorted(set(_ALPHABET) - set(_ALPHABET[::of])))
    return f"[^{others}]$" if others else ""


def id_prefix(text: str) -> str:
    """Return what stands before the first underscore: `prf` for `prf_01h…`."""
    return text.partition("_")[0]


def _milliseconds(moment: datetime) -> int:
    """Return whole milliseconds since 1970; by way of `timestamp()`, a float, two could become one."""
    return (moment - _EPOCH) // _MILLISECOND


def _base32(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range((_LENGTH - 2) * 5, -1, -10)])
