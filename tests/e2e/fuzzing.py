"""What schemathesis has to know of our arguments that a schema can't say.

It is told by `SCHEMATHESIS_HOOKS=tests.e2e.fuzzing`. In valid cases cursors, page sizes, placements and
conditions become ones that are; what is made invalid on purpose stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import schemathesis
from graphql import (
    REMOVE,
    ArgumentNode,
    BooleanValueNode,
    GraphQLInputObjectType,
    IntValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from server.graphql.schema import build_schema

if TYPE_CHECKING:
    from graphql.language.visitor import VisitorAction
    from schemathesis import Case, HookContext

_SCHEMA = build_schema()._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
_JSON = st.one_of(
    st.text(max_size=20).map(nodes.String),
    st.integers(-1000, 1000).map(nodes.Int),
    st.just(nodes.Object([])),
)
schemathesis.graphql.scalar("JSON", _JSON)


@schemathesis.hook
def map_case(context: HookContext, case: Case[Any]) -> Case[Any]:
    """Make the arguments of a valid case ones that the field can answer."""
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    if is_valid and isinstance(case.body, str):
        info = TypeInfo(_SCHEMA)
        case.body = print_ast(visit(parse(case.body), TypeInfoVisitor(info, _Sensible(info))))
    return case


class _Sensible(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info

    def leave_object_value(self, node: ObjectValueNode, *_: object) -> ValueNode | None:
        type_ = get_named_type(self._info.get_input_type())
        if not isinstance(type_, GraphQLInputObjectType) or not type_.is_one_of:
            return None
        if type_.name == "Condition":
            return _object("identified", BooleanValueNode(value=True))
        given = [each for each in node.fields if not isinstance(each.value, NullValueNode)]
        return (
            ObjectValueNode(fields=tuple(given[:1]))
            if given
            else _object("id", StringValueNode(value="prf_1"))
        )

    def leave_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode | VisitorAction:
        name, value = node.name.value, node.value
        if name == "after":
            return REMOVE
        if name in _BOUNDS and isinstance(value, IntValueNode):
            low, high = _BOUNDS[name]
            number = low + abs(int(value.value)) % (high - low + 1)
            return _argument(name, IntValueNode(value=str(number)))
        if name == "placement" and isinstance(value, StringValueNode):
            return _argument(name, StringValueNode(value="home"))
        return None


_BOUNDS = {"first": (0, 100), "sample": (1, 500)}


def _object(name: str, value: ValueNode) -> ObjectValueNode:
    return ObjectValueNode(fields=(ObjectFieldNode(name=NameNode(value=name), value=value),))


def _argument(name: str, value: ValueNode) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=value)
