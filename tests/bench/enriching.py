"""Look-ups beside bare calls, the queue beside a million jobs, and signing in with enrichment and without.

ACQUAINT_BENCH_JOBS makes the long queue shorter.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import httpx

from server.access.model import Scope, Viewer, ViewerKind
from server.enrichment.changes import EnrichmentRequested
from server.enrichment.model import (
    ENRICH,
    Enricher,
    EnricherKind,
    Finding,
    Found,
    Limits,
    OutcomeClass,
    Trigger,
    Trouble,
)
from server.enrichment.people import People
from server.enrichment.service import Enrichments
from server.identity.model import ProvedIdentity
from server.kit.clock import system_clock
from server.kit.jobs.model import JobId, NewJob
from server.kit.jobs.service import JobQueue
from server.kit.jobs.store import JobStore, job_document
from server.kit.mongo import connect, open_database
from server.kit.relay import Relay
from server.profiles.model import PERSON, IdentityKind, IdentityRef, ProfileUpdate
from server.profiles.uniting import Uniting
from server.reactions import reactions
from server.services import build_services
from server.services.enrichment import build_look_ups
from server.services.ground import lay_ground
from server.services.identity import build_identity
from server.settings import read_settings
from server.worker import Worker
from tests.bench.bench import BenchError
from tests.bench.figures import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from server.enrichment.model import Result
    from server.identity.service import Identity
    from server.kit.mongo import Client
    from server.profiles.model import Value
    from server.services import Services
    from server.settings import Settings
    from tests.bench.bench import Stage

_ANSWERS_AFTER = 0.2  # seconds: a quick provider; Clearbit's people wait four to five seconds
_AT_ONCE = 8  # as many jobs as a worker has in hand
_PEOPLE = 400
_LONG = int(os.environ.get("ACQUAINT_BENCH_JOBS", "1000000"))
_SHORT = 1_000
_LANES = 20
_CLAIMS = 300
_SIGN_INS = 300
_BATCH = 10_000
_ADMIN = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset(Scope))
_ORIGIN = "https://shop.example"
_IDP = """[{"key": "idp", "name": "Idp", "issuer": "https://idp.example",
  "client_id": "us", "client_secret": "x"}]"""


def look_ups(stage: Stage) -> Figure:
    """Return jobs a second of one worker, against calls a second of as many bare callers at the source."""
    return asyncio.run(_look_ups(stage))


def queue_growth(stage: Stage) -> Figure:
    """Return the median of claiming and finishing a job of the long queue, against the short."""
    return asyncio.run(_queue_growth(stage))


def sign_in(stage: Stage) -> Figure:
    """Return the median of a first sign-in that brings an address, against one without enrichment."""
    return asyncio.run(_sign_in(stage))


async def _look_ups(stage: Stage) -> Figure:
    services = build_services(_settings(stage, "bench_look_ups"))
    await services.stores.create_indexes()
    await services.attributes.ensure_standard_attributes()
    source = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = source.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        enricher = _enricher(client)
        bare = [await _bare_rate(enricher)]
        jobs, cpu_ms = await _job_rate(services, enricher)
        bare.append(await _bare_rate(enricher))
        source.close()
    await asyncio.sleep(_ANSWERS_AFTER)  # until the connections have ended
    services.close()
    against = sum(bare) / len(bare)
    return Figure(bench="look_ups", figure=jobs, unit="jobs/s", against=against, more={"cpu_ms": cpu_ms})


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of a connection after a while."""
    body = b'{"title": "Countess"}'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(_ANSWERS_AFTER)
            writer.write(head + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _enricher(client: httpx.AsyncClient) -> Enricher:
    async def ask(inputs: Mapping[str, Value]) -> Result:
        answer = await client.get("/people", params={"email": str(inputs["email"])})
        if answer.status_code != httpx.codes.OK:
            return Trouble(reason="It is down.", kind=OutcomeClass.TRANSIENT)
        return Found(findings=(Finding(key="job_title", value=answer.json()["title"]),))

    return Enricher(
        key="source",
        name="Source",
        kind=EnricherKind.HTTP,
        triggers=frozenset({Trigger.SIGN_IN}),
        inputs=("email",),
        ttl=timedelta(days=30),
        look_up=ask,
        outputs=frozenset({"job_title"}),
        limits=Limits(rate_per_second=10_000, concurrency=100, budget_per_day=1_000_000),
    )


async def _bare_rate(enricher: Enricher) -> float:
    """Return calls a second of the same function, so many at once."""
    left = iter(range(_PEOPLE))

    async def caller() -> None:
        for n in left:
            await enricher.look_up({"email": f"bare-{n}@acme.com"})

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(caller())
    return _PEOPLE / (time.perf_counter() - started)


async def _job_rate(services: Services, enricher: Enricher) -> tuple[float, float]:
    """Return jobs a second from the first claim to the last end, and milliseconds of CPU a job."""
    enrichers = {enricher.key: enricher}
    ground = lay_ground(services.settings, services.database, services.clock)
    worker = Worker(
        name="bench",
        relay=Relay(outboxes=services.stores.profiles, reactions={}, clock=services.clock),
        queue=services.queue,
        handlers={ENRICH: build_look_ups(ground, lambda: enrichers, services.sources.callbacks.owe)},
        concurrency=_AT_ONCE,
    )
    await _queue_people(services, enricher)
    started, cpu = time.perf_counter(), time.process_time()
    running = asyncio.create_task(worker.run(services.database))
    jobs = services.database["jobs"]
    while await jobs.find_one({"live": True, "lane": "1:enrich:source"}) is not None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)  # nobody tells when the last job of a queue is done
    taken, cpu = time.perf_counter() - started, time.process_time() - cpu
    worker.stop()
    await running
    found = await services.database["profiles"].count_documents({"enrichments.source.state": "succeeded"})
    if found != _PEOPLE:
        raise BenchError(f"{found} of {_PEOPLE} look-ups succeeded.")
    return _PEOPLE / taken, cpu / _PEOPLE * 1000


async def _queue_people(services: Services, enricher: Enricher) -> None:
    """Make people whose look-up is queued, and nothing else left to do about them."""
    for n in range(_PEOPLE):
        profile = await services.profiles.create((IdentityRef(kind=IdentityKind.USER_ID, value=f"u-{n}"),))
        claims = await services.profiles.claims({"email": f"user-{n}@acme.com"}, PERSON)
        written = await services.profiles.write(profile.id, ProfileUpdate(claims=claims))
        assert written is not None
    planning = _planner(services, enricher)
    async for document in services.database["profiles"].find({}, {"_id": 1}):
        await planning.plan_for(document["_id"], Trigger.SIGN_IN)
    table = {**dict.fromkeys(reactions(services), ()), EnrichmentRequested: (planning.on_requested,)}
    relay = Relay(outboxes=services.stores.profiles, reactions=table, clock=services.clock)
    while await relay.deliver():
        pass


def _planner(services: Services, enricher: Enricher) -> Enrichments:
    people = People(
        profiles=services.profiles, suppressions=services.stores.suppressions, clock=services.clock
    )
    return Enrichments(
        profiles=services.profiles,
        people=people,
        queue=services.queue,
        clock=services.clock,
        enrichers=lambda: {enricher.key: enricher},
    )


async def _queue_growth(stage: Stage) -> Figure:
    client = connect(stage.mongod.url)
    queues = {size: await _queue_of(client, size) for size in (_SHORT, _LONG)}
    taken: dict[int, list[float]] = {_SHORT: [], _LONG: []}
    for _ in range(_CLAIMS):
        for size, queue in queues.items():
            taken[size].append(await _timed(partial(_claim, queue)))
    client.close()
    long, short = (percentile(taken[size], 50) * 1e6 for size in (_LONG, _SHORT))
    return Figure(bench="queue_growth", figure=long, unit="us", against=short)


async def _claim(queue: JobQueue) -> None:
    job = await queue.claim({"bench"}, "ada")
    if job is None:
        raise BenchError("A queue with jobs gave none.")
    await queue.finish(job)


async def _queue_of(client: Client, size: int) -> JobQueue:
    """Return a queue in which so many jobs wait, in several lanes."""
    database = open_database(client, f"bench_queue_{size}")
    store = JobStore(database)
    await store.create_indexes()
    now = system_clock()
    for start in range(0, size, _BATCH):
        jobs = (
            NewJob(id=JobId(f"job_{n}"), kind="bench", topic=f"t{n % _LANES}")
            for n in range(start, min(start + _BATCH, size))
        )
        await database["jobs"].insert_many([job_document(job, now) for job in jobs], ordered=False)
    return JobQueue(store=store, clock=system_clock)


async def _sign_in(stage: Stage) -> Figure:
    settings = _settings(stage, "bench_sign_in", ACQUAINT_PROVIDERS=_IDP)
    services = build_services(settings)
    await services.stores.create_indexes()
    await services.attributes.ensure_standard_attributes()
    await services.consents.ensure_standard_purposes()
    ground = lay_ground(settings, services.database, services.clock)
    uniting = Uniting(
        store=ground.stores.profiles, catalogue=ground.attributes.catalogue, clock=services.clock
    )
    without = build_identity(ground, uniting, None)
    taken: dict[str, list[float]] = {"on": [], "off": []}
    for n in range(2 * _SIGN_INS):
        name, identity = (("on", services.identity), ("off", without))[n % 2]
        taken[name].append(await _timed(_signing_in(identity, n)))
    services.close()
    on, off = (percentile(taken[name][20:], 50) * 1e6 for name in ("on", "off"))
    return Figure(bench="sign_in", figure=on, unit="us", against=off)


def _signing_in(identity: Identity, n: int) -> Callable[[], Awaitable[object]]:
    claims = {"email": f"user-{n}@company-{n}.com", "email_verified": True, "name": f"User {n}"}
    proved = ProvedIdentity(issuer="https://idp.example", subject=f"user-{n}", claims=claims)
    handover = identity.handover_to_us(_ORIGIN, "/")
    return lambda: identity.complete_sign_in("idp", proved, handover)


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


def _settings(stage: Stage, database: str, **more: str) -> Settings:
    return read_settings(
        {
            "ACQUAINT_ENVIRONMENT": "development",
            "ACQUAINT_MONGODB_URL": stage.mongod.url,
            "ACQUAINT_DATABASE": database,
            "ACQUAINT_SECRET": "a secret of at least thirty-two characters",
            **more,
        }
    )
