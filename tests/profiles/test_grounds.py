"""What claims rest on, read without making claims of documents, is what the claims say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from server.profiles.documents import grounds_of, model, replacement
from server.profiles.model import AttributeId
from server.profiles.resolving import resolve_all
from tests.factories.profiles import NOW
from tests.profiles.strategies import profiles

if TYPE_CHECKING:
    from server.profiles.model import Profile


@given(profiles("prf_1"))
def test_grounds_of_a_document_are_those_of_its_claims(profile: Profile) -> None:
    stored = model(replacement(profile, resolve_all(profile.claims, {}), (), NOW))

    for attribute_id in (*profile.claims, AttributeId("att_unknown")):
        found = grounds_of(stored, attribute_id)

        assert sorted(found, key=repr) == sorted(grounds_of(profile, attribute_id), key=repr)
