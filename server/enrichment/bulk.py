"""Look-ups of many: what they would cost, and how they are begun, halted and called off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.access.model import Scope, Viewer, ViewerKind
from server.access.service import require_scope
from server.enrichment.model import ENRICH, Trigger
from server.enrichment.overseeing import RUN_IN_BULK, BulkRun, Estimate, Progress, RunId, RunState
from server.enrichment.planning import chosen, following, judge
from server.enrichment.service import named
from server.enrichment.states import state_of
from server.kit.errors import ConflictError, InvalidInputError, NotFoundError
from server.kit.ids import new_id
from server.kit.jobs.model import JobId, NewJob, Urgency
from server.kit.paging import PageRequest, cut
from server.profiles.ordering import Direction, Order, place_of
from server.profiles.reading import ProfileQuery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from server.enrichment.model import Enricher, Enrichers
    from server.enrichment.people import People
    from server.enrichment.run_store import RunStore
    from server.kit.clock import Clock
    from server.kit.jobs.service import JobQueue
    from server.kit.paging import Page
    from server.profiles.condition_forms import Form
    from server.profiles.model import Profile
    from server.profiles.reading import Reading

_SAMPLE_PAGES = 5  # of a hundred profiles, of each end: an estimate has to answer soon
_PAGE = 100
_US = Viewer(kind=ViewerKind.APP, scopes=frozenset({Scope.PROFILES_READ}))
_OLDEST_FIRST = Order(direction=Direction.ASC)


class BulkRuns:
    """Every method is for admins; who is none is refused, and sees no run."""

    def __init__(
        self,
        *,
        store: RunStore,
        reading: Reading,
        people: People,
        queue: JobQueue,
        enrichers: Enrichers,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reading = reading
        self._people = people
        self._queue = queue
        self._enrichers = enrichers
        self._clock = clock

    async def estimate(
        self, viewer: Viewer, enricher_keys: Sequence[str], condition: Form | None
    ) -> Estimate | None:
        """Return what a run would come to; None for who is no admin, and where an enricher is missing.

        Raises what reading profiles raises.
        """
        configured = self._enrichers()
        if not viewer.has_scope(Scope.ADMIN) or not configured.keys() >= set(enricher_keys):
            return None
        enrichers = named(configured, enricher_keys)
        counted = await self._reading.count(viewer, ProfileQuery(filter=condition))
        total = 0 if counted is None else counted.value
        seen = look_ups = cost = 0
        after: str | None = None
        for _ in range(_SAMPLE_PAGES):
            page = await matching(self._reading, condition, after, _PAGE)
            for profile in page:
                wanted = await self._worth_it(profile, enrichers)
                look_ups += len(wanted)
                cost += sum(most_cost(each, self._enrichers()) for each in wanted)
            seen += len(page)
            if len(page) < _PAGE:
                return Estimate(profiles=seen, look_ups=look_ups, cost=cost, is_exact=True)
            after = place_of(page[-1], _OLDEST_FIRST)
        scale = total / seen
        return Estimate(
            profiles=total, look_ups=round(look_ups * scale), cost=round(cost * scale), is_exact=False
        )

    async def start(
        self, viewer: Viewer, enricher_keys: Sequence[str], condition: Form | None, most_cost: int | None
    ) -> Progress:
        """Begin a run over everybody who fits.

        Raises ForbiddenError, UnknownEnricherError, InvalidInputError, and what reading profiles raises.
        """
        require_scope(viewer, Scope.ADMIN)
        if not enricher_keys:
            raise InvalidInputError("A run needs at least one enricher.", field="enrichers")
        if most_cost is not None and most_cost < 1:
            raise InvalidInputError("What a run may cost has to be at least 1.", field="mostCost")
        named(self._enrichers(), enricher_keys)
        await matching(self._reading, condition, None, 1)
        now = self._clock()
        run = BulkRun(
            id=RunId(new_id("run", now)),
            enrichers=tuple(dict.fromkeys(enricher_keys)),
            condition=condition,
            state=RunState.RUNNING,
            most_cost=most_cost,
            requested_by=viewer.key_id,
            requested_at=now,
        )
        await self._store.insert(run)
        await self._enqueue(run)
        return await self._progress(run)

    async def pause(self, viewer: Viewer, run_id: str) -> Progress:
        """Let nothing more of it be looked up for now. Raises as `cancel` does."""
        return await self._move(viewer, run_id, {RunState.RUNNING}, RunState.PAUSED)

    async def resume(self, viewer: Viewer, run_id: str) -> Progress:
        """Go on with a run that was paused. Raises as `cancel` does."""
        resumed = await self._move(viewer, run_id, {RunState.PAUSED}, RunState.RUNNING)
        await self._enqueue(resumed.run)
        return resumed

    async def cancel(self, viewer: Viewer, run_id: str) -> Progress:
        """Call off what was not looked up yet.

        Raises ForbiddenError, NotFoundError, and ConflictError where it is not in a state to.
        """
        alive = {RunState.RUNNING, RunState.PAUSED}
        return await self._move(viewer, run_id, alive, RunState.CANCELLED)

    async def find(self, viewer: Viewer, run_id: str) -> Progress | None:
        """Return a run; None for what does not exist and for who is no admin."""
        run = await self._store.find(run_id) if viewer.has_scope(Scope.ADMIN) else None
        return None if run is None else await self._progress(run)

    async def page(self, viewer: Viewer, request: PageRequest) -> Page[Progress] | None:
        """Return the latest runs first; None for who is no admin."""
        if not viewer.has_scope(Scope.ADMIN):
            return None
        found = await self._store.page(request.after, request.first + 1)
        return cut([await self._progress(each) for each in found], request.first)

    async def _move(
        self, viewer: Viewer, run_id: str, states: Collection[RunState], to: RunState
    ) -> Progress:
        require_scope(viewer, Scope.ADMIN)
        ended_at = self._clock() if to is RunState.CANCELLED else None
        moved = await self._store.move(run_id, states, to, ended_at)
        if moved is not None:
            return await self._progress(moved)
        if (run := await self._store.find(run_id)) is None:
            raise NotFoundError("There is no such run.")
        raise ConflictError(f"The run is {run.state.value}: it can't become {to.value}.")

    async def _enqueue(self, run: BulkRun) -> None:
        """Queue the job that goes through the profiles; each time that it begins anew a job of its own."""
        job = NewJob(
            id=JobId(new_id("job", self._clock())),
            kind=RUN_IN_BULK,
            payload={"run": run.id},
            dedupe=run.id,
            urgency=Urgency.BULK,
            topic=run.id,
        )
        await self._queue.enqueue(job)

    async def _progress(self, run: BulkRun) -> Progress:
        return Progress(run=run, look_ups_waiting=await self._queue.count_waiting(lanes_of(run)))

    async def _worth_it(self, profile: Profile, enrichers: Sequence[Enricher]) -> list[Enricher]:
        person = await self._people.look_at(profile, enrichers)
        verdicts = {
            each.key: judge(
                each, Trigger.BULK, person.standing(each), state_of(profile, each.key), person.now
            )
            for each in enrichers
        }
        return chosen(enrichers, verdicts)


async def matching(reading: Reading, condition: Form | None, after: str | None, size: int) -> list[Profile]:
    """Return the next profiles that fit, oldest first; raise what is wrong with the condition."""
    query = ProfileQuery(filter=condition, order=_OLDEST_FIRST)
    page = await reading.page(_US, query, PageRequest(first=size, after=after))
    return [] if page is None else list(page.items)


def place_after(profiles: Sequence[Profile]) -> str:
    """Return where to go on after these."""
    return place_of(profiles[-1], _OLDEST_FIRST)


def lanes_of(run: BulkRun) -> list[str]:
    """Return the lanes in which its look-ups wait."""
    lane = NewJob(id=JobId(""), kind=ENRICH, urgency=Urgency.BULK)
    return [replace(lane, topic=f"{each}:{run.id}").lane for each in run.enrichers]


def most_cost(enricher: Enricher, configured: Mapping[str, Enricher]) -> int:
    """Return what a look-up costs at most: with every further step of its group."""
    steps: Iterable[Enricher] = (enricher, *following(enricher, configured.values()))
    return sum(each.limits.cost for each in steps)
