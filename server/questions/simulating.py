"""What a set would do to the people there are, before it does anything."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from server.access.model import Scope
from server.kit.errors import InvalidInputError
from server.profiles.service import QUIET
from server.questions.compiling import compile_sets
from server.questions.model import (
    Collision,
    FirstAsked,
    SetState,
    Simulation,
)
from server.questions.scoring import chance
from server.questions.selection import decide, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.profiles.model import AttributeId, Profile
    from server.profiles.service import Profiles
    from server.questions.compiling import Chances, LiveSets
    from server.questions.facts import Facts
    from server.questions.model import QuestionId, QuestionSet, QuestionSetId
    from server.questions.service import Questions
    from server.questions.store import QuestionStore

MOST_PROFILES = 500
_DAYS = 30
_MOST_ASKS = 20  # in one imagined visit; what a set may ask at most


class Sample(Protocol):
    """Where profiles to try a set on come from."""

    async def newest(self, count: int) -> list[Profile]:
        """Return so many living profiles."""


class Simulating:
    """Runs drafts over stored profiles; writes nothing."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        questions: Questions,
        store: QuestionStore,
        sample: Sample,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._questions = questions
        self._store = store
        self._sample = sample
        self._clock = clock

    async def simulate(
        self, viewer: Viewer, set_id: QuestionSetId, placement: str | None, count: int
    ) -> Simulation | None:
        """Return what the draft of a set would do to the newest profiles; None but for admins.

        Raises InvalidInputError.
        """
        if not viewer.has_scope(Scope.ADMIN):
            return None
        if not 1 <= count <= MOST_PROFILES:
            raise InvalidInputError(f"`sample` is between 1 and {MOST_PROFILES}.", field="sample")
        question_set = await self._store.find(set_id)
        if question_set is None:
            return None
        where = placement or question_set.draft.placements[0]
        chances = await self._store.chances()
        catalogue = await self._profiles.catalogue.current()
        now = self._clock()
        trial = replace(question_set, live=question_set.draft, state=SetState.PUBLISHED, published_at=now)
        alone = compile_sets([trial], catalogue, chances)
        live = await self._questions.live.current()
        tally = _Tally(trial, chances)
        for profile in await self._sample.newest(count):
            facts = await self._questions.facts_for(profile, where, alone)
            tally.add(profile, facts, alone, live, now)
        return tally.result({each.id: each.key for each in catalogue.by_id.values()})


class _Tally:
    """Adds up what would happen to each profile."""

    def __init__(self, trial: QuestionSet, chances: Chances) -> None:
        self._trial, self._chances = trial, chances
        self._asked_for = {each.attribute_id for each in trial.draft.questions}
        self._profiles = self._reached = self._asked_now = 0
        self._first: Counter[str] = Counter()
        self._filled = self._unknown = 0.0
        self._collisions: dict[str, tuple[int, set[AttributeId]]] = {}

    def add(self, profile: Profile, facts: Facts, alone: LiveSets, live: LiveSets, now: datetime) -> None:
        """Imagine 30 days of one person."""
        self._profiles += 1
        first = decide(alone, facts, now).verdict
        self._asked_now += first is not None
        self._unknown += sum(each not in facts.known for each in self._asked_for)
        asked = _asked_in_days(facts, alone, now, _visits(profile, now))
        self._filled += sum(chance(*self._chances.get(each, (0, 0))) for each in asked)
        if asked:
            self._reached += 1
            by_id = {each.id: each.key for each in self._trial.draft.questions}
            self._first[by_id[asked[0]]] += 1
            self._collide(facts, live, now)

    def _collide(self, facts: Facts, live: LiveSets, now: datetime) -> None:
        speaking = {each.question_set.id for each in verdicts(live, facts, now) if each.gate is None}
        for each in live.ordered:
            if each.question_set.id == self._trial.id:
                continue
            same = {q.attribute_id for q in each.content.questions if q.attribute_id in self._asked_for}
            if each.question_set.id in speaking or same - set(facts.known):
                key = each.question_set.key
                count, about = self._collisions.get(key, (0, set()))
                self._collisions[key] = (count + 1, about | {a for a in same if a is not None})

    def result(self, keys: Mapping[AttributeId, str]) -> Simulation:
        """Return what it came to."""
        return Simulation(
            profiles=self._profiles,
            reached=self._reached,
            asked_now=self._asked_now,
            first_asked=tuple(FirstAsked(question_key=k, profiles=n) for k, n in self._first.most_common()),
            expected_fill=min(1.0, self._filled / self._unknown) if self._unknown else 0.0,
            collisions=tuple(
                Collision(
                    set_key=key,
                    profiles=count,
                    attribute_keys=tuple(sorted(keys.get(each, each) for each in about)),
                )
                for key, (count, about) in sorted(self._collisions.items())
            ),
        )


def _visits(profile: Profile, now: datetime) -> int:
    """Return how many visits a person makes in 30 days at the rate so far, between one and one a day."""
    days = max(1.0, (now - profile.created_at).total_seconds() / 86_400)
    return min(_DAYS, max(1, math.ceil(profile.visits / days * _DAYS)))


def _asked_in_days(facts: Facts, sets: LiveSets, now: datetime, visits: int) -> Sequence[QuestionId]:
    """Return the questions that so many visits, evenly spread and each with a sign-in, would ask."""
    asked: list[QuestionId] = []
    step = timedelta(days=_DAYS) / visits
    for _ in range(visits):
        for _ask in range(_MOST_ASKS):
            verdict = decide(sets, facts, now).verdict
            if verdict is None:
                break
            asked.append(verdict.question.id)
            facts = facts.once_answered(verdict.question, now)
        now += step
        facts = replace(
            facts,
            logins=facts.logins + 1,
            visits=facts.visits + 1,
            visit_ends_at=now + QUIET,
        )
    return list(dict.fromkeys(asked))
