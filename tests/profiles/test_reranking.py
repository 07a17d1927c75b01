"""A new precedence: seen at once by who reads one profile, worked into all that search finds by a job."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.profiles.model import PERSON, ProfileUpdate, SourceKind, SourceMatch
from server.profiles.resolving import resolve_all
from server.profiles.sweep_store import SweepStore
from tests.factories.access import ADMIN
from tests.factories.profiles import APP, LOOK_UP, definition, spec
from tests.profiles.strategies import claims_of_one_attribute

if TYPE_CHECKING:
    from server.profiles.model import Claim
    from tests.core import Core
    from tests.profiles.claims_world import ClaimsWorld

LOOK_UPS_FIRST = (SourceMatch(kind=SourceKind.ENRICHER), SourceMatch(kind=SourceKind.APP))

matches = st.builds(
    SourceMatch,
    kind=st.sampled_from(SourceKind),
    key=st.none() | st.sampled_from(["a", "b"]),
    is_verified=st.none() | st.booleans(),
)


async def test_new_precedence_is_worked_into_every_profile(claims_world: ClaimsWorld) -> None:
    world = claims_world
    title = await world.core.attributes.define(ADMIN, spec("job_title"))
    people = [await world.person(number) for number in range(5)]
    for person in people:
        await world.say(person.id, title, "own words", PERSON)
        await world.say(person.id, title, "looked up", LOOK_UP)

    await world.core.attributes.update(
        ADMIN, title.id, title.version, lambda present: replace(present, precedence=LOOK_UPS_FIRST)
    )

    assert [await world.values(each.id) for each in people] == [{title.id: "own words"}] * 5
    found = await world.core.profiles.find(people[0].id)
    assert found is not None
    (shown,) = await world.core.profiles.visible_attributes(ADMIN, found, ("job_title",))
    assert shown.value == "looked up"

    world.clock.advance(timedelta(minutes=1))
    await world.worker.drain()

    assert [await world.values(each.id) for each in people] == [{title.id: "looked up"}] * 5
    written = await world.say(people[0].id, title, "by an app", APP)
    assert await world.values(written.id) == {title.id: "looked up"}


async def test_change_of_anything_else_queues_nothing(claims_world: ClaimsWorld) -> None:
    world = claims_world
    title = await world.core.attributes.define(ADMIN, spec("job_title"))

    await world.core.attributes.update(
        ADMIN, title.id, title.version, lambda present: replace(present, label="Position")
    )

    assert await world.core.database["jobs"].count_documents({}) == 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims_of_one_attribute.filter(bool), st.lists(matches, max_size=4, unique=True).map(tuple))
async def test_server_ranks_as_the_rule_does(
    core: Core, told: list[Claim], precedence: tuple[SourceMatch, ...]
) -> None:
    attribute_id = told[0].attribute_id
    about = [replace(each, attribute_id=attribute_id) for each in told]
    profile = await core.profiles.create(())
    await core.profiles.write(profile.id, ProfileUpdate(claims=tuple(about)))

    for _ in range(2):  # a second time changes nothing
        await SweepStore(core.database).rerank(attribute_id, precedence, None, 10_000)

    ruled = replace(definition(id=attribute_id), precedence=precedence)
    expected = resolve_all({attribute_id: about}, {attribute_id: ruled})
    found = await core.database["profiles"].find_one({"_id": profile.id})
    assert found is not None
    assert [entry["v"] for entry in found["values"]] == [expected.values[attribute_id]]
    assert {
        each["id"]: tuple(each["rank"]) for each in found["attributes"][attribute_id].values()
    } == expected.ranks
