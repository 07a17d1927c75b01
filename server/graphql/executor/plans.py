"""How a value is got from its source: what whoever knows the resolvers can tell the compiler.

Without a word, a field is resolved as graphql-core resolves it. A `Planner` that knows more (that a field
just reads an attribute, that a class stands for a type) saves the calls in between. It must not change
what comes out: the compiler takes its word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from graphql import GraphQLAbstractType, GraphQLField, GraphQLObjectType


@dataclass(frozen=True, slots=True)
class Read:
    """The value needs neither info nor arguments, and `from_source` gets it: an attribute, an item.

    It runs without a place in the response; what it raises is the field's error all the same, and what it
    returns may still turn out to be awaitable.
    """

    from_source: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Resolve:
    """`resolver(source, info, **arguments)` gets the value; info is None where it is not needed."""

    resolver: Callable[..., Any]
    needs_info: bool = True


FieldPlan = Read | Resolve


class Planner:
    """Knows nothing more than graphql-core does; to be subclassed by whoever does."""

    def plan_field(self, parent_type: GraphQLObjectType, name: str, field: GraphQLField) -> FieldPlan | None:
        """Return how to resolve a field; None leaves it to its own resolver or graphql-core's default."""
        del parent_type, name, field
        return None

    def known_classes(self, type_: GraphQLObjectType | GraphQLAbstractType) -> Mapping[type, str]:
        """Return the classes whose direct instances need no asking, with the object type of each.

        For these neither `resolve_type` nor `is_type_of` is called; for others they are as ever.
        """
        del type_
        return {}

    def notes_of(self, type_: GraphQLObjectType) -> Callable[[Any], MutableMapping[Any, Any]] | None:
        """Return where to keep what was read from an object of this type; None to read it every time.

        For objects that never change and are shown to many: what is selected on one is worked out once, as
        far as it is read from the object alone. What is noted must go when the object does.
        """
        del type_
        return None
