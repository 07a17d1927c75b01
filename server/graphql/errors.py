"""Expected errors as GraphQL types: a service raises, a handler shows it as a member of the result union."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from server.consent import errors as consent
from server.enrichment import errors as enrichment
from server.identity import errors as identity
from server.kit import errors as kit
from server.profiles import errors as profiles
from server.questions import errors as questions

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField

_MESSAGE = "What is wrong and what would be right, in one sentence for its reader."


@strawberry.interface(description="Why a request was not carried out; nothing was changed.")
class UserError:
    """The interface of every expected error."""

    message: str = strawberry.field(description=_MESSAGE)


@strawberry.type(description="The viewer may not do this.")
class ForbiddenError(UserError):
    """See kit.errors."""


@strawberry.type(
    description="There is no such thing, or the viewer may not know of it: the two look the same."
)
class NotFoundError(UserError):
    """See kit.errors."""


@strawberry.type(description="An argument is out of bounds.")
class InvalidInputError(UserError):
    """See kit.errors."""

    field: str = strawberry.field(description="The argument or input field that is wrong.")


@strawberry.type(description="Somebody else was first: the key or the identity is taken.")
class ConflictError(UserError):
    """See kit.errors."""


@strawberry.type(description="Somebody changed the thing since it was read.")
class VersionConflictError(UserError):
    """See kit.errors."""

    current_version: int = strawberry.field(description="The version to read before trying again.")


@strawberry.type(description="No attribute that the viewer knows of has this key.")
class UnknownAttributeError(UserError):
    """See profiles.errors."""

    key: str = strawberry.field(description="The key that is not known.")


@strawberry.type(description="A value does not fit its attribute.")
class InvalidValueError(UserError):
    """See profiles.errors."""

    key: str = strawberry.field(description="The key of the attribute.")


@strawberry.type(description="These profiles can't become one.")
class MergeRefusedError(UserError):
    """See profiles.errors."""


@strawberry.type(description="No such question was handed to this person.")
class UnknownAskError(UserError):
    """See questions.errors."""


@strawberry.type(
    description="The value does not fit the question; the message is for the person who answers."
)
class InvalidAnswerError(UserError):
    """See questions.errors."""


@strawberry.type(description="The question set can't be published as it is.")
class UnpublishableError(UserError):
    """See questions.errors."""

    question_key: str | None = strawberry.field(description="The question at fault, if it is one's.")


@strawberry.type(description="The one-time code of a link is unknown, used, expired or another page's.")
class LinkCodeError(UserError):
    """See identity.errors."""


@strawberry.type(description="The account is how somebody else signs in; it is never moved.")
class IdentityInUseError(UserError):
    """See identity.errors."""


@strawberry.type(description="Without this account nobody could sign in to the profile any more.")
class LastIdentityError(UserError):
    """See identity.errors."""


@strawberry.type(description="The sign-in is too long ago for this: sign in again first.")
class RecentSignInError(UserError):
    """See identity.errors."""


@strawberry.type(description="The one-time code of a sign-in is unknown, used, expired or another browser's.")
class SignInCodeError(UserError):
    """See identity.errors."""


@strawberry.type(description="The host's identity token proves nothing; the message names what is wrong.")
class IdentityTokenError(UserError):
    """See identity.errors."""


@strawberry.type(description="The person was erased, and nothing brings them back but readmitPerson.")
class PersonErasedError(UserError):
    """See profiles.errors."""


@strawberry.type(description="No purpose has this key.")
class UnknownPurposeError(UserError):
    """See consent.errors."""

    key: str = strawberry.field(description="The key that is not known.")


@strawberry.type(description="No enricher has this key.")
class UnknownEnricherError(UserError):
    """See enrichment.errors."""

    key: str = strawberry.field(description="The key that is not known.")


class _Handler(strawberry.ExceptionHandler):  # type: ignore[type-arg] # the attributes say which
    """Shows one kind of expected error as its GraphQL type; `fields` are attributes that both have."""

    def __init__(
        self, exception_type: type[kit.ExpectedError], error_type: type[UserError], *fields: str
    ) -> None:
        self.exception_type = exception_type
        self.error_type = error_type
        self._fields = fields

    def handle(self, exception: kit.ExpectedError, *, field: StrawberryField, info: Any) -> UserError:  # noqa: ANN401, ARG002 - Strawberry's signature
        extra = {name: getattr(exception, name) for name in self._fields}
        return self.error_type(message=exception.message, **extra)


HANDLERS = (
    _Handler(kit.ForbiddenError, ForbiddenError),
    _Handler(kit.NotFoundError, NotFoundError),
    _Handler(kit.InvalidInputError, InvalidInputError, "field"),
    _Handler(kit.VersionConflictError, VersionConflictError, "current_version"),
    _Handler(kit.ConflictError, ConflictError),
    _Handler(profiles.UnknownAttributeError, UnknownAttributeError, "key"),
    _Handler(profiles.InvalidValueError, InvalidValueError, "key"),
    _Handler(profiles.MergeRefusedError, MergeRefusedError),
    _Handler(questions.UnknownAskError, UnknownAskError),
    _Handler(questions.InvalidAnswerError, InvalidAnswerError),
    _Handler(questions.UnpublishableError, UnpublishableError, "question_key"),
    _Handler(profiles.PersonErasedError, PersonErasedError),
    _Handler(consent.UnknownPurposeError, UnknownPurposeError, "key"),
    _Handler(identity.SignInCodeError, SignInCodeError),
    _Handler(identity.IdentityTokenError, IdentityTokenError),
    _Handler(identity.LinkCodeError, LinkCodeError),
    _Handler(identity.IdentityInUseError, IdentityInUseError),
    _Handler(identity.LastIdentityError, LastIdentityError),
    _Handler(identity.RecentSignInError, RecentSignInError),
    _Handler(enrichment.UnknownEnricherError, UnknownEnricherError, "key"),
)
