"""Both executors on one operation, and what can be told of what each came to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute, parse, validate

from server.graphql.executor import Compiler, Planner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_TURNS = 12  # of the event loop, for what fails in the background to be done with it


@dataclass(frozen=True)
class Outcome:
    """Everything that a caller can see; `data` keeps types and the order of keys."""

    data: str
    errors: tuple[str, ...]
    was_awaitable: bool

    def __str__(self) -> str:
        return "\n  ".join((f"{self.was_awaitable=} {self.data}", *self.errors))


def read(schema: GraphQLSchema, text: str) -> DocumentNode:
    """Return a valid document."""
    document = parse(text)
    assert validate(schema, document) == []
    return document


def run(
    schema: GraphQLSchema,
    text: str | DocumentNode,
    make_root: Callable[[], object] = lambda: None,
    *,
    planner: Planner | None = None,
    **given: Any,  # noqa: ANN401
) -> Outcome:
    """Return what both came to on a loop; a document that does not compile has failed the test."""
    document = read(schema, text) if isinstance(text, str) else text
    compiler = Compiler(schema, planner)
    compiled = compiler.compile(document)
    expected = asyncio.run(outcome(lambda: execute(schema, document, make_root(), **given)))
    # The second execution of one plan must not differ from the first, which compiled it.
    for _ in range(2):
        actual = asyncio.run(outcome(lambda: compiled.execute(make_root(), **given)))
        assert str(actual) == str(expected)
    assert not compiler.fallbacks
    return expected


async def outcome(executing: Callable[[], ExecutionResult | Awaitable[ExecutionResult]]) -> Outcome:
    """Execute, wait, let everything in the background end, and tell."""
    result = executing()
    was_awaitable = isawaitable(result)
    result = await result if isawaitable(result) else result
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    return tell(result, was_awaitable=was_awaitable)


def tell(result: ExecutionResult, *, was_awaitable: bool = False) -> Outcome:
    """Return an outcome that can be compared and read."""
    assert result.errors is None or result.errors
    errors = tuple(_tell(error) for error in result.errors or ())
    return Outcome(repr(result.data), errors, was_awaitable)


def _tell(error: GraphQLError) -> str:
    original = error.original_error
    nodes = [node.loc and node.loc.start for node in error.nodes or ()]
    return f"{error.formatted} nodes {nodes} from {type(original).__name__}: {original}"


def variables(**given: object) -> Mapping[str, object]:
    """Return variables by name, as a request brings them."""
    return given
