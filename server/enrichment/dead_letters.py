"""Work that came to nothing, for admins: seen, and begun once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.enrichment.model import ENRICH, EnrichmentState
from server.enrichment.overseeing import DeadLetter
from server.enrichment.states import may_requeue, requeued, state_fields, state_of
from server.kit.errors import ConflictError, NotFoundError
from server.kit.jobs.model import JobId, JobState
from server.kit.paging import cut
from server.profiles.model import ProfileId, ProfileUpdate

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.kit.jobs.model import Job
    from server.kit.jobs.service import JobQueue
    from server.kit.paging import Page, PageRequest
    from server.profiles.service import Profiles


class DeadLetters:
    """Jobs of every kind that ended without having been done."""

    def __init__(self, *, profiles: Profiles, queue: JobQueue, clock: Clock) -> None:
        self._profiles = profiles
        self._queue = queue
        self._clock = clock

    async def page(self, viewer: Viewer, request: PageRequest) -> Page[DeadLetter] | None:
        """Return the latest first; None for who is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        found = await self._queue.dead(before=request.after, limit=request.first + 1)
        return cut([_letter(each) for each in found], request.first)

    async def requeue(self, viewer: Viewer, job_id: str) -> DeadLetter:
        """Begin a job once more, with all its attempts before it.

        Raises ForbiddenError, NotFoundError for what is no dead letter, and ConflictError for a look-up in
        whose place another was made meanwhile.
        """
        require_scope(viewer, Scope.ADMIN)
        job = await self._queue.find(JobId(job_id))
        if job is None or job.state is not JobState.DEAD:
            raise NotFoundError("There is no such dead letter.")
        if job.kind == ENRICH and not await self._await_again(job):
            raise ConflictError(
                "Another look-up was made in its place meanwhile: there is nothing to repeat."
            )
        if not await self._queue.revive(job):
            raise ConflictError("The same work is queued already.")
        return _letter(job)

    async def _await_again(self, job: Job) -> bool:
        """Let the profile wait for the job once more; whether it was the last that it had waited for."""
        profile = await self._profiles.find_living(ProfileId(job.profile_id or ""))
        key = job.payload["enricher"]
        state = None if profile is None else state_of(profile, key)
        if profile is None or state is None or state.job_id != job.id:
            return False
        if state.state is EnrichmentState.QUEUED:
            return True  # somebody else is a moment ahead
        part = state_fields(key, requeued(state, self._clock()))
        written = await self._profiles.write(
            profile.id, ProfileUpdate(part=part, only_if=may_requeue(key, job))
        )
        return written is not None


def _letter(job: Job) -> DeadLetter:
    subject = job.payload.get("enricher") or next(iter(job.payload.values()), None)
    return DeadLetter(
        id=job.id,
        kind=job.kind,
        subject=None if subject is None else str(subject),
        profile_id=job.profile_id,
        reason=job.reason,
        attempts=job.attempts,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
