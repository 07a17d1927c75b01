"""How long selection takes for one person, over far more sets than anybody has, beside a profile read."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any

from server.kit.clock import system_clock
from server.kit.mongo import connect, open_database
from server.profiles.model import PERSON, ProfileUpdate
from server.questions.selection import decide
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.core import build_core, create_indexes
from tests.factories.profiles import browser, definition
from tests.factories.questions import (
    NOW,
    content,
    facts,
    live_sets,
    question,
    question_set,
    question_state,
)

if TYPE_CHECKING:
    from server.questions.model import QuestionSet
    from tests.bench.bench import Stage

_SETS, _QUESTIONS = 50, 20
_FEW = 5  # sets
_RUNS = 300
_BAR_MS = 1.0
_KNOWN = 15  # attributes of the profile that is read, as in next_question


def measure(stage: Stage) -> Figure:
    """Return the worst median of three kinds of people to whom every set speaks; beside it, where few do."""
    every = [question.id for of in _sets(_SETS) for question in of.draft.questions]
    resting = {question_id: question_state() for question_id in every[::_QUESTIONS]}  # one of each set
    worst = {
        "all_known_ms": _median_ms(_sets(_SETS), known=[_about(each) for each in every]),
        "no_condition_holds_ms": _median_ms(_sets(_SETS, shown_to="free")),
        "all_resting_ms": _median_ms(_sets(_SETS), states=resting),
    }
    figure = max(worst.values())
    return Figure(
        bench="selection",
        figure=figure,
        unit="ms",
        against=_BAR_MS,
        more={
            "profile_read_ms": asyncio.run(_profile_read_ms(stage)),
            "sets": _SETS,
            "questions": _SETS * _QUESTIONS,
            **worst,
            "few_sets": _FEW,
            **_where_few_apply(),
        },
        failures=() if figure < _BAR_MS else (f"It took {figure:.3f} ms; it may take {_BAR_MS}.",),
    )


def _where_few_apply() -> dict[str, float]:
    few = _sets(_FEW, shown_to="free")
    return {
        "few_ms": _median_ms(few),
        "few_by_audience_ms": _median_ms([*few, *_sets(_SETS - _FEW, plan="free")]),
        "few_of_ten_times_as_many_ms": _median_ms([*few, *_sets(10 * _SETS, placement="checkout")]),
    }


def _sets(
    count: int, *, plan: str = "pro", shown_to: str = "pro", placement: str = "home"
) -> list[QuestionSet]:
    """Return sets for people with one plan, of which each question has a condition too."""
    made = []
    for number in range(count):
        name = f"{plan}_{placement}_{number}"
        audience = {"all": [_plan_is(plan), {"login": {"at_least": 1, "at_most": None}}]}
        asked = [question(f"{name}_{n}", show_if=_plan_is(shown_to)) for n in range(_QUESTIONS)]
        written = content(*asked, audience=audience, placements=(placement,))
        made.append(question_set(written, key=name))
    return made


def _about(question_id: str) -> str:
    return question_id.replace("qst_", "att_", 1)


def _plan_is(plan: str) -> dict[str, object]:
    return {"attribute": {"id": "att_plan", "operator": "equals", "values": [plan]}}


def _median_ms(sets: list[QuestionSet], **more: Any) -> float:  # noqa: ANN401 - what facts() takes
    """Nothing can be asked now, so that selection has to look at every question that applies."""
    live = live_sets(*sets, definitions=[definition("plan", id="att_plan")])
    given = facts(values={"att_plan": "pro"}, **more)
    times = []
    for _ in range(_RUNS):
        start = time.process_time_ns()
        decision = decide(live, given, NOW)
        times.append((time.process_time_ns() - start) / 1e6)
    if decision.verdict is not None:
        raise BenchError("Something was asked, so that not everything was looked at.")
    return statistics.median(times)


async def _profile_read_ms(stage: Stage) -> float:
    """Return the median CPU time of this process to read a profile and turn it into an object."""
    client = connect(stage.mongod.url)
    core = build_core(open_database(client, "bench_selection"), system_clock)
    await create_indexes(core.database)
    await core.attributes.ensure_standard_attributes()
    profile = await core.profiles.recognise(browser())
    texts = [
        each.key
        for each in (await core.profiles.catalogue.current()).by_key.values()
        if each.type.value == "string" and not each.options
    ]
    claims = await core.profiles.claims(dict.fromkeys(texts[:_KNOWN], "Countess"), PERSON)
    await core.profiles.write(profile.id, ProfileUpdate(claims=claims))
    times = []
    for _ in range(_RUNS):
        start = time.process_time_ns()
        await core.profiles.find(profile.id)
        times.append((time.process_time_ns() - start) / 1e6)
    client.close()
    return statistics.median(times)
