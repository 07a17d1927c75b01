"""How apps, admins and people write claims, and how a source is taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from server.graphql.attributes import Source, show_source
from server.graphql.context import Info
from server.graphql.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidValueError,
    NotFoundError,
    PersonErasedError,
    UnknownAttributeError,
)
from server.graphql.node import Node
from server.graphql.profiles import Profile, ProfileLookup, read_lookup, show_profile
from server.profiles import model

_WHAT = strawberry.argument(description="What to do, and to whom.")


@strawberry.input(description="One value to write.")
class AttributeValueInput:
    """A value by the key of its attribute."""

    key: str = strawberry.field(description="The key of the attribute.")
    value: JSON | None = strawberry.field(
        default=None,
        description="The value, in the type of the attribute; null takes back what the caller said before.",
    )
    confidence: float = strawberry.field(default=1.0, description="How sure the caller is, from 0 to 1.")
    observed_at: datetime | None = strawberry.field(default=None, description="Since when it is so; now.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="Until when it counts; as long as the attribute's values do."
    )


@strawberry.input(description="Values to write to one profile.")
class SetAttributesInput:
    """What an app or an admin says of a person."""

    profile: ProfileLookup = strawberry.field(description="Whom the values are about.")
    attributes: list[AttributeValueInput] = strawberry.field(
        description="The values; all are written or none. What is not named stays as it is."
    )
    create_if_missing: bool = strawberry.field(
        default=False, description="Whether an identity that nobody has yet gets a profile."
    )


@strawberry.input(description="What a person says of themself.")
class CorrectAttributeInput:
    """A value by the key of its attribute."""

    key: str = strawberry.field(description="The key of the attribute.")
    value: JSON | None = strawberry.field(
        default=None, description="What is right; null takes back what the person said."
    )


@strawberry.input(description="Which suggestion.")
class SuggestionInput:
    """The claim that suggests."""

    suggestion_id: strawberry.ID = strawberry.field(description="The id of the claim among `suggestions`.")


@strawberry.input(description="Which source to take back.")
class WithdrawSourceInput:
    """See profiles.definitions."""

    kind: model.SourceKind = strawberry.field(description="What kind of source it is.")
    key: str | None = strawberry.field(default=None, description="Which one, of sources that have a key.")


@strawberry.type(description="The values were written.")
class SetAttributesSuccess:
    """The profile after the write."""

    written: strawberry.Private[model.Profile]

    @strawberry.field(description="The profile with the new values; null without the scope profiles:read.")
    def profile(self, info: Info) -> Profile | None:
        """Show the profile in hand to whoever may read it."""
        shown = info.context.services.profiles.shown(info.context.viewer, self.written)
        return None if shown is None else show_profile(shown, info.context.viewer)


@strawberry.type(description="The person's profile after the change.")
class OwnProfileSuccess:
    """The viewer's profile."""

    profile: Profile = strawberry.field(description="The viewer's own profile.")


@strawberry.type(description="How far a source is taken back.")
class SourceWithdrawal(Node):
    """See profiles.model."""

    source: Source = strawberry.field(description="The source.")
    requested_at: datetime = strawberry.field(description="What it said until then is taken back.")
    requested_by: strawberry.ID | None = strawberry.field(description="The key that asked for it.")
    state: model.WithdrawalState = strawberry.field(description="Where it stands.")
    profiles_total: int | None = strawberry.field(
        description="How many profiles held something of the source; null until that is counted."
    )
    profiles_done: int = strawberry.field(description="From how many it was taken so far.")
    claims_done: int = strawberry.field(description="How many claims were taken so far.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")


@strawberry.type(description="The source is being taken back.")
class WithdrawSourceSuccess:
    """The withdrawal."""

    withdrawal: SourceWithdrawal = strawberry.field(description="How far it is; ask again by its id.")


SetAttributesResult = Annotated[
    SetAttributesSuccess
    | ForbiddenError
    | NotFoundError
    | PersonErasedError
    | UnknownAttributeError
    | InvalidValueError
    | InvalidInputError,
    strawberry.union("SetAttributesResult", description="What became of setAttributes."),
]


@strawberry.input(description="Values to write to several profiles.")
class SetManyAttributesInput:
    """See profiles.claiming."""

    writes: list[SetAttributesInput] = strawberry.field(description="What to write to whom, 100 at most.")


@strawberry.type(description="What became of one of several writes.")
class SetAttributesOutcome:
    """See profiles.claiming; the writing is over when this is shown."""

    written: strawberry.Private[model.Written]
    index: int = strawberry.field(description="The place of the write in the input, from 0.")

    @strawberry.field(description="A success, or why this one was not written.")
    def result(self) -> SetAttributesResult:
        """Show the profile, or the error that is raised in its place."""
        return SetAttributesSuccess(written=self.written.get_profile())


@strawberry.type(description="Every write was tried.")
class SetManyAttributesSuccess:
    """One outcome a write."""

    outcomes: list[SetAttributesOutcome] = strawberry.field(description="One for each write, in its order.")


SetManyAttributesResult = Annotated[
    SetManyAttributesSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("SetManyAttributesResult", description="What became of setManyAttributes."),
]
CorrectAttributeResult = Annotated[
    OwnProfileSuccess | ForbiddenError | NotFoundError | UnknownAttributeError | InvalidValueError,
    strawberry.union("CorrectAttributeResult", description="What became of correctAttribute."),
]
AcceptSuggestionResult = Annotated[
    OwnProfileSuccess | ForbiddenError | NotFoundError | InvalidValueError,
    strawberry.union("AcceptSuggestionResult", description="What became of acceptSuggestion."),
]
DismissSuggestionResult = Annotated[
    OwnProfileSuccess | ForbiddenError | NotFoundError,
    strawberry.union("DismissSuggestionResult", description="What became of dismissSuggestion."),
]
WithdrawSourceResult = Annotated[
    WithdrawSourceSuccess | ForbiddenError | InvalidInputError,
    strawberry.union("WithdrawSourceResult", description="What became of withdrawSource."),
]


@strawberry.type(description="What can be said of people.")
class ClaimMutations:
    """Part of the root of mutations."""

    @strawberry.mutation(
        description="Write values to a profile as an app or an admin says them, as a JSON merge patch does."
    )
    async def set_attributes(
        self, info: Info, input: Annotated[SetAttributesInput, _WHAT]
    ) -> SetAttributesResult:
        """Write them; needs the scope profiles:write."""
        context = info.context
        write = _write(input)
        written = await context.services.claiming.set_attributes(
            context.viewer,
            write.by,
            write.values,
            may_create=write.may_create,
            circumstances=write.circumstances,
        )
        return SetAttributesSuccess(written=written)

    @strawberry.mutation(
        description="Write values to up to 100 profiles; each is written or refused by itself."
    )
    async def set_many_attributes(
        self, info: Info, input: Annotated[SetManyAttributesInput, _WHAT]
    ) -> SetManyAttributesResult:
        """Write them; needs the scope profiles:write."""
        context = info.context
        written = await context.services.claiming.set_attributes_of_many(
            context.viewer, [_write(each) for each in input.writes]
        )
        outcomes = [SetAttributesOutcome(index=index, written=each) for index, each in enumerate(written)]
        return SetManyAttributesSuccess(outcomes=outcomes)

    @strawberry.mutation(description="Say what is right about oneself.")
    async def correct_attribute(
        self, info: Info, input: Annotated[CorrectAttributeInput, _WHAT]
    ) -> CorrectAttributeResult:
        """Write it as the person's word."""
        context = info.context
        written = await context.services.claiming.correct(context.viewer, input.key, input.value)
        return OwnProfileSuccess(profile=show_profile(written, context.viewer))

    @strawberry.mutation(description="Make what a look-up suggests one's own word.")
    async def accept_suggestion(
        self, info: Info, input: Annotated[SuggestionInput, _WHAT]
    ) -> AcceptSuggestionResult:
        """Write it as the person's word."""
        context = info.context
        written = await context.services.claiming.accept(context.viewer, input.suggestion_id)
        return OwnProfileSuccess(profile=show_profile(written, context.viewer))

    @strawberry.mutation(description="Turn down what a look-up suggests, for as long as it says the same.")
    async def dismiss_suggestion(
        self, info: Info, input: Annotated[SuggestionInput, _WHAT]
    ) -> DismissSuggestionResult:
        """Remember that."""
        context = info.context
        written = await context.services.claiming.dismiss(context.viewer, input.suggestion_id)
        return OwnProfileSuccess(profile=show_profile(written, context.viewer))

    @strawberry.mutation(description="Take back everything that a source said up to now, over all profiles.")
    async def withdraw_source(
        self, info: Info, input: Annotated[WithdrawSourceInput, _WHAT]
    ) -> WithdrawSourceResult:
        """Begin it; admins only."""
        context = info.context
        begun = await context.services.withdrawals.withdraw(
            context.viewer, model.Source(kind=input.kind, key=input.key)
        )
        return WithdrawSourceSuccess(withdrawal=show_withdrawal(begun))


def _write(given: SetAttributesInput) -> model.Write:
    return model.Write(
        by=read_lookup(given.profile),
        values={each.key: each.value for each in given.attributes},
        may_create=given.create_if_missing,
        circumstances={each.key: _circumstances(each) for each in given.attributes},
    )


def _circumstances(given: AttributeValueInput) -> model.Circumstances:
    return model.Circumstances(
        confidence=given.confidence, observed_at=given.observed_at, expires_at=given.expires_at
    )


def show_withdrawal(withdrawal: model.Withdrawal) -> SourceWithdrawal:
    """Return a withdrawal as its GraphQL type."""
    by = withdrawal.requested_by
    return SourceWithdrawal(
        id=strawberry.ID(withdrawal.id),
        source=show_source(withdrawal.source),
        requested_at=withdrawal.requested_at,
        requested_by=None if by is None else strawberry.ID(by),
        state=withdrawal.state,
        profiles_total=withdrawal.profiles_total,
        profiles_done=withdrawal.profiles_done,
        claims_done=withdrawal.claims_done,
        finished_at=withdrawal.finished_at,
    )
