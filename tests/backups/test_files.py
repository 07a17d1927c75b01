"""What is wrong with a backup is told in one sentence, and nothing of it is restored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.backups.errors import BackupError
from server.backups.model import Kind, Section
from server.backups.restoring import Restoring, verify_files
from server.backups.sealing import new_key, opened, read_public_keys, read_secret_keys, sealed
from server.backups.sections import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.backups.world import World

PART = "0000001.bson.zst.age"


def _cut(path: Path) -> None:
    content = (path / PART).read_bytes()
    (path / PART).write_bytes(content[:-10])


def _flip(path: Path) -> None:
    content = bytearray((path / PART).read_bytes())
    content[len(content) // 2] ^= 1
    (path / PART).write_bytes(content)


def _lose(path: Path) -> None:
    (path / PART).unlink()


def _lose_a_line(path: Path) -> None:
    lines = (path / "parts.jsonl").read_text().splitlines()
    (path / "parts.jsonl").write_text("\n".join(lines[1:]) + "\n")


def _cut_a_line(path: Path) -> None:
    (path / "parts.jsonl").write_bytes((path / "parts.jsonl").read_bytes()[:-10])


def _renew(path: Path) -> None:
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, "format": 2, "more": "unknown"}))


def _claim(path: Path) -> None:
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**manifest, "parts": 1}))


def _scribble(path: Path) -> None:
    (path / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_cut, "0000001.bson.zst.age is cut off: it has"),
        (_flip, "0000001.bson.zst.age is damaged: its SHA-256 is not the one that was written."),
        (_lose, "0000001.bson.zst.age is missing: fetch the backup again."),
        (_lose_a_line, "parts.jsonl is missing or damaged: fetch the backup again."),
        (_cut_a_line, "parts.jsonl is missing or damaged: fetch the backup again."),
        (_renew, "by a later version of Acquaint: its format is 2, and this version reads up to 1."),
        (_claim, "The manifest was made with another ACQUAINT_SECRET, or changed afterwards."),
        (_scribble, "manifest.json is damaged: it is no JSON."),
    ],
)
async def test_damage_is_told_before_anything_is_served(
    world: World, damage: Callable[[Path], None], sentence: str
) -> None:
    await world.populate()
    await world.back_up()
    damage(world.path)

    with pytest.raises(BackupError, match=sentence):
        await world.restore()
    with pytest.raises(BackupError, match=sentence):
        verify_files(world.folder, world.folder.manifest(), lambda _: None)


async def test_file_of_another_place_is_noticed(world: World) -> None:
    await world.populate()
    await world.back_up()
    folder = world.folder
    content = packed("bak_other", 1, [])

    with pytest.raises(BackupError, match="part 1 of this backup is another: files were mixed up"):
        list(unpacked(folder.manifest().id, 1, content))


async def test_wrong_key_opens_nothing(world: World) -> None:
    await world.populate()
    await world.back_up()
    folder = world.folder

    with pytest.raises(BackupError, match="can't be opened with this key: give the secret key of one of"):
        await Restoring(folder=folder, manifest=folder.manifest(), keys=[new_key()[0]]).verify(lambda _: None)


async def test_right_key_opens_everything(world: World) -> None:
    told: list[int] = []
    await world.populate()
    made = await world.back_up()

    restoring = Restoring(folder=world.folder, manifest=made, keys=[new_key()[0], world.keys[0]])
    await restoring.verify(told.append)

    assert told[-1] == made.parts


async def test_other_secret_is_noticed_since_sealed_values_could_not_be_read(world: World) -> None:
    await world.populate()
    await world.back_up()

    with pytest.raises(BackupError, match="made with another ACQUAINT_SECRET"):
        await world.restore(secret="t" * 32)


async def test_database_that_holds_something_is_left_alone_unless_told(world: World) -> None:
    await world.populate()
    await world.back_up()
    await world.target["notes"].insert_one({"_id": "mine"})

    with pytest.raises(BackupError, match=r"is not empty \(notes\): name another one with ACQUAINT_DATABASE"):
        await world.restore()
    kept = await world.target["notes"].count_documents({})
    await world.restore(replaces=True)

    assert kept == 1
    assert "notes" not in await world.target.list_collection_names()


async def test_unfinished_backup_is_not_restored(world: World) -> None:
    await world.populate()
    with world.folder.held():
        pass

    with pytest.raises(BackupError, match=r"it has no manifest\.json"):
        await world.restore()


async def test_folder_is_one_backup_at_a_time(world: World) -> None:
    await world.populate()

    with world.folder.held(), pytest.raises(BackupError, match="Another process makes a backup in"):
        await world.back_up()
    await world.back_up()

    with pytest.raises(BackupError, match="There is a finished backup in"):
        await world.back_up()


async def test_folder_of_something_else_is_left_alone(world: World) -> None:
    world.path.mkdir()
    (world.path / "diary.txt").write_text("mine")

    with pytest.raises(BackupError, match="holds something else: name an empty or a new folder"):
        await world.back_up()


@pytest.mark.parametrize("text", ["", "age1", "AGE-SECRET-KEY-1", "ssh-ed25519 AAAA"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BackupError, match="is no public key: it should be age1…"):
        read_public_keys([text])
    with pytest.raises(BackupError, match="AGE-SECRET-KEY-1…"):
        read_secret_keys(text)


def test_key_file_may_have_comments_and_several_keys() -> None:
    one, other = new_key()[0], new_key()[0]

    assert read_secret_keys(f"# of the safe\n{one}\n\n{other}\n") == (one, other)


@given(st.binary(max_size=2_000))
def test_what_is_sealed_is_opened_by_its_key_alone(content: bytes) -> None:
    secret, public = new_key()

    closed = sealed(content, [new_key()[1], public])

    assert opened("a file", closed, [secret]) == content
    with pytest.raises(BackupError, match="a file can't be opened"):
        opened("a file", closed, [new_key()[0]])


@given(st.lists(st.tuples(st.sampled_from(Kind), st.text(max_size=5), st.integers(0, 3))))
def test_sections_are_read_as_they_were_written(drawn: list[tuple[Kind, str, int]]) -> None:
    empty = b"\x05\0\0\0\0"  # BSON without a field
    sections = [
        Section(kind=kind, collection=name.replace("\0", ""), documents=[empty] * count)
        for kind, name, count in drawn
    ]

    assert list(unpacked("bak_1", 7, packed("bak_1", 7, sections))) == sections
