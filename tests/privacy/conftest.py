"""A clock that stands at the present: MongoDB drops what has expired by a clock of its own."""

from __future__ import annotations

import pytest

from server.kit.clock import system_clock
from tests.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """The clock of the API and its worker."""
    return FakeClock(system_clock())
