"""A page and a look-up read the same profiles in different ways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.kit.paging import PageRequest
from server.profiles.model import ProfileUpdate
from server.profiles.reading import ProfileQuery
from tests.factories.access import ADMIN
from tests.factories.profiles import APP, user

if TYPE_CHECKING:
    from server.profiles.model import Profile
    from tests.api import Api


def _whole(profile: Profile) -> Profile:
    """Return the profile with everything read that is read when somebody looks."""
    return replace(profile, claims=dict(profile.claims))


async def test_page_holds_the_profiles_that_look_ups_find(api: Api) -> None:
    profiles = api.services.profiles
    for number in range(3):
        recognised = await profiles.recognise(user(f"u-{number}"))
        claims = await profiles.claims({"job_title": "Gardener", "email": "a@example.com"}, APP)
        await profiles.write(recognised.id, ProfileUpdate(claims=claims))

    page = await api.services.reading.page(ADMIN, ProfileQuery(), PageRequest(first=20))

    assert page is not None
    alone = [await profiles.find(each.id) for each in page.items]
    assert [len(each.claims) for each in page.items] == [2, 2, 2]
    assert [_whole(each) for each in page.items] == [_whole(each) for each in alone if each is not None]
