"""Three times what the API can do: what it accepts stays quick, and what matters less is refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from itertools import cycle
from typing import TYPE_CHECKING

from server.access.model import KeyKind
from server.access.model import Scope as AccessScope
from server.services import build_services
from server.settings import read_settings
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.hot_path import SERVE
from tests.bench.load import Exchange, post, run_load
from tests.bench.open_load import Sent, milliseconds, run_open_load
from tests.bench.people import ADMIN, production_environment, settle_people
from tests.bench.processes import free_port, running
from tests.bench.widget import ANSWER_QUESTION, NEXT_QUESTION, widget_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.bench.bench import Stage
    from tests.bench.people import Person

# Of a hundred requests so many are of each kind, mixed.
_MIX = {"answer": 10, "question": 55, "app": 25, "bulk": 10}
_TIMES = 3
_NORMAL_SHARE = 0.5  # of what it can do
_SECONDS = 6.0
_PEOPLE = 5_000  # who answers again has it confirmed
_CALIBRATION = 2_500  # requests
_AT_CAPACITY = 24  # connections that keep it busy; what is refused is not counted
_CONNECTIONS = 250
_WINDOW = 0.25  # seconds
_FEW = 0.02  # refused, at the most, where all is well
_BAR = 3.0
PROFILE = "query ($id: ID!) { profile(by: {id: $id}) { id traits } }"
PROFILES = "{ profiles(first: 10) { edges { node { id traits } } } }"


def measure(stage: Stage) -> Figure:
    """Return the p99 of what is accepted at three times the capacity, against that at half of it."""
    port = free_port()
    environ = {**os.environ, **production_environment(stage.mongod.url, "overload", port)}
    environ.pop("ACQUAINT_CONNECTION_LIMITS")
    people = settle_people(environ, _PEOPLE)
    app = asyncio.run(_app_key(environ))
    requests = _requests(port, people, app)
    with running(SERVE, environ, port=port) as api:
        _send(api.port, requests, 500)
        capacity = _send(api.port, requests, _CALIBRATION)
        normal, crowd, after = (
            run_open_load(port, requests, rate=times * capacity, seconds=_SECONDS, connections=_CONNECTIONS)
            for times in (_NORMAL_SHARE, _TIMES, _NORMAL_SHARE)
        )
    return _figure(capacity, normal, crowd, after)


async def _app_key(environ: Mapping[str, str]) -> str:
    services = build_services(read_settings(environ))
    with contextlib.closing(services):
        scopes = (AccessScope.PROFILES_READ,)
        made = await services.access.create_key(ADMIN, kind=KeyKind.SECRET, name="App", scopes=scopes)
        return made.token


def _figure(capacity: float, normal: Sequence[Sent], crowd: Sequence[Sent], after: Sequence[Sent]) -> Figure:
    usual = milliseconds(normal, 99)
    accepted = milliseconds(crowd, 99)
    return Figure(
        bench="overload",
        figure=accepted,
        unit="ms, p99 of what is accepted",
        against=usual,
        more={
            "bar": _BAR,
            "capacity": capacity,
            "normal_p50_ms": milliseconds(normal, 50),
            "accepted_p50_ms": milliseconds(crowd, 50),
            "accepted_a_second": sum(each.is_right for each in crowd) / _SECONDS,
            **{f"refused_{kind}": share for kind, share in _refused(crowd).items()},
            "normal_refused": _share_refused(normal),
            "after_refused": _share_refused(after),
            "seconds_to_normal": _until_normal(after, usual, _share_refused(normal)),
        },
        failures=list(_failures([*normal, *crowd, *after])),
    )


def _refused(sent: Sequence[Sent]) -> dict[str, float]:
    """Return which share of each kind was refused."""
    of_kind = {kind: [each for each in sent if each.kind == kind] for kind in _MIX}
    return {kind: sum(each.is_refused for each in all_) / len(all_) for kind, all_ in of_kind.items()}


def _share_refused(sent: Sequence[Sent]) -> float:
    return sum(each.is_refused for each in sent) / len(sent)


def _until_normal(after: Sequence[Sent], usual: float, refused: float) -> float:
    """Return when the last stretch of time ended in which p99, or what was refused, was twice the usual."""
    bad = [0.0]
    for start in (number * _WINDOW for number in range(int(_SECONDS / _WINDOW))):
        window = [each for each in after if start <= each.at < start + _WINDOW]
        if _share_refused(window) > _FEW + 2 * refused or milliseconds(window, 99) > 2 * usual:
            bad.append(start + _WINDOW)
    return bad[-1]


def _failures(sent: Sequence[Sent]) -> Iterator[str]:
    wrong = [each for each in sent if not each.is_right and not each.is_refused]
    if wrong:
        yield f"{len(wrong)} were neither answered nor refused, such as {wrong[0].response[-500:]!r}"


def _send(port: int, requests: Iterator[tuple[str, bytes]], count: int) -> float:
    """Send so many, one after the other on each connection; return how many a second were right."""
    exchanges = [Exchange(next(requests)[1], "", lambda body: b'"errors"' not in body) for _ in range(count)]
    run = run_load(port, exchanges, connections=_AT_CAPACITY)
    if len(run.right) < count / 2:
        raise BenchError(f"The API did not answer: {run.wrong[0].response[-300:]!r}")
    return run.rate


def _requests(port: int, people: Sequence[Person], app: str) -> Iterator[tuple[str, bytes]]:
    """Yield requests of all kinds, evenly mixed."""
    answering, asking = cycle(people), cycle(people)
    debts = dict.fromkeys(_MIX, 0)
    while True:
        for kind, share in _MIX.items():
            debts[kind] += share
        kind = max(debts, key=lambda each: debts[each])
        debts[kind] -= 100
        person = next(answering if kind == "answer" else asking)
        yield kind, _request(port, kind, person, app)


def _request(port: int, kind: str, person: Person, app: str) -> bytes:
    match kind:
        case "answer":
            given = {"askId": person.ask_id, "value": person.options[0]}
            return widget_request(port, person, ANSWER_QUESTION, given)
        case "question":
            return widget_request(port, person, NEXT_QUESTION, {"placement": "home"})
        case "app":
            return _app_request(port, app, PROFILE, {"id": person.profile_id})
    return _app_request(port, app, PROFILES, {})


def _app_request(port: int, key: str, query: str, variables: Mapping[str, str]) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    return post(port, "/graphql", body, {"Authorization": f"Bearer {key}"})
