"""Enrichment as a whole, as admins and people meet it over GraphQL."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from server.access.model import Scope
from server.graphql.execution import Executor
from server.graphql.schema import build_schema as graphql_schema
from server.kit.operations import Operation
from server.kit.relay import Relay
from server.reactions import reactions
from server.worker import Worker
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from tests.api import Api

ESTIMATE = """query ($filter: Condition) {
  enrichmentEstimate(enrichers: ["email_domain"], filter: $filter) { profiles lookUps cost isExact } }"""
START = """mutation ($input: StartEnrichmentRunInput!) { startEnrichmentRun(input: $input) {
  __typename ... on EnrichmentRunSuccess { run { id state mostCost } } ... on UserError { message } } }"""
RUN = """query ($id: ID!) { enrichmentRun(id: $id) { state profilesSeen lookUpsQueued lookUpsWaiting cost }
  node(id: $id) { ... on EnrichmentRun { state } } }"""
CANCEL = """mutation ($input: CancelEnrichmentInput!) { cancelEnrichment(input: $input) {
  ... on CancelEnrichmentSuccess { enrichments { enricher { key } state reason { code message } } } } }"""
REQUEST = """mutation ($input: RequestEnrichmentInput!) { requestEnrichment(input: $input) {
  ... on RequestEnrichmentSuccess { enrichments { enricher { key } state } } } }"""
CHANGED = """subscription ($id: ID!) { enrichmentChanged(profile: $id) {
  profileId enrichments { enricher { key } state } } }"""
ACME = {"attribute": {"key": "email", "operator": "STARTS_WITH", "values": ["user-1"]}}


async def work(api: Api) -> None:
    services = api.services
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=services.clock)
    await Worker(name="ada", relay=relay, queue=services.queue, handlers=services.job_handlers).drain()


async def crowd(api: Api, count: int = 3) -> list[str]:
    """Return the profiles of so many people whose addresses were never looked up."""
    write = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
      ... on SetAttributesSuccess { profile { id } } } }"""
    ids = []
    for n in range(count):
        given = {
            "profile": {"userId": f"user-{n}"},
            "attributes": [{"key": "email", "value": f"user-{n}@acme.com"}],
            "createIfMissing": True,
        }
        written = await api.data(write, {"input": given}, by=api.admin)
        ids.append(written["setAttributes"]["profile"]["id"])
    return ids


async def test_run_is_estimated_begun_and_followed(api: Api) -> None:
    await crowd(api)

    estimate = await api.data(ESTIMATE, {"filter": ACME}, by=api.admin)
    given = {"enrichers": ["email_domain"], "filter": ACME, "mostCost": 9}
    begun = (await api.data(START, {"input": given}, by=api.admin))["startEnrichmentRun"]
    await work(api)
    shown = await api.data(RUN, {"id": begun["run"]["id"]}, by=api.admin)

    assert estimate["enrichmentEstimate"] == {"profiles": 1, "lookUps": 1, "cost": 1, "isExact": True}
    assert begun["run"].items() >= {"state": "RUNNING", "mostCost": 9}.items()
    assert shown["enrichmentRun"]["profilesSeen"] == 1
    assert shown["node"] == {"state": shown["enrichmentRun"]["state"]}


async def test_requests_of_the_page_do_what_they_say(api: Api) -> None:
    page = (ROOT / "docs" / "enrichment.md").read_text()
    await crowd(api)

    answers = [
        await api.data(block, by=api.admin) for block in re.findall(r"```graphql\n(.*?)```", page, re.DOTALL)
    ]

    assert answers[0]["enrichmentEstimate"]["profiles"] == 3
    assert answers[1]["startEnrichmentRun"]["run"]["state"] == "RUNNING"
    assert len(answers) == 2


async def test_bad_run_is_told_what_is_wrong(api: Api) -> None:
    shoes = {"attribute": {"key": "shoes", "operator": "EXISTS"}}
    wrong = [
        {"enrichers": []},
        {"enrichers": ["clearbit"]},
        {"enrichers": ["email_domain"], "mostCost": 0},
        {"enrichers": ["email_domain"], "filter": shoes},
    ]

    told = [(await api.data(START, {"input": given}, by=api.admin))["startEnrichmentRun"] for given in wrong]

    assert [each["__typename"] for each in told] == [
        "InvalidInputError",
        "UnknownEnricherError",
        "InvalidInputError",
        "UnknownAttributeError",
    ]
    assert told[1]["message"] == "There is no enricher 'clearbit'."


async def test_look_up_is_asked_for_and_called_off(api: Api) -> None:
    (profile_id,) = await crowd(api, 1)
    app = await api.app(Scope.ENRICHMENT_RUN)
    given = {"profile": {"id": profile_id}, "enrichers": ["email_domain"]}
    await api.data(REQUEST, {"input": given}, by=app)

    cancelled = await api.data(CANCEL, {"input": given}, by=app)
    await work(api)

    assert cancelled["cancelEnrichment"]["enrichments"] == [
        {
            "enricher": {"key": "email_domain"},
            "state": "CANCELLED",
            "reason": {"code": "cancelled", "message": "The look-up was called off."},
        }
    ]


async def test_look_ups_are_followed_to_their_end(api: Api) -> None:
    (profile_id,) = await crowd(api, 1)
    viewer = await api.services.access.identify(api.admin.token, None)
    executor = Executor(schema=graphql_schema(), services=api.services, may_introspect=False)
    following = asyncio.create_task(api.services.follower.run())
    listening = executor.stream(viewer, "req_1", Operation(query=CHANGED, variables={"id": profile_id}))
    heard = [await anext(listening)]

    working = asyncio.create_task(keep_working(api))
    while states(heard[-1]).get("email_domain") != "SUCCEEDED":
        heard.append(await anext(listening))

    for task in (working, following):
        task.cancel()
    await listening.aclose()
    assert heard[0]["data"]["enrichmentChanged"]["profileId"] == profile_id
    assert "email_domain" not in states(heard[0])


def states(event: dict[str, Any]) -> dict[str, str]:
    """Return where every look-up stands, by the enricher's key."""
    told = event["data"]["enrichmentChanged"]["enrichments"]
    return {each["enricher"]["key"]: each["state"] for each in told}


async def keep_working(api: Api) -> None:
    """Work, and write to the profile now and then: nobody hears what came before they listened."""
    while True:
        await work(api)
        await crowd(api, 1)
        await asyncio.sleep(0.05)
