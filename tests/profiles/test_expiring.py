"""Claims that run out: never shown, swept from the profile and kept in its history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.kit.jobs.model import NewJob
from server.kit.jobs.periodic import Periodic
from server.profiles.expiring import EVERY, EXPIRE
from server.profiles.model import PERSON, Circumstances
from tests.factories.access import ADMIN
from tests.factories.profiles import LOOK_UP, spec, user

if TYPE_CHECKING:
    from server.profiles.model import AttributeDefinition
    from tests.profiles.claims_world import ClaimsWorld

HOUR = timedelta(hours=1)


@pytest.fixture
async def title(claims_world: ClaimsWorld) -> AttributeDefinition:
    return await claims_world.core.attributes.define(ADMIN, spec("job_title"))


async def sweep(world: ClaimsWorld) -> None:
    await world.queue.enqueue(NewJob(id=f"job_{world.clock()}", kind=EXPIRE))  # type: ignore[arg-type] # any text
    await world.worker.drain()


async def test_next_best_claim_takes_the_place_of_one_that_ran_out(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    ada = await world.person()
    await world.say(ada.id, title, "said long ago", PERSON, lasts=HOUR)
    await world.say(ada.id, title, "looked up", LOOK_UP, lasts=3 * HOUR)

    world.clock.advance(HOUR)
    await sweep(world)

    assert await world.values(ada.id) == {title.id: "looked up"}
    assert await world.past(ada.id) == ["said long ago"]
    assert (await world.stored(ada.id))["expires_next"] is not None

    world.clock.advance(3 * HOUR)
    await sweep(world)

    assert await world.values(ada.id) == {}
    assert (await world.stored(ada.id))["expires_next"] is None


async def test_sweep_finds_everybody_and_leaves_what_counts(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    for number in range(150):
        person = await world.person(number)
        await world.say(person.id, title, "soon over", LOOK_UP, lasts=HOUR if number else None)

    world.clock.advance(HOUR)
    await sweep(world)

    assert await world.core.database["profiles"].count_documents({"values.k": title.id}) == 1
    assert await world.core.database["profiles"].count_documents({"expires_next": {"$ne": None}}) == 0


async def test_sweep_with_nothing_to_do_writes_nothing(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    ada = await world.person()
    written = await world.say(ada.id, title, "for ever", PERSON)

    await sweep(world)

    assert (await world.stored(ada.id))["version"] == written.version


async def test_value_lasts_as_long_as_its_attribute_says_unless_it_says_itself(
    claims_world: ClaimsWorld,
) -> None:
    world = claims_world
    await world.core.attributes.define(ADMIN, spec("city", lasts=HOUR))
    await world.core.attributes.define(ADMIN, spec("town", lasts=HOUR))
    now = world.clock()

    written = await world.core.claiming.set_attributes(
        ADMIN,
        user(),
        {"city": "Turin", "town": "Alba"},
        may_create=True,
        circumstances={"town": Circumstances(observed_at=now - HOUR, expires_at=now + 5 * HOUR)},
    )

    ends = {each.value: each.expires_at for claims in written.claims.values() for each in claims}
    assert ends == {"Turin": now + HOUR, "Alba": now + 5 * HOUR}


async def test_what_comes_round_is_queued_once_a_stretch(claims_world: ClaimsWorld) -> None:
    world, sweeping = claims_world, Periodic(kind=EXPIRE, every=EVERY)

    queued = [await world.queue.bring_round(sweeping) for _ in range(3)]
    await world.worker.drain()
    queued_again = await world.queue.bring_round(sweeping)
    world.clock.advance(EVERY)
    queued_later = await world.queue.bring_round(sweeping)

    assert queued == [True, False, False]
    assert (queued_again, queued_later) == (False, True)
