"""`acquaint dev` and `acquaint demo`."""

from __future__ import annotations

import os
import sys

import click

from server.command_line import built_services, given_settings
from server.demo.page import create_demo
from server.local import run_local
from server.serving.server import listening, run_server


@click.command(help="Set up and start everything on this machine: what `make run` calls.")
def dev() -> None:
    """Run MongoDB, API, worker and demo until Ctrl-C."""
    sys.exit(run_local(os.environ))


@click.command(help="Serve the demo page and its identity provider. Development only.")
def demo() -> None:
    """Run the demo process until SIGTERM or Ctrl-C."""
    settings = given_settings()
    if not settings.is_development:
        raise click.ClickException("The demo runs in development only: anybody can sign in as anybody there.")
    host, _, port = settings.demo_url.partition("://")[2].partition(":")
    run_server(create_demo(built_services(settings)), listening(host, int(port or 80)))
