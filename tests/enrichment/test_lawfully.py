"""No look-up without consent, none of whoever asked not to be looked up, and sources that are taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import Scope, Viewer, ViewerKind
from server.consent.model import ENRICHMENT_THIRD_PARTY, ConsentState
from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.model import EnrichmentState, Finding, Found, OutcomeClass, ReasonCode, Trouble
from server.enrichment.suppression_store import plain_address
from server.profiles.consenting import Consenting
from server.profiles.history_store import HistoryStore
from server.profiles.model import IdentityKind, IdentityRef, Source, SourceKind
from server.profiles.sweep_store import SweepStore
from server.profiles.withdrawal_store import WithdrawalStore
from server.profiles.withdrawing import WITHDRAW, Withdrawals, Withdrawing
from server.services.jobs import forget_results
from tests.enrichment.stage import APP, Oracle, Stage, provider, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Result
    from server.kit.mongo import Database
    from server.profiles.model import ProfileId, Value

S, R = EnrichmentState, ReasonCode
ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset(Scope))
LEGAL = Trouble(reason="HTTP 451", kind=OutcomeClass.LEGAL)


async def consent(stage: Stage, profile_id: ProfileId, state: ConsentState) -> None:
    """Let the person say this to being looked up by others."""
    await stage.consents.ensure_standard_purposes()
    consenting = Consenting(profiles=stage.profiles, consents=stage.consents, clock=stage.clock)
    await consenting.record(ADMIN, profile_id, ENRICHMENT_THIRD_PARTY, state)


async def test_nobody_is_looked_up_without_their_consent(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle, purpose=ENRICHMENT_THIRD_PARTY))
    await stage.consents.ensure_standard_purposes()
    person = await stage.person(email="ada@acme.com")

    await stage.worker().drain()

    assert oracle.asked == []
    assert (await stage.all_shown(person.id))["oracle"] == (S.CANCELLED, R.CONSENT_MISSING)


async def test_consent_that_is_withdrawn_while_it_waits_keeps_it_from_being_made(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle, purpose=ENRICHMENT_THIRD_PARTY))
    person = await stage.person(email="ada@acme.com")
    await consent(stage, person.id, ConsentState.GRANTED)
    await stage.enrichment.request(APP, person.id)

    await consent(stage, person.id, ConsentState.WITHDRAWN)
    await stage.worker().drain()

    assert oracle.asked == []
    assert (await stage.all_shown(person.id))["oracle"] == (S.CANCELLED, R.CONSENT_MISSING)


async def test_consent_that_is_withdrawn_in_mid_flight_lets_no_claim_land(stage: Stage) -> None:
    asked: list[Mapping[str, Value]] = []
    person = await stage.person(email="ada@acme.com")
    await consent(stage, person.id, ConsentState.GRANTED)

    async def withdraw_meanwhile(inputs: Mapping[str, Value]) -> Result:
        asked.append(inputs)
        await consent(stage, person.id, ConsentState.WITHDRAWN)
        return title("Countess")

    stage = stage.with_enrichers(provider(look_up=withdraw_meanwhile, purpose=ENRICHMENT_THIRD_PARTY))
    await stage.enrichment.request(APP, person.id)
    await stage.worker().drain()

    profile = await stage.profile(person.id)
    claims = [claim for by_source in profile.claims.values() for claim in by_source]
    assert len(asked) == 1
    assert {claim.source.kind for claim in claims} == {SourceKind.PERSON}
    assert (await stage.all_shown(person.id))["oracle"] == (S.CANCELLED, R.CONSENT_MISSING)
    meter = (await stage.meters.all(["oracle"]))["oracle"]
    assert (meter["calls"], meter["day_spent"], meter["holders"]) == (1, 1, [])


async def test_legal_answer_keeps_every_source_from_asking_ever_again(stage: Stage) -> None:
    oracle, other = Oracle(LEGAL), Oracle(title("Countess"))
    stage = stage.with_enrichers(provider("oracle", oracle), email_domain())
    person = await stage.person(1, email="ada@acme.com")
    await stage.worker().drain()

    stage = stage.with_enrichers(provider("oracle", oracle), provider("other", other), email_domain())
    for days in (2, 400, 4000):
        stage.clock.advance(timedelta(days=days))
        await stage.enrichment.request(APP, person.id, force=True)
        await stage.person(days, email="ADA+news@acme.com")
        await stage.worker().drain()

    assert (len(oracle.asked), len(other.asked)) == (1, 0)
    shown = await stage.all_shown(person.id)
    assert (shown["oracle"], shown["other"]) == ((S.SUPPRESSED, R.SUPPRESSED),) * 2
    assert shown["email_domain"][0] is S.SUCCEEDED


async def test_legal_answer_takes_back_what_the_source_had_said(stage: Stage) -> None:
    oracle = Oracle(title("Countess"), LEGAL)
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    before = await stage.values(person.id)

    await stage.enrichment.request(APP, person.id, force=True)
    await stage.worker().drain()

    assert before["job_title"] == "Countess"
    assert "job_title" not in await stage.values(person.id)


async def test_address_that_is_lifted_may_be_looked_up_when_asked_for(stage: Stage) -> None:
    oracle = Oracle(LEGAL, title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()

    lifted = await stage.suppressions.lift("Ada@Acme.com")
    await stage.enrichment.request(APP, person.id, force=True)
    await stage.worker().drain()

    assert lifted
    assert (await stage.shown(person.id)).state is S.SUCCEEDED


async def test_suppressions_hold_no_address(stage: Stage, database: Database) -> None:
    await stage.suppressions.add(["ada@acme.com"], stage.clock(), by=None, enricher=None)

    kept = await database["suppressions"].find().to_list(None)

    assert len(kept) == 1
    assert "ada" not in str(kept)


async def test_address_that_was_proved_counts_as_well_as_one_that_was_said(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle, inputs=("name",)))
    ref = IdentityRef(kind=IdentityKind.EMAIL, value="ada@acme.com")
    await stage.suppressions.add(["ada@acme.com"], stage.clock(), by=None, enricher=None)
    person = await stage.profiles.create((ref,))

    await stage.say(person.id, name="Ada")
    await stage.worker().drain()

    assert oracle.asked == []


@pytest.mark.parametrize(
    ("spelling", "plain"),
    [
        (" Ada@ACME.com ", "ada@acme.com"),
        ("ada+news@acme.com", "ada@acme.com"),
        ("a.d.a@acme.com", "a.d.a@acme.com"),
        ("A.d.a+x@GMail.com", "ada@gmail.com"),
    ],
)
def test_spellings_of_one_mailbox_fall_together(spelling: str, plain: str) -> None:
    assert plain_address(spelling) == plain


async def test_withdrawn_source_is_gone_and_may_come_back_with_its_next_run(
    stage: Stage, database: Database
) -> None:
    findings = (Finding(key="job_title", value="Countess"), Finding(key="company_name", value="Acme"))
    paid = Oracle(Found(findings=findings))
    outputs = frozenset({"job_title", "company_name"})
    free = Oracle(title("Clerk"))
    stage = stage.with_enrichers(provider("paid", paid, outputs=outputs), provider("free", free))
    person = await stage.person(email="ada@acme.com")
    await stage.worker().drain()
    before = await stage.values(person.id)

    await withdraw(stage, database, "paid")
    without = await stage.values(person.id)
    await stage.enrichment.request(APP, person.id, ["paid"], force=True)
    await stage.worker().drain()

    assert before["company_name"] == "Acme"
    assert ("company_name" in without, without["job_title"]) == (False, "Clerk")
    assert (await stage.values(person.id))["company_name"] == "Acme"
    assert len(paid.asked) == 2


async def test_answer_from_before_a_withdrawal_is_neither_kept_nor_used(
    stage: Stage, database: Database
) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))
    await stage.person(1, email="ada@acme.com")
    await stage.worker().drain()
    store = WithdrawalStore(database)
    asking = Withdrawals(store=store, history=history(database), queue=stage.queue, clock=stage.clock)
    await asking.withdraw(ADMIN, Source(kind=SourceKind.ENRICHER, key="oracle"))

    await stage.person(2, email="ADA@acme.com")
    await stage.worker().drain()
    asked = len(oracle.asked)
    await withdraw(stage, database, "oracle")

    assert asked == 2
    assert await database["look_up_results"].count_documents({}) == 0


def history(database: Database) -> HistoryStore:
    return HistoryStore(database, retention=timedelta(days=30))


async def withdraw(stage: Stage, database: Database, key: str) -> None:
    """Take back all that an enricher said, and return when it is done."""
    store = WithdrawalStore(database)
    stage.clock.advance(timedelta(seconds=1))
    asking = Withdrawals(store=store, history=history(database), queue=stage.queue, clock=stage.clock)
    await asking.withdraw(ADMIN, Source(kind=SourceKind.ENRICHER, key=key))
    job = await stage.queue.claim({WITHDRAW}, "ada")
    assert job is not None
    working = Withdrawing(
        store=store,
        sweeps=SweepStore(database),
        history=history(database),
        profiles=stage.profiles,
        clock=stage.clock,
        forget=forget_results(stage.results),
    )
    await working.run(job)
