"""The durable work of privacy and profiles: who runs which kind of job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.privacy.anonymising import Anonymising
from server.privacy.erasing import Erasing
from server.privacy.exporting import Exporting
from server.privacy.holding_store import HoldingStore
from server.privacy.holdings import HOLDINGS
from server.privacy.model import ANONYMISE, ERASE, EXPORT, RETAIN
from server.privacy.model import WITHDRAW as WITHDRAW_CONSENT
from server.privacy.retaining import Retaining
from server.privacy.withdrawing import Withdrawing as WithdrawingConsent
from server.profiles.expiring import EXPIRE, Expiring
from server.profiles.model import SourceKind
from server.profiles.reranking import RERANK, Reranking
from server.profiles.sweep_store import SweepStore
from server.profiles.withdrawing import WITHDRAW, Withdrawing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from server.enrichment.result_store import ResultStore
    from server.hooks.service import Hooks
    from server.identity.service import Identity
    from server.kit.jobs.model import JobHandler
    from server.profiles.model import Source
    from server.services.ground import Ground


def privacy_jobs(ground: Ground, identity: Identity, hooks: Hooks) -> Mapping[str, JobHandler]:
    """Return what exports, erases, anonymises and forgets people."""
    profiles, store, queue, clock = ground.profiles, ground.stores.privacy, ground.queue, ground.clock
    holdings = HoldingStore(ground.database, HOLDINGS)
    erasing = Erasing(
        profiles=profiles,
        store=store,
        holdings=holdings,
        revocations=ground.access.revocations,
        queue=queue,
        clock=clock,
        announce=hooks.announce_deleted,
    )
    return {
        ERASE: erasing,
        ANONYMISE: Anonymising(profiles=profiles, store=store, holdings=holdings, queue=queue, clock=clock),
        EXPORT: Exporting(profiles=profiles, store=store, holdings=holdings, clock=clock),
        WITHDRAW_CONSENT: WithdrawingConsent(
            profiles=profiles,
            holdings=holdings,
            forget_raw=identity.accounts.forget,
            queue=queue,
            clock=clock,
        ),
        RETAIN: Retaining(holdings=holdings, erasing=erasing, clock=clock, rules=ground.settings.retention),
    }


def forget_results(results: ResultStore) -> Callable[[Source], Awaitable[None]]:
    """Return what forgets the answers of a source that is an enricher."""

    async def forget(source: Source) -> None:
        if source.kind is SourceKind.ENRICHER and source.key is not None:
            await results.forget(source.key)

    return forget


def profile_jobs(ground: Ground) -> Mapping[str, JobHandler]:
    """Return what goes over many profiles."""
    stores, profiles, clock = ground.stores, ground.profiles, ground.clock
    sweeps = SweepStore(ground.database)
    return {
        EXPIRE: Expiring(sweeps=sweeps, profiles=profiles, clock=clock),
        RERANK: Reranking(store=sweeps, catalogue=ground.attributes.catalogue, clock=clock),
        WITHDRAW: Withdrawing(
            store=stores.withdrawals,
            sweeps=sweeps,
            history=stores.history,
            profiles=profiles,
            clock=clock,
            forget=forget_results(stores.look_up_results),
        ),
    }
