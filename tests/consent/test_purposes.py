"""Defining purposes: whose words people agree to can be read for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope
from server.consent.errors import UnknownPurposeError
from server.consent.model import Basis, OnWithdrawal, PurposeEdit, PurposeId, PurposeSpec
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError
from server.kit.paging import PageRequest
from tests.core import build_core
from tests.factories.access import ADMIN, app_viewer, person_viewer
from tests.factories.profiles import spec

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from tests.core import Core
    from tests.fakes import FakeClock

NEWS = PurposeSpec(key="news", name="News", description="To write.", text="May we write to you?")


async def test_defined_purpose_is_known_by_its_key(core: Core) -> None:
    defined = await core.consents.define(ADMIN, NEWS)

    assert await core.consents.get("news") == defined
    assert (defined.text_version, defined.least_version, defined.basis) == (1, 1, Basis.OPT_IN)


async def test_new_text_is_the_next_version_and_the_old_one_stays(core: Core) -> None:
    await core.consents.define(ADMIN, NEWS)

    edited = await core.consents.update(ADMIN, "news", PurposeEdit(text="May we?"))
    same = await core.consents.update(ADMIN, "news", PurposeEdit(text="May we?", name="Post"))

    assert [text.text for text in edited.texts] == ["May we write to you?", "May we?"]
    assert (edited.text_version, edited.least_version) == (2, 1)
    assert (same.texts, same.name) == (edited.texts, "Post")


async def test_renewal_makes_grants_of_earlier_texts_not_count(core: Core) -> None:
    await core.consents.define(ADMIN, NEWS)

    edited = await core.consents.update(ADMIN, "news", PurposeEdit(text="May we?", needs_renewal=True))

    assert edited.least_version == 2


async def test_what_an_edit_leaves_out_stays(core: Core) -> None:
    await core.consents.define(ADMIN, replace(NEWS, on_withdrawal=OnWithdrawal.ERASE))

    edited = await core.consents.update(ADMIN, "news", PurposeEdit(basis=Basis.OPT_OUT))

    assert (edited.name, edited.on_withdrawal, edited.basis) == ("News", OnWithdrawal.ERASE, Basis.OPT_OUT)


async def test_another_process_sees_it_when_it_loads(
    core: Core, database: Database, clock: FakeClock
) -> None:
    other = build_core(database, clock)
    assert "news" not in (await other.consents.purposes.current()).by_key

    await core.consents.define(ADMIN, NEWS)
    await other.consents.purposes.refresh()

    assert "news" in (await other.consents.purposes.current()).by_key


async def test_edit_on_what_somebody_else_changed_meanwhile_keeps_both(
    core: Core, database: Database, clock: FakeClock
) -> None:
    await core.consents.define(ADMIN, NEWS)
    other = build_core(database, clock)
    await other.consents.purposes.refresh()

    await core.consents.update(ADMIN, "news", PurposeEdit(name="Post"))
    edited = await other.consents.update(ADMIN, "news", PurposeEdit(text="May we?"))

    assert (edited.name, edited.text_version) == ("Post", 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "News"),
        ("key", "a.b"),
        ("key", "$set"),
        ("key", "a\0"),
        ("key", ""),
        ("key", "a" * 64),
        ("name", " "),
        ("name", "x" * 201),
        ("description", ""),
        ("text", "x" * 10_001),
        ("text", "half a \ud800 pair"),
        ("text", "a NUL \0"),
    ],
)
async def test_bad_input_is_refused_by_name(core: Core, field: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await core.consents.define(ADMIN, replace(NEWS, **{field: value}))  # type: ignore[arg-type] # all are texts

    assert refused.value.field == field


async def test_key_is_taken_once(core: Core) -> None:
    await core.consents.define(ADMIN, NEWS)

    with pytest.raises(ConflictError):
        await core.consents.define(ADMIN, NEWS)


async def test_only_admins_define_and_change(core: Core) -> None:
    app = app_viewer(*(scope for scope in Scope if scope is not Scope.ADMIN))

    with pytest.raises(ForbiddenError):
        await core.consents.define(app, NEWS)
    with pytest.raises(ForbiddenError):
        await core.consents.update(app, "news", PurposeEdit())


async def test_unknown_purpose_is_none(core: Core) -> None:
    with pytest.raises(UnknownPurposeError):
        await core.consents.update(ADMIN, "none", PurposeEdit())
    with pytest.raises(UnknownPurposeError):
        await core.attributes.define(ADMIN, replace(spec("topic"), purpose="none"))


async def test_purposes_are_there_to_be_read_by_whoever_has_a_key(core: Core) -> None:
    defined = await core.consents.define(ADMIN, NEWS)

    for viewer, seen in ((person_viewer("prf_1"), (defined,)), (app_viewer(), (defined,)), (NOBODY, ())):
        assert (await core.consents.page(viewer, PageRequest())).items == seen
    assert await core.consents.find(NOBODY, defined.id) is None
    assert await core.consents.find(ADMIN, defined.id) == defined
    assert await core.consents.find(ADMIN, PurposeId("pur_none")) is None


async def test_standard_purposes_are_made_once(core: Core) -> None:
    await core.consents.ensure_standard_purposes()
    before = await core.consents.page(ADMIN, PageRequest(first=100))

    await core.consents.ensure_standard_purposes()

    assert await core.consents.page(ADMIN, PageRequest(first=100)) == before
    assert {each.key for each in before.items} == {
        "enrichment_derived",
        "enrichment_ip",
        "enrichment_third_party",
    }
