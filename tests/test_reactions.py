"""The table of reactions is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.changes import Change
from server.reactions import reactions
from server.services import build_services
from tests.api import settings_for
from tests.own_classes import own_subclasses

if TYPE_CHECKING:
    from tests.fakes import FakeClock


async def test_every_change_has_a_line_in_the_table(clock: FakeClock) -> None:
    services = build_services(settings_for("mongodb://127.0.0.1:1", "unused"), clock=clock)

    listed = {f"{each.__module__}.{each.__qualname__}" for each in reactions(services)}

    services.close()
    assert listed == own_subclasses(Change).keys()


def test_every_kind_of_change_has_a_name_of_its_own() -> None:
    kinds = [each.kind for each in own_subclasses(Change).values()]

    assert len(set(kinds)) == len(kinds)
