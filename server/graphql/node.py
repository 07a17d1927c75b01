"""Relay's Node: everything with an id, found by it alone. The prefix of the id names the kind."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Everything that can be found by its id alone.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = strawberry.field(description="Unique over all kinds; its prefix names the kind.")
