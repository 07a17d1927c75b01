"""Question sets in MongoDB: collection `question_sets`, with one document more for what concerns them all.

That document, `_id: "shared"`, holds the budget and the chances of an answer: so one change stream tells
every process of everything that a decision rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ReturnDocument

from server.kit.documents import known
from server.kit.errors import ConflictError
from server.kit.mongo import DuplicateKeyError, IndexModel
from server.questions.documents import content_model, plain, set_document, set_model
from server.questions.model import Budget, QuestionName, SetState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest
    from server.questions.model import Question, QuestionId, QuestionSet, QuestionSetId

SETS = "question_sets"
_SHARED = "shared"


class QuestionStore:
    """Reads and writes question sets, the budget and the chances."""

    def __init__(self, database: Database) -> None:
        self._sets = database[SETS]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._sets.create_indexes([IndexModel("key", unique=True)])

    async def insert(self, question_set: QuestionSet) -> None:
        """Store a new set; raise ConflictError where its key is taken."""
        try:
            await self._sets.insert_one(set_document(question_set))
        except DuplicateKeyError:
            raise ConflictError(f"There is a question set {question_set.key!r} already.") from None

    async def find(self, set_id: QuestionSetId) -> QuestionSet | None:
        """Return a set in any state."""
        found = await self._sets.find_one({"_id": set_id, "key": {"$exists": True}})
        return None if found is None else set_model(found)

    async def find_question(self, question_id: QuestionId) -> Question | None:
        """Return a question of a set in any state: an ask may outlive its set, and its place in it."""
        places = ("live.questions.id", "draft.questions.id", "gone.id")
        found = await self._sets.find_one({"$or": [{place: question_id} for place in places]})
        if found is None:
            return None
        contents = [content_model(found[name]) for name in ("live", "draft") if found[name] is not None]
        if found.get("gone"):
            contents.append(content_model({**found["draft"], "questions": found["gone"]}))
        questions = (question for content in contents for question in content.questions)
        return next(question for question in questions if question.id == question_id)

    async def names(self) -> list[QuestionName]:
        """Return what every question is called that is, or was before people."""
        parts = ("live.questions", "draft.questions", "gone")
        wanted = {"key": 1, **{f"{part}.{name}": 1 for part in parts for name in ("id", "key")}}
        return [
            QuestionName(question_id=each["id"], key=each["key"], set_id=found["_id"], set_key=found["key"])
            async for found in self._sets.find({"key": {"$exists": True}}, wanted)
            for each in [
                *found.get("gone", ()),
                *found["draft"].get("questions", ()),
                *(found["live"] or _EMPTY).get("questions", ()),
            ]
        ]

    async def replace(self, question_set: QuestionSet) -> QuestionSet | None:
        """Store the next version of a set; None where the stored one is not the version before it.

        Questions that were live and are no more stay findable: answers to them are on their way.
        """
        document = set_document(question_set)
        kept = {
            each["id"]
            for each in [*document["draft"]["questions"], *(document["live"] or _EMPTY)["questions"]]
        }
        before = {"$ifNull": ["$live.questions", []]}
        left = {"$concatArrays": [{"$ifNull": ["$gone", []]}, before]}
        gone = {"$filter": {"input": left, "cond": {"$not": {"$in": ["$$this.id", sorted(kept)]}}}}
        found: Document | None = await self._sets.find_one_and_update(
            {"_id": question_set.id, "version": question_set.version - 1},
            [
                {"$set": {"gone": gone}},
                {"$set": {name: {"$literal": value} for name, value in document.items() if name != "_id"}},
            ],
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else set_model(found)

    async def live(self) -> list[QuestionSet]:
        """Return the published sets, highest priority first, older first among equals."""
        found = self._sets.find({"state": SetState.PUBLISHED.value})
        return [set_model(document) async for document in found.sort([("live.priority", -1), ("_id", 1)])]

    async def page(self, request: PageRequest, state: SetState | None) -> list[QuestionSet]:
        """Return the sets of a page and one more where there is one, oldest first."""
        criteria: Document = {"key": {"$exists": True}} if state is None else {"state": state.value}
        if request.after is not None:
            criteria["_id"] = {"$gt": request.after}
        found = self._sets.find(criteria).sort("_id", 1).limit(request.first + 1)
        return [set_model(document) async for document in found]

    async def budget(self) -> Budget:
        """Return how many questions one person bears; without limits where nobody said."""
        found = await self._sets.find_one({"_id": _SHARED})
        return Budget(**known(Budget, found["budget"])) if found and found.get("budget") else Budget()

    async def set_budget(self, budget: Budget) -> bool:
        """Store the next version of the budget; False where the stored one is not the version before it."""
        before = budget.version - 1
        guard = {"_id": _SHARED, "budget.version": before or {"$in": [None, 0]}}
        try:
            written = await self._sets.update_one(
                guard, {"$set": {"budget": plain(budget)}}, upsert=not before
            )
        except DuplicateKeyError:
            return False
        return bool(written.matched_count or written.upserted_id)

    async def chances(self) -> dict[str, tuple[int, int]]:
        """Return how many asks of each question were answered, of how many, when that was last told."""
        found = await self._sets.find_one({"_id": _SHARED})
        chances = (found or {}).get("chances", {})
        return {key: (each["answered"], each["asked"]) for key, each in chances.items()}

    async def tell_chance(self, question_id: str, answered: int, asked: int) -> None:
        """Tell every process how often a question is answered."""
        chance: Mapping[str, int] = {"answered": answered, "asked": asked}
        await self._sets.update_one(
            {"_id": _SHARED}, {"$set": {f"chances.{question_id}": chance}}, upsert=True
        )


_EMPTY: Document = {"questions": []}
