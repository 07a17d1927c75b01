"""Claims and profiles of every kind, for laws."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from server.consent.model import Consent, ConsentSource, ConsentState
from server.profiles.model import Identity, Profile, Source, SourceKind
from tests.factories.profiles import NOW, account, browser, claim, identity, profile, user, visit

if TYPE_CHECKING:
    from server.profiles.model import Claim

ATTRIBUTES = ("att_a", "att_b", "att_c")

# Few, so that claims meet, and around NOW, so that some are expired.
moments = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))

sources = st.one_of(
    st.sampled_from(
        [Source(kind=kind) for kind in sorted(set(SourceKind) - {SourceKind.IDENTITY, SourceKind.ENRICHER})]
    ),
    st.builds(
        lambda kind, key: Source(kind=kind, key=key),
        st.sampled_from([SourceKind.IDENTITY, SourceKind.ENRICHER]),
        st.sampled_from(["a", "b"]),
    ),
)

# Texts that MongoDB would read as paths or operators if they were not kept apart from statements.
values = st.one_of(
    st.sampled_from(["$outbox", "$$ROOT", "$", "", "a.b", "{}", "\u00e9", "null"]),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(st.sampled_from(["$a", "b", "c"]), max_size=3),
)

claims = st.builds(
    claim,
    values,
    sources,
    id=st.uuids().map("clm_{}".format),
    attribute_id=st.sampled_from(ATTRIBUTES),
    confidence=st.sampled_from([0, 0.1, 0.5, 0.9, 1, 1.0]),
    is_verified=st.booleans(),
    observed_at=moments,
    expires_at=st.none() | moments,
)


def _place(each: Claim) -> tuple[str, str]:
    return each.attribute_id, each.source.slug


# As a profile holds them: one of each source about each attribute.
held_claims = st.lists(claims, max_size=10, unique_by=_place)
claims_of_one_attribute = st.lists(claims, max_size=6, unique_by=lambda each: each.source.slug)

_entries = st.dictionaries(
    st.sampled_from(["x", "y", "z"]),
    st.builds(
        lambda at, n: {"at": at, "n": n, "times": [{"n": n, "at": at, "visit": 1}]},
        moments,
        st.integers(1, 3),
    ),
    max_size=3,
)
_consents = st.dictionaries(
    st.sampled_from(["marketing", "analytics"]),
    st.builds(
        Consent,
        state=st.sampled_from(ConsentState),
        at=moments,
        text_version=st.integers(1, 2),
        source=st.sampled_from(ConsentSource),
    ),
    max_size=2,
)


def _identities(*refs: Any) -> st.SearchStrategy[list[Identity]]:  # noqa: ANN401 - references, by their factories
    return st.lists(
        st.builds(identity, st.sampled_from(refs), first_seen_at=moments, last_seen_at=moments),
        max_size=3,
        unique_by=lambda each: each.ref.key,
    )


def profiles(profile_id: str, *, is_anonymous: bool = False) -> st.SearchStrategy[Profile]:
    """Return profiles of this id; their parts share keys with those of other profiles."""
    browsers = [browser(), browser("browser-2")]
    refs = browsers if is_anonymous else [*browsers, user(), account()]
    return st.builds(
        lambda held, **given: profile(*held, id=profile_id, **given),
        held_claims,
        identities=_identities(*refs),
        created_at=moments,
        visit=st.none() | st.builds(visit, st.integers(1, 3), id=st.just("vis_1")),
        visits=st.integers(0, 3),
        logins=st.integers(0, 3),
        consents=_consents,
        questions=_entries,
        enrichments=_entries,
    )
