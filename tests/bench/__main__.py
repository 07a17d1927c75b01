"""`make bench`: measure, and print one JSON object a line; ARGS names the benches to run, else all are."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from server.kit.mongod import MongodError, running_mongod
from tests.bench import (
    answer,
    beside_peers,
    enriching,
    executing,
    growth,
    hostile,
    idle_sockets,
    keeping,
    memory,
    next_question,
    overload,
    reacting,
    seeing,
    selection,
    sizes,
    start_up,
    token_check,
    workers,
)
from tests.bench.bench import BenchError, Stage
from tests.bench.processes import pin_to_other_cores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.bench import Bench

_BENCHES: Mapping[str, Bench] = {
    "next_question": next_question.measure,
    "answer": answer.measure,
    "peers_next_question": beside_peers.measure_next_question,
    "peers_answer": beside_peers.measure_answer,
    "selection": selection.measure,
    "start_up": start_up.measure,
    "memory": memory.measure,
    "token_check": token_check.measure,
    "seeing": seeing.measure,
    "hostile": hostile.measure,
    "executor_widget": executing.measure_widget,
    "executor_nested": executing.measure_nested,
    "point_read": growth.point_read,
    "next_question_growth": growth.next_question_growth,
    "filtered_page": growth.filtered_page,
    "import_rate": growth.import_rate,
    "import_memory": growth.import_memory,
    "backup": keeping.backup,
    "sizes": sizes.measure,
    "look_ups": enriching.look_ups,
    "queue_growth": enriching.queue_growth,
    "sign_in": enriching.sign_in,
    "reacting": reacting.measure,
    "overload": overload.measure,
    "idle_sockets": idle_sockets.measure,
    "workers": workers.measure,
}


def main(names: Sequence[str]) -> int:
    """Run these benches (all where there are none); return the exit code."""
    unknown = [name for name in names if name not in _BENCHES]
    if unknown:
        _tell(f"There is no bench {unknown[0]!r}; there are {', '.join(_BENCHES)}.")
        return 2
    pin_to_other_cores()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="acquaint-bench-") as folder,
            running_mongod(Path(folder) / "mongodb") as mongod,
        ):
            stage = Stage(mongod=mongod, folder=Path(folder))
            return max(_run(name, stage) for name in names or _BENCHES)
    except MongodError as error:
        _tell(str(error))
        return 1


def _run(name: str, stage: Stage) -> int:
    _tell(f"{name} …")
    try:
        figure = _BENCHES[name](stage)
    except BenchError as error:
        _tell(f"{name}: {error}")
        return 1
    print(figure.line(), flush=True)
    for failure in figure.failures:
        _tell(f"{name}: {failure}")
    return 1 if figure.failures else 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
