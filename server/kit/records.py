"""Records of which every request makes several: frozen to the type checker alone.

What Python freezes takes three times as long to make, since it sets each field by a call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(of: type[T]) -> type[T]:
    """Make a dataclass with slots and fields by name, which nobody changes."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(of)
