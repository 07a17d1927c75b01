"""A filter sees no value that may not be shown: what gating says of one profile, MongoDB says of all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.consent.model import Basis, OnWithdrawal, Purpose, PurposeId, Purposes, PurposeText
from server.profiles.catalogue import catalogue
from server.profiles.conditions import holds, subject_of
from server.profiles.documents import replacement
from server.profiles.filters import mongo_filter
from server.profiles.resolving import resolve_all
from server.profiles.withholding import withheld_by
from tests.factories.profiles import NOW
from tests.profiles.condition_strategies import DEFINITIONS, PURPOSES, conditions, people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.kit.mongo import Database
    from server.profiles.catalogue import Catalogue
    from server.profiles.conditions import Condition
    from server.profiles.model import AttributeId, Profile, Value


def _purpose(key: str, basis: Basis, least_version: int) -> Purpose:
    texts = tuple(PurposeText(version=version, text="May we?", at=NOW) for version in (1, 2))
    return Purpose(
        id=PurposeId(f"pur_{key}"),
        key=key,
        name=key,
        description="",
        basis=basis,
        on_withdrawal=OnWithdrawal.HIDE,
        texts=texts,
        least_version=least_version,
        revision=1,
        created_at=NOW,
    )


purposes = st.builds(
    lambda made: Purposes(by_key={each.key: each for each in made}),
    st.tuples(
        *(st.builds(_purpose, st.just(key), st.sampled_from(Basis), st.integers(1, 2)) for key in PURPOSES)
    ),
)
# One that nobody defined forbids for everybody.
keys = st.none() | st.sampled_from([*PURPOSES, "unknown"])


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(people(), st.lists(conditions, min_size=1, max_size=6), purposes, st.data())
async def test_filter_takes_what_may_not_be_used_as_missing(
    database: Database, about: list[Profile], asked: list[Condition], purposes: Purposes, data: st.DataObject
) -> None:
    known = catalogue([replace(each, purpose=data.draw(keys)) for each in DEFINITIONS.values()])
    resting = [_resting(each, data) for each in about]
    collection = database["profiles"]
    await collection.delete_many({})
    await collection.insert_many([replacement(each, resolve_all(each.claims), [], NOW) for each in resting])

    found = [
        {
            each["_id"]
            async for each in collection.find(mongo_filter(condition, NOW, withheld_by(known, purposes)))
        }
        for condition in asked
    ]

    subjects = {
        each.id: subject_of(
            each,
            _usable_values(
                each,
                resolve_all(each.claims).values,
                {key: claim.consent for key, (claim,) in each.claims.items() if claim.consent is not None},
                known,
                purposes,
            ),
        )
        for each in resting
    }
    assert found == [
        {key for key, subject in subjects.items() if holds(condition, subject, NOW)} for condition in asked
    ]


def _usable_values(
    profile: Profile,
    values: Mapping[AttributeId, Value],
    rests_on: Mapping[AttributeId, str],
    catalogue: Catalogue,
    purposes: Purposes,
) -> dict[AttributeId, Value]:
    """Return what `withheld_by` says in MongoDB, of one profile."""
    return {
        key: value
        for key, value in values.items()
        if purposes.allow(catalogue.by_id[key].purpose, profile.consents)
        and purposes.allow(rests_on.get(key), profile.consents)
    }


def _resting(about: Profile, data: st.DataObject) -> Profile:
    """Return the profile with claims that rest on consents."""
    claims = {
        key: tuple(replace(claim, consent=data.draw(keys)) for claim in claims)
        for key, claims in about.claims.items()
    }
    return replace(about, claims=claims)
