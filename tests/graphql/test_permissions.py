"""Who may do what: every field of Query and Mutation for every kind of viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLSchema, build_schema

from server.access.model import Scope
from server.graphql.schema import print_schema
from server.profiles.model import AttributeType, PersonAccess
from tests.api import NOBODY
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api, Caller

EVERYBODY = {"nobody", "page", "person", "admin", *(scope.value for scope in Scope)}
ADMIN = {"admin"}
SET_ATTRIBUTES = "mutation ($input: SetAttributesInput!) { setAttributes(input: $input) { __typename } }"

QUESTION = {"key": "shoes", "kind": "TEXT", "attribute": "job_title", "prompt": "Which shoes?"}

# Each with an operation that shows something to whoever may see it, and to others nothing.
QUERIES: dict[str, tuple[str, set[str]]] = {
    "viewer": ("{ viewer { kind } }", EVERYBODY),
    "profile": ("query ($id: ID!) { profile(by: {id: $id}) { id } }", {"profiles:read", *ADMIN}),
    "profiles": ("{ profiles { edges { cursor } } }", {"profiles:read", *ADMIN}),
    "profileCount": ("{ profileCount { value } }", {"profiles:read", *ADMIN}),
    "profilesBy": ("query ($id: ID!) { profilesBy(by: [{id: $id}]) { id } }", {"profiles:read", *ADMIN}),
    "nextQuestion": ("{ nextQuestion { state } }", {"person"}),
    "questionSets": ("{ questionSets { edges { cursor } } }", {"configuration:read", *ADMIN}),
    "attributeDefinitions": (
        "{ attributeDefinitions { edges { cursor } } }",
        {"person", "profiles:read", "configuration:read", *ADMIN},
    ),
    "purposes": ("{ purposes { edges { cursor } } }", EVERYBODY - {"nobody"}),
    # To admins: see test_withdrawing; here there is none to show.
    "sourceWithdrawal": ("query ($id: ID!) { sourceWithdrawal(id: $id) { id } }", set()),
    "explainNextQuestion": ("query ($id: ID!) { explainNextQuestion(profile: {id: $id}) { state } }", ADMIN),
    "answers": ("{ answers { pageInfo { hasNextPage } } }", {"profiles:read", *ADMIN}),
    "questionBudget": ("{ questionBudget { version } }", {"configuration:read", *ADMIN}),
    # Of a set that there is: see tests/questions/test_results and test_simulating.
    "questionStats": ("query ($id: ID!) { questionStats(set: $id) { rate } }", set()),
    "experimentResults": ("query ($id: ID!) { experimentResults(set: $id) { key } }", set()),
    "simulateQuestionSet": ("query ($id: ID!) { simulateQuestionSet(id: $id) { reached } }", set()),
    "auditLog": ("{ auditLog { pageInfo { hasNextPage } } }", ADMIN),
    "privacyRequests": ("{ privacyRequests { pageInfo { hasNextPage } } }", ADMIN),
    "signInProviders": ("{ signInProviders { key } }", EVERYBODY),
    "sessions": ("{ sessions { id } }", {"person"}),
    "pendingLinks": ("{ pendingLinks { address } }", {"person"}),
    "node": ("query ($id: ID!) { node(id: $id) { id } }", {"profiles:read", *ADMIN}),
}
# Each with an input that gets past GraphQL; what it then comes to is another test's matter.
MUTATIONS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "startVisit": ({}, {"page"}),
    "signOut": ({}, {"person"}),
    "answerQuestion": ({"askId": "ask_none", "value": "x"}, {"person"}),
    "skipQuestion": ({"askId": "ask_none"}, {"person"}),
    "correctAnswer": ({"askId": "ask_none", "value": "x"}, {"person"}),
    "declineQuestion": ({"askId": "ask_none"}, {"person"}),
    "dismissQuestion": ({"askId": "ask_none"}, {"person"}),
    "reportShown": ({"askId": "ask_none"}, {"person"}),
    "defineAttribute": ({"key": "shoe_size", "type": "INTEGER", "label": "Shoe size"}, ADMIN),
    "updateAttribute": ({"id": "att_none", "expectedVersion": 1}, ADMIN),
    "archiveAttribute": ({"id": "att_none", "expectedVersion": 1}, ADMIN),
    "restoreAttribute": ({"id": "att_none", "expectedVersion": 1}, ADMIN),
    "reorderAttributes": ({"ids": []}, ADMIN),
    "correctAttribute": ({"key": "job_title", "value": "Countess"}, {"person"}),
    "acceptSuggestion": ({"suggestionId": "clm_none"}, {"person"}),
    "dismissSuggestion": ({"suggestionId": "clm_none"}, {"person"}),
    "withdrawSource": ({"kind": "ENRICHER", "key": "none"}, ADMIN),
    "createQuestionSet": ({"key": "shoes", "content": {"name": "Shoes"}}, ADMIN),
    "updateQuestionSet": ({"id": "set_none", "expectedVersion": 1, "content": {"name": "Shoes"}}, ADMIN),
    "publishQuestionSet": ({"id": "set_none", "expectedVersion": 1}, ADMIN),
    "archiveQuestionSet": ({"id": "set_none", "expectedVersion": 1}, ADMIN),
    "revertQuestionSet": ({"id": "set_none", "expectedVersion": 1}, ADMIN),
    "addQuestion": ({"id": "set_none", "expectedVersion": 1, "question": QUESTION}, ADMIN),
    "updateQuestion": ({"id": "set_none", "expectedVersion": 1, "question": QUESTION}, ADMIN),
    "removeQuestion": ({"id": "set_none", "expectedVersion": 1, "key": "shoes"}, ADMIN),
    "reorderQuestions": ({"id": "set_none", "expectedVersion": 1, "keys": []}, ADMIN),
    "duplicateQuestionSet": ({"id": "set_none", "key": "shoes"}, ADMIN),
    "exportQuestionSet": ({"id": "set_none"}, ADMIN),
    "importQuestionSet": ({"starter": "none"}, ADMIN),
    "setQuestionBudget": ({"expectedVersion": 0}, ADMIN),
    "setAttributes": ({"profile": {"id": "prf_none"}, "attributes": []}, {"profiles:write", *ADMIN}),
    "setManyAttributes": ({"writes": []}, {"profiles:write", *ADMIN}),
    "definePurpose": (
        {"key": "shoes", "name": "Shoes", "description": "To sell shoes.", "text": "May we?"},
        ADMIN,
    ),
    "updatePurpose": ({"key": "none"}, ADMIN),
    "recordConsent": ({"purpose": "none", "state": "GRANTED"}, {"person"}),
    "mergeProfiles": ({"profiles": []}, ADMIN),
    "splitProfile": ({"id": "prf_none"}, ADMIN),
    "exportPerson": ({"profile": {"id": "prf_none"}}, {"privacy:export", *ADMIN}),
    "erasePerson": ({"profile": {"id": "prf_none"}}, {"privacy:erase", *ADMIN}),
    "anonymisePerson": ({"profile": {"id": "prf_none"}}, {"privacy:erase", *ADMIN}),
    "readmitPerson": ({"profile": {"userId": "none"}}, {"privacy:erase", *ADMIN}),
    "requestEnrichment": ({"profile": {"id": "prf_none"}}, {"enrichment:run", *ADMIN}),
    "createApiKey": ({"kind": "SECRET", "name": "App", "scopes": ["PROFILES_READ"]}, ADMIN),
    "revokeApiKey": ({"id": "key_none"}, ADMIN),
    "createIdentitySecret": ({"key": "key_none"}, ADMIN),
    "trustIdentityKeySet": ({"key": "key_none", "issuer": "https://shop.test"}, ADMIN),
    "endIdentitySigner": ({"id": "isg_none"}, ADMIN),
    "configureProvider": (
        {"key": "git", "kind": "github", "name": "Git", "clientId": "x", "clientSecret": "y"},
        ADMIN,
    ),
    "disableProvider": ({"key": "none"}, ADMIN),
    "linkIdentity": ({"signIn": {"code": "none", "verifier": "none"}}, set()),
    "unlinkIdentity": ({"issuer": "https://idp.test", "subject": "none"}, set()),
    "revokeSession": ({"id": "ses_none"}, {"person"}),
    "signOutEverywhere": ({}, {"person"}),
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as clients read it."""
    return build_schema(print_schema())


@pytest.fixture
async def callers(api: Api) -> dict[str, Caller]:
    """Everybody who may turn up, by name: apps by their one scope."""
    apps = {scope.value: await api.app(scope) for scope in Scope}
    return {"nobody": NOBODY, "page": api.page, "person": await api.person(), "admin": api.admin, **apps}


def test_tables_speak_of_every_field(schema: GraphQLSchema) -> None:
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert QUERIES.keys() == schema.query_type.fields.keys()
    assert MUTATIONS.keys() == schema.mutation_type.fields.keys()


@pytest.mark.parametrize("field", QUERIES)
async def test_query_shows_nothing_to_whoever_may_not_see_it(
    api: Api, callers: dict[str, Caller], field: str
) -> None:
    operation, may = QUERIES[field]
    somebody = await api.person()
    await api.publish("welcome", question_draft("job_title"))

    shown = {
        name: (await api.data(operation, {"id": somebody.profile_id}, by=caller))[field]
        for name, caller in callers.items()
    }

    assert {name for name, value in shown.items() if value not in (None, [None], {"edges": []})} == may


@pytest.mark.parametrize("field", MUTATIONS)
async def test_mutation_is_forbidden_to_whoever_may_not_do_it(
    api: Api, callers: dict[str, Caller], schema: GraphQLSchema, field: str
) -> None:
    given, may = MUTATIONS[field]
    operation = _operation(schema, field)

    results = {
        name: (await api.data(operation, {"input": given}, by=caller))[field]["__typename"]
        for name, caller in callers.items()
    }

    assert {name for name, result in results.items() if result != "ForbiddenError"} == may


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

    assert seen["viewer"]["profile"] == {
        "traits": {"email": "ada@example.com", "job_title": "Countess"},
        "attribute": None,
    }
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


def _operation(schema: GraphQLSchema, field: str) -> str:
    assert schema.mutation_type is not None
    given = schema.mutation_type.fields[field].args.get("input")
    if given is None:
        return f"mutation {{ {field} {{ __typename }} }}"
    return f"mutation ($input: {given.type}) {{ {field}(input: $input) {{ __typename }} }}"
