"""What a provider said is kept raw only as far as its person allows the purposes that it would serve."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.consent.model import ConsentState
from server.settings import ProviderSettings
from tests.api import PROVIDER, SEEDER, Api
from tests.factories.profiles import spec
from tests.privacy.world import NEWS, consent, prepare, work

if TYPE_CHECKING:
    from tests.api import Person

CLAIMS = {"name": "Ada", "company": "Works", "hobby": "Sewing", "email": "ada@works.example"}


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with a claim of its provider that fills an attribute with a purpose."""
    await prepare(api)
    await api.services.attributes.define(SEEDER, replace(spec("pastime"), purpose=NEWS))
    settings = ProviderSettings(
        key=PROVIDER,
        name="Demo",
        issuer="https://id.test",
        client_id="acquaint",
        claims={"hobby": "pastime", "company": "company_name"},
    )
    await api.services.identity.providers.configure(SEEDER, settings, secret="s" * 32)
    return api


async def _raw(town: Api) -> dict[str, Any]:
    (account,) = await town.services.database["accounts"].find().to_list(None)
    raw: dict[str, Any] = json.loads(account["claims"])
    return raw


async def _consenting(town: Api) -> Person:
    """Sign in, grant, and sign in again."""
    person = await town.signed_in("ada", **CLAIMS)
    await consent(town, person, ConsentState.GRANTED)
    return await town.signed_in("ada", **CLAIMS)


async def test_claim_without_consent_is_not_even_kept_raw(town: Api) -> None:
    await town.signed_in("ada", **CLAIMS)
    assert "hobby" not in await _raw(town)

    await _consenting(town)

    assert (await _raw(town))["hobby"] == "Sewing"


@pytest.mark.parametrize("state", [ConsentState.WITHDRAWN, ConsentState.DENIED])
async def test_withdrawal_drops_the_raw_claims_of_its_purpose_and_no_others(
    town: Api, state: ConsentState
) -> None:
    person = await _consenting(town)
    await town.signed_in("bob", **CLAIMS)
    before = await town.services.database["accounts"].count_documents({"claims": {"$regex": "Sewing"}})

    await consent(town, person, state)
    await work(town)

    kept = {
        each["_id"].rpartition("|")[2]: json.loads(each["claims"])
        async for each in town.services.database["accounts"].find()
    }
    assert before == 1
    assert all("hobby" not in each for each in kept.values())
    assert sorted(each["company"] for each in kept.values()) == ["Works", "Works"]


async def test_what_a_provider_said_that_is_off_goes_whole(town: Api) -> None:
    person = await _consenting(town)
    await town.services.identity.providers.disable(SEEDER, PROVIDER)

    await consent(town, person, ConsentState.WITHDRAWN)
    await work(town)

    assert await _raw(town) == {}


async def test_next_sign_in_brings_nothing_of_it_back(town: Api) -> None:
    person = await _consenting(town)
    await consent(town, person, ConsentState.WITHDRAWN)
    await work(town)

    await town.signed_in("ada", **CLAIMS)

    assert "hobby" not in await _raw(town)
    assert (await _raw(town))["company"] == "Works"
