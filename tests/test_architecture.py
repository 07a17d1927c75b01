"""The shape of the house, as far as import-linter cannot say it: doors, sizes, docstrings, the top level."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent

TOP_LEVEL = {
    *(".ci", ".dockerignore", ".github", ".gitignore", "CHANGELOG.md", "Dockerfile", "LICENSE", "Makefile"),
    "README.md",
    *("docker-compose.yml", "docs", "pyproject.toml", "schema.graphql", "server", "tests", "widget"),
}
DOMAINS = {
    *("access", "audiences", "consent", "destinations", "enrichment", "events", "hooks", "identity"),
    *("insights", "privacy", "profiles", "questions"),
}
DOORS = {"model", "errors", "changes", "service"}
# Profiles have more services than one, and languages that others speak: conditions, orders, the catalogue.
MORE_DOORS = {
    "access": {"admins", "audit", "limiting", "revoking"},
    "enrichment": {"configured", "overseeing", "visits"},
    "identity": {"gates"},
    "profiles": {
        *("asking", "catalogue", "condition_forms", "conditions", "following", "identifying", "importing"),
        *("gates", "ordering", "predicates", "reading", "tallies"),
    },
    "questions": {"results"},
}
# Builds every object by hand, so it has to know the stores.
BUILDER = "services"
# (importer, imported): the reason why this one may go past the door.
PAST_THE_DOOR: dict[tuple[str, str], str] = {}
EMPTY_NAMES = {"utils", "helpers", "common", "manager", "base", "misc"}

MOST_LINES = 350
# file: the reason why it may be longer.
LONGER: dict[str, str] = {
    "server/graphql/enums.py": "One table of every closed set with words for each value.",
}

MODULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "server").rglob("*.py"))


def _tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    names = listing.stdout.decode().split("\0")[:-1]
    return [name for name in names if (ROOT / name).is_file()]


def _text(name: str) -> str:
    """Return what is written in a file; nothing is in one that holds a picture."""
    content = (ROOT / name).read_bytes()
    return "" if b"\0" in content else content.decode(errors="replace")


def test_domains_meet_at_the_door() -> None:
    graph = grimp.build_graph("server", cache_dir=None)

    trespasses = {
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if _is_past_the_door(importer, imported)
    }

    assert trespasses == PAST_THE_DOOR.keys()


def _is_past_the_door(importer: str, imported: str) -> bool:
    match imported.split("."):
        case ["server", domain, inside, *_] if domain in DOMAINS:
            doors = DOORS | MORE_DOORS.get(domain, set())
            return importer.split(".")[1:2] not in ([domain], [BUILDER]) and inside not in doors
    return False


def test_module_opens_with_a_docstring_of_one_to_three_lines() -> None:
    openings = {name: ast.get_docstring(ast.parse(_text(name))) or "" for name in MODULES}

    assert [name for name, text in openings.items() if not text] == []
    assert [name for name, text in openings.items() if text.partition("\n\n")[0].count("\n") > 2] == []


def test_no_module_is_named_for_nothing() -> None:
    assert [name for name in MODULES if Path(name).stem in EMPTY_NAMES] == []


def test_file_that_gets_away_is_split_by_decision() -> None:
    long = {
        name
        for name in _tracked()
        if name.endswith((".py", ".ts", ".mjs")) and _text(name).count("\n") > MOST_LINES
    }

    assert long == LONGER.keys()


def test_top_level_holds_what_the_design_lists() -> None:
    assert {name.partition("/")[0] for name in _tracked()} <= TOP_LEVEL


def test_work_left_over_is_an_issue_and_not_a_comment() -> None:
    marker = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")

    assert [name for name in _tracked() if marker.search(_text(name))] == []


def test_lock_files_hold_versions_and_not_addresses() -> None:
    address = {"package-lock.json": '"resolved"', "constraints.txt": "://"}
    locks = [name for name in _tracked() if Path(name).name in address]

    assert [name for name in locks if address[Path(name).name] in _text(name)] == []


def test_no_file_sends_a_package_client_somewhere() -> None:
    settings = [name for name in _tracked() if Path(name).name in {".npmrc", ".yarnrc", "pip.conf"}]
    named = re.compile(r"^\s*(@\S+:)?(registry|\S*index-url)\b", re.MULTILINE)

    assert [name for name in settings if named.search(_text(name))] == []
