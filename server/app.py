"""The API process: middleware, routes, lifespan."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from server.graphql.execution import Executor
from server.graphql.schema import build_schema
from server.kit.crowding import Crowd
from server.kit.leaving import Leaving
from server.kit.mongo import bounded
from server.kit.watching import keep_fresh
from server.services import WIDGET_FILES
from server.web.addresses import ClientAddresses
from server.web.admission import Admission, Shedding
from server.web.callbacks import callback_routes
from server.web.gate import Gate
from server.web.graphiql import graphiql_files
from server.web.graphql_endpoint import GraphQLEndpoint
from server.web.graphql_socket import GraphQLSocket
from server.web.health import health_routes
from server.web.metrics import metrics_routes
from server.web.middleware import Cors, Defaults, RequestIds, SecurityHeaders
from server.web.playground import playground_routes
from server.web.privacy import archive_routes
from server.web.sign_in import sign_in_routes
from server.web.widget import WidgetFiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.routing import BaseRoute

    from server.services import Services

_GRAPHQL = "/graphql"
_LAST_SECONDS = (
    2.0  # for what is noted to be written; where the database is away it is lost, and nobody waits
)
_WATCHED = [Middleware(SecurityHeaders, is_https=False)]
_YOUNG = 20_000  # objects that are kept before the collector looks at them: a few requests keep Python's 700


def create_app(
    services: Services, leaving: Leaving | None = None, *, is_one_of_several: bool = False
) -> Starlette:
    """Return the ASGI application over these services, which it closes when it ends.

    As one of several processes on a port it does not tell there what it counted: each counts for itself.
    """
    settings = services.settings
    leaving, defaults = leaving or Leaving(), Defaults(is_https=settings.is_https)
    crowd = Crowd(least=settings.connection_limits.least_operations, tell_limit=services.instruments.limited)
    executor = _executor(services, crowd)
    shedding = Shedding(crowd=crowd, priority_of=executor.priority_of, instruments=services.instruments)
    watching = _watching_routes(services, leaving, tells_figures=not is_one_of_several)
    routes = [*_routes(services, executor, shedding, leaving), *watching]
    graphql = next(each for each in routes if isinstance(each, Route) and each.path == _GRAPHQL)
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(
                Admission,
                path=_GRAPHQL,
                shedding=shedding,
                defaults=defaults,
                most_bytes=settings.connection_limits.body_bytes,
            ),
            Middleware(
                RequestIds,
                instruments=services.instruments,
                addresses=ClientAddresses(settings.trusted_proxies),
                defaults=defaults,
            ),
            Middleware(Cors, access=services.access, route=graphql),
        ],
        lifespan=lambda _: _lifespan(services),
    )


def _executor(services: Services, crowd: Crowd) -> Executor:
    return Executor(
        schema=build_schema(),
        services=services,
        limits=services.settings.operation_limits,
        may_introspect=services.settings.is_development,
        crowd=crowd,
    )


def _routes(services: Services, executor: Executor, shedding: Shedding, leaving: Leaving) -> list[BaseRoute]:
    is_development = services.settings.is_development
    gate = Gate(
        access=services.access,
        limits=services.limits,
        addresses=ClientAddresses(services.settings.trusted_proxies),
    )
    endpoint = GraphQLEndpoint(
        gate=gate,
        execute=executor.execute,
        deliver=executor.deliver,
        stream=executor.stream,
        leaving=leaving,
        has_graphiql=is_development,
        limits=services.settings.connection_limits,
    )
    socket = GraphQLSocket(
        gate=gate,
        stream=executor.stream,
        own_origin=services.settings.public_url,
        limits=services.settings.connection_limits,
        shedding=shedding,
        leaving=leaving,
    )
    routes: list[BaseRoute] = [
        endpoint.route(_GRAPHQL),
        socket.route(_GRAPHQL),
        *archive_routes(services.privacy),
        *sign_in_routes(services.identity, services.settings, gate),
        *callback_routes(services.late_answers),
        WidgetFiles(WIDGET_FILES).route(),
    ]
    if is_development:
        routes += [graphiql_files(WIDGET_FILES), *playground_routes(WIDGET_FILES)]
    return routes


def _watching_routes(services: Services, leaving: Leaving, *, tells_figures: bool = True) -> list[BaseRoute]:
    token = services.settings.metrics_token if tells_figures else None
    return [
        *health_routes(services.why_not_ready, leaving),
        *metrics_routes(services.instruments, services.look_round, token),
    ]


def create_beside(services: Services, leaving: Leaving) -> Starlette:
    """Return the application by which one of several API processes is watched, at a port of its own."""
    return Starlette(routes=_watching_routes(services, leaving), middleware=_WATCHED)


def create_watched(services: Services) -> Starlette:
    """Return the application by which a worker is watched: how it is, and what it counted."""

    @asynccontextmanager
    async def watching(_: Starlette) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            lag = group.create_task(services.instruments.watch_loop())
            yield
            lag.cancel()

    routes = _watching_routes(services, Leaving())
    return Starlette(routes=routes, middleware=_WATCHED, lifespan=watching)


@asynccontextmanager
async def _lifespan(services: Services) -> AsyncIterator[None]:
    """Follow configuration changes while the process serves."""
    async with asyncio.TaskGroup() as group:
        beside = [
            group.create_task(each)
            for each in (
                keep_fresh(services.database, services.watched),
                services.follower.run(),
                services.limits.run(),
                services.access.uses.run(),
                services.instruments.watch_loop(),
                services.migrations.tell_due(),
            )
        ]
        gc.freeze()  # what start-up made stays for good: the collector need not look at it again
        gc.set_threshold(_YOUNG)
        yield
        for task in beside:
            task.cancel()
    with bounded(_LAST_SECONDS):
        await services.access.uses.write()
    await services.identity.close()
    await services.sources.live.close()
    await services.hooks.close()
    services.close()
