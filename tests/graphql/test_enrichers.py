"""Enrichers over the API: from a preset to one that is on, and every act noted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api import Api

ENRICHER = "enricher { id key name host version isEnabled problem archivedAt secrets { name isSet } spec }"
CREATE = f"""mutation ($input: CreateEnricherInput!) {{ createEnricher(input: $input) {{
  __typename ... on EnricherSuccess {{ {ENRICHER} }} ... on UserError {{ message }}
}} }}"""
SECRET = f"""mutation ($input: SetEnricherSecretInput!) {{ setEnricherSecret(input: $input) {{
  __typename ... on EnricherSuccess {{ {ENRICHER} }} ... on UserError {{ message }}
}} }}"""
ENABLE = f"""mutation ($input: EnableEnricherInput!) {{ enableEnricher(input: $input) {{
  __typename ... on EnricherSuccess {{ {ENRICHER} }} ... on UserError {{ message }}
}} }}"""
DISABLE = f"""mutation ($input: DisableEnricherInput!) {{ disableEnricher(input: $input) {{
  __typename ... on EnricherSuccess {{ {ENRICHER} }} ... on UserError {{ message }}
}} }}"""
UPDATE = f"""mutation ($input: UpdateEnricherInput!) {{ updateEnricher(input: $input) {{
  __typename ... on EnricherSuccess {{ {ENRICHER} }} ... on UserError {{ message }}
}} }}"""
ARCHIVE = f"""mutation ($input: ArchiveEnricherInput!) {{ archiveEnricher(input: $input) {{
  __typename ... on EnricherSuccess {{ {ENRICHER} }} ... on UserError {{ message }}
}} }}"""
TEST = """mutation ($input: TestEnricherInput!) { testEnricher(input: $input) {
  __typename
  ... on TestEnricherSuccess {
    request { method url headers { name value } body } outcome reason retryAfterSeconds
    claims { attribute value confidence } dropped
  }
  ... on UserError { message }
} }"""
ENRICHERS = "{ enrichers { edges { node { key isEnabled secrets { name isSet } } } } }"
VALUE = "made-up-secret-value"


async def act(api: Api, mutation: str, **given: object) -> dict[str, Any]:
    """Send one mutation as the admin and return its result."""
    data = await api.data(mutation, {"input": given}, by=api.admin)
    result: dict[str, Any] = next(iter(data.values()))
    return result


async def test_enricher_goes_from_a_preset_to_one_that_is_on_and_off_again(api: Api) -> None:
    created = (await act(api, CREATE, key="hunter", preset="hunter_person"))["enricher"]
    refused = await act(api, ENABLE, id=created["id"], expectedVersion=1)
    given = await act(api, SECRET, id=created["id"], name="api_key", value=VALUE)
    enabled = await act(api, ENABLE, id=created["id"], expectedVersion=2)
    disabled = await act(api, DISABLE, id=created["id"], expectedVersion=3)
    archived = await act(api, ARCHIVE, id=created["id"], expectedVersion=4)

    assert created["host"] == "https://api.hunter.io"
    assert refused["message"] == "The secret 'api_key' is missing: set it with setEnricherSecret."
    assert given["enricher"]["secrets"] == [{"name": "api_key", "isSet": True}]
    assert [each["enricher"]["isEnabled"] for each in (enabled, disabled)] == [True, False]
    assert enabled["enricher"]["problem"] is None
    assert archived["enricher"]["archivedAt"] is not None
    assert VALUE not in json.dumps([created, given, enabled, disabled, archived])


async def test_bad_document_is_told_in_one_sentence(api: Api) -> None:
    created = (await act(api, CREATE, key="hunter", preset="hunter_person"))["enricher"]
    spec = {**created["spec"], "map": {"shoe_size": {"path": "a", "type": "integer"}}}

    result = await act(api, UPDATE, id=created["id"], expectedVersion=1, spec=spec)

    assert result == {
        "__typename": "InvalidInputError",
        "message": "There is no attribute 'shoe_size': define it first.",
    }


async def test_try_shows_the_request_without_its_secret_what_it_means_and_claims(api: Api) -> None:
    created = (await act(api, CREATE, key="census", preset="us_census_income"))["enricher"]
    await act(api, SECRET, id=created["id"], name="api_key", value=VALUE)
    answer = {"status": 200, "body": [["NAME"], ["x", "-666666666", None, None, "00601"]]}

    own = await act(api, TEST, id=created["id"])
    none = await act(
        api, TEST, id=created["id"], answer={**answer, "inputs": {"address_postal_code": "00601"}}
    )

    assert own["outcome"] == "MATCH"
    assert {"attribute": "area_zcta", "value": "98052", "confidence": 1.0} in own["claims"]
    assert none["outcome"] == "NO_MATCH"
    assert "%3A00601" in none["request"]["url"]
    assert VALUE not in json.dumps([own, none])


async def test_acts_are_noted_without_what_was_given(api: Api) -> None:
    created = (await act(api, CREATE, key="hunter", preset="hunter_person"))["enricher"]
    await act(api, SECRET, id=created["id"], name="api_key", value=VALUE)

    log = await api.services.database["audit_log"].find().sort("_id", 1).to_list(None)

    assert [(each["act"], created["id"] in each["targets"]) for each in log] == [
        ("createEnricher", True),
        ("setEnricherSecret", True),
    ]
    assert VALUE not in repr(log)


async def test_enrichers_and_presets_are_listed(api: Api) -> None:
    await act(api, CREATE, key="hunter", preset="hunter_person")

    listed = await api.data(ENRICHERS, by=api.admin)
    presets = await api.data("{ enricherPresets { key name notice } }", by=api.admin)

    (edge,) = listed["enrichers"]["edges"]
    assert edge["node"] == {
        "key": "hunter",
        "isEnabled": False,
        "secrets": [{"name": "api_key", "isSet": False}],
    }
    assert "people_data_labs" in {each["key"] for each in presets["enricherPresets"]}
