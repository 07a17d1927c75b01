"""Rows out of files: a file of any size needs no more memory than its longest row may have."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from server.bulk.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_LINE = 1 << 20  # bytes; of a CSV cell that runs over lines, characters
_TOO_LONG = "\0too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its number from 1, header not counted, and its cells by column, or why it has none."""

    number: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def csv_rows(stream: BinaryIO, encoding: str) -> Iterator[Row]:
    """Yield the rows of a CSV file with a header (RFC 4180); a bad row is yielded with its problem.

    Raises FileError where there is no header to go by, and where a cell is so long that nobody can tell
    where its row ends: what stands in it could be taken for rows.
    """
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(_lines(stream, encoding, ends_in_quotes=_refuse))
    header = _header(reader)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            _refuse()
        if cells:
            yield _csv_row(number, header, cells)


def json_rows(stream: BinaryIO, encoding: str) -> Iterator[Row]:
    """Yield the rows of a JSON Lines file, one object a line; a bad line is yielded with its problem."""
    for number, line in enumerate(_lines(stream, encoding), start=1):
        if line.strip():
            yield _json_row(number, line)


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error):
        header = []
    if not header or not all(header) or len(set(header)) != len(header) or _problem(header[0]):
        raise FileError("The first line must name the columns, each once.")
    return header


def _csv_row(number: int, header: list[str], cells: list[str]) -> Row:
    problem = next((found for cell in cells if (found := _problem(cell))), None)
    if problem is None and len(cells) != len(header):
        problem = f"It has {len(cells)} cells where the header has {len(header)}."
    if problem is not None:
        return Row(number=number, problem=problem)
    return Row(number=number, cells=dict(zip(header, cells, strict=True)))


def _json_row(number: int, line: str) -> Row:
    problem = _problem(line)
    if problem is not None:
        return Row(number=number, problem=problem)
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number=number, problem="It is not JSON.")
    if not isinstance(cells, dict):
        return Row(number=number, problem="It is not a JSON object.")
    return Row(number=number, cells=cells)


def _refuse() -> NoReturn:
    message = (
        f"A cell of more than {MAX_LINE} bytes runs over lines: is a quote missing? The rows before it count."
    )
    raise FileError(message)


def _lines(
    stream: BinaryIO, encoding: str, *, ends_in_quotes: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Yield lines; in place of one that can't be had, a line that begins with NUL and says why."""
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            quotes = line.count(b'"')
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE)
                quotes += line.count(b'"')
            if quotes % 2:
                ends_in_quotes()
            yield _TOO_LONG
            continue
        try:
            yield line.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            yield f"\0byte {line[error.start]:#04x} at place {error.start + 1}"


def _problem(text: str) -> str | None:
    if not text.startswith("\0"):
        return None
    if text.startswith(_TOO_LONG):
        return f"It is longer than {MAX_LINE} bytes."
    return f"It is not in the encoding of the file ({text[1:].strip()}): save as UTF-8 or name the encoding."
