"""Conditions of every kind and profiles that they are about, for laws; and what each operator takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from server.consent.model import Consent, ConsentSource, ConsentState
from server.profiles import conditions as language
from server.profiles.conditions import (
    OPERATORS,
    TAKES_LIST,
    WINDOWS,
    All,
    AttributeIs,
    AudienceIs,
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
from server.profiles.model import AttributeId, AttributeType
from server.profiles.tallies import Tally
from tests.factories.profiles import (
    NOW,
    account,
    browser,
    claim,
    definition,
    identity,
    options,
    profile,
    user,
    visit,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.profiles.conditions import Condition, Operand
    from server.profiles.model import AttributeDefinition, Claim, IdentityRef, Profile, Value

CHOICES = ("a", "b", "c")
DEFINITIONS = {
    each.id: each
    for each in (
        definition("text", AttributeType.STRING),
        definition("count", AttributeType.INTEGER),
        definition("share", AttributeType.NUMBER),
        definition("flag", AttributeType.BOOLEAN),
        definition("day", AttributeType.DATE),
        definition("moment", AttributeType.DATETIME),
        definition("choice", AttributeType.ENUM, options=options(*CHOICES)),
        definition("many", AttributeType.MULTI_ENUM, options=options(*CHOICES)),
    )
}
QUESTIONS = ("qst_a", "qst_b")
EVENTS = ("Order Completed", "$a.b")
PURPOSES = ("marketing", "analytics")

# Few of each, so that values and operands meet; some are what a filter might take for something else.
_texts = st.one_of(
    st.sampled_from(["a", "A", "ab", "abc", "b", "$a", "$", "a.b", "^a", "\u00e9", "e\u0301", "a\nb"]),
    st.sampled_from(["\ud7ff", "\ue000", "\U0010ffff"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=3),
).filter(lambda text: text == text.strip())  # as attributes keep them
_integers = st.integers(-2, 2) | st.sampled_from([-(2**53) + 1, 2**53 - 1])
_days = st.sampled_from([0, 1, 2, 6, 7, 8, -1, -7, 400]).map(
    lambda days: (NOW - timedelta(days=days)).date().isoformat()
)
_windows = st.sampled_from([timedelta(minutes=1), timedelta(hours=12), timedelta(days=1), timedelta(days=7)])
_moments = st.sampled_from([0, 1, 60, 1440, 1441, 10_080]).map(
    lambda minutes: NOW - timedelta(minutes=minutes)
)

SCALARS: Mapping[AttributeType, st.SearchStrategy[Any]] = {
    AttributeType.STRING: _texts,
    AttributeType.INTEGER: _integers,
    AttributeType.NUMBER: _integers | st.sampled_from([0.5, -0.0, 1.0, 1e300]),
    AttributeType.BOOLEAN: st.booleans(),
    AttributeType.DATE: _days,
    AttributeType.DATETIME: _moments.map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.000Z"),
    AttributeType.ENUM: st.sampled_from(CHOICES),
    AttributeType.MULTI_ENUM: st.sampled_from(CHOICES),
}
_many: st.SearchStrategy[Value] = st.lists(st.sampled_from(CHOICES), min_size=1, unique=True)


def _operands(operator: Operator, type_: AttributeType) -> st.SearchStrategy[tuple[Operand, ...]]:
    if operator in {Operator.EXISTS, Operator.MISSING}:
        return st.just(())
    most = 3 if operator in TAKES_LIST else 1
    operands: st.SearchStrategy[list[Operand]] = st.lists(SCALARS[type_], min_size=1, max_size=most)
    return operands.map(tuple)


@st.composite
def attribute_conditions(draw: st.DrawFn) -> AttributeIs | DateIs:
    about = draw(st.sampled_from(list(DEFINITIONS.values())))
    operator = draw(st.sampled_from(sorted(OPERATORS[about.type])))
    if operator in WINDOWS:
        is_moment = about.type is AttributeType.DATETIME
        return DateIs(about.id, operator, draw(_windows), draw(st.booleans()), is_moment)
    if_missing = operator not in {Operator.EXISTS, Operator.MISSING} and draw(st.booleans())
    return AttributeIs(about.id, operator, draw(_operands(operator, about.type)), if_missing)


_bounds = st.none() | st.integers(0, 3)
_outcomes = st.lists(st.sampled_from(["answered", "skipped"]), min_size=1, max_size=2).map(tuple)
_states = st.lists(st.sampled_from(ConsentState), min_size=1, max_size=2).map(tuple)

_leaves: st.SearchStrategy[Condition] = st.one_of(
    attribute_conditions(),
    attribute_conditions(),
    st.builds(CountIs, st.sampled_from(["logins", "visits"]), _bounds, _bounds),
    st.builds(SeenWithin, _windows),
    st.builds(Identified, st.booleans()),
    st.builds(QuestionIs, st.sampled_from(QUESTIONS), _outcomes, st.none() | _windows),
    st.builds(EventIs, st.sampled_from(EVENTS), _bounds, _bounds, st.none() | _windows),
    st.builds(ConsentIs, st.sampled_from(PURPOSES), _states, st.integers(1, 2)),
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(language.Any, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
        st.builds(AudienceIs, st.just("aud_1"), inner),
    ),
    max_leaves=8,
)


@st.composite
def _claims(draw: st.DrawFn) -> list[Claim]:
    about = draw(st.lists(st.sampled_from(list(DEFINITIONS.values())), unique_by=lambda each: each.id))
    return [claim(draw(_value(each)), attribute_id=each.id) for each in about]


def _value(about: AttributeDefinition) -> st.SearchStrategy[Value]:
    return _many if about.type is AttributeType.MULTI_ENUM else SCALARS[about.type]


_identities = st.lists(st.sampled_from([browser(), user(), account()]), unique=True)
_consents = st.dictionaries(
    st.sampled_from(PURPOSES),
    st.builds(
        Consent,
        state=st.sampled_from(ConsentState),
        at=_moments,
        text_version=st.integers(1, 2),
        source=st.just(ConsentSource.PERSON),
    ),
)
_questions = st.dictionaries(
    st.sampled_from(QUESTIONS),
    st.builds(
        lambda outcome, at: {"n": 1, "outcome": outcome, "at": at, "visit": 1},
        st.sampled_from(["answered", "skipped"]),
        _moments,
    ),
)


tallies = st.dictionaries(
    st.sampled_from(EVENTS),
    st.builds(
        lambda times, more: Tally(
            count=len(times) + more, first_at=min(times), times=tuple(sorted(times, reverse=True))
        ),
        st.lists(_moments, min_size=1, max_size=4),
        st.integers(0, 2),
    ),
)


@st.composite
def people(draw: st.DrawFn) -> list[Profile]:
    """Return some profiles, none of which shares an identity with another."""
    number = draw(st.integers(1, 6))
    return [
        profile(
            *draw(_claims()),
            id=f"prf_{index}",
            identities=[identity(_own(ref, index)) for ref in draw(_identities)],
            visit=draw(st.none() | st.builds(visit, started_at=_moments)),
            visits=draw(st.integers(0, 3)),
            logins=draw(st.integers(0, 3)),
            consents=draw(_consents),
            questions=draw(_questions),
            events=draw(tallies),
        )
        for index in range(number)
    ]


def _own(ref: IdentityRef, index: int) -> IdentityRef:
    return replace(ref, value=f"{ref.value}-{index}")


def attribute_id(key: str) -> AttributeId:
    return AttributeId(f"att_{key}")
