"""What the last release promised: its schema, and which changes since then break what clients rely on.

`python -m tests.graphql.released` fails where there are any; with `keep` it keeps the schema as released.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    resolve_schema_coordinate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_KEPT = Path(__file__).with_name("released.graphql")
_CURRENT = ROOT / "schema.graphql"
_VERSION = re.compile(r"# The schema of version (\d+)\.(\d+)\.\d+\.\n")
_REASON = re.compile(r"Use `([\w.()@:]+)`[^.]*\. Goes after \d{4}-\d\d-\d\d\.")
_ADVICE = "Deprecate it instead, or release a version that may break: docs/graphql-over-http.md."


@dataclass(frozen=True, slots=True)
class Release:
    """A version, and the text of its schema."""

    version: str
    schema: str

    def breaks(self, before: Release) -> list[str]:
        """Return what clients of an earlier release rely on and was changed, unless this version may."""
        if _generation(self.version) > _generation(before.version):
            return []
        changes = find_breaking_changes(build_schema(before.schema), build_schema(self.schema))
        return [change.description for change in changes]


def _generation(version: str) -> tuple[int, int]:
    """Return the part of a version that goes up where clients may break: before 1.0 the second number."""
    major, minor, *_ = map(int, version.split("."))
    return (major, 0 if major else minor)


def last_release() -> Release:
    """Return the release that was kept."""
    text = _KEPT.read_text()
    found = _VERSION.match(text)
    assert found is not None, f"{_KEPT.name} has to open with its version."
    return Release(".".join((*found.groups(), "0")), text)


def current() -> Release:
    """Return what would be released now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return Release(project["version"], _CURRENT.read_text())


def wrong_reasons(schema: GraphQLSchema) -> list[str]:
    """Return what is deprecated without saying what takes its place and until when it stays."""
    return [where for where, reason in _deprecations(schema) if not _is_reason(schema, reason)]


def _is_reason(schema: GraphQLSchema, reason: str) -> bool:
    found = _REASON.match(reason)
    return found is not None and resolve_schema_coordinate(schema, found[1]) is not None


def _deprecations(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield from _deprecation(f"{kind}.{name}", value.deprecation_reason)
        if isinstance(kind, GraphQLInputObjectType):
            for name, given in kind.fields.items():
                yield from _deprecation(f"{kind}.{name}", given.deprecation_reason)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                yield from _deprecation(f"{kind}.{name}", field.deprecation_reason)
                for of, argument in field.args.items():
                    yield from _deprecation(f"{kind}.{name}({of}:)", argument.deprecation_reason)


def _deprecation(where: str, reason: str | None) -> Iterator[tuple[str, str]]:
    if reason is not None:
        yield where, reason


def _keep() -> None:
    released = current()
    _KEPT.write_text(f"# The schema of version {released.version}.\n{released.schema}")


def _check() -> int:
    broken = current().breaks(last_release())
    for each in broken:
        sys.stderr.write(f"schema.graphql breaks clients of the last release: {each}\n")
    if broken:
        sys.stderr.write(f"{_ADVICE}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["keep"]:
        _keep()
    else:
        sys.exit(_check())
