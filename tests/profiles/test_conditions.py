"""What conditions mean: two interpreters, in memory and in MongoDB, that say the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.profiles import conditions as language
from server.profiles.catalogue import Catalogue, NamedCondition, catalogue
from server.profiles.condition_forms import condition_form, read_condition
from server.profiles.conditions import (
    AttributeIs,
    DateIs,
    Operator,
    QuestionIs,
    SeenWithin,
    holds,
    subject_of,
)
from server.profiles.documents import replacement
from server.profiles.errors import InvalidConditionError, UnknownAttributeError
from server.profiles.filters import begins_with, mongo_filter
from server.profiles.resolving import resolve_all
from tests.factories.profiles import NOW, browser, claim, identity, profile, user, visit
from tests.profiles.condition_strategies import DEFINITIONS, attribute_id, conditions, people

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from server.profiles.conditions import Condition
    from server.profiles.model import Profile

LATEST = datetime.max.replace(tzinfo=NOW.tzinfo)


def _holds(condition: Condition, about: Profile, now: datetime = NOW) -> bool:
    return holds(condition, subject_of(about, resolve_all(about.claims).values), now)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(people(), st.lists(conditions, min_size=1, max_size=8))
async def test_filter_finds_exactly_those_of_whom_the_condition_holds(
    database: Database, about: list[Profile], asked: list[Condition]
) -> None:
    collection = database["profiles"]
    await collection.delete_many({})
    await collection.insert_many([replacement(each, resolve_all(each.claims), [], NOW) for each in about])

    found = [
        {each["_id"] async for each in collection.find(mongo_filter(condition, NOW), {"_id": 1})}
        for condition in asked
    ]

    assert found == [{each.id for each in about if _holds(condition, each)} for condition in asked]


@given(people(), conditions)
def test_not_turns_every_condition_round(about: list[Profile], condition: Condition) -> None:
    assert all(_holds(language.Not(condition), each) is not _holds(condition, each) for each in about)


@given(conditions)
def test_condition_survives_being_stored(condition: Condition) -> None:
    about = profile()
    form = condition_form(_with_ids(condition))

    again = read_condition(form, catalogue(DEFINITIONS.values()))

    assert condition_form(again) == form
    assert _holds(again, about) is _holds(_with_ids(condition), about)


def _with_ids(condition: Condition) -> Condition:  # noqa: PLR0911 - one line a kind
    """Return the condition with well-formed ids and bounds: what the API would have let in."""
    match condition:
        case language.All(inner):
            return language.All(tuple(map(_with_ids, inner)))
        case language.Any(inner):
            return language.Any(tuple(map(_with_ids, inner)))
        case language.Not(inner):
            return language.Not(_with_ids(inner))
        case language.AudienceIs(_, inner):
            return _with_ids(inner)
        case QuestionIs(_, outcomes, window):
            return QuestionIs("qst_" + "0" * 26, outcomes, window)
        case language.CountIs(counter, None, None):
            return language.CountIs(counter, 1)
        case language.EventIs(name, None, None, window):
            return language.EventIs(name, 1, None, window)
        case _:
            return condition


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_range_of_a_beginning_holds_what_begins_so_and_nothing_else(beginning: str, other: str) -> None:
    bounds = begins_with(beginning)

    inside = {text: _within(text, bounds) for text in (beginning, beginning + other, other)}

    assert inside == {text: text.startswith(beginning) for text in inside}


def _within(text: str, bounds: dict[str, str]) -> bool:
    """As MongoDB compares texts: by their UTF-8."""
    least, beyond = bounds["$gte"].encode(), bounds.get("$lt")
    return least <= text.encode() and (beyond is None or text.encode() < beyond.encode())


@pytest.mark.parametrize("operator", sorted(set(Operator) - {Operator.MISSING}))
def test_without_a_value_nothing_compares_unless_the_condition_says_so(operator: Operator) -> None:
    about = profile()
    operands = () if operator is Operator.EXISTS else ("a",)

    assert not _holds(AttributeIs(attribute_id("text"), operator, operands), about)
    if operator is not Operator.EXISTS:
        assert _holds(AttributeIs(attribute_id("text"), operator, operands, if_missing=True), about)


@pytest.mark.parametrize(
    ("days", "operators"),
    [
        (-30, {Operator.BEFORE_LAST}),
        (-8, {Operator.BEFORE_LAST}),
        (-7, {Operator.WITHIN_LAST}),
        (0, {Operator.WITHIN_LAST, Operator.WITHIN_NEXT}),
        (7, {Operator.WITHIN_NEXT}),
        (8, {Operator.AFTER_NEXT}),
    ],
)
def test_window_takes_in_the_day_at_its_end(days: int, operators: set[Operator]) -> None:
    day = (NOW + timedelta(days=days)).date().isoformat()
    about = profile(claim(day, attribute_id="att_day"))

    true_of = {
        each
        for each in language.WINDOWS
        if _holds(DateIs(attribute_id("day"), each, timedelta(days=7)), about)
    }

    assert true_of == operators


def test_window_of_a_moment_is_exact_to_the_millisecond() -> None:
    condition = DateIs(attribute_id("moment"), Operator.WITHIN_LAST, timedelta(hours=1), is_moment=True)
    spelled = ["2026-03-14T08:26:52.999Z", "2026-03-14T08:26:53.000Z", "2026-03-14T09:26:53.000Z"]

    about = [profile(claim(each, attribute_id="att_moment")) for each in spelled]

    assert [_holds(condition, each) for each in about] == [False, True, True]


@pytest.mark.parametrize("operator", sorted(language.WINDOWS))
def test_window_ends_with_the_calendar(operator: Operator) -> None:
    about = profile(claim("2026-03-14", attribute_id="att_day"))
    condition = DateIs(attribute_id("day"), operator, timedelta(days=36_500))

    assert isinstance(_holds(condition, about, LATEST), bool)
    assert isinstance(_holds(condition, about, datetime(1, 1, 2, tzinfo=NOW.tzinfo)), bool)


def test_last_seen_counts_from_the_last_sign_of_the_person() -> None:
    seen = profile(visit=visit(started_at=NOW - timedelta(days=8), quiet=timedelta(days=1)))

    assert _holds(SeenWithin(timedelta(days=7)), seen)
    assert not _holds(SeenWithin(timedelta(days=6)), seen)
    assert not _holds(SeenWithin(timedelta(days=7)), profile())


def test_browser_alone_identifies_nobody() -> None:
    anonymous, known = profile(identities=[identity(browser())]), profile(identities=[identity(user())])

    assert _holds(language.Identified(is_identified=False), anonymous)
    assert _holds(language.Identified(is_identified=True), known)


# Bad input


def _about(**inner: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever somebody may send
    return {"attribute": {"key": "text", "operator": "equals", **inner}}


_DEEP: dict[str, Any] = {"identified": True}
for _ in range(1_000):
    _DEEP = {"not": _DEEP}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "exactly one member"),
        ({"identified": True, "not": {"identified": True}}, "exactly one member"),
        ({"wish": 1}, "There is no condition 'wish'"),
        (_DEEP, "at most 10 deep"),
        ({"all": [{"identified": True}] * 200}, "at most 200 parts"),
        (_about(operator="equals", values=[]), "EQUALS on 'text' takes one value"),
        (_about(operator="equals", values=["a", "b"]), "EQUALS on 'text' takes one value"),
        (_about(operator="in", values=["a"] * 501), "IN on 'text' takes 1 to 500 values"),
        (_about(operator="in"), "IN on 'text' takes 1 to 500 values"),
        (_about(operator="exists", values=["a"]), "EXISTS on 'text' takes no value"),
        (_about(operator="less_than", values=["a"]), "LESS_THAN does not suit 'text' of type string"),
        (_about(operator="sounds_like", values=["a"]), "There is no operator 'sounds_like'"),
        (_about(operator="equals", values=[1]), "Text must be a text"),
        (_about(operator="equals", values=["\0"]), "contains characters that are not text"),
        (_about(operator="starts_with", values=["\0"]), "takes a text of 1 to 200 characters"),
        (_about(operator="starts_with", values=["\ud800"]), "takes a text of 1 to 200 characters"),
        (_about(operator="starts_with", values=["a" * 201]), "takes a text of 1 to 200 characters"),
        (_about(operator="starts_with", values=[["a"]]), "takes a text of 1 to 200 characters"),
        (_about(key="count", operator="at_least", values=[2**63]), "whole numbers reach up to"),
        (_about(key="count", operator="at_least", values=["1"]), "Count must be a number"),
        (_about(key="day", operator="at_least", values=["soon"]), "Day must be a date"),
        (_about(key="day", operator="within_last"), "takes `within` and no value"),
        (
            _about(key="day", operator="within_last", values=["2026-01-01"], within=60),
            "takes `within` and no value",
        ),
        (_about(key="day", operator="within_last", within=0), "longer than nothing"),
        (_about(key="day", operator="within_last", within=1e12), "at most a hundred years"),
        (_about(key="day", operator="equals", values=["2026-01-01"], within=60), "takes one value"),
        (_about(key="choice", operator="equals", values=["z"]), "Choice must be one of a, b, c"),
        (_about(key="many", operator="contains_any", values=[["a"]]), "Many must be one of a, b, c"),
        ({"login": {}}, "A count needs"),
        ({"visit": {"within": -1}}, "longer than nothing"),
        ({"question": {"id": "qst_1.outcome", "outcomes": ["answered"]}}, "begins with `qst_`"),
        ({"question": {"id": "qst_" + "0" * 26, "outcomes": []}}, "has 1 to 500 entries"),
        ({"consent": {"purpose": "a.b", "states": ["granted"]}}, "key of a purpose"),
        ({"consent": {"purpose": "$where", "states": ["granted"]}}, "key of a purpose"),
        ({"consent": {"purpose": "a\0", "states": ["granted"]}}, "key of a purpose"),
        ({"consent": {"purpose": "marketing", "states": []}}, "has 1 to 500 entries"),
        ({"audience": "nobody"}, "There is no audience 'nobody'"),
        ({"event": {"name": ""}}, "The name of an event has 1 to 100 characters"),
        ({"event": {"name": "a" * 101}}, "The name of an event has 1 to 100 characters"),
        ({"event": {"name": "a\ud800"}}, "The name of an event has 1 to 100 characters"),
        ({"event": {"name": "a", "at_least": -1}}, "is counted up to 1,000,000 times"),
        ({"event": {"name": "a", "at_most": 10_000_000}}, "is counted up to 1,000,000 times"),
        ({"event": {"name": "a", "at_least": 20, "within": 60}}, "within a window up to 19 times"),
        ({"event": {"name": "a", "within": 0}}, "longer than nothing"),
    ],
)
def test_condition_that_makes_no_sense_is_refused_with_one_sentence(
    form: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidConditionError) as refused:
        read_condition(form, catalogue(DEFINITIONS.values()))

    assert message in refused.value.message
    assert len(refused.value.message) < 300


def _named(key: str, form: dict[str, Any], *, is_archived: bool = False) -> NamedCondition:
    return NamedCondition(id=f"aud_{key}", key=key, form=form, is_archived=is_archived)


def _about_audiences(*named: NamedCondition) -> Catalogue:
    return catalogue(DEFINITIONS.values(), {each.id: each for each in named})


def test_audience_is_its_condition_whatever_depth_it_is_named_at() -> None:
    known = _about_audiences(
        _named("buyers", {"login": {"at_least": 2}}),
        _named("fans", {"not": {"audience": {"id": "aud_buyers"}}}),
    )

    by_key = read_condition({"any": [{"audience": "fans"}]}, known)
    again = read_condition(condition_form(by_key), known)

    assert again == by_key
    assert condition_form(by_key) == {"any": [{"audience": {"id": "aud_fans"}}]}
    assert [_holds(by_key, profile(logins=logins)) for logins in (1, 2)] == [True, False]


def test_audience_is_not_made_of_itself() -> None:
    known = _about_audiences(
        _named("buyers", {"all": [{"audience": {"id": "aud_fans"}}]}),
        _named("fans", {"not": {"audience": {"id": "aud_regulars"}}}),
        _named("regulars", {"audience": {"id": "aud_fans"}}),
    )

    with pytest.raises(InvalidConditionError, match="made of itself: fans → regulars → fans"):
        read_condition({"audience": "buyers"}, known)


def test_archived_audience_is_named_by_nothing_new_and_goes_on_where_it_was() -> None:
    known = _about_audiences(_named("buyers", {"identified": True}, is_archived=True))

    with pytest.raises(InvalidConditionError, match="The audience 'buyers' was archived"):
        read_condition({"audience": "buyers"}, known)
    assert _holds(
        read_condition({"audience": {"id": "aud_buyers"}}, known), profile(identities=[identity(user())])
    )


def test_audiences_count_among_the_parts_of_what_names_them() -> None:
    known = _about_audiences(_named("many", {"all": [{"identified": True}] * 150}))

    with pytest.raises(InvalidConditionError, match="those of the audiences that it names included"):
        read_condition({"any": [{"audience": "many"}, {"audience": "many"}]}, known)


def test_undeclared_attribute_is_unknown() -> None:
    with pytest.raises(UnknownAttributeError):
        read_condition(_about(key="nope", values=["a"]), catalogue(DEFINITIONS.values()))
