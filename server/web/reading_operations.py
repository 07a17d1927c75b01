"""From a request to the operation it asks for; by POST with JSON, or by GET for what changes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from server.kit.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

_JSON = "application/json"
_SHA256 = re.compile("[0-9a-f]{64}")
_ID = "sha256:"
# Browsers send these only after asking us (a preflight), or say with Sec-Fetch-Mode that they will show the
# answer to nobody but the script that asked: so no link, form or image of another page makes us do anything.
_NOT_SIMPLE = (
    *("authorization", "apollo-require-preflight", "graphql-require-preflight"),
    "x-apollo-operation-name",
)
_BY_SCRIPT = frozenset({"cors", "same-origin"})


class BadRequestError(Exception):
    """The request is not one that GraphQL over HTTP knows; `status` is how HTTP says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.extensions: Mapping[str, object] = {"code": "BAD_REQUEST"}


class TooLargeError(BadRequestError):
    """The body is larger than it may be; `size` as it was announced."""

    def __init__(self, bound: int, size: int | None) -> None:
        super().__init__(413, f"The body is larger than {bound} bytes.")
        self.extensions = {"code": "LIMIT_EXCEEDED", "limit": "body_bytes", "value": size, "bound": bound}


class TooDeepError(BadRequestError):
    """A value in the body is nested deeper than what reads it next should have to follow."""

    def __init__(self, field: str, bound: int, depth: int) -> None:
        super().__init__(400, f"`{field}` may be nested {bound} deep, and are {depth}.")
        self.extensions = {"code": "LIMIT_EXCEEDED", "limit": "body_depth", "value": depth, "bound": bound}


def read_body(content_type: str, body: bytes, most_depth: int) -> Operation:
    """Return the operation of a POST; raise BadRequestError for what is none."""
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != _JSON:
        raise BadRequestError(415, "The Content-Type must be application/json.")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if "charset=" in charset and "charset=utf-8" not in charset and "charset=utf8" not in charset:
        raise BadRequestError(415, "The charset of the body must be utf-8.")
    return operation_of(_json(body, "The body"), most_depth)


def read_query(parameters: Mapping[str, str], headers: Mapping[str, str], most_depth: int) -> Operation:
    """Return the operation of a GET, which may change nothing; raise BadRequestError."""
    is_asked_for = any(name in headers for name in _NOT_SIMPLE)
    if not is_asked_for and headers.get("sec-fetch-mode") not in _BY_SCRIPT:
        message = "A GET needs a header that no link or form can send, such as GraphQL-Require-Preflight: 1."
        raise BadRequestError(400, message)
    given: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _json(given[name].encode(), f"`{name}`")
    return operation_of(given, most_depth, is_safe=True)


def _json(text: bytes, what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequestError(400, f"{what} is not JSON in UTF-8.") from None


def operation_of(given: object, most_depth: int, *, is_safe: bool = False) -> Operation:
    """Return the operation that a JSON value describes; raise BadRequestError for one that describes none."""
    if not isinstance(given, dict):
        raise BadRequestError(400, "The body must be a JSON object with a `query` that is a string.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    extensions = given.get("extensions")
    for field, value in (("variables", variables), ("extensions", extensions)):
        if not isinstance(value, dict | None):
            raise BadRequestError(400, f"`{field}` must be a JSON object.")
        if value and (depth := _depth(value)) > most_depth:
            raise TooDeepError(field, most_depth, depth)
    if not isinstance(name, str | None):
        raise BadRequestError(400, "`operationName` must be a string.")
    automatic = _automatic(extensions or {})
    sha256 = automatic if automatic is not None else _document_id(given.get("documentId"))
    if not isinstance(query, str) and (query is not None or sha256 is None):
        raise BadRequestError(400, "The body must be a JSON object with a `query` that is a string.")
    return Operation(
        query=query,
        variables=variables,
        name=name,
        sha256=sha256,
        is_automatic=automatic is not None,
        is_safe=is_safe,
        shows_cost=(extensions or {}).get("cost") is True,
    )


def _automatic(extensions: Mapping[str, Any]) -> str | None:
    """Return the hash by which Apollo's automatic persisted queries name the document, if they do."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise BadRequestError(400, "`extensions.persistedQuery` must be an object of version 1.")
    return _hash(persisted.get("sha256Hash"), "`extensions.persistedQuery.sha256Hash`")


def _document_id(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise BadRequestError(400, "`documentId` must be a string.")
    return _hash(given.removeprefix(_ID), "`documentId`")


def _hash(given: object, what: str) -> str:
    if not isinstance(given, str) or not _SHA256.fullmatch(given):
        raise BadRequestError(400, f"{what} must be a SHA-256 in 64 hexadecimal digits.")
    return given


def _depth(value: object) -> int:
    """Return how deep a JSON value is nested: orjson reads a thousand levels and no more."""
    layer: list[Any] = [value]
    depth = 0
    while layer:
        inner = [each.values() if isinstance(each, dict) else each for each in layer]
        layer = [item for items in inner if not isinstance(items, _PLAIN) for item in items]
        depth += 1
    return depth - 1


_PLAIN = (str, int, float, bool, type(None))
