"""Enrichers of other distributions: found by their entry point, or said to be none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server.enrichment.enrichers.email_domain import email_domain
from server.enrichment.model import Finding, Found
from server.enrichment.sources.plugins import BadPluginError, plugins

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a distribution of one module, which holds this code, where Python finds it."""

    def installed(name: str, code: str) -> None:
        (tmp_path / f"{name}.py").write_text(code)
        information = tmp_path / f"{name}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[acquaint.enrichers]\nit = {name}:made\n")
        monkeypatch.syspath_prepend(tmp_path)

    return installed


async def test_enricher_of_an_installed_distribution_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PLUGIN)

    found = plugins({})
    result = await found["oracle"].look_up({"name": "Ada"})

    assert list(found) == ["oracle"]
    assert result == Found(findings=(Finding(key="job_title", value="Friend of Ada"),))


def test_without_one_there_is_none() -> None:
    assert plugins({}) == {}


def test_plugin_may_bring_several(install: Callable[[str, str], None]) -> None:
    install(
        "acquaint_two",
        "from dataclasses import replace\n"
        "from server.enrichment.enrichers.email_domain import email_domain\n"
        "def made():\n    return [replace(email_domain(), key=key) for key in ('one', 'two')]\n",
    )

    assert list(plugins({})) == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("acquaint_missing", "", "can't be loaded"),
        ("acquaint_broken", "import no_such_module", "can't be loaded"),
        ("acquaint_number", "made = 3", "can't be loaded"),
        ("acquaint_strings", "def made():\n    return ['oracle']", "has to return enrichers"),
        (
            "acquaint_taken",
            "from server.enrichment.enrichers.email_domain import email_domain as made",
            "there is an enricher 'email_domain' already",
        ),
        (
            "acquaint_key",
            (
                "from dataclasses import replace\n"
                "from server.enrichment.enrichers.email_domain import email_domain\n"
                "def made():\n    return replace(email_domain(), key='E-mail')"
            ),
            "has to return enrichers",
        ),
    ],
)
def test_plugin_that_is_none_stops_the_process_with_a_reason(
    install: Callable[[str, str], None], name: str, code: str, sentence: str
) -> None:
    install(name, code)

    with pytest.raises(BadPluginError, match=sentence):
        plugins({"email_domain": email_domain()})
