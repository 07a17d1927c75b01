"""Attributes are declared once, by admins, for every process; who may not know of one sees none."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError
from server.kit.paging import PageRequest
from server.profiles.model import AttributeId, AttributeType, Bounds, PersonAccess
from server.profiles.standard import STANDARD_ATTRIBUTES
from tests.core import build_core
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer
from tests.factories.profiles import options, spec

if TYPE_CHECKING:
    from server.access.model import Viewer
    from tests.core import Core
    from tests.fakes import FakeClock

PERSON = person_viewer("prf_1")


async def keys(core: Core, viewer: Viewer) -> list[str]:
    return [each.key for each in (await core.attributes.page(viewer, PageRequest(first=100))).items]


async def test_definition_is_read_as_it_was_declared(core: Core, clock: FakeClock) -> None:
    declared = spec(
        "role",
        AttributeType.MULTI_ENUM,
        description="$what they do",
        options=options("$dev", "ops"),
        bounds=Bounds(min_items=1, max_items=2),
        person_access=PersonAccess.READONLY,
    )

    defined = await core.attributes.define(ADMIN, declared)

    assert (defined.key, defined.type, defined.options) == (
        "role",
        AttributeType.MULTI_ENUM,
        declared.options,
    )
    other = build_core(core.database, clock)
    assert await other.attributes.find(ADMIN, defined.id) == defined
    assert (await other.attributes.catalogue.current()).get("role") == defined


async def test_key_is_taken_once_even_by_twenty_at_once(core: Core, clock: FakeClock) -> None:
    cores = [core, build_core(core.database, clock)]

    results = await asyncio.gather(
        *(cores[n % 2].attributes.define(ADMIN, spec("role")) for n in range(20)), return_exceptions=True
    )

    assert sum(isinstance(each, ConflictError) for each in results) == 19
    assert await keys(core, ADMIN) == ["role"]


@pytest.mark.parametrize(
    "viewer",
    [NOBODY, widget_viewer(), PERSON, app_viewer(*sorted(set(Scope) - {Scope.ADMIN}))],
    ids=lambda viewer: viewer.kind,
)
async def test_only_admins_declare_attributes(core: Core, viewer: Viewer) -> None:
    with pytest.raises(ForbiddenError):
        await core.attributes.define(viewer, spec("role"))

    assert await keys(core, ADMIN) == []


async def test_bad_declaration_stores_nothing(core: Core) -> None:
    with pytest.raises(InvalidInputError):
        await core.attributes.define(ADMIN, spec("role", AttributeType.ENUM))

    assert await keys(core, ADMIN) == []


async def test_standard_attributes_are_declared_once_however_many_processes_start(
    core: Core, clock: FakeClock
) -> None:
    cores = [build_core(core.database, clock) for _ in range(3)]

    await asyncio.gather(*(each.attributes.ensure_standard_attributes() for each in cores))
    await core.attributes.ensure_standard_attributes()

    assert sorted(await keys(core, ADMIN)) == sorted(each.key for each in STANDARD_ATTRIBUTES)


async def test_declared_attribute_stays_where_a_standard_one_has_its_key(core: Core) -> None:
    own = await core.attributes.define(ADMIN, spec("goal", AttributeType.BOOLEAN))

    await core.attributes.ensure_standard_attributes()

    assert (await core.attributes.catalogue.current()).get("goal") == own


async def test_hidden_attribute_looks_to_persons_like_an_unknown_one(core: Core) -> None:
    hidden = await core.attributes.define(ADMIN, spec("risk", person_access=PersonAccess.HIDDEN))
    shown = [
        await core.attributes.define(ADMIN, spec(access.value, person_access=access))
        for access in (PersonAccess.READONLY, PersonAccess.READWRITE)
    ]

    found = [await core.attributes.find(PERSON, each) for each in (hidden.id, AttributeId("att_made_up"))]

    assert found == [None, None]
    assert set(await keys(core, PERSON)) == {each.key for each in shown}
    assert [await core.attributes.find(PERSON, each.id) for each in shown] == shown


async def test_attributes_are_known_to_who_reads_profiles_or_configuration(core: Core) -> None:
    defined = await core.attributes.define(ADMIN, spec("risk", person_access=PersonAccess.HIDDEN))

    for scope in (Scope.PROFILES_READ, Scope.CONFIGURATION_READ, Scope.ADMIN):
        assert await keys(core, app_viewer(scope)) == ["risk"]
    for viewer in (NOBODY, widget_viewer(), app_viewer(Scope.PROFILES_WRITE, Scope.ENRICHMENT_RUN)):
        assert await keys(core, viewer) == []
        assert await core.attributes.find(viewer, defined.id) is None


async def test_pages_hold_every_definition_once_oldest_first(core: Core, clock: FakeClock) -> None:
    for n in range(5):
        await core.attributes.define(ADMIN, spec(f"a{n}"))
        clock.advance(timedelta(milliseconds=1))

    first = await core.attributes.page(ADMIN, PageRequest(first=3))
    second = await core.attributes.page(ADMIN, PageRequest(first=3, after=first.items[-1].id))

    assert [[each.key for each in page.items] for page in (first, second)] == [
        ["a0", "a1", "a2"],
        ["a3", "a4"],
    ]
    assert (first.has_next, second.has_next) == (True, False)
