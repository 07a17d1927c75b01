"""Changes: facts that a service announces after a write, kept in the outbox of the same document.

A change is written in the very statement that makes it true, so that neither can exist without the
other. The worker's relay hands each to the reactions at least once; its id makes effects happen once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, NewType

from server.kit.tracing import raised_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

ChangeId = NewType("ChangeId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happened to one profile at one moment; subclasses add plain fields.

    Fields hold only what MongoDB stores as it is (str, int, float, bool, datetime, None, and lists and
    dicts of these), since a change is written as a document and read back.
    """

    kind: ClassVar[str]
    id: ChangeId
    at: datetime
    profile_id: str


def change_document(change: Change) -> dict[str, Any]:
    """Return the outbox entry of a change, with the request that it goes back to where that is traced."""
    entry = {field.name: getattr(change, field.name) for field in fields(change)}
    trace = raised_by()
    return {**entry, "kind": change.kind} | ({} if trace is None else {"trace": trace})


def read_change(entry: Mapping[str, Any], known: Iterable[type[Change]]) -> Change | None:
    """Return the change that an outbox entry holds; None for a kind that this version does not know."""
    for change_type in known:
        if change_type.kind == entry["kind"]:
            names = {field.name for field in fields(change_type)}
            return change_type(**{name: value for name, value in entry.items() if name in names})
    return None
