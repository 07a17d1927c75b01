"""A key gets a new token and stays the key it is: sessions, identity secrets and past acts stay its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.model import KeyKind, NewKey, OldToken, Scope
from server.kit.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from server.kit.signing import new_secret, secret_hash

if TYPE_CHECKING:
    from server.access.model import ApiKey, KeyId, Viewer
    from server.access.service import KeyRing
    from server.access.store import KeyStore
    from server.kit.clock import Clock
    from server.kit.watching import Watched

_MOST_OVERLAP = timedelta(days=365)  # pages that are out there, and apps that nobody dares to touch


class KeyRotation:
    """Gives keys new tokens; those before stay good for a while, so that who has them can change over."""

    def __init__(self, *, store: KeyStore, key_ring: Watched[KeyRing], clock: Clock) -> None:
        self._store = store
        self._key_ring = key_ring
        self._clock = clock

    async def rotate(self, viewer: Viewer, key_id: KeyId, overlap: timedelta) -> NewKey:
        """Make a new token (admins only), shown this once; the one before is good for `overlap` more.

        Without an overlap no token from before is good any more: after a leak nobody knows which one it was.

        One write, guarded by the token that was read: of two admins at once one is refused and knows it.
        Raises ForbiddenError, InvalidInputError, NotFoundError, ConflictError.
        """
        if not viewer.has_scope(Scope.ADMIN):
            raise ForbiddenError(f"This needs a secret key with the scope {Scope.ADMIN.value}.")
        if not timedelta() <= overlap <= _MOST_OVERLAP:
            raise InvalidInputError("An overlap lasts from 0 seconds to 365 days.", field="overlapSeconds")
        key = await self._store.find(key_id)
        if key is None or not key.is_active(self._clock()):
            raise NotFoundError("There is no such key, or it has ended: make another.")
        return await self._replaced(key, overlap)

    async def _replaced(self, key: ApiKey, overlap: timedelta) -> NewKey:
        token = new_secret("pk" if key.kind is KeyKind.PUBLISHABLE else "sk")
        shown = token if key.kind is KeyKind.PUBLISHABLE else None
        last = OldToken(hash=key.hash, ends_at=self._clock() + overlap)
        old = (*key.old_tokens, last) if overlap else ()
        rotated = await self._store.replace_token(key, secret_hash(token), token[-4:], shown, old)
        if rotated is None:
            raise ConflictError("Somebody else changed this key at this moment: look at it again.")
        await self._key_ring.refresh()
        return NewKey(key=rotated, token=token)
