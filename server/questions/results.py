"""What came of the questions: the log, statistics and experiments, for whoever may read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.kit.paging import Page, cut
from server.profiles.catalogue import may_know
from server.profiles.model import AttributeId, ProfileId
from server.questions.comparing import compared, interval
from server.questions.model import ArmResult, ExperimentResults, Outcome, QuestionStats
from server.questions.tallying import added_up, stats_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from server.access.model import Viewer
    from server.consent.model import Consent
    from server.kit.paging import PageRequest
    from server.profiles.service import Profiles
    from server.questions.changes import AskChange
    from server.questions.log_store import LogStore
    from server.questions.model import AnswerEntry, QuestionName, QuestionSet, QuestionSetId, StatPart
    from server.questions.store import QuestionStore

_TOLD_FROM = 4  # asks; a chance is told at every doubling, and at every hundred


class Results:
    """Keeps the log and reads it."""

    def __init__(self, *, profiles: Profiles, store: QuestionStore, log: LogStore) -> None:
        self._profiles = profiles
        self._store = store
        self._log = log

    async def record(self, change: AskChange) -> None:
        """Log what became of an ask; a second time changes nothing."""
        totals = await self._log.record(change)
        asked = 0 if totals is None else totals["asked"]
        if totals is not None and _is_worth_telling(asked):
            await self._store.tell_chance(change.question_id, totals[Outcome.ANSWERED.value], asked)

    async def stats(
        self, viewer: Viewer, set_id: QuestionSetId, by: StatPart | None = None
    ) -> list[QuestionStats] | None:
        """Return what came of each question of a set, whole or in parts; None for who may not read it.

        Questions that were removed are left out; `answers` still has theirs.
        """
        question_set = await self._readable(viewer, set_id)
        if question_set is None:
            return None
        questions = (question_set.live or question_set.draft).questions
        cells = await self._log.cells([question.id for question in questions])
        seen_first: int | None = None
        found: list[QuestionStats] = []
        for question in questions:
            own = [(cell, counts) for cell, counts in cells if cell.question_id == question.id]
            whole = added_up(counts for _, counts in own)
            seen_first = whole["seen"] if seen_first is None else seen_first
            if by is None:
                found.append(stats_of(question.id, None, whole, seen_first))
                continue
            parts: dict[str, list[Mapping[str, int]]] = {}
            for cell, counts in own:
                parts.setdefault(str(getattr(cell, by.value)), []).append(counts)
            found += [stats_of(question.id, part, added_up(each)) for part, each in sorted(parts.items())]
        return found

    async def answers(
        self,
        viewer: Viewer,
        request: PageRequest,
        *,
        set_id: str | None = None,
        question_id: str | None = None,
        profile_id: str | None = None,
    ) -> Page[AnswerEntry] | None:
        """Return a page of the log; None for who may not read every profile.

        A value is left out where the viewer may not know the attribute, or the person does not allow (any
        more) what it is for.
        """
        if not viewer.has_scope(Scope.PROFILES_READ):
            return None
        found = await self._log.page(request, set_id=set_id, question_id=question_id, profile_id=profile_id)
        page = cut(found, request.first)
        return replace(page, items=await self._shown(viewer, page.items))

    async def names(self, viewer: Viewer) -> list[QuestionName] | None:
        """Return what authors call every question; None for whoever may not see the configuration."""
        return await self._store.names() if viewer.has_scope(Scope.CONFIGURATION_READ) else None

    async def experiment(self, viewer: Viewer, set_id: QuestionSetId) -> ExperimentResults | None:
        """Return the variants of a set side by side; None without an experiment or the leave to see it."""
        question_set = await self._readable(viewer, set_id)
        content = None if question_set is None else question_set.live or question_set.draft
        if content is None or content.experiment is None:
            return None
        people = await self._log.people_by_arm(set_id)
        arms = [
            _arm(variant.key, *people.get(variant.key, (0, 0))) for variant in content.experiment.variants
        ]
        return ExperimentResults(key=content.experiment.key, arms=tuple(arms), comparisons=compared(arms))

    async def _shown(self, viewer: Viewer, entries: Sequence[AnswerEntry]) -> tuple[AnswerEntry, ...]:
        by_id = (await self._profiles.catalogue.current()).by_id
        purposes = await self._profiles.purposes.current()
        consents = await self._consents(frozenset(ProfileId(each.profile_id) for each in entries))

        def is_shown(entry: AnswerEntry) -> bool:
            if entry.attribute_id is None:
                return True
            definition = by_id.get(AttributeId(entry.attribute_id))
            said = consents.get(ProfileId(entry.profile_id), {})
            return (
                definition is not None
                and may_know(viewer, definition)
                and purposes.allow(definition.purpose, said)
            )

        return tuple(entry if is_shown(entry) else replace(entry, value=None) for entry in entries)

    async def _consents(self, people: AbstractSet[ProfileId]) -> dict[ProfileId, Mapping[str, Consent]]:
        """Return what these people consented to, by the ids that they had and those that they have."""
        found = await self._profiles.find_many(sorted(people))
        became = {each.id: each.merged_into for each in found if each.merged_into is not None}
        living = [*found, *await self._profiles.find_many(sorted(set(became.values())))]
        said = {each.id: each.consents for each in living}
        return said | {old: said.get(new, {}) for old, new in became.items()}

    async def _readable(self, viewer: Viewer, set_id: QuestionSetId) -> QuestionSet | None:
        return await self._store.find(set_id) if viewer.has_scope(Scope.CONFIGURATION_READ) else None


def _arm(key: str, answered: int, people: int) -> ArmResult:
    between = interval(answered, people)
    return ArmResult(
        arm=key,
        people=people,
        answered=answered,
        rate=answered / people if people else None,
        rate_low=None if between is None else between[0],
        rate_high=None if between is None else between[1],
    )


def _is_worth_telling(asked: int) -> bool:
    return asked >= _TOLD_FROM and (asked & (asked - 1) == 0 or asked % 100 == 0)
