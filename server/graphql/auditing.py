"""The seam at which acts are audited: every field of the mutation root, whoever adds it."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from strawberry.extensions import FieldExtension

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from server.graphql.context import Info

_ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
_DEPTH = 4  # levels of inputs and results in which ids are looked for
_MOST_TARGETS = 200  # ids; a batch has up to 100

T = TypeVar("T")


class Audited(FieldExtension):
    """Notes an act before it happens, and concludes the note with the type of its result.

    The note holds ids alone: of what the input names and of what the result is about. Anything else that
    people could recognise somebody by stays out, the keys of a lookup included.
    """

    async def resolve_async(
        self,
        next_: Callable[..., Awaitable[Any]],
        source: Any,  # noqa: ANN401 - Strawberry's signature
        info: Info,
        **arguments: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Resolve one field of the mutation root."""
        context = info.context
        audit = context.services.audit
        named = target_ids(arguments)
        entry = await audit.begin(context.viewer, info.field_name, named, context.request_id)
        if entry is None:
            return await next_(source, info, **arguments)
        try:
            result = await next_(source, info, **arguments)
        except Exception as error:
            await audit.conclude(entry, (), type(error).__name__)
            raise
        await audit.conclude(entry, tuple(target_ids(result)), type(result).__name__)
        return result


def audited(root: type[T]) -> type[T]:
    """Audit every field of this root type; what is added to it later is audited too."""
    for field in root.__strawberry_definition__.fields:  # type: ignore[attr-defined] # set by strawberry.type
        field.extensions = [*field.extensions, Audited()]
    return root


def target_ids(value: object) -> Iterator[str]:
    """Yield the ids that an input names or a result is about, each once; nobody looks for them before."""
    yield from islice(dict.fromkeys(_ids(value, _DEPTH)), _MOST_TARGETS)


def _ids(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if _ID.fullmatch(value):
            yield str(value)
    elif depth and is_dataclass(value):
        for field in fields(value):
            yield from _ids(getattr(value, field.name, None), depth - 1)
    elif depth and isinstance(value, dict):
        for each in value.values():
            yield from _ids(each, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for each in value:
            yield from _ids(each, depth - 1)
