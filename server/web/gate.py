"""Where every request is stopped that comes too often, before anything is done for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.errors import AuthenticationError, KeyInvalidError
from server.access.model import NOBODY
from server.kit.logs import tell

if TYPE_CHECKING:
    from starlette.types import Scope

    from server.access.limiting import Limits
    from server.access.model import Viewer
    from server.access.service import Access
    from server.web.addresses import ClientAddresses
    from server.web.viewer import Proof


class Gate:
    """Lets requests through, each with its viewer."""

    def __init__(self, *, access: Access, limits: Limits, addresses: ClientAddresses) -> None:
        self.access = access
        self._limits = limits
        self._addresses = addresses

    async def viewer(self, scope: Scope, proof: Proof) -> Viewer:
        """Return who is asking; raise AuthenticationError, TooManyRequestsError."""
        address = self._addresses.of(scope)
        if proof.is_secret_key:
            self._limits.admit_secret(address)
        try:
            viewer = await proof.viewer(self.access)
        except AuthenticationError as error:
            self._limits.admit(NOBODY, address)
            if proof.is_secret_key and isinstance(error, KeyInvalidError):
                self._limits.note_failed_secret(address)
            raise
        tell(viewer=viewer.kind)
        self._limits.admit(viewer, address)
        return viewer

    def address_of(self, scope: Scope) -> str:
        """Return where a request comes from, as far as one client can't change it."""
        return self._addresses.of(scope)

    def admit_sign_in_step(self, scope: Scope) -> None:
        """Count a redirect to a provider or back; raise TooManyRequestsError."""
        self._limits.admit_sign_in_step(self._addresses.of(scope))
