"""Lists: any iterable but strings and mappings, and asynchronous iterables too."""

from __future__ import annotations

from contextlib import suppress
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.pyutils import is_async_iterable, is_awaitable, is_iterable

from server.graphql.executor import waiting
from server.graphql.executor.plain import is_null, is_pending

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator

    from server.graphql.executor.paths import Path
    from server.graphql.executor.run import Run
    from server.graphql.executor.site import Complete, Fail, OnNull, Site

    CompleteItem = Callable[[Any, Path, Run], Any]

_LISTS = frozenset({list, tuple})


def complete_list(
    site: Site, on_null: OnNull, complete_items: Complete, complete_stream: Complete
) -> Complete:
    """Return what completes a list, given what completes the items of an iterable of either kind."""
    plain = site.scope.plain

    def complete(value: Any, path: Path, run: Run) -> Any:  # noqa: ANN401
        if type(value) in _LISTS:
            return complete_items(value, path, run)
        if type(value) not in plain and is_null(value):
            return on_null()
        if is_async_iterable(value):
            return complete_stream(value, path, run)
        if is_iterable(value):
            return complete_items(value, path, run)
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{site}'.")

    return complete


def complete_item(site: Site, complete: Complete, fail: Fail) -> CompleteItem:
    """Return what completes one item, awaitable or not, and answers for its errors."""
    plain = site.scope.plain

    def complete_one(item: Any, path: Path, run: Run) -> Any:  # noqa: ANN401
        if type(item) not in plain and is_pending(item, plain):
            return waiting.completed(item, complete, fail, path, run)
        try:
            completed = complete(item, path, run)
        except Exception as error:  # noqa: BLE001 - resolvers may raise anything; it becomes a field error
            return fail(error, path, run)
        if type(completed) is CoroutineType:
            return waiting.guarded(completed, fail, path, run)
        return completed

    return complete_one


def complete_items(as_they_are: frozenset[type], complete_one: CompleteItem) -> Complete:
    """Return what completes the items of an iterable."""

    def complete(values: Iterable[Any], path: Path, run: Run) -> Any:  # noqa: ANN401
        results: list[Any] = []
        pending: list[int] | None = None
        remaining = iter(values)
        try:
            for index, item in enumerate(remaining):
                if type(item) in as_they_are:
                    results.append(item)
                    continue
                completed = complete_one(item, (path, index, None), run)
                results.append(completed)
                if type(completed) is CoroutineType:
                    if pending is None:
                        pending = []
                    pending.append(index)
        except Exception:
            run.settle([*(results[index] for index in pending or ()), *_awaitables_in(remaining)])
            raise
        return results if pending is None else waiting.items(results, pending)

    return complete


def complete_stream(complete_one: CompleteItem) -> Complete:
    """Return what completes the items of an asynchronous iterable."""

    async def complete(values: AsyncIterable[Any], path: Path, run: Run) -> list[Any]:
        results: list[Any] = []
        pending: list[int] = []
        iterator = aiter(values)
        try:
            while True:
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    break
                completed = complete_one(item, (path, len(results), None), run)
                if type(completed) is CoroutineType:
                    pending.append(len(results))
                results.append(completed)
        except Exception:
            await _close(iterator)
            run.settle(results[index] for index in pending)
            raise
        return await waiting.items(results, pending) if pending else results

    return complete


def _awaitables_in(remaining: Iterator[Any]) -> list[Any]:
    """Take what an iterator still holds, so that no coroutine of it is left without an end."""
    awaitables: list[Any] = []
    with suppress(Exception):
        awaitables.extend(item for item in remaining if is_awaitable(item))
    return awaitables


async def _close(iterator: AsyncIterator[Any]) -> None:
    """End an asynchronous generator; other iterators may have no way to be told."""
    with suppress(Exception):
        await iterator.aclose()  # type: ignore[attr-defined]
