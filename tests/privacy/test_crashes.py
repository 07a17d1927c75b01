"""A worker that ends at any statement of a privacy job: run again, the job comes to the same end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.consent.model import ConsentState
from server.kit.jobs.service import LEASE
from server.privacy.model import SETTLES_AFTER
from tests.api import SEEDER
from tests.fakes import Crash
from tests.privacy.crashing import Fate, mortal_services
from tests.privacy.world import NEWS, Told, consent, everything, prepare, tell, worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.services import Services
    from tests.api import Api
    from tests.fakes import FakeClock

    Ask = Callable[[Api, Told], Awaitable[object]]

# What the running application writes from time to time, whatever is asked of it.
_ON_THEIR_OWN = {"rate_limits", "api_key_uses"}


async def ask_erasure(api: Api, told: Told) -> object:
    return await api.services.privacy.erase_person(SEEDER, told.id)


async def ask_anonymity(api: Api, told: Told) -> object:
    return await api.services.privacy.anonymise_person(SEEDER, told.id)


async def ask_export(api: Api, told: Told) -> object:
    return await api.services.privacy.export_person(SEEDER, told.id)


async def ask_withdrawal(api: Api, told: Told) -> None:
    await consent(api, told.page, ConsentState.WITHDRAWN)


async def live(services: Services) -> None:
    """Work until there is nothing to do or the process ends."""
    try:
        await worker(services).drain()
    except* Crash:
        pass


async def carry_out(api: Api, clock: FakeClock, fate: Fate) -> None:
    """Let a worker carry it out that ends where fate says, and then others that live on."""
    await live(mortal_services(api.services, fate))
    for _ in range(2):
        clock.advance(max(LEASE, SETTLES_AFTER))
        await live(mortal_services(api.services, fate))
        await live(api.services)


async def left(api: Api, told: Told) -> dict[str, int]:
    """Return how many documents of each collection there are, and how often they speak of the person."""
    found = {name: each for name, each in (await everything(api)).items() if name not in _ON_THEIR_OWN}
    return {name: len(documents) for name, documents in found.items()} | {
        f"{name} with {what}": repr(documents).count(word)
        for name, documents in found.items()
        if name not in {"jobs", "export_chunks"}
        for what, word in (("name", told.subject), ("topic", f"Topic of {told.subject}"), ("purpose", NEWS))
    }


@pytest.mark.parametrize("ask", [ask_erasure, ask_anonymity, ask_withdrawal, ask_export])
async def test_job_that_is_interrupted_anywhere_comes_to_the_same_end(
    api: Api, clock: FakeClock, ask: Ask
) -> None:
    clock.advance(timedelta(hours=1))  # or else MongoDB drops what expires, by its own clock, meanwhile
    await prepare(api)
    undisturbed = Fate()
    calm = await tell(api, "calm")
    before = await left(api, calm)
    await ask(api, calm)
    await carry_out(api, clock, undisturbed)
    expected = _difference(before, await left(api, calm))

    ends = {}
    for number in range(1, undisturbed.count + 1):
        told = await tell(api, f"storm{number}x")
        before = await left(api, told)
        await ask(api, told)
        fate = Fate(at=number)
        await carry_out(api, clock, fate)
        ends[number] = _difference(before, await left(api, told))
        assert fate.count >= number

    assert undisturbed.count > 5
    assert {number: end for number, end in ends.items() if end != expected} == {}


def _difference(before: dict[str, int], after: dict[str, int]) -> dict[str, Any]:
    return {
        name: after.get(name, 0) - before.get(name, 0)
        for name in sorted({*before, *after})
        if after.get(name, 0) != before.get(name, 0)
    }
