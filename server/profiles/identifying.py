"""What may recognise a person: the rules for identities that somebody outside brings along. Pure."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from server.kit.errors import InvalidInputError
from server.profiles.model import IdentityKind, IdentityRef

_MAX_ID = 255  # characters; as many as OpenID Connect gives a subject (Core, section 2)
_MAX_ISSUER = 2_048  # characters
_MAX_EMAIL = 320  # characters: 64 before the @ and 255 behind it (RFC 5321, section 4.5.3.1)


def email_ref(text: str) -> IdentityRef:
    """Return the identity that an address is; what is no address stands for nobody, as it is."""
    return IdentityRef(kind=IdentityKind.EMAIL, value=stored_email(text.strip()) or text)


def stored_email(text: str) -> str | None:
    """Return an e-mail address in its one stored form, or None: however it is written, it is one person's.

    Small letters, composed characters (NFC), and the domain in its own script (not in Punycode).
    """
    if len(text) > _MAX_EMAIL:
        return None
    try:
        # test_environment: RFC 2606 reserves .test for trying things out, and this check is about form alone.
        address = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return address.normalized.lower()


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
    if stored_email(text) is None:
        message = "`email` has to be an e-mail address such as ada@example.com."
        raise InvalidInputError(message, field="email")
