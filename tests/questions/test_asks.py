"""Ask ids say what was handed out, and to whom; nobody else can make or use one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from server.kit.signing import derived_key
from server.profiles.model import ProfileId
from server.questions.asks import AskFacts, ask_id, read_ask
from server.questions.errors import UnknownAskError
from server.questions.model import QuestionId

KEY = derived_key("a secret of at least thirty-two characters", "ask")
ADA, EVE = ProfileId("prf_ada"), ProfileId("prf_eve")
FACTS = AskFacts(
    question_id=QuestionId("qst_01kkntq1t8aaaaaaaaaaaaaaaa"), revision=3, handled=1, visit=2, placement="home"
)
GOOD = ask_id(KEY, ADA, FACTS)

counts = st.integers(0, 999_999_999)
facts = st.builds(
    AskFacts,
    question_id=st.from_regex(r"qst_[0-9a-hjkmnp-tv-z]{26}", fullmatch=True).map(QuestionId),
    revision=counts,
    handled=counts,
    visit=counts,
    placement=st.from_regex(r"[a-z][a-z0-9_-]{0,39}", fullmatch=True),
    language=st.sampled_from(["en", "pt-BR", "zh-Hant-TW"]),
    arm=st.from_regex(r"([a-z][a-z0-9_]{0,62})?", fullmatch=True),
    text_version=counts,
)
profile_ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).map(ProfileId)


def assert_unknown(text: str, *, key: bytes = KEY, profile_id: ProfileId = ADA) -> None:
    with pytest.raises(UnknownAskError, match="not one of yours"):
        read_ask([key], profile_id, text)


@given(profile_ids, facts)
def test_ask_is_read_as_it_was_made(profile_id: ProfileId, given_facts: AskFacts) -> None:
    assert read_ask([KEY], profile_id, ask_id(KEY, profile_id, given_facts)) == given_facts


@given(facts, facts)
def test_asks_of_different_facts_differ(one: AskFacts, other: AskFacts) -> None:
    assert (ask_id(KEY, ADA, one) == ask_id(KEY, ADA, other)) == (one == other)


@given(profile_ids, profile_ids, facts)
def test_ask_of_another_person_is_unknown(mine: ProfileId, theirs: ProfileId, given_facts: AskFacts) -> None:
    assume(mine != theirs)

    assert_unknown(ask_id(KEY, theirs, given_facts), profile_id=mine)


def test_ask_of_another_server_is_unknown() -> None:
    assert_unknown(ask_id(derived_key("another secret", "ask"), ADA, FACTS))


@pytest.mark.parametrize(
    "changed",
    [
        {"question_id": QuestionId("qst_01kkntq1t8bbbbbbbbbbbbbbbb")},
        {"revision": 4},
        {"handled": 0},
        {"visit": 3},
        {"placement": "checkout"},
        {"language": "de"},
        {"arm": "b"},
        {"text_version": 2},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_ask_with_another_fact_under_the_same_tag_is_unknown(changed: dict[str, object]) -> None:
    tag = GOOD.rpartition(".")[2]
    body = ask_id(KEY, ADA, replace(FACTS, **changed)).rpartition(".")[0]  # type: ignore[arg-type] # by name

    assert_unknown(f"{body}.{tag}")


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_ask_with_one_character_changed_is_unknown(place: int, character: str) -> None:
    assume(GOOD[place] != character)

    assert_unknown(GOOD[:place] + character + GOOD[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ask_",
        GOOD[:-1],
        GOOD + "A",
        GOOD + "\n",
        " " + GOOD,
        GOOD.upper(),
        GOOD.replace(".3.", ".03."),
        GOOD.replace(".3.", ".+3."),
        GOOD.replace(".3.", ".\N{ARABIC-INDIC DIGIT THREE}."),
        GOOD.replace(".3.", "." + "3" * 5_000 + "."),
        GOOD.replace(".3.", ".-3."),
        GOOD.replace("home", "Home"),
        GOOD.replace("home", "h" * 41),
        GOOD + "\0",
        "qst_01kkntq1t8aaaaaaaaaaaaaaaa",
        "ask_" + "x" * 1_000_000,
        "." * 100_000,
    ],
    ids=lambda text: text[:60].encode("unicode_escape").decode(),
)
def test_ask_in_another_spelling_is_unknown(text: str) -> None:
    assert_unknown(text)


@given(st.text(st.characters()))
@example("\ud800")
@example(GOOD.replace("home", "\ud800"))
def test_garbage_is_unknown(text: str) -> None:
    assume(text != GOOD)

    assert_unknown(text)
