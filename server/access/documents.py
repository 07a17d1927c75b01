"""Trusted documents: what pages may have executed where they may have nothing else executed.

A publishable key stands in every page, so whoever opens one may send documents of their own. The allow-list
takes that away: with it, viewers on pages execute the documents of apps' builds and of our own widget alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from server.access.model import Viewer, ViewerKind
from server.kit.errors import ForbiddenError
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.access.document_store import DocumentStore
    from server.kit.clock import Clock

_ON_PAGES = frozenset({ViewerKind.NOBODY, ViewerKind.WIDGET, ViewerKind.PERSON})


class TrustedDocuments:
    """Knows them by the SHA-256 of their text, in 64 hexadecimal digits; follows what other processes add."""

    def __init__(
        self, *, store: DocumentStore, own: Iterable[str], is_allow_list: bool, clock: Clock
    ) -> None:
        self._store = store
        self._own = _by_hash(own)
        self._is_allow_list = is_allow_list
        self._clock = clock
        self.live: Watched[Mapping[str, str]] = Watched("trusted_documents", self._load)

    async def text(self, sha256: str) -> str | None:
        """Return the text of a trusted document, or None."""
        return (await self.live.current()).get(sha256)

    async def may_execute(self, viewer: Viewer, text: str) -> bool:
        """Whether this viewer may have this document executed."""
        if not self._is_allow_list or viewer.kind not in _ON_PAGES:
            return True
        return _hash(text) in await self.live.current()

    async def add(self, viewer: Viewer, texts: Iterable[str]) -> int:
        """Trust these documents, which have to be valid; return how many are new. Raises ForbiddenError."""
        _check(viewer)
        return await self._store.add(_by_hash(texts), self._clock())

    async def remove(self, viewer: Viewer, sha256: str) -> bool:
        """Trust a document no longer; return whether it was. Raises ForbiddenError."""
        _check(viewer)
        return await self._store.remove(sha256)

    async def _load(self) -> Mapping[str, str]:
        return {**await self._store.texts(), **self._own}


def _check(viewer: Viewer) -> None:
    if viewer.kind is not ViewerKind.ADMIN:
        message = "Only an admin trusts documents."
        raise ForbiddenError(message)


def _by_hash(texts: Iterable[str]) -> dict[str, str]:
    return {_hash(text): text for text in texts}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
