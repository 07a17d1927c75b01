"""What a sign-in changes in the claims of a profile: what is written, what is taken back; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.identity.claims import claimed_values, without
from server.identity.model import SyncMode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from server.identity.claims import ClaimedValue
    from server.identity.model import ClaimRule, ProvedIdentity

MAX_CLAIMS_BYTES = 16 * 1024  # of raw claims as JSON; the largest honest ones have some 3 KiB
MAX_WITHHELD = 100  # names of claims; the largest table has some 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What follows from a sign-in.

    `kept` are the raw claims to keep. `values` are to be written, `ended` are attributes of which the
    provider's claim goes if there is one: it is withheld, or its provider no longer says it.
    """

    kept: Mapping[str, Any]
    values: tuple[ClaimedValue, ...]
    ended: frozenset[str]


def synced(
    proved: ProvedIdentity,
    rules: Sequence[ClaimRule],
    *,
    withheld: AbstractSet[str],
    known: AbstractSet[str],
    is_first: bool,
) -> Synced:
    """Decide by each attribute's mode: IMPORT writes at the first sign-in, MISSING where nobody has said
    anything yet (`known` are the others), FORCE always, and takes back what is said no more.

    What the person withholds is neither kept nor written, and goes where it was written before. A claim
    whose scope was not granted is withheld too: some providers send it all the same.
    """
    hidden = withheld | declined(rules, proved.scopes)
    kept = without(proved.claims, hidden)
    mode = {rule.attribute: rule.sync for rule in reversed(rules)}
    said = claimed_values(kept, rules, unsigned=proved.unsigned)
    written = tuple(each for each in said if _is_due(each.key, mode[each.key], known, is_first=is_first))
    unsaid = {key for key, each in mode.items() if each is SyncMode.FORCE} - {each.key for each in said}
    concealed = {rule.attribute for rule in rules if _is_hidden(rule.claim, hidden)}
    ended = (unsaid | concealed) - {each.key for each in said}
    return Synced(kept=bounded(kept, rules), values=written, ended=frozenset(ended))


def declined(rules: Sequence[ClaimRule], scopes: AbstractSet[str] | None) -> frozenset[str]:
    """Return the claims whose scope was asked for and not granted."""
    if scopes is None:
        return frozenset()
    return frozenset(rule.claim for rule in rules if rule.scope is not None and rule.scope not in scopes)


def together(before: Sequence[str], more: Sequence[str], rules: Sequence[ClaimRule]) -> tuple[str, ...]:
    """Return what is withheld from now on, sorted: all that was before, and more up to a bound.

    A claim that the table names has room always: links of others can't take it.
    """
    others = set(more) - set(before)
    used = others & _named(rules)
    room = max(0, MAX_WITHHELD - len(before) - len(used))
    return tuple(sorted({*before, *used, *sorted(others - used)[:room]}))


def bounded(claims: Mapping[str, Any], rules: Sequence[ClaimRule]) -> Mapping[str, Any]:
    """Return the raw claims, or where they are too large those that the table names, or none."""
    used = _named(rules)
    for each in (claims, {name: value for name, value in claims.items() if name in used}):
        if len(json.dumps(each)) <= MAX_CLAIMS_BYTES:
            return each
    return {}


def _named(rules: Sequence[ClaimRule]) -> frozenset[str]:
    """Return the claims that the table names, of paths also the first part."""
    return frozenset(name for rule in rules for name in (rule.claim, rule.claim.partition(".")[0]))


def _is_due(key: str, mode: SyncMode, known: AbstractSet[str], *, is_first: bool) -> bool:
    if mode is SyncMode.IMPORT:
        return is_first
    return mode is SyncMode.FORCE or key not in known


def _is_hidden(claim: str, hidden: AbstractSet[str]) -> bool:
    return claim in hidden or claim.partition(".")[0] in hidden
