"""Search finds nobody by what may not be shown to whoever searches, whatever was declared or said when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.consent.model import Basis, ConsentState, PurposeSpec
from server.profiles.model import AppAccess, AttributeType, ProfileUpdate
from tests.api import SEEDER
from tests.factories.profiles import LOOK_UP, browser, spec, user
from tests.profiles.test_reading import COUNT, PAGE

if TYPE_CHECKING:
    from server.profiles.model import ProfileId
    from tests.api import Api, Caller

PURPOSE = "greeting"


@pytest.fixture
async def ada(api: Api) -> ProfileId:
    """Somebody known by a name, in a deployment with a purpose that is allowed when granted."""
    given: dict[str, Any] = dict.fromkeys(("name", "description", "text"), "Greeting")
    await api.services.consents.define(SEEDER, PurposeSpec(key=PURPOSE, basis=Basis.OPT_IN, **given))
    profile = await api.services.profiles.recognise(user("u-1"))
    await _say(api, profile.id, given_name="Ada")
    return profile.id


async def _say(api: Api, profile_id: ProfileId, *, consent: str | None = None, **values: object) -> None:
    claims = await api.services.profiles.claims(values, LOOK_UP)
    resting = tuple(replace(each, consent=consent) for each in claims)
    assert await api.services.profiles.write(profile_id, ProfileUpdate(claims=resting))


async def _edit(api: Api, **changes: Any) -> None:  # noqa: ANN401 - fields of the definition
    present = (await api.services.attributes.catalogue.current()).by_canonical["given_name"]
    await api.services.attributes.update(
        SEEDER, present.id, present.version, lambda each: replace(each, **changes)
    )


async def _says(api: Api, profile_id: ProfileId, state: ConsentState) -> None:
    await api.services.consenting.record(SEEDER, profile_id, PURPOSE, state)


async def _found(api: Api, search: str, by: Caller | None = None) -> list[str]:
    page = (await api.data(PAGE, {"search": search}, by=by or api.admin))["profiles"]
    counted = (await api.data(COUNT, {"search": search}, by=by or api.admin))["profileCount"]
    ids = [edge["node"]["id"] for edge in page["edges"]]
    assert counted == {"value": len(ids), "isExact": True}
    return ids


async def test_purpose_set_later_hides_from_search_at_once_and_a_grant_shows(
    api: Api, ada: ProfileId
) -> None:
    before = await _found(api, "ada")

    await _edit(api, purpose=PURPOSE)
    set_later = await _found(api, "ada")
    await _says(api, ada, ConsentState.GRANTED)
    granted = await _found(api, "ada u-1")
    await _says(api, ada, ConsentState.WITHDRAWN)
    withdrawn = await _found(api, "ada")
    await _edit(api, purpose=None)

    assert (before, set_later, granted, withdrawn) == ([ada], [], [ada], [])
    assert await _found(api, "ada") == [ada]


async def test_what_a_source_needed_consent_for_is_found_while_it_is_given(api: Api, ada: ProfileId) -> None:
    await _say(api, ada, consent=PURPOSE, family_name="Lovelace")

    silent = await _found(api, "lovelace")
    await _says(api, ada, ConsentState.GRANTED)
    granted = await _found(api, "ada lovelace")
    await _edit(api, purpose="enrichment_ip")

    assert (silent, granted) == ([], [ada])
    assert await _found(api, "ada lovelace") == []
    assert await _found(api, "lovelace") == [ada]


async def test_merge_keeps_what_each_word_rests_on(api: Api, ada: ProfileId) -> None:
    stranger = await api.services.profiles.recognise(browser("browser-77"))
    await _say(api, stranger.id, consent=PURPOSE, family_name="Lovelace")

    await api.services.profiles.fold(ada, stranger.id)

    assert await _found(api, "lovelace") == []
    assert await _found(api, "ada browser-77") == [ada]


async def test_renamed_name_is_still_searched_and_an_archived_one_is_not(api: Api, ada: ProfileId) -> None:
    await _edit(api, key="first_name")
    renamed = await _found(api, "ada")
    present = (await api.services.attributes.catalogue.current()).by_canonical["given_name"]
    await api.services.attributes.archive(SEEDER, present.id, present.version)

    assert renamed == [ada]
    assert await _found(api, "ada") == []


async def test_nobody_searches_by_what_is_hidden_from_them(api: Api, ada: ProfileId) -> None:
    secret = spec("private_email", AttributeType.EMAIL, app_access=AppAccess.NONE)
    await api.services.attributes.define(SEEDER, secret)
    await _say(api, ada, private_email="secret@example.com")
    app = await api.app(Scope.PROFILES_READ)
    exists = {"filter": {"attribute": {"key": "private_email", "operator": "EXISTS"}}}

    refused = await api.execute(PAGE, exists, by=app)
    counted = await api.execute(COUNT, exists, by=app)

    assert await _found(api, "secret@example") == [ada]
    assert await _found(api, "secret@example", by=app) == []
    assert refused["errors"][0]["message"] == counted["errors"][0]["message"]
    assert "There is no attribute 'private_email'" in refused["errors"][0]["message"]
    assert (await api.data(PAGE, exists, by=api.admin))["profiles"]["edges"] != []
