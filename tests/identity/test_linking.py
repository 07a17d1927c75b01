"""Whose is this? The rules against takeover, as laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from server.access.model import KeyId, SessionId
from server.identity.linking import email_refs, may_give_up, may_open, social_ref
from server.identity.model import ProvedIdentity, Session
from server.profiles.model import (
    AttributeId,
    Claim,
    ClaimId,
    Identity,
    IdentityKind,
    IdentityRef,
    Profile,
    ProfileId,
    Source,
    SourceKind,
    Value,
)

NOW = datetime(2026, 3, 14, tzinfo=UTC)
EMAIL = AttributeId("att_email")

_SESSION = Session(
    id=SessionId("ses_1"),
    profile_id=ProfileId("prf_1"),
    key_id=KeyId("key_1"),
    origin="https://shop.test",
    is_identified=False,
    created_at=NOW,
    last_seen_at=NOW,
    expires_at=NOW,
)
_PROFILE = Profile(
    id=ProfileId("prf_1"),
    created_at=NOW,
    updated_at=NOW,
    version=1,
    merged_into=None,
    identities=(),
    claims={},
    visit=None,
    visits=0,
    logins=0,
)


_VALUES: st.SearchStrategy[Value] = st.just("ada@acme.example") | st.integers() | st.booleans()


def _sessions() -> st.SearchStrategy[Session]:
    return st.booleans().map(lambda is_identified: replace(_SESSION, is_identified=is_identified))


@st.composite
def _profiles(draw: st.DrawFn) -> Profile:
    kinds = draw(st.lists(st.sampled_from(IdentityKind), max_size=3))
    return replace(
        _PROFILE,
        merged_into=draw(st.none() | st.just(ProfileId("prf_2"))),
        identities=tuple(
            Identity(ref=IdentityRef(kind=kind, value="x"), first_seen_at=NOW, last_seen_at=NOW)
            for kind in kinds
        ),
    )


@st.composite
def _claims(draw: st.DrawFn) -> Claim:
    return Claim(
        id=ClaimId("clm_1"),
        attribute_id=draw(st.sampled_from([EMAIL, AttributeId("att_name")])),
        value=draw(_VALUES),
        source=Source(kind=SourceKind.IDENTITY, key="idp"),
        confidence=1.0,
        is_verified=draw(st.booleans()),
        observed_at=NOW,
    )


@given(_sessions(), _profiles())
def test_session_that_began_without_a_sign_in_never_opens_somebodys_profile(
    session: Session, profile: Profile
) -> None:
    if may_open(session, profile):
        assert profile.merged_into is None
        assert session.is_identified or not profile.is_identified


@given(_sessions(), _profiles())
def test_nothing_is_given_up_by_a_browser_that_is_somebodys(session: Session, profile: Profile) -> None:
    if may_give_up(session, profile):
        assert not session.is_identified
        assert not profile.is_identified
        assert profile.merged_into is None


@given(st.lists(_claims()), st.none() | st.just(EMAIL))
def test_address_is_an_identity_only_where_somebody_vouches_for_it(
    claims: list[Claim], email: AttributeId | None
) -> None:
    for ref in email_refs(claims, email):
        assert ref.kind is IdentityKind.EMAIL
        assert any(
            claim.attribute_id == email and claim.is_verified and claim.value == ref.value for claim in claims
        )


@given(st.text(), st.text())
def test_two_subjects_of_one_issuer_are_two_identities(one: str, other: str) -> None:
    def key(subject: str) -> str:
        return social_ref(ProvedIdentity(issuer="https://idp.test", subject=subject, claims={})).key

    assert (key(one) == key(other)) == (one == other)
