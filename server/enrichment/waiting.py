"""What a person may be spared: attributes that a look-up on its way may fill, and since when it is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.enrichment.model import EnrichmentState
from server.enrichment.states import state_of
from server.kit.ids import made_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.enrichment.model import Enricher
    from server.profiles.model import Profile

# A look-up that is to be tried again later, or that nobody may make, is not worth anybody's time.
_ON_ITS_WAY = frozenset({EnrichmentState.QUEUED, EnrichmentState.RUNNING, EnrichmentState.AWAITING_PROVIDER})


def running(profile: Profile, enrichers: Mapping[str, Enricher]) -> dict[str, datetime]:
    """Return the keys of the attributes that somebody is asking for, and since when.

    That is when the look-up was planned, not when it began: else a wait would begin anew with every state.
    """
    since: dict[str, datetime] = {}
    for key in profile.enrichments.keys() & enrichers.keys():
        if profile.enrichments[key]["state"] in _ON_ITS_WAY and (state := state_of(profile, key)):
            planned = made_at(state.job_id)
            for output in enrichers[key].outputs:
                since[output] = max(planned, since.get(output, planned))
    return since
