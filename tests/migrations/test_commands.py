"""`acquaint migrate`: what it prints before and after."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from server.__main__ import main
from server.keeping.migrations import lines
from server.kit.migrating import Migration
from server.migrations.model import Act, IndexStep, Plan, RewriteStep

if TYPE_CHECKING:
    from server.kit.mongo import Database


def _run(mongodb_url: str, database: Database, *command: str) -> Result:
    ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("ACQUAINT_")}
    settings = {
        "ACQUAINT_MONGODB_URL": mongodb_url,
        "ACQUAINT_DATABASE": database.name,
        "ACQUAINT_SECRET": "s" * 32,
        "ACQUAINT_PUBLIC_URL": "https://api.test",
    }
    return CliRunner().invoke(main, command, env={**ours, **settings})


def test_plan_is_printed_then_done_then_empty(mongodb_url: str, database: Database) -> None:
    planned = _run(mongodb_url, database, "migrate", "--plan")
    done = _run(mongodb_url, database, "migrate")
    empty = _run(mongodb_url, database, "migrate", "--plan")

    assert "build    profiles.known_by  0 documents, about a second\n" in planned.output
    assert "rewrite  jobs  2026-11-lanes: " in planned.output
    assert done.output.endswith("Done.\n")
    assert empty.output == "Nothing is to be done: the database is as this version wants it.\n"


def test_plan_says_how_long_it_takes() -> None:
    index = {"name": "at_1", "key": {"at": 1}}
    shout = Migration(key="2026-01-shout", collection="people", why="Names shout.", pending={}, rewrite=[])
    rewrite = RewriteStep(migration=shout, documents=1_000_000)
    drop = IndexStep(act=Act.DROP, collection="people", name="by_1", definition=index, documents=7)
    steps = [
        IndexStep(act=act, collection="log", name="at_1", definition=index, documents=50_000_000)
        for act in (Act.BUILD, Act.EXPIRE, Act.LEAVE)
    ]

    printed = lines(Plan(indexes=steps, rewrites=[rewrite], drops=[drop]))

    assert printed == [
        "build    log.at_1  50,000,000 documents, about 8 minutes",
        "expire   log.at_1  50,000,000 documents, about a second",
        "leave    log.at_1  of another version; --drop removes it once no process of that version runs",
        "rewrite  people  2026-01-shout: Names shout.  1,000,000 documents, about 100 seconds",
        "drop     people.by_1  7 documents, about a second",
        "All in all about 10 minutes.",
    ]
