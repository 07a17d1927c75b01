"""Accounts that join a person and leave them: two proofs, nothing moved, nothing joined by an address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.identity.errors import (
    IdentityInUseError,
    LastIdentityError,
    LinkCodeError,
    RecentSignInError,
    SignInCodeError,
)
from server.identity.model import RECENT, Handover, ProvedIdentity, SignInCode
from server.kit.errors import ForbiddenError, NotFoundError
from server.profiles.model import IdentityKind, IdentityRef, ProfileUpdate
from server.profiles.store import ProfileStore
from server.profiles.uniting import Uniting
from tests.identity.hostile_provider import ISSUER
from tests.sign_in_world import ADMIN, CHALLENGE, ORIGIN, PAGE, VERIFIER, fragment_of, parameters_of

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.identity.model import StartedVisit
    from tests.identity.hostile_provider import HostileProvider
    from tests.sign_in_world import Browser, World

_OTHER = "https://other.test"


async def _sign_in(world: World, subject: str, issuer: str = _OTHER, **claims: Any) -> StartedVisit:  # noqa: ANN401
    proved = ProvedIdentity(issuer=issuer, subject=subject, claims=claims)
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    return await world.arrive(await world.identity.complete_sign_in("idp", proved, handover))


async def _link_code(browser: Browser, provider: HostileProvider, **changed: str) -> str:
    """Let the provider's Ada prove herself to link, and return what the page gets."""
    asked = parameters_of((await browser.start("idp", intent="link", **changed)).headers["location"])
    provider.nonce = asked["nonce"]
    answer = await browser.come_back("idp", state=asked["state"], code="a-code", iss=ISSUER)
    return fragment_of(answer.headers["location"])["acquaint_link"]


async def _link(world: World, viewer: Viewer, code: str, verifier: str = VERIFIER) -> StartedVisit:
    return await world.identity.joining.link(viewer, SignInCode(code=code, verifier=verifier))


def _ref(subject: str, issuer: str = ISSUER) -> IdentityRef:
    return IdentityRef(kind=IdentityKind.SOCIAL, issuer=issuer, value=subject)


def _ada() -> IdentityRef:
    return _ref("ada")


# Linking


async def test_account_joins_who_is_signed_in_and_nobody_is_made(
    world: World, provider: HostileProvider
) -> None:
    person = await _sign_in(world, "bob")

    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))

    assert linked.profile.id == person.profile.id
    assert _ada() in {each.ref for each in linked.profile.identities}
    assert (await world.values(linked.profile))["name"] == "Ada"
    assert await world.database["profiles"].count_documents({}) == 1


async def test_linking_ends_every_session_and_begins_one(world: World, provider: HostileProvider) -> None:
    elsewhere, person = await _sign_in(world, "bob"), await _sign_in(world, "bob")

    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))

    for dead in (elsewhere, person):
        assert (await world.visit(dead.resume_token)).profile.id != person.profile.id
    assert (await world.visit(linked.resume_token)).profile.id == person.profile.id


async def test_linking_only_ever_adds_to_what_is_withheld(world: World, provider: HostileProvider) -> None:
    person = await _sign_in(world, "bob")
    for withhold in ("name", "email", ""):
        code = await _link_code(world.browser(), provider, withhold=withhold)
        person = await _link(world, person.viewer, code)

    assert await world.values(person.profile) == {}


async def test_account_of_somebody_else_is_never_moved(world: World, provider: HostileProvider) -> None:
    owner = await _sign_in(world, "ada", ISSUER)
    person = await _sign_in(world, "bob")

    with pytest.raises(IdentityInUseError):
        await _link(world, person.viewer, await _link_code(world.browser(), provider))

    found = await world.profiles.find_by_identity(_ada())
    assert found is not None
    assert found.id == owner.profile.id


async def test_one_address_vouched_for_to_both_and_a_sign_in_to_both_make_one_person(
    world: World, provider: HostileProvider
) -> None:
    owner = await _sign_in(world, "ada", ISSUER, email="ada@acme.example", email_verified=True)
    person = await _sign_in(world, "bob", email="ada@acme.example", email_verified=True)
    assert await world.identity.joining.pending(person.viewer) == ["ada@acme.example"]

    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))

    assert {each.ref.issuer for each in linked.profile.identities} == {ISSUER, _OTHER, None}
    assert linked.profile.id in {owner.profile.id, person.profile.id}
    assert await world.identity.joining.pending(linked.viewer) == []


@pytest.mark.parametrize("flag", [False, "true", None])
async def test_address_nobody_vouches_for_joins_nobody_though_both_were_signed_in_to(
    world: World, provider: HostileProvider, flag: object
) -> None:
    await _sign_in(world, "ada", ISSUER, email="ada@acme.example", email_verified=True)
    attacker = await _sign_in(world, "mallory", email="ada@acme.example", email_verified=flag)

    assert await world.identity.joining.pending(attacker.viewer) == []
    with pytest.raises(IdentityInUseError):
        await _link(world, attacker.viewer, await _link_code(world.browser(), provider))


async def test_link_of_an_attacker_ties_no_victims_account_to_them(
    world: World, provider: HostileProvider
) -> None:
    attacker = await _sign_in(world, "mallory")
    code = await _link_code(
        world.browser(), provider
    )  # the victim's browser, led to a link of the attacker's

    for verifier in ("", "a-guess", CHALLENGE):
        with pytest.raises(LinkCodeError):
            await _link(world, attacker.viewer, code, verifier)

    assert await world.profiles.find_by_identity(_ada()) is None


async def test_code_that_links_signs_nobody_in(world: World, provider: HostileProvider) -> None:
    code = await _link_code(world.browser(), provider)

    with pytest.raises(SignInCodeError):
        await world.arrive(code)


async def test_code_that_signs_in_links_nothing(world: World) -> None:
    person = await _sign_in(world, "bob")
    handover = Handover(key_id=world.key.id, origin=ORIGIN, return_to=PAGE, challenge=CHALLENGE)
    proved = ProvedIdentity(issuer=ISSUER, subject="ada", claims={})
    code = await world.identity.complete_sign_in("idp", proved, handover)

    with pytest.raises(LinkCodeError):
        await _link(world, person.viewer, code)


async def test_code_links_once_and_for_a_minute(world: World, provider: HostileProvider) -> None:
    person = await _sign_in(world, "bob")
    code = await _link_code(world.browser(), provider)
    linked = await _link(world, person.viewer, code)
    with pytest.raises(LinkCodeError):
        await _link(world, linked.viewer, code)

    late = await _link_code(world.browser(), provider)
    world.clock.advance(timedelta(seconds=61))
    with pytest.raises(LinkCodeError):
        await _link(world, linked.viewer, late)


async def test_what_a_code_holds_cannot_be_read_in_the_database(
    world: World, provider: HostileProvider
) -> None:
    await _link_code(world.browser(), provider)

    held = await world.database["sign_in_codes"].find_one({})
    assert held is not None
    assert "acme.example" not in str(held)
    assert "ada" not in str(held["link"])


async def test_stranger_links_nothing(world: World, provider: HostileProvider) -> None:
    stranger = await world.visit()

    with pytest.raises(ForbiddenError):
        await _link(world, stranger.viewer, await _link_code(world.browser(), provider))


async def test_old_sign_in_is_not_enough(world: World, provider: HostileProvider) -> None:
    person = await _sign_in(world, "bob")
    world.clock.advance(RECENT + timedelta(seconds=1))

    with pytest.raises(RecentSignInError):
        await _link(world, person.viewer, await _link_code(world.browser(), provider))
    with pytest.raises(RecentSignInError):
        await world.identity.joining.unlink(person.viewer, _ada())


async def test_token_of_a_session_that_has_ended_links_nothing(
    world: World, provider: HostileProvider
) -> None:
    person = await _sign_in(world, "bob")
    await world.identity.sessions.end_all(person.viewer)

    with pytest.raises(ForbiddenError):
        await _link(world, person.viewer, await _link_code(world.browser(), provider))


async def test_account_made_in_advance_for_a_victims_address_gets_nothing_of_theirs(world: World) -> None:
    """Pre-hijacking: the attacker is there first, with the victim's address, and waits."""
    attacker = await _sign_in(world, "mallory", email="ada@acme.example", email_verified=False)

    victim = await _sign_in(world, "ada", ISSUER, email="ada@acme.example", email_verified=True)

    assert victim.profile.id != attacker.profile.id
    assert (await world.visit(attacker.resume_token)).profile.id == attacker.profile.id
    owner = await world.profiles.find_by_identity(
        IdentityRef(kind=IdentityKind.EMAIL, value="ada@acme.example")
    )
    assert owner is not None
    assert owner.id == victim.profile.id


# Unlinking


async def test_account_leaves_with_what_it_claimed(world: World, provider: HostileProvider) -> None:
    person = await _sign_in(world, "bob")
    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))

    left = await world.identity.joining.unlink(linked.viewer, _ada())

    assert {each.ref.value for each in left.identities} == {"bob"}
    assert await world.values(left) == {}
    assert await world.database["accounts"].count_documents({}) == 1
    assert await world.profiles.find_by_identity(_ada()) is None


@pytest.mark.parametrize("issuer", [ISSUER, _OTHER])
@pytest.mark.parametrize(
    ("given_up", "left_over"),
    [("bob", {"name": "Ada", "company_name": "Engines"}), ("ada", {"nickname": "bob"})],
)
async def test_of_two_accounts_at_one_provider_each_leaves_with_what_it_said_itself(
    world: World, provider: HostileProvider, issuer: str, given_up: str, left_over: dict[str, str]
) -> None:
    person = await _sign_in(world, "bob", issuer, name="Bob", nickname="bob")
    provider.claims = {"name": "Ada", "company": "Engines"}
    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))
    assert await world.values(linked.profile) == {"name": "Ada", "nickname": "bob", "company_name": "Engines"}

    left = await world.identity.joining.unlink(
        linked.viewer, _ada() if given_up == "ada" else _ref("bob", issuer)
    )

    assert await world.values(left) == left_over


@pytest.mark.parametrize("issuer", [ISSUER, _OTHER])
async def test_address_of_one_account_stays_when_another_at_its_provider_leaves(
    world: World, provider: HostileProvider, issuer: str
) -> None:
    person = await _sign_in(world, "bob", issuer, email="bob@acme.example", email_verified=True)
    provider.claims = {}
    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))

    left = await world.identity.joining.unlink(linked.viewer, _ada())

    assert await world.values(left) == {"email": "bob@acme.example"}
    assert {each.ref.value for each in left.identities} == {"bob", "bob@acme.example"}


@pytest.mark.parametrize("has_another", [True, False])
async def test_claim_that_tells_no_account_leaves_with_the_last_at_its_provider(
    world: World, provider: HostileProvider, *, has_another: bool
) -> None:
    """As versions stored it that did not tell accounts apart."""
    person = await _sign_in(world, "bob", name="Bob")
    app = IdentityRef(kind=IdentityKind.USER_ID, value="u-1")
    await world.profiles.write(person.profile.id, ProfileUpdate(identities=(app,)))
    if has_another:
        provider.claims = {}
        person = await _link(world, person.viewer, await _link_code(world.browser(), provider))
    (stored,) = await world.database["profiles"].find().to_list(None)
    for claims in stored["attributes"].values():
        claims["identity:idp"]["actor"] = None
    await world.database["profiles"].replace_one({}, stored)

    left = await world.identity.joining.unlink(person.viewer, _ref("bob", _OTHER))

    assert await world.values(left) == ({"name": "Bob"} if has_another else {})


async def test_last_way_in_cannot_be_given_up(world: World) -> None:
    person = await _sign_in(world, "bob", email="bob@acme.example", email_verified=True)

    with pytest.raises(LastIdentityError):
        await world.identity.joining.unlink(
            person.viewer, IdentityRef(kind=IdentityKind.SOCIAL, issuer=_OTHER, value="bob")
        )


@pytest.mark.parametrize("kind", [IdentityKind.SOCIAL, IdentityKind.EMAIL, IdentityKind.USER_ID])
async def test_nobody_gives_up_what_is_not_an_account_of_theirs(world: World, kind: IdentityKind) -> None:
    await _sign_in(world, "ada", ISSUER)
    person = await _sign_in(world, "bob", email="bob@acme.example", email_verified=True)
    issuer = ISSUER if kind is IdentityKind.SOCIAL else None
    value = "bob@acme.example" if kind is IdentityKind.EMAIL else "ada"

    with pytest.raises(NotFoundError):
        await world.identity.joining.unlink(person.viewer, IdentityRef(kind=kind, issuer=issuer, value=value))


async def test_split_links_no_account_that_its_person_gave_up(world: World) -> None:
    uniting = Uniting(
        store=ProfileStore(world.database), catalogue=world.profiles.catalogue, clock=world.clock
    )
    person, bob = await _sign_in(world, "ada", ISSUER), await _sign_in(world, "bob", nickname="bob")
    await uniting.merge(ADMIN, [person.profile.id, bob.profile.id])
    given_up = IdentityRef(kind=IdentityKind.SOCIAL, issuer=_OTHER, value="bob")
    await world.identity.joining.unlink(person.viewer, given_up)

    back, _ = await uniting.split(ADMIN, bob.profile.id, keep_apart=False)

    assert await world.profiles.find_by_identity(given_up) is None
    assert await world.values(back) == {}


async def test_unlinking_ends_the_other_sessions(world: World, provider: HostileProvider) -> None:
    person = await _sign_in(world, "bob")
    linked = await _link(world, person.viewer, await _link_code(world.browser(), provider))
    elsewhere = await _sign_in(world, "ada", ISSUER)
    assert elsewhere.profile.id == person.profile.id

    await world.identity.joining.unlink(linked.viewer, _ada())

    assert (await world.visit(elsewhere.resume_token)).profile.id != person.profile.id
    assert (await world.visit(linked.resume_token)).profile.id == person.profile.id
