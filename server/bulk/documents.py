"""`acquaint documents add FILE …`: from the files that apps' builds leave to trusted documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from graphql import GraphQLError, GraphQLSchema, parse, validate

from server.access.model import Scope, Viewer, ViewerKind
from server.bulk.errors import FileError
from server.graphql.schema import build_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from server.services import Services

_OPERATOR = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))


@dataclass(frozen=True, slots=True)
class AddDocumentsCommand:
    """Trusts the documents of these files, all or none."""

    files: Sequence[Path]

    async def __call__(self, services: Services) -> None:
        """Say how many there were and how many are new."""
        schema = build_schema()._schema  # noqa: SLF001 - graphql-core's schema; Strawberry has no other door
        texts = [text for file in self.files for text in _checked(schema, file)]
        added = await services.documents.add(_OPERATOR, texts)
        click.echo(f"{len(texts)} documents, {added} of them new.")


@dataclass(frozen=True, slots=True)
class RemoveDocumentCommand:
    """Trusts a document no longer."""

    sha256: str

    async def __call__(self, services: Services) -> None:
        """Say whether there was one."""
        was_there = await services.documents.remove(_OPERATOR, self.sha256)
        click.echo("Removed." if was_there else "There is no document of this hash.")


def read_documents(file: Path) -> list[str]:
    """Return the texts in a file: one document in `.graphql`, or of JSON the values of one object.

    That object is what relay-compiler and graphql-codegen write (text by hash), or the manifest of Apollo's
    tools (`operations` with a `body` each). Raises FileError.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix.lower() != ".json":
        return [text]
    message = f"{file.name} is neither an object of documents by hash nor a manifest with operations."
    try:
        given = json.loads(text)
        found = (
            [each["body"] for each in given["operations"]] if "operations" in given else list(given.values())
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FileError(message) from None
    if not all(isinstance(each, str) for each in found):
        raise FileError(message)
    return found


def _checked(schema: GraphQLSchema, file: Path) -> list[str]:
    texts = read_documents(file)
    for text in texts:
        try:
            errors = validate(schema, parse(text))
        except GraphQLError as error:
            errors = [error]
        if errors:
            raise FileError(f"{file.name} has a document that is not valid: {errors[0].message}")
    return texts
