"""The answer log and its statistics in MongoDB: collections `answers` and `question_stats`.

A change of an ask is logged and counted in one transaction, so that statistics are never more or less than
the log says, whatever crashes and however often a change is told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from server.kit.group_commit import GroupCommit
from server.kit.mongo import IndexModel, ReplaceOne, UpdateOne, in_transaction
from server.questions.model import AnswerEntry, StatCell
from server.questions.tallying import added_up, applied, cell_of, contribution, entry_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from server.kit.mongo import ClientSession, Database, Document
    from server.kit.paging import PageRequest
    from server.questions.changes import AskChange

    _Group = GroupCommit[AskChange, Counter[str] | None]

ANSWERS = "answers"
STATS = "question_stats"
_MOST_REPEATS = 7  # of a transaction: half a second on average, a second at most
_REMEMBERED = 50  # changes of one ask; a person who corrects more often than that may be counted again


@dataclass(frozen=True, slots=True)
class _Logged:
    """An entry, and the changes that made it what it is."""

    entry: AnswerEntry
    changes: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Added:
    """What a change adds, and where."""

    cell: StatCell
    counts: Counter[str]


class LogStore:
    """Appends to the answer log, keeps its statistics, and reads both."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers = database[ANSWERS]
        self._stats = database[STATS]
        self._groups: WeakValueDictionary[str, _Group] = WeakValueDictionary()  # by question

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
        this process go together. Where another process is at it, they try again a few times and then let the
        conflict out, so that little else waits where one that died has it.
        """
        group = self._groups.get(change.question_id)
        if group is None:
            group = self._groups[change.question_id] = GroupCommit(self._record)
        return await group.join(change)

    async def _record(self, changes: Sequence[AskChange]) -> Sequence[Counter[str] | None]:
        """Log and count changes of one question; return its totals after each that is new."""

        async def work(session: ClientSession) -> Sequence[Counter[str] | None]:
            found = await self._logged([_key(each) for each in changes], session)
            logged = dict(found)
            added = [_take(logged, each) for each in changes]
            new = {key: each for key, each in logged.items() if each is not found.get(key)}
            if not new:
                return [None for _ in changes]
            await self._write(new, session)
            return _after_each(added, await self._count(changes[0].question_id, added, session))

        return await in_transaction(self._database, work, most_repeats=_MOST_REPEATS)

    async def _logged(self, keys: Collection[str], session: ClientSession) -> dict[str, _Logged]:
        found = self._answers.find({"key": {"$in": list(keys), "$type": "string"}}, session=session)
        return {each["key"]: _Logged(_entry(each), each["changes"]) async for each in found}

    async def _write(self, logged: Mapping[str, _Logged], session: ClientSession) -> None:
        await self._answers.bulk_write(
            [
                ReplaceOne({"_id": each.entry.id}, _document(key, each), upsert=True)
                for key, each in logged.items()
            ],
            ordered=False,
            session=session,
        )

    async def _count(
        self, question_id: str, added: Iterable[_Added | None], session: ClientSession
    ) -> Counter[str]:
        cells: dict[StatCell, Counter[str]] = {}
        for each in added:
            if each is not None:
                cells.setdefault(each.cell, Counter()).update(each.counts)
        await self._stats.bulk_write(
            [
                UpdateOne({"_id": cell_id(cell)}, _adds(counts) | {"$setOnInsert": asdict(cell)}, upsert=True)
                for cell, counts in cells.items()
            ],
            ordered=False,
            session=session,
        )
        total = await self._stats.find_one_and_update(
            {"_id": f"total|{question_id}"},
            _adds(added_up(cells.values())) | {"$set": {"is_total": True}},
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


def _adds(counts: Mapping[str, int]) -> Document:
    """Return the update that adds these counts; MongoDB takes no empty one."""
    increments = {f"counts.{name}": count for name, count in counts.items() if count}
    return {"$inc": increments} if increments else {}


def _take(logged: dict[str, _Logged], change: AskChange) -> _Added | None:
    """Note a change among what is logged; return what that adds, None for a change that is there already."""
    known = logged.get(_key(change))
    if known is not None and change.id in known.changes:
        return None
    before = None if known is None else known.entry
    after = applied(before or entry_of(change), change)
    changes = [*(() if known is None else known.changes), change.id][-_REMEMBERED:]
    logged[_key(change)] = _Logged(after, changes)
    counts = contribution(after)
    counts.subtract(contribution(before))
    return _Added(cell_of(after), counts)


def _after_each(added: Sequence[_Added | None], total: Counter[str]) -> list[Counter[str] | None]:
    """Return what the total was after each addition, from what it is after all of them."""
    totals: list[Counter[str] | None] = []
    for each in reversed(added):
        totals.append(None if each is None else total.copy())
        if each is not None:
            total.subtract(each.counts)
    return totals[::-1]


def _document(key: str, logged: _Logged) -> Document:
    document = {**asdict(logged.entry), "_id": logged.entry.id, "key": key, "changes": logged.changes}
    del document["id"]
    return document


def _entry(document: Document) -> AnswerEntry:
    names = AnswerEntry.__dataclass_fields__.keys() - {"id"}
    return AnswerEntry(id=document["_id"], **{name: document[name] for name in names})
