"""Which indexes have to be built, changed and dropped. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.migrations.errors import MigrationError
from server.migrations.model import Act, IndexStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.kit.mongo import Document

    Indexes = Mapping[str, Mapping[str, Document]]

_EXPIRY = "expireAfterSeconds"
_OF_THE_SERVER = {"v", "ns", "background"}


def index_steps(wanted: Indexes, there: Indexes, *, drops: bool) -> Iterator[IndexStep]:
    """Yield what becomes of each index, by collection; those that are right are left out."""
    for collection in sorted(wanted):
        for name, definition in wanted[collection].items():
            act = _act(definition, there[collection].get(name))
            if act is not None:
                yield IndexStep(act=act, collection=collection, name=name, definition=definition)
        for name in sorted(there[collection].keys() - wanted[collection].keys()):
            if "hashed" in dict(there[collection][name]["key"]).values():
                continue  # the operator's, who shards by it
            yield IndexStep(
                act=Act.DROP if drops else Act.LEAVE,
                collection=collection,
                name=name,
                definition=there[collection][name],
            )


def _act(wanted: Document, there: Document | None) -> Act | None:
    if there is None:
        return Act.BUILD
    ours, theirs = _compared(wanted), _compared(there)
    if ours == theirs:
        return None
    if _EXPIRY in ours and _EXPIRY in theirs and {**ours, _EXPIRY: 0} == {**theirs, _EXPIRY: 0}:
        return Act.EXPIRE
    if theirs.get("unique"):
        raise MigrationError(
            f"The unique index {wanted['name']} has another definition in the database: replacing it would"
            " let duplicates in meanwhile. It has to get a new name, so that both are there for a while."
        )
    return Act.REPLACE


def _compared(definition: Document) -> Document:
    """Return what makes a difference: the order of fields does in the key alone, `unique: false` does not."""
    rest = {
        name: value for name, value in definition.items() if name not in _OF_THE_SERVER and value is not False
    }
    return {**rest, "key": list(dict(definition["key"]).items())}
