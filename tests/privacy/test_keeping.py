"""Without consent to what an attribute is for nothing about it is kept, whoever says it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from server.consent.model import ConsentState
from server.profiles.importing import Imported, Importing
from server.profiles.model import ProfileUpdate
from tests.api import SEEDER
from tests.factories.profiles import APP, user
from tests.privacy.test_withdrawing import traits
from tests.privacy.world import CORRECT, NEWS, consent, mentions, prepare, set_attributes

if TYPE_CHECKING:
    from tests.api import Api

REFUSED = "Nothing is kept about 'topic' without consent to 'news'."
SUGGESTED = {"key": "topic", "value": "Cats"}


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with a purpose and the attribute `topic` that needs it."""
    await prepare(api)
    return api


async def test_word_of_an_app_needs_consent_and_makes_nobody_without(town: Api) -> None:
    person = await town.person()

    refused = await set_attributes(town, {"id": person.profile_id}, topic="Cats", nickname="Ada")
    stranger = await set_attributes(town, {"userId": "u-1"}, topic="Cats")
    await consent(town, person, ConsentState.GRANTED)
    written = await set_attributes(town, {"id": person.profile_id}, topic="Dogs", nickname="Ada")

    assert refused == stranger == {"__typename": "ForbiddenError", "message": REFUSED}
    assert await town.services.profiles.find_by_identity(user("u-1")) is None
    assert await mentions(town, "Cats") == set()
    assert written["__typename"] == "SetAttributesSuccess"
    assert (await traits(town, person.profile_id))["topic"] == "Dogs"


async def test_what_was_said_is_taken_back_without_consent(town: Api) -> None:
    person = await town.person()
    await consent(town, person, ConsentState.GRANTED)
    await set_attributes(town, {"id": person.profile_id}, topic="Cats")
    await consent(town, person, ConsentState.DENIED)

    result = await set_attributes(town, {"id": person.profile_id}, topic=None)

    assert result["__typename"] == "SetAttributesSuccess"
    assert "Cats" not in repr(await town.services.database["profiles"].find_one({}, {"outbox": 0}))


async def test_persons_own_word_needs_their_consent_too(town: Api) -> None:
    person = await town.person()

    refused = await town.data(CORRECT, {"input": SUGGESTED}, by=person)
    await consent(town, person, ConsentState.GRANTED)
    taken = await town.data(CORRECT, {"input": SUGGESTED}, by=person)

    assert refused["correctAttribute"]["__typename"] == "ForbiddenError"
    assert taken["correctAttribute"]["__typename"] == "OwnProfileSuccess"


async def test_write_that_comes_after_a_withdrawal_is_none(town: Api) -> None:
    person = await town.person()
    await consent(town, person, ConsentState.GRANTED)
    claims = await town.services.profiles.claims({"topic": "Cats"}, APP)
    await consent(town, person, ConsentState.WITHDRAWN)

    written = await town.services.profiles.write(person.profile_id, ProfileUpdate(claims=claims))

    assert written is None


async def test_import_refuses_the_rows_of_who_does_not_consent(town: Api) -> None:
    services = town.services
    for name, state in (("yes", ConsentState.GRANTED), ("no", ConsentState.DENIED)):
        profile = await services.profiles.recognise(user(name))
        await services.consenting.record(SEEDER, profile.id, NEWS, state)
    importing = Importing(
        profiles=services.profiles,
        store=services.stores.profiles,
        erased=services.stores.erased,
        clock=services.clock,
    )
    rows = [
        Imported(seed="file", number=number, identities=(user(who),), values={key: "Cats"})
        for number, (who, key) in enumerate(
            (("yes", "topic"), ("no", "topic"), ("new", "topic"), ("other", "nickname"))
        )
    ]

    prepared = await importing.prepare(rows, services.clock())
    refused = await importing.take(prepared)

    assert prepared.refused == refused == {1: REFUSED, 2: REFUSED}
    assert await services.profiles.find_by_identity(user("new")) is None
    found = await services.profiles.find_by_identity(user("yes"))
    assert found is not None
    assert await traits(town, found.id) == {"topic": "Cats"}


async def test_sign_in_leaves_out_what_is_not_consented_to(town: Api) -> None:
    name = (await town.services.attributes.catalogue.current()).get("given_name")
    await town.services.attributes.update(
        SEEDER, name.id, name.version, lambda each: replace(each, purpose=NEWS)
    )

    person = await town.signed_in(given_name="Augusta", family_name="Lovelace")
    await consent(town, person, ConsentState.GRANTED)
    before = await traits(town, person.profile_id)
    await town.sign_in(given_name="Augusta", family_name="Lovelace")

    assert before == {"family_name": "Lovelace"}
    assert (await traits(town, person.profile_id))["given_name"] == "Augusta"
