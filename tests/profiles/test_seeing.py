"""Who may see and write what: unknown and forbidden look the same, and a write is all or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.profiles.errors import InvalidValueError, UnknownAttributeError
from server.profiles.model import PERSON, AttributeType, PersonAccess, ProfileId, ProfileUpdate, SourceKind
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer
from tests.factories.profiles import LOOK_UP, account, browser, spec, user

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.profiles.model import Profile
    from tests.core import Core
    from tests.fakes import FakeClock

READER, WRITER = app_viewer(Scope.PROFILES_READ), app_viewer(Scope.PROFILES_WRITE)
BLIND = [NOBODY, widget_viewer(), WRITER, app_viewer(Scope.CONFIGURATION_READ, Scope.ENRICHMENT_RUN)]


@pytest.fixture
async def ada(core: Core) -> Profile:
    """A person of whom something shown, something hidden and something expired is known."""
    for key, access in (("role", PersonAccess.READWRITE), ("risk", PersonAccess.HIDDEN)):
        await core.attributes.define(ADMIN, spec(key, person_access=access))
    await core.attributes.define(ADMIN, spec("size", AttributeType.INTEGER))
    created = await core.profiles.recognise(user("ada"))
    claims = await core.profiles.claims({"role": "dev"}, PERSON)
    looked_up = await core.profiles.claims({"risk": "low", "role": "ops"}, LOOK_UP)
    expired = await core.profiles.claims({"size": 3}, LOOK_UP, expires_at=claims[0].observed_at)
    written = await core.profiles.write(created.id, ProfileUpdate(claims=(*claims, *looked_up, *expired)))
    assert written is not None
    return written


async def seen(core: Core, viewer: Viewer, profile: Profile, *keys: str) -> dict[str, object]:
    found = await core.profiles.visible_attributes(viewer, profile, keys or None)
    return {each.definition.key: each.value for each in found}


# Reading


async def test_person_sees_themself_and_nobody_else(core: Core, ada: Profile) -> None:
    eve = await core.profiles.recognise(user("eve"))
    viewer = person_viewer(ada.id, is_identified=True)

    assert await core.profiles.visible_profile(viewer, ada.id) == ada
    assert await core.profiles.visible_profile(viewer, eve.id) is None
    assert await core.profiles.visible_profile(viewer, ProfileId("prf_made_up")) is None
    assert await core.profiles.visible_profile(viewer, user("eve")) is None
    assert await core.profiles.visible_profile(viewer, user("ada")) is None  # by id alone


async def test_app_that_reads_profiles_sees_everybody(core: Core, ada: Profile) -> None:
    for viewer in (READER, ADMIN):
        assert await core.profiles.visible_profile(viewer, ada.id) == ada
        assert await core.profiles.visible_profile(viewer, user("ada")) == ada
        assert await core.profiles.visible_profile(viewer, user("nobody")) is None
        assert await core.profiles.visible_profile(viewer, ProfileId("prf_made_up")) is None


@pytest.mark.parametrize("viewer", BLIND, ids=lambda viewer: f"{viewer.kind}-{len(viewer.scopes)}")
async def test_whoever_may_not_read_profiles_sees_nobody(core: Core, ada: Profile, viewer: Viewer) -> None:
    assert await core.profiles.visible_profile(viewer, ada.id) is None
    assert await core.profiles.visible_profile(viewer, user("ada")) is None
    assert core.profiles.shown(viewer, ada) is None


async def test_merged_id_leads_apps_to_the_person_and_ends_the_browsers_token(
    core: Core, ada: Profile
) -> None:
    anonymous = await core.profiles.recognise(browser())
    merged = await core.profiles.fold(ada.id, anonymous.id)

    assert await core.profiles.visible_profile(READER, anonymous.id) == merged
    assert await core.profiles.visible_profile(person_viewer(anonymous.id), anonymous.id) is None
    assert await core.profiles.visible_profile(person_viewer(anonymous.id), ada.id) is None


async def test_hidden_attribute_shows_to_apps_and_not_to_its_person(core: Core, ada: Profile) -> None:
    person = person_viewer(ada.id)

    assert await seen(core, READER, ada) == {"role": "dev", "risk": "low"}
    assert await seen(core, person, ada) == {"role": "dev"}
    assert await seen(core, person, ada, "risk") == await seen(core, person, ada, "made_up") == {}


async def test_attributes_are_picked_by_key(core: Core, ada: Profile) -> None:
    assert await seen(core, READER, ada, "risk", "made_up") == {"risk": "low"}
    assert await core.profiles.visible_attributes(READER, ada, ()) == []


async def test_expired_value_is_not_known(core: Core, ada: Profile, clock: FakeClock) -> None:
    assert "size" not in await seen(core, READER, ada)
    assert "size" not in await core.profiles.known_attributes(ada)

    clock.advance(timedelta(milliseconds=-1))

    assert (await seen(core, READER, ada))["size"] == 3
    assert (await core.profiles.known_attributes(ada))["size"].value == 3


async def test_value_shows_every_live_claim_best_first(core: Core, ada: Profile) -> None:
    (role,) = await core.profiles.visible_attributes(READER, ada, ("role",))

    assert [(each.value, each.source) for each in role.claims] == [("dev", PERSON), ("ops", LOOK_UP)]


# Writing


async def test_app_and_admin_write_under_their_own_name(core: Core, ada: Profile) -> None:
    await core.claiming.set_attributes(WRITER, ada.id, {"risk": "high"}, may_create=False)

    written = await core.claiming.set_attributes(ADMIN, user("ada"), {"risk": "none"}, may_create=False)

    (risk,) = await core.profiles.visible_attributes(READER, written, ("risk",))
    assert {each.source.kind: each.value for each in risk.claims} == {
        SourceKind.APP: "high",
        SourceKind.ADMIN: "none",
        SourceKind.ENRICHER: "low",
    }


async def test_what_an_app_writes_does_not_silence_the_person(core: Core, ada: Profile) -> None:
    written = await core.claiming.set_attributes(WRITER, ada.id, {"role": "cto"}, may_create=False)

    assert (await seen(core, READER, written))["role"] == "dev"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"risk": "high", "size": "three"}, InvalidValueError),
        ({"risk": "high", "size": 2**63}, InvalidValueError),
        ({"risk": "high", "made_up": 1}, UnknownAttributeError),
        ({"risk": "x" * 1_000_000}, InvalidValueError),
        ({"risk": "a\0b"}, InvalidValueError),
        ({"risk": {"$ne": 1}}, InvalidValueError),
        ({"\ud800": 1}, UnknownAttributeError),
        ({"": 1}, UnknownAttributeError),
        ({"risk.x": 1}, UnknownAttributeError),
        ({"$set": 1}, UnknownAttributeError),
    ],
    ids=lambda given: repr(given)[:40],
)
async def test_attributes_are_set_all_or_none(
    core: Core, ada: Profile, values: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await core.claiming.set_attributes(WRITER, ada.id, values, may_create=False)
    with pytest.raises(error):
        await core.claiming.set_attributes(WRITER, user("new"), values, may_create=True)

    assert await core.profiles.find(ada.id) == ada
    assert await core.profiles.find_by_identity(user("new")) is None


@pytest.mark.parametrize(
    "viewer",
    [NOBODY, widget_viewer(), READER, app_viewer(Scope.CONFIGURATION_READ, Scope.ENRICHMENT_RUN)],
    ids=lambda viewer: f"{viewer.kind}-{len(viewer.scopes)}",
)
async def test_whoever_may_not_write_profiles_writes_nothing(
    core: Core, ada: Profile, viewer: Viewer
) -> None:
    for may_create in (False, True):
        with pytest.raises(ForbiddenError):
            await core.claiming.set_attributes(viewer, ada.id, {"risk": "high"}, may_create=may_create)

    assert await core.profiles.find(ada.id) == ada


async def test_person_does_not_write_as_an_app(core: Core, ada: Profile) -> None:
    with pytest.raises(ForbiddenError):
        await core.claiming.set_attributes(person_viewer(ada.id), ada.id, {"role": "cto"}, may_create=False)


async def test_unknown_person_is_made_only_where_it_is_said(core: Core, ada: Profile) -> None:
    for by in (user("new"), account("new"), ProfileId("prf_made_up")):
        with pytest.raises(NotFoundError):
            await core.claiming.set_attributes(WRITER, by, {"risk": "high"}, may_create=False)
    with pytest.raises(NotFoundError):
        await core.claiming.set_attributes(
            WRITER, ProfileId("prf_made_up"), {"risk": "high"}, may_create=True
        )

    made = await core.claiming.set_attributes(WRITER, user("new"), {"risk": "high"}, may_create=True)

    assert await core.profiles.find_by_identity(user("new")) == made


@pytest.mark.parametrize("value", ["", " ", " ada", "x" * 256, "a\0b", "a\nb", "\ud800"])
async def test_identity_that_nobody_can_have_is_not_made(core: Core, ada: Profile, value: str) -> None:
    with pytest.raises(InvalidInputError):
        await core.claiming.set_attributes(WRITER, user(value), {"risk": "high"}, may_create=True)

    assert await core.database["profiles"].count_documents({}) == 1


async def test_writing_to_a_merged_id_writes_to_the_person(core: Core, ada: Profile) -> None:
    anonymous = await core.profiles.recognise(browser())
    await core.profiles.fold(ada.id, anonymous.id)

    written = await core.claiming.set_attributes(WRITER, anonymous.id, {"risk": "high"}, may_create=False)

    assert written.id == ada.id
    assert (await seen(core, READER, written))["risk"] == "high"
