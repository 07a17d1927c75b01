"""Which claims are written when, what is taken back, and what a person keeps to themself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.identity.accounts.store import AccountStore
from server.identity.accounts.syncing import MAX_CLAIMS_BYTES, MAX_WITHHELD, bounded, synced, together
from server.identity.claims import claim_at, without
from server.identity.model import ClaimRule, Handover, ProvedIdentity, SyncMode
from server.profiles.model import PERSON, IdentityKind, IdentityRef, ProfileUpdate
from tests.identity.hostile_provider import SETTINGS
from tests.sign_in_world import CHALLENGE, ORIGIN, PAGE, sign_in_world

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from server.profiles.model import Profile
    from tests.fakes import FakeClock
    from tests.sign_in_world import World

_ISSUER = "https://idp.test"
_ADA = IdentityRef(kind=IdentityKind.SOCIAL, issuer=_ISSUER, value="ada")
_RULES = tuple(
    ClaimRule(claim=mode.value, attribute=mode.value, scope=mode.value, sync=mode) for mode in SyncMode
)
_CLAIMS = st.dictionaries(
    st.sampled_from([mode.value for mode in SyncMode] + ["else"]), st.text(), max_size=4
)
_NAMES = st.frozensets(st.sampled_from([mode.value for mode in SyncMode]))


async def _sign_in(
    world: World,
    *,
    withheld: tuple[str, ...] = (),
    scopes: frozenset[str] | None = None,
    **claims: Any,  # noqa: ANN401
) -> Profile:
    world.clock.advance(timedelta(seconds=1))
    proved = ProvedIdentity(issuer=_ISSUER, subject="ada", claims=claims, scopes=scopes)
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    await world.identity.complete_sign_in("idp", proved, handover, withheld=withheld)
    found = await world.profiles.find_by_identity(_ADA)
    assert found is not None
    return found


@given(claims=_CLAIMS, withheld=_NAMES, known=_NAMES, is_first=st.booleans())
def test_what_is_withheld_is_neither_kept_nor_written(
    claims: dict[str, str], withheld: frozenset[str], known: frozenset[str], *, is_first: bool
) -> None:
    proved = ProvedIdentity(issuer=_ISSUER, subject="ada", claims=claims)

    result = synced(proved, _RULES, withheld=withheld, known=known, is_first=is_first)

    assert not withheld & result.kept.keys()
    assert not withheld & {each.key for each in result.values}
    assert withheld <= result.ended
    assert not result.ended & {each.key for each in result.values}


@given(first=st.integers(0, 150), end=st.integers(0, 300), used=_NAMES, count=st.integers(0, MAX_WITHHELD))
def test_what_is_withheld_grows_up_to_a_bound_and_has_room_for_all_that_is_used(
    first: int, end: int, used: frozenset[str], count: int
) -> None:
    before = [f"c{number}" for number in range(count)]
    more = [*(f"c{number}" for number in range(first, end)), *used]

    after = set(together(before, more, _RULES))

    assert {*before, *used} <= after <= {*before, *more}
    assert len(after) <= MAX_WITHHELD + len(used)
    assert after == {*before, *more} or len(after) >= MAX_WITHHELD


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("is_known", [True, False])
def test_mode_decides_when_a_value_is_written(*, is_first: bool, is_known: bool) -> None:
    claims = {mode.value: "x" for mode in SyncMode}
    known = frozenset(claims) if is_known else frozenset[str]()
    proved = ProvedIdentity(issuer=_ISSUER, subject="ada", claims=claims)

    written = synced(proved, _RULES, withheld=frozenset(), known=known, is_first=is_first).values

    assert {each.key for each in written} == {
        "force",
        *(["import"] if is_first else []),
        *(["missing"] if not is_known else []),
    }


def test_claim_that_is_no_longer_sent_ends_in_force_mode_alone() -> None:
    proved = ProvedIdentity(issuer=_ISSUER, subject="ada", claims={})

    result = synced(proved, _RULES, withheld=frozenset(), known=frozenset(), is_first=False)

    assert result.ended == {"force"}


def test_address_that_is_withheld_takes_its_flag_along() -> None:
    claims = {"email": "ada@acme.example", "email_verified": True, "picture": {"data": {"url": "u"}}}

    assert without(claims, frozenset({"email", "picture.data.url"})) == {}


def test_claim_is_found_by_its_name_before_its_path() -> None:
    claims = {"https://acme.example/team": "a", "a.b": 1, "a": {"b": 2, "c": {"d": 3}}}

    assert claim_at(claims, "https://acme.example/team") == "a"
    assert claim_at(claims, "a.b") == 1
    assert claim_at(claims, "a.c.d") == 3
    assert claim_at(claims, "a.c.d.e") is None


def test_raw_claims_are_kept_up_to_a_bound() -> None:
    small, large = {"force": "x", "else": "y"}, {"force": "x", "else": "y" * MAX_CLAIMS_BYTES}

    assert bounded(small, _RULES) == small
    assert bounded(large, _RULES) == {"force": "x"}
    assert bounded({"force": "x" * MAX_CLAIMS_BYTES}, _RULES) == {}


async def test_what_comes_with_a_sign_in_only_ever_adds_to_what_is_withheld(world: World) -> None:
    first = await _sign_in(world, name="Ada", nickname="ada", withheld=("nickname",))
    second = await _sign_in(world, name="Ada", nickname="ada")
    third = await _sign_in(world, name="Ada", nickname="ada", withheld=("name",))
    fourth = await _sign_in(world, name="Ada", nickname="ada")

    assert await world.values(first) == await world.values(second) == {"name": "Ada"}
    assert await world.values(third) == await world.values(fourth) == {}


async def test_sign_in_that_did_not_see_what_was_withheld_meanwhile_gives_none_of_it_free(
    world: World,
) -> None:
    await _sign_in(world, name="Ada")
    accounts = AccountStore(world.database)
    seen = await accounts.find(_ADA)
    assert seen is not None
    person = await _sign_in(world, name="Ada", withheld=("name",))

    await accounts.put(_ADA, seen, person.id)

    kept = await accounts.find(_ADA)
    assert kept is not None
    assert kept.withheld == ("name",)


async def test_withheld_address_recognises_nobody_and_is_stored_nowhere(world: World) -> None:
    profile = await _sign_in(world, withheld=("email",), email="ada@acme.example", email_verified=True)

    assert {each.ref.kind for each in profile.identities} == {IdentityKind.SOCIAL}
    for name in await world.database.list_collection_names():
        assert "acme.example" not in str([each async for each in world.database[name].find()])


async def test_declined_scope_takes_back_what_it_brought(world: World) -> None:
    await _sign_in(world, name="Ada", email="ada@acme.example", email_verified=True)

    profile = await _sign_in(world, name="Ada", scopes=frozenset({"openid", "email"}))

    assert "name" not in await world.values(profile)


async def test_taking_back_a_claim_leaves_what_the_person_said(world: World) -> None:
    profile = await _sign_in(world, name="Ada")
    said = await world.profiles.claims({"name": "Countess"}, PERSON)
    await world.profiles.write(profile.id, ProfileUpdate(claims=said))

    assert await world.values(await _sign_in(world)) == {"name": "Countess"}


async def test_raw_claims_are_kept_with_the_account(world: World) -> None:
    odd: dict[str, Any] = {"a.b": 1, "$x": [{"": None}]}
    profile = await _sign_in(world, name="Ada", **odd)

    kept = await world.database["accounts"].find_one({})
    assert kept is not None
    assert kept["profile_ids"] == [profile.id]
    assert kept["provider"] == "idp"
    assert '"$x": [{"": null}]' in kept["claims"]


async def test_admin_chooses_what_is_asked_for(database: Database, clock: FakeClock) -> None:
    settings = replace(SETTINGS, requested=("name",), sync={"name": "import"})
    async with sign_in_world(database, [settings], clock=clock) as world:
        await _sign_in(world, name="Ada", nickname="ada", company="Engines")

        profile = await _sign_in(world, name="Countess")

        assert await world.values(profile) == {"name": "Ada"}
