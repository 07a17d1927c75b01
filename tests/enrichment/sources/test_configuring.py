"""Admins configure enrichers: every process follows, secrets stay with their host, nothing half-made runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY
from server.enrichment.model import Found
from server.kit.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from server.kit.paging import PageRequest
from server.kit.watching import keep_fresh
from tests.enrichment.sources.deployment import ADMIN, READER, deployed
from tests.enrichment.sources.simulator import secret

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from tests.enrichment.sources.deployment import Deployment
    from tests.enrichment.sources.simulator import Stand


async def test_enricher_of_a_preset_runs_once_it_has_its_secret_and_is_on(
    here: Deployment, stand: Stand
) -> None:
    created = await here.sources.configuring.create(ADMIN, "hunter", preset_key="hunter_person")
    off = here.sources.live.running().get("hunter")
    listed = await here.sources.configuring.set_secret(
        ADMIN, created.configured.id, "api_key", secret("api_key")
    )
    await here.sources.configuring.set_enabled(
        ADMIN, listed.configured.id, listed.configured.version, is_enabled=True
    )

    running = here.sources.live.running()["hunter"]
    result = await running.look_up({"email": "ada@fernhill.example"})

    assert off is None
    assert created.problem == "The secret 'api_key' is missing: set it with setEnricherSecret."
    assert isinstance(result, Found)
    assert stand.simulator.refusals == []
    assert running.inputs == ("email",)
    assert running.purpose == "enrichment_third_party"


async def test_enricher_without_its_secret_is_not_switched_on(here: Deployment) -> None:
    created = await here.sources.configuring.create(ADMIN, "hunter", preset_key="hunter_person")

    with pytest.raises(InvalidInputError, match="The secret 'api_key' is missing"):
        await here.sources.configuring.set_enabled(ADMIN, created.configured.id, 1, is_enabled=True)


async def test_another_host_clears_the_secrets_and_switches_it_off(here: Deployment) -> None:
    made = await here.made()
    moved = dict(made.configured.document)
    moved["request"] = {**moved["request"], "base_url": "https://collector.example.com"}

    updated = await here.sources.configuring.update(ADMIN, made.configured.id, made.configured.version, moved)

    assert updated.problem == "The secret 'api_key' is missing: set it with setEnricherSecret."
    assert not updated.configured.is_enabled
    assert "hunter" not in here.sources.live.running()


async def test_secret_that_is_moved_in_the_database_is_worth_nothing(
    here: Deployment, database: Database, stand: Stand
) -> None:
    made = await here.made()
    stored = await database["enrichers"].find_one({"_id": made.configured.id})
    assert stored is not None
    await database["enrichers"].update_one(
        {"_id": made.configured.id},
        {"$set": {"document": stored["document"].replace("api.hunter.io", "collector.example.com")}},
    )

    await here.sources.live.configured.refresh()

    assert "hunter" not in here.sources.live.running()
    assert stand.simulator.calls == []


async def test_secret_is_in_the_database_sealed_alone(here: Deployment, database: Database) -> None:
    made = await here.made()

    stored = repr(await database["enrichers"].find().to_list(None))

    assert secret("api_key") not in stored
    assert secret("api_key") not in repr(made)


async def test_secret_that_the_deployment_can_not_read_switches_the_enricher_off(
    here: Deployment, database: Database
) -> None:
    made = await here.made()
    await database["enrichers"].update_one(
        {"_id": made.configured.id}, {"$set": {"secrets.api_key": "sealed with another key"}}
    )

    await here.sources.live.configured.refresh()

    assert "hunter" not in here.sources.live.running()


async def test_every_process_follows(
    here: Deployment, database: Database, mongodb_url: str, stand: Stand
) -> None:
    there = await deployed(database, mongodb_url, stand)
    following = asyncio.create_task(keep_fresh(database, [there.sources.live.configured]))
    try:
        await here.made()
        async with asyncio.timeout(20):
            while "hunter" not in there.sources.live.running():  # noqa: ASYNC110 - another process's condition
                await asyncio.sleep(0.02)
    finally:
        following.cancel()


async def test_same_input_asks_again_after_another_document_or_secret_alone(here: Deployment) -> None:
    made = await here.made()
    revision = made.configured.revision

    off = await here.sources.configuring.set_enabled(
        ADMIN, made.configured.id, made.configured.version, is_enabled=False
    )
    updated = await here.sources.configuring.update(
        ADMIN, made.configured.id, off.configured.version, made.configured.document
    )

    assert off.configured.revision == revision
    assert updated.configured.revision == revision + 1


async def test_of_two_admins_the_second_is_told(here: Deployment) -> None:
    made = await here.made()
    given = made.configured

    with pytest.raises(VersionConflictError):
        await here.sources.configuring.update(ADMIN, given.id, given.version - 1, given.document)


async def test_key_is_taken_for_good(here: Deployment) -> None:
    made = await here.made()
    await here.sources.configuring.archive(ADMIN, made.configured.id, made.configured.version)

    for key in ("hunter", "email_domain"):
        with pytest.raises(ConflictError):
            await here.sources.configuring.create(ADMIN, key, preset_key="hunter_person")
    with pytest.raises(NotFoundError):
        await here.sources.configuring.set_secret(ADMIN, made.configured.id, "api_key", "x")


@pytest.mark.parametrize("key", ["", "Hunter", "1st", "a b", "a" * 64])
async def test_key_has_one_form(here: Deployment, key: str) -> None:
    with pytest.raises(InvalidInputError):
        await here.sources.configuring.create(ADMIN, key, preset_key="gravatar")


@pytest.mark.parametrize(
    ("preset", "spec"), [(None, None), ("gravatar", {}), (None, []), (None, {"format": "?"})]
)
async def test_enricher_is_of_a_preset_or_of_a_document(
    here: Deployment, preset: str | None, spec: object
) -> None:
    with pytest.raises(InvalidInputError):
        await here.sources.configuring.create(ADMIN, "it", preset_key=preset, document=spec)


@pytest.mark.parametrize("value", ["", "a\nb", "ä", "x" * 5_000])
async def test_secret_is_printable(here: Deployment, value: str) -> None:
    created = await here.sources.configuring.create(ADMIN, "hunter", preset_key="hunter_person")

    with pytest.raises(InvalidInputError):
        await here.sources.configuring.set_secret(ADMIN, created.configured.id, "api_key", value)
    with pytest.raises(InvalidInputError):
        await here.sources.configuring.set_secret(ADMIN, created.configured.id, "other", "value")


async def test_attribute_that_is_gone_is_told_as_a_problem(here: Deployment) -> None:
    made = await here.made()
    title = (await here.ground.profiles.catalogue.current()).get("job_title")
    await here.ground.attributes.archive(ADMIN, title.id, title.version)

    listed = await here.sources.configuring.find(READER, made.configured.id)

    assert listed is not None
    assert listed.problem == "There is no attribute 'job_title': define it first."


async def test_only_admins_configure_and_only_readers_see(here: Deployment) -> None:
    made = await here.made()
    configuring = here.sources.configuring

    for act in (
        configuring.create(READER, "a", preset_key="gravatar"),
        configuring.update(READER, made.configured.id, 3, {}),
        configuring.set_enabled(READER, made.configured.id, 3, is_enabled=False),
        configuring.archive(READER, made.configured.id, 3),
        configuring.set_secret(READER, made.configured.id, "api_key", "x"),
        here.sources.trying.run(READER, made.configured.id, None, None),
    ):
        with pytest.raises(ForbiddenError):
            await act
    assert await configuring.page(NOBODY, PageRequest()) is None
    assert configuring.presets(NOBODY) is None
    assert await configuring.find(NOBODY, made.configured.id) is None


async def test_enrichers_come_in_pages(here: Deployment) -> None:
    for number in range(3):
        await here.sources.configuring.create(ADMIN, f"number_{number}", preset_key="gravatar")

    first = await here.sources.configuring.page(READER, PageRequest(first=2))
    assert first is not None
    rest = await here.sources.configuring.page(
        READER, PageRequest(first=2, after=first.items[-1].configured.id)
    )

    assert rest is not None
    assert [each.configured.key for each in (*first.items, *rest.items)] == [
        f"number_{number}" for number in range(3)
    ]
    assert (first.has_next, rest.has_next) == (True, False)
