"""The services of hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.hooks.delivering import Delivering
from server.hooks.model import DELIVER
from server.hooks.sending import Sender
from server.hooks.service import Hooks, watched_hooks
from server.kit.http import GuardedTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.kit.jobs.model import JobHandler
    from server.services.ground import Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class HookServices:
    """What admins do with hooks, and what sends to them."""

    hooks: Hooks
    job_handlers: Mapping[str, JobHandler]


def build_hooks(ground: Ground) -> HookServices:
    """Return them; in development a hook may be on this machine."""
    stores, settings, clock = ground.stores, ground.settings, ground.clock
    known = watched_hooks(stores.hooks)
    sender = Sender(None if settings.is_development else GuardedTransport())
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
            )
        },
    )
