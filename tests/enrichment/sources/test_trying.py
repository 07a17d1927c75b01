"""A try shows what is sent and what an answer would come to, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.enrichment.configured import EnricherId, Recorded
from server.enrichment.model import OutcomeClass
from server.enrichment.sources.library import preset
from server.kit.errors import InvalidInputError, NotFoundError
from server.profiles.model import PERSON, IdentityKind, IdentityRef, ProfileId, ProfileUpdate
from tests.enrichment.sources.deployment import ADMIN
from tests.enrichment.sources.simulator import Scripted, secret
from tests.enrichment.sources.specs import document

if TYPE_CHECKING:
    from tests.enrichment.sources.deployment import Deployment
    from tests.enrichment.sources.simulator import Stand


async def somebody(here: Deployment, **values: object) -> ProfileId:
    """Return a person who said these things."""
    ref = IdentityRef(kind=IdentityKind.USER_ID, value="ada")
    profile = await here.ground.profiles.create((ref,))
    claims = await here.ground.profiles.claims(values, PERSON)
    await here.ground.profiles.write(profile.id, ProfileUpdate(claims=claims))
    return profile.id


async def test_live_try_asks_once_and_writes_nothing(here: Deployment, stand: Stand) -> None:
    given = {**(preset("gravatar") or {}), "purpose": "enrichment_derived"}
    made = await here.sources.configuring.create(ADMIN, "gravatar", document=given)
    await here.sources.configuring.set_secret(ADMIN, made.configured.id, "api_key", secret("api_key"))
    ada = await somebody(here, email="Ada@Fernhill.example")

    tried = await here.sources.trying.run(ADMIN, made.configured.id, None, ada)

    profile = await here.ground.profiles.find(ada)
    assert profile is not None
    assert tried.outcome is OutcomeClass.MATCH
    assert len(stand.simulator.calls) == 1
    assert stand.simulator.refusals == []
    assert len(profile.claims) == 1


async def test_live_try_needs_the_persons_consent_and_what_is_asked_with(
    here: Deployment, stand: Stand
) -> None:
    made = await here.made()
    free = await here.sources.configuring.create(
        ADMIN, "oracle", document=document(purpose="enrichment_derived")
    )
    ada = await somebody(here, name="Ada")

    for enricher, sentence in ((made, "does not allow"), (free, "'email' is not known")):
        with pytest.raises(InvalidInputError, match=sentence):
            await here.sources.trying.run(ADMIN, enricher.configured.id, None, ada)
    with pytest.raises(NotFoundError):
        await here.sources.trying.run(ADMIN, free.configured.id, None, ProfileId("prf_none"))
    assert stand.simulator.calls == []


async def test_live_try_tells_of_a_server_that_does_not_answer(here: Deployment, stand: Stand) -> None:
    given = document(purpose="enrichment_derived", limits={"timeout_seconds": 1})
    made = await here.sources.configuring.create(ADMIN, "oracle", document=given)
    ada = await somebody(here, email="ada@fernhill.example")
    stand.simulator.script = [Scripted(mode="hang")]

    tried = await here.sources.trying.run(ADMIN, made.configured.id, None, ada)

    assert (tried.outcome, tried.reason) == (OutcomeClass.TRANSIENT, "no answer within 1 seconds")


async def test_try_on_the_example_shows_request_class_and_claims(here: Deployment, stand: Stand) -> None:
    made = await here.made()

    tried = await here.sources.trying.run(ADMIN, made.configured.id, None, None)

    assert tried.url == "https://api.hunter.io/v2/people/find?email=ada%40fernhill.example"
    assert tried.headers["X-API-KEY"] == "•••"
    assert tried.outcome is OutcomeClass.MATCH
    assert {"name", "job_title"} <= {each.key for each in tried.findings}
    assert stand.simulator.calls == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Recorded(status=403, body={}), OutcomeClass.THROTTLED),
        (Recorded(status=200, body="<html>", media_type="text/html"), OutcomeClass.CONFIG),
        (Recorded(status=451, body=None), OutcomeClass.LEGAL),
    ],
)
async def test_try_on_an_answer_says_what_it_means(
    here: Deployment, answer: Recorded, outcome: OutcomeClass
) -> None:
    made = await here.made()

    tried = await here.sources.trying.run(ADMIN, made.configured.id, answer, None)

    assert (tried.outcome, tried.findings) == (outcome, ())


async def test_try_tells_what_does_not_fit_its_attribute(here: Deployment) -> None:
    created = await here.sources.configuring.create(
        ADMIN, "oracle", document=document(map={"geo_country": {"path": "land", "type": "country"}})
    )

    tried = await here.sources.trying.run(
        ADMIN, created.configured.id, Recorded(status=200, body={"land": "Atlantis"}), None
    )

    assert (tried.findings, tried.dropped) == ((), ("geo_country",))


async def test_try_without_an_example_wants_an_answer(here: Deployment) -> None:
    created = await here.sources.configuring.create(ADMIN, "oracle", document=document())

    with pytest.raises(InvalidInputError, match="no example"):
        await here.sources.trying.run(ADMIN, created.configured.id, None, None)
    with pytest.raises(NotFoundError):
        await here.sources.trying.run(ADMIN, EnricherId("enr_none"), None, None)
