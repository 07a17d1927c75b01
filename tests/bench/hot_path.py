"""One request of the widget against a bare route that does the same to the same database."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from tests.bench.bench import BenchError
from tests.bench.duel import Side, duel, requests_needed
from tests.bench.load import Exchange, run_load
from tests.bench.people import production_environment, settle_people
from tests.bench.processes import free_port, running
from tests.bench.replay import record, to_text
from tests.bench.widget import widget_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from tests.bench.bench import Stage
    from tests.bench.duel import Score
    from tests.bench.people import Person
    from tests.bench.processes import Measured
    from tests.bench.replay import Recording

SERVE = (sys.executable, "-m", "server", "serve")
BARE = (sys.executable, "-m", "tests.bench.bare")
_FIRST = 2  # people: at the first request the API loads its configuration, the second is recorded
_CROWD = 1_000  # people, where a request may be repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A request to measure: so many a run that it takes a few seconds.

    `may_repeat` tells that a person's second request is as good as the first. `is_right` looks at a
    body that the API answered one person with.
    """

    name: str
    query: str
    requests_a_run: int
    may_repeat: bool
    variables: Callable[[Person], dict[str, Any]]
    is_right: Callable[[Person, bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fought:
    """A duel over a request, and whom it was about."""

    api: Score
    bare: Score
    people: Mapping[str, Person]


def fight(stage: Stage, subject: Subject) -> Fought:
    """Run the API and the bare route side by side on a database of their own, and load them in turns."""
    port = free_port()
    environ = {**os.environ, **production_environment(stage.mongod.url, subject.name, port)}
    people = settle_people(environ, _people_needed(subject))
    with running(SERVE, environ, port=port) as api:
        recording = recorded(stage, subject, subject.name, api, people[:_FIRST])
        with _running_bare(stage, subject, recording) as bare:
            ours, theirs = _duel(stage, subject, api, bare, recording, people[_FIRST:])
    return Fought(api=ours, bare=theirs, people={each.profile_id: each for each in people})


def _people_needed(subject: Subject) -> int:
    needed = _CROWD if subject.may_repeat else 2 * requests_needed(subject.requests_a_run)
    return _FIRST + needed


def _running_bare(stage: Stage, subject: Subject, recording: Recording) -> AbstractContextManager[Measured]:
    port, file = free_port(), stage.folder / f"{subject.name}.json"
    file.write_text(to_text(recording))
    command = (*BARE, stage.mongod.url, subject.name, str(port), str(file))
    return running(command, os.environ, port=port)


def _duel(
    stage: Stage, subject: Subject, api: Measured, bare: Measured, recording: Recording, people: list[Person]
) -> tuple[Score, Score]:
    crowd = cycle(people) if subject.may_repeat else iter(people)
    ours = Side(
        process=api,
        mongod=stage.mongod,
        batch=lambda count: api_batch(subject, api, islice(crowd, count)),
    )
    theirs = Side(
        process=bare,
        mongod=stage.mongod,
        batch=lambda count: bare_batch(subject, bare, recording, islice(crowd, count)),
    )
    return duel(ours, theirs, requests_a_run=subject.requests_a_run)


def recorded(stage: Stage, subject: Subject, database: str, api: Measured, people: list[Person]) -> Recording:
    """Let the API answer once to warm up and once before the profiler's eyes."""
    first, second = api_batch(subject, api, iter(people))
    _answer(api, first)
    return record(stage.mongod.url, database, second.document_id, lambda: _answer(api, second))


def _answer(api: Measured, exchange: Exchange) -> bytes:
    run = run_load(api.port, [exchange], connections=1)
    if run.wrong:
        raise BenchError(f"The API did not answer as it should: {run.wrong[0].response!r}")
    return run.right[0].body


def api_batch(subject: Subject, api: Measured, people: Iterator[Person]) -> list[Exchange]:
    """Return the request of each of these people."""
    return [
        Exchange(
            _request(subject, person, api.port, "/graphql"),
            person.profile_id,
            partial(subject.is_right, person),
        )
        for person in people
    ]


def bare_batch(
    subject: Subject, bare: Measured, recording: Recording, people: Iterator[Person]
) -> list[Exchange]:
    """Return what each of these people would have the bare route do."""
    return [
        Exchange(
            _request(subject, person, bare.port, f"/{person.profile_id}"),
            person.profile_id,
            recording.body.__eq__,
        )
        for person in people
    ]


def _request(subject: Subject, person: Person, port: int, path: str) -> bytes:
    return widget_request(port, person, subject.query, subject.variables(person), path=path)
