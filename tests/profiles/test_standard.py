"""What ships: complete, mapped, and published as it is."""

from __future__ import annotations

import pytest

from server.profiles.catalogue import check_spec
from server.profiles.standard import FROM_OIDC, FROM_REGISTRY, STANDARD_ATTRIBUTES
from tests.test_architecture import ROOT

PAGE = (ROOT / "docs" / "attributes.md").read_text()
KEYS = {each.key for each in STANDARD_ATTRIBUTES}

# OpenID Connect Core 1.0, section 5.1.
OIDC_CLAIMS = {
    *("sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile"),
    *("picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale"),
    *("phone_number", "phone_number_verified", "address", "updated_at"),
}


def test_every_standard_claim_of_openid_connect_is_accounted_for() -> None:
    assert FROM_OIDC.keys() == OIDC_CLAIMS
    assert {key for key in FROM_OIDC.values() if not key.startswith("(")} <= KEYS


def test_every_key_of_the_registry_leads_to_an_attribute() -> None:
    assert set(FROM_REGISTRY.values()) <= KEYS


@pytest.mark.parametrize("each", STANDARD_ATTRIBUTES, ids=lambda each: each.key)
def test_what_ships_is_in_order_and_published(each: object) -> None:
    spec = next(one for one in STANDARD_ATTRIBUTES if one is each)
    check_spec(spec)

    lasts = "for ever" if spec.lasts is None else f"{spec.lasts.days} days"
    told = (spec.label, spec.type, spec.person_access, spec.personal_data, lasts)
    assert f"| `{spec.key}` | {' | '.join(told)} |" in PAGE


@pytest.mark.parametrize("mapping", [FROM_OIDC, FROM_REGISTRY], ids=["OIDC", "registry"])
def test_mapping_is_published(mapping: dict[str, str]) -> None:
    rows = [f"| `{name}` | {key if key.startswith('(') else f'`{key}`'} |" for name, key in mapping.items()]

    assert [row for row in rows if row not in PAGE] == []
