"""Deliveries as jobs: sent until they get through, at least once each, and given up after three days."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from server.hooks.describing import about
from server.hooks.model import FAILS_FOR, SCHEDULE, UNSENT, DeliveryId, DeliveryState, ResponseClass
from server.hooks.sending import body_of
from server.kit.instruments import Instruments
from server.kit.jobs.model import Done, GiveUp, RetryLater
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from server.hooks.delivery_store import DeliveryStore
    from server.hooks.model import Delivery, Hook, HookId, Response
    from server.hooks.sending import Sender
    from server.hooks.store import HookStore
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job, JobResult
    from server.kit.watching import Watched
    from server.profiles.service import Profiles

SECONDS = 20.0  # for an attempt; Standard Webhooks: 15 to 30
_SPREAD = 0.1  # by which share waits grow at random, so that what failed at once does not come back at once


class Delivering:
    """Runs the jobs of deliveries."""

    def __init__(  # noqa: PLR0913 - each has its reason
        self,
        *,
        profiles: Profiles,
        hooks: HookStore,
        known: Watched[Mapping[HookId, Hook]],
        deliveries: DeliveryStore,
        sender: Sender,
        clock: Clock,
        instruments: Instruments | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._profiles = profiles
        self._hooks = hooks
        self._known = known
        self._deliveries = deliveries
        self._sender = sender
        self._clock = clock
        self._instruments = instruments or Instruments()
        self._draw = draw

    async def run(self, job: Job) -> JobResult:
        """Send a delivery, unless there is nobody to tell any more, or nothing that may be told of them."""
        delivery = await self._pending(job)
        if delivery is None:
            return Done()
        hook = (await self._known.current()).get(delivery.hook_id)
        data = None if hook is None or not hook.is_on else await self._data(delivery, hook)
        if hook is None or data is None:
            await self._deliveries.note(delivery, DeliveryState.DROPPED, None, self._clock())
            return Done()
        body = body_of(delivery.message, data)
        now = self._clock()
        response = await self._sender.send(
            hook, f"msg_{delivery.id}", body, now, seconds=SECONDS, is_question=False
        )
        return await self._noted(job, hook, delivery, response)

    async def retry_scheduled(self, job: Job, reason: str, at: datetime) -> None:
        """Show when it is tried again."""
        del reason
        await self._deliveries.note_next(DeliveryId(job.payload["delivery_id"]), at)

    async def given_up(self, job: Job, reason: str) -> None:
        """Make it a dead letter, and turn a hook off through which nothing gets for days."""
        del reason
        delivery = await self._pending(job)
        if delivery is None:
            return
        await self._deliveries.fail(delivery.id)
        now = self._clock()
        await self._hooks.disable(
            delivery.hook_id,
            now,
            "Nothing got through to it for five days.",
            if_failing_since=now - FAILS_FOR,
        )

    async def _pending(self, job: Job) -> Delivery | None:
        delivery = await self._deliveries.find(DeliveryId(job.payload["delivery_id"]))
        if delivery is None or delivery.replays != job.payload["replays"]:
            return None
        return delivery if delivery.state in UNSENT else None

    async def _data(self, delivery: Delivery, hook: Hook) -> dict[str, Any] | None:
        """Return what is told: values as they are now, and only those that the person lets be used now.

        None where nothing may be told, and where there is nobody any more of whom to tell it.
        """
        if delivery.profile_id is None:
            return dict(delivery.message.data)
        profile = await self._profiles.find_living(ProfileId(delivery.profile_id))
        if profile is None or not await self._profiles.may_use(profile, hook.purpose):
            return None
        askable = await self._profiles.askable(profile)
        data = dict(delivery.message.data)
        if "attribute_ids" in data:
            known = askable.catalogue.by_id
            data["attributes"] = [known[each].key for each in data.pop("attribute_ids") if each in known]
        return {"profile": about(profile, askable, hook), **data}

    async def _noted(self, job: Job, hook: Hook, delivery: Delivery, response: Response) -> JobResult:
        now = self._clock()
        self._instruments.delivered(response.kind)
        if response.kind is ResponseClass.SUCCESS:
            await self._deliveries.note(delivery, DeliveryState.DELIVERED, response, now)
            await self._hooks.note_success(hook.id)
            return Done()
        await self._deliveries.note(delivery, DeliveryState.PENDING, response, now)
        await self._hooks.note_failure(hook.id, now)
        if response.kind is ResponseClass.GONE:
            await self._hooks.disable(hook.id, now, "It answered 410: it wants nothing more.")
            return GiveUp(reason="The hook answered 410 and was turned off.")
        wait = SCHEDULE[min(job.attempts, len(SCHEDULE)) - 1] * (1 + _SPREAD * self._draw())
        after = wait if response.retry_after is None else max(wait, response.retry_after)
        return RetryLater(reason=f"The hook's server: {response.kind}.", after=after)
