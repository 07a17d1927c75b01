"""One execution: what its closures share, and what becomes of work that nobody waits for any more."""

from __future__ import annotations

from asyncio import gather, get_running_loop
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfoHelpers
from graphql.pyutils import gather_with_cancel, is_awaitable

from server.graphql.executor.errors import FieldErrors

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Iterable, Sequence

    from graphql import VariableValues


class Run:
    """What is new with every request."""

    __slots__ = ("_background", "context_value", "errors", "resolved", "root_value", "variables")

    def __init__(self, root_value: object, context_value: object, variables: VariableValues) -> None:
        self.root_value = root_value
        self.context_value = context_value
        self.variables = variables
        self.errors = FieldErrors()
        self.resolved = 0  # how often something was called that may look at more than its source
        self._background: set[Future[Any]] | None = None

    @property
    def helpers(self) -> GraphQLResolveInfoHelpers:
        """What `info.async_helpers` offers to resolvers; kept here, run and helpers would hold each other."""
        return GraphQLResolveInfoHelpers(gather=_gather, track=self.settle)

    def settle(self, values: Iterable[Any]) -> None:
        """Let awaitables among the values come to their end, unheard, beside a field that failed.

        Without a running loop they never can: coroutines are closed, so that Python does not warn of them.
        """
        awaitables = [value for value in values if is_awaitable(value)]
        if not awaitables:
            return
        try:
            get_running_loop()
        except RuntimeError:
            _close(awaitables)
            return
        future = gather(*awaitables, return_exceptions=True)
        if self._background is None:
            self._background = set()
        self._background.add(future)  # the loop itself holds tasks weakly
        future.add_done_callback(self._background.discard)


def _gather(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)


def _close(awaitables: Iterable[Any]) -> None:
    for awaitable in awaitables:
        if isinstance(awaitable, CoroutineType):
            awaitable.close()
