"""What browsers are told with every answer of every route, whatever became of the request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest
from starlette.routing import Mount, Route

from server.app import create_app, create_watched
from server.services.readiness import Readiness
from tests.api import client_of, running_api, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    import httpx
    from starlette.routing import BaseRoute

    from server.kit.mongo import Database
    from server.kit.watching import Fresh
    from tests.api import Api
    from tests.fakes import FakeClock

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "BREW")
PARAMETERS = {
    "provider": ("demo", "nobody"),
    "name": ("drip-question.js", "nothing.js"),
    "request_id": ("exp_1",),
    "token": ("guessed",),
}
STEPS = ("/start", "/callback", "/return")  # of a sign-in, perhaps in a window that a page opened


@pytest.fixture
async def api(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """The application with every route that there can be."""
    settings = replace(settings_for(mongodb_url, database.name), metrics_token="t" * 32)
    async with running_api(settings, clock) as api:
        yield api


def _paths(routes: Iterable[BaseRoute], before: str = "") -> Iterator[str]:
    for each in routes:
        if isinstance(each, Mount):
            yield from _paths(each.routes, before + each.path)
            yield before + each.path + "/nothing-here"
        elif isinstance(each, Route):
            yield from _filled(before + each.path)


def _filled(path: str) -> Iterator[str]:
    for name, values in PARAMETERS.items():
        if f"{{{name}}}" in path:
            yield from (path.replace(f"{{{name}}}", value) for value in values)
            return
    assert "{" not in path, f"{path} has a parameter that this test has no value for"
    yield path


async def _answers(api: Api) -> list[httpx.Response]:
    """Return what every method gets at every path."""
    paths = [*_paths(create_app(api.services).routes), "/", "/nothing/here", "/graphiql/graphiql.js"]
    return [await api.http.request(method, path) for path in dict.fromkeys(paths) for method in METHODS]


def _wrong(answer: httpx.Response) -> list[str]:
    """Return what an answer does not say as it should."""
    path, headers = answer.request.url.path, answer.headers
    is_step = path.startswith("/auth/") and path.endswith(STEPS)
    is_script = path.startswith("/widget/") and answer.status_code == 200
    is_frame = path == "/playground/preview" and answer.status_code == 200
    framed_by = "'self'" if is_frame else "'none'"
    policy = headers.get("Content-Security-Policy", "")
    expected = {
        "X-Content-Type-Options": {"nosniff"},
        "X-Frame-Options": {"SAMEORIGIN" if is_frame else "DENY"},
        "Referrer-Policy": {"no-referrer", "same-origin"},
        "Strict-Transport-Security": {"max-age=31536000"},
        "Cross-Origin-Resource-Policy": {"cross-origin" if is_script else "same-origin"},
        "Permissions-Policy": {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
        # A method that the route does not have is refused before the step is reached.
        "Cross-Origin-Opener-Policy": {"unsafe-none", "same-origin"} if is_step else {"same-origin"},
    }
    wrong = [name for name, allowed in expected.items() if headers.get(name) not in allowed]
    wrong += [name for name in ("Server", "X-Powered-By") if name in headers]
    if not policy.startswith("default-src 'none'") or f"frame-ancestors {framed_by}" not in policy:
        wrong.append("Content-Security-Policy")
    if (
        "unsafe-inline" in policy.partition("script-src")[2].partition(";")[0]
        and "graphiql" not in answer.text
    ):
        wrong.append("script-src")
    return [f"{answer.request.method} {path} {answer.status_code}: {name}" for name in wrong]


async def test_every_answer_of_every_route_says_what_browsers_may_do_with_it(api: Api) -> None:
    answers = await _answers(api)

    assert {each.status_code for each in answers} >= {200, 303, 400, 401, 404, 405}
    assert len({each.request.url.path for each in answers}) > 15
    assert [wrong for each in answers for wrong in _wrong(each)] == []


async def test_window_of_a_sign_in_stays_in_touch_with_the_page_that_opened_it(api: Api) -> None:
    steps = ["/auth/demo/start", "/auth/nobody/start", "/auth/demo/callback?state=x&code=y"]

    answers = [await api.http.get(each) for each in steps]
    own = await api.http.get("/auth/")

    assert {each.headers["Cross-Origin-Opener-Policy"] for each in answers} == {"unsafe-none"}
    assert own.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_pages_about_a_person_are_kept_by_nobody(api: Api) -> None:
    answers = [
        await api.http.get(path) for path in ("/auth/", "/auth/account", "/auth/admin", "/auth/demo/start")
    ]

    assert {each.headers["Cache-Control"] for each in answers} == {"no-store"}


class Broken(Readiness):
    """Falls over when it is asked."""

    async def problems(self, watched: Sequence[Fresh]) -> NoReturn:  # noqa: ARG002 - not looked at
        message = "hunter2"
        raise RuntimeError(message)


async def test_error_of_ours_says_it_too(api: Api) -> None:
    services = replace(
        api.services, readiness=Broken(settings=api.services.settings, database=api.services.database)
    )

    async with client_of(create_app(services)) as http:
        answer = await http.get("/readyz")

    assert answer.status_code == 500
    assert _wrong(answer) == []


async def test_worker_says_it_too(api: Api) -> None:
    async with client_of(create_watched(api.services)) as http:
        answers = [await http.get(path) for path in ("/livez", "/metrics", "/nothing")]

    without_tls = [each for answer in answers for each in _wrong(answer) if "Strict-Transport" not in each]
    assert without_tls == []
