"""What commands share: the settings they are given, services while they run, errors as sentences."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from server.access.model import COMMAND_LINE
from server.kit.errors import ExpectedError
from server.kit.mongo import PyMongoError
from server.services import build_services
from server.settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from server.services import Services


def given_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    try:
        return read_settings(environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def noted(act: str, work: Callable[[Services], Awaitable[None]]) -> Callable[[Services], Awaitable[None]]:
    """Have the audit log tell of what somebody does who holds the settings of this deployment."""

    async def noted_work(services: Services) -> None:
        async with services.audit.noting(COMMAND_LINE, act):
            await work(services)

    return noted_work


def with_services(
    work: Callable[[Services], Awaitable[None]],
    environ: Mapping[str, str] = os.environ,
    *,
    is_patient: bool = False,
) -> None:
    """Do work with services of its own; where it is patient, MongoDB may be silent as long as it takes."""
    settings = given_settings(environ)
    if is_patient:  # an index of a large collection is built for minutes, in one statement
        settings = replace(settings, database_limits=replace(settings.database_limits, silence_seconds=0))
    try:
        with told():
            asyncio.run(_run(settings, work))
    except PyMongoError as error:
        raise _unusable(settings, error) from None


def built_services(settings: Settings) -> Services:
    """Return services of a process of their own."""
    try:
        return build_services(settings)
    except SettingsError as error:  # of what domains alone can tell
        raise click.ClickException(str(error)) from None
    except PyMongoError as error:
        raise _unusable(settings, error) from None


@contextmanager
def told() -> Iterator[None]:
    """Tell what a caller can expect to go wrong in one sentence, also of a file or folder that was named."""
    try:
        yield
    except ExpectedError as error:
        raise click.ClickException(error.message) from None
    except OSError as error:
        if error.filename is None:
            raise
        raise click.ClickException(f"{error.filename} can't be used: {error.strerror}.") from None


async def _run(settings: Settings, work: Callable[[Services], Awaitable[None]]) -> None:
    services = built_services(settings)
    try:
        await work(services)
    finally:
        services.close()


def _unusable(settings: Settings, error: PyMongoError) -> click.ClickException:
    place = settings.mongodb_url.rpartition("@")[2].partition("?")[0]  # secrets may be on either side
    said = str(error).partition(", full error: ")[0]
    return click.ClickException(f"MongoDB at {place} can't be used: {said}")
