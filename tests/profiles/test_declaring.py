"""What else may be declared of an attribute: languages, patterns, precedence, freshness, who may write it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.access.model import NOBODY, Scope
from server.kit.errors import ForbiddenError, InvalidInputError
from server.profiles.catalogue import catalogue, check_spec, may_know, writable
from server.profiles.errors import InvalidValueError, UnknownAttributeError
from server.profiles.model import (
    AppAccess,
    AttributeType,
    Option,
    PersonAccess,
    SourceKind,
    SourceMatch,
)
from server.profiles.validating import checked_value
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer
from tests.factories.profiles import NOW, definition, spec

T = AttributeType
ADA = person_viewer("prf_ada")
READER, WRITER = app_viewer(Scope.PROFILES_READ), app_viewer(Scope.PROFILES_READ, Scope.PROFILES_WRITE)


def refused_field(**overrides: object) -> str:
    with pytest.raises(InvalidInputError) as raised:
        check_spec(spec(**overrides))  # type: ignore[arg-type] # overrides by name
    assert len(raised.value.message) < 300
    return raised.value.field


# Finding


def test_archived_attribute_is_found_by_id_alone() -> None:
    old, new = definition("role", id="att_1", archived_at=NOW), definition("role", id="att_2")

    known = catalogue([old, new])

    assert known.by_id[old.id] is old
    assert known.get("role") is new
    with pytest.raises(UnknownAttributeError):
        catalogue([old]).get("role")


def test_what_ships_is_found_under_its_own_name_however_it_is_called() -> None:
    renamed, taken = definition("mail", canonical="email"), definition("email")
    known = catalogue([renamed, taken])

    assert known.find("email") is renamed
    assert known.find("mail") is renamed
    assert known.get("email") is taken
    assert known.find("made_up") is None


# Who may know and write


@pytest.mark.parametrize("access", PersonAccess)
def test_person_knows_and_writes_what_is_theirs_to(access: PersonAccess) -> None:
    about = definition("role", person_access=access)
    known = catalogue([about])

    assert may_know(ADA, about) == (access is not PersonAccess.HIDDEN)
    if access is PersonAccess.READWRITE:
        assert writable(ADA, known, "role") is about
    else:
        error = UnknownAttributeError if access is PersonAccess.HIDDEN else ForbiddenError
        with pytest.raises(error):
            writable(ADA, known, "role")


@pytest.mark.parametrize("access", AppAccess)
def test_app_knows_and_writes_what_is_open_to_apps(access: AppAccess) -> None:
    about = definition("role", app_access=access)
    known = catalogue([about])

    assert may_know(READER, about) == (access is not AppAccess.NONE)
    if access is AppAccess.WRITE:
        assert writable(WRITER, known, "role") is about
    else:
        error = UnknownAttributeError if access is AppAccess.NONE else ForbiddenError
        with pytest.raises(error):
            writable(WRITER, known, "role")


def test_hidden_and_unknown_attributes_are_refused_with_the_same_words() -> None:
    known = catalogue([definition("risk", person_access=PersonAccess.HIDDEN)])

    messages = []
    for key in ("risk", "rusk"):
        with pytest.raises(UnknownAttributeError) as raised:
            writable(ADA, known, key)
        messages.append(raised.value.message.replace(key, "…"))

    assert messages[0] == messages[1]


def test_admin_knows_and_writes_everything() -> None:
    about = definition("role", person_access=PersonAccess.HIDDEN, app_access=AppAccess.NONE, archived_at=None)

    assert may_know(ADMIN, about)
    assert may_know(ADMIN, definition("old", archived_at=NOW))
    assert writable(ADMIN, catalogue([about]), "role") is about


def test_archived_attribute_is_known_to_admins_alone() -> None:
    about = definition("role", archived_at=NOW)

    assert not any(may_know(viewer, about) for viewer in (ADA, READER, WRITER, NOBODY, widget_viewer()))


# Texts in languages


@pytest.mark.parametrize(
    "texts",
    [
        {"EN": "Role"},
        {"en_GB": "Role"},
        {"xx": "Role"},
        {"": "Role"},
        {"en": ""},
        {"en": " "},
        {"en": "x" * 2_001},
        {"en": "a\0b"},
        {"en": "\ud800"},
    ],
    ids=lambda texts: repr(texts)[:30],
)
def test_text_in_a_language_has_a_known_tag_and_some_length(texts: dict[str, str]) -> None:
    assert refused_field(labels=texts) == "labels"
    assert refused_field(descriptions=texts) == "descriptions"
    assert refused_field(type=T.ENUM, options=(Option(value="a", label="A", labels=texts),)) == "options"


def test_texts_come_in_a_hundred_languages_at_most() -> None:
    check_spec(spec(labels={"en": "Role", "pt-BR": "Papel", "zh-Hant": "角色"}))

    assert refused_field(labels={f"en-{n:03}": "Role" for n in range(1_000)}) == "labels"


# Patterns


def test_pattern_matches_the_whole_text_and_its_hint_is_the_refusal() -> None:
    plain = definition("plate", pattern="[A-Z]{2}-[0-9]+")
    hinted = definition("plate", pattern="[A-Z]{2}-[0-9]+", pattern_hint="looks like AB-123")

    assert checked_value(plain, " AB-123 ") == "AB-123"
    with pytest.raises(InvalidValueError, match=r"^Plate must match the pattern \[A-Z\]"):
        checked_value(plain, "AB-123x")
    with pytest.raises(InvalidValueError, match=r"^Plate looks like AB-123\.$"):
        checked_value(hinted, "xAB-123")


def test_pattern_takes_no_longer_for_a_hostile_text() -> None:
    hostile = definition("a", pattern="(a+)+$", type=T.TEXT)

    with pytest.raises(InvalidValueError):
        checked_value(hostile, "a" * 9_999 + "!")


@pytest.mark.parametrize(
    "pattern", ["", "(", "a{2,1}", r"(a)\1", "(?=a)", "(?<!a)b", "((a{999}){999}){999}", "\ud800", "x" * 501]
)
def test_pattern_that_re2_does_not_take_is_refused(pattern: str) -> None:
    assert refused_field(pattern=pattern) == "pattern"


@pytest.mark.parametrize("type_", sorted(set(T) - {T.STRING, T.TEXT, T.ENUM, T.MULTI_ENUM}))
def test_only_texts_have_a_pattern(type_: AttributeType) -> None:
    assert refused_field(type=type_, pattern="a") == "pattern"


def test_hint_belongs_to_a_pattern_and_is_short() -> None:
    check_spec(spec(pattern="a", pattern_hint="is an a"))

    assert refused_field(pattern_hint="is an a") == "patternHint"
    assert refused_field(pattern="a", pattern_hint=" ") == "patternHint"
    assert refused_field(pattern="a", pattern_hint="x" * 201) == "patternHint"


# Precedence and freshness


def test_precedence_names_each_source_once_by_its_key() -> None:
    enricher = SourceMatch(kind=SourceKind.ENRICHER, key="email_domain")
    check_spec(spec(precedence=(enricher, SourceMatch(kind=SourceKind.ENRICHER))))

    assert refused_field(precedence=(enricher, enricher)) == "precedence"
    assert refused_field(precedence=(SourceMatch(kind=SourceKind.ENRICHER, key="A b"),)) == "precedence"
    many = tuple(SourceMatch(kind=SourceKind.ENRICHER, key=f"e{n}") for n in range(1_000))
    assert refused_field(precedence=many) == "precedence"


@pytest.mark.parametrize(
    "lasts", [timedelta(), timedelta(seconds=59), timedelta(days=-1), timedelta(days=40_000)]
)
def test_value_lasts_a_minute_at_least_and_a_century_at_most(lasts: timedelta) -> None:
    check_spec(spec(lasts=timedelta(minutes=1)))

    assert refused_field(lasts=lasts) == "lastsSeconds"


# Addresses


def test_address_keeps_the_parts_that_say_something_in_order() -> None:
    given = {"country": " united kingdom ", "locality": " London ", "region": "", "postal_code": None}

    assert checked_value(definition("home", T.ADDRESS), given) == {"locality": "London", "country": "GB"}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"locality": " "},
        {"planet": "Earth"},
        {1: "London"},
        {"locality": 1},
        {"locality": ["London"]},
        {"locality": "x" * 201},
        {"locality": "x" * 1_000_000},
        {"locality": "a\0b"},
        {"locality": "\ud800"},
        "London",
        ["London"],
        None,
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_address_is_refused(value: object) -> None:
    with pytest.raises(InvalidValueError) as raised:
        checked_value(definition("home", T.ADDRESS), value)

    assert len(raised.value.message) < 300
