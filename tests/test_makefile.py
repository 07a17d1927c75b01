"""The doors of the repository open on what they promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.test_architecture import ROOT

HOOK = Path(sys.executable).parent / "detect-secrets-hook"
KEY = "AKIA" + "IOSFODNN7EXAMPLE"  # of AWS' own manual; in two parts, or the scan finds it here


@cache
def _would_run(door: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--dry-run", "--always-make", door]
    return subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("tool", ["detect-secrets-hook", "ruff check", "mypy", "lint-imports"])
def test_check_runs_every_tool(tool: str) -> None:
    assert tool in _would_run("check")


@pytest.mark.parametrize("folder", ["widget", "widget/examples", "tests/widget", "tests/bench/peers"])
def test_audit_looks_at_all_that_we_depend_on(folder: str) -> None:
    told = _would_run("audit")

    assert ".ci/constraints.txt" in told
    assert re.search(rf" {folder}/[ ;]", told)


@pytest.mark.parametrize(("line", "is_secret"), [(f"key = {KEY}", True), ("key = none", False)])
def test_secret_in_a_file_is_found(tmp_path: Path, line: str, *, is_secret: bool) -> None:
    file = tmp_path / "settings.txt"
    file.write_text(line)

    looked = subprocess.run(
        [HOOK, "--baseline", ".ci/secrets.baseline", file],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (looked.returncode != 0) == is_secret, looked.stdout
