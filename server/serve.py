"""`acquaint serve`: the API by this process alone, or by several on one port."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from server.app import create_app, create_beside
from server.command_line import built_services, given_settings
from server.kit.leaving import Leaving
from server.serving.server import Manners, listening, run_server, serve_on, served_beside
from server.serving.supervisor import Supervisor

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from server.settings import Settings

_PROCESS = (sys.executable, "-m", "server", "serve-as")


@click.command(help="Serve GraphQL, sign-in and the widget.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Serve by so many processes on one port; SIGHUP replaces them one by one.  [by this one alone]",
)
@click.pass_context
def serve(context: click.Context, workers: int | None) -> None:
    """Run the API until SIGTERM or Ctrl-C."""
    settings = given_settings()
    if workers is not None:
        level = (context.parent or context).params["log_level"]
        asyncio.run(_supervised(settings, workers, {**os.environ, "ACQUAINT_LOG_LEVEL": level}))
        return
    manners = _manners(settings)
    app = create_app(built_services(settings), manners.leaving)
    run_server(app, _socket(settings), manners)


@click.command("serve-as", hidden=True)
@click.argument("descriptor", type=int)
@click.argument("place", type=int)
def serve_as(descriptor: int, place: int) -> None:
    """Be one of the processes of `serve --workers`, on its socket."""
    settings = given_settings()
    services, manners = built_services(settings), _manners(settings)

    async def can_serve() -> bool:
        return not await services.why_not_ready()

    first = settings.first_process_port
    watched = (
        nullcontext()
        if first is None
        else served_beside(create_beside(services, manners.leaving), settings.host, first + place)
    )
    app = create_app(services, manners.leaving, is_one_of_several=True)
    serve_on(descriptor, app, manners, can_serve=can_serve, beside=watched)


async def _supervised(settings: Settings, workers: int, environ: Mapping[str, str]) -> None:
    with _socket(settings) as ours:
        await Supervisor(
            _PROCESS, environ, listening=ours, processes=workers, drain_seconds=settings.drain_seconds
        ).run()


def _socket(settings: Settings) -> socket.socket:
    try:
        return listening(settings.host, settings.port)
    except OSError as error:
        message = f"Port {settings.port} of {settings.host} cannot be had: {error.strerror}."
        raise click.ClickException(message) from None


def _manners(settings: Settings) -> Manners:
    return Manners(limits=settings.connection_limits, leaving=Leaving(), drain_seconds=settings.drain_seconds)
