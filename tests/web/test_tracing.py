"""Spans, as a collector hears of them over HTTP: from a request to MongoDB, to providers and to jobs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler

from server.kit.calling import Caller, Request
from server.kit.jobs.model import Done, Job, JobId, NewJob
from server.kit.joint_reads import JointReads
from server.kit.joint_writes import JointWrites
from server.kit.mongo import CommandListener, PyMongoError, connect, undecoded
from server.kit.relay import Relay
from server.kit.spans import OpenTelemetry
from server.reactions import reactions
from server.worker import Worker
from tests.api import SECRET, running_api, settings_for
from tests.collector import Collector, collecting
from tests.factories.questions import question_draft
from tests.test_architecture import ROOT
from tests.worker.parts import Handler, always

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from server.kit.mongo import CommandStartedEvent, Database, Document
    from tests.api import Api
    from tests.fakes import FakeClock

KIND = "{ viewer { kind } }"
CANARY = "canary"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"  # pragma: allowlist secret
PARENT = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
SKIP = "mutation ($input: SkipQuestionInput!) { skipQuestion(input: $input) { __typename } }"
SERVER, CLIENT, CONSUMER = 2, 3, 5  # OTLP's numbers


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the applications of a test run."""

    url: str
    database: Database
    clock: FakeClock
    collector: Collector

    @asynccontextmanager
    async def traced(self, *proxies: str, sampler: Sampler = ALWAYS_ON) -> AsyncIterator[Api]:
        """Run an application; what it saw has arrived when the block ends."""
        tracing = OpenTelemetry(OTLPSpanExporter(f"{self.collector.url}/v1/traces"), sampler=sampler)
        settings = replace(settings_for(self.url, self.database.name), trusted_proxies=proxies)
        async with running_api(settings, self.clock, tracing=tracing) as api:
            yield api


@pytest.fixture
def place(mongodb_url: str, database: Database, clock: FakeClock, collector: Collector) -> Place:
    return Place(url=mongodb_url, database=database, clock=clock, collector=collector)


async def test_request_is_followed_to_the_database(place: Place, collector: Collector) -> None:
    async with place.traced() as api:
        await api.post('{ profile(by: {email: "ada@person.example"}) { id } }', by=api.admin)

    request = collector.named("POST /graphql")
    operation = collector.named("GraphQL profile")
    reads = [each for each in collector.spans if each.kind == CLIENT and each.parent == operation.id]
    assert (request.kind, request.parent, request.facts["http.route"]) == (SERVER, "", "/graphql")
    assert request.facts["http.response.status_code"] == 200
    assert operation.parent == request.id
    assert (operation.facts["acquaint.viewer"], operation.facts["acquaint.code"]) == ("admin", "OK")
    assert {each.trace_id for each in (request, operation, *reads)} == {request.trace_id}
    assert {"find profiles"} <= {each.name for each in reads}
    assert reads[0].facts["db.system.name"] == "mongodb"


async def test_read_that_others_may_share_is_in_the_trace_of_each(place: Place, collector: Collector) -> None:
    async with place.traced() as api:
        person = await api.person()
        await api.data("{ nextQuestion { state } }", by=person)

    trace = {
        each.name
        for each in collector.spans
        if each.trace_id == collector.named("GraphQL nextQuestion").trace_id
    }
    assert "find profiles" in trace


async def test_command_that_several_share_is_in_the_trace_of_each_who_is_looked_at(
    place: Place, collector: Collector
) -> None:
    async with place.traced() as api:
        documents = [{"_id": each, "made": 1} for each in ("somebody", "ada", "eve")]
        await api.services.database["things"].insert_many(documents)
        things = undecoded(api.services.database["things"])
        reads = JointReads(things, {}, _read)
        writes = JointWrites(things, {}, _read, reads, always="made")

        async def write(name: str) -> None:
            with api.services.instruments.tracing.span(name):
                await writes.update(name, {}, [{"$set": {"n": 1}}])

        await asyncio.gather(
            writes.update("somebody", {}, [{"$set": {"n": 1}}]),  # first, and not looked at
            write("ada"),
            write("eve"),
        )

    for name in ("ada", "eve"):
        request = collector.named(name)
        commands = [each for each in collector.spans if each.parent == request.id]
        told = {each.name: each.facts.get("db.operation.batch.size") for each in commands}
        assert told == {"update things": 3, "find things": None}
        assert {(each.kind, each.trace_id) for each in commands} == {(CLIENT, request.trace_id)}


def _read(document: object) -> Document:
    return dict(document)  # type: ignore[call-overload, no-any-return] # the driver's


async def test_work_is_linked_to_the_request_that_raised_it(place: Place, collector: Collector) -> None:
    async with place.traced() as api:
        services = api.services
        await api.define("pet_name")
        await api.publish("about_you", question_draft("pet_name"))
        person = await api.person()
        await api.data(SKIP, {"input": {"askId": person.next["ask"]["id"]}}, by=person)

        async def raise_first(_: object) -> None:
            await services.queue.enqueue(NewJob(id=JobId("job_1"), kind="first"))

        async def raise_last(_: Job) -> Done:
            await services.queue.enqueue(NewJob(id=JobId("job_2"), kind="last"))
            return Done()

        table = {each: (raise_first,) for each in reactions(services) if each.kind == "question.handled"}
        relay = Relay(
            outboxes=services.stores.profiles,
            reactions=table,
            clock=services.clock,
            instruments=services.instruments,
        )
        worker = Worker(
            name="ada",
            relay=relay,
            queue=services.queue,
            handlers={"first": Handler(raise_last), "last": always(Done())},
            instruments=services.instruments,
        )
        await worker.drain()

    skipped = collector.named("GraphQL skipQuestion")
    followers = [collector.named(name) for name in ("react to question.handled", "job first", "job last")]
    assert [each.links for each in followers] == [(skipped.trace_id,)] * 3
    assert {each.kind for each in followers} == {CONSUMER}
    assert skipped.trace_id not in {each.trace_id for each in followers}


async def test_call_of_a_provider_tells_the_host_and_no_more(place: Place, collector: Collector) -> None:
    async with place.traced() as api:
        tracing = api.services.instruments.tracing
        caller = Caller(
            httpx.MockTransport(lambda _: httpx.Response(503, stream=httpx.ByteStream(b""))), tracing
        )
        request = Request(
            method="GET",
            url="https://look.up.test/canary?email=canary@person.example",
            headers={},
            content=None,
        )
        with tracing.span("job enrich"):
            await caller.call(request, timeout=timedelta(seconds=5), max_bytes=1_000)
        await caller.close()

    call = collector.named("GET look.up.test")
    assert (call.kind, call.parent) == (CLIENT, collector.named("job enrich").id)
    assert call.facts == {
        "http.request.method": "GET",
        "server.address": "look.up.test",
        "http.response.status_code": 503,
    }


async def test_nothing_about_a_person_is_in_a_span(place: Place, collector: Collector) -> None:
    async with place.traced() as api:
        await api.publish("about_you", question_draft("job_title"))
        person = await api.signed_in("canary-subject", email="canary@person.example", given_name="Canary")
        await api.post(
            'query canaryName { profile(by: {email: "canary@person.example"}) { canary } }', by=api.admin
        )
        await api.post('{ profile(by: {email: "canary@person.example"}) { id } }', by=api.admin)
        await api.http.get("/canary?email=canary@person.example", headers={"User-Agent": "canary"})
        profiles = api.services.database["profiles"]
        with api.services.instruments.tracing.span("refused"), pytest.raises(PyMongoError, match="canary"):
            await profiles.aggregate([{"$canary": 1}]).to_list(1)
        secrets = [each for each in (person.token, api.admin.token, api.page.token, SECRET) if each]

    told = b"".join(collector.bodies)
    failed = next(each for each in collector.spans if each.name == "aggregate profiles" and each.is_error)
    assert failed.facts["error.type"] == "Location40324"
    assert len(collector.spans) > 10
    assert CANARY.encode() not in told.lower()
    assert not any(each.encode() in told for each in secrets)


async def test_trace_of_a_trusted_proxy_goes_on(place: Place, collector: Collector) -> None:
    async with place.traced("127.0.0.1") as api:
        await api.post(KIND, by=api.admin, traceparent=TRACEPARENT)

    request = collector.named("POST /graphql")
    assert (request.trace_id, request.parent, request.links) == (TRACE, PARENT, ())


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF])
async def test_trace_of_anybody_else_is_noted_and_decides_nothing(
    place: Place, collector: Collector, sampler: Sampler
) -> None:
    async with place.traced(sampler=sampler) as api:
        await api.post(KIND, by=api.admin, traceparent=TRACEPARENT)

    seen = [
        (each.trace_id == TRACE, each.parent, each.links) for each in collector.spans if each.kind == SERVER
    ]
    assert seen == ([(False, "", (TRACE,))] if sampler is ALWAYS_ON else [])


@pytest.mark.parametrize("given", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{PARENT}-zz"])
async def test_traceparent_that_is_none_is_none(place: Place, collector: Collector, given: str) -> None:
    async with place.traced("127.0.0.1") as api:
        answer = await api.post(KIND, by=api.admin, traceparent=given)

    assert answer.status_code == 200
    assert collector.named("POST /graphql").links == ()


async def test_what_is_not_looked_at_leaves_nothing_behind(place: Place, collector: Collector) -> None:
    async with place.traced(sampler=ALWAYS_OFF) as api:
        await api.publish("about_you", question_draft("job_title"))
        person = await api.person()
        profile = await api.services.database["profiles"].find_one({"_id": person.profile_id})

    assert collector.spans == []
    assert profile is not None
    assert not any("trace" in each for each in profile["outbox"])


async def test_driver_makes_events_only_of_commands_that_are_looked_at(mongodb_url: str) -> None:
    heard: list[str] = []

    class Listener(CommandListener):
        def started(self, event: CommandStartedEvent) -> None:
            heard.append(event.command_name)

    class Nowhere(SpanExporter):
        """Sends nothing."""

    client = connect(mongodb_url, listeners=[Listener()])
    for sampler in (ALWAYS_OFF, ALWAYS_ON):
        with OpenTelemetry(Nowhere(), sampler=sampler).span("try"):
            await client.admin.command("ping" if sampler is ALWAYS_OFF else "hello")
    await client.admin.command("ping")
    client.close()

    assert heard == ["hello"]


async def test_probes_are_not_looked_at(place: Place, collector: Collector) -> None:
    async with place.traced() as api:
        await api.http.get("/livez")
        await api.http.get("/readyz")

    assert [each for each in collector.spans if each.kind == SERVER] == []


def test_variables_of_opentelemetry_turn_it_on(
    mongodb_url: str, database: Database, collector: Collector
) -> None:
    program = """
import asyncio, os
from server.services import build_services
from server.settings import read_settings

async def main() -> None:
    services = build_services(read_settings(os.environ))
    with services.instruments.tracing.span("try"):
        await services.database["profiles"].find_one({})
    services.close()

asyncio.run(main())
"""
    environ = {
        "ACQUAINT_ENVIRONMENT": "development",
        "ACQUAINT_SECRET": SECRET,
        "ACQUAINT_MONGODB_URL": mongodb_url,
        "ACQUAINT_DATABASE": database.name,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_SERVICE_NAME": "acquaint-worker",
    }

    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **environ}, check=True, timeout=60
    )

    assert [each.name for each in collector.spans] == ["find profiles", "try"]
    assert collector.services == {"acquaint-worker"}
