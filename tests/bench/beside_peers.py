"""The widget's requests to what others build with: the same part of the schema, documents and statements.

Mercurius with its compiler and GraphQL Yoga on Node, Strawberry as it comes, and the bare route. None of them
checks a token or asks a rule; see tests/bench/peers/.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import answer, next_question
from tests.bench.bench import BenchError
from tests.bench.duel import Side, contest, failures_of, requests_needed
from tests.bench.figures import Figure
from tests.bench.hot_path import BARE, SERVE, api_batch, bare_batch, recorded
from tests.bench.load import Exchange
from tests.bench.people import production_environment, settle_people
from tests.bench.processes import free_port, running
from tests.bench.replay import to_text
from tests.bench.widget import widget_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.bench.bench import Stage
    from tests.bench.duel import Score
    from tests.bench.figures import Number
    from tests.bench.hot_path import Subject
    from tests.bench.people import Person
    from tests.bench.processes import Measured
    from tests.bench.replay import Recording

    Batches = Callable[[Measured], Callable[[Iterator[Person]], list[Exchange]]]

_PEERS = Path(__file__).with_name("peers")
_STOCK_SHARE = 0.1  # of the requests of the others: it takes ten times as long
_CROWD = 1_000


def measure_next_question(stage: Stage) -> Figure:
    """Return questions a second, against mercurius; the others beside it."""
    return _measure(stage, next_question.SUBJECT, "peers_next_question")


def measure_answer(stage: Stage) -> Figure:
    """Return answers a second, against mercurius; the others beside it."""
    return _measure(stage, answer.SUBJECT, "peers_answer")


def _measure(stage: Stage, subject: Subject, name: str) -> Figure:
    environ = {**os.environ, **production_environment(stage.mongod.url, name, free_port())}
    people = settle_people(environ, _people_needed(subject))
    with ExitStack() as stack:
        api = stack.enter_context(running(SERVE, environ, port=int(environ["ACQUAINT_PORT"])))
        recording = recorded(stage, subject, name, api, people[:2])
        crowd = cycle(people[2:]) if subject.may_repeat else iter(people[2:])
        file = stage.folder / f"{name}.json"
        file.write_text(to_text(recording))
        others = {
            each: stack.enter_context(_running(command, stage, name, file))
            for each, command in _commands().items()
        }
        sides = {
            "api": _side(stage, api, crowd, partial(api_batch, subject, api)),
            **{
                each: _side(stage, other, crowd, _batch(each, subject, other, recording), share=_share(each))
                for each, other in others.items()
            },
        }
        scores = dict(
            zip(sides, contest(list(sides.values()), requests_a_run=subject.requests_a_run), strict=True)
        )
        memory = {f"{each}_mb": side.process.memory_mb() for each, side in sides.items()}
    return _figure(name, scores, memory)


def _commands() -> Mapping[str, Sequence[str]]:
    node = shutil.which("node")
    if node is None or not (_PEERS / "node_modules").is_dir():
        raise BenchError("The peers need Node and their packages: `make bench` brings both.")
    return {
        "mercurius": (node, str(_PEERS / "mercurius.mjs")),
        "yoga": (node, str(_PEERS / "yoga.mjs")),
        "stock": (sys.executable, "-m", "tests.bench.peers.stock_strawberry"),
        "bare": BARE,
    }


def _running(command: Sequence[str], stage: Stage, name: str, recording: Path) -> Any:  # noqa: ANN401 - a context
    port = free_port()
    environ = {**os.environ, "NODE_ENV": "production"}
    return running((*command, stage.mongod.url, name, str(port), str(recording)), environ, port=port)


def _share(name: str) -> float:
    return _STOCK_SHARE if name == "stock" else 1.0


def _people_needed(subject: Subject) -> int:
    shares = (1.0, *map(_share, _commands()))
    return 2 + (
        _CROWD
        if subject.may_repeat
        else sum(requests_needed(subject.requests_a_run, share) for share in shares)
    )


def _side(
    stage: Stage,
    process: Measured,
    crowd: Iterator[Person],
    batch: Callable[[Iterator[Person]], list[Exchange]],
    *,
    share: float = 1.0,
) -> Side:
    return Side(
        process=process,
        mongod=stage.mongod,
        batch=lambda count: batch(islice(crowd, count)),
        share=share,
    )


def _batch(
    name: str, subject: Subject, process: Measured, recording: Recording
) -> Callable[[Iterator[Person]], list[Exchange]]:
    if name == "bare":
        return partial(bare_batch, subject, process, recording)
    return partial(_peer_batch, subject, process, json.loads(recording.body))


def _peer_batch(
    subject: Subject, process: Measured, expected: object, people: Iterator[Person]
) -> list[Exchange]:
    """Return the widget's requests, with the person in a header: a peer answers all as it was told."""
    return [
        Exchange(
            widget_request(
                process.port,
                person,
                subject.query,
                subject.variables(person),
                more={"X-Person": person.profile_id},
            ),
            person.profile_id,
            lambda body: bool(json.loads(body) == expected),
        )
        for person in people
    ]


def _figure(name: str, scores: Mapping[str, Score], memory: Mapping[str, float | None]) -> Figure:
    for failure in (each for name, score in scores.items() for each in failures_of(name, score)):
        raise BenchError(failure)
    more: dict[str, Number | None] = {}
    for each, score in scores.items():
        more[f"{each}_rate"] = score.rate
        more[f"{each}_ratio"] = scores["api"].rate / score.rate
        for key in ("p50_ms", "p99_ms", "alone_p50_ms", "alone_p99_ms", "cpu_us", "busy"):
            more[f"{each}_{key}"] = score.more[key]
    return Figure(
        bench=name,
        figure=scores["api"].rate,
        unit="requests/s",
        against=scores["mercurius"].rate,
        more={**more, **memory},
    )
