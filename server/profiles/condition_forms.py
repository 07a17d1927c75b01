"""Conditions as plain data and back: what the API takes, and what lies in documents.

A form is an object with exactly one member: `{"all": […]}`, `{"any": […]}`, `{"not": …}`,
`{"attribute": {…}}`, `{"login": {…}}`, `{"visit": {…}}`, `{"identified": …}`, `{"question": {…}}`,
`{"consent": {…}}`, `{"event": {…}}`, `{"audience": …}`. From the API attributes
and audiences come by key, in documents they stand by id, so that renaming a key changes no condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from server.kit.ids import is_id
from server.kit.texts import is_clean
from server.profiles import conditions
from server.profiles.conditions import (
    OPERATORS,
    TAKES_LIST,
    WINDOWS,
    All,
    AttributeIs,
    AudienceIs,
    Condition,
    ConsentIs,
    CountIs,
    DateIs,
    EventIs,
    Identified,
    Not,
    Operator,
    QuestionIs,
    SeenWithin,
)
from server.profiles.errors import InvalidConditionError, InvalidValueError
from server.profiles.model import AttributeType, Bounds
from server.profiles.tallies import MAX_TIMES, WHAT_AN_EVENT_IS_CALLED, is_event_name
from server.profiles.validating import checked_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.profiles.catalogue import Catalogue, NamedCondition
    from server.profiles.conditions import Operand
    from server.profiles.model import AttributeDefinition, AttributeId

MAX_DEPTH = 10
MAX_PARTS = 200  # conditions of every kind together
MAX_OPERANDS = 500
MAX_WINDOW = timedelta(days=36_500)
MAX_COUNT = 1_000_000
_MAX_BEGINNING = 200  # characters
_KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")

Form = Mapping[str, Any]


class _Reader:
    """Reads one form, counting as it goes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._parts = 0
        self._inside: list[NamedCondition] = []
        self._read: Mapping[str, Callable[[Any, int], Condition]] = {
            "all": lambda inner, depth: All(self._several(inner, depth)),
            "any": lambda inner, depth: conditions.Any(self._several(inner, depth)),
            "not": lambda inner, depth: Not(self.condition(inner, depth + 1)),
            "attribute": lambda inner, _: self._attribute(inner),
            "login": lambda inner, _: _count("logins", inner),
            "visit": lambda inner, _: _visit(inner),
            "identified": lambda inner, _: Identified(is_identified=bool(inner)),
            "question": lambda inner, _: _question(inner),
            "consent": lambda inner, _: _consent(inner),
            "event": lambda inner, _: _event(inner),
            "audience": self._audience,
        }

    def condition(self, form: Form, depth: int) -> Condition:
        self._parts += 1
        if depth > MAX_DEPTH or self._parts > MAX_PARTS:
            raise InvalidConditionError(
                f"A condition is at most {MAX_DEPTH} deep and has at most {MAX_PARTS} parts, "
                "those of the audiences that it names included."
            )
        if len(form) != 1:
            raise InvalidConditionError("Each condition has exactly one member.")
        (kind, inner), *_ = form.items()
        if kind not in self._read:
            raise InvalidConditionError(
                f"There is no condition {kind[:40]!r}: use one of {', '.join(self._read)}."
            )
        return self._read[kind](inner, depth)

    def _several(self, inner: Sequence[Form], depth: int) -> tuple[Condition, ...]:
        return tuple(self.condition(each, depth + 1) for each in inner)

    def _audience(self, inner: str | Form, depth: int) -> AudienceIs:
        named = self._named(inner)
        if named in self._inside:
            path = " → ".join(each.key for each in (*self._inside[self._inside.index(named) :], named))
            raise InvalidConditionError(f"An audience can't be made of itself: {path}.")
        self._inside.append(named)
        condition = self.condition(named.form, depth + 1)
        self._inside.pop()
        return AudienceIs(named.id, condition)

    def _named(self, inner: str | Form) -> NamedCondition:
        if not isinstance(inner, str):
            return self._catalogue.audiences[inner["id"]]
        for each in self._catalogue.audiences.values():
            if each.key == inner and each.is_archived:
                raise InvalidConditionError(f"The audience {inner!r} was archived: name another one.")
            if each.key == inner:
                return each
        raise InvalidConditionError(f"There is no audience {inner[:80]!r}: define it with defineAudience.")

    def _attribute(self, inner: Form) -> AttributeIs | DateIs:
        definition = self._definition(inner)
        operator = _operator(inner["operator"])
        if operator not in OPERATORS[definition.type]:
            allowed = ", ".join(each.name for each in Operator if each in OPERATORS[definition.type])
            raise InvalidConditionError(
                f"{operator.name} does not suit {definition.key!r} of type {definition.type}: {allowed} do."
            )
        values: Sequence[object] = inner.get("values") or ()
        within: float | None = inner.get("within")
        _check_operands(definition, operator, values, within)
        if_missing = bool(inner.get("if_missing"))
        if within is not None:
            is_moment = definition.type is AttributeType.DATETIME
            return DateIs(definition.id, operator, _window(within), if_missing, is_moment)
        operands = tuple(_operand(definition, operator, each) for each in values)
        return AttributeIs(definition.id, operator, operands, if_missing)

    def _definition(self, inner: Form) -> AttributeDefinition:
        attribute_id: AttributeId | None = inner.get("id")
        if attribute_id is None:
            return self._catalogue.get(inner["key"])
        return self._catalogue.by_id[attribute_id]


def read_condition(form: Form, catalogue: Catalogue) -> Condition:
    """Return the condition of a form.

    Raises InvalidConditionError for what is too deep, too large or not suited to its attribute, and
    UnknownAttributeError. The members of a form are checked by GraphQL before, those in documents are ours.
    """
    return _Reader(catalogue).condition(form, 1)


def condition_form(condition: Condition) -> dict[str, Any]:  # noqa: C901, PLR0911 - one line a kind
    """Return the form under which a condition is stored; attributes stand by id."""
    match condition:
        case All(inner):
            return {"all": [condition_form(each) for each in inner]}
        case conditions.Any(inner):
            return {"any": [condition_form(each) for each in inner]}
        case Not(inner):
            return {"not": condition_form(inner)}
        case AudienceIs(audience_id):
            return {"audience": {"id": audience_id}}
        case AttributeIs(attribute_id, operator, operands, if_missing):
            values = {"operator": operator.value, "values": list(operands), "if_missing": if_missing}
            return {"attribute": {"id": attribute_id, **values}}
        case DateIs(attribute_id, operator, window, if_missing, _):
            given = {"operator": operator.value, "within": window.total_seconds(), "if_missing": if_missing}
            return {"attribute": {"id": attribute_id, **given}}
        case CountIs(counter, at_least, at_most):
            kind = "login" if counter == "logins" else "visit"
            return {kind: {"at_least": at_least, "at_most": at_most}}
        case SeenWithin(window):
            return {"visit": {"within": window.total_seconds()}}
        case Identified(is_identified):
            return {"identified": is_identified}
        case QuestionIs(question_id, outcomes, window):
            within = None if window is None else window.total_seconds()
            return {"question": {"id": question_id, "outcomes": list(outcomes), "within": within}}
        case ConsentIs(purpose, states, least_version):
            least = {"least_version": least_version}
            return {"consent": {"purpose": purpose, "states": list(states), **least}}
        case EventIs(name, at_least, at_most, window):
            within = None if window is None else window.total_seconds()
            bounds = {"at_least": at_least, "at_most": at_most}
            return {"event": {"name": name, **bounds, "within": within}}


def keyed_form(form: Form, catalogue: Catalogue) -> dict[str, Any]:
    """Return a stored condition as admins write it: attributes and audiences by key."""

    def keyed(kind: str, inner: Any) -> Any:  # noqa: ANN401 - a part of a form
        if kind == "attribute":
            others = {name: each for name, each in inner.items() if name != "id"}
            definition = catalogue.by_id.get(inner["id"])
            return {"key": inner["id"] if definition is None else definition.key, **others}
        if kind == "audience":
            return catalogue.audiences[inner["id"]].key
        if kind == "not":
            return keyed_form(inner, catalogue)
        return [keyed_form(each, catalogue) for each in inner] if kind in {"all", "any"} else inner

    return {kind: keyed(kind, inner) for kind, inner in form.items()}


def _operator(given: str) -> Operator:
    try:
        return Operator(given)
    except ValueError:
        raise InvalidConditionError(f"There is no operator {given[:40]!r}.") from None


def _count(counter: str, inner: Form) -> CountIs:
    at_least, at_most = inner.get("at_least"), inner.get("at_most")
    if at_least is None and at_most is None:
        raise InvalidConditionError("A count needs `atLeast` or `atMost`.")
    return CountIs(counter, at_least, at_most)


def _visit(inner: Form) -> Condition:
    if inner.get("within") is None:
        return _count("visits", inner)
    seen = SeenWithin(_window(inner["within"]))
    has_count = inner.get("at_least") is not None or inner.get("at_most") is not None
    return All((_count("visits", inner), seen)) if has_count else seen


def _question(inner: Form) -> QuestionIs:
    if not is_id("qst", inner["id"]):
        raise InvalidConditionError("The id of a question begins with `qst_`.")
    within = inner.get("within")
    window = None if within is None else _window(within)
    return QuestionIs(inner["id"], _some("outcomes", inner["outcomes"]), window)


def _consent(inner: Form) -> ConsentIs:
    if not _KEY.fullmatch(inner["purpose"]):
        raise InvalidConditionError("The key of a purpose is small letters, digits and _.")
    return ConsentIs(inner["purpose"], _some("states", inner["states"]), inner.get("least_version", 1))


def _event(inner: Form) -> EventIs:
    if not is_event_name(inner["name"]):
        raise InvalidConditionError(WHAT_AN_EVENT_IS_CALLED)
    at_least, at_most, within = (inner.get(name) for name in ("at_least", "at_most", "within"))
    if at_least is None and at_most is None:
        at_least = 1
    window = None if within is None else _window(within)
    most = MAX_COUNT if window is None else MAX_TIMES - 1
    if not all(0 <= bound <= most for bound in (at_least, at_most) if bound is not None):
        raise InvalidConditionError(
            f"An event is counted up to {MAX_COUNT:,} times, within a window up to {MAX_TIMES - 1} times."
        )
    return EventIs(inner["name"], at_least, at_most, window)


def _some(name: str, given: Sequence[str]) -> tuple[str, ...]:
    if not 0 < len(given) <= MAX_OPERANDS:
        raise InvalidConditionError(f"`{name}` has 1 to {MAX_OPERANDS} entries.")
    return tuple(str(each) for each in given)


def _window(seconds: float) -> timedelta:
    if not 0 < seconds <= MAX_WINDOW.total_seconds():
        raise InvalidConditionError("A window is longer than nothing and at most a hundred years.")
    return timedelta(seconds=seconds)


def _operand(definition: AttributeDefinition, operator: Operator, given: object) -> Operand:
    """Return one value to compare with: a value that the attribute could have, or the beginning of one.

    Bounds and lengths don't count: older values may lie outside of them, and a comparison need not fit.
    """
    if operator is Operator.STARTS_WITH:
        return _beginning(definition, given)
    loose = replace(definition, bounds=Bounds(), pattern=None)
    try:
        checked = checked_value(loose, [given] if definition.type is AttributeType.MULTI_ENUM else given)
    except InvalidValueError as error:
        raise InvalidConditionError(error.message) from None
    return checked[0] if isinstance(checked, list) else cast("Operand", checked)


def _beginning(definition: AttributeDefinition, given: object) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= _MAX_BEGINNING or not is_clean(given):
        raise InvalidConditionError(
            f"STARTS_WITH on {definition.key!r} takes a text of 1 to {_MAX_BEGINNING} characters."
        )
    return given


def _check_operands(
    definition: AttributeDefinition, operator: Operator, values: Sequence[object], within: float | None
) -> None:
    """Refuse more or less than the operator takes, before looking at any of it."""
    if operator in TAKES_LIST:
        wanted, is_right = f"1 to {MAX_OPERANDS} values", 0 < len(values) <= MAX_OPERANDS
    elif operator in WINDOWS:
        wanted, is_right = "`within` and no value", not values
    elif operator in {Operator.EXISTS, Operator.MISSING}:
        wanted, is_right = "no value", not values
    else:
        wanted, is_right = "one value", len(values) == 1
    if not is_right or (within is not None) is not (operator in WINDOWS):
        raise InvalidConditionError(f"{operator.name} on {definition.key!r} takes {wanted}.")
