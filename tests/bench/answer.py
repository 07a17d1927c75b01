"""How many answers a second the API keeps: one guarded write of a profile, then the next question."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymongo import MongoClient

from tests.bench.duel import figure_of
from tests.bench.hot_path import Subject, fight
from tests.bench.widget import ANSWER_QUESTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.bench import Stage
    from tests.bench.figures import Figure
    from tests.bench.hot_path import Fought
    from tests.bench.people import Person

_NAME = "answer"


def measure(stage: Stage) -> Figure:
    """Return the answers a second, against the same write and a prepared response.

    Every person answers once. Afterwards each acknowledged answer has to be in the database, once.
    """
    fought = fight(stage, SUBJECT)
    figure = figure_of(_NAME, fought.api, fought.bare)
    return replace(figure, failures=[*figure.failures, *_not_kept(stage, fought)])


def _value(person: Person) -> str:
    """Return one of the options, not the same for all."""
    return person.options[hash(person.profile_id) % len(person.options)]


def _is_right(person: Person, body: bytes) -> bool:
    found = json.loads(body).get("data", {}).get("answerQuestion", {})
    return (
        found.get("__typename") == "AnswerQuestionSuccess"
        and found["outcome"] == "ANSWERED"
        and found["value"] == _value(person)
        and found["isReplay"] is False
        and found["next"]["state"] == "READY"
    )


def _not_kept(stage: Stage, fought: Fought) -> Iterator[str]:
    """Yield a sentence if an acknowledged answer is not in its profile, or is there more than once."""
    ids = [each.exchange.document_id for run in fought.api.all for each in run.right]
    with MongoClient[dict[str, Any]](stage.mongod.url) as client:
        found = client[_NAME]["profiles"].find({"_id": {"$in": ids}})
        kept = [each["_id"] for each in found if _is_kept_once(fought.people[each["_id"]], each)]
    if sorted(kept) != sorted(ids):
        yield f"{len(ids)} answers were acknowledged, {len(kept)} are in the database once"


def _is_kept_once(person: Person, profile: dict[str, Any]) -> bool:
    claim = profile["attributes"].get(person.attribute_id, {}).get("person", {})
    announced = [entry for entry in profile["outbox"] if person.ask_id in str(entry)]
    handled = profile["questions"].get(person.question_id, {}).get("n")
    return claim.get("value") == _value(person) and handled == 1 and len(announced) == 1


SUBJECT = Subject(
    name=_NAME,
    query=ANSWER_QUESTION,
    requests_a_run=2_500,
    may_repeat=False,
    variables=lambda person: {"askId": person.ask_id, "value": _value(person)},
    is_right=_is_right,
)
