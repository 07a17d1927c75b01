"""Whatever has an id is found by it alone; pages stay right while rows come and go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInterfaceType, build_schema

from server.access.model import KeyKind, Scope
from server.audiences.model import AudienceSpec
from server.graphql.schema import print_schema
from server.hooks.model import HookEvent, HookFields
from server.kit.paging import MAX_PAGE
from server.profiles.model import Source, SourceKind
from tests.api import SEEDER
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from tests.api import Api, Caller
    from tests.fakes import FakeClock

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
EXPORT = """mutation ($id: ID!) { exportPerson(input: {profile: {id: $id}}) {
  ... on PrivacyRequestSuccess { request { id } }
} }"""
SETS = """query ($first: Int, $after: String, $state: QuestionSetState) {
  questionSets(first: $first, after: $after, state: $state) {
    edges { cursor node { id key } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
ATTRIBUTES = """query ($first: Int, $after: String) {
  attributeDefinitions(first: $first, after: $after) {
    edges { node { key } } pageInfo { endCursor hasNextPage }
  }
}"""


async def _ids(api: Api) -> dict[str, str]:
    """Return the id of one of each kind of node."""
    key = await api.services.access.publishable_key(api.page.token or "")
    purposes = await api.data("{ purposes(first: 1) { edges { node { id } } } }", by=api.admin)
    withdrawals = api.services.withdrawals
    somebody = await api.person()
    exported = await api.data(EXPORT, {"id": somebody.profile_id}, by=api.admin)
    visitors = AudienceSpec(key="visitors", name="Visitors", condition={"identified": False})
    defined = await api.services.audiences.define(SEEDER, visitors)
    configuring = api.services.sources.configuring
    enricher = await configuring.create(SEEDER, "hunter", preset_key="hunter_person")
    hook = HookFields(name="CRM", url="https://hooks.test/", events=(HookEvent.USER_CREATED,))
    made = await api.services.hooks.create(SEEDER, "crm", hook)
    run = await api.services.enriching.bulk.start(SEEDER, ["email_domain"], None, None)
    return {
        "Hook": made.hook.id,
        "EnrichmentRun": run.run.id,
        "PrivacyRequest": exported["exportPerson"]["request"]["id"],
        "SourceWithdrawal": (await withdrawals.withdraw(SEEDER, Source(kind=SourceKind.HOOK))).id,
        "Profile": somebody.profile_id,
        "AttributeDefinition": (await api.define("shoe_size")).id,
        "QuestionSet": (await api.publish("shoes", question_draft("shoe_size"))).id,
        "ApiKey": key.id,
        "Audience": defined.id,
        "EnricherConfiguration": enricher.configured.id,
        "Purpose": purposes["purposes"]["edges"][0]["node"]["id"],
    }


async def test_every_kind_of_node_is_found_by_its_id(api: Api) -> None:
    ids = await _ids(api)

    found = {name: (await api.data(NODE, {"id": each}, by=api.admin))["node"] for name, each in ids.items()}

    assert found == {name: {"__typename": name, "id": each} for name, each in ids.items()}


async def test_whatever_claims_to_be_a_node_is_found_by_its_id(api: Api) -> None:
    schema = build_schema(print_schema())
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)

    assert {each.name for each in schema.get_possible_types(node)} == (await _ids(api)).keys()


async def test_node_is_shown_to_whoever_may_see_it(api: Api) -> None:
    ids = await _ids(api)
    callers: dict[str, Caller] = {
        "person": await api.person(),
        "reader": await api.app(Scope.PROFILES_READ),
        "author": await api.app(Scope.CONFIGURATION_READ),
        "writer": await api.app(Scope.PROFILES_WRITE),
    }

    seen = {
        who: {
            name
            for name, each in ids.items()
            if (await api.data(NODE, {"id": each}, by=caller))["node"] is not None
        }
        for who, caller in callers.items()
    }

    assert seen == {
        "person": {"Purpose", "AttributeDefinition"},
        "reader": {"Purpose", "AttributeDefinition", "Profile"},
        "author": {"Purpose", "AttributeDefinition", "Audience", "EnricherConfiguration", "QuestionSet"},
        "writer": {"Purpose"},
    }


async def test_id_that_is_none_is_null(api: Api) -> None:
    ids = ["", "_", "prf", "prf_", "nope_1", "ask_1", "qst_1", "__proto__", "\0", "x" * 100_000, 7]

    found = [await api.data(NODE, {"id": each}, by=api.admin) for each in ids]

    assert found == [{"node": None}] * len(ids)


async def _page(api: Api, first: int | None, after: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a variable
    given = {"first": first, "after": after, **more}
    page: dict[str, Any] = (await api.data(SETS, given, by=api.admin))["questionSets"]
    return page


def _keys(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["key"] for edge in page["edges"]]


async def _create(api: Api, clock: FakeClock, *keys: str) -> None:
    """Create sets, a millisecond apart: ids are in the order of time as far as that tells them apart."""
    for key in keys:
        clock.advance(timedelta(milliseconds=1))
        await api.publish(key, question_draft("job_title"))


async def test_page_has_between_none_and_a_hundred_items(api: Api) -> None:
    refused = [
        (await api.execute(SETS, {"first": first}, by=api.admin))["errors"][0]
        for first in (-1, MAX_PAGE + 1, 2**31 - 1)
    ]

    assert {error["extensions"]["code"] for error in refused} == {"BAD_USER_INPUT"}
    assert _keys(await _page(api, 0)) == []
    assert _keys(await _page(api, MAX_PAGE)) == []


async def test_cursor_that_is_none_is_refused(api: Api) -> None:
    for after in ("", "garbage", "c2V0XzE=", "é", "\0", "Y" * 10_000):
        error = (await api.execute(SETS, {"after": after}, by=api.admin))["errors"][0]

        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert error["message"] == "`after` must be a cursor from an earlier page of the same connection."


async def test_pages_follow_each_other_without_gap_or_repetition(api: Api, clock: FakeClock) -> None:
    await _create(api, clock, "one", "two", "three")

    first = await _page(api, 2)
    second = await _page(api, 2, first["pageInfo"]["endCursor"])
    third = await _page(api, 2, second["pageInfo"]["endCursor"])

    assert (_keys(first), _keys(second), _keys(third)) == (["one", "two"], ["three"], [])
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, third)] == [True, False, False]
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"]
    assert first["pageInfo"]["endCursor"] == first["edges"][1]["cursor"]
    assert third["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


async def test_page_full_to_the_last_item_has_no_next(api: Api, clock: FakeClock) -> None:
    await _create(api, clock, "one", "two")

    assert (await _page(api, 2))["pageInfo"]["hasNextPage"] is False


async def test_pages_stay_right_while_rows_are_added(api: Api, clock: FakeClock) -> None:
    await _create(api, clock, "one", "two")
    first = await _page(api, 1)
    await _create(api, clock, "three")

    second = await _page(api, 10, first["pageInfo"]["endCursor"])

    assert _keys(first) + _keys(second) == ["one", "two", "three"]


async def test_sets_are_found_by_their_state(api: Api, clock: FakeClock) -> None:
    await _create(api, clock, "one", "two")
    page = await _page(api, None)
    archived = await api.services.authoring.find(SEEDER, page["edges"][0]["node"]["id"])
    assert archived is not None
    await api.services.authoring.archive(SEEDER, archived.id, archived.version)

    assert _keys(await _page(api, None, state="ARCHIVED")) == ["one"]
    assert _keys(await _page(api, None, state="PUBLISHED")) == ["two"]
    assert _keys(await _page(api, None, state="DRAFT")) == []


async def test_pages_of_a_person_hold_only_what_they_may_know(api: Api) -> None:
    person = await api.person()
    keys: list[str] = []
    after = None
    while True:
        page = (await api.data(ATTRIBUTES, {"first": 4, "after": after}, by=person))["attributeDefinitions"]
        keys += _keys(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    everything = (await api.data(ATTRIBUTES, {"first": 100}, by=person))["attributeDefinitions"]
    assert keys == _keys(everything)


async def test_revoked_key_is_still_a_node_without_its_token(api: Api) -> None:
    made = await api.services.access.create_key(SEEDER, kind=KeyKind.SECRET, name="App", scopes=[Scope.ADMIN])
    await api.services.access.revoke_key(SEEDER, made.key.id)

    operation = "query ($id: ID!) { node(id: $id) { ... on ApiKey { hint token revokedAt } } }"
    seen = await api.data(operation, {"id": made.key.id}, by=api.admin)

    assert seen["node"]["token"] is None
    assert seen["node"]["hint"] == made.token[-4:]
    assert seen["node"]["revokedAt"] is not None
