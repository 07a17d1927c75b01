"""Any OpenID provider: all standard claims as the specification lists them, and what each fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.identity.hostile_provider import ISSUER
from tests.sign_in_world import fragment_of, parameters_of

if TYPE_CHECKING:
    from server.identity.model import StartedVisit
    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import World

# Core 1.0, section 5.1, every claim of it; the person is made up.
STANDARD = {
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "middle_name": "Augusta",
    "nickname": "ada",
    "preferred_username": "ada.l",
    "profile": "https://people.example/ada",
    "picture": "https://people.example/ada.jpg",
    "website": "https://ada.example/",
    "email": "ada@acme.example",
    "email_verified": True,
    "gender": "female",
    "birthdate": "1985-12-10",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "phone_number": "+442071838750",
    "phone_number_verified": False,
    "address": {
        "formatted": "12 St James's Square\nLondon",
        "street_address": "12 St James's Square",
        "locality": "London",
        "region": "Greater London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    },
    "updated_at": 1_311_280_970,
}
# Flags vouch and fill nothing; when the provider changed something says nothing of the person.
_NO_VALUES = {"email_verified", "phone_number_verified", "updated_at"}
FILLED = {
    **{claim: value for claim, value in STANDARD.items() if claim not in _NO_VALUES},
    "address_city": "London",
    "address_region": "Greater London",
    "address_postal_code": "SW1Y 4JH",
    "address_country": "GB",
}


async def _sign_in(world: World, provider: HostileProvider) -> StartedVisit:
    browser = world.browser()
    asked = parameters_of((await browser.start("idp")).headers["location"])
    provider.nonce = asked["nonce"]
    back = await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)
    return await world.arrive(fragment_of(back.headers["location"])["acquaint_code"])


async def test_every_standard_claim_fills_its_attribute(world: World, provider: HostileProvider) -> None:
    provider.claims = STANDARD

    started = await _sign_in(world, provider)

    assert await world.values(started.profile) == FILLED


async def test_only_what_has_a_flag_that_says_so_is_verified_of_contact_details(
    world: World, provider: HostileProvider
) -> None:
    provider.claims = STANDARD

    started = await _sign_in(world, provider)

    known = await world.profiles.known_attributes(started.profile)
    assert known["email"].winner.is_verified
    assert not known["phone_number"].winner.is_verified
