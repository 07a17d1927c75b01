"""Field errors of one execution, and the one error of compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphql import GraphQLError

    from server.graphql.executor.paths import Path


class CannotCompile(Exception):  # noqa: N818 - reads as the sentence that it is
    """An operation is left to graphql-core; the message says why, in words made for counting."""


class FieldErrors:
    """The errors of one execution, at most one below any place that became null.

    Fields that wait beside one that failed go on failing after their common parent is null: as in
    graphql-core, nobody hears of that.
    """

    __slots__ = ("_nulled", "all")

    def __init__(self) -> None:
        self.all: list[GraphQLError] = []
        self._nulled: set[Path | None] = set()

    def add(self, error: GraphQLError, position: Path | None) -> None:
        """Keep an error that makes `position` null, unless it or a place above it is null already."""
        if self._is_nulled(position):
            return
        self._nulled.add(position)
        self.all.append(error)

    def _is_nulled(self, position: Path | None) -> bool:
        nulled = self._nulled
        if not nulled:
            return False
        while position is not None:
            if position in nulled:
                return True
            position = position[0]
        return None in nulled
