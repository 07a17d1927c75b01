"""What operators are given names nothing that is not there."""

from __future__ import annotations

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from server.kit.instruments import Instruments
from tests.test_architecture import ROOT

FOLDER = ROOT / "docs" / "operations"
NAME = re.compile(r"\b(?:acquaint|process|python)_[a-z_]+")


def _dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
    return read


def _known() -> set[str]:
    """Return every series that there can be."""
    endings = {"counter": ("_total",), "histogram": ("", "_bucket", "_count", "_sum"), "gauge": ("",)}
    return {
        family.name + ending
        for family in text_string_to_metric_families(Instruments().text().decode())
        for ending in endings.get(family.type, ("",))
    }


def _rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def _expressions() -> list[str]:
    panels = [target["expr"] for panel in _dashboard()["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in _rules()), *panels]


def test_prometheus_could_read_every_query() -> None:
    for each in _expressions():
        promql_parser.parse(each.replace("$__rate_interval", "5m"))


def test_dashboard_and_alerts_name_metrics_that_exist() -> None:
    named = {name for each in _expressions() for name in NAME.findall(re.sub(r'"[^"]*"', "", each))}

    assert len(named) > 10
    assert named <= _known()


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    queries = json.dumps(_dashboard()["panels"])
    ours = {re.sub("_(bucket|count|sum)$", "", each) for each in _known() if each.startswith("acquaint_")}

    assert [each for each in sorted(ours) if not each.endswith("_created") and each not in queries] == []


def test_every_metric_of_ours_is_explained() -> None:
    page = (FOLDER / "README.md").read_text()
    ours = {each for each in _known() if each.startswith("acquaint_") and not each.endswith("_created")}
    parts = {each for each in ours if each.endswith(("_bucket", "_count", "_sum"))}

    assert [each for each in sorted(ours - parts) if f"`{each}`" not in page] == []


def test_there_is_something_to_do_for_every_alert() -> None:
    page = (FOLDER / "README.md").read_text()
    alerts = [rule["alert"] for rule in _rules()]

    assert len(alerts) == 12
    assert [each for each in alerts if f"| `{each}` |" not in page] == []


@pytest.mark.parametrize("place", ["id", "title"])
def test_panels_are_told_apart(place: str) -> None:
    panels = [each[place] for each in _dashboard()["panels"]]

    assert len(set(panels)) == len(panels)


def test_threat_model_names_tests_that_there_are() -> None:
    named = set(re.findall(r"`([\w/]*test_\w+\.py)`", (ROOT / "docs" / "security.md").read_text()))

    assert len(named) > 30
    assert [each for each in sorted(named) if not (ROOT / "tests" / each).is_file()] == []


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / ".github" / "SECURITY.md"]
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
        if "://" not in target
    ]

    broken = [f"{page.relative_to(ROOT)}: {to}" for page, to in links if not (page.parent / to).exists()]
    assert len(links) > 100
    assert broken == []
