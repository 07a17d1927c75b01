"""Exporting profiles to a file: a page at a time, so that memory stays flat."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, TextIO

from server.bulk.mapping import FORMULA_STARTS, IDENTITIES
from server.kit.paging import MAX_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.access.model import Viewer
    from server.profiles.model import Profile, ProfileId
    from server.profiles.service import Profiles

_PAGE = 5 * MAX_PAGE


class FileExport:
    """Writes what a viewer may see of every living profile."""

    def __init__(self, *, profiles: Profiles) -> None:
        self._profiles = profiles

    async def write_json(self, viewer: Viewer, out: TextIO, progress: Callable[[int], None]) -> int:
        """Write JSON Lines that `acquaint import` reads back; return how many profiles there were."""

        def write(row: dict[str, Any]) -> None:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")

        return await self._write(viewer, write, progress)

    async def write_csv(self, viewer: Viewer, out: TextIO, progress: Callable[[int], None]) -> int:
        """Write CSV with a column for each attribute that the viewer may know of; lists are parted by `;`."""
        known = (await self._profiles.catalogue.current()).by_key
        columns = ["id", *IDENTITIES, *known]
        writer = csv.DictWriter(out, columns)
        writer.writeheader()
        return await self._write(
            viewer, lambda row: writer.writerow({key: as_cell(value) for key, value in row.items()}), progress
        )

    async def _write(
        self, viewer: Viewer, write: Callable[[dict[str, Any]], None], progress: Callable[[int], None]
    ) -> int:
        count = 0
        after: ProfileId | None = None
        while page := await self._profiles.page(after, _PAGE):
            for profile in page:
                write(await self._row(viewer, profile))
            after = page[-1].id
            count += len(page)
            progress(count)
        return count

    async def _row(self, viewer: Viewer, profile: Profile) -> dict[str, Any]:
        visible = await self._profiles.visible_attributes(viewer, profile)
        row: dict[str, Any] = {"id": profile.id}
        for name, kind in IDENTITIES.items():
            values = [each.ref.value for each in profile.identities if each.ref.kind is kind]
            row |= {name: values[0]} if values else {}
        return row | {each.definition.key: each.value for each in visible}


def as_cell(value: object) -> object:
    """Return a value as a cell of a CSV file that no spreadsheet runs."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ";".join(map(str, value)) if isinstance(value, list) else value
    text = json.dumps(text) if isinstance(text, dict) else text
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text
