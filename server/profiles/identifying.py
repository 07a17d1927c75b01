"""What may recognise a person: the rules for identities that somebody outside brings along. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email

from server.kit.errors import InvalidInputError
from server.profiles.model import IdentityKind

if TYPE_CHECKING:
    from server.profiles.model import IdentityRef

_MAX_ID = 255  # characters; as many as OpenID Connect gives a subject (Core, section 2)
_MAX_ISSUER = 2_048  # characters


def check_identity(ref: IdentityRef) -> None:
    """Raise InvalidInputError for what would recognise nobody, or everybody who left it empty."""
    if ref.kind is IdentityKind.EMAIL:
        _check_email(ref.value)
    else:
        _check_length("subject" if ref.issuer is not None else "userId", ref.value, _MAX_ID)
    if ref.issuer is not None:
        _check_length("issuer", ref.issuer, _MAX_ISSUER)


def _check_length(field: str, text: str, most: int) -> None:
    if not 0 < len(text.strip()) == len(text) <= most or not text.isprintable():
        raise InvalidInputError(f"`{field}` has 1 to {most} visible characters.", field=field)


def _check_email(text: str) -> None:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        message = "`email` has to be an e-mail address such as ada@example.com."
        raise InvalidInputError(message, field="email") from None
