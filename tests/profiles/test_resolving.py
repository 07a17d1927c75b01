"""Which claim wins, whatever the order in which claims arrive."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.profiles.model import PERSON, Source, SourceKind, SourceMatch
from server.profiles.resolving import resolve, resolve_all
from tests.factories.profiles import APP, DEMO, LOOK_UP, NOW, claim, definition
from tests.profiles.strategies import claims_of_one_attribute, held_claims

if TYPE_CHECKING:
    from server.profiles.model import AttributeId, Claim, ResolvedAttribute

HOUR = timedelta(hours=1)
ADMIN_SAYS = Source(kind=SourceKind.ADMIN)
IMPORT = Source(kind=SourceKind.IMPORT)
HOOK = Source(kind=SourceKind.HOOK, key="crm")
OTHER_LOOK_UP = Source(kind=SourceKind.ENRICHER, key="another")
DERIVED = Source(kind=SourceKind.DERIVED)


def resolved(*claims: Claim) -> ResolvedAttribute | None:
    return resolve(definition(), claims, NOW)


def winner(*claims: Claim) -> Claim:
    found = resolved(*claims)
    assert found is not None
    return found.winner


@given(claims_of_one_attribute, st.randoms(use_true_random=False))
def test_order_of_arrival_never_matters(claims: list[Claim], chance: object) -> None:
    shuffled = claims.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis's Random

    assert resolved(*claims) == resolved(*shuffled)


@given(claims_of_one_attribute)
def test_live_claims_and_no_others_are_listed_best_first(claims: list[Claim]) -> None:
    found = resolved(*claims)

    live = {each.id for each in claims if each.expires_at is None or each.expires_at > NOW}
    assert {each.id for each in (found.claims if found else ())} == live
    if found is not None:
        assert found.winner is found.claims[0]
        assert found.value == found.winner.value
        assert all(winner(worse, better) is better for better, worse in pairwise(found.claims))


@given(claims_of_one_attribute)
def test_losing_claim_changes_nothing_by_leaving(claims: list[Claim]) -> None:
    found = resolved(*claims)

    for loser in found.claims[1:] if found else ():
        assert winner(*(each for each in claims if each is not loser)) is found.winner  # type: ignore[union-attr] # found


TIERS = [
    [claim(source=PERSON)],
    [claim(source=DEMO, is_verified=True)],
    [claim(source=APP), claim(source=ADMIN_SAYS), claim(source=IMPORT)],
    [claim(source=HOOK)],
    [claim(source=DEMO)],
    [claim(source=LOOK_UP)],
    [claim(source=DERIVED)],
]


@pytest.mark.parametrize(
    ("better", "worse"),
    [(better, worse) for above, below in pairwise(TIERS) for better in above for worse in below],
    ids=lambda each: f"{each.source.slug}{'' if not each.is_verified else '-verified'}",
)
def test_source_wins_over_the_next_whatever_its_confidence_and_age(better: Claim, worse: Claim) -> None:
    weak_and_old = claim(
        "right",
        better.source,
        is_verified=better.is_verified,
        confidence=0.01,
        observed_at=NOW - 1000 * HOUR,
    )
    sure_and_new = claim(
        "wrong", worse.source, is_verified=worse.is_verified, confidence=1.0, observed_at=NOW
    )

    assert winner(sure_and_new, weak_and_old).value == "right"


def test_every_kind_of_source_has_a_tier() -> None:
    for kind in SourceKind:
        assert winner(claim(source=Source(kind=kind, key="x"))).source.kind is kind


def test_attribute_may_put_sources_before_all_others() -> None:
    own = definition(
        precedence=(
            SourceMatch(kind=SourceKind.ENRICHER, key="email_domain"),
            SourceMatch(kind=SourceKind.IDENTITY, is_verified=False),
        )
    )
    said, looked_up, unproved = claim(source=PERSON), claim(source=LOOK_UP), claim(source=DEMO)
    proved, other = claim(source=DEMO, is_verified=True), claim(source=OTHER_LOOK_UP)

    found = resolve(own, [other, proved, unproved, looked_up, said], NOW)

    assert found is not None
    assert found.claims == (looked_up, unproved, said, proved, other)
    assert resolve_all({own.id: (said, looked_up)}, {own.id: own}).values == {own.id: looked_up.value}


def test_verified_says_nothing_of_other_sources() -> None:
    assert winner(claim(source=APP), claim(source=LOOK_UP, is_verified=True)).source == APP


def test_within_a_tier_the_higher_confidence_wins() -> None:
    sure, newer = claim("sure", ADMIN_SAYS, confidence=0.9), claim("new", APP, observed_at=NOW + HOUR)

    assert winner(claim("unsure", APP, confidence=0.8), sure) is sure
    assert winner(sure, newer) is newer


def test_of_equal_confidence_the_later_observation_wins() -> None:
    earlier = claim("earlier", ADMIN_SAYS, observed_at=NOW - timedelta(milliseconds=1))
    later = claim("later", APP, observed_at=NOW)

    assert winner(earlier, later) is later


def test_of_the_same_moment_the_name_of_the_source_decides() -> None:
    a, b = (claim(source=Source(kind=SourceKind.ENRICHER, key=key)) for key in "ab")

    assert winner(b, a) is a


def test_expired_claim_gives_way() -> None:
    over = claim("over", PERSON, expires_at=NOW)
    about_to = claim("about to", PERSON, expires_at=NOW + timedelta(milliseconds=1))

    assert winner(over, claim("look-up", LOOK_UP)).value == "look-up"
    assert winner(about_to, claim("look-up", LOOK_UP)).value == "about to"


def test_nothing_is_known_without_a_live_claim() -> None:
    assert resolved() is None
    assert resolved(claim(expires_at=NOW), claim(source=APP, expires_at=NOW - HOUR)) is None


@given(held_claims)
def test_all_at_once_is_each_by_itself(held: list[Claim]) -> None:
    lasting = [claim(each.value, each.source, attribute_id=each.attribute_id) for each in held]
    by_attribute: dict[AttributeId, tuple[Claim, ...]] = {}
    for each in lasting:
        by_attribute[each.attribute_id] = (*by_attribute.get(each.attribute_id, ()), each)

    together = resolve_all(by_attribute)

    assert together.ranks.keys() == {each.id for each in lasting}
    assert together.values == {key: winner(*about).value for key, about in by_attribute.items()}


def test_attribute_that_lost_its_last_claim_has_no_value() -> None:
    assert resolve_all({claim().attribute_id: ()}).values == {}
