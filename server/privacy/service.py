"""What people can have done with their data: packed and handed out, erased, made anonymous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.access.service import require_scope
from server.consent.model import ConsentState, OnWithdrawal
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.ids import new_id
from server.kit.jobs.model import JobId, NewJob
from server.kit.paging import cut
from server.kit.signing import derived_keys, is_tag, tag
from server.privacy.erasing import first_job
from server.privacy.model import (
    LINK_LIFETIME,
    WITHDRAW,
    ArchiveDownload,
    PrivacyRequest,
    RequestId,
    RequestKind,
    RequestState,
)
from server.profiles.model import ProfileId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.access.model import Viewer
    from server.consent.changes import ConsentRecorded
    from server.consent.service import Consents
    from server.kit.clock import Clock
    from server.kit.jobs.service import JobQueue
    from server.kit.paging import Page, PageRequest
    from server.privacy.store import PrivacyStore
    from server.profiles.model import IdentityRef
    from server.profiles.service import Profiles

    # Raises unless the person signed in a short while ago.
    ProveRecent = Callable[[Viewer], Awaitable[object]]

DOWNLOADS = "/privacy/exports"  # where archives are fetched
_SCOPES = {
    RequestKind.EXPORT: Scope.PRIVACY_EXPORT,
    RequestKind.ERASE: Scope.PRIVACY_ERASE,
    RequestKind.ANONYMISE: Scope.PRIVACY_ERASE,
}


class Privacy:
    """Takes requests about people's data and shows what became of them; jobs do the work.

    `prove_recent` raises for whoever did not sign in a short while ago.
    """

    def __init__(  # noqa: PLR0913 - everything that a request about a person touches
        self,
        *,
        profiles: Profiles,
        consents: Consents,
        store: PrivacyStore,
        queue: JobQueue,
        clock: Clock,
        secret: str,
        public_url: str,
        prove_recent: ProveRecent,
    ) -> None:
        self._prove_recent = prove_recent
        self._profiles = profiles
        self._consents = consents
        self._store = store
        self._queue = queue
        self._clock = clock
        self._keys = derived_keys(secret, "export-link")
        self._public_url = public_url

    async def export_person(self, viewer: Viewer, by: ProfileId | IdentityRef | None) -> PrivacyRequest:
        """Have everything packed that is known of a person: people their own, apps anybody's by scope.

        Raises ForbiddenError and NotFoundError. Asked again while it is under way, it is the same request.
        """
        if viewer.kind is ViewerKind.PERSON and by in {None, viewer.profile_id}:
            return await self._begin(viewer, RequestKind.EXPORT, ProfileId(viewer.profile_id or ""))
        return await self._begin(viewer, RequestKind.EXPORT, self._named(viewer, RequestKind.EXPORT, by))

    async def erase_person(self, viewer: Viewer, by: ProfileId | IdentityRef | None) -> PrivacyRequest:
        """Have a person erased everywhere; of somebody who was, return that erasure.

        One that failed when their profile was gone already goes on with the rest.

        People erase themselves, with a recent sign-in once there is more to them than a browser: a page that
        somebody left open is no reason to lose what is known for good. Apps erase by scope.
        Raises ForbiddenError, RecentSignInError and NotFoundError.
        """
        if viewer.kind is ViewerKind.PERSON and by in {None, viewer.profile_id}:
            own = ProfileId(viewer.profile_id or "")
            profile = await self._profiles.find_living(own)
            if profile is not None and profile.is_identified:
                await self._prove_recent(viewer)
            return await self._begin(viewer, RequestKind.ERASE, own)
        whom = self._named(viewer, RequestKind.ERASE, by)
        last = await self._store.erasure_of(whom) if isinstance(whom, str) else None
        if last is not None and last.state is RequestState.DONE:
            return last
        if last is not None and await self._profiles.find_living(whom) is None:  # failed, or under way
            return await self._queued(viewer, RequestKind.ERASE, last.profile_id, last.profile_ids)
        return await self._begin(viewer, RequestKind.ERASE, whom)

    async def anonymise_person(self, viewer: Viewer, by: ProfileId | IdentityRef) -> PrivacyRequest:
        """Have taken from a person's data what tells who they are; raise ForbiddenError, NotFoundError."""
        return await self._begin(
            viewer, RequestKind.ANONYMISE, self._named(viewer, RequestKind.ANONYMISE, by)
        )

    async def readmit(self, viewer: Viewer, by: ProfileId | IdentityRef) -> None:
        """Let somebody return who was erased; raise ForbiddenError, InvalidInputError and NotFoundError."""
        require_scope(viewer, Scope.PRIVACY_ERASE)
        if isinstance(by, str):
            message = "Name an identity that recognised the person: their id leads to nobody any more."
            raise InvalidInputError(message, field="profile")
        if not await self._profiles.erasure.let_return(by):
            raise NotFoundError("Nobody whom this identity recognised was erased.")

    async def find(self, viewer: Viewer, request_id: RequestId) -> PrivacyRequest | None:
        """Return a request; None for what does not exist or is not the viewer's to see."""
        found = await self._store.find(request_id)
        return found if found is not None and _may_see(viewer, found) else None

    async def page(
        self, viewer: Viewer, request: PageRequest, kind: RequestKind | None
    ) -> Page[PrivacyRequest] | None:
        """Return the requests (of this kind), newest first; None for whoever is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        return cut(await self._store.page(request, kind), request.first)

    def download_url(self, viewer: Viewer, request: PrivacyRequest) -> str | None:
        """Return a link to a finished archive, good for some minutes, for whoever may see the request."""
        if request.archive is None or not _may_see(viewer, request):
            return None
        until = self._clock() + LINK_LIFETIME
        if request.archive.expires_at <= self._clock():
            return None
        expires = str(int(until.timestamp()))
        signature = tag(self._keys[0], request.id, request.archive.id, expires)
        return f"{self._public_url}{DOWNLOADS}/{request.id}?expires={expires}&signature={signature}"

    async def open_archive(self, request_id: str, expires: str, signature: str) -> ArchiveDownload | None:
        """Return an archive to whoever has a link of ours that is still good; else None."""
        request = await self._store.find(RequestId(request_id))
        if request is None or request.archive is None or not expires.isdecimal():
            return None
        if not is_tag(signature, self._keys, request.id, request.archive.id, expires):
            return None
        now = self._clock()
        if int(expires) < now.timestamp() or request.archive.expires_at <= now:
            return None
        return ArchiveDownload(
            name=f"{request.profile_id}.zip",
            size_bytes=request.archive.size_bytes,
            content=self._store.chunks(request.archive),
        )

    async def on_consent_recorded(self, change: ConsentRecorded) -> None:
        """Queue the erasure of what rested on a consent that is gone, where the purpose says so."""
        purpose = (await self._consents.purposes.current()).by_key.get(change.purpose)
        if purpose is None or purpose.on_withdrawal is not OnWithdrawal.ERASE:
            return
        if change.state != ConsentState.GRANTED.value:
            await self._queue.enqueue(
                NewJob(
                    id=JobId(f"job_withdraw_{change.id}"),
                    kind=WITHDRAW,
                    payload={"purpose": change.purpose},
                    profile_id=change.profile_id,
                )
            )

    def _named(
        self, viewer: Viewer, kind: RequestKind, by: ProfileId | IdentityRef | None
    ) -> ProfileId | IdentityRef:
        require_scope(viewer, _SCOPES[kind])
        if by is None:
            raise ForbiddenError("An app says whose data it is about.")
        return by

    async def _begin(self, viewer: Viewer, kind: RequestKind, by: ProfileId | IdentityRef) -> PrivacyRequest:
        profile = await self._profiles.find_living(by)
        if profile is None:
            raise NotFoundError("There is no such profile.")
        return await self._queued(viewer, kind, profile.id, (profile.id,))

    async def _queued(
        self, viewer: Viewer, kind: RequestKind, profile_id: str, profile_ids: tuple[str, ...]
    ) -> PrivacyRequest:
        """Store the request and queue its job.

        Should the process end in between, asking again finds the request and queues the same job.
        """
        now = self._clock()
        request = await self._store.insert(
            PrivacyRequest(
                id=RequestId(new_id("req", now)),
                kind=kind,
                profile_id=profile_id,
                profile_ids=profile_ids,
                state=RequestState.REQUESTED,
                requested_by=viewer.profile_id or viewer.key_id,
                requested_at=now,
            )
        )
        await self._queue.enqueue(first_job(request))
        return request


def _may_see(viewer: Viewer, request: PrivacyRequest) -> bool:
    is_own = request.kind is not RequestKind.ANONYMISE and viewer.profile_id in request.profile_ids
    return is_own or viewer.has_scope(_SCOPES[request.kind])
