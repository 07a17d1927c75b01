"""The accounts of a person as they see them: where they are, what each brought, what is kept from us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.identity.claims import without
from server.identity.model import OwnAccount
from server.kit.errors import NotFoundError
from server.profiles.model import IdentityKind, SourceKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from server.identity.accounts.store import AccountStore
    from server.identity.configuring import SignInProviders
    from server.identity.model import Account
    from server.profiles.model import AttributeDefinition, IdentityRef, Profile
    from server.profiles.service import Profiles


class OwnAccounts:
    """Shows accounts to their person, who may let us use again what they withheld."""

    def __init__(self, *, accounts: AccountStore, profiles: Profiles, providers: SignInProviders) -> None:
        self._accounts = accounts
        self._profiles = profiles
        self._providers = providers

    async def of(self, profile: Profile) -> list[OwnAccount]:
        """Return the accounts with which this person signs in."""
        names = {each.key: each.name for each in await self._providers.listed()}
        found = [(ref, await self._accounts.find(ref)) for ref in _accounts_of(profile)]
        return [
            OwnAccount(
                ref=ref,
                provider_name=names.get("" if account is None else account.provider_key, ref.issuer or ""),
                used=() if account is None else await self._used(profile, ref, account),
                withheld=() if account is None else account.withheld,
            )
            for ref, account in found
        ]

    async def release(self, profile: Profile, ref: IdentityRef) -> None:
        """Let what was withheld of this account be used, from the next sign-in with it on.

        Raises NotFoundError for an account that is not theirs.
        """
        if ref not in _accounts_of(profile):
            raise NotFoundError("There is no such account of yours.")
        await self._accounts.release(ref)

    async def forget(self, profile_ids: Sequence[str], attribute_ids: AbstractSet[str]) -> None:
        """Drop the raw claims that fill these attributes, from every account of a person.

        What a provider said that is not on any more is dropped whole: nobody knows what of it fills what.
        """
        known = (await self._profiles.catalogue.current()).by_name
        live = await self._providers.live.current()
        gone = {
            key: frozenset(
                rule.claim
                for rule in each.provider.rules
                if rule.attribute in known and known[rule.attribute].id in attribute_ids
            )
            for key, each in live.items()
        }
        await self._accounts.strip(
            profile_ids, lambda key, claims: without(claims, gone[key]) if key in gone else {}
        )

    async def _used(
        self, profile: Profile, ref: IdentityRef, account: Account
    ) -> tuple[AttributeDefinition, ...]:
        """Return what the account said that counts or could count."""
        known = (await self._profiles.catalogue.current()).by_id
        return tuple(
            known[attribute_id]
            for attribute_id, claims in profile.claims.items()
            if attribute_id in known
            and any(
                each.source.kind is SourceKind.IDENTITY
                and each.source.key == account.provider_key
                and each.actor in (None, ref.field_name)
                for each in claims
            )
        )


def _accounts_of(profile: Profile) -> list[IdentityRef]:
    return [each.ref for each in profile.identities if each.ref.kind is IdentityKind.SOCIAL]
