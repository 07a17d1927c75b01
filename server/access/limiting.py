"""How often somebody may ask: buckets in memory, shared between processes in the background.

Nothing waits for a limit. Each process counts for itself and tells the others once a second what was taken
(see docs/decisions/0026). What is counted: requests before they are looked at, and secrets that were wrong.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from server.access.errors import TooManyRequestsError
from server.access.model import ViewerKind
from server.kit.mongo import PyMongoError
from server.kit.signing import derived_key, tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.limit_store import LimitStore
    from server.access.model import Viewer
    from server.kit.clock import Clock

_log = logging.getLogger(__name__)
_SHARE_SECONDS = 1.0
_REMEMBERED = 100_000  # buckets in memory, some 30 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """At most `most` in `seconds`, all at once if need be; then one as each becomes free again.

    Other processes hear of a bucket when more of it is used than `quiet_ratio`: honest people use little of
    those that stand on the way of every request, and are not written down.
    """

    most: int
    seconds: int
    quiet_ratio: float = 0.0

    @property
    def interval(self) -> float:
        """The seconds after which one becomes free again."""
        return self.seconds / self.most


# Twenty people behind one address who sign in at once, or fifty who open a page, are still honest.
DEFAULTS: Mapping[str, Rule] = MappingProxyType(
    {
        "sign_in_steps_per_address": Rule(most=60, seconds=60),
        "failed_keys_per_address": Rule(most=20, seconds=600),
        "visits_per_address": Rule(most=300, seconds=60),
        "visits_per_key": Rule(most=12_000, seconds=60),
        "requests_per_profile": Rule(most=120, seconds=60, quiet_ratio=0.5),
        "requests_per_address": Rule(most=3_000, seconds=60, quiet_ratio=0.5),
        "requests_per_key": Rule(most=12_000, seconds=60, quiet_ratio=0.5),
    }
)


def why_not_limits(given: Mapping[str, tuple[int, int] | None]) -> str | None:
    """Return what is wrong with the limits of the settings, or None."""
    unknown = sorted(given.keys() - DEFAULTS.keys())
    if not unknown:
        return None
    return f"{unknown[0]!r} in ACQUAINT_LIMITS is no limit; there are {', '.join(DEFAULTS)}."


def rules_of(given: Mapping[str, tuple[int, int] | None]) -> Mapping[str, Rule]:
    """Return the rules with those of the settings in place; one that is None there is off."""
    rules = dict(DEFAULTS)
    for name, pair in given.items():
        if pair is None:
            del rules[name]
        else:
            rules[name] = Rule(most=pair[0], seconds=pair[1], quiet_ratio=DEFAULTS[name].quiet_ratio)
    return rules


class Limits:
    """Buckets by rule and subject: an address, a key, a profile.

    A bucket is one moment: when all that was taken from it will be free again (the generic cell rate
    algorithm). Subjects are kept as keyed hashes, since addresses are people's.
    """

    def __init__(self, *, store: LimitStore, rules: Mapping[str, Rule], secret: str, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._full_at: dict[str, float] = {}  # in seconds since 1970, by the tag of the bucket
        self._taken: dict[str, Counter[str]] = {name: Counter() for name in rules}  # and not told yet
        key = derived_key(secret, "limits")
        self._tag = lru_cache(_REMEMBERED)(lambda name, subject: tag(key, name, subject))

    def __len__(self) -> int:
        """Return how many buckets are in memory."""
        return len(self._full_at)

    # What is limited; each raises TooManyRequestsError.

    def admit(self, viewer: Viewer, address: str) -> None:
        """Count a request."""
        now = self._clock().timestamp()
        match viewer.kind:
            case ViewerKind.WIDGET:
                self._take("visits_per_address", address, now)
                self._take("visits_per_key", viewer.key_id or "", now)
            case ViewerKind.PERSON:
                self._take("requests_per_profile", viewer.profile_id or "", now)
                self._take("requests_per_address", address, now)
            case ViewerKind.NOBODY:
                self._take("requests_per_address", address, now)
            case _:
                self._take("requests_per_key", viewer.key_id or "", now)

    def admit_sign_in_step(self, address: str) -> None:
        """Count a redirect to a provider or back from it."""
        self._take("sign_in_steps_per_address", address, self._clock().timestamp())

    def admit_secret(self, address: str) -> None:
        """Refuse to look at a secret key from where too many were wrong: guessing on shall teach nothing."""
        self._check("failed_keys_per_address", address, self._clock().timestamp())

    def note_failed_secret(self, address: str) -> None:
        """Count a secret key that was wrong."""
        self._take("failed_keys_per_address", address, self._clock().timestamp())

    # How

    def _check(self, name: str, subject: str, now: float) -> tuple[str, float] | None:
        """Return the bucket and when it would be full with one more taken; None where the rule is off."""
        rule = self._rules.get(name)
        if rule is None:
            return None
        bucket = self._tag(name, subject)
        full_at = max(self._full_at.get(bucket, 0.0), now) + rule.interval
        if (wait := full_at - now - rule.seconds) > _ROUNDING:
            raise TooManyRequestsError(max(1, math.ceil(wait)))
        return bucket, full_at

    def _take(self, name: str, subject: str, now: float) -> None:
        if (found := self._check(name, subject, now)) is not None:
            bucket, full_at = found
            self._taken[name][bucket] += 1
            self._full_at[bucket] = full_at
            if len(self._full_at) > _REMEMBERED:
                self._forget()

    def _forget(self) -> None:
        """Drop the buckets that are full again; and where that is not enough, those that were used first."""
        now = self._clock().timestamp()
        left = {bucket: full_at for bucket, full_at in self._full_at.items() if full_at > now}
        self._full_at = dict(list(left.items())[-_REMEMBERED // 2 :])

    # Sharing

    async def run(self) -> None:
        """Share what is taken here and elsewhere, until cancelled."""
        while True:
            await asyncio.sleep(_SHARE_SECONDS)
            try:
                await self.share()
            except PyMongoError as error:
                _log.warning("limits are not shared now: %s", error)

    async def share(self) -> None:
        """Tell the other processes what was taken, and learn which buckets are used up there.

        What is being told counts as told at once, so that no call beside this one tells it again.
        """
        for name, rule in self._rules.items():
            told = self._to_tell(name, rule)
            if told:
                takings = {bucket: count * rule.interval for bucket, count in told.items()}
                self._taken[name] -= told
                try:
                    await self._store.add(name, takings, self._clock())
                except PyMongoError:
                    self._taken[name] += told
                    raise
        now = self._clock()
        used_up = {name: now + timedelta(seconds=rule.seconds / 2) for name, rule in self._rules.items()}
        for bucket, full_at in (await self._store.full_after(used_up)).items():
            self._full_at[bucket] = max(self._full_at.get(bucket, 0.0), full_at)

    def _to_tell(self, name: str, rule: Rule) -> Counter[str]:
        now = self._clock().timestamp()
        taken = self._taken[name]
        for bucket in [each for each in taken if self._full_at.get(each, 0.0) <= now]:
            del taken[bucket]
        since = now + rule.quiet_ratio * rule.seconds
        return Counter({each: count for each, count in taken.items() if self._full_at[each] > since})


_ROUNDING = 1e-6  # seconds; floats count microseconds since 1970 and no less
