"""Changes survive the outbox, and what an older or newer version wrote is read as far as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st

from server.kit.changes import Change, ChangeId, change_document, read_change

if TYPE_CHECKING:
    from server.kit.mongo import Database

NOW = datetime(2026, 3, 14, 9, 26, 53, 589000, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Change):
    kind: ClassVar[str] = "test.told"
    what: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Change):
    kind: ClassVar[str] = "test.moved"


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def told(what: object = "hello") -> Told:
    return Told(id=ChangeId("chg_1"), at=NOW, profile_id="prf_1", what=what)


@given(plain)
def test_change_is_read_as_it_was_announced(what: object) -> None:
    assert read_change(change_document(told(what)), [Moved, Told]) == told(what)


async def test_change_survives_the_database(database: Database) -> None:
    change = told({"value": ["a", 1, 2.5, True, None], "at": NOW})
    await database["things"].insert_one({"_id": 1, "outbox": [change_document(change)]})

    found = await database["things"].find_one({"_id": 1})

    assert found is not None
    assert read_change(found["outbox"][0], [Told]) == change


def test_unknown_kind_is_left_to_who_knows_it() -> None:
    assert read_change(change_document(told()), [Moved]) is None


def test_field_that_a_newer_version_added_is_ignored() -> None:
    assert read_change({**change_document(told()), "invented_later": 1}, [Told]) == told()
