"""The one table: when this change → these service calls. Every call is idempotent by the change's id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.consent.changes import ConsentRecorded
from server.enrichment.changes import EnrichmentRequested
from server.events.changes import EventTracked
from server.identity.changes import IdentityLinked, IdentityUnlinked, SignedIn
from server.profiles.changes import AttributesChanged, ProfileCreated, ProfileMerged, ProfileSplit
from server.questions.changes import AskCorrected, AskHandled, AskShown

if TYPE_CHECKING:
    from server.kit.relay import Reactions
    from server.services import Services


def reactions(services: Services) -> Reactions:
    """Return what follows from each kind of change; a kind that leads to nothing is listed with nothing."""
    enrichment, results, hooks = services.enrichment, services.results, services.hooks
    return {
        ConsentRecorded: (
            services.consents.log,
            enrichment.on_consent_recorded,
            services.privacy.on_consent_recorded,
            hooks.announce,
        ),
        ProfileCreated: (hooks.announce,),
        ProfileMerged: (services.withdrawals.keep_ended, enrichment.on_merged, hooks.announce),
        ProfileSplit: (),
        SignedIn: (enrichment.on_signed_in, hooks.announce),
        IdentityLinked: (hooks.announce,),
        IdentityUnlinked: (hooks.announce,),
        AttributesChanged: (
            services.withdrawals.keep_ended,
            enrichment.on_attributes_changed,
            hooks.announce,
        ),
        EventTracked: (services.events.log, hooks.announce),
        EnrichmentRequested: (enrichment.on_requested,),
        AskHandled: (results.record, hooks.announce),
        AskShown: (results.record,),
        AskCorrected: (results.record,),
    }
