"""Why a claim won, and what look-ups suggest against a person's word: derived from the claims alone."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from server.profiles.explaining import why
from server.profiles.model import PERSON, AttributeId, ReasonCode, Source, SourceKind, SourceMatch
from server.profiles.resolving import rank, resolve
from server.profiles.suggesting import dismissed_beside, fingerprint, suggestions
from tests.factories.profiles import APP, DEMO, LOOK_UP, NOW, claim, definition
from tests.profiles.strategies import claims_of_one_attribute

if TYPE_CHECKING:
    from server.profiles.model import Claim, Reason, ResolvedAttribute

OTHER = Source(kind=SourceKind.ENRICHER, key="other")


def resolved(*claims: Claim, precedence: tuple[SourceMatch, ...] = ()) -> ResolvedAttribute:
    found = resolve(definition(precedence=precedence), claims, NOW)
    assert found is not None
    return found


def reason(*claims: Claim, precedence: tuple[SourceMatch, ...] = ()) -> Reason:
    return why(resolved(*claims, precedence=precedence))


def test_only_claim_is_told_to_be_that() -> None:
    found = reason(claim(source=LOOK_UP))

    assert found.code is ReasonCode.ONLY_CLAIM
    assert found.text == "Only a look-up (email_domain) says something about this."


def test_usual_order_is_told() -> None:
    found = reason(claim(source=DEMO, is_verified=True), claim(source=LOOK_UP), claim(source=PERSON))

    assert found.code is ReasonCode.PRECEDENCE
    assert found.text == (
        "What the person says comes before what a verified sign-in (demo) says,"
        " by the usual order of sources."
    )


def test_order_of_the_attribute_is_told() -> None:
    found = reason(
        claim(source=PERSON), claim(source=LOOK_UP), precedence=(SourceMatch(kind=SourceKind.ENRICHER),)
    )

    assert found.code is ReasonCode.PRECEDENCE
    assert found.text.endswith("says comes before what the person says, for this attribute.")


def test_surer_source_is_told() -> None:
    found = reason(claim(source=LOOK_UP, confidence=0.9), claim(source=OTHER, confidence=0.25))

    assert found.code is ReasonCode.CONFIDENCE
    assert found.text == "A look-up (email_domain) is surer (0.9) than a look-up (other) (0.25)."


def test_later_observation_is_told() -> None:
    found = reason(claim(source=LOOK_UP), claim(source=OTHER, observed_at=NOW - timedelta(days=1)))

    assert found.code is ReasonCode.RECENCY


def test_tie_is_told() -> None:
    assert reason(claim(source=LOOK_UP), claim(source=OTHER)).code is ReasonCode.NAME


@given(claims_of_one_attribute)
def test_reason_is_what_the_rank_decided_by(claims: list[Claim]) -> None:
    found = resolve(definition(), claims, NOW)

    if found is not None and len(found.claims) > 1:
        one, other = (rank(each) for each in found.claims[:2])
        first = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
        codes = [ReasonCode.PRECEDENCE, ReasonCode.CONFIDENCE, ReasonCode.RECENCY, ReasonCode.NAME]
        assert why(found).code is codes[first]
        assert all(rank(a) < rank(b) for a, b in pairwise(found.claims))


def test_look_up_against_the_persons_word_is_a_suggestion() -> None:
    against, same = claim("Countess", LOOK_UP), claim("Engineer", OTHER)

    assert suggestions(resolved(claim("Engineer", PERSON), against, same), ()) == (against,)


def test_look_up_where_the_person_said_nothing_is_the_value() -> None:
    assert suggestions(resolved(claim("Engineer", APP), claim("Countess", LOOK_UP)), ()) == ()


def test_what_apps_and_sign_ins_say_is_no_suggestion() -> None:
    found = resolved(claim("Engineer", PERSON), claim("Countess", APP), claim("Lady", DEMO))

    assert suggestions(found, ()) == ()


def test_dismissal_holds_while_the_source_says_the_same() -> None:
    said = claim("Countess", LOOK_UP)
    again, new = claim("Countess", LOOK_UP, observed_at=NOW), claim("Baroness", LOOK_UP)
    dismissed = {fingerprint(said)}

    assert suggestions(resolved(claim("Engineer", PERSON), again), dismissed) == ()
    assert suggestions(resolved(claim("Engineer", PERSON), new), dismissed) == (new,)
    assert suggestions(resolved(claim("Engineer", PERSON), claim("Countess", OTHER)), dismissed) != ()


@given(claims_of_one_attribute, st.randoms(use_true_random=False))
def test_order_of_arrival_suggests_nothing_else(claims: list[Claim], chance: object) -> None:
    shuffled = claims.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis's Random
    one, other = (resolve(definition(), each, NOW) for each in (claims, shuffled))

    assert (one and suggestions(one, ())) == (other and suggestions(other, ()))


def test_dismissals_about_other_attributes_are_kept() -> None:
    other = claim(source=LOOK_UP, attribute_id="att_a_b")
    dismissals = {fingerprint(each): NOW for each in (claim(source=LOOK_UP), other)}

    assert dismissed_beside(dismissals, {AttributeId("att_job_title")}) == {fingerprint(other): NOW}
