"""Both executors on one operation, and everything that a caller can tell of what each came to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import GraphQLEnumType, build_schema, execute, parse, validate

from server.graphql.executor import Compiler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema

    from server.graphql.executor import Planner

_TURNS = 12  # of the event loop, for what fails in the background to be done with it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an execution came to; `data` as its repr, which tells types and the order of keys."""

    data: str
    errors: tuple[str, ...]
    was_awaitable: bool

    def __str__(self) -> str:
        return "\n  ".join((f"{self.was_awaitable=} {self.data}", *self.errors))


def schema_of(sdl: str, **enums: dict[str, object]) -> GraphQLSchema:
    """Return a schema; `enums` gives the values inside of its enums by their names."""
    schema = build_schema(sdl)
    for enum, values in enums.items():
        type_ = schema.type_map[enum]
        assert isinstance(type_, GraphQLEnumType)
        for name, value in values.items():
            type_.values[name].value = value
    return schema


def read(schema: GraphQLSchema, text: str) -> DocumentNode:
    """Return a document, which has to be valid."""
    document = parse(text)
    assert validate(schema, document) == []
    return document


def same(
    schema: GraphQLSchema,
    document: str | DocumentNode,
    root: Callable[[], object] = dict,
    *,
    planner: Planner | None = None,
    is_compiled: bool = True,
    **given: Any,  # noqa: ANN401
) -> Outcome:
    """Return what both executors came to, having checked that it is the same.

    `root` makes the root value anew for each execution. The compiled document is executed twice: the first
    time compiles what comes up, the second finds it.
    """
    document = read(schema, document) if isinstance(document, str) else document
    compiler = Compiler(schema, planner)
    compiled = compiler.compile(document)
    expected = asyncio.run(outcome(lambda: execute(schema, document, root(), **given)))
    for _ in range(2):
        actual = asyncio.run(outcome(lambda: compiled.execute(root(), **given)))
        assert actual == expected, f"{actual}\n  differs from\n{expected}"
    assert bool(compiler.fallbacks) is not is_compiled
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
    assert result.errors != []
    return Outcome(repr(result.data), tuple(map(_tell, result.errors or ())), was_awaitable)


def _tell(error: GraphQLError) -> str:
    original = error.original_error
    nodes = [node.loc and node.loc.start for node in error.nodes or ()]
    return f"{error.formatted} at {nodes} from {type(original).__name__}: {original}"
