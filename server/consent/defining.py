"""The rules for purposes: what may be declared, and what an edit makes of one; pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from server.consent.model import Purpose, PurposeText
from server.kit.errors import InvalidInputError
from server.kit.texts import is_clean

if TYPE_CHECKING:
    from datetime import datetime

    from server.consent.model import PurposeEdit, PurposeId, PurposeSpec

_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")  # a path in the profile's document, so without dots
_MAX_NAME = 200  # characters
_MAX_TEXT = 10_000  # characters


def defined(spec: PurposeSpec, purpose_id: PurposeId, now: datetime) -> Purpose:
    """Return the purpose that an admin declares; raise InvalidInputError for what is wrong first."""
    if not _KEY.fullmatch(spec.key):
        message = "A key is a small letter, then small letters, digits and _, 63 characters at most."
        raise InvalidInputError(message, field="key")
    purpose = Purpose(
        id=purpose_id,
        key=spec.key,
        name=spec.name,
        description=spec.description,
        basis=spec.basis,
        on_withdrawal=spec.on_withdrawal,
        texts=(PurposeText(version=1, text=spec.text, at=now),),
        least_version=1,
        revision=1,
        created_at=now,
    )
    _check(purpose)
    return purpose


def edited(purpose: Purpose, edit: PurposeEdit, now: datetime) -> Purpose:
    """Return the next revision of a purpose; raise InvalidInputError for the first thing that is wrong.

    Texts are only ever added: what somebody agreed to can be read for ever.
    """
    texts = purpose.texts
    if edit.text is not None and edit.text != texts[-1].text:
        texts = (*texts, PurposeText(version=texts[-1].version + 1, text=edit.text, at=now))
    changed = replace(
        purpose,
        name=purpose.name if edit.name is None else edit.name,
        description=purpose.description if edit.description is None else edit.description,
        basis=edit.basis or purpose.basis,
        on_withdrawal=edit.on_withdrawal or purpose.on_withdrawal,
        texts=texts,
        least_version=texts[-1].version if edit.needs_renewal else purpose.least_version,
        revision=purpose.revision + 1,
    )
    _check(changed)
    return changed


def _check(purpose: Purpose) -> None:
    for field, text, most in (
        ("name", purpose.name, _MAX_NAME),
        ("description", purpose.description, _MAX_TEXT),
        ("text", purpose.texts[-1].text, _MAX_TEXT),
    ):
        if not 0 < len(text.strip()) <= len(text) <= most or not is_clean(text):
            message = f"The {field} of a purpose has 1 to {most} characters, none of them NUL or half a pair."
            raise InvalidInputError(message, field=field)
