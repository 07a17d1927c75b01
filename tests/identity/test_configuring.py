"""Providers that admins configure: seen everywhere at once, with secrets that nobody reads back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import NOBODY, Scope, Viewer, ViewerKind
from server.identity.errors import UnknownProviderError
from server.identity.providers.building import scopes_of
from server.identity.providers.kinds import KINDS
from server.identity.providers.store import ProviderStore
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.settings import ProviderSettings
from tests.identity.hostile_provider import SETTINGS
from tests.identity.vendors import Vendors, vendor_settings
from tests.sign_in_world import ADMIN, parameters_of, sign_in_world

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from tests.fakes import FakeClock
    from tests.sign_in_world import World

_CANARY = "canary-secret-of-a-provider-0123456789"


def _github(**changed: Any) -> ProviderSettings:  # noqa: ANN401 - any field
    given = {"key": "git", "kind": "github", "name": "Git", "client_id": "x", **changed}
    return ProviderSettings(**given)


async def test_provider_is_on_as_soon_as_it_is_configured(world: World) -> None:
    listed = await world.identity.providers.configure(ADMIN, _github(), secret=_CANARY)

    started = await world.browser().start("git")
    assert listed.name == "Git"
    assert started.headers["location"].startswith("https://github.com/login/oauth/authorize?")


@pytest.mark.parametrize(
    "viewer",
    [
        NOBODY,
        Viewer(kind=ViewerKind.PERSON),
        Viewer(kind=ViewerKind.APP, scopes=frozenset(Scope) - {Scope.ADMIN}),
    ],
)
async def test_only_an_admin_configures(world: World, viewer: Viewer) -> None:
    with pytest.raises(ForbiddenError):
        await world.identity.providers.configure(viewer, _github(), secret=_CANARY)
    with pytest.raises(ForbiddenError):
        await world.identity.providers.disable(viewer, "idp")


async def test_another_process_learns_of_it(world: World) -> None:
    listed = {each.key for each in await world.identity.providers.listed()}
    async with sign_in_world(world.database, [SETTINGS], clock=world.clock) as other:
        await other.identity.providers.configure(ADMIN, _github(), secret=_CANARY)

    await world.identity.providers.live.refresh()

    assert {each.key for each in await world.identity.providers.listed()} == listed | {"git"}


async def test_provider_that_is_off_signs_nobody_in(world: World) -> None:
    await world.identity.providers.disable(ADMIN, "idp")

    assert (await world.browser().start("idp")).status_code == 400
    assert await world.identity.providers.listed() == []
    with pytest.raises(UnknownProviderError):
        await world.identity.providers.get("idp")
    with pytest.raises(NotFoundError):
        await world.identity.providers.disable(ADMIN, "idp")


async def test_secret_is_sealed_in_the_database_and_shown_nowhere(world: World) -> None:
    listed = await world.identity.providers.configure(ADMIN, _github(), secret=_CANARY)

    stored = await world.database["providers"].find_one({"_id": "git"})
    assert _CANARY not in str(stored)
    assert _CANARY not in repr(listed)
    assert _CANARY not in repr((await world.identity.providers.live.current())["git"].settings)


async def test_secret_of_another_deployment_turns_the_provider_off_and_breaks_nothing(world: World) -> None:
    other = ProviderStore(world.database, secret="another-made-up-secret-0123456789-0123456789")
    await other.put(_github(client_secret=_CANARY), is_on=True, now=world.clock())

    await world.identity.providers.live.refresh()

    assert [each.key for each in await world.identity.providers.listed()] == ["idp"]


async def test_secret_stays_where_it_is_not_given_and_goes_nowhere_else(world: World) -> None:
    providers = world.identity.providers
    await providers.configure(ADMIN, _github(), secret=_CANARY)

    await providers.configure(ADMIN, _github(name="Renamed"), secret=None)

    assert (await providers.live.current())["git"].settings.client_secret == _CANARY
    for changed in (
        {"kind": "facebook"},
        {"client_id": "y"},
        {"kind": "oidc", "issuer": "https://evil.test"},
    ):
        with pytest.raises(InvalidInputError):
            await providers.configure(ADMIN, _github(**changed), secret=None)


async def test_unchanged_provider_keeps_what_it_learned(world: World) -> None:
    before = await world.identity.providers.get("idp")

    await world.identity.providers.configure(ADMIN, _github(), secret=_CANARY)

    assert await world.identity.providers.get("idp") is before


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "Git"},
        {"key": ""},
        {"key": "a/../b"},
        {"kind": "nothing"},
        {"name": ""},
        {"name": "a\nb"},
        {"client_id": " "},
        {"kind": "oidc"},
        {"kind": "oidc", "issuer": "http://idp.test"},
        {"kind": "oidc", "issuer": "javascript:alert(1)"},
        {"kind": "oidc", "issuer": "https://user@idp.test"},
        {"kind": "oidc", "issuer": "https://idp.test|x"},
        {"kind": "oidc", "issuer": "https://idp.test", "scopes": ("profile",)},
        {"kind": "apple"},
        {"kind": "apple", "options": {"team_id": "T", "key_id": "K"}},
        {"kind": "microsoft", "options": {"tenant": "a/../b"}},
        {"options": {"tenant": "common"}},
        {"sync": {"name": "sometimes"}},
        {"claims": {"team": "no_such_attribute"}},
        {"scopes": ("a b",)},
        {"scopes": tuple(map(str, range(101)))},
    ],
)
async def test_settings_that_could_never_work_are_refused(world: World, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        await world.identity.providers.configure(ADMIN, _github(**changed), secret=_CANARY)

    assert await world.database["providers"].count_documents({}) == 0


def test_least_scopes_are_asked_for_that_bring_what_is_requested() -> None:
    google, x = vendor_settings("google"), vendor_settings("x")

    assert scopes_of(google) == ("openid", "profile", "email")
    assert scopes_of(replace(google, requested=("email",))) == ("openid", "email")
    assert scopes_of(replace(google, requested=())) == ("openid",)
    assert scopes_of(replace(x, requested=("name",))) == ("users.read", "tweet.read")


async def test_sign_in_page_is_told_what_every_claim_is_for(database: Database, clock: FakeClock) -> None:
    settings = [vendor_settings(kind) for kind in KINDS if kind != "oidc"]
    async with sign_in_world(database, settings, clock=clock, transport=Vendors(clock).transport) as world:
        listed = await world.identity.providers.listed()

        assert {each.kind for each in listed} == KINDS.keys() - {"oidc"}
        for each in listed:
            assert "email" in {use.definition.key for use in each.uses}
            assert parameters_of((await world.browser().start(each.key)).headers["location"])["state"]
