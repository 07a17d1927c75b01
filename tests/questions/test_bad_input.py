"""What authors and people get wrong: refused with a sentence, or kept as it was meant."""

from __future__ import annotations

import pytest

from server.kit.errors import InvalidInputError
from server.profiles.model import AttributeType
from server.questions.errors import InvalidAnswerError, UnpublishableError
from server.questions.model import (
    EVERY_REASK,
    Branch,
    Choice,
    Outcome,
    QuestionKind,
    RatingStyle,
    Translation,
)
from server.questions.publishing import check_publishable
from server.questions.reading import read_answer
from server.questions.wording import chain, filled, worded
from server.questions.writing import check_content
from tests.factories.profiles import definition, options
from tests.factories.questions import content, question

ALWAYS = {"identified": True}
RATING = question("mood", QuestionKind.RATING, scale=5, rating_style=RatingStyle.EMOJI)
RANKING = question("rank", QuestionKind.RANKING, options=(Choice(value="a"), Choice(value="b")))


@pytest.mark.parametrize(
    ("branches", "words"),
    [
        ({"a": "b", "b": "a"}, "a → b → a"),
        ({"a": "a"}, "a → a"),
        ({"c": "a"}, "a → b → c → a"),
        ({"a": "nowhere"}, "'nowhere', which is no question"),
    ],
)
def test_loop_is_not_published_and_its_path_is_named(branches: dict[str, str], words: str) -> None:
    asked = [
        question(key, branches=(Branch(to=branches[key], when=ALWAYS),) if key in branches else ())
        for key in "abc"
    ]

    with pytest.raises(UnpublishableError, match=words):
        check_publishable(content(*asked), {f"att_{key}": definition(key) for key in "abc"})  # type: ignore[misc] # ids


def test_stranded_question_is_not_published_and_the_way_past_it_is_named() -> None:
    asked = [question("a", branches=(Branch(to="c"),)), question("b"), question("c")]

    with pytest.raises(UnpublishableError, match="Nothing leads to 'b': a → c"):
        check_publishable(content(*asked), {f"att_{key}": definition(key) for key in "abc"})  # type: ignore[misc] # ids


@pytest.mark.parametrize("value", [0, 6, -1, 5.5, "5", True, None, [5]])
def test_emoji_rating_outside_its_scale_is_refused(value: object) -> None:
    with pytest.raises(InvalidAnswerError, match="from 1 to 5"):
        read_answer(RATING, definition("mood", AttributeType.INTEGER), value)


@pytest.mark.parametrize(
    "value", [["a"], ["a", "a"], ["a", "c"], "ab", [["a"], ["b"]], ["a", "b", "a"], None]
)
def test_ranking_takes_every_option_once(value: object) -> None:
    about = definition("rank", AttributeType.MULTI_ENUM, options=options("a", "b"))

    assert read_answer(RANKING, about, ["b", "a"]).value == ["b", "a"]
    with pytest.raises(InvalidAnswerError):
        read_answer(RANKING, about, value)


def test_option_stands_once_and_two_hundred_are_the_most() -> None:
    many = tuple(Choice(value=f"v{n}") for n in range(201))
    check_content(content(question("a", options=many[:200])))

    for given in (many, (*many[:2], many[0])):
        with pytest.raises(InvalidInputError):
            check_content(content(question("a", options=given)))


def test_text_from_right_to_left_and_combining_marks_stay_as_they_are() -> None:
    prompt = "\u0645\u0627 \u0627\u0633\u0645\u0643\u061f e\u0301"
    asked = question("a", prompt="?", translations={"ar": Translation(prompt=prompt)})

    found = worded(asked, definition("a"), content(asked), "ar-EG", lambda _: None)

    check_content(content(asked))
    assert (found.prompt, found.language) == (prompt, "ar")


def test_missing_translation_never_hides_a_question() -> None:
    hello = Translation(prompt="Ol\u00e1 {name|a\u00ed}")
    asked = question("a", prompt="Hello {name|there}", translations={"pt": hello})

    found = {
        locale: worded(asked, definition("a"), content(asked), locale, lambda _: None).prompt
        for locale in ("pt-BR", "pt_br", "de", "en-GB", None, "not a tag", "x" * 999)
    }

    assert found["pt-BR"] == found["pt_br"] == "Ol\u00e1 a\u00ed"
    assert {found[each] for each in ("de", "en-GB", None, "not a tag", "x" * 999)} == {"Hello there"}
    assert chain("zh-Hant-TW", "en") == ["zh-hant-tw", "zh-hant", "zh", "en"]


def test_piped_value_is_never_read_as_a_text_to_fill() -> None:
    assert filled("Hi {name|there}!", {"name": "{email|x}"}.get) == "Hi {email|x}!"


def test_hidden_value_is_not_piped_and_a_fallback_is_needed() -> None:
    for prompt in ("Hi {secret|there}", "Hi {a}"):
        with pytest.raises(UnpublishableError, match="shows"):
            check_publishable(content(question("a", prompt=prompt)), {"att_a": definition("a")})  # type: ignore[dict-item] # an id


def test_every_outcome_has_a_rule() -> None:
    assert EVERY_REASK.keys() == set(Outcome)
