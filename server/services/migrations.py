"""What brings a database to what this version wants."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from server.migrations.service import Migrations
from server.migrations.store import MigrationStore
from server.services.stores import build_stores

if TYPE_CHECKING:
    from server.kit.clock import Clock
    from server.kit.mongo import Database
    from server.settings import Settings


def build_migrations(settings: Settings, database: Database, clock: Clock) -> Migrations:
    """Return the migrations that the stores tell of; of indexes they tell whatever stands for a database."""
    return Migrations(
        store=MigrationStore(database),
        create=lambda recorder: build_stores(settings, recorder).create_indexes(),
        registry=build_stores(settings, database).migrations(),
        clock=clock,
        holder=f"{socket.gethostname()}:{os.getpid()}",
    )
