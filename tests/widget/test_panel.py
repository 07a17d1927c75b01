"""The panel and the meter in a browser, over the whole application: what people see and may change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from server.consent.model import ConsentState
from server.identity.model import RECENT
from server.profiles.model import ProfileId
from tests.api import PUBLIC_URL
from tests.privacy.world import consent, work
from tests.widget.axe import violations
from tests.widget.shop import KNOWN, LIGHT

if TYPE_CHECKING:
    from tests.fakes import FakeClock
    from tests.widget.shop import Shop

LOOKUPS = "enrichment_derived"
DARK = "background: #14141a; color: #ececf1"


async def test_panel_shows_every_value_with_its_source_and_age(shop: Shop) -> None:
    await shop.open()

    await expect(shop.row("Team")).to_contain_text("Design")
    await expect(shop.row("Team")).to_contain_text("You said so")
    await expect(shop.row("Topic")).to_contain_text("Maths")
    rows = await shop.panel.locator("[part=row]").count()
    assert rows == len(await shop.known())
    for source in await shop.panel.locator("[part=source]").all_text_contents():
        assert ", " in source
        assert "ago" in source or "in " in source or "this" in source or "now" in source


async def test_person_corrects_and_takes_back_what_is_known(shop: Shop) -> None:
    await shop.open()

    await shop.panel.get_by_role("button", name="Correct: Team").click()
    await expect(shop.panel.get_by_role("combobox", name="Team")).to_be_focused()
    await shop.panel.get_by_role("combobox", name="Team").select_option("sales")
    await shop.panel.get_by_role("button", name="Save").click()
    await expect(shop.row("Team").locator("[part=value]")).to_have_text("Sales")
    assert (await shop.known())["team"] == "sales"
    await shop.panel.get_by_role("button", name="Take back: Team").click()

    await expect(shop.row("Team")).to_have_count(0)
    assert "team" not in await shop.known()
    assert await shop.page.evaluate("window.told") == ["profile:changed"] * 2


async def test_value_that_is_wrong_stays_and_says_why(shop: Shop) -> None:
    await shop.open()
    before = await shop.known()

    await shop.panel.get_by_role("button", name="Correct: Site").click()
    await shop.panel.get_by_role("textbox", name="Site").fill("nobody")
    await shop.panel.get_by_role("button", name="Save").click()

    await expect(shop.panel.get_by_role("status")).not_to_be_empty()
    assert await shop.known() == before


async def test_value_is_hidden_with_the_consent_that_it_rests_on(shop: Shop) -> None:
    await shop.open()
    box = shop.panel.get_by_role("checkbox", name="You may write to me.")
    await expect(box).to_be_checked()

    await shop.panel.get_by_role("button", name="Hide: Topic").click()

    await expect(shop.row("Topic")).to_have_count(0)
    await expect(box).not_to_be_checked()
    assert "topic" not in await shop.known()
    await box.check()
    await expect(shop.row("Topic")).to_contain_text("Maths")


async def test_look_ups_are_stopped(shop: Shop) -> None:
    await consent(shop.api, shop.person, ConsentState.GRANTED, LOOKUPS)
    await work(shop.api)
    await shop.open()

    await shop.panel.get_by_role("button", name="Stop looking up").first.click()

    await expect(shop.panel.get_by_role("button", name="Stop looking up")).to_have_count(0)
    consents = (await shop.api.data(KNOWN, by=shop.person))["viewer"]["profile"]["consents"]
    assert {each["purpose"]["key"]: each["state"] for each in consents}[LOOKUPS] == "WITHDRAWN"


async def test_everything_is_downloaded_as_an_archive(shop: Shop) -> None:
    await shop.open()
    await shop.panel.get_by_role("button", name="Download my data").press("Enter")
    await expect(shop.panel.get_by_role("button", name="Your data is being packed …")).to_be_visible()

    await work(shop.api)

    link = shop.panel.get_by_role("link", name="Your data is ready: download")
    await expect(link).to_be_focused()
    fetched = await shop.api.http.get(await link.get_attribute("href") or "")
    assert fetched.content[:2] == b"PK"


async def test_person_erases_themselves_after_a_second_thought(shop: Shop) -> None:
    await shop.open()
    await shop.panel.get_by_role("button", name="Erase my data").click()
    await shop.panel.get_by_role("button", name="Cancel").click()
    await expect(shop.panel.get_by_role("button", name="Erase my data")).to_be_focused()
    await shop.panel.get_by_role("button", name="Erase my data").click()

    await shop.panel.get_by_role("button", name="Erase everything").click()

    await expect(shop.panel.get_by_role("status")).to_have_text("Your data is being erased.")
    await expect(shop.panel).to_contain_text("Nothing yet.")
    await work(shop.api)
    assert await shop.api.services.profiles.find_living(ProfileId(shop.person.profile_id)) is None
    assert "profile:erased" in await shop.page.evaluate("window.told")


async def test_who_signed_in_long_ago_is_asked_to_sign_in_before_erasing(
    shop: Shop, clock: FakeClock
) -> None:
    clock.advance(RECENT + timedelta(seconds=1))
    await shop.open()
    await shop.panel.get_by_role("button", name="Erase my data").click()

    await shop.panel.get_by_role("button", name="Erase everything").click()

    await expect(shop.panel.get_by_role("status")).to_have_text("Please sign in again first.")
    await work(shop.api)
    assert await shop.api.services.profiles.find_living(ProfileId(shop.person.profile_id)) is not None
    assert "profile:sign-in" in await shop.page.evaluate("window.told")


async def test_host_may_erase_in_its_own_way(shop: Shop) -> None:
    await shop.open()
    await shop.page.evaluate("document.addEventListener('profile:erase', (event) => event.preventDefault())")

    await shop.panel.get_by_role("button", name="Erase my data").click()

    await expect(shop.panel.get_by_role("button", name="Erase everything")).to_have_count(0)


async def test_meter_says_how_much_is_known_and_what_is_next(shop: Shop) -> None:
    await shop.open("profile-meter")
    meter = shop.page.locator("profile-meter")

    await expect(meter.get_by_role("meter")).to_be_visible()
    words = await meter.get_by_role("meter").get_attribute("aria-label") or ""
    known, of = (int(word) for word in words.split() if word.isdigit())
    assert 0 < known < of
    await meter.get_by_role("button", name="Next: \u2068What for?\u2069").click()

    assert await shop.page.evaluate("window.told") == ["profile:next"]


@pytest.mark.parametrize(
    ("style", "root"),
    [(LIGHT, 'lang="en"'), (DARK, 'lang="en"'), (LIGHT, 'lang="ar" dir="rtl"')],
    ids=["light", "dark", "rtl"],
)
async def test_axe_has_nothing_to_say_about_panel_and_meter(shop: Shop, style: str, root: str) -> None:
    await shop.open("profile-panel", "profile-meter", style=style, root=root)
    await expect(shop.page.locator("profile-meter [part=next]")).to_be_visible()
    await expect(shop.panel.locator("[part=erase]")).to_be_visible()
    found = await violations(shop.page)

    for part in ("correct", "erase"):
        await shop.panel.locator(f"[part={part}]").first.click()

    assert found + await violations(shop.page) == []


async def test_screen_readers_get_the_panel_in_order(shop: Shop) -> None:
    await shop.open()

    await expect(shop.row("Team")).to_match_aria_snapshot("""
      - listitem:
        - strong: Team
        - text: /Design/
        - 'button "Correct: Team"'
        - 'button "Take back: Team"'
    """)
    await expect(shop.panel.get_by_role("heading", name="What we know about you")).to_be_visible()


async def test_server_that_is_away_leaves_nothing_broken_of_the_panel(shop: Shop) -> None:
    await shop.page.route(f"{PUBLIC_URL}/graphql", lambda route: route.abort())
    await shop.open()
    await shop.page.route(f"{PUBLIC_URL}/graphql", lambda route: route.abort())
    await shop.page.reload()

    await expect(shop.panel.locator("[part=title]")).to_have_count(0)
    await expect(shop.panel.get_by_role("status")).to_be_empty()
