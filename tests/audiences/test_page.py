"""The page on events and audiences does what it says, from its first operation to its last."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from tests.api import Api

BLOCKS = re.findall(r"```graphql\n(.*?)```", (ROOT / "docs/events-and-audiences.md").read_text(), re.DOTALL)


async def test_page_does_what_it_says(api: Api) -> None:
    track, track_many, regulars, define, in_it = BLOCKS
    person = await api.person()

    told = await api.data(track, by=person)
    told_many = await api.data(track_many, by=api.admin)
    bought_twice = await api.data(regulars, by=api.admin)
    defined = await api.data(define, by=api.admin)
    found = await api.data(in_it, by=api.admin)

    assert told == {"trackEvent": {"__typename": "TrackEventSuccess"}}
    assert told_many == {"trackEvents": {"outcomes": [{"index": 0, "result": {"isReplay": False}}]}}
    assert bought_twice == {"profiles": {"edges": []}}
    assert defined["defineAudience"]["audience"]["version"] == 1
    assert found == {"profiles": {"edges": []}, "profileCount": {"value": 2}}
