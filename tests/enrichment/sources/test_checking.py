"""Bad configuration is refused when it is saved, each with one sentence."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from server.enrichment.sources.checking import Surroundings, check_spec, why_incomplete
from server.enrichment.sources.reading import read_spec
from server.kit.errors import InvalidInputError
from tests.enrichment.sources.attributes import PURPOSES, STANDARD
from tests.enrichment.sources.specs import document, read


def why(given: object, **others: dict[str, Any]) -> str:
    """Return the sentence with which a document is refused; empty where it is not."""
    around = Surroundings(
        attributes=STANDARD, purposes=PURPOSES, others={key: read(each) for key, each in others.items()}
    )
    try:
        check_spec(read_spec(given), around)
    except InvalidInputError as error:
        return f"{error.message}{'' if error.field == 'spec' else ' in ' + error.field}"
    return ""


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the small enricher with one place changed."""
    given = document()
    *way, last = path.split("/")
    place = given
    for step in way:
        place = place.setdefault(step, {})
    place[last] = value
    return given


def job_title(**more: object) -> dict[str, Any]:
    """Return a map of one attribute."""
    return {"job_title": {"path": "title", "type": "string", **more}}


def test_small_enricher_is_right() -> None:
    assert why(document()) == ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            changed("map", {"shoe_size": {"path": "a", "type": "integer"}}),
            "There is no attribute 'shoe_size': define it first.",
        ),
        (changed("inputs/email/from", "shoe_size"), "There is no attribute 'shoe_size': define it first."),
        (
            changed("map", {"company_employees": {"path": "a", "type": "string"}}),
            "'company_employees' is of type integer, which a string does not fit.",
        ),
        (
            changed("map", job_title(path="a..b")),
            "A mapping does not compile: 'a..b' is no JMESPath expression.",
        ),
        (
            changed("map", job_title(path="[].[@,@][].[@,@][].[@,@]")),
            "A mapping does not compile: '[].[@,@][].[@,@][].[@,@]' flattens and selects more than 4 times.",
        ),
        (
            changed("outcomes", [{"when": "(", "class": "match"}]),
            "A mapping does not compile: '(' is no JMESPath expression.",
        ),
        (changed("request/base_url", "https://10.0.0.1"), "'10.0.0.1' is not a host on the public internet."),
        (
            changed("request/base_url", "http://api.example.com"),
            "The base URL has to begin with https:// and to be on the port of https.",
        ),
        (
            changed("request/base_url", "https://api.example.com/v1"),
            "The base URL is a scheme and a host alone, such as https://api.example.com.",
        ),
        (
            changed("request/base_url", "https://{host}"),
            "The base URL is a scheme and a host alone, such as https://api.example.com.",
        ),
        (
            changed("ttl_days/match", 0),
            "A TTL of zero would look everybody up again and again: ttl_days are above 0.",
        ),
        (
            changed("ttl_days/no_match", 0),
            "A TTL of zero would look everybody up again and again: ttl_days are above 0.",
        ),
        (changed("purpose", "world_domination"), "There is no purpose 'world_domination'."),
        (changed("request/path", "/find/{who}"), "The placeholder {who} is not among the inputs."),
        (
            changed("request/query", {}),
            "Nothing is done with the input 'email': leave it out, or put {email} where it is sent.",
        ),
        (
            changed("request/query/back", "{callback_url}"),
            "The placeholder {callback_url} is not among the inputs.",
        ),
        (
            changed("inputs/email/from", "gender"),
            "'gender' is sensitive and never leaves: it can't be an input.",
        ),
        (
            changed("map", {"gender": {"path": "a", "type": "string"}}),
            "'gender' is never filled by a third party: only the person can say it.",
        ),
        (
            changed("map", {"birthdate": {"path": "a", "type": "date"}}),
            "'birthdate' is never filled by a third party: only the person can say it.",
        ),
        (
            changed("map", {"email": {"path": "a", "type": "string"}}),
            "'email' is never filled by a third party: only the person can say it.",
        ),
        (
            changed("map", job_title(path="details.survey.religious")),
            "'details.survey.religious' reads 'religious', which is never taken from a third party.",
        ),
        (
            changed("map", job_title(path="ageRange")),
            "'ageRange' reads 'ageRange', which is never taken from a third party.",
        ),
        (
            changed("map", job_title(path="net_worth")),
            "'net_worth' reads 'net_worth', which is never taken from a third party.",
        ),
        (
            changed("map", job_title(path="personal_emails[0]")),
            "'personal_emails[0]' reads 'personal_emails', which is never taken from a third party.",
        ),
        (
            changed("map", {"job_seniority": {"path": "a", "type": "enum", "values": {"boss": "emperor"}}}),
            "'job_seniority' has no option 'emperor'.",
        ),
        (
            changed("map", {"job_seniority": {"path": "a", "type": "enum", "values": {"Boss": "executive"}}}),
            "`values` of 'job_seniority' are looked up in small letters: write 'boss'.",
        ),
        (
            changed("condition", {"attribute": {"key": "shoe_size", "operator": "exists"}}),
            (
                "The condition can't be used: There is no attribute 'shoe_size': define it first with"
                " defineAttribute."
            ),
        ),
        (
            changed("condition", {"attribute": "email"}),
            "The condition is not of the form that conditions have.",
        ),
        (changed("request/headers", {"Host": "a"}), "The header 'Host' is set by us."),
        (
            changed("request/headers", {"X-Email": "{email}"}),
            "The header 'X-Email' is a plain text or a secret: no placeholder stands in it.",
        ),
        (
            changed("request/headers", {"X-A": "a\r\nX-B: b"}),
            "The header 'X-A' is a plain text or a secret: no placeholder stands in it.",
        ),
        (
            changed("request/auth", {"type": "bearer"}),
            "Bearer takes `secret`, Basic takes `username` and `password`, each the name of a secret.",
        ),
        (changed("request/auth", {"type": "basic"}), "Authentication names no secret."),
        (changed("request/body", {"q": "{email}"}), "A GET has no body: use POST."),
        (
            changed("retry_after", [{"format": "seconds"}]),
            "Each of retry_after names either a header or a place in the body.",
        ),
        (
            changed("map", {"email_domain": {"path": "a", "type": "domain"}})
            | {"inputs": {"email": {"from": "email_domain"}}},
            "'email_domain' is what is asked with and what is filled: the look-up would set itself off.",
        ),
        (
            changed("waterfall", {"group": "work", "position": 0, "wants": ["shoe_size"]}),
            "There is no attribute 'shoe_size': define it first.",
        ),
        (
            changed("waterfall", {"group": "work", "position": 0, "wants": ["email"]}),
            "The waterfall asks itself: 'email' is wanted of it and is what it starts from.",
        ),
        (
            changed("format", "acquaint.enricher/9"),
            "spec.format must be same as const definition: acquaint.enricher/1.",
        ),
        (changed("surprise", 1), "spec must not contain {'surprise'} properties."),
        (changed("ttl_days/match", "long"), "spec.ttl_days.match must be number."),
        (
            changed("limits", {"max_body_bytes": 10**9}),
            "spec.limits.max_body_bytes must be smaller than or equal to 1048576.",
        ),
        (changed("request/body", ["{email}"]), "spec.request.body must be object or null."),
        ([], "spec must be object."),
    ],
)
def test_bad_configuration_is_told_in_one_sentence(given: object, sentence: str) -> None:
    assert why(given) == sentence


def test_waterfall_of_two_that_wait_for_each_other_asks_itself() -> None:
    first = document(
        inputs={"domain": {"from": "company_domain"}},
        request={"base_url": "https://a.example.com", "path": "/{domain}"},
        map={"company_name": {"path": "a", "type": "string"}},
        waterfall={"group": "work", "position": 0, "wants": ["company_name"]},
    )
    second = document(
        inputs={"name": {"from": "company_name"}},
        request={"base_url": "https://b.example.com", "path": "/{name}"},
        map={"company_domain": {"path": "a", "type": "domain"}},
        waterfall={"group": "work", "position": 1, "wants": ["company_domain"]},
    )

    assert why(second, first=first) == (
        "The waterfall asks itself: this and 'first' each start from what the other fills."
    )


def test_waterfall_has_each_position_once() -> None:
    place = {"group": "work", "position": 1, "wants": ["job_title"]}

    assert why(document(waterfall=place), other=document(waterfall=place)) == (
        "'other' has position 1 in the group 'work' already."
    )


def test_secret_that_is_missing_is_named() -> None:
    spec = read(document(request={**document()["request"], "auth": {"type": "bearer", "secret": "api_key"}}))

    assert why_incomplete(spec, ()) == "The secret 'api_key' is missing: set it with setEnricherSecret."
    assert why_incomplete(spec, ["api_key"]) is None


def test_reading_changes_nothing_in_the_document() -> None:
    given = document()
    before = copy.deepcopy(given)

    read(given)

    assert given == before
