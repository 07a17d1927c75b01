"""Makes plain generated documents intricate: fragments, conditions, aliases and variables woven in.

hypothesis-graphql writes fields, literals and inline fragments. Here, by a seed, parts of a selection move
into fragments, are said twice, or hang on conditions, and literals become variables with and without values.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    parse,
    print_ast,
    value_from_ast_untyped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLField, GraphQLInputType, SelectionNode, ValueNode

_CONDITIONS = ("true", "false", "$c0", "$c1", "$c2")


@dataclass(frozen=True)
class Woven:
    """A document with what goes with it."""

    text: str
    variables: dict[str, Any]
    operation_name: str | None

    def __str__(self) -> str:
        return f"{self.text}\nvariables {json.dumps(self.variables)}, operation {self.operation_name}"


def weave(schema: GraphQLSchema, plain: Sequence[str], seed: int) -> Woven:
    """Return one document made of all the plain ones, and as valid as they are."""
    operations = [parse(text).definitions[0] for text in plain]
    random = Random(repr((seed, plain)))  # noqa: S311 - no secret
    return _Weaving(schema, random).operation(cast("list[OperationDefinitionNode]", operations))


@dataclass
class _Weaving:
    schema: GraphQLSchema
    random: Random
    declared: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def operation(self, operations: list[OperationDefinitionNode]) -> Woven:
        root = self.schema.get_root_type(operations[0].operation)
        assert root is not None
        selections = self.selections(_all_of(operations), root)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self.declared.items())
        head = f"{operations[0].operation.value} Woven" + (f"({declared})" if declared else "")
        others = ["query Other { __typename }"] if self.chance(0.2) else []
        text = "\n".join((*others, f"{head} {selections}", *self.fragments))
        name = "Woven" if others or self.chance(0.3) else None
        return Woven(text, self.given, name)

    def chance(self, ratio: float) -> bool:
        return self.random.random() < ratio

    def selections(self, node: SelectionSetNode, parent: GraphQLNamedType) -> str:
        parts = [self.selection(each, parent) for each in node.selections]
        if self.chance(0.15):
            parts.insert(
                self.random.randrange(len(parts) + 1), self.random.choice(("__typename", "t: __typename"))
            )
        if self.chance(0.2):
            parts.append(self.random.choice(parts))
        while self.chance(0.3):
            start = self.random.randrange(len(parts))
            end = self.random.randrange(start, len(parts)) + 1
            parts[start:end] = self.wrapped(parts[start:end], parent)
        return "{ " + " ".join(parts) + " }"

    def selection(self, node: SelectionNode, parent: GraphQLNamedType) -> str:
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            inner = parent if condition is None else self.schema.type_map[condition.name.value]
            return f"... on {inner}{self.condition()} {self.selections(node.selection_set, inner)}"
        assert isinstance(node, FieldNode)
        return self.field(node, parent)

    def field(self, node: FieldNode, parent: GraphQLNamedType) -> str:
        name = node.name.value
        if name == "__typename":
            text = name + self.condition()
        else:
            assert isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType))
            text = self.resolved(node, parent.fields[name])
        if node.alias:
            return f"{node.alias.value}: {text}"
        return f"{name}_{self.random.randrange(10**9)}: {text}" if self.chance(0.1) else text

    def resolved(self, node: FieldNode, definition: GraphQLField) -> str:
        text = node.name.value
        if node.arguments:
            arguments = (
                f"{each.name.value}: {self.value(each.value, definition.args[each.name.value].type)}"
                for each in node.arguments
            )
            text += f"({', '.join(arguments)})"
        text += self.condition()
        if node.selection_set is None:
            return text
        return text + " " + self.selections(node.selection_set, get_named_type(definition.type))

    def wrapped(self, parts: list[str], parent: GraphQLNamedType) -> list[str]:
        inner = "{ " + " ".join(parts) + " }"
        shape = self.random.randrange(4)
        if shape == 0:
            return [f"...{self.condition()} {inner}"]
        if shape == 1:
            return [f"... on {parent}{self.condition()} {inner}"]
        if shape == 2:
            interfaces = getattr(parent, "interfaces", ()) or (parent,)
            interface = self.random.choice(interfaces)
            return [f"... on {interface}{self.condition()} {{ ... on {parent} {inner} }}"]
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {parent} {inner}")
        return [f"...{name}{self.condition()}" for _ in range(self.random.choice((1, 1, 2)))]

    def condition(self) -> str:
        text = " @note" if self.chance(0.03) else ""
        for directive in ("skip", "include"):
            if self.chance(0.07):
                condition = self.random.choice(_CONDITIONS)
                self.declare_condition(condition)
                text += f" @{directive}(if: {condition})"
        return text

    def declare_condition(self, condition: str) -> None:
        name = condition.removeprefix("$")
        if name == condition or name in self.declared:
            return
        self.declared[name] = self.random.choice(("Boolean!", "Boolean! = true", "Boolean = false"))
        if self.declared[name] == "Boolean!" or self.chance(0.5):
            self.given[name] = self.chance(0.5)

    def value(self, node: ValueNode, type_: GraphQLInputType, *, must_be_given: bool = False) -> str:
        node = _with_one_field(node) if getattr(get_nullable_type(type_), "is_one_of", False) else node
        if self.chance(0.25):
            return self.variable(node, type_, must_be_given=must_be_given)
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(nullable, GraphQLList) and isinstance(node, ListValueNode):
            return "[" + ", ".join(self.value(item, nullable.of_type) for item in node.values) + "]"
        if isinstance(nullable, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
            fields = (
                f"{each.name.value}: "
                + self.value(
                    each.value, nullable.fields[each.name.value].type, must_be_given=nullable.is_one_of
                )
                for each in node.fields
            )
            return "{" + ", ".join(fields) + "}"
        return print_ast(node)

    def variable(self, node: ValueNode, type_: GraphQLInputType, *, must_be_given: bool) -> str:
        name = f"v{len(self.declared)}"
        is_null = isinstance(node, NullValueNode)
        is_required = must_be_given or isinstance(type_, GraphQLNonNull)
        self.declared[name] = f"{type_}" + ("!" if must_be_given and not str(type_).endswith("!") else "")
        fate = self.random.randrange(4)
        if fate == 0 and not is_null and not must_be_given:
            self.declared[name] += f" = {print_ast(node)}"
        elif fate == 1 and not is_required:
            pass
        else:
            self.given[name] = value_from_ast_untyped(node)
        return f"${name}"


def _all_of(operations: Sequence[OperationDefinitionNode]) -> SelectionSetNode:
    """Return the selections of all operations, the later ones renamed, for their arguments may differ."""
    selections = [
        selection if number == 0 else _renamed(selection, number)
        for number, operation in enumerate(operations)
        for selection in operation.selection_set.selections
    ]
    return SelectionSetNode(selections=tuple(selections))


def _renamed(selection: SelectionNode, number: int) -> SelectionNode:
    assert isinstance(selection, FieldNode)
    name = selection.alias or selection.name
    alias = NameNode(value=f"{name.value}_{number}")
    return FieldNode(
        alias=alias, name=selection.name, arguments=selection.arguments, selection_set=selection.selection_set
    )


def _with_one_field(node: ValueNode) -> ValueNode:
    """Return null or an object with one field that is not: hypothesis-graphql knows nothing of `@oneOf`."""
    fields = node.fields if isinstance(node, ObjectValueNode) else ()
    chosen = [each for each in fields if not isinstance(each.value, NullValueNode)][:1]
    return ObjectValueNode(fields=tuple(chosen)) if chosen else NullValueNode()
