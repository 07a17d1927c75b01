"""The services of hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.hooks.delivering import Delivering
from server.hooks.gatekeeping import Gatekeeper
from server.hooks.model import DELIVER
from server.hooks.sending import Sender
from server.hooks.service import Hooks, watched_hooks
from server.kit.http import GuardedTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.hooks.model import Hook, HookId
    from server.kit.clock import Clock
    from server.kit.jobs.model import JobHandler
    from server.kit.tracing import Tracing
    from server.kit.watching import Watched
    from server.services.ground import Ground
    from server.services.stores import Stores
    from server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class HookServices:
    """What admins do with hooks, and what sends to them."""

    hooks: Hooks
    job_handlers: Mapping[str, JobHandler]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCalls:
    """The hooks that there are, and how they are called: those below ask the gatekeeper."""

    known: Watched[Mapping[HookId, Hook]]
    sender: Sender
    gatekeeper: Gatekeeper


def build_hook_calls(settings: Settings, stores: Stores, clock: Clock, tracing: Tracing) -> HookCalls:
    """Return them; in development a hook may be on this machine."""
    known = watched_hooks(stores.hooks)
    sender = Sender(None if settings.is_development else GuardedTransport(), tracing)
    gatekeeper = Gatekeeper(known=known, sender=sender, clock=clock)
    return HookCalls(known=known, sender=sender, gatekeeper=gatekeeper)


def build_hooks(ground: Ground) -> HookServices:
    """Return what admins use and what delivers."""
    stores, settings, clock = ground.stores, ground.settings, ground.clock
    known, sender = ground.hook_calls.known, ground.hook_calls.sender
    return HookServices(
        hooks=Hooks(
            profiles=ground.profiles,
            store=stores.hooks,
            deliveries=stores.deliveries,
            known=known,
            sender=sender,
            queue=ground.queue,
            clock=clock,
            may_be_near=settings.is_development,
        ),
        job_handlers={
            DELIVER: Delivering(
                profiles=ground.profiles,
                hooks=stores.hooks,
                known=known,
                deliveries=stores.deliveries,
                sender=sender,
                clock=clock,
                instruments=ground.instruments,
            )
        },
    )
