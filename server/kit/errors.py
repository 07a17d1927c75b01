"""The root of the errors that a caller can expect and act on."""

# All that a caller gets to read of an error that nobody expected.
MASKED = "Something went wrong on our side; the request id helps us to find out what."

# What a caller reads while the database is away, and after how many seconds to come again.
AWAY = "The database does not answer at this moment: send the same again."
AWAY_SECONDS = 2


class ExpectedError(Exception):
    """A request that can't be done, with one sentence for its reader: what is wrong, what would be right.

    Services raise subclasses; GraphQL shows each as a member of the mutation's result union.
    Everything else that is raised is a bug and is masked.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ForbiddenError(ExpectedError):
    """The viewer may not do this."""


class NotFoundError(ExpectedError):
    """There is no such thing, or the viewer may not know of it: the two look the same."""


class InvalidInputError(ExpectedError):
    """An argument is out of bounds; `field` names it in the words of the API."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class ConflictError(ExpectedError):
    """Somebody else changed the thing meanwhile, or its key is taken."""


class VersionConflictError(ConflictError):
    """Somebody else changed the thing meanwhile; `current_version` is what to read before trying again."""

    def __init__(self, current_version: int) -> None:
        super().__init__(
            f"Somebody changed this meanwhile: it is at version {current_version}. Read it anew."
        )
        self.current_version = current_version


class UnavailableError(Exception):
    """Somebody else's server does not answer as it should; nothing in the message comes from it."""
