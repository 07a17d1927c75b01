"""JMESPath, bounded: a short expression over a short answer ends soon, whoever wrote the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jmespath
from jmespath.exceptions import JMESPathError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_DEPTH = 30
# Each multiplies what it gets: `[].[@, @]` eight times over made 256,000 items of 1,000.
_MULTIPLIERS = frozenset({"flatten", "multi_select_list", "multi_select_dict"})
_MOST_MULTIPLIERS = 4


class BadExpressionError(ValueError):
    """The expression can't be used; the message says why."""


class Expression:
    """A compiled expression. What it can't be worked out of has no value: None."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except (JMESPathError, RecursionError, ValueError):
            raise BadExpressionError(f"{text[:80]!r} is no JMESPath expression") from None
        nodes = list(_nodes(self._compiled.parsed, 1))
        if max(depth for _, depth in nodes) > _MOST_DEPTH:
            raise BadExpressionError(f"{text[:80]!r} is nested too deeply")
        if sum(node["type"] in _MULTIPLIERS for node, _ in nodes) > _MOST_MULTIPLIERS:
            raise BadExpressionError(
                f"{text[:80]!r} flattens and selects more than {_MOST_MULTIPLIERS} times"
            )
        self.names: frozenset[str] = frozenset(node["value"] for node, _ in nodes if node["type"] == "field")

    def of(self, document: object) -> Any:  # noqa: ANN401 - JSON
        """Return what the expression finds in a document of JSON."""
        try:
            return self._compiled.search(document)
        except (JMESPathError, TypeError, ValueError, OverflowError):
            return None  # such as `length(5)`: functions raise where a type does not suit them

    def holds(self, document: object) -> bool:
        """Whether it finds something that counts as true in JMESPath: not false, empty or nothing."""
        found = self.of(document)
        return found is not None and found is not False and found not in ("", [], {})


def _nodes(node: Any, depth: int) -> Iterator[tuple[dict[str, Any], int]]:  # noqa: ANN401 - the library's tree
    yield node, depth
    for child in node.get("children", ()):
        if isinstance(child, dict) and "type" in child:
            yield from _nodes(child, depth + 1)
