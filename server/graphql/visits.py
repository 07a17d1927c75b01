"""Visits as GraphQL types: how a front end begins, and how a person signs out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.graphql.context import Info
from server.graphql.errors import (
    ForbiddenError,
    IdentityTokenError,
    InvalidInputError,
    NotFoundError,
    PersonErasedError,
    SignInCodeError,
)
from server.graphql.profiles import Profile, Visit, show_profile, show_visit
from server.graphql.questions import NextQuestion, show_next
from server.identity.model import SignInCode
from server.profiles import model

if TYPE_CHECKING:
    from server.access.model import ViewerToken
    from server.identity.model import StartedVisit

_EXPIRES_IN = "The same in seconds from now, for clients whose clock is wrong."


@strawberry.input(description="What a page got back from a sign-in.")
class SignInCodeInput:
    """See identity.model."""

    code: str = strawberry.field(description="The one-time code from the fragment of the page's address.")
    verifier: str = strawberry.field(
        description="What the challenge at the start of the sign-in was made of."
    )


@strawberry.input(description="Who is there, as far as the browser knows.")
class StartVisitInput:
    """See identity.service."""

    resume_token: str | None = strawberry.field(
        default=None, description="What an earlier startVisit in the same browser returned."
    )
    sign_in: SignInCodeInput | None = strawberry.field(
        default=None, description="What came back from a sign-in; anonymous answers then join the person."
    )
    identity_token: str | None = strawberry.field(
        default=None,
        description="A token that the host's backend signed about its user, good for one startVisit;"
        " anonymous answers then join the person. See docs/identity-tokens.md.",
    )
    placement: str = strawberry.field(default="home", description="Where the first question may appear.")
    locale: str | None = strawberry.field(
        default=None, description="The language to ask in, such as pt-BR; texts that lack it fall back."
    )


def read_sign_in(given: SignInCodeInput | None) -> SignInCode | None:
    """Return the code of a sign-in, if there is one."""
    return None if given is None else SignInCode(code=given.code, verifier=given.verifier)


@strawberry.type(description="A person is there.")
class StartVisitSuccess:
    """See identity.service."""

    profile_model: strawberry.Private[model.Profile]
    placement: strawberry.Private[str]
    locale: strawberry.Private[str | None]
    viewer_token: str = strawberry.field(description="Send it as bearer token from now on; 15 minutes.")
    expires_at: datetime = strawberry.field(description="When the viewer token ends.")
    expires_in_seconds: int = strawberry.field(description=_EXPIRES_IN)
    resume_token: str = strawberry.field(description="Keep it in this browser for the next startVisit.")
    visit: Visit | None = strawberry.field(description="The visit that began or goes on.")
    profile: Profile = strawberry.field(description="The person's profile.")
    left_out: list[str] = strawberry.field(
        description="The attributes in the identity token, by key, that are unknown, not the app's to write"
        " or whose value does not fit; the others were written."
    )

    @strawberry.field(description="What to ask first in the placement.")
    async def next(self, info: Info) -> NextQuestion:
        """Decide from the profile in hand."""
        questions = info.context.services.questions
        return show_next(await questions.next_for(self.profile_model, self.placement, self.locale))


StartVisitResult = Annotated[
    StartVisitSuccess
    | ForbiddenError
    | SignInCodeError
    | IdentityTokenError
    | PersonErasedError
    | InvalidInputError,
    strawberry.union("StartVisitResult", description="What became of startVisit."),
]


@strawberry.input(description="The browser whose viewer token is to be renewed.")
class RenewViewerTokenInput:
    """See identity.visiting."""

    resume_token: str = strawberry.field(description="What startVisit in the same browser returned.")


@strawberry.type(
    description="Another quarter of an hour for a page that stays open; the old token stays good."
)
class RenewViewerTokenSuccess:
    """See identity.visiting."""

    viewer_token: str = strawberry.field(description="Send it as bearer token from now on; 15 minutes.")
    expires_at: datetime = strawberry.field(description="When the viewer token ends.")
    expires_in_seconds: int = strawberry.field(description=_EXPIRES_IN)


RenewViewerTokenResult = Annotated[
    RenewViewerTokenSuccess | ForbiddenError | NotFoundError,
    strawberry.union("RenewViewerTokenResult", description="What became of renewViewerToken."),
]


def show_renewed(token: ViewerToken) -> RenewViewerTokenSuccess:
    """Return a viewer token as its GraphQL type."""
    return RenewViewerTokenSuccess(
        viewer_token=token.token,
        expires_at=token.expires_at,
        expires_in_seconds=token.expires_in_seconds,
    )


def show_started(started: StartedVisit, placement: str, locale: str | None = None) -> StartVisitSuccess:
    """Return a visit that began as its GraphQL type."""
    visit = started.profile.visit
    return StartVisitSuccess(
        profile_model=started.profile,
        placement=placement,
        locale=locale,
        viewer_token=started.token.token,
        expires_at=started.token.expires_at,
        expires_in_seconds=started.token.expires_in_seconds,
        resume_token=started.resume_token,
        visit=None if visit is None else show_visit(visit),
        profile=show_profile(started.profile, started.viewer),
        left_out=list(started.left_out),
    )


@strawberry.type(description="This browser's resume token opens nothing any more.")
class SignOutSuccess:
    """See identity.service."""

    ok: bool = strawberry.field(description="Always true.")


SignOutResult = Annotated[
    SignOutSuccess | ForbiddenError,
    strawberry.union("SignOutResult", description="What became of signOut."),
]
