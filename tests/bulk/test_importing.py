"""Importing files: what is taken, what is refused and why, and what a killed import leaves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.bulk.errors import FileError
from server.bulk.importing import FileImport, ImportOptions, Outcome
from server.bulk.store import ImportStore
from server.profiles.importing import Imported
from server.profiles.model import IdentityKind, IdentityRef
from tests.bulk.conftest import erased_of, importing_of
from tests.factories.profiles import user
from tests.fakes import Crash

if TYPE_CHECKING:
    from pathlib import Path

    from server.bulk.store import Checkpoint
    from server.kit.mongo import Database, Document
    from tests.core import Core
    from tests.fakes import FakeClock


def written(
    folder: Path,
    text: str | bytes,
    *,
    name: str = "people.csv",
    **options: Any,  # noqa: ANN401 - overrides
) -> ImportOptions:
    """Write a file and return what imports it."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = {"renamed": {}, "rejects": folder / "rejects.jsonl", **options}
    return ImportOptions(file=file, **given)


def reasons(options: ImportOptions) -> dict[int, str]:
    lines = options.rejects.read_text().splitlines()
    return {entry["row"]: entry["reason"] for entry in map(json.loads, lines)}


async def traits(core: Core, ref: IdentityRef) -> dict[str, object]:
    profile = await core.profiles.find_by_identity(ref)
    assert profile is not None
    return {key: each.value for key, each in (await core.profiles.known_attributes(profile)).items()}


def ignore(_: int) -> None:
    """Progress that nobody watches."""


async def test_rows_become_people_with_claims_of_the_import(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    options = written(tmp_path, "user_id,given_name,company_size\nu-1,Ada,11-50\nu-2,Grace,\n")

    outcome = await importer.run(options, ignore)

    assert outcome == Outcome(taken=2, refused=0)
    assert await traits(stocked, user("u-1")) == {"given_name": "Ada", "company_size": "11-50"}
    assert await traits(stocked, user("u-2")) == {"given_name": "Grace"}
    assert not options.rejects.exists()


async def test_a_known_person_is_added_to_and_a_second_row_too(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    known = await stocked.profiles.recognise(user("u-1"))
    options = written(tmp_path, "user_id,given_name,nickname\nu-1,Ada,\nu-1,,Countess\nu-9,Eve,\nu-9,,E\n")

    await importer.run(options, ignore)

    assert await traits(stocked, user("u-1")) == {"given_name": "Ada", "nickname": "Countess"}
    assert await traits(stocked, user("u-9")) == {"given_name": "Eve", "nickname": "E"}
    found = await stocked.profiles.find_by_identity(user("u-1"))
    assert found is not None
    assert found.id == known.id


async def test_columns_are_mapped_by_name_or_as_told(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    options = written(
        tmp_path,
        "E-Mail,First\nADA@example.com,Ada\n",
        renamed={"E-Mail": "email_identity", "First": "given_name"},
    )

    await importer.run(options, ignore)

    ref = IdentityRef(kind=IdentityKind.EMAIL, value="ada@example.com")
    assert await traits(stocked, ref) == {"given_name": "Ada"}


async def test_a_bad_row_is_refused_with_its_reason_and_the_others_are_taken(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    header = b"user_id,given_name,company_size,birthdate\n"
    rows = [
        b"u-1,Ada,11-50,1815-12-10",
        b"u-2,Ada,a few,",
        b"u-3,Ada",
        b",Ada,11-50,",
        b"u-5,\xe9milie,,",
        b"u-6,Ada,,yesterday",
        b"u-7,Ada,,," + b"x" * 10,
        b'u-8,"' + b"x" * 2_000_000 + b'",,',
        b"u-9,Ada\0,,",
    ]
    options = written(tmp_path, header + b"\n".join(rows) + b"\n")

    outcome = await importer.run(options, ignore)

    refused = reasons(options)
    assert outcome.taken == 1
    assert set(refused) == {2, 3, 4, 5, 6, 7, 8, 9}
    assert "must be one of" in refused[2]
    assert refused[3] == "It has 2 cells where the header has 4."
    assert "names nobody" in refused[4]
    assert "encoding" in refused[5]
    assert "date" in refused[6]
    assert "longer than" in refused[8]


async def test_json_lines_are_taken_with_their_types(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    lines = (
        '{"user_id": "u-1", "email_is_role": true}\n[1]\nnope\n{"user_id": "u-2", "email_is_role": "yes"}\n'
    )
    options = written(tmp_path, lines, name="people.jsonl")

    await importer.run(options, ignore)

    assert await traits(stocked, user("u-1")) == {"email_is_role": True}
    assert set(reasons(options)) == {2, 3, 4}


async def test_person_with_half_a_character_or_nul_in_their_id_is_refused(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    lines = '{"user_id": "\\ud800"}\n{"user_id": "a\\u0000"}\n{"user_id": "u-3", "given_name": "\\udfff"}\n'
    options = written(tmp_path, lines, name="people.jsonl")

    outcome = await importer.run(options, ignore)

    assert outcome == Outcome(taken=0, refused=3)
    assert set(reasons(options)) == {1, 2, 3}
    assert await stocked.database["profiles"].count_documents({}) == 0


async def test_who_was_erased_stays_away_unless_told(
    stocked: Core, importer: FileImport, clock: FakeClock, tmp_path: Path
) -> None:
    await erased_of(stocked).remember([user("u-1")], "req_1", clock())
    people = "user_id,given_name\nu-1,Ada\nu-2,Eve\n"
    options = written(tmp_path, people)

    assert await importer.run(options, ignore) == Outcome(taken=1, refused=1)
    assert "erased" in reasons(options)[1]
    assert await stocked.profiles.find_by_identity(user("u-1")) is None

    await importer.run(written(tmp_path, people, is_again=True, brings_back=True), ignore)
    assert await traits(stocked, user("u-1")) == {"given_name": "Ada"}


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("", {}),
        ("\n", {}),
        ("given_name,given_name\n", {}),
        ("given_name\nAda\n", {}),
        ("user_id,x\nu-1,1\n", {"x": "no_such_key"}),
        ("user_id,x\nu-1,1\n", {"y": "given_name"}),
    ],
)
async def test_a_file_that_can_not_be_right_is_refused_whole(
    importer: FileImport, tmp_path: Path, text: str, renamed: dict[str, str]
) -> None:
    with pytest.raises(FileError):
        await importer.run(written(tmp_path, text, renamed=renamed), ignore)


async def test_an_unknown_encoding_is_named(importer: FileImport, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="klingon"):
        await importer.run(written(tmp_path, "user_id\nu-1\n", encoding="klingon"), ignore)


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    options = written(tmp_path, "user_id,birthdate\nu-1,1815-12-10\nu-2,never\n", is_dry_run=True)

    outcome = await importer.run(options, ignore)

    assert outcome == Outcome(taken=1, refused=1)
    assert await stocked.database["profiles"].count_documents({}) == 0


async def test_importing_a_file_again_changes_nothing_unless_told(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    options = written(tmp_path, "user_id,given_name\nu-1,Ada\n")
    await importer.run(options, ignore)
    before = await everything(stocked)

    assert (await importer.run(options, ignore)).was_done
    await importer.run(written(tmp_path, "user_id,given_name\nu-1,Ada\n", is_again=True), ignore)

    assert await everything(stocked) == before


class MortalImports(ImportStore):
    """Its process ends before the checkpoint with this number is written: its batch was taken by then."""

    def __init__(self, database: Database, *, dies_at: int) -> None:
        super().__init__(database)
        self._left = dies_at

    async def save(self, checkpoint: Checkpoint) -> None:
        if self._left == 0:
            raise Crash
        self._left -= 1
        await super().save(checkpoint)


@pytest.mark.parametrize("dies_at", [0, 1, 2, 3])
async def test_an_import_that_was_killed_ends_as_one_that_was_not(
    stocked: Core, importer: FileImport, clock: FakeClock, tmp_path: Path, dies_at: int
) -> None:
    rows = [f"u-{n},{'Ada' if n % 7 else ''},{'x' if n % 500 == 0 else ''}" for n in range(2_500)]
    options = written(tmp_path, "user_id,given_name,birthdate\n" + "\n".join(rows) + "\n")
    importing = importing_of(stocked, clock)
    store = MortalImports(stocked.database, dies_at=dies_at)
    mortal = FileImport(profiles=stocked.profiles, importing=importing, store=store, clock=clock)

    with pytest.raises(Crash):
        await mortal.run(options, ignore)
    with options.rejects.open("ab") as rejects:
        rejects.write(b'{"row": 1, "rea')  # what a kill in the middle of a write leaves
    clock.advance(timedelta(minutes=1))
    outcome = await importer.run(options, ignore)

    assert outcome == Outcome(taken=2_495, refused=5)
    assert set(reasons(options)) == {1, 501, 1_001, 1_501, 2_001}
    found = await everything(stocked)
    assert len(found) == 2_495
    assert {each["version"] for each in found} == {1}


async def test_of_rows_about_one_person_the_last_counts_however_often_they_are_taken(
    stocked: Core, importer: FileImport, clock: FakeClock, tmp_path: Path
) -> None:
    rows = "".join(f"u-1,Name {number}\n" for number in range(20))
    options = written(tmp_path, f"user_id,given_name\n{rows}")
    store = MortalImports(stocked.database, dies_at=0)
    mortal = FileImport(
        profiles=stocked.profiles, importing=importing_of(stocked, clock), store=store, clock=clock
    )

    with pytest.raises(Crash):
        await mortal.run(options, ignore)
    taken_once = await everything(stocked)
    await importer.run(options, ignore)

    assert await everything(stocked) == taken_once
    assert await traits(stocked, user("u-1")) == {"given_name": "Name 19"}


async def test_who_comes_in_two_batches_is_one_person_though_both_are_made_ready_first(
    stocked: Core, clock: FakeClock
) -> None:
    importing, at = importing_of(stocked, clock), clock()
    ada = IdentityRef(kind=IdentityKind.EMAIL, value="ada@person.example")
    batches = [
        [Imported(seed="file", number=1, identities=(user("u-1"), ada), values={"given_name": "Ada"})],
        [
            Imported(seed="file", number=2, identities=(ada,), values={"company_size": "11-50"}),
            Imported(seed="file", number=3, identities=(user("u-2"),), values={"given_name": "Grace"}),
        ],
    ]

    first = await importing.prepare(batches[0], at)
    second = await importing.prepare(batches[1], at, beside=first)
    refused = [await importing.take(each) for each in (first, second)]

    assert refused == [{}, {}]
    assert await traits(stocked, user("u-1")) == {"given_name": "Ada", "company_size": "11-50"}
    assert await traits(stocked, user("u-2")) == {"given_name": "Grace"}


async def test_row_whose_people_went_away_meanwhile_is_refused(stocked: Core, clock: FakeClock) -> None:
    importing, at = importing_of(stocked, clock), clock()
    row = Imported(seed="file", number=1, identities=(user("u-1"),), values={"given_name": "Ada"})
    never_taken = await importing.prepare([row], at)

    refused = await importing.take(await importing.prepare([row], at, beside=never_taken))

    assert list(refused) == [0]
    assert "import it again" in refused[0]


async def test_what_is_neither_text_nor_number_names_nobody(
    stocked: Core, importer: FileImport, tmp_path: Path
) -> None:
    lines = '{"user_id": true}\n{"user_id": 1.5}\n{"user_id": ["u"]}\n{"user_id": {"u": 1}}\n{"user_id": 7}\n'
    options = written(tmp_path, lines, name="people.jsonl")

    outcome = await importer.run(options, ignore)

    assert outcome == Outcome(taken=1, refused=4)
    assert set(reasons(options).values()) == {"What names a person is a text or a whole number."}
    assert await stocked.profiles.find_by_identity(user("7")) is not None


async def everything(core: Core) -> list[Document]:
    found: list[Document] = await core.database["profiles"].find().sort("_id", 1).to_list(None)
    return found
