"""A page that stays open renews its viewer token: the same person, no new visit, nothing after the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, VIEWER_TOKEN_LIFETIME, KeyKind
from server.kit.errors import ForbiddenError, NotFoundError
from tests.sign_in_world import ADMIN, ORIGIN

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock
    from tests.sign_in_world import World

RENEW = """mutation ($input: RenewViewerTokenInput!) { renewViewerToken(input: $input) {
  __typename ... on RenewViewerTokenSuccess { viewerToken expiresInSeconds } } }"""


async def test_renewed_token_is_the_same_persons_and_no_visit(api: Api, clock: FakeClock) -> None:
    person = await api.person()
    before = await api.services.profiles.find(person.profile_id)
    clock.advance(VIEWER_TOKEN_LIFETIME - timedelta(seconds=60))

    given = {"input": {"resumeToken": person.resume_token}}
    renewed = (await api.data(RENEW, given, by=api.page))["renewViewerToken"]
    clock.advance(timedelta(minutes=10))

    viewer = await api.services.access.identify(renewed["viewerToken"], person.origin)
    after = await api.services.profiles.find(person.profile_id)
    assert renewed["expiresInSeconds"] in {899, 900}
    assert viewer.profile_id == person.profile_id
    assert before is not None
    assert after is not None
    assert (after.visit, after.visits) == (before.visit, before.visits)


async def test_nobody_renews_what_has_ended_or_is_anothers(world: World) -> None:
    started = await world.visit()
    await world.identity.sign_out(started.viewer)

    for token in (started.resume_token, "rst_made_up", ""):
        with pytest.raises(NotFoundError, match="call startVisit to begin anew"):
            await world.identity.renew_token(world.page, token)


async def test_only_pages_renew_tokens(world: World) -> None:
    started = await world.visit()

    for viewer in (NOBODY, started.viewer):
        with pytest.raises(ForbiddenError, match="Only a page with a publishable key renews"):
            await world.identity.renew_token(viewer, started.resume_token)


async def test_other_page_renews_nothing_with_a_stolen_resume_token(world: World) -> None:
    started = await world.visit()
    other = await world.access.create_key(
        ADMIN, kind=KeyKind.PUBLISHABLE, name="Other", origins=("https://other.test", ORIGIN)
    )
    pages = (
        replace(world.page, key_id=other.key.id),
        replace(world.page, origin="https://other.test"),
        replace(world.page, key_id=other.key.id, origin="https://other.test"),
    )

    for page in pages:
        with pytest.raises(NotFoundError):
            await world.identity.renew_token(page, started.resume_token)
