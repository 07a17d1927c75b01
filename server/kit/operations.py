"""One GraphQL operation as a client asks for it, and how much it may ask for: what web and graphql share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.kit.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Operation:
    """What a client wants executed.

    The document is `query`, or the one whose SHA-256 is `sha256` (64 hexadecimal digits), or both;
    `is_automatic` tells that the client follows Apollo's automatic persisted queries and sends the text when
    it is not known. `is_safe` forbids what changes anything: it came by GET. `shows_cost` asks for the cost
    in `extensions`.
    """

    query: str | None = None
    variables: Mapping[str, Any] | None = None
    name: str | None = None
    sha256: str | None = None
    is_automatic: bool = False
    is_safe: bool = False
    shows_cost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLimits:
    """How much one operation may ask for. What is counted is counted with every fragment spread.

    `characters` and `tokens` are of the document, `nesting` of selections and of fragments in fragments,
    `variables` those that the operation declares, `directives` those at one place, `cost` as costs.py counts,
    `seconds` from the first resolver to the last.
    """

    characters: int = 32_768  # GraphiQL's introspection has 1,800, our longest recipe 1,200
    tokens: int = 2_000  # the widget's longest document has some 150, GraphiQL's introspection 500
    nesting: int = field(default=100, metadata={"most": 100})  # Python's stack holds some 140 in validation
    depth: int = 15  # GraphiQL's introspection has 15, our deepest document 9
    fields: int = 400  # the widget's documents have some 40, GraphiQL's introspection 200
    aliases: int = 60
    directives: int = 5
    mutations: int = 20  # requests are limited, and one with a thousand mutations would be a thousand
    variables: int = 50
    operation_name: int = 128  # characters
    cost: int = 20_000  # a hundred profiles with all that is said of ten attributes cost some 15,000
    seconds: float = 15
