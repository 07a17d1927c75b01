"""What cannot be said of anybody, sent as it comes: each is refused in one clear sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from server.profiles.model import AttributeType
from tests.graphql.test_claims import SET, said

if TYPE_CHECKING:
    from tests.api import Api, Person

BAD_KEYS = ["nope", "", "a.b", "$set", "$", "a\0b", "attributes.$[]", "__proto__", "x" * 10_000, "Äpfel"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: repr(key)[:20])
async def test_key_that_is_not_declared_is_refused_in_one_sentence(api: Api, key: str) -> None:
    person = await api.person()

    refused = await said(api, person, {"key": key, "value": 1})

    assert refused["__typename"] == "UnknownAttributeError"
    assert len(refused["message"]) < 250


BAD_VALUES = {
    "too large an integer": ("size", b"9223372036854775808"),
    "a number of 10,000 digits": ("size", b"9" * 10_000),
    "no number": ("size", b'"three"'),
    "a fraction": ("size", b"1.5"),
    "a huge number": ("size", b"1e400"),
    "NUL": ("job_title", b'"a\\u0000b"'),
    "a statement": ("job_title", b'{"$ne": null}'),
    "a list": ("job_title", b'["a"]'),
    "no address": ("address", b'{"planet": "Earth"}'),
    "an address in an address": ("address", b'{"country": {"$gt": ""}}'),
    "no country": ("address_country", b'"Atlantis"'),
    "no phone": ("phone_number", b'"12"'),
    "no zone": ("zoneinfo", b'"Mars/Olympus"'),
}


@pytest.mark.parametrize("bad", BAD_VALUES)
async def test_bad_value_is_refused_in_one_sentence(api: Api, bad: str) -> None:
    await api.define("size", AttributeType.INTEGER)
    person = await api.person()
    key, value = BAD_VALUES[bad]

    response = await _raw(api, person, key, value)
    body = response.json()

    if response.status_code == httpx.codes.OK and "data" in body:
        result = body["data"]["setAttributes"]
        assert result["__typename"] == "InvalidValueError"
        message = result["message"]
    else:
        (error,) = body["errors"]
        message = error["message"]
    assert len(message) < 300
    assert "requestId" not in response.text


async def test_lone_surrogate_is_no_json(api: Api) -> None:
    response = await _raw(api, await api.person(), "job_title", b'"\\ud800"')

    assert response.status_code == httpx.codes.BAD_REQUEST
    assert response.json()["errors"][0]["message"] == "The body is not JSON in UTF-8."


async def test_value_of_two_megabytes_ends_at_the_door(api: Api) -> None:
    response = await _raw(api, await api.person(), "job_title", b'"' + b"x" * 2_000_000 + b'"')

    assert response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    "circumstances",
    [
        {"confidence": 1.5},
        {"confidence": -1},
        {"observedAt": "2999-01-01T00:00:00Z"},
        {"expiresAt": "2000-01-01T00:00:00Z"},
    ],
    ids=str,
)
async def test_circumstances_that_cannot_be_are_refused(api: Api, circumstances: dict[str, Any]) -> None:
    refused = await said(api, await api.person(), {"key": "job_title", "value": "x", **circumstances})

    assert refused["__typename"] == "InvalidInputError"


@pytest.mark.parametrize("name", ["observedAt", "expiresAt"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_moment_that_is_none_in_utc_is_refused_in_one_sentence(
    api: Api, name: str, moment: str
) -> None:
    (person, given) = await api.person(), {"key": "job_title", "value": "x", name: moment}
    writes = {"profile": {"id": person.profile_id}, "attributes": [given]}

    (error,) = (await api.execute(SET, {"input": writes}, by=api.admin))["errors"]

    assert "in the years 1 to 9999" in error["message"]


async def test_moment_without_an_offset_is_of_utc(api: Api) -> None:
    observed = {"key": "job_title", "value": "x", "observedAt": "2026-03-01T09:00:00"}

    written = await said(api, await api.person(), observed)
    refused = await said(
        api, await api.person(), {"key": "job_title", "value": "x", "expiresAt": "2000-01-01T00:00:00"}
    )

    assert written["__typename"] == "SetAttributesSuccess"
    assert refused["__typename"] == "InvalidInputError"


async def _raw(api: Api, person: Person, key: str, value: bytes) -> httpx.Response:
    """Send a value as these bytes: what Python's own encoder would not write."""
    given = {"profile": {"id": person.profile_id}, "attributes": [{"key": key, "value": "VALUE"}]}
    body = orjson.dumps({"query": SET, "variables": {"input": given}}).replace(b'"VALUE"', value)
    headers = {**api.admin.headers, "Content-Type": "application/json"}
    return await api.http.post("/graphql", content=body, headers=headers)


INLINE = """mutation {{ setAttributes(input: {{ profile: {{ id: "{id}" }},
  attributes: [{{ key: "job_title", value: {value} }}] }}) {{ ... on UserError {{ message }} }} }}"""


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("9223372036854775808", "must be a text"),
        ("9" * 10_000, "must be a text"),
        ('"\\uD800"', "Syntax Error"),
        ('"a\\u0000b"', "characters"),
        ("[" * 1_000 + "]" * 1_000, "deep"),
        ("{a: " * 1_000 + "1" + "}" * 1_000, "deep"),
    ],
    ids=["2^63", "10,000 digits", "half a character", "NUL", "1,000 lists", "1,000 objects"],
)
async def test_bad_value_written_into_the_document_is_refused_in_one_sentence(
    api: Api, value: str, sentence: str
) -> None:
    person = await api.person()

    body = (await api.post(INLINE.format(id=person.profile_id, value=value), by=api.admin)).json()

    shown = body["errors"][0]["message"] if "errors" in body else body["data"]["setAttributes"]["message"]
    assert sentence in shown
    assert len(shown) < 300
    assert "INTERNAL_ERROR" not in str(body)
