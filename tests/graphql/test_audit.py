"""Every act of an admin or an app is noted, whatever becomes of it, and no note tells of a person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from graphql import build_schema

from server.access.model import COMMAND_LINE, Scope
from server.graphql.auditing import target_ids
from server.graphql.permissions import MUTATIONS
from server.graphql.schema import print_schema
from tests.graphql.samples import input_of, mutation_of
from tests.graphql.test_permissions import INPUTS

if TYPE_CHECKING:
    from tests.api import Api
    from tests.fakes import FakeClock

AUDIT_LOG = """query ($first: Int, $after: String, $target: ID, $act: String) {
  auditLog(first: $first, after: $after, target: $target, act: $act) {
    edges { node { at actorKind actor act targets requestId outcome } }
    pageInfo { endCursor hasNextPage } } }"""
SET_ATTRIBUTES = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
  ... on SetAttributesSuccess { profile { id } } } }"""


PURPOSE = {"key": "shoes", "name": "Shoes", "description": "To sell shoes.", "text": "May we?"}


def operation(name: str) -> str:
    return mutation_of(build_schema(print_schema()), name)


async def test_every_mutation_of_an_admin_leaves_a_line(api: Api, clock: FakeClock) -> None:
    noted = {}
    schema = build_schema(print_schema())
    for name in MUTATIONS:
        clock.advance(timedelta(milliseconds=1))  # what the order of ids is exact to
        given = {"input": INPUTS.get(name) or input_of(schema, name)}
        response = await api.post(mutation_of(schema, name), given, by=api.admin)
        (entry,) = (await api.data(AUDIT_LOG, {"first": 1}, by=api.admin))["auditLog"]["edges"]
        noted[name] = entry["node"]
        shown = response.json()["data"]
        assert entry["node"]["requestId"] == response.headers["x-request-id"]
        assert shown is None or entry["node"]["outcome"] == shown[name]["__typename"]

    assert {name: entry["act"] for name, entry in noted.items()} == {name: name for name in noted}
    assert {(entry["actorKind"], entry["actor"][:4]) for entry in noted.values()} == {("ADMIN", "key_")}


async def test_app_is_audited_and_a_person_is_not(api: Api) -> None:
    app = await api.app(Scope.PROFILES_READ)
    person = await api.person()

    await api.data(operation("signOut"), by=person)
    await api.data(operation("revokeApiKey"), {"input": {"id": "key_none"}}, by=app)

    log = (await api.data(AUDIT_LOG, by=api.admin))["auditLog"]["edges"]
    assert [(edge["node"]["actorKind"], edge["node"]["act"]) for edge in log] == [("APP", "revokeApiKey")]


async def test_note_names_whom_it_was_about_and_nothing_they_could_be_known_by(api: Api) -> None:
    given = {
        "profile": {"email": "ada@acme.com"},
        "createIfMissing": True,
        "attributes": [{"key": "job_title", "value": "Countess of Lovelace"}],
    }

    written = await api.data(SET_ATTRIBUTES, {"input": given}, by=api.admin)

    profile_id = written["setAttributes"]["profile"]["id"]
    about = (await api.data(AUDIT_LOG, {"target": profile_id}, by=api.admin))["auditLog"]["edges"]
    kept = await api.services.database["audit_log"].find().to_list(None)
    assert [edge["node"]["targets"] for edge in about] == [[profile_id]]
    assert "ada" not in json.dumps(kept, default=str)
    assert "Countess" not in json.dumps(kept, default=str)


async def test_pages_of_the_log_go_from_the_newest_to_the_oldest(api: Api, clock: FakeClock) -> None:
    for number in range(5):
        clock.advance(timedelta(seconds=1))
        await api.data(operation("revokeApiKey"), {"input": {"id": f"key_{number}"}}, by=api.admin)

    first = (await api.data(AUDIT_LOG, {"first": 3}, by=api.admin))["auditLog"]
    rest = (await api.data(AUDIT_LOG, {"first": 3, "after": first["pageInfo"]["endCursor"]}, by=api.admin))[
        "auditLog"
    ]

    moments = [edge["node"]["at"] for edge in (*first["edges"], *rest["edges"])]
    assert moments == sorted(moments, reverse=True)
    assert (len(moments), rest["pageInfo"]["hasNextPage"]) == (5, False)


async def test_log_is_for_admins(api: Api) -> None:
    app = await api.app(*(scope for scope in Scope if scope is not Scope.ADMIN))

    assert await api.data(AUDIT_LOG, by=app) == {"auditLog": None}


async def test_where_the_log_cannot_be_written_nothing_is_done(api: Api) -> None:
    await api.services.database.drop_collection("audit_log")
    impossible = {"nothing": {"$exists": True}}
    await api.services.database.create_collection("audit_log", validator=impossible)

    body = await api.execute(operation("definePurpose"), {"input": PURPOSE}, by=api.admin)

    assert body["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert "shoes" not in (await api.services.consents.purposes.current()).by_key


def test_only_ids_are_targets() -> None:
    profile = "prf_" + "0" * 26

    found = list(target_ids({"a": {"b": [profile, "ada@acme.com", profile, 3]}, "c": "prf_short"}))

    assert found == [profile]


async def test_command_line_is_an_admin_without_a_key(api: Api) -> None:
    audit = api.services.audit

    async with audit.noting(COMMAND_LINE, "export"):
        pass
    with pytest.raises(ZeroDivisionError):
        async with audit.noting(COMMAND_LINE, "import"):
            raise ZeroDivisionError

    log = [edge["node"] for edge in (await api.data(AUDIT_LOG, by=api.admin))["auditLog"]["edges"]]
    assert {(each["act"], each["actor"], each["outcome"]) for each in log} == {
        ("export", None, "Success"),
        ("import", None, "ZeroDivisionError"),
    }
