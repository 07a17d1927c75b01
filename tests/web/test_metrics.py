"""What Prometheus is told, and whom it is told to."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.app import create_app, create_watched
from server.kit.jobs.model import JobId, NewJob
from server.kit.relay import Relay
from server.profiles.expiring import EXPIRE
from server.reactions import reactions
from server.services import build_services
from server.serving.server import served_beside
from server.worker import Worker
from tests.api import client_of, running_api, settings_for
from tests.factories.profiles import user
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.kit.mongo import Database
    from tests.api import Api
    from tests.fakes import FakeClock

TOKEN = "t" * 32
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
NAMED = "query MyVerySecretName { viewer { kind } }"


@pytest.fixture
async def api(mongodb_url: str, database: Database, clock: FakeClock) -> AsyncIterator[Api]:
    """The application with a token for metrics."""
    settings = replace(settings_for(mongodb_url, database.name), metrics_token=TOKEN)
    async with running_api(settings, clock) as api:
        yield api


async def _read(http: httpx.AsyncClient) -> dict[str, float]:
    """Return every sample as Prometheus would write it down."""
    answer = await http.get("/metrics", headers=SHOWN)
    assert answer.status_code == 200, answer.text
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def _counted(samples: dict[str, float], name: str, **labels: str) -> float:
    return samples.get(f"{name}{sorted(labels.items())}", 0)


async def test_executions_that_were_not_compiled_are_counted_by_their_reason(api: Api) -> None:
    deferred = "{ ... @defer { viewer { kind } } }"
    before = await _read(api.http)

    await api.post(deferred, by=api.admin)
    await api.post(deferred, by=api.admin, Accept="multipart/mixed, application/json")
    after = await _read(api.http)

    name, reason = "acquaint_execution_fallbacks_total", "@defer or @stream"
    assert _counted(after, name, reason=reason) == 1 + _counted(before, name, reason=reason)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
async def test_metrics_are_for_whoever_shows_the_token(api: Api, headers: dict[str, str]) -> None:
    answer = await api.http.get("/metrics", headers=headers)

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_without_a_token_in_the_settings_there_are_none(production_api: Api) -> None:
    answer = await production_api.http.get("/metrics", headers={"Authorization": "Bearer None"})

    assert answer.status_code == 404


async def test_operation_is_counted_by_its_root_field_and_how_it_ended(api: Api) -> None:
    await api.post(NAMED, by=api.admin)
    await api.post("{ viewer { kind } hooks { id } }", by=api.admin)
    await api.post("{ nothing }", by=api.admin)

    samples = await _read(api.http)

    assert _counted(samples, "acquaint_operations_total", operation="viewer", code="OK") == 1
    assert _counted(samples, "acquaint_operation_seconds_count", operation="viewer") == 1
    assert _counted(samples, "acquaint_operations_total", operation="refused", code="INVALID") == 2
    assert _counted(samples, "acquaint_http_responses_total", path="/graphql", status="200") == 3


async def test_what_clients_write_is_in_no_label(api: Api) -> None:
    await api.post(NAMED, by=api.admin)
    await api.post("query MyVerySecretName { MyVerySecretName }", by=api.admin)
    await api.http.get("/MyVerySecretName")

    told = (await api.http.get("/metrics", headers=SHOWN)).text

    assert "MyVerySecretName" not in told
    assert 'path="other",status="404"' in told


async def test_several_root_fields_are_counted_as_several(api: Api) -> None:
    await api.post("{ viewer { kind } signInProviders { key } }", by=api.admin)

    assert _counted(await _read(api.http), "acquaint_operations_total", operation="several", code="OK") == 1


async def test_document_is_prepared_once(api: Api) -> None:
    before = await _read(api.http)
    await api.post(NAMED, by=api.admin)
    await api.post(NAMED, by=api.admin)

    after = await _read(api.http)

    assert _counted(after, "acquaint_documents_total", cache="miss") == 1 + _counted(
        before, "acquaint_documents_total", cache="miss"
    )
    assert _counted(after, "acquaint_documents_total", cache="hit") == 1 + _counted(
        before, "acquaint_documents_total", cache="hit"
    )


async def test_asks_are_counted_from_the_decision_to_the_outcome(api: Api) -> None:
    services = api.services
    await api.define("pet_name")
    await api.publish("about_you", question_draft("pet_name"))
    person = await api.person()
    ask = person.next["ask"]["id"]
    await api.data(
        "mutation ($input: SkipQuestionInput!) { skipQuestion(input: $input) { __typename } }",
        {"input": {"askId": ask}},
        by=person,
    )
    relay = Relay(
        outboxes=services.stores.profiles,
        reactions=reactions(services),
        clock=services.clock,
        instruments=services.instruments,
    )

    while await relay.deliver():
        pass
    samples = await _read(api.http)

    assert _counted(samples, "acquaint_selections_total", verdict="ready") == 1
    assert _counted(samples, "acquaint_changes_total", kind="question.handled", outcome="skipped") == 1


async def test_queue_is_seen_where_no_worker_runs(api: Api, clock: FakeClock) -> None:
    for number in range(3):
        await api.services.queue.enqueue(NewJob(id=JobId(f"job_{number}"), kind=EXPIRE, payload={}))
    clock.advance(timedelta(seconds=90))

    samples = await _read(api.http)

    assert _counted(samples, "acquaint_queue_jobs", kind=EXPIRE) == 3
    assert _counted(samples, "acquaint_queue_age_seconds", kind=EXPIRE) == 90


async def test_changes_that_nobody_reacted_to_are_seen(api: Api, clock: FakeClock) -> None:
    services = api.services
    relay = Relay(outboxes=services.stores.profiles, reactions=reactions(services), clock=clock)
    while await relay.deliver():
        pass
    none = await _read(api.http)
    for user_id in ("ada", "bea"):
        await services.profiles.recognise(user(user_id))
        clock.advance(timedelta(seconds=45))

    waiting = await _read(api.http)
    while await relay.deliver():
        pass
    done = await _read(api.http)

    assert [_counted(each, "acquaint_queue_jobs", kind="react") for each in (none, waiting, done)] == [
        0,
        2,
        0,
    ]
    assert _counted(waiting, "acquaint_queue_age_seconds", kind="react") == 90


async def test_last_backup_that_was_finished_is_told(api: Api, clock: FakeClock) -> None:
    before = await _read(api.http)
    backups = api.services.database["backups"]
    await backups.insert_one({"_id": "bak_1", "finished_at": clock()})
    await backups.insert_one({"_id": "bak_2", "finished_at": None})

    after = await _read(api.http)

    name = "acquaint_last_backup_timestamp_seconds"
    assert (_counted(before, name), _counted(after, name)) == (0, clock().timestamp())


async def test_lag_of_the_event_loop_is_measured(api: Api) -> None:
    async with asyncio.timeout(60):
        while not _counted(await _read(api.http), "acquaint_event_loop_lag_seconds_count"):
            pass


async def test_work_is_counted_by_kind_and_end(api: Api) -> None:
    services = api.services
    await services.queue.enqueue(NewJob(id=JobId("job_1"), kind=EXPIRE, payload={}))
    relay = Relay(outboxes=services.stores.profiles, reactions={}, clock=services.clock)
    worker = Worker(
        name="ada",
        relay=relay,
        queue=services.queue,
        handlers=services.job_handlers,
        instruments=services.instruments,
    )

    await worker.drain()

    samples = await _read(api.http)
    assert _counted(samples, "acquaint_job_seconds_count", kind=EXPIRE, result="done") == 1
    assert (
        'acquaint_job_seconds_count{kind="enrich",result="dead"} 0.0' in services.instruments.text().decode()
    )


async def test_metrics_are_there_when_the_database_is_not(clock: FakeClock) -> None:
    settings = replace(settings_for("mongodb://127.0.0.1:1", "none"), metrics_token=TOKEN)
    services = build_services(settings, clock=clock)

    async with client_of(create_app(services)) as http:
        samples = await _read(http)

    services.close()
    assert _counted(samples, "acquaint_database_up") == 0


async def test_worker_is_watched_at_a_port_of_its_own(api: Api) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]

    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        served_beside(create_watched(api.services), "127.0.0.1", port),
    ):
        ready = await http.get("/readyz")
        samples = await _read(http)

    assert ready.json() == {"status": "ok"}
    assert _counted(samples, "acquaint_database_up") == 1
