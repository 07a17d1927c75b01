"""The compiled executor against graphql-core's: the same documents on the same objects, in one process."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import strawberry
from graphql import parse, validate

from server.access.model import Viewer, ViewerKind
from server.graphql.context import Context
from server.graphql.executor import Compiler
from server.graphql.planning import StrawberryPlanner
from server.graphql.schema import build_schema
from server.kit.clock import system_clock
from server.questions.model import QuestionKind
from tests.api import running_api, settings_for
from tests.bench.bench import BenchError
from tests.bench.figures import Figure
from tests.bench.widget import NEXT_QUESTION
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import ExecutionResult

    from server.services import Services
    from tests.bench.bench import Stage

_ROUNDS = 5
_SECONDS = 0.3  # of each round
_OBSERVED = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


@strawberry.type
class Source:
    """Who made a claim."""

    kind: str
    key: str | None
    label: str


@strawberry.type
class Claim:
    """What a source says."""

    value: str
    source: Source
    confidence: float
    observed_at: datetime


@strawberry.type
class Attribute:
    """What is known, and from where."""

    key: str
    label: str
    value: str
    claims: list[Claim]


@strawberry.type
class Profile:
    """A person."""

    id: strawberry.ID
    visits: int
    is_identified: bool
    attributes: list[Attribute]


@strawberry.type
class Query:
    """Where a request begins."""

    @strawberry.field
    async def profiles(self, info: strawberry.Info[list[Profile], None]) -> list[Profile]:
        """Return what is prepared."""
        return info.context


NESTED = """{ profiles { id visits isIdentified attributes {
  key label value claims { value confidence observedAt source { kind key label } }
} } }"""


@dataclass(frozen=True, slots=True)
class Found:
    """Stands for the services: the question is found already."""

    question: object

    async def next_question(self, *_: object) -> object:
        """Return it."""
        return self.question


def measure_widget(stage: Stage) -> Figure:
    """Return how often a second the widget's question is executed once the services have found it."""
    return asyncio.run(_widget(stage))


def measure_nested(stage: Stage) -> Figure:
    """Return how often a second 50 people with 10 attributes of 3 claims each are executed."""
    people = [_profile(number) for number in range(50)]
    return asyncio.run(_compare("executor_nested", strawberry.Schema(Query), NESTED, people))


async def _widget(stage: Stage) -> Figure:
    settings = settings_for(stage.mongod.url, "executor_widget")
    async with running_api(settings, system_clock) as api:
        await api.publish("welcome", question_draft("company_size", QuestionKind.SINGLE_CHOICE))
        viewer = Viewer(kind=ViewerKind.PERSON, profile_id=(await api.person()).profile_id)
        found = await api.services.questions.next_question(viewer, "home")
    if found is None or found.ask is None:
        raise BenchError("There is nothing to ask.")
    services = cast("Services", SimpleNamespace(questions=Found(found)))
    context = Context(viewer=viewer, services=services, request_id="bench")
    return await _compare("executor_widget", build_schema(), NEXT_QUESTION, context, placement="home")


async def _compare(
    name: str, schema: strawberry.Schema, text: str, context: object, **variables: object
) -> Figure:
    core = schema._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
    document = parse(text)
    if errors := validate(core, document):
        raise BenchError(f"The document is not valid: {errors[0].message}")
    compiler = Compiler(core, StrawberryPlanner(schema))
    compiled = compiler.compile(document)

    def ours() -> Any:  # noqa: ANN401 - a result or what to await for one
        return compiled.execute(None, context, variables)

    def theirs() -> Any:  # noqa: ANN401 - as above
        return compiler.fall_back(core, document, None, context, variables)

    if not _is_equal(await ours(), await theirs()):
        raise BenchError("The two executors do not come to the same.")
    rounds = [(await _per_second(ours), await _per_second(theirs)) for _ in range(_ROUNDS)]
    figure, against = (median(side) for side in zip(*rounds, strict=True))
    more = {"microseconds": 1e6 / figure, "against_microseconds": 1e6 / against}
    return Figure(bench=name, figure=figure, unit="executions/s", against=against, more=more)


def _is_equal(ours: ExecutionResult, theirs: ExecutionResult) -> bool:
    return ours.data is not None and ours.errors is None and repr(ours) == repr(theirs)


async def _per_second(executing: Callable[[], Any]) -> float:
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < _SECONDS:
        await executing()
        count += 1
    return count / passed


def _profile(number: int) -> Profile:
    attributes = [_attribute(key) for key in range(10)]
    return Profile(
        id=strawberry.ID(f"prf_{number}"), visits=number, is_identified=True, attributes=attributes
    )


def _attribute(number: int) -> Attribute:
    sources = [
        Source(kind="ENRICHER", key="email_domain", label="E-mail domain"),
        Source(kind="PERSON", key=None, label="Person"),
    ]
    claims = [
        Claim(value=f"value {number}", source=source, confidence=0.8, observed_at=_OBSERVED)
        for source in (*sources, sources[0])
    ]
    return Attribute(key=f"key_{number}", label=f"Attribute {number}", value=f"value {number}", claims=claims)
