"""The command line: what it makes, what it prints, and what it refuses in one sentence."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from server.__main__ import main
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from server.kit.mongo import Database

SECRET = secrets.token_hex(32)
PRODUCTION = {"ACQUAINT_SECRET": SECRET, "ACQUAINT_PUBLIC_URL": "https://api.test"}
DEVELOPMENT = {"ACQUAINT_SECRET": SECRET, "ACQUAINT_ENVIRONMENT": "development"}


def _run(*command: str, **environ: str) -> Result:
    ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("ACQUAINT_")}
    settings = {**ours, "ACQUAINT_MONGODB_URL": "mongodb://127.0.0.1:1", **environ}
    return CliRunner().invoke(main, command, env=settings)


def test_demo_refuses_to_start_in_production() -> None:
    command = [sys.executable, "-m", "server", "demo"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACQUAINT_")}

    refused = subprocess.run(
        command,
        cwd=ROOT,
        env={**inherited, **PRODUCTION},
        timeout=30,
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr == (
        "Error: The demo runs in development only: anybody can sign in as anybody there.\n"
    )


def test_production_is_refused_also_where_it_is_said() -> None:
    refused = _run("demo", **PRODUCTION, ACQUAINT_ENVIRONMENT="production")

    assert refused.output.startswith("Error: The demo runs in development only")


@pytest.mark.parametrize("command", ["serve", "worker", "setup", "demo"])
@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "ACQUAINT_SECRET must be at least 32 random characters"),
        ({"ACQUAINT_SECRET": "short"}, "ACQUAINT_SECRET must be at least 32 random characters"),
        ({"ACQUAINT_SECRET": SECRET}, "ACQUAINT_PUBLIC_URL must start with https:// in production"),
        ({**PRODUCTION, "ACQUAINT_PORT": "http"}, "ACQUAINT_PORT must be a port number"),
        (
            {**PRODUCTION, "ACQUAINT_ENVIRONMENT": "test"},
            "ACQUAINT_ENVIRONMENT must be development or production",
        ),
        ({**PRODUCTION, "ACQUAINT_PROVIDERS": "{"}, "ACQUAINT_PROVIDERS must be a JSON list"),
    ],
)
def test_wrong_setting_is_told_in_one_sentence(command: str, environ: dict[str, str], sentence: str) -> None:
    refused = _run(command, **environ)

    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: {sentence}")
    assert refused.output.count("\n") == 1


def test_set_up_makes_what_is_missing_and_prints_a_secret_once(mongodb_url: str, database: Database) -> None:
    environ = {**DEVELOPMENT, "ACQUAINT_MONGODB_URL": mongodb_url, "ACQUAINT_DATABASE": database.name}

    first, second = (
        [json.loads(line) for line in _run("setup", **environ).output.splitlines()] for _ in "12"
    )

    assert [each["kind"] for each in first] == ["publishable_key", "admin_key"]
    assert first[0]["token"].startswith("pk_")
    assert first[1]["token"].startswith("sk_")
    assert second[0] == first[0]
    assert "token" not in second[1]
    assert second[1]["note"] == "was printed when it was made; `acquaint admin-key` makes another"


def test_set_up_of_production_makes_no_demo(mongodb_url: str, database: Database) -> None:
    environ = {**PRODUCTION, "ACQUAINT_MONGODB_URL": mongodb_url, "ACQUAINT_DATABASE": database.name}

    made = [json.loads(line)["kind"] for line in _run("setup", **environ).output.splitlines()]

    assert made == ["admin_key"]


def test_schema_is_printed_as_it_lies_on_disk() -> None:
    assert _run("schema").output == (ROOT / "schema.graphql").read_text()


def test_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        refused = _run("serve", "--workers", "2", **DEVELOPMENT, ACQUAINT_PORT=port)

    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: Port {port} of 127.0.0.1 cannot be had: Address already in use")


@pytest.mark.parametrize("given", ["0", "many"])
def test_number_of_processes_is_one(given: str) -> None:
    refused = _run("serve", "--workers", given, **DEVELOPMENT)

    assert refused.exit_code == 2
    assert "Invalid value for '--workers'" in refused.output


def test_every_command_can_be_imported_and_is_described() -> None:
    listed = _run("--help")

    assert listed.exit_code == 0
    assert "\n  admin-key " in listed.output
    assert "\n  worker " in listed.output


def test_unknown_command_is_named() -> None:
    refused = _run("server")

    assert refused.exit_code == 2
    assert "No such command 'server'" in refused.output


def test_serving_imports_nothing_of_the_other_commands() -> None:
    program = """
import sys
from server.__main__ import main
main.get_command(None, "serve")
others = ("server.bulk", "server.demo", "server.doctor", "server.keeping", "server.local", "server.worker")
print([each for each in sys.modules if each.startswith(others)])
"""

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, timeout=60, capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
