"""People erase themselves: with a recent sign-in, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.identity.model import RECENT
from server.kit.errors import ForbiddenError
from server.privacy.model import RequestState
from tests.factories.access import person_viewer
from tests.privacy.world import ERASE, mentions, prepare, request_of, tell, work, work_and_settle

if TYPE_CHECKING:
    from tests.api import Api, Caller
    from tests.fakes import FakeClock


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with a purpose, an attribute that needs it, and questions."""
    await prepare(api)
    return api


async def _erase(town: Api, by: Caller, **given: object) -> tuple[str, str]:
    """Return what became of it and the id of the request, or the message."""
    result = (await town.data(ERASE, {"input": given}, by=by))["erasePerson"]
    said: str = result["message"] if "message" in result else result["request"]["id"]
    return result["__typename"], said


async def test_person_who_has_just_signed_in_erases_themselves(town: Api, clock: FakeClock) -> None:
    told = await tell(town, "lovelace")
    person = await town.signed_in("lovelace", resume_token=told.page.resume_token)

    outcome, request_id = await _erase(town, person)
    await work_and_settle(town, clock)

    assert outcome == "PrivacyRequestSuccess"
    assert (await request_of(town, request_id)).state is RequestState.DONE
    assert await mentions(town, "lovelace") == set()


async def test_sign_in_that_is_long_ago_is_not_enough(town: Api, clock: FakeClock) -> None:
    person = await town.signed_in("ada")
    clock.advance(RECENT + timedelta(seconds=1))
    person = await town.person(resume_token=person.resume_token)

    refused = await _erase(town, person)
    await work(town)

    assert refused == ("RecentSignInError", "The last sign-in is too long ago: sign in again.")
    assert await mentions(town, person.profile_id) != set()


async def test_browser_that_nobody_signed_in_with_is_erased_at_any_time(town: Api, clock: FakeClock) -> None:
    person = await town.person()
    clock.advance(RECENT + timedelta(seconds=1))
    person = await town.person(resume_token=person.resume_token)

    outcome, _ = await _erase(town, person)
    await work(town)

    assert outcome == "PrivacyRequestSuccess"
    assert "profiles" not in await mentions(town, person.profile_id)


async def test_token_from_before_a_sign_in_does_not_erase_whom_it_led_to(town: Api) -> None:
    person = await town.signed_in("ada")

    with pytest.raises(ForbiddenError):
        await town.services.privacy.erase_person(person_viewer(person.profile_id), None)


async def test_nobody_erases_somebody_else(town: Api) -> None:
    told, other = await tell(town), await town.signed_in("bob")

    outcome, _ = await _erase(town, other, profile={"id": told.id})
    await work(town)

    assert outcome == "ForbiddenError"
    assert await town.services.profiles.find_living(told.id) is not None


async def test_app_says_whose_erasure_it_asks_for(town: Api) -> None:
    assert await _erase(town, town.admin) == ("ForbiddenError", "An app says whose data it is about.")
