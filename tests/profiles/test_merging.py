"""Two profiles of one person become one: nothing said is lost, nobody inherits another person's answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.consent.model import strictest
from server.profiles.merging import MAX_IDENTITIES, divided, folded, may_fold, why_apart
from server.profiles.model import PERSON, IdentityKind, IdentityRef, ProfileId
from tests.factories.profiles import APP, NOW, account, browser, claim, identity, profile, user, visit
from tests.profiles.strategies import profiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.profiles.model import AttributeId, Claim, Profile

HOUR = timedelta(hours=1)
EARLIER, LATER = NOW - HOUR, NOW + HOUR

known_profiles = profiles("prf_known")
anonymous_profiles = profiles("prf_anonymous", is_anonymous=True)
EMAIL = IdentityRef(kind=IdentityKind.EMAIL, value="ada@example.com")


def all_claims(*of: Profile) -> list[Claim]:
    return [claim for each in of for about in each.claims.values() for claim in about]


def test_browser_becomes_part_of_a_person() -> None:
    assert may_fold(profile(identities=[identity(account())]), profile(id="prf_2"))
    assert may_fold(
        profile(identities=[identity(account())]), profile(id="prf_2", identities=[identity(browser())])
    )


@pytest.mark.parametrize("ref", [user(), account(), EMAIL], ids=lambda ref: ref.kind)
def test_identified_profile_never_becomes_part_of_another(ref: IdentityRef) -> None:
    known = profile(identities=[identity(account("other"))])
    somebody = profile(id="prf_2", identities=[identity(browser()), identity(ref)])

    assert not may_fold(known, somebody)


def test_profile_is_not_folded_into_itself() -> None:
    assert not may_fold(profile(), profile())


def test_merged_profile_is_neither_folded_nor_folded_into() -> None:
    gone = profile(id="prf_2", merged_into="prf_3")

    assert not may_fold(profile(), gone)
    assert not may_fold(gone, profile())


def test_browser_that_is_to_be_kept_apart_is_not_folded() -> None:
    known = profile(identities=[identity(account())])

    assert not may_fold(replace(known, kept_apart=(ProfileId("prf_2"),)), profile(id="prf_2"))


def test_account_that_signs_in_with_ever_new_browsers_stops_growing() -> None:
    known = profile(identities=[identity(browser(str(n))) for n in range(MAX_IDENTITIES - 1)])

    assert may_fold(known, profile(id="prf_2", identities=[identity(browser())]))
    assert not may_fold(known, profile(id="prf_2", identities=[identity(browser()), identity(browser("b"))]))


@given(known_profiles, anonymous_profiles)
def test_each_source_keeps_its_later_claim_about_each_attribute(known: Profile, anonymous: Profile) -> None:
    merged = folded(known, anonymous)

    latest: dict[tuple[str, str], Claim] = {}
    for each in sorted(all_claims(known, anonymous), key=lambda each: (each.observed_at, each.id)):
        latest[each.attribute_id, each.source.slug] = each
    assert sorted(all_claims(merged), key=id) == sorted(latest.values(), key=id)
    assert all(each.attribute_id == about for about, each in _by_attribute(merged))


def _by_attribute(of: Profile) -> list[tuple[str, Claim]]:
    return [(about, claim) for about, claims in of.claims.items() for claim in claims]


@given(known_profiles, anonymous_profiles)
def test_fold_keeps_who_it_is_and_every_way_to_recognise_them(known: Profile, anonymous: Profile) -> None:
    merged = folded(known, anonymous)

    refs = {each.ref for each in (*known.identities, *anonymous.identities)}
    assert merged.id == known.id
    assert {each.ref for each in merged.identities} == refs
    assert len(merged.identities) == len(refs)
    assert merged.is_identified == known.is_identified
    assert merged.created_at == min(known.created_at, anonymous.created_at)


@given(known_profiles, anonymous_profiles)
def test_identity_of_both_was_seen_from_the_first_time_to_the_last(
    known: Profile, anonymous: Profile
) -> None:
    merged = folded(known, anonymous)

    for each in merged.identities:
        seen = [other for other in (*known.identities, *anonymous.identities) if other.ref == each.ref]
        assert each.first_seen_at == min(other.first_seen_at for other in seen)
        assert each.last_seen_at == max(other.last_seen_at for other in seen)


@given(known_profiles, anonymous_profiles)
def test_counters_add_up(known: Profile, anonymous: Profile) -> None:
    merged = folded(known, anonymous)

    assert merged.visits == known.visits + anonymous.visits
    assert merged.logins == known.logins + anonymous.logins


@given(known_profiles, anonymous_profiles)
def test_look_up_keeps_the_later_entry(known: Profile, anonymous: Profile) -> None:
    merged = folded(known, anonymous).enrichments

    assert merged.keys() == {**known.enrichments, **anonymous.enrichments}.keys()
    for key, entry in merged.items():
        entries = [side.enrichments[key] for side in (known, anonymous) if key in side.enrichments]
        assert entry in entries
        assert entry["at"] == max(each["at"] for each in entries)


@given(known_profiles, anonymous_profiles)
def test_question_keeps_its_later_outcome_and_every_ask_of_both(known: Profile, anonymous: Profile) -> None:
    merged = folded(known, anonymous).questions

    assert merged.keys() == {**known.questions, **anonymous.questions}.keys()
    for key, entry in merged.items():
        entries = [side.questions[key] for side in (known, anonymous) if key in side.questions]
        assert entry["at"] == max(each["at"] for each in entries)
        assert entry["n"] == sum(each["n"] for each in entries)
        assert len(entry.get("times", ())) == sum(len(each.get("times", ())) for each in entries)


@given(known_profiles, anonymous_profiles)
def test_split_gives_everybody_back_what_they_remembered(known: Profile, anonymous: Profile) -> None:
    stays, returns = divided(folded(known, anonymous), known, anonymous)

    assert (stays.questions, stays.enrichments) == (known.questions, known.enrichments)
    assert (returns.questions, returns.enrichments) == (anonymous.questions, anonymous.enrichments)


@given(known_profiles, anonymous_profiles, st.data())
def test_split_brings_back_nobody_and_nothing_that_was_taken_away_since(
    known: Profile, anonymous: Profile, data: st.DataObject
) -> None:
    merged = folded(known, anonymous)
    told = sorted({(about, each.source.slug) for about, each in _by_attribute(merged)})
    unlinked = data.draw(st.sets(st.sampled_from(merged.identities)) if merged.identities else st.just(set()))
    taken_back = data.draw(st.sets(st.sampled_from(told)) if told else st.just(set()))
    now = replace(
        merged,
        identities=tuple(each for each in merged.identities if each not in unlinked),
        claims=_without(merged, taken_back),
    )

    stays, returns = divided(now, known, anonymous)

    assert {each.ref for part in (stays, returns) for each in part.identities} == {
        each.ref for each in now.identities
    }
    for part, before in ((stays, known), (returns, anonymous)):
        assert _sorted(part.claims) == _sorted(_without(before, taken_back))


def _sorted(claims: Mapping[AttributeId, tuple[Claim, ...]]) -> dict[AttributeId, list[Claim]]:
    return {about: sorted(each, key=lambda claim: claim.id) for about, each in claims.items()}


def _without(of: Profile, taken_back: set[tuple[str, str]]) -> dict[AttributeId, tuple[Claim, ...]]:
    left = {
        about: tuple(each for each in claims if (about, each.source.slug) not in taken_back)
        for about, claims in of.claims.items()
    }
    return {about: claims for about, claims in left.items() if claims}


def test_split_from_who_took_both_in_leaves_them_as_old_as_they_are() -> None:
    holder = profile(id="prf_0", created_at=LATER - 3 * HOUR)
    kept, gone = profile(created_at=LATER - HOUR), profile(id="prf_2", created_at=LATER - 2 * HOUR)

    stays, _ = divided(folded(holder, folded(kept, gone)), kept, gone)

    assert stays.created_at == holder.created_at


@given(known_profiles, anonymous_profiles)
def test_of_two_consents_the_stricter_counts(known: Profile, anonymous: Profile) -> None:
    assert folded(known, anonymous).consents == strictest(known.consents, anonymous.consents)


@given(known_profiles)
def test_browser_that_said_nothing_changes_nothing(known: Profile) -> None:
    nothing = profile(id="prf_anonymous", created_at=LATER + 10 * HOUR)

    merged = folded(known, nothing)

    assert sorted(all_claims(merged), key=id) == sorted(all_claims(known), key=id)
    assert (merged.identities, merged.visit, merged.questions) == (
        known.identities,
        known.visit,
        known.questions,
    )


def test_visit_of_the_known_person_goes_on() -> None:
    known, anonymous = profile(visit=visit(3)), profile(id="prf_2", visit=visit(1))

    assert folded(known, anonymous).visit == known.visit
    assert folded(profile(), anonymous).visit == anonymous.visit


def test_of_two_statements_by_one_source_the_later_stays() -> None:
    old, new = claim("old", observed_at=EARLIER), claim("new", observed_at=LATER)
    other = claim("app", APP, observed_at=EARLIER)

    both_ways = [
        folded(profile(old, other), profile(new, id="prf_2")),
        folded(profile(new), profile(old, other, id="prf_2")),
    ]

    for merged in both_ways:
        assert {each.source: each.value for each in all_claims(merged)} == {PERSON: "new", APP: "app"}


def test_profiles_that_were_split_are_kept_apart_whichever_is_named_first() -> None:
    one, other = profile(), replace(profile(id="prf_2"), kept_apart=(ProfileId("prf_1"),))

    assert why_apart(one, profile(id="prf_2")) is None
    assert "kept apart" in str(why_apart(one, other))
    assert "kept apart" in str(why_apart(other, one))


def test_nobody_has_a_thousand_identities() -> None:
    half = [identity(browser(str(n))) for n in range(MAX_IDENTITIES // 2)]
    one, other = profile(identities=half), profile(id="prf_2", identities=half)

    assert why_apart(one, other) is None
    assert "more than 1000 identities" in str(why_apart(profile(identities=[*half, identity(user())]), other))
