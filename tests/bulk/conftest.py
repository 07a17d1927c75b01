"""An importer over a core that has the standard attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.bulk.exporting import FileExport
from server.bulk.importing import FileImport
from server.bulk.store import ImportStore
from server.profiles.erased_store import ErasedStore
from server.profiles.importing import Importing
from server.profiles.store import ProfileStore
from tests.core import SECRET

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


@pytest.fixture
async def stocked(core: Core) -> Core:
    """A core with the attributes that ship with the product."""
    await core.attributes.ensure_standard_attributes()
    return core


def importing_of(core: Core, clock: FakeClock) -> Importing:
    """Return what writes the rows of an import."""
    return Importing(
        profiles=core.profiles, store=ProfileStore(core.database), erased=erased_of(core), clock=clock
    )


def erased_of(core: Core) -> ErasedStore:
    return ErasedStore(core.database, secret=SECRET)


@pytest.fixture
def importer(stocked: Core, clock: FakeClock) -> FileImport:
    importing = importing_of(stocked, clock)
    return FileImport(
        profiles=stocked.profiles, importing=importing, store=ImportStore(stocked.database), clock=clock
    )


@pytest.fixture
def exporter(stocked: Core) -> FileExport:
    return FileExport(profiles=stocked.profiles)
