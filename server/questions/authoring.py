"""Authoring: question sets from draft over published to archived, without lost updates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.errors import InvalidInputError, NotFoundError, VersionConflictError
from server.kit.ids import new_id
from server.kit.paging import cut
from server.questions.content import content_of, question_of
from server.questions.drafts import draft_of
from server.questions.model import QuestionSet, QuestionSetId, SetState
from server.questions.publishing import check_publishable
from server.questions.writing import check_budget, check_content, check_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest
    from server.profiles.service import Profiles
    from server.questions.model import (
        Budget,
        Question,
        QuestionDraft,
        QuestionId,
        SetContent,
        SetDraft,
    )
    from server.questions.service import Questions
    from server.questions.store import QuestionStore


class Authoring:
    """Creates, changes, publishes and archives question sets.

    Reading needs the scope configuration:read, writing needs admin. What changes a set takes the version
    that was read, and raises ForbiddenError, NotFoundError and VersionConflictError.
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
        return await self._inserted(key, await self._content(draft, {}))

    async def update(
        self, viewer: Viewer, set_id: QuestionSetId, expected_version: int, draft: SetDraft
    ) -> QuestionSet:
        """Replace the draft; what is live stays until it is published. A question
        keeps its id as long as key and attribute stay: an answer on its way never lands elsewhere.

        Raises InvalidInputError and UnknownAttributeError as well.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        content = await self._content(draft, _ids(question_set))
        return await self._next_version(question_set, draft=content)

    async def add_question(
        self,
        viewer: Viewer,
        set_id: QuestionSetId,
        expected_version: int,
        question: QuestionDraft,
        after: str | None = None,
    ) -> QuestionSet:
        """Add a question to the draft, after the one with this key or at the end.

        Raises InvalidInputError and UnknownAttributeError as well.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        questions = list(question_set.draft.questions)
        place = len(questions) if after is None else _place(questions, after) + 1
        questions.insert(place, await self._question(question_set, question))
        return await self._with_questions(question_set, questions)

    async def update_question(
        self, viewer: Viewer, set_id: QuestionSetId, expected_version: int, question: QuestionDraft
    ) -> QuestionSet:
        """Replace the question of the draft that has this key.

        Raises InvalidInputError and UnknownAttributeError as well.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        questions = list(question_set.draft.questions)
        questions[_place(questions, question.key)] = await self._question(question_set, question)
        return await self._with_questions(question_set, questions)

    async def remove_question(
        self, viewer: Viewer, set_id: QuestionSetId, expected_version: int, key: str
    ) -> QuestionSet:
        """Take a question out of the draft; answers on their way to it are kept. Raises InvalidInputError."""
        question_set = await self._at_version(viewer, set_id, expected_version)
        questions = list(question_set.draft.questions)
        del questions[_place(questions, key)]
        return await self._with_questions(question_set, questions)

    async def reorder(
        self, viewer: Viewer, set_id: QuestionSetId, expected_version: int, keys: Sequence[str]
    ) -> QuestionSet:
        """Put the questions of the draft in this order, every one of them. Raises InvalidInputError."""
        question_set = await self._at_version(viewer, set_id, expected_version)
        by_key = {question.key: question for question in question_set.draft.questions}
        if len(keys) != len(by_key) or set(keys) != by_key.keys():
            message = f"Name every question of the draft once: {', '.join(by_key)}."
            raise InvalidInputError(message, field="keys")
        return await self._with_questions(question_set, [by_key[key] for key in keys])

    async def publish(self, viewer: Viewer, set_id: QuestionSetId, expected_version: int) -> QuestionSet:
        """Put the draft before people, as the next revision; publishing what is live changes nothing.

        Raises UnpublishableError as well.
        """
        question_set = await self._at_version(viewer, set_id, expected_version)
        purposes = await self._profiles.purposes.current()
        check_publishable(
            question_set.draft, (await self._profiles.catalogue.current()).by_id, purposes.by_key
        )
        if question_set.state is SetState.PUBLISHED and not question_set.has_unpublished_changes:
            return question_set
        published = await self._next_version(
            question_set,
            state=SetState.PUBLISHED,
            live=question_set.draft,
            revision=question_set.revision + 1,
            published_at=self._clock(),
        )
        await self._questions.live.refresh()
        return published

    async def revert(self, viewer: Viewer, set_id: QuestionSetId, expected_version: int) -> QuestionSet:
        """Make the draft what is live again. Raises InvalidInputError where nothing ever was."""
        question_set = await self._at_version(viewer, set_id, expected_version)
        if question_set.live is None:
            raise InvalidInputError(
                "This set was never published: there is nothing to go back to.", field="id"
            )
        return await self._next_version(question_set, draft=question_set.live)

    async def archive(self, viewer: Viewer, set_id: QuestionSetId, expected_version: int) -> QuestionSet:
        """Ask from this set no more; answers on their way are kept. Publishing brings it back."""
        question_set = await self._at_version(viewer, set_id, expected_version)
        archived = await self._next_version(question_set, state=SetState.ARCHIVED)
        await self._questions.live.refresh()
        return archived

    async def duplicate(self, viewer: Viewer, set_id: QuestionSetId, key: str) -> QuestionSet:
        """Copy the draft of a set into a new one, with questions of its own.

        Raises ForbiddenError, NotFoundError, InvalidInputError and ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        check_key(key)
        original = await self._store.find(set_id)
        if original is None:
            raise NotFoundError(_NO_SUCH_SET)
        draft = draft_of(original.draft, await self._profiles.catalogue.current())
        return await self._inserted(key, await self._content(draft, {}))

    async def budget(self, viewer: Viewer) -> Budget | None:
        """Return how many questions one person bears; None for whoever may not see the configuration."""
        return await self._store.budget() if viewer.has_scope(Scope.CONFIGURATION_READ) else None

    async def set_budget(self, viewer: Viewer, budget: Budget) -> Budget:
        """Say how many questions one person bears; `version` is the one that was read.

        Raises ForbiddenError, InvalidInputError and VersionConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        check_budget(budget)
        written = replace(budget, version=budget.version + 1)
        if not await self._store.set_budget(written):
            raise VersionConflictError((await self._store.budget()).version)
        await self._questions.live.refresh()
        return written

    async def content(self, draft: SetDraft) -> SetContent:
        """Return what a draft would be stored as; raise InvalidInputError and UnknownAttributeError."""
        return await self._content(draft, {})

    async def _inserted(self, key: str, content: SetContent) -> QuestionSet:
        now = self._clock()
        question_set = QuestionSet(
            id=QuestionSetId(new_id("set", now)),
            key=key,
            version=1,
            state=SetState.DRAFT,
            draft=content,
            live=None,
            revision=0,
            created_at=now,
            updated_at=now,
        )
        await self._store.insert(question_set)
        return question_set

    async def _at_version(self, viewer: Viewer, set_id: QuestionSetId, expected: int) -> QuestionSet:
        require_scope(viewer, Scope.ADMIN)
        question_set = await self._store.find(set_id)
        if question_set is None:
            raise NotFoundError(_NO_SUCH_SET)
        if question_set.version != expected:
            raise VersionConflictError(question_set.version)
        return question_set

    async def _with_questions(self, question_set: QuestionSet, questions: Sequence[Question]) -> QuestionSet:
        content = replace(question_set.draft, questions=tuple(questions))
        check_content(content)
        return await self._next_version(question_set, draft=content)

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

    async def _content(self, draft: SetDraft, known: dict[tuple[str, str | None], QuestionId]) -> SetContent:
        catalogue = await self._profiles.catalogue.current()
        purposes = await self._profiles.purposes.current()
        content = content_of(draft, known, catalogue, purposes, self._clock())
        check_content(content)
        return content

    async def _question(self, question_set: QuestionSet, draft: QuestionDraft) -> Question:
        catalogue = await self._profiles.catalogue.current()
        return question_of(draft, _ids(question_set), catalogue, self._clock())


_NO_SUCH_SET = "There is no such question set."


def _ids(question_set: QuestionSet) -> dict[tuple[str, str | None], QuestionId]:
    live = () if question_set.live is None else question_set.live.questions
    every = (*live, *question_set.draft.questions)
    return {(question.key, question.attribute_id or question.purpose): question.id for question in every}


def _place(questions: Sequence[Question], key: str) -> int:
    for place, question in enumerate(questions):
        if question.key == key:
            return place
    raise InvalidInputError(f"The draft has no question {key[:80]!r}.", field="key")
