"""How often a second the API tells what to ask next: one read of a profile, one decision."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.bench.duel import figure_of
from tests.bench.hot_path import Subject, fight
from tests.bench.widget import NEXT_QUESTION

if TYPE_CHECKING:
    from tests.bench.bench import Stage
    from tests.bench.figures import Figure
    from tests.bench.people import Person


def measure(stage: Stage) -> Figure:
    """Return the requests a second, against the same read and a prepared response."""
    fought = fight(stage, SUBJECT)
    return figure_of(SUBJECT.name, fought.api, fought.bare)


def _is_right(person: Person, body: bytes) -> bool:
    found = json.loads(body).get("data", {}).get("nextQuestion", {})
    is_theirs: bool = found.get("state") == "READY" and found["ask"]["id"] == person.ask_id
    return is_theirs


SUBJECT = Subject(
    name="next_question",
    query=NEXT_QUESTION,
    requests_a_run=4_000,
    may_repeat=True,
    variables=lambda _: {"placement": "home"},
    is_right=_is_right,
)
