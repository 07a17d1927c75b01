"""What can be worked out from a sign-in is there with it, and costs it nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from server.enrichment.inline import Inline
from server.enrichment.model import EnrichmentState, NoMatch, Trigger
from server.enrichment.states import state_of
from server.profiles.model import PERSON, ProfileUpdate
from tests.enrichment.stage import APP, Oracle, Stage, enricher, provider, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.enrichment.model import Enricher, Result
    from server.profiles.model import Profile, Value
    from tests.api import Api


async def arrive(stage: Stage, profile: Profile, **values: object) -> Profile:
    """Write a sign-in that brings these values along."""
    inline = Inline(
        profiles=stage.profiles,
        people=stage.people,
        concluding=stage.concluding,
        enrichers=stage.configured,
    )
    sign_in = ProfileUpdate(claims=await stage.profiles.claims(values, PERSON), increment={"logins": 1})
    written = await stage.profiles.write(profile.id, await inline.derived(profile, sign_in))
    assert written is not None
    return written


async def test_domain_of_an_address_is_known_with_the_sign_in_that_brings_it(api: Api) -> None:
    page = await api.signed_in("ada", email="ada@analytical.com", email_verified=True)

    profile = await api.services.profiles.find_living(page.profile_id)
    assert profile is not None
    known = await api.services.profiles.known_attributes(profile)
    assert known["company_domain"].value == "analytical.com"
    assert known["company_domain"].winner.source.slug == "enricher:email_domain"


async def test_sign_in_leaves_no_second_look_up_to_do(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(enricher(look_up=oracle))
    profile = await arrive(stage, await stage.person(), email="ada@acme.com")

    await stage.enrichment.plan_for(profile.id, Trigger.SIGN_IN)
    await stage.worker().drain()

    shown = await stage.shown(profile.id)
    assert (shown.state, shown.attempts, shown.attributes_set) == (
        EnrichmentState.SUCCEEDED,
        1,
        ("job_title",),
    )
    assert len(oracle.asked) == 1


async def test_later_sign_in_takes_back_what_no_longer_holds(stage: Stage) -> None:
    oracle = Oracle(title("Countess"), NoMatch())
    stage = stage.with_enrichers(enricher(look_up=oracle))
    first = await arrive(stage, await stage.person(), email="ada@acme.com")
    before = await stage.values(first.id)

    second = await arrive(stage, first, email="ada@analytical.com")

    assert before["job_title"] == "Countess"
    assert "job_title" not in await stage.values(second.id)


async def test_nobody_else_is_asked_while_somebody_signs_in(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    stage = stage.with_enrichers(provider(look_up=oracle))

    profile = await arrive(stage, await stage.person(), email="ada@acme.com")

    assert oracle.asked == []
    assert state_of(profile, "oracle") is None


async def test_look_up_that_takes_long_is_left_to_its_job(stage: Stage) -> None:
    def slow(first: asyncio.Event) -> Enricher:
        async def look_up(_: Mapping[str, Value]) -> Result:
            if not first.is_set():
                first.set()
                await asyncio.Event().wait()
            return title("Countess")

        return enricher(look_up=look_up)

    stage = stage.with_enrichers(slow(asyncio.Event()))
    profile = await arrive(stage, await stage.person(), email="ada@acme.com")
    without = await stage.values(profile.id)

    await stage.worker().drain()

    assert "job_title" not in without
    assert (await stage.values(profile.id))["job_title"] == "Countess"


async def test_occasions_that_an_enricher_does_not_want_are_none_at_a_sign_in_either(stage: Stage) -> None:
    oracle = Oracle(title("Countess"))
    only_first = replace(enricher(look_up=oracle), triggers=frozenset({Trigger.SIGN_UP}))
    stage = stage.with_enrichers(only_first)
    first = await arrive(stage, await stage.person(), email="ada@acme.com")

    await arrive(stage, first, email="ada@analytical.com")

    assert len(oracle.asked) == 1
    assert len(await stage.enrichment.enrichments_of(APP, first)) == 1
