"""Hooks and their deliveries as GraphQL types, and how to read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from server.graphql.context import Info
from server.graphql.node import Node
from server.graphql.paging import After, Connection, First, connection
from server.hooks import model
from server.kit.paging import page_request

_State = Annotated[
    model.DeliveryState | None, strawberry.argument(description="Only deliveries in this state.")
]


@strawberry.type(description="A message on its way to a hook.")
class HookDelivery:
    """See hooks.model."""

    id: strawberry.ID = strawberry.field(description="The delivery's id; `webhook-id` is `msg_` and this.")
    profile_id: strawberry.ID | None = strawberry.field(
        description="Whom it is about; null for who was erased."
    )
    type: str = strawberry.field(description="What happened.")
    state: model.DeliveryState = strawberry.field(description="Where it stands.")
    attempts: int = strawberry.field(description="How often it was sent.")
    replays: int = strawberry.field(description="How often it was sent again by hand.")
    created_at: datetime = strawberry.field(description="When it was put on its way.")
    last_attempt_at: datetime | None = strawberry.field(description="When it was sent last.")
    next_attempt_at: datetime | None = strawberry.field(description="When it is sent again.")
    response: model.ResponseClass | None = strawberry.field(
        description="How the last attempt was answered; what the answer said is not kept."
    )
    status: int | None = strawberry.field(description="The status of that answer.")


@strawberry.type(description="Another server that is told of what happens, or asked before it does.")
class Hook(Node):
    """See hooks.model."""

    hook: strawberry.Private[model.Hook]
    key: str = strawberry.field(description="Its name in claims that it makes; it never changes.")
    name: str = strawberry.field(description="What admins read.")
    url: str = strawberry.field(description="Where it is.")
    events: list[model.HookEvent] = strawberry.field(description="What it is told of.")
    gates: list[model.HookGate] = strawberry.field(description="What it is asked about.")
    reads: list[str] = strawberry.field(description="The keys of the attributes whose values it gets.")
    writes: list[str] = strawberry.field(description="The keys of the attributes that it may set.")
    purpose: str | None = strawberry.field(
        description="It is told only of people who allow this purpose, by key."
    )
    on_error: model.OnError = strawberry.field(
        description="What counts where it is asked and gives no answer that can be used."
    )
    version: int = strawberry.field(description="Counts every write; send it along with the next one.")
    created_at: datetime = strawberry.field(description="When it was created.")
    failing_since: datetime | None = strawberry.field(description="Since when nothing gets through to it.")
    disabled_at: datetime | None = strawberry.field(description="Since when it is off.")
    disabled_because: str | None = strawberry.field(description="Why it is off.")
    archived_at: datetime | None = strawberry.field(description="Since when it is put away for good.")

    @strawberry.field(description="What was sent to it in the last 30 days, newest first.")
    async def deliveries(
        self, info: Info, first: First = None, after: After = None, state: _State = None
    ) -> Connection[HookDelivery]:
        """Read a page of deliveries."""
        page = await info.context.services.hooks.deliveries(self.hook, page_request(first, after), state)
        return connection(page, lambda each: each.id, show_delivery)


def show_hook(hook: model.Hook) -> Hook:
    """Return a hook as its GraphQL type; its secret is nowhere in it."""
    return Hook(
        id=strawberry.ID(hook.id),
        hook=hook,
        key=hook.key,
        name=hook.name,
        url=hook.url,
        events=list(hook.events),
        gates=list(hook.gates),
        reads=list(hook.reads),
        writes=list(hook.writes),
        purpose=hook.purpose,
        on_error=hook.on_error,
        version=hook.version,
        created_at=hook.created_at,
        failing_since=hook.failing_since,
        disabled_at=hook.disabled_at,
        disabled_because=hook.disabled_because,
        archived_at=hook.archived_at,
    )


def show_delivery(delivery: model.Delivery) -> HookDelivery:
    """Return a delivery as its GraphQL type."""
    return HookDelivery(
        id=strawberry.ID(delivery.id),
        profile_id=None if delivery.profile_id is None else strawberry.ID(delivery.profile_id),
        type=delivery.message.type,
        state=delivery.state,
        attempts=delivery.attempts,
        replays=delivery.replays,
        created_at=delivery.created_at,
        last_attempt_at=delivery.last_attempt_at,
        next_attempt_at=delivery.next_attempt_at,
        response=delivery.response,
        status=delivery.status,
    )


@strawberry.type(description="What can be read of hooks.")
class HookQueries:
    """Part of the root of queries."""

    @strawberry.field(description="The hooks, oldest first; null for whoever is no admin.")
    async def hooks(self, info: Info, first: First = None, after: After = None) -> Connection[Hook] | None:
        """Read a page of hooks."""
        context = info.context
        page = await context.services.hooks.page(context.viewer, page_request(first, after))
        return None if page is None else connection(page, lambda each: each.id, show_hook)
