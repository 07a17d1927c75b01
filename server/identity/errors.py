"""Why nobody was signed in: an error for the page that exchanges a code, and the tree of the redirects."""

from __future__ import annotations

from typing import ClassVar

from server.kit.errors import ExpectedError, UnavailableError


class SignInCodeError(ExpectedError):
    """The one-time code is unknown, used or expired, or another page began the sign-in; which is not told."""


class IdentityTokenError(ExpectedError):
    """The token of the host's backend does not prove who this is; the message names the check that failed."""


class SignInError(Exception):
    """A sign-in ended without anybody signed in.

    `code` is what the page that asked for it gets to read. The message is for our log and names the
    check that failed; nothing in it comes from the provider or the browser, who could write anything.
    """

    code: ClassVar[str] = "sign_in_failed"


class AccessDeniedError(SignInError):
    """The person, or the provider on their behalf, said no."""

    code = "access_denied"


class ProviderUnavailableError(SignInError, UnavailableError):
    """The provider does not answer, or not in the form that the protocol prescribes."""

    code = "provider_unavailable"


class SignInRefusedError(SignInError):
    """The provider answered, but the answer does not prove who this is."""


class SignedInErasedError(SignInError):
    """The answer proves who this is, and it is somebody who was erased and not let return."""

    code = "person_erased"


class SignInDeniedError(SignInError):
    """The answer proves who this is, and a hook of the operator's said no."""

    code = "sign_in_denied"


class NotAdminError(SignInError):
    """The answer proves who this is, and not that they are an admin."""

    code = "not_admin"


class UnknownSignInError(ExpectedError):
    """Nobody began this sign-in in this browser, or it ended already: there is no page to lead back to."""


class UnknownProviderError(ExpectedError):
    """No provider of this name is configured."""


class LinkCodeError(ExpectedError):
    """The one-time code of a link is unknown, used or expired, or another page or person asked for it."""


class IdentityInUseError(ExpectedError):
    """The account is how somebody else signs in; it is never moved."""


class LastIdentityError(ExpectedError):
    """Without this account nobody could sign in to the profile any more."""


class RecentSignInError(ExpectedError):
    """The sign-in is too long ago for what is asked: sign in again first."""
