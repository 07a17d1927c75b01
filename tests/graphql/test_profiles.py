"""Looking somebody up, and writing to them, by whatever recognises them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.profiles.identifying import email_ref
from tests.api import ISSUER
from tests.factories.profiles import user

if TYPE_CHECKING:
    from tests.api import Api, Person

PROFILE = "query ($by: ProfileLookup!) { profile(by: $by) { id } }"
SET_ATTRIBUTES = """mutation ($input: SetAttributesInput!) { setAttributes(input: $input) {
  __typename
  ... on SetAttributesSuccess { profile { id traits identities { kind value } } }
  ... on UserError { message }
  ... on InvalidInputError { field }
  ... on InvalidValueError { key }
  ... on UnknownAttributeError { key }
} }"""


@pytest.fixture
async def ada(api: Api) -> Person:
    """Somebody with an account and a verified address."""
    return await api.signed_in("ada", email="ada@example.com", email_verified=True)


def _written(profile: dict[str, Any], values: dict[str, Any], **more: object) -> dict[str, Any]:
    attributes = [{"key": key, "value": value} for key, value in values.items()]
    return {"input": {"profile": profile, "attributes": attributes, **more}}


@pytest.mark.parametrize(
    "by",
    [
        {"email": "ada@example.com"},
        {"email": " Ada@Example.COM "},
        {"identity": {"issuer": ISSUER, "subject": "ada"}},
    ],
)
async def test_profile_is_found_by_whatever_recognises_the_person(
    api: Api, ada: Person, by: dict[str, Any]
) -> None:
    found = await api.data(PROFILE, {"by": by}, by=api.admin)
    same = await api.data(PROFILE, {"by": {"id": ada.profile_id}}, by=api.admin)

    assert found == same == {"profile": {"id": ada.profile_id}}


async def test_profile_is_found_by_the_id_that_an_app_gave(api: Api) -> None:
    made = await api.data(
        SET_ATTRIBUTES, _written({"userId": "u-42"}, {}, createIfMissing=True), by=api.admin
    )

    found = await api.data(PROFILE, {"by": {"userId": "u-42"}}, by=api.admin)

    assert found["profile"]["id"] == made["setAttributes"]["profile"]["id"]


async def test_id_of_a_merged_profile_leads_to_what_it_became(api: Api) -> None:
    stranger = await api.person()
    person = await api.signed_in(resume_token=stranger.resume_token)

    found = await api.data(PROFILE, {"by": {"id": stranger.profile_id}}, by=api.admin)
    as_node = await api.data(
        "query ($id: ID!) { node(id: $id) { id } }", {"id": stranger.profile_id}, by=api.admin
    )

    assert stranger.profile_id != person.profile_id
    assert found == {"profile": {"id": person.profile_id}}
    assert as_node == {"node": {"id": person.profile_id}}


@pytest.mark.parametrize(
    "written",
    ["Ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example", " ada@bu\u0308cher.example"],
    ids=["capitals", "Punycode", "decomposed"],
)
async def test_address_is_one_persons_however_it_is_written(api: Api, written: str) -> None:
    made = await api.services.profiles.create((email_ref("ada@b\u00fccher.example"),))

    found = await api.data(
        "query ($by: ProfileLookup!) { profile(by: $by) { id } }", {"by": {"email": written}}, by=api.admin
    )

    assert found["profile"] == {"id": made.id}


async def test_lookup_that_finds_nobody_is_null(api: Api, ada: Person) -> None:
    lookups: list[dict[str, Any]] = [
        *({"id": each} for each in ("", "prf_none", "ada@example.com", "\0", "i" * 100_000)),
        *({"userId": each} for each in ("", "ada", "\0", "u" * 100_000)),
        *({"email": each} for each in ("", "ada", "ada@example.com.")),
        {"identity": {"issuer": "", "subject": ""}},
        {"identity": {"issuer": "https://other.test", "subject": "ada"}},
    ]

    found = [await api.data(PROFILE, {"by": by}, by=api.admin) for by in lookups]

    assert found == [{"profile": None}] * len(lookups)


@pytest.mark.parametrize(
    "by",
    [
        {},
        {"id": None},
        {"id": "prf_1", "email": "ada@example.com"},
        {"id": "prf_1", "email": None},
        {"id": None, "email": None},
    ],
)
async def test_lookup_names_exactly_one_thing(api: Api, by: dict[str, Any]) -> None:
    body = await api.execute(PROFILE, {"by": by}, by=api.admin)

    assert "data" not in body
    assert (
        "ProfileLookup" in body["errors"][0]["message"] or "must be non-null" in body["errors"][0]["message"]
    )


@pytest.mark.parametrize(
    "by", ["{}", '{id: "prf_1", email: "ada@example.com"}', "{id: null}", '{id: "prf_1", email: null}']
)
async def test_lookup_written_into_the_document_names_exactly_one_thing(api: Api, by: str) -> None:
    body = await api.execute(f"{{ profile(by: {by}) {{ id }} }}", by=api.admin)

    assert not body.get("data") or body["data"] == {"profile": None}
    assert len(body["errors"]) == 1
    assert "INTERNAL_ERROR" not in str(body)


async def test_person_looks_up_nobody_but_themselves(api: Api, ada: Person) -> None:
    stranger = await api.person()

    own = await api.data(PROFILE, {"by": {"id": stranger.profile_id}}, by=stranger)
    by_email = await api.data(PROFILE, {"by": {"email": "ada@example.com"}}, by=ada)

    assert own == {"profile": {"id": stranger.profile_id}}
    assert by_email == {"profile": None}


async def test_token_of_a_merged_browser_does_not_lead_to_the_person(api: Api) -> None:
    person, ada = await api.person(), await api.services.profiles.recognise(user("ada"))
    await api.services.profiles.fold(ada.id, person.profile_id)

    query = "query ($by: [ProfileLookup!]!) { profilesBy(by: $by) { id } }"
    found = await api.data(query, {"by": [{"id": person.profile_id}, {"id": ada.id}]}, by=person)

    assert found == {"profilesBy": [None, None]}


async def test_values_of_an_app_are_all_written_or_none(api: Api, ada: Person) -> None:
    app = await api.app(Scope.PROFILES_WRITE, Scope.PROFILES_READ)
    by = {"id": ada.profile_id}

    wrong = await api.data(
        SET_ATTRIBUTES, _written(by, {"job_title": "Countess", "birthdate": "soon"}), by=app
    )
    unknown = await api.data(SET_ATTRIBUTES, _written(by, {"job_title": "Countess", "nope": 1}), by=app)
    right = await api.data(SET_ATTRIBUTES, _written(by, {"birthdate": "1815-12-10"}), by=app)

    assert wrong["setAttributes"]["__typename"] == "InvalidValueError"
    assert wrong["setAttributes"]["key"] == "birthdate"
    assert unknown["setAttributes"]["__typename"] == "UnknownAttributeError"
    assert unknown["setAttributes"]["key"] == "nope"
    traits = right["setAttributes"]["profile"]["traits"]
    assert traits.items() >= {"email": "ada@example.com", "birthdate": "1815-12-10"}.items()
    assert "job_title" not in traits


@pytest.mark.parametrize("by", [{"userId": "u-1"}, {"email": "bob@example.com"}, {"id": "prf_none"}])
async def test_nobody_is_made_unless_it_is_asked_for(api: Api, by: dict[str, Any]) -> None:
    missing = await api.data(SET_ATTRIBUTES, _written(by, {}), by=api.admin)

    assert missing["setAttributes"]["__typename"] == "NotFoundError"
    assert await api.data(PROFILE, {"by": by}, by=api.admin) == {"profile": None}


@pytest.mark.parametrize(
    ("by", "field"),
    [
        ({"userId": ""}, "userId"),
        ({"userId": " u-1"}, "userId"),
        ({"userId": "u\0"}, "userId"),
        ({"userId": "u" * 256}, "userId"),
        ({"email": ""}, "email"),
        ({"email": "ada"}, "email"),
        ({"identity": {"issuer": ISSUER, "subject": ""}}, "subject"),
        ({"identity": {"issuer": "", "subject": "ada"}}, "issuer"),
    ],
)
async def test_identity_that_nobody_can_have_makes_no_profile(
    api: Api, by: dict[str, Any], field: str
) -> None:
    refused = await api.data(SET_ATTRIBUTES, _written(by, {}, createIfMissing=True), by=api.admin)

    assert refused["setAttributes"]["__typename"] == "InvalidInputError"
    assert refused["setAttributes"]["field"] == field
    assert await api.services.database["profiles"].count_documents({}) == 0
