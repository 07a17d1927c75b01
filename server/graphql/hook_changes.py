"""What changes hooks, as GraphQL inputs, results and mutations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import strawberry

from server.graphql.context import Info
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from server.graphql.hooks import Hook, HookDelivery, show_delivery, show_hook
from server.hooks import model

_WHAT = strawberry.argument(description="What to do, and to which hook.")


@strawberry.input(description="A hook to create: it is told of events, or asked at gates.")
class CreateHookInput:
    """See hooks.model."""

    key: str = strawberry.field(description="A small letter, then small letters, digits and _.")
    name: str = strawberry.field(description="What admins read.")
    url: str = strawberry.field(description="An https address on the public internet.")
    events: list[model.HookEvent] = strawberry.field(
        default_factory=list, description="What it is told of once it has happened."
    )
    gates: list[model.HookGate] = strawberry.field(
        default_factory=list, description="What it is asked about before it happens."
    )
    reads: list[str] = strawberry.field(
        default_factory=list, description="The keys of the attributes whose values it gets."
    )
    writes: list[str] = strawberry.field(
        default_factory=list, description="The keys of the attributes that it may set when it is asked."
    )
    purpose: str | None = strawberry.field(
        default=None, description="The key of a purpose: only of people who allow it is it told."
    )
    on_error: model.OnError = strawberry.field(
        default=model.OnError.DENY,
        description="What counts where it is asked and gives no answer that can be used.",
    )


@strawberry.input(description="What to change of a hook; what is left out stays.")
class UpdateHookInput:
    """See hooks.model."""

    key: str = strawberry.field(description="The hook.")
    expected_version: int = strawberry.field(description="The version that was read.")
    name: str | None = strawberry.field(default=None, description="What admins read.")
    url: str | None = strawberry.field(default=None, description="Where it is.")
    events: list[model.HookEvent] | None = strawberry.field(default=None, description="What it is told of.")
    gates: list[model.HookGate] | None = strawberry.field(default=None, description="What it is asked about.")
    reads: list[str] | None = strawberry.field(default=None, description="The attributes that it gets.")
    writes: list[str] | None = strawberry.field(default=None, description="The attributes it may set.")
    purpose: str | None = strawberry.field(
        default=strawberry.UNSET, description="The purpose that people have to allow; null for none."
    )
    on_error: model.OnError | None = strawberry.field(
        default=None, description="What counts without a usable answer."
    )
    is_enabled: bool | None = strawberry.field(default=None, description="Whether it is on.")


@strawberry.input(description="A hook that gets a new secret.")
class RotateHookSecretInput:
    """See hooks.service."""

    key: str = strawberry.field(description="The hook.")
    overlap_seconds: int = strawberry.field(
        default=int(model.OVERLAP.total_seconds()),
        description="For how long messages are signed with the old secret too; a day unless said otherwise.",
    )


@strawberry.input(description="A hook in the version that was read.")
class ArchiveHookInput:
    """See hooks.service."""

    key: str = strawberry.field(description="The hook.")
    expected_version: int = strawberry.field(description="The version that was read.")


@strawberry.input(description="A hook to try out.")
class TestHookInput:
    """See hooks.service."""

    key: str = strawberry.field(description="The hook.")


@strawberry.input(description="A delivery to send again.")
class ReplayDeliveryInput:
    """See hooks.service."""

    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")


@strawberry.type(description="The hook as it is now.")
class HookSuccess:
    """The hook."""

    hook: Hook = strawberry.field(description="The hook.")


@strawberry.type(description="The hook with its new secret.")
class HookSecretSuccess:
    """The hook and its secret."""

    hook: Hook = strawberry.field(description="The hook.")
    secret: str = strawberry.field(description="What messages are signed with; it is never shown again.")


@strawberry.type(description="How a hook answered a message about nobody.")
class TestHookSuccess:
    """The answer."""

    response: model.ResponseClass = strawberry.field(description="What kind of answer it was.")
    status: int | None = strawberry.field(description="Its status, where there was one.")
    milliseconds: int = strawberry.field(description="How long it took.")


@strawberry.type(description="The delivery is on its way again.")
class ReplayDeliverySuccess:
    """The delivery."""

    delivery: HookDelivery = strawberry.field(description="The delivery.")


CreateHookResult = Annotated[
    HookSecretSuccess | ForbiddenError | InvalidInputError | ConflictError,
    strawberry.union("CreateHookResult", description="What became of createHook."),
]
UpdateHookResult = Annotated[
    HookSuccess | ForbiddenError | NotFoundError | InvalidInputError | VersionConflictError,
    strawberry.union("UpdateHookResult", description="What became of updateHook."),
]
RotateHookSecretResult = Annotated[
    HookSecretSuccess | ForbiddenError | NotFoundError | InvalidInputError | ConflictError,
    strawberry.union("RotateHookSecretResult", description="What became of rotateHookSecret."),
]
ArchiveHookResult = Annotated[
    HookSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("ArchiveHookResult", description="What became of archiveHook."),
]
TestHookResult = Annotated[
    TestHookSuccess | ForbiddenError | NotFoundError,
    strawberry.union("TestHookResult", description="What became of testHook."),
]
ReplayDeliveryResult = Annotated[
    ReplayDeliverySuccess | ForbiddenError | NotFoundError | ConflictError,
    strawberry.union("ReplayDeliveryResult", description="What became of replayDelivery."),
]


@strawberry.type(description="How hooks are changed, tried out and repeated.")
class HookMutations:
    """Part of the root of mutations; admins only."""

    @strawberry.mutation(description="Put a hook in place; its secret is shown this once. Admins only.")
    async def create_hook(self, info: Info, input: Annotated[CreateHookInput, _WHAT]) -> CreateHookResult:
        """Create it."""
        context = info.context
        made = await context.services.hooks.create(context.viewer, input.key, _given(input))
        return HookSecretSuccess(hook=show_hook(made.hook), secret=made.secret)

    @strawberry.mutation(description="Change a hook, or turn it on or off. Admins only.")
    async def update_hook(self, info: Info, input: Annotated[UpdateHookInput, _WHAT]) -> UpdateHookResult:
        """Change it."""
        context = info.context
        updated = await context.services.hooks.update(
            context.viewer,
            input.key,
            input.expected_version,
            lambda hook: _edited(hook, input),
            is_enabled=input.is_enabled,
        )
        return HookSuccess(hook=show_hook(updated))

    @strawberry.mutation(
        description="Give a hook a new secret; the old one signs too for a while. Admins only."
    )
    async def rotate_hook_secret(
        self, info: Info, input: Annotated[RotateHookSecretInput, _WHAT]
    ) -> RotateHookSecretResult:
        """Rotate it."""
        context = info.context
        overlap = timedelta(seconds=input.overlap_seconds)
        made = await context.services.hooks.rotate(context.viewer, input.key, overlap)
        return HookSecretSuccess(hook=show_hook(made.hook), secret=made.secret)

    @strawberry.mutation(description="Put a hook away for good. Admins only.")
    async def archive_hook(self, info: Info, input: Annotated[ArchiveHookInput, _WHAT]) -> ArchiveHookResult:
        """Archive it."""
        context = info.context
        archived = await context.services.hooks.archive(context.viewer, input.key, input.expected_version)
        return HookSuccess(hook=show_hook(archived))

    @strawberry.mutation(
        description="Send a hook a message about nobody and tell how it answers. Admins only."
    )
    async def test_hook(self, info: Info, input: Annotated[TestHookInput, _WHAT]) -> TestHookResult:
        """Try it."""
        context = info.context
        answered = await context.services.hooks.test(context.viewer, input.key)
        return TestHookSuccess(
            response=answered.kind, status=answered.status, milliseconds=answered.milliseconds
        )

    @strawberry.mutation(description="Send a delivery again that ended, under the id it had. Admins only.")
    async def replay_delivery(
        self, info: Info, input: Annotated[ReplayDeliveryInput, _WHAT]
    ) -> ReplayDeliveryResult:
        """Send it."""
        context = info.context
        delivery_id = model.DeliveryId(input.delivery_id)
        again = await context.services.hooks.replay(context.viewer, delivery_id)
        return ReplayDeliverySuccess(delivery=show_delivery(again))


def _given(input: CreateHookInput) -> model.HookFields:
    return model.HookFields(
        name=input.name,
        url=input.url,
        events=tuple(input.events),
        gates=tuple(input.gates),
        reads=tuple(input.reads),
        writes=tuple(input.writes),
        purpose=input.purpose,
        on_error=input.on_error,
    )


def _edited(hook: model.Hook, input: UpdateHookInput) -> model.Hook:
    given: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each
        for name in ("name", "url", "events", "gates", "reads", "writes", "on_error")
        if (each := getattr(input, name)) is not None
    }
    if input.purpose is not strawberry.UNSET:
        given["purpose"] = input.purpose
    return replace(hook, **given)
