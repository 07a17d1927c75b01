"""What holds for every value, every answer and every document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.enrichment.model import Found, OutcomeClass, Trouble
from server.enrichment.sources.classifying import classify, retry_after
from server.enrichment.sources.expressions import BadExpressionError, Expression
from server.enrichment.sources.mapping import found_in
from server.enrichment.sources.requesting import UnusableInputError, prepare, sent_values, shown
from server.enrichment.sources.source import result_of
from server.kit.calling import Answer
from tests.enrichment.sources.simulator import spec_of
from tests.enrichment.sources.specs import document, read

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
TEXT = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() == text)
SECRET = "made-up-secret"


@example("..")
@example("../../admin")
@example("a/b?c=d&e#f")
@given(TEXT)
def test_value_can_not_change_what_is_asked_for(value: str) -> None:
    spec = read(
        document(
            request={
                "base_url": "https://api.oracle.example.com",
                "path": "/a/{email}/b",
                "query": {"q": "{email}"},
            }
        )
    )
    try:
        url = prepare(spec, {"email": value}, {}).url
    except UnusableInputError:
        assert value in {".", ".."}
        return

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("https", "api.oracle.example.com")
    assert parts.path.count("/") == 3
    assert parts.fragment == ""
    assert [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)] == ["q"]


@given(TEXT)
def test_value_in_a_body_is_a_text_and_nothing_else(value: str) -> None:
    request = {
        "base_url": "https://a.example.com",
        "path": "/",
        "method": "POST",
        "body": {"who": ["{email}"], "n": 1},
    }

    content = prepare(read(document(request=request)), {"email": value}, {}).content

    assert json.loads(content or b"") == {"who": [value], "n": 1}


@pytest.mark.parametrize(
    "request_",
    [
        {"auth": {"type": "bearer", "secret": "api_key"}},
        {"auth": {"type": "basic", "username": "api_key"}},
        {"headers": {"X-Key": {"secret": "api_key"}}},
        {"query": {"q": "{email}", "key": {"secret": "api_key"}}},
    ],
)
def test_secret_is_sent_and_never_shown(request_: dict[str, Any]) -> None:
    common = {"base_url": "https://a.example.com", "path": "/", "query": {"q": "{email}"}}
    spec = read(document(request=common | request_))
    values = {"email": "ada@acme.example"}

    sent = prepare(spec, values, {"api_key": SECRET})
    seen = shown(spec, values)

    assert sent != seen
    assert SECRET not in f"{seen.url} {dict(seen.headers)}"
    assert SECRET not in repr(sent)


@given(
    JSON, st.integers(min_value=100, max_value=599), st.sampled_from(["application/json", "text/html", ""])
)
def test_every_answer_means_something(body: object, status: int, media_type: str) -> None:
    answer = Answer(status=status, headers={"content-type": media_type}, body=json.dumps(body).encode())

    for key in ("hunter_combined", "us_census_income", "apollo"):
        spec = spec_of(key)
        result = result_of(spec, classify(spec, answer, NOW))
        if isinstance(result, Found):
            assert all(0 <= each.confidence <= 1 for each in result.findings)
        if isinstance(result, Trouble) and result.after is not None:
            assert timedelta(0) <= result.after <= timedelta(days=31)


@given(JSON)
def test_mapping_fills_what_is_mapped_with_values_of_its_kind(body: object) -> None:
    spec = spec_of("people_data_labs")

    for finding in found_in(
        spec, {"likelihood": body, "data": dict.fromkeys(_names(spec.map), body)}
    ).findings:
        assert finding.key in spec.map
        assert isinstance(finding.value, str | int | float)
        assert finding.value != ""


def _names(mapped: Mapping[str, Any]) -> set[str]:
    return {name for each in mapped.values() for name in each.path.names}


@given(st.text(max_size=60), JSON)
def test_expression_ends_with_a_value_or_none(text: str, body: object) -> None:
    try:
        expression = Expression(text)
    except BadExpressionError:
        return

    expression.of(body)


@pytest.mark.parametrize(
    "text", ["!" * 400 + "a", "[@," * 120 + "a" + "]" * 120, "a[" * 200 + "0" + "]" * 200]
)
def test_expression_can_not_be_a_trap(text: str) -> None:
    with pytest.raises(BadExpressionError):
        Expression(text)


@pytest.mark.parametrize(
    ("said", "format_", "seconds"),
    [
        ("30", "auto", 30),
        ("0", "auto", 0),
        ("1.5", "auto", 1.5),
        ("-5", "auto", 0),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), "auto", 120),
        (str(int(NOW.timestamp()) + 90), "auto", 90),
        ("2026-03-14T09:27:23Z", "auto", 30),
        ("1500", "milliseconds", 1.5),
        (str(int(NOW.timestamp()) + 90), "epoch", 90),
        ("2026-03-14 09:27:23", "iso", 30),
        ("2026-03-13T00:00:00Z", "iso", 0),
        ("soon", "auto", None),
        ("", "auto", None),
        ("9" * 400, "auto", None),
        ("nan", "seconds", None),
        ("9" * 15, "epoch", None),
    ],
)
def test_time_to_wait_is_read_in_every_way_it_is_written(
    said: str, format_: str, seconds: float | None
) -> None:
    spec = read(document(retry_after=[{"header": "Retry-After", "format": format_}]))

    wait = retry_after(spec, {"retry-after": said}, None, NOW)

    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@given(
    st.text(max_size=30), st.sampled_from(["auto", "seconds", "milliseconds", "epoch", "http_date", "iso"])
)
def test_no_header_is_too_odd_to_be_read(said: str, format_: str) -> None:
    spec = read(document(retry_after=[{"header": "Retry-After", "format": format_}]))

    wait = retry_after(spec, {"retry-after": said}, None, NOW)

    assert wait is None or wait >= timedelta(0)


def test_wait_for_a_busy_source_is_a_day_at_most_and_for_credits_a_month() -> None:
    spec = read(document())
    headers = {"retry-after": str(60 * 86_400)}

    waits = [classify(spec, Answer(status=code, headers=headers, body=b""), NOW) for code in (429, 402)]

    assert [(each.outcome, each.after) for each in waits] == [
        (OutcomeClass.THROTTLED, timedelta(hours=24)),
        (OutcomeClass.QUOTA, timedelta(days=31)),
    ]


@pytest.mark.parametrize(
    ("transform", "value", "sent"),
    [
        ("none", " Ada ", "Ada"),
        ("lower", "ADA@Acme.Example", "ada@acme.example"),
        ("upper", "gb", "GB"),
        ("digits", "+44 20", "4420"),
        ("zip5", "98052-1234", "98052"),
        (
            "sha256",
            "MyEmailAddress@example.com",
            "84059b07d4be67b806386c0aad8070a23f18836bbaae342275dc0a83414c32ee",
        ),
        ("md5", "MyEmailAddress@example.com", "0bc83cb571cd1c50ba6f3e8a78ef1346"),
    ],
)
def test_value_is_sent_as_the_provider_wants_it(transform: str, value: str, sent: str) -> None:
    spec = read(document(inputs={"email": {"from": "email", "transform": transform}}))

    assert sent_values(spec, {"email": value}) == {"email": sent}


@pytest.mark.parametrize(("transform", "value"), [("zip5", "EC1A 1BB"), ("digits", "none"), ("none", "  ")])
def test_value_that_leaves_nothing_is_not_sent(transform: str, value: str) -> None:
    spec = read(document(inputs={"email": {"from": "email", "transform": transform}}))

    with pytest.raises(UnusableInputError):
        sent_values(spec, {"email": value})
