"""A transaction that meets others starts over, wherever the conflict shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import pytest

from server.kit.mongo import PyMongoError, in_transaction

if TYPE_CHECKING:
    from types import TracebackType

    from server.kit.mongo import ClientSession, Database


class Conflicting:
    """A database, its client, a session and a transaction in one; the first commits meet a conflict."""

    def __init__(self, *, label: str, conflicts: int = 3) -> None:
        self.client = self
        self._label = label
        self._conflicts = conflicts
        self._is_open = False

    async def start_session(self) -> Conflicting:
        return self

    def start_transaction(self, *_: Any) -> Conflicting:  # noqa: ANN401 - whatever the driver takes
        self._is_open = True
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        commits, self._is_open = self._is_open and error is None, False
        if commits and self._conflicts:
            self._conflicts -= 1
            raise PyMongoError(error_labels=[self._label])


async def _counted(database: Conflicting, times: list[int]) -> int:
    async def work(_: ClientSession) -> int:
        times.append(len(times) + 1)
        return times[-1]

    return await in_transaction(cast("Database", database), work)


async def test_conflict_that_shows_in_the_commit_makes_it_start_over() -> None:
    assert await _counted(Conflicting(label="TransientTransactionError"), []) == 4


async def test_commit_of_which_nobody_knows_is_not_done_twice() -> None:
    times: list[int] = []

    with pytest.raises(PyMongoError):
        await _counted(Conflicting(label="UnknownTransactionCommitResult"), times)

    assert times == [1]
