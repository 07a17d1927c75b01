"""Each thing that the doctor finds, and that a sound deployment passes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from pymongo.errors import WTimeoutError

from server.__main__ import main
from server.access.model import ApiKey, KeyId, KeyKind, Scope
from server.doctor import (
    Doctor,
    of_backups,
    of_ending,
    of_keys,
    of_migrations,
    of_queue,
    of_settings,
    of_widget,
)
from server.kit.mongo import why_not_durable
from server.migrations.service import Due
from server.services import build_services
from server.services.readiness import why_skewed
from server.settings import Environment, ProviderSettings
from tests.api import running_api, settings_for
from tests.factories.profiles import user

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from server.doctor import Finding
    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock

SECRET = "s" * 32
SETTINGS = settings_for("mongodb://127.0.0.1:1", "none", Environment.PRODUCTION)


def _problems(findings: Iterable[Finding]) -> list[str]:
    return [each.problem for each in findings]


def _key(kind: KeyKind, *, origins: tuple[str, ...] = (), scopes: frozenset[Scope] = frozenset()) -> ApiKey:
    now = datetime(2026, 3, 14, tzinfo=UTC)
    return ApiKey(
        id=KeyId("key_1"),
        kind=kind,
        name="A key",
        hash="",
        hint="",
        token=None,
        origins=origins,
        scopes=scopes,
        created_at=now,
    )


ADMIN = _key(KeyKind.SECRET, scopes=frozenset({Scope.ADMIN}))


@pytest.fixture
def widget(tmp_path: Path) -> Path:
    (tmp_path / "drip-question.js").touch()
    return tmp_path


async def test_sound_deployment_has_nothing_wrong(api: Api, widget: Path) -> None:
    await api.services.migrations.run(lambda _step, _documents: None)

    findings = await Doctor(api.services, dials=False, widget=widget).findings()

    assert [each for each in findings if each.is_grave] == []
    assert _problems(findings) == ["There are no metrics."]


async def test_database_that_is_away_is_told_of(clock: FakeClock, widget: Path) -> None:
    services = build_services(settings_for("mongodb://127.0.0.1:1", "none"), clock=clock)

    findings = await Doctor(services, dials=False, widget=widget).findings()

    services.close()
    assert findings[-1].problem == "MongoDB does not answer."
    assert findings[-1].is_grave


async def test_password_that_is_wrong_is_told_of(mongodb_url: str, clock: FakeClock, widget: Path) -> None:
    url = mongodb_url.replace("://", "://acquaint:wrong@")
    services = build_services(settings_for(url, "none"), clock=clock)

    findings = await Doctor(services, dials=False, widget=widget).findings()

    services.close()
    assert findings[-1].problem == "MongoDB does not let us in."


@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_address_that_is_none_is_told_of_in_a_sentence(command: str) -> None:
    environ = {"ACQUAINT_ENVIRONMENT": "development", "ACQUAINT_SECRET": SECRET}
    url = "mongodb://acquaint:p/w:1@mongo.test/"  # pragma: allowlist secret

    result = CliRunner().invoke(main, [command], env={**environ, "ACQUAINT_MONGODB_URL": url})

    assert result.exit_code == 1
    assert "MongoDB at mongo.test/ can't be used: " in result.output
    assert "username and password must be escaped" in result.output


@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_setting_that_names_nothing_is_told_of_in_a_sentence(command: str) -> None:
    environ = {"ACQUAINT_ENVIRONMENT": "development", "ACQUAINT_SECRET": SECRET}

    result = CliRunner().invoke(main, [command], env={**environ, "ACQUAINT_LIMITS": '{"visits": [1, 1]}'})

    assert result.output.startswith("Error: 'visits' in ACQUAINT_LIMITS is no limit; there are ")


async def test_index_that_is_missing_is_named_and_keeps_from_serving(api: Api, widget: Path) -> None:
    await api.services.database["api_keys"].drop_index("hash_1")

    findings = await Doctor(api.services, dials=False, widget=widget).findings()
    ready = await api.http.get("/readyz")

    assert "1 indexes are missing (api_keys.hash_1)." in _problems(findings)
    assert ready.status_code == 503
    assert ready.json()["reasons"] == [
        "Indexes are missing, api_keys.hash_1 among them: run `acquaint setup`."
    ]


async def test_secret_that_opens_nothing_is_told_of(
    api: Api, mongodb_url: str, database: Database, clock: FakeClock, widget: Path
) -> None:
    google = ProviderSettings(key="google", name="Google", kind="google", client_id="a", client_secret="hush")
    await api.services.stores.identity.providers.put(google, is_on=True, now=clock())
    settings = settings_for(mongodb_url, database.name)
    services = build_services(replace(settings, secret="o" * 32), clock=clock)

    right = await Doctor(api.services, dials=False, widget=widget).findings()
    wrong = await Doctor(services, dials=False, widget=widget).findings()

    services.close()
    problem = "What another secret sealed can't be read (1 providers)."
    assert problem not in _problems(right)
    assert problem in _problems(wrong)


async def test_provider_that_cannot_be_reached_is_named_where_it_is_dialled(
    mongodb_url: str, database: Database, clock: FakeClock, widget: Path
) -> None:
    away = ProviderSettings(key="acme", name="Acme", issuer="http://127.0.0.1:1", client_id="us")
    settings = replace(
        settings_for(mongodb_url, database.name), providers=(away,), demo_url="http://127.0.0.1:1"
    )
    async with running_api(settings, clock) as api:
        silent = await Doctor(api.services, dials=False, widget=widget).findings()
        findings = await Doctor(api.services, dials=True, widget=widget).findings()

    assert [each for each in _problems(silent) if "acme" in each] == []
    assert [each for each in _problems(findings) if each.startswith("The sign-in provider acme: ")] != []


def test_deployment_without_metrics_or_proxy_is_noted() -> None:
    findings = list(of_settings(SETTINGS))

    assert _problems(findings) == ["There are no metrics.", "No proxy is trusted, and TLS ends at one."]
    assert not any(each.is_grave for each in findings)
    assert not list(of_settings(replace(SETTINGS, metrics_token=SECRET, trusted_proxies=("10.0.0.0/8",))))


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = replace(SETTINGS, geo_database=tmp_path / "geo.mmdb")

    assert f"There is no file {tmp_path}/geo.mmdb, so that no address is looked up." in _problems(
        of_settings(settings)
    )


def test_widget_that_is_not_built_is_told_of(tmp_path: Path, widget: Path) -> None:
    assert _problems(of_widget(tmp_path / "none")) == ["The widget is not built."]
    assert _problems(of_widget(widget)) == []


def test_deployment_nobody_can_configure_is_told_of() -> None:
    page = _key(KeyKind.PUBLISHABLE, origins=("https://shop.test",))

    assert _problems(of_keys([page], SETTINGS)) == ["No admin key is good."]
    assert _problems(of_keys([page, ADMIN], SETTINGS)) == []


@pytest.mark.parametrize(
    ("left", "problems"),
    [
        (None, []),
        (timedelta(days=14), []),
        (timedelta(days=13, hours=23), ["The key 'A key' (key_1) ends in 13 days."]),
    ],
)
def test_key_that_ends_soon_is_noted(left: timedelta | None, problems: list[str]) -> None:
    now = datetime(2026, 3, 14, tzinfo=UTC)

    found = list(of_ending([replace(ADMIN, expires_at=None if left is None else now + left)], now))

    assert _problems(found) == problems
    assert not any(each.is_grave for each in found)


def test_deployment_in_which_no_page_can_ask_is_noted() -> None:
    assert _problems(of_keys([ADMIN], SETTINGS)) == ["There is no publishable key, so that no page can ask."]


def test_page_without_tls_is_told_of_in_production() -> None:
    page = _key(KeyKind.PUBLISHABLE, origins=("https://shop.test", "http://shop.test"))

    assert _problems(of_keys([ADMIN, page], SETTINGS)) == [
        "A publishable key is for http://shop.test, which is not https."
    ]
    assert _problems(of_keys([ADMIN, page], replace(SETTINGS, environment=Environment.DEVELOPMENT))) == []


def test_queue_that_nobody_works_on_is_noted() -> None:
    depths = [("look_up", 12, timedelta(minutes=7)), ("expire", 3, timedelta(minutes=4))]

    assert _problems(of_queue(depths)) == ["12 jobs of the kind look_up wait, the first for 7 minutes."]


async def test_changes_that_nobody_reacts_to_are_noted(api: Api, clock: FakeClock, widget: Path) -> None:
    await api.services.profiles.recognise(user("ada"))
    clock.advance(timedelta(minutes=6))

    findings = await Doctor(api.services, dials=False, widget=widget).findings()

    assert "1 jobs of the kind react wait, the first for 6 minutes." in _problems(findings)


@pytest.mark.parametrize(("seconds", "side"), [(31, "behind"), (-31, "ahead of")])
def test_clocks_too_far_apart_are_told_of(seconds: int, side: str) -> None:
    assert why_skewed(timedelta(seconds=30)) is None
    assert why_skewed(timedelta(seconds=-30)) is None
    assert why_skewed(timedelta(seconds=seconds)) == (
        f"The clock of this machine is 31 seconds {side} the database's: let NTP set both."
    )


class _Unconfirmed:
    """A collection of a replica set that lost its majority."""

    def with_options(self, **_: Any) -> _Unconfirmed:  # noqa: ANN401 - as the driver's
        return self

    async def update_one(self, *_: object) -> None:
        raise WTimeoutError("waiting for replication timed out")


async def test_majority_that_confirms_nothing_is_told_of(database: Database) -> None:
    assert await why_not_durable(database["jobs"]) is None
    assert await why_not_durable(_Unconfirmed()) == (  # type: ignore[arg-type] # all of it that is used
        "A majority of the replica set does not confirm writes (WTimeoutError)."
    )


async def _doctor(mongodb_url: str, database: Database) -> tuple[int, str]:
    environ = {
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_SECRET": SECRET,
        "ACQUAINT_MONGODB_URL": mongodb_url,
        "ACQUAINT_DATABASE": database.name,
    }
    ran = await asyncio.to_thread(CliRunner().invoke, main, ["doctor"], env=environ)
    return ran.exit_code, ran.output


async def test_command_ends_with_one_where_anything_is_wrong(mongodb_url: str, database: Database) -> None:
    code, output = await _doctor(mongodb_url, database)

    assert code == 1
    assert "Wrong: No admin key is good. `acquaint admin-key` makes one." in output.splitlines()
    assert "Run `acquaint setup`." in output


async def test_database_that_is_being_restored_is_not_served(api: Api, widget: Path) -> None:
    await api.services.database["restores"].insert_one({"_id": "bak_1", "parts": 3})

    findings = await Doctor(api.services, dials=False, widget=widget).findings()

    sentence = "A backup is being restored into the database and not all of it is there."
    assert sentence in _problems(findings)
    assert await api.services.readiness.problems([]) == [sentence]


@pytest.mark.parametrize(
    ("last", "problems"),
    [
        (None, ["No backup was made yet."]),
        (timedelta(days=2, seconds=1), ["No backup was made for 2 days."]),
        (timedelta(days=2), []),
    ],
)
def test_deployment_without_a_backup_is_told(last: timedelta | None, problems: list[str]) -> None:
    now = datetime(2026, 3, 14, tzinfo=UTC)

    found = list(of_backups(None if last is None else now - last, now))

    assert _problems(found) == problems
    assert not any(each.is_grave for each in found)


def test_documents_of_another_version_are_told() -> None:
    due = Due(missing=["2026-11-lanes"], unknown=["2027-03-names"])

    found = list(of_migrations(due))

    assert _problems(found) == [
        "Documents of an earlier version are not rewritten (2026-11-lanes).",
        "A later version migrated this database (2027-03-names).",
    ]
    assert not any(each.is_grave for each in found)
