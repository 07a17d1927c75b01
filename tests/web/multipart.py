"""Answers in parts as clients read them: taken apart, and put together again by either of the two forms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

BY_ID = "multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json,application/json;q=0.9"
BY_PATH = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9"

Part = dict[str, Any]


def parts(response: httpx.Response) -> list[Part]:
    """Return the JSON of each part, having looked at the frame around them (RFC 2046, section 5.1.1)."""
    assert response.headers["content-type"].startswith('multipart/mixed; boundary="-"')
    first, *framed, last = response.text.split("\r\n---")
    head, _, _ = framed[0].partition("\r\n\r\n") if framed else ("", "", "")
    bodies = [first.removeprefix("---"), *framed]
    assert last == "--\r\n", response.text
    assert {body.partition("\r\n\r\n")[0].strip() for body in bodies} == {
        "Content-Type: application/json; charset=utf-8"
    }, head
    return [json.loads(body.partition("\r\n\r\n")[2]) for body in bodies]


def merged(given: list[Part]) -> Part:
    """Put parts together that say by id where they belong; return data and errors."""
    first, *later = given
    pending: dict[str, list[str | int]] = {}
    errors = list(first.get("errors", ()))
    for part in given:
        pending.update((each["id"], each["path"]) for each in part.get("pending", ()))
        for each in part.get("incremental", ()):
            place = _at(first["data"], [*pending[each["id"]], *each.get("subPath", ())])
            _add(place, each)
            errors += each.get("errors", ())
        for each in part.get("completed", ()):
            del pending[each["id"]]
            errors += each.get("errors", ())
    assert [part["hasNext"] for part in given] == [True] * len(later) + [False]
    assert not pending
    return {"data": first["data"], "errors": errors}


def merged_by_path(given: list[Part]) -> Part:
    """Put parts together that say by path where they belong; return data and errors."""
    first, *later = given
    errors = list(first.get("errors", ()))
    for part in later:
        for each in part.get("incremental", ()):
            errors += each.get("errors", ())
            path = each["path"]
            if "items" in each:
                place = _at(first["data"], path[:-1])
                assert len(place) == path[-1]
                place += each["items"] or ()
            else:
                _add(_at(first["data"], path), each)
    assert [part["hasNext"] for part in given] == [True] * len(later) + [False]
    return {"data": first["data"], "errors": errors}


def _add(place: Any, entry: Part) -> None:  # noqa: ANN401 - whatever an answer holds
    if "items" in entry:
        place += entry["items"]
    else:
        _deepen(place, entry["data"] or {})


def _deepen(place: Part, more: Part) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(place.get(name), dict):
            _deepen(place[name], value)
        else:
            place[name] = value


def _at(data: Any, path: list[str | int]) -> Any:  # noqa: ANN401 - whatever an answer holds
    for key in path:
        data = data[key]
    return data
