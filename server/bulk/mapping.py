"""From the columns of a file to identities and attributes, and from texts to values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.bulk.errors import FileError, RowError
from server.profiles.identifying import email_ref
from server.profiles.model import AttributeType, IdentityKind, IdentityRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.bulk.rows import Row
    from server.profiles.catalogue import Catalogue
    from server.profiles.model import AttributeDefinition

IDENTITIES = {"user_id": IdentityKind.USER_ID, "email_identity": IdentityKind.EMAIL}
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# A spreadsheet runs a cell that begins so as a formula; an export puts a quote before it, taken off here.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SEPARATOR = ";"  # between the options of one cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a row says of whom."""

    number: int
    identities: tuple[IdentityRef, ...]
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column fills what: `user_id`, `email_identity` (a verified address) or an attribute by key."""

    targets: Mapping[str, str]

    def person(self, row: Row, catalogue: Catalogue, *, is_text: bool) -> Person:
        """Return what a row says; raise RowError for one that names nobody or can't be read."""
        if row.problem is not None:
            raise RowError(row.problem)
        filled = {
            target: row.cells[column]
            for column, target in self.targets.items()
            if row.cells.get(column) not in (None, "")
        }
        if is_text:
            filled = {target: _unquoted(cell) for target, cell in filled.items()}
        identities = tuple(
            _identity(kind, filled.pop(name)) for name, kind in IDENTITIES.items() if name in filled
        )
        if not identities:
            raise RowError("It names nobody: user_id and email_identity are empty.")
        read = _read if is_text else lambda _, value: value
        values = {key: read(catalogue.get(key), value) for key, value in filled.items()}
        return Person(number=row.number, identities=identities, values=values)


def read_mapping(columns: Iterable[str], renamed: Mapping[str, str], catalogue: Catalogue) -> ColumnMapping:
    """Return what each column fills: what `renamed` says, else the attribute or identity of its name.

    Columns that fill nothing are left out. Raises FileError where none names a person or a target does not
    exist.
    """
    known = {*IDENTITIES, *catalogue.by_key}
    present = list(columns)
    for column, target in renamed.items():
        if column not in present or target not in known:
            what = "column" if column not in present else "attribute"
            name = column if what == "column" else target
            raise FileError(f"There is no {what} {name!r}, so that {column}={target} can't be done.")
    targets = {column: renamed.get(column, column) for column in present}
    used = {column: target for column, target in targets.items() if target in known}
    if not IDENTITIES.keys() & used.values():
        raise FileError("No column fills user_id or email_identity: name one with --map COLUMN=user_id.")
    return ColumnMapping(used)


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:2] in FORMULA_STARTS else text


def _identity(kind: IdentityKind, cell: object) -> IdentityRef:
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        raise RowError("What names a person is a text or a whole number.")
    text = str(cell).strip()
    return email_ref(text) if kind is IdentityKind.EMAIL else IdentityRef(kind=kind, value=text)


def _read(definition: AttributeDefinition, text: str) -> object:
    """Return the value that a text stands for; what it can't be read as is left for the check to refuse."""
    match definition.type:
        case AttributeType.INTEGER | AttributeType.NUMBER:
            return _number(text)
        case AttributeType.BOOLEAN:
            return _TRUTH.get(text.strip().lower(), text)
        case AttributeType.MULTI_ENUM:
            return [part.strip() for part in text.split(_SEPARATOR) if part.strip()]
        case _:
            return text


def _number(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
