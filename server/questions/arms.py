"""Which variant of an experiment a person sees: a function of who they are, never of the request. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTS = 1 << 64


def place_of(profile_id: str, experiment: str) -> float:
    """Return where a person stands between 0 and 1: evenly spread, and anew for each experiment.

    SHA-256, so that places of two experiments have nothing to do with each other.
    """
    digest = hashlib.sha256(f"{experiment}|{profile_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / _PARTS


def chosen(place: float, weights: Sequence[int]) -> int:
    """Return the index of the variant at this place; each has a stretch as long as its weight."""
    reach, total = 0.0, sum(weights)
    for index, weight in enumerate(weights):
        reach += weight / total
        if place < reach:
            return index
    return len(weights) - 1
