"""Rows of files that are no good: cells of 100 MB, quotes that never close, encodings that are others."""

from __future__ import annotations

import io
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from server.bulk.errors import FileError
from server.bulk.rows import MAX_LINE, csv_rows, json_rows

if TYPE_CHECKING:
    from pathlib import Path

HUNDRED_MEGABYTES = 100 * 1024 * 1024


def test_cell_of_a_hundred_megabytes_is_refused_and_costs_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    with file.open("wb") as out:
        out.write(b'user_id,given_name\nu-1,"')
        for _ in range(100):
            out.write(b"x" * (HUNDRED_MEGABYTES // 100))
        out.write(b'"\nu-2,Ada\n')

    with file.open("rb") as stream:
        tracemalloc.start()
        rows = list(csv_rows(stream, "utf-8"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert [row.problem for row in rows] == [f"It is longer than {MAX_LINE} bytes.", None]
    assert rows[1].cells == {"user_id": "u-2", "given_name": "Ada"}
    assert peak < 10 * MAX_LINE


@pytest.mark.parametrize(
    "cell",
    [b"x" * (2 * MAX_LINE) + b"\nu-2,Eve\n", (b"x" * 1_000 + b"\nu-2,Eve\n") * 2_000],
    ids=["one endless line", "many lines"],
)
def test_what_stands_in_an_endless_cell_is_never_taken_for_rows(cell: bytes) -> None:
    rows = csv_rows(io.BytesIO(b'user_id,given_name\nu-0,Ada\nu-1,"' + cell), "utf-8")

    assert next(rows).cells == {"user_id": "u-0", "given_name": "Ada"}
    with pytest.raises(FileError, match="is a quote missing"):
        list(rows)


def test_row_in_another_encoding_is_refused_by_its_byte() -> None:
    file = io.BytesIO("user_id,given_name\nu-1,Zo\u00eb\nu-2,Ada\n".encode("latin-1"))

    rows = list(csv_rows(file, "utf-8"))

    assert rows[0].problem == (
        "It is not in the encoding of the file (byte 0xeb at place 7): save as UTF-8 or name the encoding."
    )
    assert rows[1].problem is None


@pytest.mark.parametrize("line", ["[" * 100_000, "9" * 10_000, '{"user_id": 1e999999', "{}x"])
def test_line_that_is_no_json_object_is_refused_in_one_sentence(line: str) -> None:
    (row,) = json_rows(io.BytesIO(line.encode()), "utf-8")

    assert row.problem in {"It is not JSON.", "It is not a JSON object."}
