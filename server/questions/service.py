"""Asking: the next question, its answer, its skip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import ViewerKind
from server.kit.changes import ChangeId
from server.kit.errors import ForbiddenError
from server.kit.ids import new_id
from server.kit.signing import derived_key
from server.kit.watching import Watched
from server.profiles.errors import InvalidValueError
from server.profiles.model import PERSON, ProfileId, ProfileUpdate
from server.profiles.service import QUIET
from server.questions.asks import AskFacts, ask_id, read_ask
from server.questions.changes import AskHandled
from server.questions.errors import InvalidAnswerError, UnknownAskError
from server.questions.model import Ask, Handled, LiveSets, NextQuestion, Outcome, QuestionState
from server.questions.publishing import check_placement
from server.questions.selection import Facts, Verdict, decide
from server.questions.states import not_answered_since, not_handled_since, state_fields, states_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.profiles.model import AttributeDefinition, Claim, Profile
    from server.profiles.service import Profiles
    from server.questions.model import Question
    from server.questions.store import QuestionStore

_NO_LONGER_ASKED = "This question is no longer asked; the answer was kept."


class Questions:
    """Decides what to ask a person and keeps what they say."""

    def __init__(self, *, profiles: Profiles, store: QuestionStore, clock: Clock, secret: str) -> None:
        self._profiles = profiles
        self._store = store
        self._clock = clock
        self._key = derived_key(secret, "ask")
        self.live: Watched[LiveSets] = Watched("question_sets", self._load_live)

    def placement(self, name: str) -> str:
        """Return the name of a placement; raise InvalidInputError for what is not spelled like one."""
        check_placement(name)
        return name

    async def next_question(self, viewer: Viewer, placement: str) -> NextQuestion | None:
        """Return what to ask the viewer here; None for whoever is no person (any more)."""
        if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
            return None
        profile = await self._profiles.find(ProfileId(viewer.profile_id))
        if profile is None or profile.merged_into is not None:
            return None
        return await self.next_for(profile, placement)

    async def next_for(self, profile: Profile, placement: str) -> NextQuestion:
        """Return what to ask this profile here, from what is in hand: no read, no write."""
        check_placement(placement)
        askable = await self._profiles.askable(profile)
        states = states_of(profile)
        facts = Facts(
            placement=placement,
            logins=profile.logins,
            visits=profile.visits,
            known=askable.known,
            forbidden=askable.forbidden,
            states=states,
        )
        decision = decide((await self.live.current()).ordered, facts)
        if decision.verdict is not None:
            return NextQuestion(state=decision.state, ask=await self._ask(profile, decision.verdict, facts))
        quiet_from = profile.visit.last_seen_at if decision.opens_with_visit and profile.visit else None
        return NextQuestion(state=decision.state, until=None if quiet_from is None else quiet_from + QUIET)

    async def answer(self, viewer: Viewer, ask: str, value: object) -> Handled:
        """Keep an answer as a claim of the person, once, however often and wherever it is sent.

        Raises ForbiddenError, UnknownAskError, and InvalidAnswerError with a sentence for the person.
        """
        profile_id = _person(viewer)
        facts = read_ask(self._key, profile_id, ask)
        question = await self._question(facts)
        claim = self._claim(await self._definition(question), value)
        written = await self._handle(profile_id, ask, facts, claim)
        if written is None:
            return await self._replayed(profile_id, facts, question)
        return Handled(
            profile=written,
            placement=facts.placement,
            outcome=Outcome.ANSWERED,
            value=claim.value,
            is_replay=False,
            notice=await self._notice(question),
        )

    async def skip(self, viewer: Viewer, ask: str) -> Handled:
        """Note that the person would rather not say now; the question comes back with a later visit.

        Raises UnknownAskError, and ForbiddenError also for a question that has to be answered.
        """
        profile_id = _person(viewer)
        facts = read_ask(self._key, profile_id, ask)
        question = await self._question(facts)
        if not question.is_skippable:
            raise ForbiddenError("This question can't be skipped: it needs an answer.")
        written = await self._handle(profile_id, ask, facts, None)
        if written is None:
            return await self._replayed(profile_id, facts, question)
        return Handled(
            profile=written, placement=facts.placement, outcome=Outcome.SKIPPED, value=None, is_replay=False
        )

    async def log(self, change: AskHandled) -> None:
        """Append an outcome to the answer log; a second time changes nothing."""
        await self._store.append_answer(change)

    async def _handle(
        self, profile_id: ProfileId, ask: str, facts: AskFacts, claim: Claim | None
    ) -> Profile | None:
        """Write claim (of a skip there is none), state and announcement in one statement.

        None where the ask has its outcome, or where the person took back the consent to be asked this.
        """
        now = self._clock()
        outcome = Outcome.SKIPPED if claim is None else Outcome.ANSWERED
        purpose = None if claim is None else await self._purpose(claim)
        change = AskHandled(
            id=ChangeId(new_id("chg", now)),
            at=now,
            profile_id=profile_id,
            ask_id=ask,
            question_id=facts.question_id,
            revision=facts.revision,
            placement=facts.placement,
            visit=facts.visit,
            outcome=outcome.value,
            value=None if claim is None else claim.value,
            attribute_id=None if claim is None else claim.attribute_id,
        )
        state = QuestionState(handled=facts.handled + 1, outcome=outcome, at=now, visit=facts.visit)
        update = ProfileUpdate(
            claims=() if claim is None else (claim,),
            part=state_fields(facts.question_id, state),
            only_if={**_guard(facts, outcome), **await self._profiles.consent_guard(purpose)},
            changes=(change,),
        )
        return await self._profiles.write(profile_id, update)

    async def _replayed(self, profile_id: ProfileId, facts: AskFacts, question: Question) -> Handled:
        """Return the outcome that the ask has already; nobody's claim but the person's own is shown."""
        profile = await self._profiles.find(profile_id)
        state = None if profile is None else states_of(profile).get(facts.question_id)
        if profile is None or state is None or state.handled <= facts.handled:
            raise UnknownAskError
        claims = profile.claims.get(question.attribute_id, ())
        own = next((claim.value for claim in claims if claim.source == PERSON), None)
        return Handled(
            profile=profile, placement=facts.placement, outcome=state.outcome, value=own, is_replay=True
        )

    async def _ask(self, profile: Profile, verdict: Verdict, facts: Facts) -> Ask:
        state = facts.states.get(verdict.question.id)
        ask_facts = AskFacts(
            question_id=verdict.question.id,
            revision=verdict.question_set.revision,
            handled=0 if state is None else state.handled,
            visit=facts.visits,
            placement=facts.placement,
        )
        return Ask(
            id=ask_id(self._key, profile.id, ask_facts),
            question=verdict.question,
            definition=await self._definition(verdict.question),
            placement=facts.placement,
        )

    async def _question(self, facts: AskFacts) -> Question:
        """Return what was asked: live here, live as another process knows already, or live no more."""
        if facts.question_id not in (await self.live.current()).questions:
            await self.live.refresh()
        live = (await self.live.current()).questions.get(facts.question_id)
        question = live or await self._store.find_question(facts.question_id)
        if question is None:
            raise UnknownAskError
        return question

    async def _definition(self, question: Question) -> AttributeDefinition:
        if question.attribute_id not in (await self._profiles.catalogue.current()).by_id:
            await self._profiles.catalogue.refresh()  # another process declared it a moment ago
        return (await self._profiles.catalogue.current()).by_id[question.attribute_id]

    def _claim(self, definition: AttributeDefinition, value: object) -> Claim:
        try:
            return self._profiles.claim(definition, value, PERSON)
        except InvalidValueError as error:
            raise InvalidAnswerError(error.message) from None

    async def _purpose(self, claim: Claim) -> str | None:
        return (await self._profiles.catalogue.current()).by_id[claim.attribute_id].purpose

    async def _notice(self, question: Question) -> str | None:
        return None if question.id in (await self.live.current()).questions else _NO_LONGER_ASKED

    async def _load_live(self) -> LiveSets:
        ordered = tuple(await self._store.live())
        contents = [each.live for each in ordered if each.live is not None]
        return LiveSets(
            ordered=ordered,
            questions={question.id: question for content in contents for question in content.questions},
        )


def _person(viewer: Viewer) -> ProfileId:
    if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
        raise ForbiddenError("This needs the viewer token of a person: startVisit gives one.")
    return ProfileId(viewer.profile_id)


def _guard(facts: AskFacts, outcome: Outcome) -> Mapping[str, Any]:
    guard = not_answered_since if outcome is Outcome.ANSWERED else not_handled_since
    return guard(facts.question_id, facts.handled)
