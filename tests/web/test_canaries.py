"""Secrets turn up nowhere: people sign in with canaries, rightly and wrongly, and all that's said is read."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from server.demo.identity_provider import identity_provider
from server.kit.logs import formatter
from server.kit.signing import s256_challenge
from server.settings import ProviderSettings
from tests.api import ORIGIN, PUBLIC_URL, START_VISIT, Api, Caller, running_api, settings_for
from tests.privacy.world import ERASE, work
from tests.sign_in_world import NO_LIMITS, clock_of_today
from tests.web.canaries import Overheard, Watch, everything_stored, parameters_in
from tests.web.sockets import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.fakes import FakeClock

CLIENT_SECRET = "canary-client-secret-0123456789"
VERIFIER = "canary-verifier-that-only-the-page-knows-0123456789"
EMAIL = "amara.okafor@fernhill-robotics.example"
PERSON = "amara"
CREATE_KEY = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  ... on CreateApiKeySuccess { key { id hint } token } } }"""
CONFIGURE = """mutation ($input: ConfigureProviderInput!) { configureProvider(input: $input) {
  __typename ... on UserError { message } } }"""
READ_ALL = """{ auditLog(first: 100) { edges { node { act actor targets outcome } } }
  apiKeys(first: 100) { edges { node { id name hint token } } }
  signInProviders { key name } profiles(first: 100) { edges { node { id traits } } } }"""
SIGN_OUT = "mutation { signOut { __typename } }"


@pytest.fixture
def clock() -> FakeClock:
    """A clock of today: the provider is real."""
    return clock_of_today()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The application, a provider, a browser that is listened to, and the watch over all of it."""

    api: Api
    watch: Watch
    browser: httpx.AsyncClient
    provider: httpx.AsyncClient


@asynccontextmanager
async def _stage(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Stage]:
    watch = Watch()
    watch.keep("client secret", CLIENT_SECRET)
    overheard = Overheard(watch)
    async with served(Starlette(routes=[Mount("/", overheard)])) as address:
        issuer = f"http://{address}/idp"
        callback = f"{PUBLIC_URL}/auth/canary/callback"
        overheard.app = Starlette(
            routes=[Mount("/idp", identity_provider(issuer, "acquaint", CLIENT_SECRET, [callback]))]
        )
        provider = ProviderSettings(
            key="canary", name="Canary", issuer=issuer, client_id="acquaint", client_secret=CLIENT_SECRET
        )
        settings = replace(settings_for(mongodb_url, database.name), providers=(provider,), limits=NO_LIMITS)
        async with (
            running_api(settings, clock) as api,
            httpx.AsyncClient(transport=api.http._transport, base_url=PUBLIC_URL) as browser,  # noqa: SLF001 - the same application
            httpx.AsyncClient(trust_env=False) as there,
        ):
            api.http.event_hooks["response"].append(watch.hear)
            browser.event_hooks["response"].append(watch.hear)
            watch.keep("admin key", api.admin.token or "")
            yield Stage(api=api, watch=watch, browser=browser, provider=there)


async def _begin(stage: Stage, **changed: str) -> dict[str, str]:
    given = {
        "key": stage.api.page.token or "",
        "return_to": f"{ORIGIN}/",
        "challenge": s256_challenge(VERIFIER),
        **changed,
    }
    started = await stage.browser.get("/auth/canary/start", params=given)
    stage.watch.keep("browser's cookie", stage.browser.cookies["__Host-acquaint_sign_in"])
    asked = parameters_in(started.headers["location"])
    for name in ("state", "nonce"):
        stage.watch.keep(name, asked[name])
    return {**asked, "url": started.headers["location"]}


async def _at_provider(stage: Stage, asked: dict[str, str], person: str = PERSON) -> str:
    """Return the callback to which the provider sends the browser."""
    answer = await stage.provider.post(asked["url"], data={"person": person})
    back: str = answer.headers["location"]
    if "code" in parameters_in(back):
        stage.watch.keep("provider's code", parameters_in(back)["code"])
    return back


async def _page_code(stage: Stage) -> str:
    back = await stage.browser.get(await _at_provider(stage, await _begin(stage)))
    return stage.watch.keep("one-time code", parameters_in(back.headers["location"])["acquaint_code"])


async def _start(stage: Stage, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - of startVisit
    body = await stage.api.execute(START_VISIT, {"input": given}, by=stage.api.page)
    started: dict[str, Any] = body["data"]["startVisit"]
    if "viewerToken" in started:
        stage.watch.keep("viewer token", started["viewerToken"])
        if started["resumeToken"] not in stage.watch.secrets.values():
            stage.watch.keep("resume token", started["resumeToken"])
    return started


async def _signs_in(stage: Stage) -> Caller:
    stage.watch.keep("page's verifier", VERIFIER)
    code = await _page_code(stage)
    started = await _start(stage, signIn={"code": code, "verifier": VERIFIER})
    person = Caller(token=started["viewerToken"], origin=ORIGIN)
    await stage.api.execute("{ viewer { profile { traits } } sessions { id } }", by=person)
    again = await _start(stage, signIn={"code": code, "verifier": VERIFIER})
    assert again["__typename"] == "SignInCodeError"
    return person


async def _fails_at_every_step(stage: Stage) -> None:
    asked = await _begin(stage)
    back = await _at_provider(stage, asked)
    stranger = httpx.AsyncClient(transport=stage.browser._transport, base_url=PUBLIC_URL)  # noqa: SLF001
    stranger.event_hooks["response"].append(stage.watch.hear)
    async with stranger:
        assert (await stranger.get(back)).status_code == 400
    wrong = await stage.browser.get(back, params={**parameters_in(back), "iss": "https://evil.test"})
    assert "acquaint_error" in wrong.headers["location"]
    assert (await stage.browser.get(back)).status_code == 400
    denied = await stage.browser.get(await _at_provider(stage, await _begin(stage), person=""))
    assert "acquaint_error=access_denied" in denied.headers["location"]
    spent = await _at_provider(stage, await _begin(stage))
    await stage.browser.get(spent)
    other = parameters_in((await _begin(stage))["url"])
    mixed = await stage.browser.get(spent, params={**parameters_in(spent), "state": other["state"]})
    assert "acquaint_error" in mixed.headers["location"]
    async with httpx.AsyncClient(transport=stage.browser._transport, base_url=PUBLIC_URL) as form:  # noqa: SLF001
        # Not listened to: its page says again what the browser brought, for it to bring it once more.
        await form.post("/auth/canary/callback", data={**parameters_in(spent), "user": VERIFIER})
    code = await _page_code(stage)
    refused = await _start(stage, signIn={"code": code, "verifier": "wrong"}, resumeToken=VERIFIER)
    assert refused["__typename"] == "SignInCodeError"


async def _shows_secrets_where_none_belong(stage: Stage, person: Caller) -> None:
    """Put every secret wherever it may be echoed: headers, queries, variables, addresses."""
    for secret in list(stage.watch.secrets.values()):
        for headers in (
            {"authorization": f"Bearer {secret}x"},
            {"authorization": secret},
            {"authorization": f"Bearer sk_{secret}"},
            {"authorization": f"Bearer pk_{secret}", "origin": ORIGIN},
        ):
            await stage.api.http.post("/graphql", json={"query": "{ viewer { kind } }"}, headers=headers)
        await stage.api.post(START_VISIT, {"input": {"resumeToken": secret}}, by=person)
        await stage.browser.get("/auth/canary/callback", params={"state": secret, "code": secret})
        await stage.browser.get(f"/auth/{secret[:60]}/start", params={"key": secret, "challenge": secret})
        await stage.browser.get("/auth/account", headers={"cookie": f"__Host-acquaint={secret}"})
    await stage.api.http.post("/graphql", content=b"{" + CLIENT_SECRET.encode(), headers=person.headers)


async def _signs_in_on_our_pages(stage: Stage) -> None:
    started = await stage.browser.get("/auth/canary/start", params={"next": "/auth/account"})
    url = started.headers["location"]
    asked = parameters_in(url)
    for name in ("state", "nonce"):
        stage.watch.keep(name, asked[name])
    await stage.browser.get(await _at_provider(stage, {**asked, "url": url}))
    stage.watch.keep("own session", stage.browser.cookies["__Host-acquaint"])
    await stage.browser.get("/auth/account")
    for act in ("link&provider=canary", "unlink&issuer=x&subject=y", "sign_out"):
        await stage.browser.post(f"/auth/account?do={act}", headers={"origin": PUBLIC_URL})


async def _admin_acts(stage: Stage, person: Caller) -> None:
    given = {"kind": "SECRET", "name": "App", "scopes": ["PROFILES_READ"]}
    made = (await stage.api.data(CREATE_KEY, {"input": given}, by=stage.api.admin))["createApiKey"]
    stage.watch.keep("secret key", made["token"])
    secret = stage.watch.keep("configured secret", "canary-configured-secret-0123456789")
    configured = {"key": "git", "kind": "github", "name": "Git", "clientId": "c", "clientSecret": secret}
    await stage.api.data(CONFIGURE, {"input": configured}, by=stage.api.admin)
    await stage.api.data(CONFIGURE, {"input": {**configured, "kind": "none"}}, by=stage.api.admin)
    await stage.api.execute(READ_ALL, by=stage.api.admin)
    await stage.api.execute(READ_ALL, by=Caller(token=made["token"]))
    await stage.api.execute(SIGN_OUT, by=person)
    profiles = (await stage.api.data("{ profiles { edges { node { id } } } }", by=stage.api.admin))[
        "profiles"
    ]
    for each in profiles["edges"]:
        await stage.api.data(ERASE, {"input": {"profile": {"id": each["node"]["id"]}}}, by=stage.api.admin)
    await work(stage.api)


async def test_secrets_turn_up_in_no_log_answer_or_document(
    mongodb_url: str, database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for noisy in ("pymongo", "httpcore", "httpx", "asyncio"):  # the driver's, and this test's own client
        logging.getLogger(noisy).setLevel(logging.WARNING)
    async with _stage(mongodb_url, database, clock) as stage:
        person = await _signs_in(stage)
        await _fails_at_every_step(stage)
        await _shows_secrets_where_none_belong(stage, person)
        await _signs_in_on_our_pages(stage)
        kept = await everything_stored(database)
        await _admin_acts(stage, person)
        counted = stage.api.services.instruments.text().decode()
        watch = stage.watch

    lines = formatter(is_readable=False)
    logged = "\n".join(
        f"{each.getMessage()} {each.exc_text or ''} {lines.format(each)}" for each in caplog.records
    )
    names = {name.rpartition(" ")[0] for name in watch.secrets}
    assert names >= {
        *("client secret", "admin key", "browser's cookie", "state", "nonce", "provider's code"),
        *("provider's code_verifier", "provider's access_token", "provider's id_token", "one-time code"),
        *(
            "viewer token",
            "resume token",
            "page's verifier",
            "own session",
            "secret key",
            "configured secret",
        ),
    }
    assert "sign-in at canary failed" in logged
    assert watch.found_in(logged) == []
    assert watch.found_in(counted) == []
    assert EMAIL not in logged
    assert watch.handed_out_twice() == {}
    waiting = (
        "nonce",
        "provider's code_verifier",
    )  # of sign-ins on their way: what proves the answer to be ours
    assert [each for each in watch.found_in(kept) if not each.startswith(waiting)] == []
    assert not [each for each in watch.said if each.startswith("5")]
