"""What is done when a value has to be waited for: the coroutines that closures hand up.

They wait as graphql-core does, for one value directly and for several in tasks of their own, so that fields
beside each other fail in the same order.
"""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql.pyutils import gather_with_cancel

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from server.graphql.executor.paths import Path
    from server.graphql.executor.run import Run
    from server.graphql.executor.site import Complete, Fail


async def completed(value: Awaitable[Any], complete: Complete, fail: Fail, path: Path, run: Run) -> Any:  # noqa: ANN401
    """Wait for a value, complete it for its place, and answer for its errors there."""
    try:
        result = complete(await value, path, run)
        if type(result) is CoroutineType:
            result = await result
    except Exception as error:  # noqa: BLE001 - resolvers may raise anything; it becomes a field error
        return fail(error, path, run)
    return result


async def guarded(completing: Awaitable[Any], fail: Fail, path: Path, run: Run) -> Any:  # noqa: ANN401
    """Wait for a completion that began, and answer for its errors at its place."""
    try:
        return await completing
    except Exception as error:  # noqa: BLE001 - as above
        return fail(error, path, run)


async def fields(results: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """Wait for the results under these keys, all at once."""
    if len(keys) == 1:
        results[keys[0]] = await results[keys[0]]
    else:
        values = await gather_with_cancel(*(results[key] for key in keys))
        results.update(zip(keys, values, strict=True))
    return results


async def items(results: list[Any], indices: list[int]) -> list[Any]:
    """Wait for the results at these indices, all at once."""
    if len(indices) == 1:
        results[indices[0]] = await results[indices[0]]
    else:
        values = await gather_with_cancel(*(results[index] for index in indices))
        for index, value in zip(indices, values, strict=True):
            results[index] = value
    return results
