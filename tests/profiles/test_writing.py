"""Writing claims: each source its own, all or nothing, guarded, announced, and read as it was written."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.profiles.changes import AttributesChanged
from server.profiles.model import PERSON, AttributeType, Claim, Profile, ProfileId, ProfileUpdate
from server.profiles.resolving import resolve_all
from tests.factories.access import ADMIN
from tests.factories.profiles import APP, DEMO, LOOK_UP, NOW, browser, claim, options, spec
from tests.profiles.strategies import claims, held_claims

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock

HOUR = timedelta(hours=1)

# The database is the same for every example: each works on a profile of its own.
on_one_database = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def write(core: Core, profile_id: ProfileId, *told: Claim, **rest: Any) -> Profile:  # noqa: ANN401 - of ProfileUpdate
    written = await core.profiles.write(profile_id, ProfileUpdate(claims=told, **rest))
    assert written is not None
    return written


async def values(core: Core, profile_id: ProfileId) -> dict[str, object]:
    """Return what is stored for filters: each attribute's value."""
    found = await core.database["profiles"].find_one({"_id": profile_id})
    assert found is not None
    assert len({entry["k"] for entry in found["values"]}) == len(found["values"])
    return {entry["k"]: entry["v"] for entry in found["values"]}


def told_by(profile: Profile) -> dict[str, Claim]:
    return {each.source.slug: each for about in profile.claims.values() for each in about}


async def test_claim_is_read_as_it_was_written(core: Core) -> None:
    created = await core.profiles.recognise(browser())
    told = claim(
        ["$a", "b"], DEMO, confidence=0.25, is_verified=True, expires_at=NOW + HOUR, observed_at=NOW - HOUR
    )

    written = await write(core, created.id, told)

    assert written.claims == {told.attribute_id: (told,)}
    assert await core.profiles.find(created.id) == written


async def test_source_replaces_its_own_claim_and_nobody_elses(core: Core) -> None:
    created = await core.profiles.recognise(browser())
    others = [claim(source=DEMO), claim(source=LOOK_UP), claim(source=APP)]
    await write(core, created.id, claim("old"), *others)
    newer = claim("new", observed_at=NOW + HOUR)

    written = await write(core, created.id, newer)

    assert told_by(written) == {each.source.slug: each for each in [newer, *others]}


async def test_older_claim_that_arrives_late_replaces_nothing(core: Core) -> None:
    created = await core.profiles.recognise(browser())
    newer = claim("new", observed_at=NOW)
    await write(core, created.id, newer)

    written = await write(core, created.id, claim("old", observed_at=NOW - HOUR))

    assert told_by(written) == {"person": newer}
    assert await values(core, created.id) == {newer.attribute_id: "new"}


async def test_claims_that_race_are_all_kept(core: Core) -> None:
    created = await core.profiles.recognise(browser())
    told = [claim(n, attribute_id=f"att_{n}") for n in range(20)]

    await asyncio.gather(*(write(core, created.id, each) for each in told))

    found = await core.profiles.find(created.id)
    assert found is not None
    assert found.claims == {each.attribute_id: (each,) for each in told}
    assert found.version == 21
    assert len(await core.outbox(created.id)) == 21


async def test_retracted_claim_is_gone_and_the_rest_stays(core: Core) -> None:
    created = await core.profiles.recognise(browser())
    mine, looked_up = claim("mine"), claim("looked up", LOOK_UP)
    await write(core, created.id, mine, looked_up)

    written = await write(core, created.id, retracted=(mine,))

    assert told_by(written) == {"enricher:email_domain": looked_up}
    assert await values(core, created.id) == {mine.attribute_id: "looked up"}
    await write(core, created.id, retracted=(looked_up,))
    assert await values(core, created.id) == {}


async def test_guard_that_does_not_hold_lets_nothing_through(core: Core) -> None:
    created = await core.profiles.recognise(browser())
    update = ProfileUpdate(
        claims=(claim(),),
        identities=(browser("another"),),
        part={"questions.qst_1": {"n": 1}},
        increment={"logins": 1},
        only_if={"questions.qst_1.n": 7},
    )

    written = await core.profiles.write(created.id, update)

    assert written is None
    assert await core.profiles.find(created.id) == created
    assert len(await core.outbox(created.id)) == 1


async def test_guard_lets_one_of_twenty_through(core: Core) -> None:
    created = await core.profiles.recognise(browser())

    def update(n: int) -> ProfileUpdate:
        return ProfileUpdate(
            claims=(claim(n),),
            part={"questions.qst_1": {"n": n}},
            only_if={"questions.qst_1": {"$exists": False}},
        )

    written = await asyncio.gather(*(core.profiles.write(created.id, update(n)) for n in range(20)))

    (first,) = [each for each in written if each is not None]
    assert await core.profiles.find(created.id) == first
    assert first.questions["qst_1"]["n"] == told_by(first)["person"].value
    assert len(await core.outbox(created.id)) == 2


async def test_counters_of_writes_that_race_add_up(core: Core) -> None:
    created = await core.profiles.recognise(browser())

    await asyncio.gather(*(write(core, created.id, increment={"logins": 1}) for _ in range(20)))

    found = await core.profiles.find(created.id)
    assert found is not None
    assert found.logins == 20


async def test_write_is_announced_once_for_each_source(core: Core, clock: FakeClock) -> None:
    created = await core.profiles.recognise(browser())
    both = [claim(attribute_id="att_a"), claim(attribute_id="att_b")]

    await write(
        core, created.id, *both, claim(source=APP, attribute_id="att_a"), retracted=(claim(source=LOOK_UP),)
    )

    announced = [entry for entry in await core.outbox(created.id) if entry["kind"] == AttributesChanged.kind]
    assert [(entry["source"], entry["attribute_ids"]) for entry in announced] == [
        ("person", ["att_a", "att_b"]),
        ("app", ["att_a"]),
        ("enricher:email_domain", ["att_job_title"]),
    ]
    assert {(entry["at"], entry["profile_id"]) for entry in announced} == {(clock(), created.id)}
    assert len({entry["id"] for entry in announced}) == 3


async def test_write_without_claims_announces_nothing(core: Core) -> None:
    created = await core.profiles.recognise(browser())

    written = await write(core, created.id, increment={"logins": 1})

    assert (written.logins, written.version) == (1, 2)
    assert len(await core.outbox(created.id)) == 1


@pytest.mark.parametrize("part", [{"$x": "$y"}, "$outbox", {"a": ["$$ROOT"]}, "$", {"n": None}], ids=repr)
async def test_part_of_another_domain_is_kept_as_it_is(core: Core, part: object) -> None:
    created = await core.profiles.recognise(browser())

    written = await write(core, created.id, part={"questions.qst_1": {"value": part}})

    assert written.questions == {"qst_1": {"value": part}}


async def test_write_to_nobody_is_none(core: Core) -> None:
    assert await core.profiles.write(ProfileId("prf_made_up"), ProfileUpdate(claims=(claim(),))) is None


# Laws over sequences of writes

steps = st.lists(
    st.tuples(st.sampled_from(["tell", "retract"]), st.lists(claims, min_size=1, max_size=3)), max_size=6
)


@given(steps)
@on_one_database
async def test_stored_values_are_what_the_claims_resolve_to(
    core: Core, steps: list[tuple[str, list[Claim]]]
) -> None:
    profile = await core.profiles.create(())

    for step, told in steps:
        distinct = tuple({(each.attribute_id, each.source.slug): each for each in told}.values())
        update = ProfileUpdate(claims=distinct) if step == "tell" else ProfileUpdate(retracted=distinct)
        written = await core.profiles.write(profile.id, update)
        assert written is not None
        profile = written

    assert await values(core, profile.id) == resolve_all(profile.claims).values


@given(held_claims, st.randoms(use_true_random=False))
@on_one_database
async def test_order_of_writing_never_matters(core: Core, told: list[Claim], chance: Any) -> None:  # noqa: ANN401 - Hypothesis's Random
    shuffled = told.copy()
    chance.shuffle(shuffled)
    one, other = await core.profiles.create(()), await core.profiles.create(())

    for first, second in zip(told, shuffled, strict=True):
        one, other = await write(core, one.id, first), await write(core, other.id, second)

    assert {key: set(map(repr, about)) for key, about in one.claims.items()} == {
        key: set(map(repr, about)) for key, about in other.claims.items()
    }
    assert await values(core, one.id) == await values(core, other.id)


@given(held_claims)
@on_one_database
async def test_writing_again_changes_nothing_said(core: Core, told: list[Claim]) -> None:
    profile = await core.profiles.create(())
    once = await write(core, profile.id, *told)

    twice = await write(core, profile.id, *told)

    assert twice.claims == once.claims
    assert (await values(core, profile.id)).keys() == once.claims.keys()


# What services hand in


async def test_values_are_checked_by_key_before_anything_is_made(core: Core) -> None:
    await core.attributes.define(ADMIN, spec("role", AttributeType.ENUM, options=options("dev", "ops")))
    await core.attributes.define(ADMIN, spec("size", AttributeType.INTEGER))

    made = await core.profiles.claims({"role": "dev", "size": 3.0}, PERSON, confidence=0.5, is_verified=True)

    assert [(each.value, each.source, each.confidence, each.is_verified) for each in made] == [
        ("dev", PERSON, 0.5, True),
        (3, PERSON, 0.5, True),
    ]
    assert len({each.id for each in made}) == 2
