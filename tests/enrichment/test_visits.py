"""What is known of a visit reaches the look-ups that may see it, and is kept nowhere as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.consent.model import ENRICHMENT_DERIVED, ENRICHMENT_IP
from server.enrichment.model import Enricher, EnricherKind, Found, Trigger
from server.enrichment.planning import hash_of
from server.enrichment.visit_store import VisitStore
from server.enrichment.visits import ADDRESS, LANGUAGES, USER_AGENT, VisitFacts, Visits, during, present
from tests.core import SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Result
    from server.kit.mongo import Database
    from server.profiles.model import Value
    from tests.api import Api
    from tests.enrichment.stage import Stage

FACTS = VisitFacts(address="93.184.216.34", languages="pt-BR,pt;q=0.9", user_agent="iPhone")


def asking(
    *inputs: str, kind: EnricherKind = EnricherKind.HTTP, purpose: str = ENRICHMENT_DERIVED
) -> Enricher:
    """Return an enricher that starts from these."""

    async def look_up(_: Mapping[str, Value]) -> Result:
        return Found(findings=())

    return Enricher(
        key="geo",
        name="Geo",
        kind=kind,
        triggers=frozenset(Trigger),
        inputs=inputs,
        outputs=frozenset(),
        ttl=timedelta(days=30),
        look_up=look_up,
        purpose=purpose,
    )


def visits(stage: Stage, database: Database, *enrichers: Enricher) -> Visits:
    """Return what hands facts to these enrichers."""
    return Visits(
        store=VisitStore(database),
        profiles=stage.profiles,
        enrichers=lambda: {each.key: each for each in enrichers},
        clock=stage.clock,
        secret=SECRET,
    )


async def test_facts_last_as_long_as_the_request(stage: Stage, database: Database) -> None:
    ada, enricher = await stage.person(), asking(LANGUAGES, kind=EnricherKind.OFFLINE)
    handing = visits(stage, database, enricher)

    with during(FACTS):
        meanwhile = await handing.known(ada, [enricher])
    afterwards = await handing.known(ada, [enricher])

    assert (meanwhile, afterwards) == ({LANGUAGES: "pt-BR,pt;q=0.9"}, {})
    assert present() is None


async def test_enricher_sees_what_it_names_and_nothing_else(stage: Stage, database: Database) -> None:
    ada = await stage.person()

    with during(FACTS):
        seen = await visits(stage, database).known(ada, [asking(USER_AGENT), asking("email")])

    assert seen == {USER_AGENT: "iPhone"}


async def test_what_is_asked_later_is_kept_sealed_for_minutes(stage: Stage, database: Database) -> None:
    ada, enricher = await stage.person(), asking(ADDRESS)
    handing = visits(stage, database, enricher)

    with during(FACTS):
        await handing.keep(ada)
    kept = await database["visit_facts"].find().to_list(None)
    soon = await handing.known(ada, [enricher])
    stage.clock.advance(timedelta(minutes=16))
    later = await handing.known(ada, [enricher])

    assert (soon, later) == ({ADDRESS: "93.184.216.34"}, {})
    assert len(kept) == 1
    assert "93.184" not in repr(kept)


@pytest.mark.parametrize(
    "enricher",
    [
        asking(ADDRESS, purpose=ENRICHMENT_IP),  # which nobody agreed to
        asking(ADDRESS, kind=EnricherKind.OFFLINE),
        asking("email"),
    ],
)
async def test_what_nobody_may_or_needs_to_see_later_is_not_kept(
    stage: Stage, database: Database, enricher: Enricher
) -> None:
    ada = await stage.person()

    with during(FACTS):
        await visits(stage, database, enricher).keep(ada)

    assert await database["visit_facts"].count_documents({}) == 0


async def test_hash_that_is_kept_tells_no_address_and_tells_addresses_apart(
    stage: Stage, database: Database
) -> None:
    ada, enricher = await stage.person(), asking(ADDRESS)
    handing = visits(stage, database, enricher)

    with during(FACTS):
        first, again = [await handing.known(ada, [enricher]) for _ in range(2)]
    with during(VisitFacts(address="93.184.216.35")):
        other = await handing.known(ada, [enricher])

    hashes = [hash_of(enricher, each) for each in (first, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert hash_of(enricher, {ADDRESS: "93.184.216.34"}) not in hashes


async def test_sign_in_brings_language_and_device_at_once(api: Api) -> None:
    with during(FACTS):
        ada = await api.signed_in("ada", email="ada@acme.example", email_verified=True)

    profile = await api.services.profiles.find(ada.profile_id)
    assert profile is not None
    known = await api.services.profiles.known_attributes(profile)
    stored = repr(await api.services.database["profiles"].find().to_list(None))
    assert (known["locale"].value, known["visit_device"].value) == ("pt-BR", "phone")
    assert "93.184" not in stored
    assert "iPhone" not in stored
