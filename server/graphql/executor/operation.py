"""One operation: a variant for each combination of answers to its conditions, and how one is run."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, FragmentDefinitionNode, GraphQLError, OperationType

from server.graphql.executor.conditions import deciding_variables
from server.graphql.executor.errors import CannotCompile
from server.graphql.executor.run import Run
from server.graphql.executor.selections import execute_in_turn, execute_together
from server.graphql.executor.site import Scope
from server.graphql.executor.steps import compile_steps
from server.graphql.executor.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from graphql import (
        DocumentNode,
        GraphQLObjectType,
        GraphQLSchema,
        OperationDefinitionNode,
        VariableValues,
    )

    from server.graphql.executor.compile import Compiler
    from server.graphql.executor.objects import Execute
    from server.graphql.executor.variants import Count

_WITHOUT_PROPAGATION = "experimental_disableErrorPropagation"


class CompiledOperation:
    """One operation, compiled anew for each combination of answers to its conditions."""

    def __init__(
        self, compiler: Compiler, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self._compiler = compiler
        self._operation = operation
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._root_type = _root_type(compiler.schema, operation)
        _check(operation, self._fragments.values())
        self._deciding = deciding_variables(operation, self._fragments)
        self._variables = Variables(compiler.schema, operation, hide_suggestions=compiler.hide_suggestions)

    def execute(
        self, root_value: object, context_value: object, variable_values: Mapping[str, Any]
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        """Execute; raise CannotCompile before anything is resolved if these variables need graphql-core."""
        variables = self._variables.coerce(variable_values)
        if isinstance(variables, list):
            return ExecutionResult(None, errors=variables)
        variant = self._variant(variables)
        run = Run(root_value, context_value, variables)
        try:
            data = variant(root_value, None, run)
        except GraphQLError as error:
            return _nothing(run, error)
        if type(data) is CoroutineType:
            return _wait(run, data)
        return ExecutionResult(data, run.errors.all or None)

    def _variant(self, variables: VariableValues) -> Execute:
        answers = tuple([_answer(variables, name) for name in self._deciding])
        kept = self._compiler.variants.find((self, answers))
        if kept is not None:
            return kept
        location = self._operation.loc
        text = "" if location is None else location.source.body
        return self._compiler.variants.add((self, answers), text, lambda count: self._compile(answers, count))

    def _compile(self, answers: tuple[bool, ...], count: Count) -> Execute:
        scope = Scope(
            schema=self._compiler.schema,
            operation=self._operation,
            fragments=self._fragments,
            answers=dict(zip(self._deciding, answers, strict=True)),
            planner=self._compiler.planner,
            plain=self._compiler.plain,
            hide_suggestions=self._compiler.hide_suggestions,
            count=count,
        )
        steps = compile_steps(scope, self._root_type, (self._operation.selection_set,))
        is_mutation = self._operation.operation is OperationType.MUTATION
        return (execute_in_turn if is_mutation else execute_together)(self._root_type.name, steps)


def _answer(variables: VariableValues, name: str) -> bool:
    answer = variables.coerced.get(name)
    if not isinstance(answer, bool):
        raise CannotCompile("a condition without a Boolean")
    return answer


def _root_type(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise CannotCompile("a subscription")
    root_type = schema.get_root_type(operation.operation)
    if root_type is None:
        raise CannotCompile("an operation that the schema does not have")
    return root_type


def _check(operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]) -> None:
    if any(directive.name.value == _WITHOUT_PROPAGATION for directive in operation.directives or ()):
        raise CannotCompile(f"@{_WITHOUT_PROPAGATION}")
    if any(fragment.variable_definitions for fragment in fragments):
        raise CannotCompile("fragments with variables")


def _nothing(run: Run, error: GraphQLError) -> ExecutionResult:
    run.errors.add(error, None)
    return ExecutionResult(None, run.errors.all)


async def _wait(run: Run, data: Awaitable[dict[str, Any]]) -> ExecutionResult:
    try:
        return ExecutionResult(await data, run.errors.all or None)
    except GraphQLError as error:
        return _nothing(run, error)
