"""What is kept of one person is found by an index, in every collection: nobody waits for a scan of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.privacy.holdings import HOLDINGS
from tests.plans import plans_of
from tests.privacy.world import ERASE, EXPORT, prepare, tell, work

if TYPE_CHECKING:
    from tests.api import Api

OF_PEOPLE = [each.collection for each in HOLDINGS if each.person and each.collection != "profiles"]


@pytest.mark.parametrize(("request_", "field"), [(EXPORT, "exportPerson"), (ERASE, "erasePerson")])
async def test_index_leads_to_everything_of_one_person(api: Api, request_: str, field: str) -> None:
    await prepare(api)
    told = await tell(api)

    async with plans_of(api, *OF_PEOPLE) as plans:
        asked = await api.data(request_, {"input": {"profile": {"id": told.id}}}, by=api.admin)
        await work(api)

    assert asked[field]["__typename"] == "PrivacyRequestSuccess"
    assert sorted({plan for plan in plans if "COLLSCAN" in plan}) == []
