"""What can be wrong with values and lookups of profiles."""

from __future__ import annotations

from server.kit.errors import ConflictError, ExpectedError, ForbiddenError, InvalidInputError


class InvalidValueError(ExpectedError):
    """A value does not fit its attribute; the message says what would."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class UnknownAttributeError(ExpectedError):
    """No attribute has this key, or it is hidden from the viewer: the two look the same."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no attribute {key[:80]!r}: define it first with defineAttribute.")
        self.key = key


class IdentityTakenError(ConflictError):
    """Another profile already has this identity."""


class MergeRefusedError(ExpectedError):
    """These profiles can't become one, or can't be parted; the message says why."""


class InvalidConditionError(InvalidInputError):
    """A condition is too deep, too large, or does not suit the attribute it is about."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="filter")


class RefusedError(ForbiddenError):
    """Somebody who is asked before such things happen said no; the message is theirs."""


class PersonErasedError(ExpectedError):
    """Whom this identity recognised was erased and is not brought back by an import or a sign-in."""

    def __init__(self) -> None:
        super().__init__("This person was erased; readmitPerson lets them return.")
