"""Which providers are on: those of the environment, and over them those that an admin configures."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from server.access.model import Scope
from server.access.service import require_scope
from server.identity.errors import ProviderUnavailableError, UnknownProviderError
from server.identity.model import ClaimUse, ListedProvider
from server.identity.providers.building import UnusableProviderError, build_provider, check_settings
from server.identity.providers.kinds import KINDS
from server.identity.providers.metadata import discovery_url
from server.kit.errors import InvalidInputError, NotFoundError
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.access.model import Viewer
    from server.identity.model import Provider
    from server.identity.providers.bounded import BoundedClient
    from server.identity.providers.store import ProviderStore
    from server.kit.clock import Clock
    from server.profiles.service import Profiles
    from server.settings import ProviderSettings

_log = logging.getLogger(__name__)

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MAX_TEXT = 2_048  # characters of a name, an issuer, a client id
_MAX_ENTRIES = 100  # of scopes, of claims, of attributes


@dataclass(frozen=True, slots=True)
class Live:
    """A provider as it runs, with the settings it was made of."""

    settings: ProviderSettings
    provider: Provider


class SignInProviders:
    """The providers of this deployment. Admins configure them; everybody may know which are on."""

    def __init__(
        self,
        configured: Sequence[ProviderSettings],
        *,
        store: ProviderStore,
        profiles: Profiles,
        client: BoundedClient,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._configured = {each.key: each for each in configured}
        self._store = store
        self._profiles = profiles
        self._client = client
        self._public_url = public_url
        self._clock = clock
        self._made: Mapping[str, Live] = {}
        self.live: Watched[Mapping[str, Live]] = Watched("providers", self._load)

    async def get(self, key: str) -> Provider:
        """Return the provider; raise UnknownProviderError for one that is not there or off."""
        live = (await self.live.current()).get(key)
        if live is None:
            raise UnknownProviderError("No sign-in provider of this name is configured.")
        return live.provider

    async def admin_role(self, key: str) -> tuple[str, str]:
        """Return the claim, and the role in it, that prove an admin; raise UnknownProviderError."""
        live = (await self.live.current()).get(key)
        found = None if live is None else _admin_role(live.settings)
        if found is None:
            raise UnknownProviderError("No admin signs in at this provider.")
        return found

    async def for_admins(self) -> list[tuple[str, str]]:
        """Return key and name of the providers at which admins sign in."""
        live = (await self.live.current()).items()
        return [(key, each.provider.name) for key, each in live if _admin_role(each.settings)]

    async def listed(self) -> list[ListedProvider]:
        """Return what a sign-in page shows."""
        known = (await self._profiles.catalogue.current()).by_name
        return [
            ListedProvider(
                key=key,
                name=live.provider.name,
                kind=live.provider.kind,
                uses=tuple(
                    ClaimUse(rule=rule, definition=known[rule.attribute])
                    for rule in live.provider.rules
                    if rule.attribute in known and known[rule.attribute].archived_at is None
                ),
            )
            for key, live in (await self.live.current()).items()
        ]

    async def configure(
        self, viewer: Viewer, settings: ProviderSettings, *, secret: str | None
    ) -> ListedProvider:
        """Put a provider in place, new or changed (admins only); it is on from now in every process.

        Without a secret the present one stays, and only where it goes to the same provider as before: else
        an admin who never knew it could have it sent to a server of theirs.
        Raises ForbiddenError, InvalidInputError.
        """
        require_scope(viewer, Scope.ADMIN)
        await self.live.refresh()
        complete = replace(settings, client_secret=self._secret(settings, secret))
        await self._check(complete)
        await self._store.put(complete, is_on=True, now=self._clock())
        await self.live.refresh()
        return next(each for each in await self.listed() if each.key == complete.key)

    async def disable(self, viewer: Viewer, key: str) -> None:
        """Turn a provider off (admins only): nobody signs in there any more; who is signed in stays.

        Raises ForbiddenError, NotFoundError.
        """
        require_scope(viewer, Scope.ADMIN)
        await self.live.refresh()
        present = (await self.live.current()).get(key)
        if present is None:
            raise NotFoundError("There is no such sign-in provider, or it is off already.")
        await self._store.put(present.settings, is_on=False, now=self._clock())
        await self.live.refresh()

    async def unreachable(self) -> list[str]:
        """Ask each provider of an issuer for its discovery document; return why one can't be used."""
        found = []
        for live in (await self.live.current()).values():
            try:
                if live.settings.issuer:
                    await self._client.get(discovery_url(live.settings.issuer))
            except ProviderUnavailableError as error:
                found.append(f"The sign-in provider {live.settings.key}: {error}")
        return found

    async def close(self) -> None:
        """Close the connections that are kept open; the providers share them."""
        await self._client.close()

    def _secret(self, settings: ProviderSettings, secret: str | None) -> str:
        if secret is not None:
            return secret
        present = self._made.get(settings.key)
        if present is None:
            return ""
        old = present.settings
        if (old.kind, old.issuer, old.client_id) != (settings.kind, settings.issuer, settings.client_id):
            message = "The client secret has to be given anew where kind, issuer or client id change."
            raise InvalidInputError(message, field="clientSecret")
        return old.client_secret

    async def _check(self, settings: ProviderSettings) -> None:
        _check_form(settings)
        try:
            check_settings(settings)
        except UnusableProviderError as error:
            raise InvalidInputError(f"This can't work: {error}.", field="kind") from None
        if KINDS[settings.kind].issuer == "":
            self._check_issuer(settings.issuer)
        known = (await self._profiles.catalogue.current()).by_name
        if unknown := set(settings.claims.values()) - known.keys():
            raise InvalidInputError(f"There is no attribute {min(unknown)[:80]!r}.", field="claims")

    def _check_issuer(self, issuer: str) -> None:
        """Refuse what is no https URL, since keys would come unprotected; http is for development."""
        parts = urlsplit(issuer)
        schemes = {"https"} if self._public_url.startswith("https://") else {"https", "http"}
        is_plain = not (parts.query or parts.fragment or parts.username or "|" in issuer)
        if parts.scheme not in schemes or not parts.hostname or not is_plain or not issuer.isascii():
            message = "issuer has to be a URL such as https://accounts.example.com."
            raise InvalidInputError(message, field="issuer")

    async def _load(self) -> Mapping[str, Live]:
        """Return the providers that are on; what did not change keeps its object and what that learned."""
        stored = await self._store.all()
        settings = {**self._configured, **{each.settings.key: each.settings for each in stored}}
        off = {each.settings.key for each in stored if not each.is_on}
        live = {key: self._live(each) for key, each in settings.items() if key not in off}
        self._made = MappingProxyType({key: each for key, each in live.items() if each is not None})
        return self._made

    def _live(self, settings: ProviderSettings) -> Live | None:
        made = self._made.get(settings.key)
        if made is not None and made.settings == settings:
            return made
        try:
            provider = build_provider(
                settings, public_url=self._public_url, client=self._client, clock=self._clock
            )
        except UnusableProviderError as error:
            _log.error("the provider %s is off: %s", settings.key, error)
            return None
        return Live(settings, provider)


def _admin_role(settings: ProviderSettings) -> tuple[str, str] | None:
    """Return the claim and the role that make admins. Of one kind alone, whatever the environment says.

    The issuer of an `oidc` provider is one organisation's. Elsewhere anybody can have an account or a tenant,
    and in a tenant of one's own one gives oneself any role.
    """
    claim, role = settings.options.get("admin_claim"), settings.options.get("admin_role")
    return (claim, role) if settings.kind == "oidc" and claim and role else None


def _check_form(settings: ProviderSettings) -> None:
    if not _KEY.fullmatch(settings.key):
        message = "key starts with a small letter and goes on with small letters, digits and _."
        raise InvalidInputError(message, field="key")
    for field, text in (("name", settings.name), ("clientId", settings.client_id)):
        if not 0 < len(text.strip()) <= _MAX_TEXT or not text.isprintable():
            raise InvalidInputError(f"{field} has 1 to {_MAX_TEXT} visible characters.", field=field)
    lists = (settings.scopes, settings.claims, settings.requested or (), settings.sync)
    if any(len(each) > _MAX_ENTRIES for each in lists):
        raise InvalidInputError(f"A provider has at most {_MAX_ENTRIES} of each.", field="claims")
    if any(
        not scope or not scope.isascii() or not scope.isprintable() or " " in scope
        for scope in settings.scopes
    ):
        raise InvalidInputError("A scope has no spaces.", field="scopes")
