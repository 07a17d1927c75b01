"""Sign-in as browsers and attackers walk it: who may begin, who may come back, what anybody gets to see."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.identity.errors import SignInCodeError
from server.identity.model import SignInCode
from server.web.sign_in import COOKIE
from tests.identity.hostile_provider import CANARY, ISSUER
from tests.sign_in_world import CHALLENGE, ORIGIN, PAGE, PUBLIC_URL, fragment_of, parameters_of

if TYPE_CHECKING:
    import httpx

    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World


async def _begin(browser: Browser, provider: HostileProvider, **changed: str) -> dict[str, str]:
    started = await browser.start("idp", **changed)
    asked = parameters_of(started.headers["location"])
    provider.nonce = asked["nonce"]
    return asked


async def _come_back(browser: Browser, state: str, **changed: str) -> httpx.Response:
    return await browser.come_back("idp", **{"state": state, "code": "a-code", "iss": ISSUER, **changed})


def _assert_is_plain_refusal(answer: httpx.Response) -> None:
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "Nobody was signed in." in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


# The way there and back


async def test_browser_is_sent_to_the_provider_with_everything_that_ties_the_answer_to_it(
    world: World,
) -> None:
    started = await world.browser().start("idp")

    asked = parameters_of(started.headers["location"])
    assert started.status_code == 302
    assert started.headers["location"].startswith(f"{ISSUER}/authorize?")
    assert asked.keys() == {
        *("client_id", "response_type", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/auth/idp/callback"
    assert asked["code_challenge_method"] == "S256"
    assert CHALLENGE not in started.headers["location"]


async def test_cookie_is_for_sign_in_alone_and_holds_no_secret_of_the_protocol(world: World) -> None:
    started = await world.browser().start("idp")

    cookie = started.headers["set-cookie"]
    asked = parameters_of(started.headers["location"])
    assert cookie.startswith(
        f"__Host-{COOKIE}="
    )  # which no sibling domain can set (RFC 6265bis, section 4.1.3)
    assert {"path=/", "httponly", "samesite=lax", "secure", "Max-Age=600"} <= set(cookie.split("; "))
    assert "domain" not in cookie.lower()
    assert asked["state"] not in cookie


async def test_code_goes_to_the_page_in_the_fragment(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await _come_back(browser, asked["state"])

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{PAGE}#acquaint_code=sic_")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_fragment_that_the_page_had_is_kept_out(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider, return_to=f"{PAGE}#acquaint_code=planted")

    answer = await _come_back(browser, asked["state"])

    assert answer.headers["location"].count("#") == 1
    assert "planted" not in answer.headers["location"]


async def test_two_tabs_sign_in_side_by_side(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    first = await _begin(browser, provider)
    second = await _begin(browser, provider)

    later = await _come_back(browser, second["state"])
    provider.nonce = first["nonce"]
    earlier = await _come_back(browser, first["state"])

    assert "acquaint_code" in fragment_of(later.headers["location"])
    assert "acquaint_code" in fragment_of(earlier.headers["location"])


async def test_person_who_says_no_comes_back_with_that(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await browser.come_back("idp", state=asked["state"], iss=ISSUER, error="access_denied")

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=access_denied"


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
async def test_provider_that_cannot_answer_now_counts_as_down(
    world: World, provider: HostileProvider, error: str
) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await browser.come_back("idp", state=asked["state"], iss=ISSUER, error=error)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=provider_unavailable"


async def test_words_of_the_provider_are_never_shown(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await browser.come_back(
        "idp", state=asked["state"], iss=ISSUER, error=CANARY, error_description=CANARY
    )

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    assert "canary" not in answer.text


# Who may begin


@pytest.mark.parametrize(
    "return_to",
    [
        "",
        "/basket",
        "//evil.test/",
        "https://evil.test/",
        "https://shop.test.evil.test/",
        "https://shop.test@evil.test/",
        "https://user@shop.test/",
        "https://evil.test\\@shop.test/",
        "https://shop.test:8443/",
        "http://shop.test/",
        "javascript:alert(1)//https://shop.test/",
        "https:shop.test",
        "https:///shop.test/",
        "https://shop.test\t/",
        "https://shop.test\r\nset-cookie: x=1/",
        "https://shop.test." + "/",
        "data:text/html,<script>1</script>",
        f"{ORIGIN}/{'a' * 2_048}",
    ],
)
async def test_nobody_is_sent_to_a_page_that_is_not_the_keys(world: World, return_to: str) -> None:
    answer = await world.browser().start("idp", return_to=return_to)

    _assert_is_plain_refusal(answer)


@pytest.mark.parametrize("key", ["", "pk_unknown", "sk_unknown", "pk_\x00"])
async def test_sign_in_needs_a_publishable_key(world: World, key: str) -> None:
    _assert_is_plain_refusal(await world.browser().start("idp", key=key))


@pytest.mark.parametrize("challenge", ["", "short", "a" * 44, "a" * 42 + "=", "é" * 43, CHALLENGE + "\n"])
async def test_sign_in_needs_a_challenge(world: World, challenge: str) -> None:
    _assert_is_plain_refusal(await world.browser().start("idp", challenge=challenge))


async def test_parameter_given_twice_is_none(world: World) -> None:
    url = f"{PUBLIC_URL}/auth/idp/start?key={world.key.token}&key={world.key.token}"
    answer = await world.browser().client.get(
        f"{url}&challenge={CHALLENGE}&return_to=https%3A%2F%2Fshop.test"
    )

    _assert_is_plain_refusal(answer)


@pytest.mark.parametrize("name", ["unknown", "IDP", "<script>", "a" * 1_000])
async def test_provider_that_nobody_configured_is_refused_without_its_name(world: World, name: str) -> None:
    answer = await world.browser().start(name)

    _assert_is_plain_refusal(answer)
    assert name not in answer.text


# Who may come back


@pytest.mark.parametrize("state", ["", "forged", "a" * 10_000, "\x00", "é", "$ne"])
async def test_forged_state_signs_nobody_in(world: World, provider: HostileProvider, state: str) -> None:
    browser = world.browser()
    await _begin(browser, provider)

    answer = await _come_back(browser, state)

    _assert_is_plain_refusal(answer)
    assert provider.calls == ["metadata"]


async def test_callback_nobody_began_shows_no_word_of_its_own(world: World) -> None:
    answer = await world.browser().come_back(
        "idp", state=CANARY, error=CANARY, error_description=CANARY, code=CANARY
    )

    _assert_is_plain_refusal(answer)
    assert "canary" not in answer.text


async def test_answer_counts_once(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)
    await _come_back(browser, asked["state"])

    _assert_is_plain_refusal(await _come_back(browser, asked["state"]))
    assert provider.calls.count("token") == 1


async def test_refused_answer_cannot_be_tried_again(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)
    provider.mode = "wrong nonce"
    await _come_back(browser, asked["state"])
    provider.mode = "honest"

    _assert_is_plain_refusal(await _come_back(browser, asked["state"]))


async def test_link_of_an_attacker_does_not_sign_a_victim_in_as_them(
    world: World, provider: HostileProvider
) -> None:
    asked = await _begin(world.browser(), provider)
    victim = world.browser()

    _assert_is_plain_refusal(await _come_back(victim, asked["state"]))

    await _begin(victim, provider)  # with a cookie of its own the victim's browser is no nearer to it
    _assert_is_plain_refusal(await _come_back(victim, asked["state"]))


async def test_forged_cookie_proves_no_browser(world: World, provider: HostileProvider) -> None:
    asked = await _begin(world.browser(), provider)
    stranger = world.browser()
    forged = "eyJicm93c2VyIjogImJydyJ9.aaaa.bbbb"
    stranger.client.cookies.set(f"__Host-{COOKIE}", forged, domain="api.test", path="/")

    _assert_is_plain_refusal(await _come_back(stranger, asked["state"]))


async def test_sign_in_takes_ten_minutes_at_most(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)
    world.clock.advance(timedelta(minutes=10))

    _assert_is_plain_refusal(await _come_back(browser, asked["state"]))


@pytest.mark.parametrize("issuer", ["https://evil.test", f"{ISSUER}/", ""])
async def test_answer_of_another_issuer_is_refused(
    world: World, provider: HostileProvider, issuer: str
) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await _come_back(browser, asked["state"], iss=issuer)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"
    assert "token" not in provider.calls


async def test_answer_without_issuer_is_refused_where_the_provider_sends_one(
    world: World, provider: HostileProvider
) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await browser.come_back("idp", state=asked["state"], code="a-code")

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"


async def test_answer_without_code_is_refused(world: World, provider: HostileProvider) -> None:
    browser = world.browser()
    asked = await _begin(browser, provider)

    answer = await browser.come_back("idp", state=asked["state"], iss=ISSUER)

    assert answer.headers["location"] == f"{PAGE}#acquaint_error=sign_in_failed"


# What the code is good for


async def _code(world: World, provider: HostileProvider) -> str:
    browser = world.browser()
    asked = await _begin(browser, provider)
    answer = await _come_back(browser, asked["state"])
    return fragment_of(answer.headers["location"])["acquaint_code"]


async def test_code_is_good_once(world: World, provider: HostileProvider) -> None:
    code = await _code(world, provider)
    await world.arrive(code)

    with pytest.raises(SignInCodeError):
        await world.arrive(code)


async def test_code_is_good_for_a_minute(world: World, provider: HostileProvider) -> None:
    code = await _code(world, provider)
    world.clock.advance(timedelta(seconds=60))

    with pytest.raises(SignInCodeError):
        await world.arrive(code)


@pytest.mark.parametrize("verifier", ["", "another-verifier", CHALLENGE, "\ud800"])
async def test_code_is_worth_nothing_without_the_pages_verifier(
    world: World, provider: HostileProvider, verifier: str
) -> None:
    sign_in = SignInCode(code=await _code(world, provider), verifier=verifier)

    with pytest.raises(SignInCodeError):
        await world.identity.start_visit(world.page, resume_token=None, sign_in=sign_in)
