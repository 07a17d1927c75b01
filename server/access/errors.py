"""Why a request is refused before anything is executed."""

from __future__ import annotations

from server.kit.errors import ExpectedError


class AuthenticationError(ExpectedError):
    """The proof that came with the request is not good; `code` is for programs."""

    code = "TOKEN_INVALID"


class TokenExpiredError(AuthenticationError):
    """A viewer token that was good once: start the visit again with the resume token."""

    code = "TOKEN_EXPIRED"


class KeyInvalidError(AuthenticationError):
    """An API key that does not exist or was revoked; which of the two is not told."""

    code = "KEY_INVALID"


class OriginNotAllowedError(AuthenticationError):
    """The page's origin is not on the list of the publishable key (or is not the token's)."""

    code = "ORIGIN_NOT_ALLOWED"


class TooManyRequestsError(ExpectedError):
    """Somebody asked too often; `retry_after_seconds` is when the next request is welcome."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after_seconds: int) -> None:
        unit = "second" if retry_after_seconds == 1 else "seconds"
        super().__init__(f"Too many requests came from here: try again in {retry_after_seconds} {unit}.")
        self.retry_after_seconds = retry_after_seconds
