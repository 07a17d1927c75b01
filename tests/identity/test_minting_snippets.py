"""The snippets of docs/identity-tokens.md mint tokens that are good; each is run where its language is."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.identity.host import host_of
from tests.sign_in_world import PUBLIC_URL

if TYPE_CHECKING:
    from tests.sign_in_world import World

PAGE = Path(__file__).parents[2] / "docs" / "identity-tokens.md"


@dataclass(frozen=True, slots=True)
class Language:
    """How the page marks a snippet of it, what its file is called, and what runs that."""

    mark: str
    file: str
    command: tuple[str, ...]


LANGUAGES = [
    Language("python", "mint.py", ("python3",)),
    Language("js", "mint.mjs", ("node",)),
    Language("php", "mint.php", ("php",)),
    Language("ruby", "mint.rb", ("ruby",)),
    Language("go", "mint.go", ("go", "run")),
]


def test_every_snippet_of_the_page_is_run_here() -> None:
    marks = re.findall(r"```(\w+)", PAGE.read_text())

    assert set(marks) - {"graphql"} == {each.mark for each in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.mark)
async def test_snippet_mints_a_good_token(world: World, tmp_path: Path, language: Language) -> None:
    program = shutil.which(language.command[0])
    if program is None:
        pytest.skip(f"there is no {language.command[0]} here")
    host = await host_of(world)
    (snippet,) = re.findall(rf"```{language.mark}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / language.file).write_text(snippet)

    minted = await asyncio.create_subprocess_exec(
        program,
        *language.command[1:],
        str(tmp_path / language.file),
        "u-42",
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "ACQUAINT_URL": PUBLIC_URL,
            "IDENTITY_SECRET": host.secret,
            "GOCACHE": str(tmp_path / "cache"),
        },
    )
    token = (await minted.communicate())[0].decode().strip()

    assert (await host.visit(token)).profile.id == (await host.visit()).profile.id
