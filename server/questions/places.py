"""Reading JSON that somebody wrote by hand: every value knows the way to it, for who mends it. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from server.kit.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

E = TypeVar("E", bound=StrEnum)
_MAX_DEPTH = 20  # levels of a condition; more than its own limit, which tells in better words


class Place:
    """A value somewhere in a document, with the way to it for whoever has to mend it."""

    def __init__(self, value: Any, path: str) -> None:  # noqa: ANN401 - JSON
        self.value, self.path = value, path

    def wrong(self, wanted: str) -> InvalidInputError:
        return InvalidInputError(f"`{self.path[:200]}` must be {wanted}.", field="document")

    def only(self, names: set[str]) -> None:
        strange = sorted(set(map(str, self._object())) - names)
        if strange:
            raise InvalidInputError(f"`{self.path}` has no member {strange[0][:80]!r}.", field="document")

    def text(self, name: str) -> str:
        return Place(self._object().get(name), f"{self.path}.{name}").as_text()

    def take(self, into: dict[str, Any], name: str, read: Callable[[Place], object]) -> None:
        if self._object().get(name) is not None:
            into[name] = read(Place(self.value[name], f"{self.path}.{name}"))

    def items(self) -> list[Place]:
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        return [Place(each, f"{self.path}[{place}]") for place, each in enumerate(self.value)]

    def members(self, names: set[Any] | None = None) -> list[tuple[str, Place]]:
        if names is not None:
            self.only({str(name) for name in names})
        return [(str(key), Place(each, f"{self.path}.{key}")) for key, each in self._object().items()]

    def as_text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def as_whole(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.wrong("a whole number")
        return self.value

    def as_number(self) -> float:
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise self.wrong("a number")
        return self.value

    def as_flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def as_span(self) -> timedelta:
        try:
            return timedelta(seconds=self.as_number())
        except OverflowError:
            raise self.wrong("a span of time in seconds") from None

    def as_moment(self) -> datetime:
        try:
            moment = datetime.fromisoformat(self.as_text())
        except ValueError:
            moment = datetime.min  # noqa: DTZ901 - refused by the next line
        if moment.tzinfo is None:
            raise self.wrong("a moment with its offset from UTC, such as 2026-03-14T09:00:00Z")
        return moment

    def as_one_of(self, enum: type[E]) -> E:
        if self.value not in list(enum):
            raise self.wrong(f"one of {', '.join(enum)}")
        return enum(self.value)

    def as_form(self) -> dict[str, Any]:
        """Check the outline of a condition; its meaning is checked where conditions are read."""
        self._check_form(self, _MAX_DEPTH)
        form: dict[str, Any] = self.value
        return form

    def _check_form(self, at: Place, depth: int) -> None:
        if not depth:
            raise at.wrong("less deep")
        members = at.members(set(_FORMS))
        if len(members) != 1:
            raise at.wrong("a condition: an object with exactly one member")
        (kind, inner), *_ = members
        if kind == "not":
            self._check_form(inner, depth - 1)
        elif kind in {"all", "any"}:
            for each in inner.items():
                self._check_form(each, depth - 1)
        elif kind == "identified":
            inner.as_flag()
        elif kind == "audience":
            inner.as_text()
        else:
            _check_members(inner, _FORMS[kind])

    def _object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value


def _check_members(at: Place, readers: Mapping[str, Callable[[Place], object]]) -> None:
    at.only(set(readers))
    for name in {"key", "operator", "id", "outcomes", "purpose", "states", "name"} & readers.keys():
        if at.value.get(name) is None:
            raise at.wrong(f"an object with `{name}`")
    for name, each in at.members():
        if each.value is not None:
            readers[name](each)


def texts(at: Place) -> list[str]:
    return [each.as_text() for each in at.items()]


_COUNT: Mapping[str, Callable[[Place], object]] = {"at_least": Place.as_whole, "at_most": Place.as_whole}
_FORMS: Mapping[str, Mapping[str, Callable[[Place], object]]] = {
    "all": {},
    "any": {},
    "not": {},
    "identified": {},
    "audience": {},
    "event": {**_COUNT, "name": Place.as_text, "within": Place.as_number},
    "attribute": {
        "key": Place.as_text,
        "operator": Place.as_text,
        "values": Place.items,
        "within": Place.as_number,
        "if_missing": Place.as_flag,
    },
    "login": _COUNT,
    "visit": {**_COUNT, "within": Place.as_number},
    "question": {"id": Place.as_text, "outcomes": texts, "within": Place.as_number},
    "consent": {"purpose": Place.as_text, "states": texts, "least_version": Place.as_whole},
}
