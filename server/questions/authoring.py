"""Authoring: question sets from draft over published to archived, without lost updates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.errors import NotFoundError, VersionConflictError
from server.kit.ids import new_id
from server.kit.paging import cut
from server.questions.model import (
    Question,
    QuestionId,
    QuestionSet,
    QuestionSetId,
    SetContent,
    SetState,
)
from server.questions.publishing import check_content, check_key, check_publishable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest
    from server.profiles.service import Profiles
    from server.questions.model import SetDraft
    from server.questions.service import Questions
    from server.questions.store import QuestionStore


class Authoring:
    """Creates, changes, publishes and archives question sets.

    Reading needs the scope configuration:read, writing needs admin.
    """

    def __init__(
        self, *, profiles: Profiles, questions: Questions, store: QuestionStore, clock: Clock
    ) -> None:
        self._profiles = profiles
        self._questions = questions
        self._store = store
        self._clock = clock

    async def page(
        self, viewer: Viewer, request: PageRequest, state: SetState | None = None
    ) -> Page[QuestionSet] | None:
        """Return the sets (in one state), oldest first; None for whoever may not see them."""
        if not viewer.has_scope(Scope.CONFIGURATION_READ):
            return None
        return cut(await self._store.page(request, state), request.first)

    async def find(self, viewer: Viewer, set_id: QuestionSetId) -> QuestionSet | None:
        """Return a set; None for one that does not exist or that the viewer may not see."""
        return await self._store.find(set_id) if viewer.has_scope(Scope.CONFIGURATION_READ) else None

    async def create(self, viewer: Viewer, key: str, draft: SetDraft) -> QuestionSet:
        """Create a set as a draft that nobody is asked from yet.

        Raises ForbiddenError, InvalidInputError, UnknownAttributeError, ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        check_key(key)
        now = self._clock()
        question_set = QuestionSet(
            id=QuestionSetId(new_id("set", now)),
            key=key,
            version=1,
            state=SetState.DRAFT,
            draft=await self._content(draft, ()),
            live=None,
            revision=0,
            created_at=now,
            updated_at=now,
        )
        await self._store.insert(question_set)
        return question_set

    async def update(
        self, viewer: Viewer, set_id: QuestionSetId, expected_version: int, draft: SetDraft
    ) -> QuestionSet:
        """Replace the draft; what is live stays until it is published.

        A question keeps its id as long as key and attribute stay: an answer on its way never lands elsewhere.

        Raises ForbiddenError, NotFoundError, InvalidInputError, UnknownAttributeError, VersionConflictError.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        content = await self._content(draft, _every_question(question_set))
        return await self._next_version(question_set, draft=content)

    async def publish(self, viewer: Viewer, set_id: QuestionSetId, expected_version: int) -> QuestionSet:
        """Put the draft before people, as the next revision; publishing what is live changes nothing.

        Raises ForbiddenError, NotFoundError, UnpublishableError, VersionConflictError.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        check_publishable(question_set.draft, (await self._profiles.catalogue.current()).by_id)
        if question_set.state is SetState.PUBLISHED and not question_set.has_unpublished_changes:
            return question_set
        published = await self._next_version(
            question_set,
            state=SetState.PUBLISHED,
            live=question_set.draft,
            revision=question_set.revision + 1,
        )
        await self._questions.live.refresh()
        return published

    async def archive(self, viewer: Viewer, set_id: QuestionSetId, expected_version: int) -> QuestionSet:
        """Ask from this set no more; answers on their way are kept. Publishing brings it back.

        Raises ForbiddenError, NotFoundError, VersionConflictError.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        archived = await self._next_version(question_set, state=SetState.ARCHIVED)
        await self._questions.live.refresh()
        return archived

    async def _at_version(self, viewer: Viewer, set_id: QuestionSetId, expected: int) -> QuestionSet:
        require_scope(viewer, Scope.ADMIN)
        question_set = await self._store.find(set_id)
        if question_set is None:
            raise NotFoundError("There is no such question set.")
        if question_set.version != expected:
            raise VersionConflictError(question_set.version)
        return question_set

    async def _next_version(self, question_set: QuestionSet, **changes: object) -> QuestionSet:
        changed = replace(
            question_set,
            version=question_set.version + 1,
            updated_at=self._clock(),
            **changes,  # type: ignore[arg-type] # checked by replace() at run time: names of fields
        )
        stored = await self._store.replace(changed)
        if stored is None:
            current = await self._store.find(question_set.id)
            raise VersionConflictError(0 if current is None else current.version)
        return stored

    async def _content(self, draft: SetDraft, known: Sequence[Question]) -> SetContent:
        catalogue = await self._profiles.catalogue.current()
        known_ids = {(question.key, question.attribute_id): question.id for question in known}
        now = self._clock()
        questions = tuple(
            Question(
                id=known_ids.get((question.key, attribute.id)) or QuestionId(new_id("qst", now)),
                key=question.key,
                kind=question.kind,
                attribute_id=attribute.id,
                prompt=question.prompt,
                help=question.help,
                placeholder=question.placeholder,
                is_skippable=question.is_skippable,
            )
            for question in draft.questions
            for attribute in (catalogue.get(question.attribute_key),)
        )
        content = SetContent(
            name=draft.name,
            placements=draft.placements,
            priority=draft.priority,
            trigger=draft.trigger,
            per_visit=draft.per_visit,
            questions=questions,
        )
        check_content(content)
        return content


def _every_question(question_set: QuestionSet) -> tuple[Question, ...]:
    live = () if question_set.live is None else question_set.live.questions
    return (*live, *question_set.draft.questions)
