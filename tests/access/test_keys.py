"""API keys: shown once, stored as hashes, refused once revoked, and publishable ones only at home."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.errors import AuthenticationError, KeyInvalidError, OriginNotAllowedError
from server.access.model import NOBODY, KeyId, KeyKind, Scope, ViewerKind
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.paging import PageRequest
from tests.core import Core, build_core
from tests.factories.access import ADMIN, ORIGIN, app_viewer, person_viewer, widget_viewer

if TYPE_CHECKING:
    from server.access.model import NewKey, Viewer
    from tests.fakes import FakeClock

SECOND_ORIGIN = "http://localhost:3000"


async def secret_key(core: Core, *scopes: Scope, name: str = "An app") -> NewKey:
    return await core.access.create_key(
        ADMIN, kind=KeyKind.SECRET, name=name, scopes=scopes or (Scope.PROFILES_READ,)
    )


async def publishable_key(core: Core, *origins: str) -> NewKey:
    return await core.access.create_key(
        ADMIN, kind=KeyKind.PUBLISHABLE, name="A page", origins=origins or (ORIGIN,)
    )


async def test_no_token_proves_nobody(core: Core) -> None:
    assert await core.access.identify(None, ORIGIN) == NOBODY


async def test_secret_key_proves_an_app_with_its_scopes(core: Core) -> None:
    made = await secret_key(core, Scope.PROFILES_READ, Scope.ENRICHMENT_RUN)

    viewer = await core.access.identify(made.token, None)

    assert viewer.kind is ViewerKind.APP
    assert viewer.key_id == made.key.id
    assert viewer.scopes == {Scope.PROFILES_READ, Scope.ENRICHMENT_RUN}
    assert viewer.profile_id is None


async def test_secret_key_with_the_scope_admin_proves_an_admin(core: Core) -> None:
    made = await secret_key(core, Scope.ADMIN)

    assert (await core.access.identify(made.token, None)).kind is ViewerKind.ADMIN


async def test_publishable_key_proves_a_widget_on_its_origins_only(core: Core) -> None:
    made = await publishable_key(core, ORIGIN, SECOND_ORIGIN)

    viewers = [await core.access.identify(made.token, origin) for origin in (ORIGIN, SECOND_ORIGIN)]

    assert viewers == [
        widget_viewer(key_id=made.key.id, origin=each, app="a_page") for each in (ORIGIN, SECOND_ORIGIN)
    ]


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "*",
        "https://example.com",
        "http://www.example.com",
        "https://www.example.com:8443",
        "https://www.example.com:443",
        "https://www.example.com/",
        "https://www.example.com.",
        "https://WWW.example.com",
        "https://www.example.com.evil.example",
        "https://evilwww.example.com",
        "https://www.example.com@evil.example",
        "https://www.example.com, https://evil.example",
        "https://www.example.com\0",
        " https://www.example.com",
        "https://www.example.com\n",
        "https://\ud800",
    ],
)
async def test_publishable_key_is_refused_on_any_other_origin(core: Core, origin: str | None) -> None:
    made = await publishable_key(core, "https://www.example.com")

    with pytest.raises(OriginNotAllowedError, match="not on the list of this publishable key") as raised:
        await core.access.identify(made.token, origin)

    assert raised.value.code == "ORIGIN_NOT_ALLOWED"


@pytest.mark.parametrize(
    "token", ["sk_", "pk_", "sk_made_up", "pk_made_up", "sk_\0", "pk_\ud800", "sk_" + "x" * 1_000_000]
)
async def test_unknown_key_is_refused(core: Core, token: str) -> None:
    await publishable_key(core)

    with pytest.raises(KeyInvalidError, match="unknown, has expired or was revoked") as raised:
        await core.access.identify(token, ORIGIN)

    assert raised.value.code == "KEY_INVALID"


async def test_revoked_key_looks_like_an_unknown_one(core: Core) -> None:
    for made in (await secret_key(core), await publishable_key(core)):
        await core.access.revoke_key(ADMIN, made.key.id)

        with pytest.raises(KeyInvalidError) as revoked:
            await core.access.identify(made.token, ORIGIN)
        with pytest.raises(KeyInvalidError) as unknown:
            await core.access.identify("sk_made_up", ORIGIN)

        assert revoked.value.message == unknown.value.message


async def test_key_is_revoked_once_and_stays_on_the_list(core: Core, clock: FakeClock) -> None:
    made = await secret_key(core)
    first = await core.access.revoke_key(ADMIN, made.key.id)
    clock.advance(timedelta(days=1))

    second = await core.access.revoke_key(ADMIN, made.key.id)

    assert first == second
    assert second.revoked_at == clock() - timedelta(days=1)
    assert await core.access.find_key(ADMIN, made.key.id) == second


async def test_unknown_key_is_not_revoked(core: Core) -> None:
    with pytest.raises(NotFoundError):
        await core.access.revoke_key(ADMIN, KeyId("key_made_up"))


async def test_revocation_leaves_other_keys_alone(core: Core) -> None:
    gone, kept = await secret_key(core), await secret_key(core)

    await core.access.revoke_key(ADMIN, gone.key.id)

    assert (await core.access.identify(kept.token, None)).key_id == kept.key.id


async def test_another_process_hears_of_keys_when_it_refreshes(core: Core, clock: FakeClock) -> None:
    other = build_core(core.database, clock)
    assert not await other.access.may_embed(ORIGIN)

    made = await publishable_key(core)
    await other.access.key_ring.refresh()

    assert await other.access.may_embed(ORIGIN)
    assert (await other.access.identify(made.token, ORIGIN)).key_id == made.key.id


async def test_origin_of_a_revoked_key_may_not_embed(core: Core) -> None:
    made = await publishable_key(core, ORIGIN)
    await publishable_key(core, SECOND_ORIGIN)

    await core.access.revoke_key(ADMIN, made.key.id)

    assert not await core.access.may_embed(ORIGIN)
    assert await core.access.may_embed(SECOND_ORIGIN)


async def test_secret_key_is_no_publishable_one(core: Core) -> None:
    secret, publishable = await secret_key(core), await publishable_key(core)

    assert await core.access.publishable_key(publishable.token) == publishable.key
    for token in (secret.token, "pk_made_up", "", "\ud800"):
        with pytest.raises(KeyInvalidError):
            await core.access.publishable_key(token)


async def test_secret_is_nowhere_in_the_database(core: Core) -> None:
    made = await secret_key(core)

    stored = [repr(document) async for document in core.database["api_keys"].find()]

    assert len(stored) == 1
    assert made.token not in stored[0]
    assert made.key.token is None
    assert made.key.hint == made.token[-4:]


async def test_key_is_read_as_it_was_made(core: Core) -> None:
    made = [await secret_key(core, Scope.PROFILES_WRITE), await publishable_key(core, ORIGIN, SECOND_ORIGIN)]

    found = [await core.access.find_key(ADMIN, each.key.id) for each in made]

    assert found == [each.key for each in made]


async def test_keys_are_listed_oldest_first_page_by_page(core: Core, clock: FakeClock) -> None:
    made = []
    for _ in range(5):
        made.append((await secret_key(core)).key)
        clock.advance(timedelta(seconds=1))

    first = await core.access.keys(ADMIN, PageRequest(first=3))
    assert first is not None
    second = await core.access.keys(ADMIN, PageRequest(first=3, after=first.items[-1].id))
    assert second is not None

    assert (first.items, first.has_next) == (tuple(made[:3]), True)
    assert (second.items, second.has_next) == (tuple(made[3:]), False)


async def test_first_admin_key_is_made_once(core: Core, clock: FakeClock) -> None:
    await secret_key(core, Scope.PROFILES_READ)

    first = await core.access.create_first_admin_key()
    second = await build_core(core.database, clock).access.create_first_admin_key()

    assert first is not None
    assert second is None
    assert (await core.access.identify(first.token, None)).kind is ViewerKind.ADMIN


async def test_revoking_the_first_admin_key_does_not_bring_another(core: Core) -> None:
    first = await core.access.create_first_admin_key()
    assert first is not None

    await core.access.revoke_key(ADMIN, first.key.id)

    assert await core.access.create_first_admin_key() is None


async def test_processes_that_start_together_make_one_first_admin_key(core: Core, clock: FakeClock) -> None:
    cores = [build_core(core.database, clock) for _ in range(10)]

    made = await asyncio.gather(*(each.access.create_first_admin_key() for each in cores))

    assert sum(each is not None for each in made) == 1


@pytest.mark.parametrize(
    "viewer",
    [
        NOBODY,
        widget_viewer(),
        person_viewer("prf_1", is_identified=True),
        app_viewer(Scope.PROFILES_READ, Scope.PROFILES_WRITE, Scope.ENRICHMENT_RUN, Scope.CONFIGURATION_READ),
    ],
    ids=lambda viewer: viewer.kind,
)
async def test_only_admins_see_make_and_revoke_keys(core: Core, viewer: Viewer) -> None:
    made = await secret_key(core)

    with pytest.raises(ForbiddenError):
        await core.access.create_key(viewer, kind=KeyKind.SECRET, name="Mine", scopes=(Scope.ADMIN,))
    with pytest.raises(ForbiddenError):
        await core.access.revoke_key(viewer, made.key.id)
    assert await core.access.keys(viewer, PageRequest()) is None
    assert await core.access.find_key(viewer, made.key.id) is None
    assert (await core.access.identify(made.token, None)).key_id == made.key.id


@pytest.mark.parametrize(
    ("kind", "origins", "scopes", "field"),
    [
        (KeyKind.PUBLISHABLE, (), (), "origins"),
        (KeyKind.PUBLISHABLE, (ORIGIN,), (Scope.PROFILES_READ,), "scopes"),
        (KeyKind.PUBLISHABLE, (ORIGIN, "https://*.example.com"), (), "origins"),
        (KeyKind.PUBLISHABLE, ("null",), (), "origins"),
        (KeyKind.PUBLISHABLE, ("*",), (), "origins"),
        (KeyKind.PUBLISHABLE, ("https://\ud800",), (), "origins"),
        (KeyKind.PUBLISHABLE, tuple(f"https://{n}.example.com" for n in range(101)), (), "origins"),
        (KeyKind.SECRET, (), (), "scopes"),
        (KeyKind.SECRET, (ORIGIN,), (Scope.PROFILES_READ,), "origins"),
    ],
)
async def test_key_that_makes_no_sense_is_refused(
    core: Core, kind: KeyKind, origins: tuple[str, ...], scopes: tuple[Scope, ...], field: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await core.access.create_key(ADMIN, kind=kind, name="A key", origins=origins, scopes=scopes)

    assert raised.value.field == field
    assert await core.database["api_keys"].count_documents({}) == 0


@pytest.mark.parametrize("name", ["", " \n", "x" * 101, "x" + " " * 1_000_000])
async def test_name_of_a_key_is_short_and_not_blank(core: Core, name: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await secret_key(core, name=name)

    assert raised.value.field == "name"


async def test_refusal_of_a_long_origin_is_a_short_sentence(core: Core) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await publishable_key(core, "https://" + "a" * 1_000_000)

    assert len(raised.value.message) < 300


async def test_viewer_token_is_good_on_its_own_origin_only(core: Core) -> None:
    made = await publishable_key(core, ORIGIN)
    person = person_viewer("prf_1", key_id=made.key.id, origin=ORIGIN)
    token = core.access.viewer_token(person).token

    seen = await core.access.identify(token, ORIGIN)

    assert seen == person
    for origin in (None, "", "null", SECOND_ORIGIN, ORIGIN + "/", ORIGIN + ":443", ORIGIN.upper()):
        with pytest.raises(OriginNotAllowedError, match="belongs to a page on another origin"):
            await core.access.identify(token, origin)


@pytest.mark.parametrize("token", ["", " ", "pk", "sk-", "PK_x", "Bearer x", "\0", "\ud800", "x" * 1_000_000])
async def test_token_of_no_known_kind_is_invalid_and_not_nobodys(core: Core, token: str) -> None:
    with pytest.raises(AuthenticationError) as raised:
        await core.access.identify(token, ORIGIN)

    assert raised.value.code == "TOKEN_INVALID"
