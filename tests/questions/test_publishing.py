"""What an author may write, and what may go before people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from server.kit.errors import InvalidInputError
from server.profiles.model import AttributeType, ConfirmPolicy, PersonAccess
from server.questions.errors import UnpublishableError
from server.questions.model import Choice, QuestionKind
from server.questions.publishing import check_publishable
from server.questions.writing import check_content, check_key, check_placement
from tests.factories.profiles import definition, options
from tests.factories.questions import content, question

if TYPE_CHECKING:
    from server.profiles.model import AttributeDefinition
    from server.questions.model import SetContent

K, T = QuestionKind, AttributeType
TEXTS = {T.STRING, T.TEXT, T.EMAIL, T.URL, T.PHONE, T.COUNTRY, T.LANGUAGE, T.TIME_ZONE}
FITTING = {
    K.TEXT: TEXTS,
    K.LONG_TEXT: {T.STRING, T.TEXT},
    K.NUMBER: {T.INTEGER, T.NUMBER},
    K.RATING: {T.INTEGER, T.NUMBER},
    K.NPS: {T.INTEGER, T.NUMBER},
    K.BOOLEAN: {T.BOOLEAN},
    K.DATE: {T.DATE},
    K.SINGLE_CHOICE: {T.ENUM, T.STRING},
    K.MULTI_CHOICE: {T.MULTI_ENUM},
    K.PICTURE_CHOICE: {T.ENUM, T.STRING},
    K.RANKING: {T.MULTI_ENUM},
    K.EMAIL: {T.EMAIL},
    K.PHONE: {T.PHONE},
    K.URL: {T.URL},
    K.COUNTRY: {T.COUNTRY},
    K.ADDRESS: {T.ADDRESS},
    K.CONFIRM: set(T),
}
EVERY_PAIR = [(kind, type_) for kind in FITTING for type_ in T]


def refused_field(given: SetContent) -> str:
    with pytest.raises(InvalidInputError) as raised:
        check_content(given)
    assert len(raised.value.message) < 300
    return raised.value.field


def unpublishable(given: SetContent, *definitions: AttributeDefinition) -> UnpublishableError:
    with pytest.raises(UnpublishableError) as raised:
        check_publishable(given, {each.id: each for each in definitions})
    return raised.value


# What may be written


def test_draft_may_be_empty_and_ask_for_anything() -> None:
    check_content(content())
    check_content(content(question("a"), question("b", attribute_id="att_a"), question("c", K.DATE)))


@pytest.mark.parametrize(
    "key", ["", "A", "1", "a-b", "a.b", "$a", "a b", "a\n", "\u00e9", "a" * 64, "\ud800"]
)
def test_key_is_snake_case(key: str) -> None:
    with pytest.raises(InvalidInputError, match="is no key"):
        check_key(key)
    assert refused_field(content(question(key))) == "key"


def test_refusal_of_a_key_names_the_beginning_of_it() -> None:
    with pytest.raises(InvalidInputError) as raised:
        check_key("X" * 1_000_000)

    assert len(raised.value.message) < 200


@pytest.mark.parametrize(
    "placement", ["", "Home", "1home", "_x", "a b", "a.b", "h\u00f6me", "a" * 41, "home\n"]
)
def test_placement_is_a_small_word(placement: str) -> None:
    with pytest.raises(InvalidInputError, match="is no placement") as raised:
        check_placement(placement)

    assert raised.value.field == "placement"
    assert refused_field(content(placements=(placement,))) == "placement"


@pytest.mark.parametrize("placement", ["home", "check-out", "page_2", "a" * 40])
def test_placement_of_letters_digits_and_dashes_is_taken(placement: str) -> None:
    check_content(content(placements=(placement,)))


def test_set_appears_somewhere_and_not_everywhere() -> None:
    assert refused_field(content(placements=())) == "placements"
    assert refused_field(content(placements=tuple(f"p{n}" for n in range(21)))) == "placements"


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "x" + " " * 1_000_000])
def test_name_is_short_and_not_blank(name: str) -> None:
    assert refused_field(content(name=name)) == "name"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (content(priority=-1_001), "priority"),
        (content(priority=1_001), "priority"),
        (content(per_visit=0), "perVisit"),
        (content(per_visit=-1), "perVisit"),
        (content(per_visit=21), "perVisit"),
        (content(from_login=-1), "fromLogin"),
        (content(after_event=""), "afterEvent"),
        (content(after_event="a" * 101), "afterEvent"),
        (content(from_login=1_001), "fromLogin"),
        (content(from_visit=-1), "fromVisit"),
        (content(from_visit=2**63), "fromVisit"),
    ],
)
def test_number_out_of_bounds_is_refused(given: SetContent, field: str) -> None:
    assert refused_field(given) == field


def test_numbers_at_their_bounds_are_taken() -> None:
    check_content(content(priority=-1_000, per_visit=1))
    check_content(content(priority=1_000, per_visit=20, from_login=1_000, from_visit=1_000))


@pytest.mark.parametrize("prompt", ["", "\n", "x" * 501, "x" + "\n" * 1_000_000])
def test_prompt_is_one_sentence(prompt: str) -> None:
    assert refused_field(content(question(prompt=prompt))) == "prompt"


def test_help_and_placeholder_are_short_or_absent() -> None:
    check_content(content(question(help="x" * 500, placeholder="x" * 200)))
    check_content(content(question(help=None, placeholder=None)))

    assert refused_field(content(question(help="x" * 501))) == "help"
    assert refused_field(content(question(placeholder="x" * 201))) == "placeholder"
    assert refused_field(content(question(help="x" + " " * 1_000_000))) == "help"


def test_each_question_of_a_set_has_its_own_key() -> None:
    assert refused_field(content(question("a"), question("a", attribute_id="att_b"))) == "questions"


def test_set_has_at_most_a_hundred_questions() -> None:
    hundred = [question(f"q{n}") for n in range(100)]
    check_content(content(*hundred))

    assert refused_field(content(*hundred, question("one_more"))) == "questions"


# What may be published


@pytest.mark.parametrize(("kind", "type_"), EVERY_PAIR, ids=[f"{kind}-{type_}" for kind, type_ in EVERY_PAIR])
def test_kind_of_question_fits_the_type_of_its_attribute(kind: QuestionKind, type_: AttributeType) -> None:
    choices = options("a", "b") if type_ in {T.ENUM, T.MULTI_ENUM} else ()
    own = (Choice(value="a"),) if kind in {K.SINGLE_CHOICE, K.PICTURE_CHOICE} else ()
    asked = content(question("role", kind, options=own))
    about = replace(definition("role", type_, options=choices), confirm=ConfirmPolicy.ALWAYS)

    if type_ in FITTING[kind]:
        check_publishable(asked, {about.id: about})
    else:
        error = unpublishable(asked, about)
        assert error.question_key == "role"
        assert f"of kind {kind} can't fill 'role', which is of type {type_}" in error.message


def test_every_type_but_moments_can_be_asked_for() -> None:
    asked_for = {type_ for kind, types in FITTING.items() for type_ in types if kind is not K.CONFIRM}

    assert set(T) - asked_for == {T.DATETIME}


def test_set_without_a_question_is_not_published() -> None:
    error = unpublishable(content())

    assert error.question_key is None
    assert "has no question" in error.message


def test_attribute_that_does_not_exist_is_not_asked_for() -> None:
    error = unpublishable(content(question("a"), question("b")), definition("a"))

    assert error.question_key == "b"
    assert "does not exist" in error.message


@pytest.mark.parametrize("access", [PersonAccess.HIDDEN, PersonAccess.READONLY])
def test_what_people_may_not_write_is_not_asked_for(access: PersonAccess) -> None:
    error = unpublishable(content(question("role")), definition("role", person_access=access))

    assert error.question_key == "role"
    assert "people may not write" in error.message


def test_two_questions_do_not_ask_for_the_same() -> None:
    twice = content(question("a"), question("b", attribute_id="att_a"))

    error = unpublishable(twice, definition("a"))

    assert error.question_key == "b"
    assert "'a' and 'b' ask for the same attribute" in error.message


def test_first_fault_is_told() -> None:
    given = content(question("a"), question("b"), question("c"))
    about = definition("a")

    assert unpublishable(given, about, definition("c", T.DATE)).question_key == "b"
    assert unpublishable(given, replace(about, type=T.DATE)).question_key == "a"
