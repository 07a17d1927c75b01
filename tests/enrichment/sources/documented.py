"""What each provider documents that it answers, and what we hold that to mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.enrichment.model import OutcomeClass as O

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html"}
PAGE = b"<html><body>Invalid Key</body></html>"
RESET = {"x-ratelimit-reset": "1773480503"}  # 90 s after the tests' clock
LATER = {"retry-after": "30"}
SOON = timedelta(seconds=30)

Case = tuple[int, Any, dict[str, str], O, timedelta | None]


def _clearbit(error: str) -> dict[str, Any]:
    return {"error": {"type": error, "message": "whatever"}}


def _hunter(code: int, name: str, details: str = "") -> dict[str, Any]:
    return {"errors": [{"id": name, "code": code, "details": details}]}


def _message(status: int, message: str) -> dict[str, Any]:
    return {"status": status, "message": message}


_ANY: tuple[Case, ...] = (
    (500, b"oops", HTML, O.TRANSIENT, None),
    (502, None, {}, O.TRANSIENT, None),
    (503, None, LATER, O.TRANSIENT, SOON),
    (301, None, {"location": "http://127.0.0.1/"}, O.CONFIG, None),
    (200, PAGE, HTML, O.CONFIG, None),
    (200, b"\xff\xfe{", JSON, O.CONTRACT, None),
    (200, b"{", JSON, O.CONTRACT, None),
    (200, b"[]", {"content-type": "application/octet-stream"}, O.CONTRACT, None),
)
_CLEARBIT: tuple[Case, ...] = (
    (202, None, {}, O.PENDING, None),
    (401, _clearbit("auth_required"), {}, O.CONFIG, None),
    (401, _clearbit("invalid_api_key"), {}, O.CONFIG, None),
    (402, _clearbit("over_quota"), {}, O.QUOTA, None),
    (404, _clearbit("unknown_record"), {}, O.NO_MATCH, None),
    (404, _clearbit("unknown_route"), {}, O.CONFIG, None),
    (422, _clearbit("email_invalid"), {}, O.BAD_INPUT, None),
    (429, _clearbit("rate_limit"), RESET, O.THROTTLED, timedelta(seconds=90)),
)
_HUNTER: tuple[Case, ...] = (
    (400, _hunter(400, "wrong_params", "Your request is missing a parameter."), {}, O.CONFIG, None),
    (400, _hunter(400, "wrong_params", "The email is not valid."), {}, O.BAD_INPUT, None),
    (401, _hunter(401, "authentication_failed"), {}, O.CONFIG, None),
    (403, _hunter(403, "too_many_requests"), {}, O.THROTTLED, None),
    (404, _hunter(404, "not_found"), {}, O.NO_MATCH, None),
    (429, _hunter(429, "usage_exceeded"), {}, O.QUOTA, None),
    (451, _hunter(451, "claimed_email"), {}, O.LEGAL, None),
)
_FULLCONTACT: tuple[Case, ...] = (
    (202, _message(202, "Queued for search"), {}, O.PENDING, None),
    (400, _message(400, "Invalid JSON"), {}, O.BAD_INPUT, None),
    (401, _message(401, "Invalid access token"), {}, O.CONFIG, None),
    (403, _message(403, "API Key is missing or not associated with a valid account"), {}, O.CONFIG, None),
    (403, _message(403, "Usage quota exceeded"), {}, O.QUOTA, None),
    (404, _message(404, "Profile not found"), {}, O.NO_MATCH, None),
    (404, _message(404, "Endpoint /v3/persons not found"), {}, O.CONFIG, None),
    (410, _message(410, "Gone"), {}, O.CONFIG, None),
    (422, _message(422, "Invalid email"), {}, O.BAD_INPUT, None),
    (429, _message(429, "Rate limit"), {}, O.THROTTLED, None),
    (503, _message(503, "Busy"), LATER, O.TRANSIENT, SOON),
)
_GEOLOCATION: tuple[Case, ...] = (
    (400, {"message": "bad"}, {}, O.BAD_INPUT, None),
    (401, {"message": "Provided API key is not valid"}, {}, O.CONFIG, None),
    (404, {"message": "no data"}, {}, O.NO_MATCH, None),
    (423, {"message": "'10.0.0.0' is a bogon (Private) IP address."}, {}, O.NO_MATCH, None),
    (429, {"message": "You have exceeded your daily limit of 1000 credits."}, {}, O.QUOTA, None),
    (429, {"message": "Too many requests"}, LATER, O.THROTTLED, SOON),
)


def _census(value: str | None, annotation: str | None = None) -> list[list[str | None]]:
    head: list[str | None] = ["NAME", "B19013_001E", "B19013_001EA", "B19013_001M", "zcta"]
    return [head, ["ZCTA5 98052", value, annotation, "10", "98052"]]


DOCUMENTED: dict[str, tuple[Case, ...]] = {
    **{f"clearbit_{each}": _CLEARBIT for each in ("combined", "person", "company")},
    **{f"hunter_{each}": _HUNTER for each in ("combined", "person", "company")},
    **{f"fullcontact_{each}": _FULLCONTACT for each in ("person", "company")},
    "people_data_labs": (
        (400, {"status": 400, "error": {"type": "invalid_request_error"}}, {}, O.BAD_INPUT, None),
        (401, {"status": 401, "error": {"type": "authentication_error"}}, {}, O.CONFIG, None),
        (402, {"status": 402, "error": {"type": "payment_required"}}, {}, O.QUOTA, None),
        (404, {"status": 404, "error": {"type": "not_found"}}, {}, O.NO_MATCH, None),
        (405, None, {}, O.CONFIG, None),
        (429, None, {"x-ratelimit-reset": "2026-03-14T09:27:23Z"}, O.THROTTLED, SOON),
    ),
    "apollo": (
        (200, {"person": None}, {}, O.NO_MATCH, None),
        (200, {"request_id": "8f", "person": None}, {}, O.PENDING, None),
        (404, {"error_code": "result_pending", "retry_after_seconds": 30}, {}, O.PENDING, SOON),
        (401, {"error": "Invalid API key."}, {}, O.CONFIG, None),
        (403, {"error": "not accessible"}, {}, O.CONFIG, None),
        (402, {"error": "payment"}, {}, O.QUOTA, None),
        (422, {"error": "insufficient credits"}, {}, O.QUOTA, None),
        (422, {"error": "email is invalid"}, {}, O.BAD_INPUT, None),
        (429, {"message": "The maximum number of api calls allowed"}, LATER, O.THROTTLED, SOON),
    ),
    "us_census_income": (
        (204, None, {}, O.NO_MATCH, None),
        (200, [], {}, O.NO_MATCH, None),
        (200, _census("-666666666", "-"), {}, O.NO_MATCH, None),
        (200, _census("-222222222"), {}, O.NO_MATCH, None),
        (200, _census(None), {}, O.NO_MATCH, None),
        (302, None, {"location": "https://api.census.gov/data/missing_key.html"}, O.CONFIG, None),
        (400, b"error: unknown variable 'B19013'", {"content-type": "text/plain"}, O.CONFIG, None),
        (404, PAGE, HTML, O.CONFIG, None),
        (429, None, {}, O.THROTTLED, None),
    ),
    **{f"ipgeolocation_{each}": _GEOLOCATION for each in ("v1", "v3")},
    "ipinfo_lite": (
        (200, {"ip": "10.0.0.1", "bogon": True}, {}, O.NO_MATCH, None),
        (401, {"error": {"title": "Unknown token"}}, {}, O.CONFIG, None),
        (403, {"error": {"title": "Unknown token"}}, {}, O.CONFIG, None),
        (404, {"error": {"title": "Wrong ip"}}, {}, O.BAD_INPUT, None),
        (
            429,
            {"error": {"title": "Rate limit", "message": "over your monthly quota limit"}},
            {},
            O.QUOTA,
            None,
        ),
        (429, None, LATER, O.THROTTLED, SOON),
    ),
    "maxmind_city": (
        (400, {"code": "IP_ADDRESS_INVALID"}, {}, O.BAD_INPUT, None),
        (400, {"code": "IP_ADDRESS_RESERVED"}, {}, O.BAD_INPUT, None),
        (401, {"code": "AUTHORIZATION_INVALID"}, {}, O.CONFIG, None),
        (402, {"code": "OUT_OF_QUERIES"}, {}, O.QUOTA, None),
        (403, {"code": "PERMISSION_REQUIRED"}, {}, O.CONFIG, None),
        (404, {"code": "IP_ADDRESS_NOT_FOUND"}, {}, O.NO_MATCH, None),
    ),
    "gravatar": (
        (400, None, {}, O.BAD_INPUT, None),
        (401, {"error": "invalid key"}, {}, O.CONFIG, None),
        (404, {"error": "Profile not found", "code": "not_found"}, {}, O.NO_MATCH, None),
        (404, {"error": "Profile disabled", "code": "disabled"}, {}, O.NO_MATCH, None),
        (429, None, RESET, O.THROTTLED, timedelta(seconds=90)),
    ),
}
CASES = [(key, *case) for key, cases in DOCUMENTED.items() for case in (*cases, *_ANY)]
