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
