"""`acquaint schema` and `acquaint permissions`."""

from __future__ import annotations

import click

from server.graphql.permissions import permissions_page
from server.graphql.schema import print_schema


@click.command(help="Print the GraphQL schema.")
def schema() -> None:
    """Print what lies in schema.graphql."""
    click.echo(print_schema(), nl=False)


@click.command(help="Print who may use what of the schema, as Markdown.")
def permissions() -> None:
    """Print what lies in docs/permissions.md."""
    click.echo(permissions_page(), nl=False)
