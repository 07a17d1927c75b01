"""Every preset is asked as documented, understood as its provider means it, and read for what is mapped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from server.enrichment.model import Found, NoMatch, OutcomeClass, ReasonCode, Skip, Trouble
from server.enrichment.sources.checking import Surroundings, check_spec, refused_word
from server.enrichment.sources.library import PRESETS
from server.enrichment.sources.mapping import found_in
from server.enrichment.sources.reading import read_spec
from tests.enrichment.sources.attributes import PURPOSES, STANDARD
from tests.enrichment.sources.documented import CASES, DOCUMENTED
from tests.enrichment.sources.simulator import Scripted, spec_of
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from datetime import timedelta

    from server.enrichment.model import Result
    from tests.enrichment.sources.simulator import Stand

EXPECTED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("expected.json").read_text())


def meaning(result: Result) -> OutcomeClass:
    """Return the class that a result stands for."""
    match result:
        case Found():
            return OutcomeClass.MATCH
        case NoMatch():
            return OutcomeClass.NO_MATCH
        case Skip():
            return OutcomeClass.BAD_INPUT
        case Trouble():
            return result.kind


def test_every_preset_has_its_documented_answers_and_its_claims() -> None:
    assert set(PRESETS) == DOCUMENTED.keys() == EXPECTED.keys()


@pytest.mark.parametrize("key", PRESETS)
async def test_preset_is_asked_as_documented_and_fills_what_is_mapped(stand: Stand, key: str) -> None:
    spec = spec_of(key)
    assert spec.example is not None

    result = await stand.source(spec).look_up(spec.example.inputs)

    assert isinstance(result, Found)
    assert {each.key: each.value for each in result.findings} == EXPECTED[key]
    assert stand.simulator.refusals == []
    assert len(stand.simulator.calls) == 1


@pytest.mark.parametrize(("key", "status", "body", "headers", "expected", "after"), CASES)
async def test_answer_means_what_its_provider_means(
    stand: Stand,
    key: str,
    status: int,
    body: object,
    headers: dict[str, str],
    expected: OutcomeClass,
    after: timedelta | None,
) -> None:
    stand.simulator.script = [Scripted(status=status, body=body, headers=headers)]
    spec = spec_of(key)
    assert spec.example is not None

    result = await stand.source(spec).look_up(spec.example.inputs)

    assert meaning(result) is expected
    assert getattr(result, "after", None) == after
    assert len(stand.simulator.calls) == 1


@pytest.mark.parametrize("key", ["clearbit_combined", "hunter_combined"])
async def test_answer_with_neither_person_nor_company_is_no_match(stand: Stand, key: str) -> None:
    spec = spec_of(key)
    body: dict[str, Any] = {"person": None, "company": None}
    stand.simulator.script = [Scripted(body={"data": body} if key.startswith("hunter") else body)]

    result = await stand.source(spec).look_up({"email": "ada@fernhill.example"})

    assert result == NoMatch()


@pytest.mark.parametrize("key", PRESETS)
def test_preset_works_on_the_attributes_that_ship(key: str) -> None:
    check_spec(spec_of(key), Surroundings(attributes=STANDARD, purposes=PURPOSES, others={}))


@pytest.mark.parametrize("key", PRESETS)
def test_preset_reads_nothing_of_a_special_category(key: str) -> None:
    assert [each for each in spec_of(key).map.values() if refused_word(each.path)] == []


def test_special_categories_of_an_answer_are_not_taken() -> None:
    spec = spec_of("fullcontact_person")
    assert spec.example is not None

    said = json.dumps([each.value for each in found_in(spec, spec.example.body).findings])

    for word in ("Female", "35-44", "home.example", "1-9999", "true"):
        assert word not in said


@pytest.mark.parametrize(("key", "flag"), [("clearbit_combined", "person"), ("clearbit_person", None)])
def test_company_of_a_webmail_address_is_not_taken(key: str, flag: str | None) -> None:
    spec = spec_of(key)
    assert spec.example is not None
    body = json.loads(json.dumps(spec.example.body))
    (body[flag] if flag else body)["emailProvider"] = True

    found = found_in(spec, body)

    assert [each.key for each in found.findings if each.key.startswith("company_")] == []
    assert "job_title" in {each.key for each in found.findings}


def test_guess_of_the_provider_counts_half() -> None:
    spec = spec_of("clearbit_person")
    assert spec.example is not None

    found = found_in(spec, {**spec.example.body, "fuzzy": True})

    assert {each.confidence for each in found.findings} == {0.375}


@pytest.mark.parametrize(
    ("estimate", "annotation", "value", "bound"),
    [
        ("157842", None, 157842, "exact"),
        ("250001", "250,000+", 250000, "at_least"),
        ("2499", "2,500-", 2500, "below"),
    ],
)
def test_income_of_an_area_says_where_it_was_cut_off(
    estimate: str, annotation: str | None, value: int, bound: str
) -> None:
    body = [["NAME", "E", "EA", "M", "zcta"], ["ZCTA5 1", estimate, annotation, "-222222222", "98052"]]

    found = {each.key: each.value for each in found_in(spec_of("us_census_income"), body).findings}

    assert found["area_median_household_income"] == value
    assert found["area_income_bound"] == bound
    assert "area_income_margin" not in found


def test_value_that_a_free_plan_hides_is_not_taken() -> None:
    body = {"likelihood": 9, "data": {"job_title": True, "location_locality": True, "first_name": "Ada"}}

    found = found_in(spec_of("people_data_labs"), body)

    assert [(each.key, each.value, each.confidence) for each in found.findings] == [
        ("given_name", "Ada", 0.9)
    ]


def test_city_is_not_taken_where_the_address_is_vague() -> None:
    body = {"location": {"country_code2": "GB", "city": "London", "accuracy_radius": "200"}}

    found = found_in(spec_of("ipgeolocation_v3"), body)

    assert [each.key for each in found.findings] == ["geo_country"]


@pytest.mark.parametrize("key", ["ipgeolocation_v1", "ipgeolocation_v3", "ipinfo_lite", "maxmind_city"])
@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "fe80::1", "not an address"])
async def test_address_of_no_internet_is_not_asked_about(stand: Stand, key: str, address: str) -> None:
    result = await stand.source(spec_of(key)).look_up({"visit_address": address})

    assert result == Skip(code=ReasonCode.INVALID_INPUT)
    assert stand.simulator.calls == []


@pytest.mark.parametrize("key", PRESETS)
def test_preset_has_its_page_with_all_that_leaves_and_all_that_is_filled(key: str) -> None:
    pages = [page.read_text() for page in (ROOT / "docs" / "enrichers").glob("*.md")]
    spec = spec_of(key)
    (page,) = (each for each in pages if f"## `{key}`" in each)
    part = page.partition(f"## `{key}`")[2].partition("\n## ")[0]

    told = {*spec.map, *spec.secrets, *(each.source for each in spec.inputs.values()), spec.purpose}

    assert [each for each in sorted(told) if f"`{each}`" not in part] == []
    assert f"`{spec.request.method} {spec.request.base_url}{spec.request.path}`" in part


def test_small_enricher_of_the_page_works_on_the_attributes_that_ship() -> None:
    text = (ROOT / "docs" / "enrichers.md").read_text()
    given = json.loads(text.partition("```json\n")[2].partition("```")[0])

    check_spec(read_spec(given), Surroundings(attributes=STANDARD, purposes=PURPOSES, others={}))
