"""`acquaint documents`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from server.bulk.documents import AddDocumentsCommand, RemoveDocumentCommand
from server.command_line import noted, with_services
from server.local import remembered_environment


@click.group(help="The documents that pages may have executed (ACQUAINT_TRUSTED_DOCUMENTS_ONLY).")
def documents() -> None:
    """Group the commands below."""


@documents.command("add", help="Trust the documents in FILES: .graphql, or .json as builds of apps write it.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def add_documents(files: tuple[Path, ...]) -> None:
    """Check each and store all, or none."""
    command = AddDocumentsCommand(files)
    with_services(noted("add-documents", command), {**remembered_environment(), **os.environ})


@documents.command("remove", help="Trust the document of this SHA-256 no longer.")
@click.argument("sha256")
def remove_document(sha256: str) -> None:
    """Forget it."""
    command = RemoveDocumentCommand(sha256)
    with_services(noted("remove-document", command), {**remembered_environment(), **os.environ})
