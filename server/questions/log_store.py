"""The answer log and its statistics in MongoDB: collections `answers` and `question_stats`.

A change of an ask is logged and counted in one transaction, so that statistics are never more or less than
the log says, whatever crashes and however often a change is told.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from server.kit.mongo import IndexModel, PyMongoError, ReadConcern, is_conflict
from server.questions.model import AnswerEntry, StatCell
from server.questions.tallying import applied, cell_of, contribution, entry_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest
    from server.questions.changes import AskChange

ANSWERS = "answers"
STATS = "question_stats"
_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64)  # seconds; a transaction takes some 0.01
_OF_ONE_MOMENT = ReadConcern("snapshot")  # on all shards the same
_REMEMBERED = 50  # changes of one ask; a person who corrects more often than that may be counted again


class LogStore:
    """Appends to the answer log, keeps its statistics, and reads both."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers = database[ANSWERS]
        self._stats = database[STATS]
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by question

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._answers.create_indexes(
            [
                IndexModel("key", name="ask", partialFilterExpression={"key": {"$type": "string"}}),
                IndexModel([("profile_id", 1), ("at", 1)]),
                IndexModel([("set_id", 1), ("_id", 1)]),
                IndexModel([("question_id", 1), ("_id", 1)]),
            ]
        )
        await self._stats.create_indexes([IndexModel("question_id"), IndexModel("set_id")])

    async def record(self, change: AskChange) -> Counter[str] | None:
        """Log and count a change; return the question's totals, None where the change was logged before.

        All who count for one question meet at its total, so that no two open an entry for one ask: those of
        this process one after the other. Where another process is at it, each tries again a few times and
        then lets the conflict out, so that little else waits where one that died has it.
        """
        turn = self._turns.setdefault(change.question_id, asyncio.Lock())
        async with turn, await self._database.client.start_session() as session:
            for longest in _PAUSES:
                try:
                    async with session.start_transaction(_OF_ONE_MOMENT):
                        return await self._record(change, session)
                except PyMongoError as error:
                    if not is_conflict(error):
                        raise
                await asyncio.sleep(longest * random.random())  # noqa: S311 - spreads who met
            async with session.start_transaction(_OF_ONE_MOMENT):
                return await self._record(change, session)

    async def _record(self, change: AskChange, session: Any) -> Counter[str] | None:  # noqa: ANN401 - Motor's
        key = _key(change)
        found = await self._answers.find_one({"key": {"$eq": key, "$type": "string"}}, session=session)
        if found is not None and change.id in found["changes"]:
            return None
        before = None if found is None else _entry(found)
        after = applied(before or entry_of(change), change)
        changes = [*(found or {"changes": []})["changes"], change.id][-_REMEMBERED:]
        document = {**asdict(after), "_id": after.id, "key": key, "changes": changes}
        del document["id"]
        await self._answers.replace_one({"_id": after.id}, document, upsert=True, session=session)
        added = contribution(after)
        added.subtract(contribution(before))
        return await self._count(cell_of(after), added, session)

    async def _count(self, cell: StatCell, added: Counter[str], session: Any) -> Counter[str]:  # noqa: ANN401
        increments = {f"counts.{name}": count for name, count in added.items() if count}
        change = {"$inc": increments} if increments else {"$set": {"question_id": cell.question_id}}
        where = {"_id": cell_id(cell)}
        await self._stats.update_one(
            where, {**change, "$setOnInsert": _placed(cell, change)}, upsert=True, session=session
        )
        total = await self._stats.find_one_and_update(
            {"_id": f"total|{cell.question_id}"},
            {"$inc": increments} if increments else {"$set": {"is_total": True}},
            upsert=True,
            return_document=True,
            session=session,
        )
        return Counter(total.get("counts", {}))

    async def cells(self, question_ids: Collection[str]) -> list[tuple[StatCell, Counter[str]]]:
        """Return the counts of these questions, cell by cell."""
        found = self._stats.find({"question_id": {"$in": list(question_ids)}})
        names = StatCell.__dataclass_fields__
        return [
            (StatCell(**{name: each[name] for name in names}), Counter(each.get("counts", {})))
            async for each in found
        ]

    async def recounted(self) -> dict[str, Counter[str]]:
        """Return what every cell comes to by adding up the log."""
        cells: dict[str, Counter[str]] = {}
        async for document in self._answers.find({"key": {"$type": "string"}}):
            entry = _entry(document)
            cells.setdefault(cell_id(cell_of(entry)), Counter()).update(contribution(entry))
        return cells

    async def page(
        self,
        request: PageRequest,
        *,
        set_id: str | None = None,
        question_id: str | None = None,
        profile_id: str | None = None,
    ) -> list[AnswerEntry]:
        """Return the entries of a page and one more where there is one, oldest first."""
        criteria: Document = {"key": {"$type": "string"}}
        given = {"set_id": set_id, "question_id": question_id, "profile_id": profile_id}
        criteria |= {name: each for name, each in given.items() if each is not None}
        if request.after is not None:
            criteria["_id"] = {"$gt": request.after}
        found = self._answers.find(criteria).sort("_id", 1).limit(request.first + 1)
        return [_entry(document) async for document in found]

    async def count(self) -> int:
        """Return about how many entries there are: a figure kept by the server."""
        return await self._answers.estimated_document_count()

    async def people_by_arm(self, set_id: str) -> dict[str, tuple[int, int]]:
        """Return how many people saw questions of each variant, and how many of them answered any."""
        pipeline: list[Document] = [
            {"$match": {"set_id": set_id, "arm": {"$ne": ""}}},
            {
                "$group": {
                    "_id": {"arm": "$arm", "person": "$profile_id"},
                    "answered": {"$max": {"$cond": [{"$eq": ["$outcome", "answered"]}, 1, 0]}},
                }
            },
            {"$group": {"_id": "$_id.arm", "people": {"$sum": 1}, "answered": {"$sum": "$answered"}}},
        ]
        return {
            each["_id"]: (each["answered"], each["people"])
            async for each in self._answers.aggregate(pipeline)
        }


def _key(change: AskChange) -> str:
    """Return what makes one ask one entry; a digest, so that an entry without its person names nobody."""
    said = f"{change.profile_id}|{change.question_id}|{change.handled}|{change.visit}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def cell_id(cell: StatCell) -> str:
    """Return the id of a cell."""
    return "|".join(str(each) for each in asdict(cell).values())


def _placed(cell: StatCell, change: Document) -> Document:
    """Return the fields of a new cell that the change itself does not set."""
    set_already = change.get("$set", {})
    return {name: each for name, each in asdict(cell).items() if name not in set_already}


def _entry(document: Document) -> AnswerEntry:
    names = AnswerEntry.__dataclass_fields__.keys() - {"id"}
    return AnswerEntry(id=document["_id"], **{name: document[name] for name in names})
