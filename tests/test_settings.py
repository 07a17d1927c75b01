"""Settings are read once, and one sentence says what is wrong with the first that is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from server.kit.connections import ConnectionLimits
from server.kit.database_limits import DatabaseLimits
from server.kit.operations import OperationLimits
from server.services import build_services
from server.settings import SettingsError, read_settings
from tests.test_architecture import ROOT

REQUIRED = {"ACQUAINT_ENVIRONMENT": "development", "ACQUAINT_SECRET": "s" * 32}


def test_limits_and_proxies_are_read() -> None:
    settings = read_settings(
        {
            **REQUIRED,
            "ACQUAINT_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8,203.0.113.7",
            "ACQUAINT_LIMITS": '{"visits_per_address": [10, 60], "visits_per_key": null}',
        }
    )

    assert settings.trusted_proxies == ("10.0.0.0/8", "fd00::/8", "203.0.113.7")
    assert settings.limits == {"visits_per_address": (10, 60), "visits_per_key": None}


@pytest.mark.parametrize(
    "given", ["https://Acquaint.Example", "https://acquaint.example:443", "https://acquaint.example/"]
)
def test_public_url_is_compared_as_browsers_spell_it(given: str) -> None:
    settings = read_settings({**REQUIRED, "ACQUAINT_PUBLIC_URL": given})

    assert settings.public_url == "https://acquaint.example"


@pytest.mark.parametrize(
    "given",
    ["acquaint.example", "https://[", "https://a.example:x", "https://u@a.example", "https://a.example/b"],
)
def test_public_url_that_is_no_origin_is_named(given: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_PUBLIC_URL must be an origin such as"):
        read_settings({**REQUIRED, "ACQUAINT_PUBLIC_URL": given})


@pytest.mark.parametrize("given", ['{"key": "acme"}', '["acme"]', "7", '[{"key": "acme", "issuer": 5}]'])
def test_providers_that_are_no_list_of_objects_are_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_PROVIDERS must be a JSON list of objects"):
        read_settings({**REQUIRED, "ACQUAINT_PROVIDERS": given})


@pytest.mark.parametrize("given", ["proxy.example", "10.0.0.1/8", "10.0.0.0/8;fd00::/8", "*", "10.0.0.256"])
def test_proxy_that_is_no_network_is_named(given: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_TRUSTED_PROXIES must be addresses or networks"):
        read_settings({**REQUIRED, "ACQUAINT_TRUSTED_PROXIES": given})


@pytest.mark.parametrize(
    "given",
    [
        "",
        "[]",
        '{"visits_per_key": 10}',
        '{"visits_per_key": [10]}',
        '{"visits_per_key": [0, 60]}',
        '{"visits_per_key": [10, 0]}',
        '{"visits_per_key": [10, 86401]}',
        '{"visits_per_key": [true, 60]}',
        '{"visits_per_key": ["10", 60]}',
        '{"visits_per_key": [10.5, 60]}',
    ],
)
def test_limit_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_LIMITS must be a JSON object such as"):
        read_settings({**REQUIRED, "ACQUAINT_LIMITS": given})


def test_limit_that_does_not_exist_is_named() -> None:
    settings = read_settings({**REQUIRED, "ACQUAINT_LIMITS": '{"visits": [1, 1]}'})

    with pytest.raises(
        SettingsError, match="'visits' in ACQUAINT_LIMITS is no limit; there are sign_in_steps"
    ):
        build_services(settings)


def test_token_for_metrics_is_long_enough_or_none() -> None:
    assert read_settings(REQUIRED).metrics_token is None
    assert read_settings({**REQUIRED, "ACQUAINT_METRICS_TOKEN": "t" * 32}).metrics_token == "t" * 32
    with pytest.raises(SettingsError, match="ACQUAINT_METRICS_TOKEN must be at least 32 random characters"):
        read_settings({**REQUIRED, "ACQUAINT_METRICS_TOKEN": "short"})


def test_port_of_a_worker_is_one_or_none() -> None:
    assert read_settings(REQUIRED).worker_port is None
    assert read_settings({**REQUIRED, "ACQUAINT_WORKER_PORT": "9100"}).worker_port == 9100
    with pytest.raises(SettingsError, match="ACQUAINT_WORKER_PORT must be a port number"):
        read_settings({**REQUIRED, "ACQUAINT_WORKER_PORT": "0"})


def test_limits_of_connections_are_read_by_name() -> None:
    given = {"ACQUAINT_CONNECTION_LIMITS": '{"sockets": 100}', "ACQUAINT_DRAIN_SECONDS": "15"}

    settings = read_settings({**REQUIRED, **given})

    assert settings.connection_limits == ConnectionLimits(sockets=100)
    assert settings.drain_seconds == 15


@pytest.mark.parametrize("given", ["", "[]", '{"sockets": 0}', '{"sockets": "many"}', '{"doors": 1}'])
def test_limit_of_connections_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"ACQUAINT_CONNECTION_LIMITS must be a JSON object .* sockets"):
        read_settings({**REQUIRED, "ACQUAINT_CONNECTION_LIMITS": given})


@pytest.mark.parametrize(
    ("variable", "limit", "most"),
    [("ACQUAINT_OPERATION_LIMITS", "nesting", 100), ("ACQUAINT_CONNECTION_LIMITS", "body_depth", 64)],
)
def test_nesting_is_bounded_by_what_reads_it(variable: str, limit: str, most: int) -> None:
    read_settings({**REQUIRED, variable: f'{{"{limit}": {most}}}'})
    with pytest.raises(SettingsError, match=f"^'{limit}' in {variable} is at most {most}\\.$"):
        read_settings({**REQUIRED, variable: f'{{"{limit}": {most + 1}}}'})


@pytest.mark.parametrize("given", ["", "-1", "1.5", "a minute", "1000"])
def test_time_to_drain_is_whole_seconds(given: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_DRAIN_SECONDS must be a whole number of seconds"):
        read_settings({**REQUIRED, "ACQUAINT_DRAIN_SECONDS": given})


def test_hosts_of_the_operators_and_a_file_of_addresses_are_read() -> None:
    given = {
        "ACQUAINT_ENRICHMENT_HOSTS": "Directory.internal, 10.0.0.7",
        "ACQUAINT_GEO_DATABASE": "/data/city.mmdb",
    }

    settings = read_settings({**REQUIRED, **given})

    assert settings.enrichment_hosts == ("directory.internal", "10.0.0.7")
    assert settings.geo_database == Path("/data/city.mmdb")
    assert read_settings(REQUIRED).geo_database is None


@pytest.mark.parametrize("given", ["https://a.internal", "a b", "*", "a/b"])
def test_host_that_is_none_is_named(given: str) -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_ENRICHMENT_HOSTS must be host names"):
        read_settings({**REQUIRED, "ACQUAINT_ENRICHMENT_HOSTS": given})


SECRETS = {
    "ACQUAINT_SECRET": "f" * 40,
    "ACQUAINT_METRICS_TOKEN": "t" * 32,
    "ACQUAINT_MONGODB_URL": "mongodb://acquaint:hunter2@mongo.test",  # pragma: allowlist secret
    "ACQUAINT_PROVIDERS": '[{"key": "acme", "kind": "google", "client_id": "a", "client_secret": "b"}]',
}


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_every_secret_may_stand_in_a_file(tmp_path: Path, end: str) -> None:
    for name, text in SECRETS.items():
        (tmp_path / name).write_bytes((text + end).encode())
    files = {f"{name}_FILE": str(tmp_path / name) for name in SECRETS}

    assert read_settings({"ACQUAINT_ENVIRONMENT": "development", **files}) == read_settings(
        {**REQUIRED, **SECRETS}
    )


def test_setting_and_a_file_for_it_are_one_too_many() -> None:
    with pytest.raises(SettingsError, match="ACQUAINT_SECRET and ACQUAINT_SECRET_FILE are both set"):
        read_settings({**REQUIRED, "ACQUAINT_SECRET_FILE": "/run/secrets/acquaint"})


def test_file_that_cannot_be_read_is_named_and_its_content_is_not(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff" * 40)
    (tmp_path / "large").write_bytes(b"s" * 2**21)

    for name, said in (
        ("missing", "can't be read .FileNotFoundError"),
        ("binary", "can't be read .Unicode"),
        ("large", "is larger"),
    ):
        with pytest.raises(SettingsError, match=f"ACQUAINT_SECRET_FILE names .*/{name}, which {said}"):
            read_settings({"ACQUAINT_SECRET_FILE": str(tmp_path / name)})


def test_bounds_of_the_database_are_read_and_keep_their_defaults() -> None:
    settings = read_settings({**REQUIRED, "ACQUAINT_DATABASE_LIMITS": '{"selection_seconds": 20}'})

    assert settings.database_limits == DatabaseLimits(selection_seconds=20)
    with pytest.raises(
        SettingsError, match="ACQUAINT_DATABASE_LIMITS must be a JSON object of whole numbers"
    ):
        read_settings({**REQUIRED, "ACQUAINT_DATABASE_LIMITS": '{"patience": 1}'})


def test_secrets_stand_in_lines_the_newest_first() -> None:
    given = {"ACQUAINT_SECRET": f"{'n' * 32}\n{'o' * 32}\n", "ACQUAINT_FORMER_SECRETS": "f" * 32}

    settings = read_settings({**REQUIRED, **given})

    assert settings.secret == f"{'n' * 32}\n{'o' * 32}"
    assert settings.secret_of_stores.split("\n")[2:] == ["f" * 32]
    assert "nnn" not in repr(settings)
    with pytest.raises(SettingsError, match="ACQUAINT_FORMER_SECRETS must be at least 32 random characters"):
        read_settings({**REQUIRED, "ACQUAINT_FORMER_SECRETS": f"{'n' * 32}\nshort"})


@pytest.mark.parametrize(
    ("limits", "page"),
    [
        (OperationLimits(), "graphql-over-http.md"),
        (ConnectionLimits(), "running.md"),
        (DatabaseLimits(), "operations/mongodb.md"),
    ],
)
def test_every_limit_is_told_with_its_default(
    limits: OperationLimits | ConnectionLimits | DatabaseLimits, page: str
) -> None:
    rows = (ROOT / "docs" / page).read_text().splitlines()

    untold = [
        each.name
        for each in fields(limits)
        if not any(
            row.startswith(f"| `{each.name}` |") and f"| {getattr(limits, each.name):,} |" in row
            for row in rows
        )
    ]

    assert untold == []
