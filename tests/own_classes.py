"""Finds every class of the product that derives from another, wherever it stands."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TypeVar

import server

T = TypeVar("T")


def own_subclasses(base: type[T]) -> dict[str, type[T]]:
    """Return the subclasses of `base` under server/, by their full name, `base` left out."""
    for module in pkgutil.walk_packages(server.__path__, "server."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    # By name: a dataclass with slots leaves the class behind that it was made from.
    return {
        f"{each.__module__}.{each.__qualname__}": each
        for each in _below(base)
        if each.__module__.startswith("server.")
    }


def _below(base: type[T]) -> list[type[T]]:
    return [each for child in base.__subclasses__() for each in (child, *_below(child))]
