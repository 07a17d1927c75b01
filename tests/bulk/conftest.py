"""An importer over a core that has the standard attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.bulk.exporting import FileExport
from server.bulk.importing import FileImport
from server.bulk.store import ImportStore
from server.profiles.importing import Importing
from server.profiles.store import ProfileStore

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


@pytest.fixture
async def stocked(core: Core) -> Core:
    """A core with the attributes that ship with the product."""
    await core.attributes.ensure_standard_attributes()
    return core


@pytest.fixture
def importer(stocked: Core, clock: FakeClock) -> FileImport:
    importing = Importing(profiles=stocked.profiles, store=ProfileStore(stocked.database), clock=clock)
    return FileImport(
        profiles=stocked.profiles, importing=importing, store=ImportStore(stocked.database), clock=clock
    )


@pytest.fixture
def exporter(stocked: Core) -> FileExport:
    return FileExport(profiles=stocked.profiles, store=ProfileStore(stocked.database))
