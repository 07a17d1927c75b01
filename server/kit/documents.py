"""Documents as stores read them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def known(kind: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `kind`, a dataclass, has a field for: a later version may have written more."""
    return {each.name: document[each.name] for each in fields(kind) if each.name in document}
