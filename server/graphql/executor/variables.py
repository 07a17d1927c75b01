"""The variables of a request: those of scalars and enums coerced at once, anything else by graphql-core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLNonNull,
    GraphQLString,
    Undefined,
    VariableValues,
    get_variable_values,
    is_leaf_type,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValueSource

from server.graphql.executor.literals import is_immutable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import GraphQLSchema, OperationDefinitionNode, VariableDefinitionNode
    from graphql.execution.get_variable_signature import GraphQLVariableSignature

MOST_ERRORS = 50  # graphql-core's own default for one request
_AS_GIVEN = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


class _Unusual(Exception):  # noqa: N818 - not an error: a reason to ask graphql-core
    """A value that graphql-core shall coerce, or refuse in its words."""


class Variables:
    """The variables of one operation."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, *, hide_suggestions: bool
    ) -> None:
        self._schema = schema
        self._definitions = tuple(operation.variable_definitions or ())
        self._hide_suggestions = hide_suggestions
        variables = [_variable(schema, definition) for definition in self._definitions]
        self._known = [each for each in variables if each is not None]
        self._is_usual = len(self._known) == len(variables)

    def coerce(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the values, or what is wrong with them."""
        if self._is_usual:
            try:
                return _coerce(self._known, given)
            except _Unusual:
                pass
        return get_variable_values(
            self._schema,
            self._definitions,
            dict(given),
            max_errors=MOST_ERRORS,
            hide_suggestions=self._hide_suggestions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variable:
    name: str
    signature: GraphQLVariableSignature
    absent: VariableValues | None  # what stands for it where it is not given; None asks graphql-core
    may_be_null: bool
    as_given: type | None  # values of exactly this type are coerced already
    coerce_leaf: Callable[[Any], Any] | None  # None asks graphql-core

    def coerce(self, value: object) -> object:
        if value is None and self.may_be_null:
            return None
        if value is None or self.coerce_leaf is None:
            raise _Unusual
        if type(value) is self.as_given:
            return value
        try:
            coerced = self.coerce_leaf(value)
        except Exception:  # noqa: BLE001 - the scalar's own code; graphql-core words the refusal
            raise _Unusual from None
        if coerced is Undefined:
            raise _Unusual
        return coerced


def _coerce(variables: Sequence[_Variable], given: Mapping[str, Any]) -> VariableValues:
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for variable in variables:
        name = variable.name
        value = given.get(name, Undefined)
        if value is not Undefined:
            sources[name] = VariableValueSource(variable.signature, value)
            coerced[name] = variable.coerce(value)
        elif variable.absent is not None:
            sources.update(variable.absent.sources)
            coerced.update(variable.absent.coerced)
        else:
            raise _Unusual
    return VariableValues(sources, coerced)


def _variable(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Variable | None:
    signature = get_variable_signature(schema, definition)
    if isinstance(signature, GraphQLError):
        return None
    is_required = isinstance(signature.type, GraphQLNonNull)
    nullable = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
    return _Variable(
        name=signature.name,
        signature=signature,
        absent=_absent(schema, definition),
        may_be_null=not is_required,
        as_given=next((exact for scalar, exact in _AS_GIVEN.items() if scalar is nullable), None),
        coerce_leaf=nullable.coerce_input_value if is_leaf_type(nullable) else None,
    )


def _absent(schema: GraphQLSchema, definition: VariableDefinitionNode) -> VariableValues | None:
    values = get_variable_values(schema, (definition,), {})
    if isinstance(values, VariableValues) and all(map(is_immutable, values.coerced.values())):
        return values
    return None
