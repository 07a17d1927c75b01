"""Selections: all fields of one object, at once or, at the root of a mutation, one after another."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from server.graphql.executor import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from server.graphql.executor.fields import Step
    from server.graphql.executor.objects import Execute
    from server.graphql.executor.paths import Path
    from server.graphql.executor.run import Run


def execute_together(typename: str, steps: Sequence[Step]) -> Execute:
    """Return what executes the fields of an object in order and then waits for all that wait.

    This is the innermost loop. It catches each field's errors itself, for a call would cost more than all
    else about a field that reads an attribute.
    """
    fields = [(step.key, step.read, step.as_they_are, step.finish, step.fail) for step in steps]

    def execute(source: Any, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        results: dict[str, Any] = {}
        pending: list[str] | None = None
        try:
            for key, read, as_they_are, finish, fail in fields:
                try:
                    if read is None:
                        value = finish(source, path, run)
                    else:
                        value = read(source)
                        if type(value) in as_they_are:
                            results[key] = value
                            continue
                        value = finish(value, path, run)
                except Exception as error:  # noqa: BLE001 - resolvers may raise anything
                    value = fail(error, (path, key, typename), run)
                results[key] = value
                if type(value) is CoroutineType:
                    if pending is None:
                        pending = []
                    pending.append(key)
        except Exception:
            run.settle(results[key] for key in pending or ())
            raise
        return results if pending is None else waiting.fields(results, pending)

    return execute


def execute_in_turn(typename: str, steps: Sequence[Step]) -> Execute:
    """Return what executes the fields of an object, each when the one before it is complete."""

    def execute(source: Any, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        results: dict[str, Any] = {}
        remaining = iter(steps)
        for step in remaining:
            results[step.key] = take(step, source, path, run)
            if type(results[step.key]) is CoroutineType:
                return go_on(step.key, results, remaining, lambda step: take(step, source, path, run))
        return results

    def take(step: Step, source: object, path: Path | None, run: Run) -> Any:  # noqa: ANN401
        try:
            value = source if step.read is None else step.read(source)
            return step.finish(value, path, run)
        except Exception as error:  # noqa: BLE001 - resolvers may raise anything
            return step.fail(error, (path, step.key, typename), run)

    return execute


async def go_on(
    waiting_for: str, results: dict[str, Any], remaining: Iterator[Step], take: Callable[[Step], Any]
) -> dict[str, Any]:
    """Wait for one field, then take the remaining ones in turn."""
    results[waiting_for] = await results[waiting_for]
    for step in remaining:
        value = take(step)
        results[step.key] = await value if type(value) is CoroutineType else value
    return results
