"""A plugin as another distribution brings it: an oracle that knows everybody's title."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.model import Enricher, EnricherKind, Finding, Found, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Result
    from server.profiles.model import Value


def enricher() -> Enricher:
    """Return the enricher: what the entry point names."""

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        return Found(findings=(Finding(key="job_title", value=f"Friend of {inputs['name']}"),))

    return Enricher(
        key="oracle",
        name="Oracle",
        kind=EnricherKind.HTTP,
        triggers=frozenset({Trigger.SIGN_IN, Trigger.MANUAL}),
        inputs=("name",),
        outputs=frozenset({"job_title"}),
        ttl=timedelta(days=30),
        look_up=look_up,
        purpose="enrichment_derived",
    )
