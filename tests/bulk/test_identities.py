"""By what the rows of a file name their people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.bulk.mapping import ColumnMapping
from server.bulk.rows import Row
from server.profiles.identifying import email_ref
from server.profiles.importing import Imported
from tests.bulk.conftest import importing_of
from tests.factories.profiles import user

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


@pytest.mark.parametrize("written", ["Jo@BÜCHER.example", "jo@xn--bcher-kva.example"])
async def test_address_is_one_persons_however_a_row_writes_it(stocked: Core, written: str) -> None:
    row = Row(number=1, cells={"email": written})
    mapping = ColumnMapping({"email": "email_identity"})

    person = mapping.person(row, await stocked.profiles.catalogue.current(), is_text=True)

    assert person.identities == (email_ref("jo@bücher.example"),)


async def test_rows_that_all_name_one_person_stop_adding_identities(stocked: Core, clock: FakeClock) -> None:
    importing, at = importing_of(stocked, clock), clock()
    same = (user("none"), *(user(f"u-{n}") for n in range(999)))
    rows = [
        Imported(seed="file", number=number, identities=refs, values={"given_name": "Ada"})
        for number, refs in enumerate([same, (user("none"), user("u-999"))])
    ]

    refused = [await importing.take(await importing.prepare([row], at)) for row in rows]

    assert refused == [{}, {0: "Its person has 1000 identities already; no person has more."}]
    assert await stocked.profiles.find_by_identity(user("u-999")) is None
