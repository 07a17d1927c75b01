"""Exporting profiles: what a spreadsheet makes of the file, and what an import reads back out of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from server.bulk.exporting import as_cell
from server.bulk.importing import Outcome
from tests.bulk.test_importing import ignore, traits, written
from tests.factories.access import ADMIN
from tests.factories.profiles import user

if TYPE_CHECKING:
    from pathlib import Path

    from server.bulk.exporting import FileExport
    from server.bulk.importing import FileImport
    from tests.core import Core


async def test_an_export_is_read_back_as_it_was(
    stocked: Core, importer: FileImport, exporter: FileExport, tmp_path: Path
) -> None:
    people = 'user_id,given_name,company_size,birthdate\nu-1,=cmd(),11-50,1815-12-10\nu-2,"Zoë, the 2nd",,\n'
    await importer.run(written(tmp_path, people), ignore)
    before = await traits(stocked, user("u-1")), await traits(stocked, user("u-2"))
    as_csv, as_json = io.StringIO(newline=""), io.StringIO()

    assert await exporter.write_csv(ADMIN, as_csv, ignore) == 2
    assert await exporter.write_json(ADMIN, as_json, ignore) == 2

    assert "'=cmd()" in as_csv.getvalue()
    for name, text in (("back.csv", as_csv.getvalue()), ("back.jsonl", as_json.getvalue())):
        await stocked.database["profiles"].delete_many({})
        await importer.run(written(tmp_path, text, name=name), ignore)
        assert (await traits(stocked, user("u-1")), await traits(stocked, user("u-2"))) == before


async def test_id_that_looks_like_a_formula_is_the_same_person_after_an_export(
    stocked: Core, importer: FileImport, exporter: FileExport, tmp_path: Path
) -> None:
    people = "user_id,email_identity,given_name\n@ada,+ada@example.com,Ada\n"
    await importer.run(written(tmp_path, people), ignore)
    as_csv = io.StringIO(newline="")
    await exporter.write_csv(ADMIN, as_csv, ignore)

    outcome = await importer.run(written(tmp_path, as_csv.getvalue(), name="back.csv"), ignore)

    assert outcome == Outcome(taken=1, refused=0)
    assert "'@ada,'+ada@example.com" in as_csv.getvalue()
    assert await stocked.database["profiles"].count_documents({}) == 1


@pytest.mark.parametrize("value", ["=1+1", ["=1+1", "b"], ["@a"]])
def test_no_cell_is_a_formula_to_a_spreadsheet(value: object) -> None:
    assert str(as_cell(value)).startswith("'")
