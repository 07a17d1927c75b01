"""Sign-in providers, accounts and sessions in the roots of the schema."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.access.model import SessionId
from server.graphql import identity, visits
from server.graphql.context import Info
from server.graphql.identity import PendingLink, Session, SignInProvider, show_provider, show_session
from server.graphql.profiles import show_profile
from server.identity.model import SignInCode

_What = strawberry.argument(description="What to do, and to whom.")


@strawberry.type(description="What is read of signing in.")
class IdentityQueries:
    """Part of the root of queries."""

    @strawberry.field(description="The places to sign in at that are on, and what each would be asked for.")
    async def sign_in_providers(self, info: Info) -> list[SignInProvider]:
        """Show what a sign-in page shows."""
        return [show_provider(each) for each in await info.context.services.identity.providers.listed()]

    @strawberry.field(
        description="Where the viewer is signed in, the latest first, at most 100; null for who is no person."
    )
    async def sessions(self, info: Info) -> list[Session] | None:
        """Show the viewer's sessions."""
        context = info.context
        found = await context.services.identity.sessions.of(context.viewer)
        return [show_session(each, context.viewer) for each in found] or None

    @strawberry.field(
        description="The viewer's addresses by which another profile is recognised: perhaps theirs too;"
        " null for whoever is no person."
    )
    async def pending_links(self, info: Info) -> list[PendingLink] | None:
        """Show what linkIdentity could join."""
        found = await info.context.services.identity.joining.pending(info.context.viewer)
        return None if found is None else [PendingLink(address=each) for each in found]


@strawberry.type(description="What is done about signing in.")
class IdentityMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(
        description="Turn a sign-in provider on, or change it; its secret is never read back."
    )
    async def configure_provider(
        self, info: Info, input: Annotated[identity.ConfigureProviderInput, _What]
    ) -> identity.ConfigureProviderResult:
        """Configure it; admins only."""
        context = info.context
        configured = await context.services.identity.providers.configure(
            context.viewer, identity.read_provider(input), secret=input.client_secret
        )
        return identity.ConfigureProviderSuccess(provider=identity.show_provider(configured))

    @strawberry.mutation(description="Turn a sign-in provider off; who is signed in stays so.")
    async def disable_provider(
        self, info: Info, input: Annotated[identity.DisableProviderInput, _What]
    ) -> identity.DisableProviderResult:
        """Disable it; admins only."""
        context = info.context
        await context.services.identity.providers.disable(context.viewer, input.key)
        return identity.DisableProviderSuccess(key=input.key)

    @strawberry.mutation(description="Renew the viewer token of a page that stays open; it is no new visit.")
    async def renew_viewer_token(
        self, info: Info, input: Annotated[visits.RenewViewerTokenInput, _What]
    ) -> visits.RenewViewerTokenResult:
        """Renew it; needs a publishable key."""
        context = info.context
        return visits.show_renewed(
            await context.services.identity.renew_token(context.viewer, input.resume_token)
        )

    @strawberry.mutation(description="Let an account that was just proved join the person who is signed in.")
    async def link_identity(
        self, info: Info, input: Annotated[identity.LinkIdentityInput, _What]
    ) -> identity.LinkIdentityResult:
        """Link it; people only, with a recent sign-in."""
        context = info.context
        code = SignInCode(code=input.sign_in.code, verifier=input.sign_in.verifier)
        return identity.show_linked(await context.services.identity.joining.link(context.viewer, code))

    @strawberry.mutation(description="Give an account up; never the last way to sign in.")
    async def unlink_identity(
        self, info: Info, input: Annotated[identity.UnlinkIdentityInput, _What]
    ) -> identity.UnlinkIdentityResult:
        """Unlink it; people only, with a recent sign-in."""
        context = info.context
        left = await context.services.identity.joining.unlink(context.viewer, identity.read_account(input))
        return identity.UnlinkIdentitySuccess(profile=show_profile(left, context.viewer))

    @strawberry.mutation(description="End a session of the viewer's on whatever browser it is.")
    async def revoke_session(
        self, info: Info, input: Annotated[identity.RevokeSessionInput, _What]
    ) -> identity.RevokeSessionResult:
        """End it; people only."""
        context = info.context
        await context.services.identity.sessions.revoke(context.viewer, SessionId(input.id))
        return identity.RevokeSessionSuccess(id=input.id)

    @strawberry.mutation(description="End every session of the viewer's, this one included.")
    async def sign_out_everywhere(self, info: Info) -> identity.SignOutEverywhereResult:
        """End them; people only."""
        context = info.context
        ended = await context.services.identity.sessions.end_all(context.viewer)
        return identity.SignOutEverywhereSuccess(ended=ended)
