"""How MongoDB reads what the application asks for."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.api import Api


@asynccontextmanager
async def plans_of(api: Api, *others: str) -> AsyncIterator[list[str]]:
    """Collect how MongoDB reads `profiles` meanwhile, as its profiler puts it: `IXSCAN { … }` or `COLLSCAN`.

    Of `others` too, with the collection's name before the plan.
    """
    database = api.services.database
    plans: list[str] = []
    await database.command({"profile": 2})
    try:
        yield plans
    finally:
        await database.command({"profile": 0})
        found = database["system.profile"].find({"ns": f"{database.name}.profiles"})
        plans += [each.get("planSummary", "") async for each in found]
        for name in others:
            found = database["system.profile"].find({"ns": f"{database.name}.{name}"})
            plans += [f"{name} {each.get('planSummary', '')}" async for each in found]
        await database["system.profile"].drop()
