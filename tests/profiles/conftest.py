"""What tests of claims share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.profiles.claims_world import ClaimsWorld, build_claims_world

if TYPE_CHECKING:
    from tests.core import Core
    from tests.fakes import FakeClock


@pytest.fixture
async def claims_world(core: Core, clock: FakeClock) -> ClaimsWorld:
    """Claims with everything that works on them."""
    return await build_claims_world(core, clock)
