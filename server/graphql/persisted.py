"""Documents that a client names by the SHA-256 of their text.

By Apollo's automatic persisted queries (a client sends the hash, and the text too where we do not know it)
and by `documentId` of the GraphQL-over-HTTP working group (pull request 264), which has no second try.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from graphql import GraphQLError

if TYPE_CHECKING:
    from server.kit.operations import Operation

_ROOM = 256 * 1024  # characters of text; what is pushed out is sent again


class PersistedDocuments:
    """Keeps the texts of valid documents that were used last under their hashes, in this process."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def text(self, operation: Operation) -> str:
        """Return the text of the document; raise GraphQLError where it is not known, or not what it says."""
        if operation.sha256 is None:
            return operation.query or ""
        if operation.query is None:
            return self._known(operation.sha256, is_automatic=operation.is_automatic)
        if hashlib.sha256(operation.query.encode()).hexdigest() != operation.sha256:
            message = "The document is not the one that its SHA-256 names."
            raise GraphQLError(message, extensions={"code": "PERSISTED_QUERY_MISMATCH"})
        return operation.query

    def keep(self, operation: Operation) -> None:
        """Remember the text of a valid document under its hash, if the operation brought both."""
        if operation.sha256 is None or operation.query is None or operation.sha256 in self._kept:
            return
        self._kept[operation.sha256] = operation.query
        self._size += len(operation.query)
        while self._size > self._room:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)

    def _known(self, sha256: str, *, is_automatic: bool) -> str:
        text = self._kept.get(sha256)
        if text is not None:
            self._kept.move_to_end(sha256)
            return text
        if is_automatic:  # in the words and with the code that Apollo's and urql's clients look for
            raise GraphQLError("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})
        message = "There is no document of this id."
        raise GraphQLError(message, extensions={"code": "DOCUMENT_NOT_FOUND"})
