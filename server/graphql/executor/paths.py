"""Where in a response a value goes.

Most places are never named, so a place is a plain tuple that costs a fifth of graphql-core's `Path`, and
becomes one for those who ask: resolvers that take an info, and errors.
"""

from __future__ import annotations

from graphql.pyutils import Path as CorePath

Path = tuple["Path | None", "str | int", "str | None"]
"""The place above, the key or index below it, and for a key the name of the object type that has it."""


def keys_of(path: Path | None) -> list[str | int]:
    """Return the keys and indices from the root down, as an error shows them."""
    keys: list[str | int] = []
    while path is not None:
        keys.append(path[1])
        path = path[0]
    keys.reverse()
    return keys


def field_of(path: Path) -> Path:
    """Return the place of the field whose list, or list of lists, the place is in."""
    while path[0] is not None and isinstance(path[1], int):
        path = path[0]
    return path


def core_path(path: Path) -> CorePath:
    """Return the place as graphql-core has it."""
    if path[0] is None:
        return CorePath(None, path[1], path[2])
    steps: list[Path] = []
    step: Path | None = path
    while step is not None:
        steps.append(step)
        step = step[0]
    core: CorePath | None = None
    for _, key, typename in reversed(steps):
        core = CorePath(core, key, typename)
    assert core is not None  # noqa: S101 - there was at least the first
    return core
