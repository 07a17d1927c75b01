"""Documents: each of their operations compiled at its first execution, or left to graphql-core."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    OperationDefinitionNode,
    assert_valid_schema,
    execute,
    experimental_execute_incrementally,
)

from server.graphql.executor.errors import CannotCompile
from server.graphql.executor.operation import CompiledOperation
from server.graphql.executor.plain import plain_types
from server.graphql.executor.plans import Planner
from server.graphql.executor.variants import ROOM, Variants

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from graphql import (
        DocumentNode,
        ExecutionResult,
        ExperimentalIncrementalExecutionResults,
        GraphQLSchema,
    )

    Results = ExecutionResult | ExperimentalIncrementalExecutionResults


class Compiler:
    """Compiles the documents of one schema, which must not change any more.

    `fallbacks` counts the executions that were left to graphql-core, by their reason. `room` bounds what is
    kept of all documents, in compiled fields; see `variants`.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        planner: Planner | None = None,
        *,
        hide_suggestions: bool = False,
        room: int = ROOM,
        fallbacks: Counter[str] | None = None,
    ) -> None:
        assert_valid_schema(schema)
        self.schema = schema
        self.planner = planner or Planner()
        self.hide_suggestions = hide_suggestions
        self.plain = plain_types()
        self.variants = Variants(room)
        self.fallbacks: Counter[str] = Counter() if fallbacks is None else fallbacks
        # graphql-core's `execute` refuses any document of a schema that has them.
        is_incremental = schema.get_directive("defer") or schema.get_directive("stream")
        self.fall_back: Callable[..., Any] = experimental_execute_incrementally if is_incremental else execute

    def compile(self, document: DocumentNode) -> CompiledDocument:
        """Return a document that executes; it must be valid. The work is done when it first does."""
        return CompiledDocument(self, document)


class CompiledDocument:
    """Any number of operations, each compiled at its first execution."""

    def __init__(self, compiler: Compiler, document: DocumentNode) -> None:
        self._compiler = compiler
        self._document = document
        self._operations: dict[str | None, CompiledOperation | CannotCompile] = {}

    def execute(
        self,
        root_value: object = None,
        context_value: object = None,
        variable_values: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        """Do what graphql-core's `execute` does, and return or raise the same."""
        try:
            operation = self.operation(operation_name)
            return operation.execute(root_value, context_value, variable_values or {})
        except CannotCompile as reason:
            self._compiler.fallbacks[str(reason)] += 1
        by_graphql_core: ExecutionResult | Awaitable[ExecutionResult] = self._compiler.fall_back(
            self._compiler.schema,
            self._document,
            root_value,
            context_value,
            None if variable_values is None else dict(variable_values),
            operation_name,
            hide_suggestions=self._compiler.hide_suggestions,
        )
        return by_graphql_core

    def execute_incrementally(
        self,
        root_value: object = None,
        context_value: object = None,
        variable_values: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> Results | Awaitable[Results]:
        """Do what `execute` does, for a document that may use the `@defer` and `@stream` of its schema."""
        results = self.execute(root_value, context_value, variable_values, operation_name)
        return cast("Results | Awaitable[Results]", results)

    def operation(self, name: str | None = None) -> CompiledOperation:
        """Return the operation of this name, or the only one; raise CannotCompile with the reason."""
        known = self._operations.get(name)
        if known is None:
            chosen = self._choose(name)
            try:
                known = CompiledOperation(self._compiler, self._document, chosen)
            except CannotCompile as reason:
                known = reason
            self._operations[name] = known
        if isinstance(known, CannotCompile):
            raise CannotCompile(str(known))
        return known

    def _choose(self, name: str | None) -> OperationDefinitionNode:
        operations = [
            each for each in self._document.definitions if isinstance(each, OperationDefinitionNode)
        ]
        if name is not None:
            operations = [each for each in operations if each.name is not None and each.name.value == name]
        if len(operations) != 1:
            raise CannotCompile("no operation of that name, or several without one")
        return operations[0]
