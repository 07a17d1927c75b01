"""Hooks are configured, tried out and followed here; what happens is put on its way to them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from server.access.model import Scope
from server.access.service import require_scope
from server.hooks.checking import check_hook, check_key
from server.hooks.model import (
    DELIVER,
    OVERLAP,
    SCHEDULE,
    Delivery,
    DeliveryId,
    DeliveryState,
    Hook,
    HookEvent,
    HookFields,
    HookId,
    HookSecret,
    Message,
    NewSecret,
    ResponseClass,
)
from server.hooks.sending import body_of
from server.hooks.telling import told_of
from server.kit.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from server.kit.ids import new_id
from server.kit.jobs.model import JobId, NewJob
from server.kit.paging import cut
from server.kit.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from server.access.model import Viewer
    from server.hooks.delivery_store import DeliveryStore
    from server.hooks.model import Response
    from server.hooks.sending import Sender
    from server.hooks.store import HookStore
    from server.kit.changes import Change
    from server.kit.clock import Clock
    from server.kit.jobs.service import JobQueue
    from server.kit.paging import Page, PageRequest
    from server.profiles.service import Profiles

MAX_HOOKS = 50
MAX_OVERLAP = OVERLAP * 7
TEST = "hook.test"
_TEST_SECONDS = 5.0
_TRIES = 5  # against other admins
_SECRET_BYTES = 32  # Standard Webhooks: 24 to 64


class Hooks:
    """Keeps the hooks, and their deliveries. `may_be_near` lets them be on this machine: in development."""

    def __init__(  # noqa: PLR0913 - everything that hooks touch
        self,
        *,
        profiles: Profiles,
        store: HookStore,
        deliveries: DeliveryStore,
        known: Watched[Mapping[HookId, Hook]],
        sender: Sender,
        queue: JobQueue,
        clock: Clock,
        may_be_near: bool,
    ) -> None:
        self._profiles = profiles
        self._store = store
        self._deliveries = deliveries
        self._sender = sender
        self._queue = queue
        self._clock = clock
        self._may_be_near = may_be_near
        self.known = known

    # Configuration

    async def create(self, viewer: Viewer, key: str, given: HookFields) -> NewSecret:
        """Put a hook in place (admins only); its secret is told this once.

        Raises ForbiddenError, InvalidInputError, ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        check_key(key)
        await self.known.refresh()
        if len(await self.known.current()) >= MAX_HOOKS:
            raise InvalidInputError(f"There are {MAX_HOOKS} hooks already.", field="key")
        await self._check(given)
        now, secret = self._clock(), _new_secret()
        hook = Hook(
            **_fields(given),
            id=HookId(new_id("hok", now)),
            key=key,
            secrets=(HookSecret(value=secret),),
            version=1,
            created_at=now,
            updated_at=now,
        )
        await self._store.insert(hook)
        await self.known.refresh()
        return NewSecret(hook=hook, secret=secret)

    async def update(
        self,
        viewer: Viewer,
        key: str,
        expected_version: int,
        edit: Callable[[Hook], Hook],
        *,
        is_enabled: bool | None = None,
    ) -> Hook:
        """Change a hook (admins only), or turn it on or off.

        Raises ForbiddenError, NotFoundError, VersionConflictError, InvalidInputError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(key)
        if present.version != expected_version:
            raise VersionConflictError(present.version)
        edited = _switched(edit(present), self._clock(), is_enabled=is_enabled)
        await self._check(edited)
        if is_enabled:
            await self._store.note_success(present.id)  # what failed before does not count any more
        return await self._replaced(edited)

    async def rotate(self, viewer: Viewer, key: str, overlap: timedelta = OVERLAP) -> NewSecret:
        """Give a hook a new secret (admins only); messages are signed with the old one too for a while.

        Raises ForbiddenError, NotFoundError, InvalidInputError, ConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        if not OVERLAP * 0 <= overlap <= MAX_OVERLAP:
            raise InvalidInputError("The overlap is between nothing and seven days.", field="overlapSeconds")
        secret = _new_secret()
        for _ in range(_TRIES):
            present, now = await self._present(key), self._clock()
            until = now + overlap
            old = [replace(each, until=min(each.until or until, until)) for each in present.secrets[:1]]
            try:
                hook = await self._replaced(replace(present, secrets=(HookSecret(value=secret), *old)))
            except VersionConflictError:
                continue
            return NewSecret(hook=hook, secret=secret)
        raise ConflictError("The hook keeps changing: try again in a moment.")

    async def archive(self, viewer: Viewer, key: str, expected_version: int) -> Hook:
        """Put a hook away for good (admins only).

        Raises ForbiddenError, NotFoundError, VersionConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(key)
        if present.version != expected_version:
            raise VersionConflictError(present.version)
        return await self._replaced(replace(present, archived_at=self._clock()))

    async def test(self, viewer: Viewer, key: str) -> Response:
        """Send a hook a message about nobody (admins only), and tell how it answered; it is no delivery.

        Raises ForbiddenError and NotFoundError.
        """
        require_scope(viewer, Scope.ADMIN)
        hook, now = await self._present(key), self._clock()
        message = Message(type=TEST, at=now, data={})
        body = body_of(message, {"profile": None})
        is_question = bool(hook.gates)
        answered = await self._sender.send(
            hook, new_id("msg", now), body, now, seconds=_TEST_SECONDS, is_question=is_question
        )
        is_read = not is_question or answered.kind is not ResponseClass.SUCCESS or _is_answer(answered)
        return answered if is_read else replace(answered, kind=ResponseClass.UNREADABLE)

    # Reading

    async def page(self, viewer: Viewer, request: PageRequest) -> Page[Hook] | None:
        """Return the hooks, oldest first, archived ones included; None for who is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        known = [
            each
            for each in (await self.known.current()).values()
            if request.after is None or each.id > request.after
        ]
        return cut(known[: request.first + 1], request.first)

    async def find(self, viewer: Viewer, hook_id: HookId) -> Hook | None:
        """Return a hook; None for what does not exist and for who is no admin."""
        return (await self.known.current()).get(hook_id) if viewer.has_scope(Scope.ADMIN) else None

    async def deliveries(
        self, hook: Hook, request: PageRequest, state: DeliveryState | None
    ) -> Page[Delivery]:
        """Return the deliveries of a hook, newest first, to callers who may see it."""
        return cut(await self._deliveries.page(hook.id, request, state), request.first)

    # Deliveries

    async def announce(self, change: Change) -> None:
        """Put what happened on its way to every hook that is told of it; a second time changes nothing."""
        told = told_of(change)
        if told is None:
            return
        event, data = told
        for hook in (await self.known.current()).values():
            if hook.is_on and event in hook.events:
                message = Message(type=event.value, at=change.at, data=data)
                await self._send(hook, message, _delivery_id(change.id, hook), change.profile_id)

    async def announce_deleted(self, request_id: str, profile_ids: Sequence[str]) -> None:
        """Put on its way to every hook that is told of it that a person was erased, by the ids they had."""
        now = self._clock()
        for hook in (await self.known.current()).values():
            if hook.is_on and HookEvent.USER_DELETED in hook.events:
                data = {"profile_ids": list(profile_ids)}
                message = Message(type=HookEvent.USER_DELETED.value, at=now, data=data)
                await self._send(hook, message, _delivery_id(request_id, hook), None)

    async def replay(self, viewer: Viewer, delivery_id: DeliveryId) -> Delivery:
        """Send a delivery again that ended (admins only), under the id that it had.

        Raises ForbiddenError, NotFoundError, and ConflictError for one that is on its way.
        """
        require_scope(viewer, Scope.ADMIN)
        found = await self._deliveries.find(delivery_id)
        if found is None:
            raise NotFoundError("There is no such delivery (any more).")
        if found.state is DeliveryState.PENDING or not await self._deliveries.send_again(found):
            await self._queue.enqueue(_job(found))  # a process that ended in between made none
            raise ConflictError("This delivery is on its way.")
        again = replace(found, state=DeliveryState.PENDING, replays=found.replays + 1)
        await self._queue.enqueue(_job(again))
        return again

    async def close(self) -> None:
        """Let go of the connections."""
        await self._sender.close()

    async def _send(
        self, hook: Hook, message: Message, delivery_id: DeliveryId, profile_id: str | None
    ) -> None:
        delivery = Delivery(
            id=delivery_id,
            hook_id=hook.id,
            profile_id=profile_id,
            message=message,
            state=DeliveryState.PENDING,
            attempts=0,
            replays=0,
            created_at=self._clock(),
        )
        await self._deliveries.insert(delivery)
        await self._queue.enqueue(_job(delivery))

    async def _check(self, given: HookFields) -> None:
        known, purposes = await self._profiles.catalogue.current(), await self._profiles.purposes.current()
        check_hook(given, known, purposes, may_be_near=self._may_be_near)

    async def _present(self, key: str) -> Hook:
        await self.known.refresh()
        for each in (await self.known.current()).values():
            if each.key == key and each.archived_at is None:
                return each
        raise NotFoundError(f"There is no hook {key[:80]!r}.")

    async def _replaced(self, hook: Hook) -> Hook:
        written = replace(hook, version=hook.version + 1, updated_at=self._clock())
        is_written = await self._store.replace(written)
        await self.known.refresh()
        if not is_written:
            raise VersionConflictError((await self.known.current())[hook.id].version)
        return written


def watched_hooks(store: HookStore) -> Watched[Mapping[HookId, Hook]]:
    """Return the hooks as every process holds them, oldest first."""

    async def load() -> Mapping[HookId, Hook]:
        return {each.id: each for each in await store.all()}

    return Watched("hooks", load)


def _fields(given: HookFields) -> dict[str, Any]:
    return {each.name: getattr(given, each.name) for each in fields(HookFields)}


def _switched(hook: Hook, now: datetime, *, is_enabled: bool | None) -> Hook:
    if is_enabled is None or is_enabled is (hook.disabled_at is None):
        return hook
    if is_enabled:
        return replace(hook, disabled_at=None, disabled_because=None)
    return replace(hook, disabled_at=now, disabled_because="An admin turned it off.")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _is_answer(response: Response) -> bool:
    return response.body is not None and isinstance(response.body.get("is_allowed", True), bool)


def _delivery_id(cause: str, hook: Hook) -> DeliveryId:
    """Return an id that sorts by time as its cause's does, and is the same however often that is told."""
    digest = hashlib.sha256(f"{cause}|{hook.id}".encode()).hexdigest()
    return DeliveryId(f"dlv_{cause.partition('_')[2][:10]}{digest[:16]}")


def _job(delivery: Delivery) -> NewJob:
    return NewJob(
        id=JobId(f"job_{delivery.id}_{delivery.replays}"),
        kind=DELIVER,
        payload={"delivery_id": delivery.id, "replays": delivery.replays},
        profile_id=delivery.profile_id,
        max_attempts=len(SCHEDULE) + 1,
        topic=delivery.hook_id,
    )
