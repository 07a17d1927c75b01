"""A core that can ask for a role, a company size, an industry and a goal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.questions.town import define_attributes

if TYPE_CHECKING:
    from tests.core import Core


@pytest.fixture
async def town(core: Core) -> Core:
    """The core with attributes to ask for."""
    await define_attributes(core)
    return core
