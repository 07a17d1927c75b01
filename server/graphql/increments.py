"""Answers in parts: what a document defers or streams follows what is there at once, within one deadline."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from server.access.errors import AuthenticationError
from server.kit.mongo import bounded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from graphql import (
        ExperimentalIncrementalExecutionResults,
        GraphQLError,
        IncrementalResult,
        SubsequentIncrementalExecutionResult,
    )
    from graphql.execution import CompletedResult

    Entry = IncrementalResult | CompletedResult

    Show = Callable[[GraphQLError], dict[str, Any]]
    StillAllowed = Callable[[], Awaitable[object]]
    Part = dict[str, Any]


async def parts_of(
    first: Part,
    results: ExperimentalIncrementalExecutionResults,
    *,
    until: float,
    still_allowed: StillAllowed,
    show: Show,
    too_late: dict[str, Any],
) -> AsyncGenerator[Part, None]:
    """Yield the first part of an answer and those after it, with errors as `show` makes them.

    What is not there by `until` (of the loop's clock), or before `still_allowed` raises AuthenticationError,
    never comes: the last part says so of everything that was still to come.
    """
    pending = _Pending()
    announced = [each.formatted for each in results.initial_result.pending]
    async with aclosing(results.subsequent_results) as later:
        yield pending.after({**first, "pending": announced, "hasNext": True})
        while pending.has_next:
            try:
                part = await _next(later, until)
                await still_allowed()
            except TimeoutError:
                yield pending.given_up(too_late)
            except AuthenticationError as error:
                yield pending.given_up({"message": error.message, "extensions": {"code": error.code}})
            else:
                yield pending.after(_shown_part(part, show))


async def _next(
    later: AsyncGenerator[SubsequentIncrementalExecutionResult, None], until: float
) -> SubsequentIncrementalExecutionResult:
    left = max(until - asyncio.get_running_loop().time(), 0.001)
    async with asyncio.timeout_at(until):
        with bounded(left):
            return await anext(later)


def _shown_part(part: SubsequentIncrementalExecutionResult, show: Show) -> Part:
    shown: Part = {**part.formatted}
    for name, entries in (("incremental", part.incremental), ("completed", part.completed)):
        if entries:
            shown[name] = [_shown_entry(each, show) for each in entries]
    return shown


def _shown_entry(entry: Entry, show: Show) -> Part:
    if not entry.errors:
        return {**entry.formatted}
    return {**entry.formatted, "errors": [show(error) for error in entry.errors]}


class _Pending:
    """What was announced and has not come."""

    def __init__(self) -> None:
        self.has_next = True
        self._ids: dict[str, None] = {}

    def after(self, part: Part) -> Part:
        """Note what a part announces and completes, and return it."""
        self.has_next = part["hasNext"]
        self._ids.update((each["id"], None) for each in part.get("pending", ()))
        for each in part.get("completed", ()):
            self._ids.pop(each["id"], None)
        return part

    def given_up(self, error: dict[str, Any]) -> Part:
        """Return the last part: nothing else comes, for this reason."""
        self.has_next = False
        return {"completed": [{"id": each, "errors": [error]} for each in self._ids], "hasNext": False}
