"""Texts made once per revision and language say what texts made for every request would."""

from __future__ import annotations

from dataclasses import replace

from server.questions.model import Translation
from server.questions.wording import Prints, worded
from tests.factories.profiles import definition
from tests.factories.questions import content, question

ASKED = question(
    "a",
    prompt="Hello {name|there}",
    help="Read {name|it}",
    translations={"pt": Translation(prompt="Olá {name|aí}")},
)


def test_texts_kept_are_those_made_anew_for_every_person_and_language() -> None:
    prints, about, set_content = Prints(), definition("a"), content(ASKED)

    for locale in ("pt-BR", "en", None, "pt-BR", "x" * 999):
        for name in ("Ada", None):
            kept = worded(ASKED, about, set_content, locale, {"name": name}.get, prints=prints)
            anew = worded(ASKED, about, set_content, locale, {"name": name}.get)
            assert kept == anew


def test_texts_are_made_anew_when_question_set_or_attribute_change() -> None:
    prints, about = Prints(), definition("a")
    prints.of(ASKED, about, content(ASKED), None)
    revised = replace(ASKED, prompt="Well?")

    found = prints.of(revised, about, content(revised), None)

    assert found.prompt == "Well?"


def test_arm_brings_its_own_prompt_and_leaves_the_others_theirs() -> None:
    prints, about, set_content = Prints(), definition("a"), content(ASKED)

    arms = worded(ASKED, about, set_content, "en", lambda _: None, prints=prints, arm_prompt="Arm's")
    others = worded(ASKED, about, set_content, "en", lambda _: None, prints=prints)

    assert (arms.prompt, others.prompt) == ("Arm's", "Hello there")
