"""Admins sign in where an admin said so: at a provider with a claim that holds their role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.identity.claims import claim_at
from server.identity.errors import NotAdminError
from server.kit.texts import is_clean

if TYPE_CHECKING:
    from server.access.admins import AdminSessions
    from server.identity.configuring import SignInProviders
    from server.identity.model import ProvedIdentity


class AdminSignIn:
    """Decides whether somebody who proved who they are is an admin, and lets them in. No profile is made."""

    def __init__(self, *, providers: SignInProviders, admins: AdminSessions) -> None:
        self._providers = providers
        self.sessions = admins

    async def check(self, provider_key: str) -> None:
        """Raise UnknownProviderError where no admin signs in at this provider."""
        await self._providers.admin_role(provider_key)

    async def conclude(self, provider_key: str, proved: ProvedIdentity) -> str:
        """Return the secret of the admin's new session; raise NotAdminError, UnknownProviderError.

        The role has to be a text in the claim, or one of a list of texts: to the letter.
        """
        claim, role = await self._providers.admin_role(provider_key)
        found = claim_at(proved.claims, claim)
        roles = found if isinstance(found, list) else [found]
        if role not in [each for each in roles if isinstance(each, str)] or claim in proved.unsigned:
            raise NotAdminError("the claims don't hold the role")
        name = proved.claims.get("email") or proved.claims.get("name")
        return await self.sessions.open(
            issuer=proved.issuer,
            subject=proved.subject,
            name=name if isinstance(name, str) and is_clean(name) else proved.subject,
        )
