"""Some of the profiles, to try things out on: the newest living ones, so that two tries see the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.profiles.documents import model
from server.profiles.store import COLLECTION

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from server.profiles.model import Profile


class ProfileSample:
    """Reads profiles that nobody asked for by name."""

    def __init__(self, database: Database) -> None:
        self._profiles = database[COLLECTION]

    async def newest(self, count: int) -> list[Profile]:
        """Return so many living profiles, newest first."""
        found = self._profiles.find({"merged_into": None}).sort("_id", -1).limit(count)
        return [model(document) async for document in found]
