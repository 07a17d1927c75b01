"""Exporting the answer log to a file: what people were asked and what they said, a page at a time."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, TextIO

from server.bulk.exporting import as_cell
from server.kit.errors import NotFoundError
from server.kit.paging import MAX_PAGE, PageRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.access.model import Viewer
    from server.questions.model import AnswerEntry, QuestionName
    from server.questions.results import Results

_PAGE = 5 * MAX_PAGE
_SAID = ("outcome", "value", "first_at", "shown_at", "at", "milliseconds", "corrections")
_PUT = ("language", "placement", "arm", "revision", "visit", "page", "device")
COLUMNS = ("id", "profile_id", "set", "question", *_SAID, *_PUT)


class AnswerExport:
    """Writes what a viewer may see of every ask that was seen or got an outcome, oldest first."""

    def __init__(self, *, results: Results) -> None:
        self._results = results

    async def write_json(
        self, viewer: Viewer, out: TextIO, progress: Callable[[int], None], set_key: str | None = None
    ) -> int:
        """Write JSON Lines; return how many there were. Raises NotFoundError for a set that is none."""

        def write(row: dict[str, Any]) -> None:
            known = {name: value for name, value in row.items() if value is not None}
            out.write(json.dumps(known, ensure_ascii=False, default=_text) + "\n")

        return await self._write(viewer, write, progress, set_key)

    async def write_csv(
        self, viewer: Viewer, out: TextIO, progress: Callable[[int], None], set_key: str | None = None
    ) -> int:
        """Write CSV; return how many rows there were. Raises NotFoundError for a set that is none."""
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        return await self._write(
            viewer, lambda row: writer.writerow({k: as_cell(v) for k, v in row.items()}), progress, set_key
        )

    async def _write(
        self,
        viewer: Viewer,
        write: Callable[[dict[str, Any]], None],
        progress: Callable[[int], None],
        set_key: str | None,
    ) -> int:
        names = {each.question_id: each for each in await self._results.names(viewer) or ()}
        sets = {each.set_key: each.set_id for each in names.values()}
        if set_key is not None and set_key not in sets:
            raise NotFoundError(f"There is no question set {set_key[:80]!r} that has questions.")
        set_id = None if set_key is None else sets[set_key]
        count, request = 0, PageRequest(first=_PAGE)
        while page := await self._results.answers(viewer, request, set_id=set_id):
            for entry in page.items:
                write(_row(entry, names))
            count += len(page.items)
            progress(count)
            if not page.has_next:
                break
            request = PageRequest(first=_PAGE, after=page.items[-1].id)
        return count


def _row(entry: AnswerEntry, names: Mapping[str, QuestionName]) -> dict[str, Any]:
    """Return an entry with set and question as authors call them, by id where nobody does any more."""
    name = names.get(entry.question_id)
    return {
        "id": entry.id,
        "profile_id": entry.profile_id,
        "set": entry.set_id if name is None else name.set_key,
        "question": entry.question_id if name is None else name.key,
        **{column: getattr(entry, column) for column in (*_SAID, *_PUT)},
        "outcome": entry.outcome or "ignored",
        "arm": entry.arm or None,
    }


def _text(moment: Any) -> str:  # noqa: ANN401 - what JSON has no form for: moments
    return str(moment.isoformat())
