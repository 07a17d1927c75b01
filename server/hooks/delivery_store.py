"""Deliveries in MongoDB: collection `hook_deliveries`; of people they hold ids, never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.hooks.model import KEPT, UNSENT, Delivery, DeliveryState, Message, ResponseClass
from server.kit.documents import known
from server.kit.mongo import IndexModel

if TYPE_CHECKING:
    from datetime import datetime

    from server.hooks.model import DeliveryId, HookId, Response
    from server.kit.mongo import Database, Document
    from server.kit.paging import PageRequest

COLLECTION = "hook_deliveries"


class DeliveryStore:
    """Reads and writes deliveries."""

    def __init__(self, database: Database) -> None:
        self._deliveries = database[COLLECTION]

    async def create_indexes(self) -> None:
        """Make what the queries below need; does nothing where it exists."""
        await self._deliveries.create_indexes(
            [
                IndexModel([("hook_id", 1), ("_id", -1)]),
                IndexModel("profile_id"),
                IndexModel("created_at", expireAfterSeconds=int(KEPT.total_seconds())),
            ]
        )

    async def insert(self, delivery: Delivery) -> None:
        """Store a delivery; does nothing where it is known."""
        document = _document(delivery)
        key = document.pop("_id")
        await self._deliveries.update_one({"_id": key}, {"$setOnInsert": document}, upsert=True)

    async def find(self, delivery_id: DeliveryId) -> Delivery | None:
        """Return the delivery with this id."""
        found = await self._deliveries.find_one({"_id": delivery_id})
        return None if found is None else _model(found)

    async def page(
        self, hook_id: HookId, request: PageRequest, state: DeliveryState | None
    ) -> list[Delivery]:
        """Return the deliveries of a page and one more where there is one, newest first."""
        criteria: Document = {"hook_id": hook_id}
        if state is not None:
            criteria["state"] = state.value
        if request.after is not None:
            criteria["_id"] = {"$lt": request.after}
        found = self._deliveries.find(criteria).sort("_id", -1).limit(request.first + 1)
        return [_model(document) async for document in found]

    async def note(
        self, delivery: Delivery, state: DeliveryState, response: Response | None, now: datetime
    ) -> None:
        """Note how an attempt went; nothing of one that was sent again by hand meanwhile."""
        fields: Document = {"state": state.value, "next_attempt_at": None}
        if response is not None:
            fields |= {"last_attempt_at": now, "response": response.kind.value, "status": response.status}
        await self._deliveries.update_one(
            {"_id": delivery.id, "state": {"$in": sorted(UNSENT)}, "replays": delivery.replays},
            {"$set": fields, "$inc": {"attempts": 0 if response is None else 1}},
        )

    async def note_next(self, delivery_id: DeliveryId, at: datetime) -> None:
        """Note when it is tried again."""
        await self._deliveries.update_one(
            {"_id": delivery_id, "state": DeliveryState.PENDING.value}, {"$set": {"next_attempt_at": at}}
        )

    async def fail(self, delivery_id: DeliveryId) -> None:
        """Note that it is not tried again."""
        await self._deliveries.update_one(
            {"_id": delivery_id, "state": DeliveryState.PENDING.value},
            {"$set": {"state": DeliveryState.FAILED.value, "next_attempt_at": None}},
        )

    async def send_again(self, delivery: Delivery) -> bool:
        """Make a delivery that ended one that is on its way; False where somebody was faster."""
        written = await self._deliveries.update_one(
            {"_id": delivery.id, "state": delivery.state.value, "replays": delivery.replays},
            {"$set": {"state": DeliveryState.PENDING.value}, "$inc": {"replays": 1}},
        )
        return written.matched_count == 1


def _document(delivery: Delivery) -> Document:
    message = delivery.message
    return {
        "_id": delivery.id,
        "hook_id": delivery.hook_id,
        "profile_id": delivery.profile_id,
        "message": {"type": message.type, "at": message.at, "data": dict(message.data)},
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "replays": delivery.replays,
        "created_at": delivery.created_at,
        "last_attempt_at": None,
        "next_attempt_at": None,
        "response": None,
        "status": None,
    }


def _model(document: Document) -> Delivery:
    response = document["response"]
    return Delivery(
        **{
            **{"id" if name == "_id" else name: each for name, each in document.items()},
            "message": Message(**known(Message, document["message"])),
            "state": DeliveryState(document["state"]),
            "response": None if response is None else ResponseClass(response),
        }
    )
