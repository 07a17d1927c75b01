"""Question sets and the answer log in MongoDB: collections `question_sets` and `answers`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pymongo import ReturnDocument

from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.profiles.model import AttributeId
from server.questions.model import (
    Question,
    QuestionId,
    QuestionKind,
    QuestionSet,
    QuestionSetId,
    SetContent,
    SetState,
    Trigger,
)

if TYPE_CHECKING:
    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest
    from server.questions.changes import AskHandled

SETS = "question_sets"
ANSWERS = "answers"


class QuestionStore:
    """Reads and writes question sets, and appends to the answer log."""

    def __init__(self, database: Database) -> None:
        self._sets = database[SETS]
        self._answers = database[ANSWERS]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._sets.create_indexes([IndexModel("key", unique=True)])
        await self._answers.create_indexes([IndexModel([("profile_id", 1), ("at", 1)])])

    async def insert(self, question_set: QuestionSet) -> None:
        """Store a new set; raise ConflictError where its key is taken."""
        try:
            await self._sets.insert_one(_document(question_set))
        except DuplicateKeyError:
            raise ConflictError(f"There is a question set {question_set.key!r} already.") from None

    async def find(self, set_id: QuestionSetId) -> QuestionSet | None:
        """Return a set in any state."""
        found = await self._sets.find_one({"_id": set_id})
        return None if found is None else _model(found)

    async def find_question(self, question_id: QuestionId) -> Question | None:
        """Return a question of a set in any state: an ask may outlive its set."""
        found = await self._sets.find_one(
            {"$or": [{"live.questions.id": question_id}, {"draft.questions.id": question_id}]}
        )
        if found is None:
            return None
        contents = [_content(found[name]) for name in ("live", "draft") if found[name] is not None]
        questions = (question for content in contents for question in content.questions)
        return next(question for question in questions if question.id == question_id)

    async def replace(self, question_set: QuestionSet) -> QuestionSet | None:
        """Store the next version of a set; None where the stored one is not the version before it."""
        found: Document | None = await self._sets.find_one_and_replace(
            {"_id": question_set.id, "version": question_set.version - 1},
            _document(question_set),
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _model(found)

    async def live(self) -> list[QuestionSet]:
        """Return the published sets, highest priority first, older first among equals."""
        found = self._sets.find({"state": SetState.PUBLISHED.value})
        return [_model(document) async for document in found.sort([("live.priority", -1), ("_id", 1)])]

    async def page(self, request: PageRequest, state: SetState | None) -> list[QuestionSet]:
        """Return the sets of a page and one more where there is one, oldest first."""
        criteria: Document = {} if state is None else {"state": state.value}
        if request.after is not None:
            criteria["_id"] = {"$gt": request.after}
        found = self._sets.find(criteria).sort("_id", 1).limit(request.first + 1)
        return [_model(document) async for document in found]

    async def append_answer(self, change: AskHandled) -> None:
        """Log an outcome once: the change's id is the entry's, so that a repetition finds it there."""
        entry = {
            "profile_id": change.profile_id,
            "ask_id": change.ask_id,
            "question_id": change.question_id,
            "attribute_id": change.attribute_id,
            "revision": change.revision,
            "placement": change.placement,
            "visit": change.visit,
            "outcome": change.outcome,
            "value": change.value,
            "at": change.at,
        }
        await self._answers.update_one({"_id": change.id}, {"$setOnInsert": entry}, upsert=True)


def _document(question_set: QuestionSet) -> Document:
    return {
        "_id": question_set.id,
        "key": question_set.key,
        "version": question_set.version,
        "state": question_set.state.value,
        "draft": _content_document(question_set.draft),
        "live": None if question_set.live is None else _content_document(question_set.live),
        "revision": question_set.revision,
        "created_at": question_set.created_at,
        "updated_at": question_set.updated_at,
    }


def _model(document: Document) -> QuestionSet:
    return QuestionSet(
        id=QuestionSetId(document["_id"]),
        key=document["key"],
        version=document["version"],
        state=SetState(document["state"]),
        draft=_content(document["draft"]),
        live=None if document["live"] is None else _content(document["live"]),
        revision=document["revision"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
    )


def _content_document(content: SetContent) -> Document:
    return {
        **asdict(content),
        "placements": list(content.placements),
        "questions": _question_documents(content),
    }


def _question_documents(content: SetContent) -> list[Document]:
    return [{**asdict(question), "kind": question.kind.value} for question in content.questions]


def _content(document: Document) -> SetContent:
    return SetContent(
        name=document["name"],
        placements=tuple(document["placements"]),
        priority=document["priority"],
        trigger=Trigger(**document["trigger"]),
        per_visit=document["per_visit"],
        questions=tuple(_question(entry) for entry in document["questions"]),
    )


def _question(entry: Document) -> Question:
    return Question(
        id=QuestionId(entry["id"]),
        key=entry["key"],
        kind=QuestionKind(entry["kind"]),
        attribute_id=AttributeId(entry["attribute_id"]),
        prompt=entry["prompt"],
        help=entry["help"],
        placeholder=entry["placeholder"],
        is_skippable=entry["is_skippable"],
    )
