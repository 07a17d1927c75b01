"""What goes on all the time reads an index and never all profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.profiles.sweep_store import SweepStore
from tests.api import SEEDER
from tests.factories.profiles import browser, user
from tests.plans import plans_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.api import Api


async def _recognise(api: Api) -> None:
    await api.services.profiles.recognise(user("u-1"))


async def _sign_in(api: Api) -> None:
    await api.signed_in("ada", email="ada@example.com", email_verified=True)


async def _look_up(api: Api) -> None:
    await api.services.stores.profiles.owners([user("u-1"), user("u-2")])
    await api.services.stores.profiles.consents_of([user("u-1"), user("u-2")])


async def _merge(api: Api) -> None:
    one, other = [await api.services.profiles.recognise(user(name)) for name in ("u-1", "u-2")]
    await api.services.uniting.merge(SEEDER, [one.id, other.id])
    await api.services.profiles.lineage(one.id)


async def _fold(api: Api) -> None:
    known, stranger = [await api.services.profiles.recognise(each) for each in (user(), browser())]
    await api.services.profiles.fold(known.id, stranger.id)


async def _sweep(api: Api) -> None:
    await SweepStore(api.services.database).expired(api.services.clock(), 10)


@pytest.mark.parametrize("what", [_recognise, _sign_in, _look_up, _merge, _fold, _sweep])
async def test_index_is_read(api: Api, what: Callable[[Api], Awaitable[None]]) -> None:
    async with plans_of(api) as plans:
        await what(api)

    assert any("IXSCAN" in plan for plan in plans)
    assert [plan for plan in plans if "COLLSCAN" in plan] == []
