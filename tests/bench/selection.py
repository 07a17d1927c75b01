"""How long selection takes for one person, over far more sets than anybody has: CPU, and nothing else."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from server.questions.selection import decide
from tests.bench.figures import Figure
from tests.factories.profiles import definition
from tests.factories.questions import NOW, content, facts, live_sets, question, question_set

if TYPE_CHECKING:
    from server.questions.compiling import LiveSets
    from tests.bench.bench import Stage

_SETS, _QUESTIONS = 50, 20
_RUNS = 300
_BAR_MS = 1.0


def measure(stage: Stage) -> Figure:
    """Return the median where every set speaks to the person, and where one in ten does."""
    del stage  # nothing but arithmetic
    everywhere, elsewhere = _median_ms(_live(speaking=1)), _median_ms(_live(speaking=10))
    failures = () if everywhere < _BAR_MS else (f"It took {everywhere:.3f} ms; it may take {_BAR_MS}.",)
    return Figure(
        bench="selection",
        figure=everywhere,
        unit="ms",
        against=_BAR_MS,
        more={"one_set_in_ten_applies_ms": elsewhere, "sets": _SETS, "questions": _SETS * _QUESTIONS},
        failures=failures,
    )


def _live(speaking: int) -> LiveSets:
    """Return sets of which one in `speaking` has the person in its audience; only the last has a question."""
    about = definition("plan", id="att_plan")
    sets = []
    for number in range(_SETS):
        plan = "pro" if number % speaking == 0 else "free"
        audience = {"all": [_plan_is(plan), {"login": {"at_least": 1, "at_most": None}}]}
        asked = [question(f"q{number}_{n}", show_if=_plan_is("pro")) for n in range(_QUESTIONS)]
        written = content(*asked, audience=audience, per_visit=9)
        sets.append(question_set(written, key=f"s{number}"))
    return live_sets(*sets, definitions=[about])


def _plan_is(plan: str) -> dict[str, object]:
    return {"attribute": {"id": "att_plan", "operator": "equals", "values": [plan]}}


def _median_ms(live: LiveSets) -> float:
    """All but the very last question are known: selection has to look at every one that applies."""
    known = [f"att_q{s}_{n}" for s in range(_SETS) for n in range(_QUESTIONS)]
    given = facts(known=known[:-1], values={"att_plan": "pro"})
    times = []
    for _ in range(_RUNS):
        start = time.process_time_ns()
        decide(live, given, NOW)
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times)
