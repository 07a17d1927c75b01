"""Who may do what: every field, called by every kind of viewer, against the table in the code."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLSchema, build_schema

from server.access.model import Scope
from server.audiences.model import AudienceSpec
from server.events.model import Told
from server.graphql.execution import Executor
from server.graphql.permissions import FIELDS, MUTATIONS, QUERIES, SUBSCRIPTIONS, Who
from server.graphql.schema import build_schema as graphql_schema
from server.graphql.schema import print_schema
from server.hooks.model import HookEvent, HookFields
from server.kit.operations import Operation, OperationLimits
from server.profiles.model import AttributeType, PersonAccess, ProfileId, Source, SourceKind
from server.questions.model import Experiment, Variant
from tests.api import NOBODY, SEEDER, Person
from tests.factories.questions import question_draft
from tests.graphql.samples import all_of, input_of, mutation_of, query_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from server.access.model import Viewer
    from tests.api import Api, Caller

SET_ATTRIBUTES = "mutation ($input: SetAttributesInput!) { setAttributes(input: $input) { __typename } }"

HERSELF = "the profile of whoever asks, or ada's"
QUESTION = {"key": "shoes", "kind": "TEXT", "attribute": "job_title", "prompt": "Which shoes?"}

# Operations that show something to whoever may see it: `$id` is a profile, `$set` a question set, `$key` an
# API key, `$withdrawal` a withdrawal, `$run` a bulk run. For a field without arguments the operation is made
# from the schema.
SAMPLES: dict[str, str] = {
    "_entities": """query ($id: ID!) {
      _entities(representations: [{__typename: "Profile", id: $id}]) { ... on Profile { id } }
    }""",
    "_service": "{ _service { sdl } }",
    "answers": "{ answers { pageInfo { hasNextPage } } }",
    "attributeDefinitions": "{ attributeDefinitions { edges { cursor } } }",
    "experimentResults": "query ($set: ID!) { experimentResults(set: $set) { key } }",
    "explainNextQuestion": "query ($id: ID!) { explainNextQuestion(profile: {id: $id}) { state } }",
    "node": "query ($id: ID!) { node(id: $id) { id } }",
    "profile": "query ($id: ID!) { profile(by: {id: $id}) { id } }",
    "profilesBy": "query ($id: ID!) { profilesBy(by: [{id: $id}]) { id } }",
    "purposes": "{ purposes { edges { cursor } } }",
    "questionStats": "query ($set: ID!) { questionStats(set: $set) { __typename } }",
    "simulateQuestionSet": "query ($set: ID!) { simulateQuestionSet(id: $set) { reached } }",
    "sourceWithdrawal": "query ($withdrawal: ID!) { sourceWithdrawal(id: $withdrawal) { id } }",
    "ApiKey.identitySigners": """query ($key: ID!) { node(id: $key) {
      ... on ApiKey { identitySigners { id } }
    } }""",
    "Claim.actor": """query ($id: ID!) { profile(by: {id: $id}) {
      attribute(key: "job_title") { claims { actor } }
    } }""",
    "Enrichment.attempts": "query ($id: ID!) { profile(by: {id: $id}) { enrichments { attempts } } }",
    "Enrichment.lastRunAt": "query ($id: ID!) { profile(by: {id: $id}) { enrichments { lastRunAt } } }",
    "deadLetters": "{ deadLetters { pageInfo { hasNextPage } } }",
    "enricherHealth": "{ enricherHealth { calls } }",
    "enrichmentEstimate": "{ enrichmentEstimate(enrichers: []) { profiles } }",
    "enrichmentRun": "query ($run: ID!) { enrichmentRun(id: $run) { id } }",
    "enrichmentChanged": "subscription ($id: ID!) { enrichmentChanged(profile: $id) { profileId } }",
    "Profile.audiences": "query ($id: ID!) { profile(by: {id: $id}) { audiences { id } } }",
    "Profile.events": "query ($id: ID!) { profile(by: {id: $id}) { events { name } } }",
    "Profile.merges": "query ($id: ID!) { profile(by: {id: $id}) { merges { id } } }",
    "profileChanged": "subscription ($id: ID!) { profileChanged(id: $id) { cursor } }",
}
# Inputs that get past GraphQL where those made from the schema would not, or where something else is looked
# at before what is forbidden. What a mutation then comes to is another test's matter.
INPUTS: dict[str, dict[str, Any]] = {
    "addQuestion": {"id": "set_none", "expectedVersion": 1, "question": QUESTION},
    "updateQuestion": {"id": "set_none", "expectedVersion": 1, "question": QUESTION},
    "exportPerson": {"profile": {"id": HERSELF}},
    "erasePerson": {"profile": {"id": HERSELF}},
    "recordConsent": {"purpose": "none", "state": "GRANTED", "profile": {"id": HERSELF}},
    "trackEvent": {"name": "bought", "profile": {"id": HERSELF}},
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as clients read it."""
    return build_schema(print_schema())


@dataclass(frozen=True, slots=True)
class Stage:
    """Everybody who may turn up, by name, and things for them to see: all about the person `ada`."""

    callers: dict[str, Caller]
    things: dict[str, str]

    async def viewers(self, api: Api) -> dict[str, Viewer]:
        """Return who the callers are."""
        access = api.services.access
        return {name: await access.identify(each.token, each.origin) for name, each in self.callers.items()}


@pytest.fixture
async def stage(api: Api) -> Stage:
    """Everybody, with a profile that something is known of."""
    ada = await api.signed_in("ada", email="ada@example.com", email_verified=True)
    stranger = await api.person()
    await api.person()  # somebody who makes a list longer than one
    variants = Experiment(key="order", variants=(Variant(key="a"), Variant(key="b")))
    question_set = await api.publish("welcome", question_draft("job_title"), experiment=variants)
    services = api.services
    admin = await services.access.identify(api.admin.token, None)
    await services.claiming.set_attributes(admin, ada.profile_id, {"job_title": "Countess"}, may_create=False)
    await services.events.track(SEEDER, Told(name="bought", by=ada.profile_id))
    all_of_them = {"not": {"event": {"name": "never"}}}
    await services.audiences.define(SEEDER, AudienceSpec(key="all", name="All", condition=all_of_them))
    hook = HookFields(name="CRM", url="http://127.0.0.1:1/", events=(HookEvent.USER_CREATED,))
    await services.hooks.create(SEEDER, "crm", hook)
    withdrawal = await services.withdrawals.withdraw(SEEDER, Source(kind=SourceKind.ENRICHER, key="none"))
    run = await services.enriching.bulk.start(SEEDER, ["email_domain"], None, None)
    page = await services.access.publishable_key(api.page.token or "")
    await services.identity.hosts.create_secret(SEEDER, page.id, timedelta())
    await services.uniting.merge(SEEDER, [ada.profile_id, stranger.profile_id])
    apps = {scope.value: await api.app(scope) for scope in Scope}
    almost = await api.app(*(set(Scope) - {Scope.ADMIN}))
    callers = {
        "nobody": NOBODY,
        "page": api.page,
        "ada": ada,
        "anonymous": await api.person(),
        "admin": api.admin,
    }
    return Stage(
        callers={**callers, **apps, "all but admin": almost},
        things={
            "id": ada.profile_id,
            "set": question_set.id,
            "withdrawal": withdrawal.id,
            "key": page.id,
            "run": run.run.id,
        },
    )


@pytest.mark.parametrize("field", [*QUERIES, *FIELDS])
async def test_query_shows_something_to_exactly_those_who_may_see_it(
    api: Api, stage: Stage, schema: GraphQLSchema, field: str
) -> None:
    operation = SAMPLES.get(field) or query_of(schema, field)
    variables = {name: value for name, value in stage.things.items() if f"${name}:" in operation}

    shown = {
        name
        for name, caller in stage.callers.items()
        if _shows(await api.data(operation, _about(variables, name, caller), by=caller), at_root=True)
    }

    expected = await _those_who(api, stage, {**QUERIES, **FIELDS}[field])
    assert shown == expected, _advice(field, "SAMPLES", shown, expected)


@pytest.mark.parametrize(("kind", "thing"), [("Profile", "id"), ("QuestionSet", "set"), ("ApiKey", "key")])
async def test_whoever_was_shown_a_thing_may_see_the_rest_of_it(
    api: Api, stage: Stage, schema: GraphQLSchema, kind: str, thing: str
) -> None:
    fields = all_of(schema.type_map[kind], depth=4)
    operation = f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on {kind} {fields} }} }}"
    variables = {"id": stage.things[thing]}

    bodies = {
        name: await api.execute(operation, variables, by=caller) for name, caller in stage.callers.items()
    }

    assert {name for name, body in bodies.items() if "errors" in body} == set()
    assert {"admin", "all but admin"} & {name for name, body in bodies.items() if body["data"]["node"]}


@pytest.mark.parametrize("field", MUTATIONS)
async def test_mutation_is_forbidden_to_exactly_those_who_may_not_do_it(
    api: Api, stage: Stage, schema: GraphQLSchema, field: str
) -> None:
    expected = await _those_who(api, stage, MUTATIONS[field])
    operation = mutation_of(schema, field)
    given = INPUTS.get(field) or input_of(schema, field)

    results = {
        name: (await api.data(operation, _addressed(given, stage, name), by=caller))[field]["__typename"]
        for name, caller in stage.callers.items()
    }

    allowed = {name for name, result in results.items() if result != "ForbiddenError"}
    assert allowed == expected, _advice(field, "INPUTS", allowed, expected)


@pytest.mark.parametrize("field", SUBSCRIPTIONS)
async def test_subscription_tells_exactly_those_who_may_listen(
    api: Api, stage: Stage, schema: GraphQLSchema, field: str
) -> None:
    expected = await _those_who(api, stage, SUBSCRIPTIONS[field])
    operation = SAMPLES.get(field) or query_of(schema, field, "subscription")
    executor = Executor(
        schema=graphql_schema(), services=api.services, limits=OperationLimits(), may_introspect=False
    )
    following = asyncio.create_task(api.services.follower.run())
    told = set()

    for name, viewer in (await stage.viewers(api)).items():
        variables = _about({"id": stage.things["id"]}, name, stage.callers[name])
        given = variables if "$id" in operation else None
        listening = executor.stream(viewer, "req_1", Operation(query=operation, variables=given))
        if "errors" not in await _first(api, listening, str(variables["id"])):
            told.add(name)
    following.cancel()

    assert told == expected, _advice(field, "SAMPLES", told, expected)


async def _first(
    api: Api, listening: AsyncGenerator[dict[str, Any], None], profile_id: str
) -> dict[str, Any]:
    """Return the first thing that somebody hears; until then something keeps happening to the profile."""
    hearing = asyncio.create_task(anext(listening))
    while not hearing.done():
        await api.services.claiming.set_attributes(
            SEEDER, ProfileId(profile_id), {"goal": secrets.token_hex(4)}, may_create=False
        )
        await asyncio.wait({hearing}, timeout=0.05)
    heard = await hearing
    await listening.aclose()
    return heard


async def _those_who(api: Api, stage: Stage, who: Who) -> set[str]:
    return {name for name, viewer in (await stage.viewers(api)).items() if who.includes(viewer)}


def _about(variables: dict[str, str], name: str, caller: Caller) -> dict[str, str]:
    """Return the variables; people ask for their own profile, since the table speaks of that."""
    if name == "anonymous" and isinstance(caller, Person) and "id" in variables:
        return {**variables, "id": caller.profile_id}
    return variables


def _addressed(given: object, stage: Stage, name: str) -> dict[str, object]:
    """Return the variables of a mutation."""
    variables = _about({"id": stage.things["id"]}, name, stage.callers[name])
    return {"input": json.loads(json.dumps(given).replace(HERSELF, variables["id"]))}


def _shows(value: object, *, at_root: bool = False) -> bool:
    """Whether an answer has something in it, at whatever depth; of a root an empty list is something."""
    if isinstance(value, dict):
        return any((each == [] and at_root) or _shows(each) for each in value.values())
    if isinstance(value, list):
        return any(_shows(each) for each in value)
    return value is not None


def _advice(field: str, samples: str, seen: set[str], expected: set[str]) -> str:
    return (
        f"{field} lets in {sorted(seen)}; by server/graphql/permissions.py it should be {sorted(expected)}."
        f" Change that line or the service. Where the table is right and the sample is not, give {samples} in"
        " tests/graphql/test_permissions.py one that shows something to whoever may see it."
    )


async def test_forbidden_and_missing_look_the_same(api: Api) -> None:
    writer, stranger = await api.app(Scope.PROFILES_WRITE), await api.person()
    somebody = await api.person()
    await api.publish("welcome", question_draft("job_title"))
    operation = "query ($id: ID!) { profile(by: {id: $id}) { id } node(id: $id) { id } }"

    seen = [
        await api.execute(operation, {"id": node_id}, by=caller)
        for caller in (NOBODY, api.page, stranger, writer)
        for node_id in (somebody.profile_id, "prf_none")
    ]

    assert seen == [{"data": {"profile": None, "node": None}}] * 8


async def test_person_sees_what_is_theirs_and_not_hidden(api: Api) -> None:
    await api.define("shoe_size", AttributeType.INTEGER, person_access=PersonAccess.HIDDEN)
    person = await api.signed_in(email="ada@example.com", email_verified=True)
    await api.data(
        SET_ATTRIBUTES,
        {
            "input": {
                "profile": {"id": person.profile_id},
                "attributes": [{"key": "shoe_size", "value": 38}, {"key": "job_title", "value": "Countess"}],
            }
        },
        by=api.admin,
    )
    operation = """{
      viewer { profile { traits attribute(key: "shoe_size") { value } } }
      attributeDefinitions(first: 100) { edges { node { key } } }
    }"""

    seen = await api.data(operation, by=person)

    profile = seen["viewer"]["profile"]
    assert profile["traits"].items() >= {"email": "ada@example.com", "job_title": "Countess"}.items()
    assert "shoe_size" not in profile["traits"]
    assert profile["attribute"] is None
    assert "shoe_size" not in {edge["node"]["key"] for edge in seen["attributeDefinitions"]["edges"]}


async def test_writing_a_profile_shows_nothing_of_it_without_the_scope_to_read(api: Api) -> None:
    person = await api.signed_in(email="ada@example.com", email_verified=True)
    writer = await api.app(Scope.PROFILES_WRITE)
    operation = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
      ... on SetAttributesSuccess { profile { id identities { value } } }
    } }"""
    given = {"profile": {"id": person.profile_id}, "attributes": [{"key": "job_title", "value": "Countess"}]}

    written = await api.data(operation, {"input": given}, by=writer)

    assert written == {"setAttributes": {"profile": None}}
