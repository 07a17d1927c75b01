"""A field's arguments: what can be known before a request is, the rest is one look-up for each variable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphql import VariableNode, get_argument_values

from server.graphql.executor.literals import Literal, compile_literal, fill, when_absent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import ArgumentNode, GraphQLArgument, VariableValues

    from server.graphql.executor.site import Site

Arguments = Callable[["VariableValues"], dict[str, Any]]
"""Returns the keyword arguments of a resolver; raises GraphQLError where a value may not be what it is."""


def compile_arguments(site: Site) -> Arguments | None:
    """Return the function for a field's arguments; None where the field has none.

    Of the nodes that select the field the first one's arguments count: in a valid document all are equal.
    """
    definition, node = site.definition, site.nodes[0]
    if not definition.args:
        return None
    given = {argument.name.value: argument for argument in node.arguments or ()}
    parts = [
        (argument.out_name or name, _argument(argument, given.get(name)))
        for name, argument in definition.args.items()
    ]

    def arguments(variables: VariableValues) -> dict[str, Any]:
        values = fill(parts, variables.coerced)
        if values is None:
            hide = site.scope.hide_suggestions
            return get_argument_values(definition, node, variables, hide_suggestions=hide)
        return values

    return arguments


def _argument(argument: GraphQLArgument, given: ArgumentNode | None) -> Literal:
    absent = when_absent(argument)
    if given is None:
        return lambda _variables: absent
    literal = compile_literal(given.value, argument.type)
    if not isinstance(given.value, VariableNode):
        return literal
    variable = given.value.name.value

    def value_or_absent(variables: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return literal(variables) if variable in variables else absent

    return value_or_absent
