"""What `@skip` and `@include` ask: the variables that decide, and what a selection comes to under an answer.

An operation's conditions hang on a few Boolean variables. Instead of asking at every field, the compiler
makes one plan for each combination of answers that requests bring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import BooleanValueNode, FragmentSpreadNode, SelectionNode, VariableNode

from server.graphql.executor.errors import CannotCompile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import DirectiveNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode

_CONDITIONS = {"skip": True, "include": False}  # the answer that leaves a selection out
_INCREMENTAL = frozenset({"defer", "stream"})


def deciding_variables(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """Return the variables that conditions hang on, in the order of the document.

    Raises CannotCompile for `@defer` and `@stream`, and for conditions that no valid document has.
    """
    names: dict[str, None] = {}
    for selection in _reachable(operation.selection_set, fragments):
        for directive in selection.directives or ():
            if directive.name.value in _INCREMENTAL:
                raise CannotCompile("@defer or @stream")
            if directive.name.value in _CONDITIONS:
                answer = _answer(directive)
                if isinstance(answer, str):
                    names[answer] = None
    return tuple(names)


def is_included(selection: SelectionNode, answers: Mapping[str, bool]) -> bool:
    """Tell whether a selection stays, given the values of all deciding variables."""
    for directive in selection.directives or ():
        leaves_out = _CONDITIONS.get(directive.name.value)
        if leaves_out is None:
            continue
        answer = _answer(directive)
        if (answers[answer] if isinstance(answer, str) else answer) is leaves_out:
            return False
    return True


def _answer(directive: DirectiveNode) -> bool | str:
    """Return the literal, or the name of the variable."""
    for argument in directive.arguments or ():
        if argument.name.value == "if":
            if isinstance(argument.value, BooleanValueNode):
                return argument.value.value
            if isinstance(argument.value, VariableNode):
                return argument.value.name.value
    raise CannotCompile("a condition without a Boolean")


def _reachable(
    root: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[SelectionNode]:
    """Yield every selection once, in the order of the document, through fragments."""
    seen: set[str] = set()
    waiting = list(reversed(root.selections))
    while waiting:
        selection = waiting.pop()
        yield selection
        for inner in _inside(selection, fragments, seen):
            waiting.extend(reversed(inner.selections))


def _inside(
    selection: SelectionNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[SelectionSetNode]:
    if not isinstance(selection, FragmentSpreadNode):
        inner: SelectionSetNode | None = getattr(selection, "selection_set", None)
        if inner is not None:
            yield inner
        return
    name = selection.name.value
    if name in fragments and name not in seen:
        seen.add(name)
        yield fragments[name].selection_set
