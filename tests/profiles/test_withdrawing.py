"""Taking a source back: all of it and nothing else, wherever the process ends; a new run fills it in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.kit.errors import ForbiddenError, InvalidInputError
from server.kit.jobs.service import LEASE
from server.profiles.model import PERSON, Source, SourceKind, WithdrawalState
from server.profiles.store import ProfileStore
from server.profiles.uniting import Uniting
from server.profiles.withdrawal_store import WithdrawalStore
from tests.factories.access import ADMIN, app_viewer
from tests.factories.profiles import LOOK_UP, spec, user
from tests.fakes import Crash

if TYPE_CHECKING:
    from server.profiles.model import AttributeDefinition, ProfileId, Withdrawal, WithdrawalId
    from tests.profiles.claims_world import ClaimsWorld

OTHER = Source(kind=SourceKind.ENRICHER, key="other")
PEOPLE = 230  # more than two batches


@pytest.fixture
async def title(claims_world: ClaimsWorld) -> AttributeDefinition:
    return await claims_world.core.attributes.define(ADMIN, spec("job_title"))


async def settle(world: ClaimsWorld, title: AttributeDefinition, people: int = 3) -> list[ProfileId]:
    """Let a look-up speak of everybody, twice of the first, and others too of every other one."""
    ids = []
    for number in range(people):
        profile = await world.person(number)
        await world.say(profile.id, title, f"title {number}", LOOK_UP)
        if number % 2:
            await world.say(profile.id, title, "own words", PERSON)
            await world.say(profile.id, title, "another's", OTHER)
        ids.append(profile.id)
    await world.say(ids[0], title, "newer", LOOK_UP)
    return ids


async def state(world: ClaimsWorld, withdrawal: Withdrawal) -> dict[str, Any]:
    """Return everything that a withdrawal can change, as it is now."""
    profiles = [
        {"values": each["values"], "attributes": each["attributes"], "version": each["version"]}
        async for each in world.core.database["profiles"].find().sort("identity_keys", 1)
    ]
    shown = await world.withdrawals.find(ADMIN, withdrawal.id)
    assert shown is not None
    history = await world.core.database["claim_history"].count_documents({})
    return {
        "profiles": [
            (each["version"], len(each["values"]), sorted(map(len, each["attributes"].values())))
            for each in profiles
        ],
        "counts": (shown.state, shown.profiles_total, shown.profiles_done, shown.claims_done),
        "history": history,
    }


async def test_split_does_not_bring_back_what_was_taken_back(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world, core = claims_world, claims_world.core
    uniting = Uniting(
        store=ProfileStore(core.database), catalogue=core.attributes.catalogue, clock=world.clock
    )
    _, *ids = await settle(world, title)
    survivor = await uniting.merge(ADMIN, ids)
    (gone,) = set(ids) - {survivor.id}
    await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    await world.worker.drain()

    back, left = await uniting.split(ADMIN, gone, keep_apart=False)

    told = [claim for each in (back, left) for claims in each.claims.values() for claim in claims]
    assert {claim.source for claim in told} == {PERSON, OTHER}


async def test_source_is_taken_back_everywhere_and_nobody_else_is(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    ids = await settle(world, title)
    await world.worker.drain()

    withdrawal = await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    await world.worker.drain()

    done = await world.withdrawals.find(ADMIN, withdrawal.id)
    assert done is not None
    assert (done.state, done.profiles_total, done.profiles_done, done.claims_done) == (
        WithdrawalState.DONE,
        3,
        3,
        3,
    )
    assert [await world.values(each) for each in ids] == [{}, {title.id: "own words"}, {}]
    held = await world.core.profiles.find(ids[1])
    assert held is not None
    assert {each.source for each in held.claims[title.id]} == {PERSON, OTHER}
    assert await world.core.database["claim_history"].count_documents({"slug": LOOK_UP.slug}) == 0


async def test_new_run_of_the_source_brings_it_back(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    ids = await settle(world, title)
    withdrawal = await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    world.clock.advance(timedelta(seconds=1))
    await world.say(ids[2], title, "said again", LOOK_UP)

    await world.worker.drain()

    assert [await world.values(each) for each in ids] == [
        {},
        {title.id: "own words"},
        {title.id: "said again"},
    ]
    await world.say(ids[0], title, "once more", LOOK_UP)
    await world.worker.drain()
    assert await world.values(ids[0]) == {title.id: "once more"}
    again = await world.withdrawals.find(ADMIN, withdrawal.id)
    assert again is not None
    assert again.state is WithdrawalState.DONE


class MortalStore(WithdrawalStore):
    """Its process ends at the nth time that progress is written, before or after."""

    def __init__(self, world: ClaimsWorld, ends_at: int) -> None:
        super().__init__(world.core.database)
        self._left = ends_at

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash

    async def plan(self, withdrawal_id: WithdrawalId, upto: ProfileId, *, profiles: int, claims: int) -> None:
        self._step()
        await super().plan(withdrawal_id, upto, profiles=profiles, claims=claims)
        self._step()

    async def settle(self, withdrawal_id: WithdrawalId, upto: ProfileId) -> None:
        self._step()
        await super().settle(withdrawal_id, upto)
        self._step()

    async def end(self, withdrawal_id: WithdrawalId, state: WithdrawalState, now: Any) -> None:  # noqa: ANN401 - a moment
        self._step()
        await super().end(withdrawal_id, state, now)


async def test_process_that_ends_anywhere_leaves_what_an_undisturbed_one_does(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    await settle(world, title, PEOPLE)
    await world.worker.drain()
    withdrawal = await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    crashes = 0

    for ends_at in range(1, 40):
        job = await world.queue.claim(["withdraw_source"], "mortal")
        if job is None:
            break
        try:
            await world.withdrawing(store=MortalStore(world, ends_at % 5 + 1)).run(job)
            await world.queue.finish(job)
        except Crash:
            crashes += 1
        world.clock.advance(LEASE)
    await world.worker.drain()

    assert crashes >= 5
    after = await state(world, withdrawal)
    # Each profile was written to once by the withdrawal, and counted once.
    assert after["counts"] == (WithdrawalState.DONE, PEOPLE, PEOPLE, PEOPLE)
    spoken_of = {user(f"user-{number}").key: number for number in range(PEOPLE)}
    assert after["profiles"] == [
        # Made, said of by three or by one (of the first twice), and written to once by the withdrawal.
        (5, 1, [2]) if number % 2 else (3 + (number == 0), 0, [0])
        for _, number in sorted(spoken_of.items())
    ]
    assert after["history"] == 0


async def test_asking_twice_is_asking_once(claims_world: ClaimsWorld, title: AttributeDefinition) -> None:
    world = claims_world
    await settle(world, title)

    first = await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    second = await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    await world.worker.drain()
    third = await world.withdrawals.withdraw(ADMIN, LOOK_UP)

    assert first == second
    assert third.id != first.id


async def test_what_a_relay_brings_late_is_not_kept(
    claims_world: ClaimsWorld, title: AttributeDefinition
) -> None:
    world = claims_world
    ids = await settle(world, title)
    change = (await world.stored(ids[0]))["outbox"][-1]
    assert [each["value"] for each in change["ended"]] == ["title 0"]

    await world.withdrawals.withdraw(ADMIN, LOOK_UP)
    await world.worker.drain()

    assert await world.past(ids[0]) == []


async def test_only_admins_take_sources_back(claims_world: ClaimsWorld) -> None:
    writer = app_viewer(Scope.PROFILES_WRITE)

    with pytest.raises(ForbiddenError):
        await claims_world.withdrawals.withdraw(writer, LOOK_UP)
    begun = await claims_world.withdrawals.withdraw(ADMIN, LOOK_UP)
    assert await claims_world.withdrawals.find(writer, begun.id) is None


@pytest.mark.parametrize("key", [None, "", "a.b", "$a", "a\0", "\ud800", "x" * 100])
async def test_key_that_no_source_has_is_refused(claims_world: ClaimsWorld, key: str | None) -> None:
    with pytest.raises(InvalidInputError):
        await claims_world.withdrawals.withdraw(ADMIN, Source(kind=SourceKind.ENRICHER, key=key))
