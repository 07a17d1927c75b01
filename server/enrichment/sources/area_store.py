"""Statistics of areas, in MongoDB: collection `area_statistics`, by the five digits of the census area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.enrichment.sources.areas import AreaIncome
from server.kit.mongo import ReplaceOne

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.kit.mongo import Database

AREAS = "area_statistics"


class AreaStore:
    """Reads and writes what is known of areas; it speaks of places and of nobody."""

    def __init__(self, database: Database) -> None:
        self._areas = database[AREAS]

    async def create_indexes(self) -> None:
        """Nothing but the id is asked for."""

    async def put(self, areas: Sequence[AreaIncome]) -> None:
        """Store these, each in place of what was known of its area."""
        await self._areas.bulk_write(
            [
                ReplaceOne(
                    {"_id": each.zcta},
                    {"income": each.income, "bound": each.bound, "margin": each.margin, "year": each.year},
                    upsert=True,
                )
                for each in areas
            ],
            ordered=False,
        )

    async def find(self, zcta: str) -> AreaIncome | None:
        """Return what is known of an area."""
        found = await self._areas.find_one({"_id": zcta})
        if found is None:
            return None
        return AreaIncome(
            zcta=found["_id"],
            income=found["income"],
            bound=found["bound"],
            margin=found["margin"],
            year=found["year"],
        )

    async def count(self) -> int:
        """Return how many areas are known."""
        return await self._areas.estimated_document_count()
