"""What is known of a visit while it begins: for look-ups that are allowed to see it, and for no longer."""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import EnricherKind
from server.kit.sealing import Seal, SealBrokenError
from server.kit.signing import derived_key, tag

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from server.enrichment.model import Enricher, Enrichers
    from server.enrichment.visit_store import VisitStore
    from server.kit.clock import Clock
    from server.profiles.model import Profile, ProfileUpdate
    from server.profiles.service import Profiles

    # Adds to the write of a sign-in; see identity.recording.
    Derive = Callable[[Profile, ProfileUpdate], Awaitable[ProfileUpdate]]

# The keys under which an enricher names them among its inputs.
ADDRESS = "visit_address"
LANGUAGES = "visit_languages"
USER_AGENT = "visit_user_agent"
TIME_ZONE = "visit_time_zone"
VISIT_FACTS = frozenset({ADDRESS, LANGUAGES, USER_AGENT, TIME_ZONE})

KEPT = timedelta(minutes=15)  # sealed, for a provider that has to be asked after the request
_MOST = 1_000  # characters of each


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """Where a sign-in came from: the network address, and what the browser says of itself."""

    address: str | None = field(default=None, repr=False)
    languages: str | None = None  # Accept-Language as it came
    user_agent: str | None = field(default=None, repr=False)
    time_zone: str | None = None  # as the page's script knows it

    def as_inputs(self) -> dict[str, str]:
        """Return what is known, by the keys of inputs."""
        given = {
            ADDRESS: self.address,
            LANGUAGES: self.languages,
            USER_AGENT: self.user_agent,
            TIME_ZONE: self.time_zone,
        }
        return {key: value[:_MOST] for key, value in given.items() if value}


class Passing(str):
    """A text that must not be kept; `tag` stands for it where something is: a keyed hash of it."""

    __slots__ = ("tag",)
    tag: str


# Of the request that is being served: it ends with the request, and nothing can store it by accident.
_present: ContextVar[VisitFacts | None] = ContextVar("visit_facts", default=None)


@contextmanager
def during(facts: VisitFacts) -> Iterator[None]:
    """Let look-ups that are made meanwhile see these facts."""
    token = _present.set(facts)
    try:
        yield
    finally:
        _present.reset(token)


def present() -> VisitFacts | None:
    """Return the facts of the request that is being served."""
    return _present.get()


class Visits:
    """Hands the facts of a visit to look-ups.

    Those made within the request see them as they are. For those that have to ask somebody else afterwards,
    what they need is kept sealed for minutes, and only where the person allows their purpose.
    """

    def __init__(
        self, *, store: VisitStore, profiles: Profiles, enrichers: Enrichers, clock: Clock, secret: str
    ) -> None:
        self._store = store
        self._profiles = profiles
        self._enrichers = enrichers
        self._clock = clock
        self._seal = Seal(secret, "visit-facts")
        self._key = derived_key(secret, "visit-facts-tag")

    async def keep(self, profile: Profile) -> None:
        """Keep of the present visit what enrichers need that are asked after it; nothing where none does."""
        facts = _present.get()
        given = {} if facts is None else facts.as_inputs()
        needed: set[str] = set()
        for enricher in self._enrichers().values() if given else ():
            wanted = given.keys() & set(enricher.inputs)
            is_asked_later = enricher.kind is not EnricherKind.OFFLINE and enricher.is_enabled
            if wanted and is_asked_later and await self._profiles.may_use(profile, enricher.purpose):
                needed |= wanted
        if needed:
            sealed = self._seal.close(json.dumps({key: given[key] for key in sorted(needed)}))
            await self._store.put(profile.id, sealed, self._clock() + KEPT)

    def kept_for(self, derive: Derive) -> Derive:
        """Return what a sign-in does, with keeping what of its visit is needed after it."""

        async def keeping(profile: Profile, update: ProfileUpdate) -> ProfileUpdate:
            await self.keep(profile)
            return await derive(profile, update)

        return keeping

    async def known(self, profile: Profile, enrichers: Iterable[Enricher]) -> Mapping[str, Passing]:
        """Return what these enrichers may see of the visit, by the keys of inputs."""
        facts = _present.get()
        asking = [each for each in enrichers if facts is not None or each.kind is not EnricherKind.OFFLINE]
        needed = VISIT_FACTS & {key for each in asking for key in each.inputs}
        if not needed:
            return {}
        given = facts.as_inputs() if facts is not None else await self._kept(profile)
        return {key: self._passing(key, value) for key, value in given.items() if key in needed}

    async def _kept(self, profile: Profile) -> dict[str, str]:
        sealed = await self._store.find(profile.id, self._clock())
        try:
            kept: dict[str, str] = {} if sealed is None else json.loads(self._seal.open(sealed))
        except SealBrokenError:
            return {}
        return kept

    def _passing(self, key: str, value: str) -> Passing:
        passing = Passing(value)
        passing.tag = tag(self._key, key, value)
        return passing
