"""What becomes of an ask: every outcome counts once, however often and from wherever it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from server.access.model import ViewerKind
from server.access.service import require_placement
from server.consent.changes import ConsentRecorded
from server.consent.model import Consent, ConsentSource, ConsentState
from server.kit.changes import ChangeId
from server.kit.errors import ForbiddenError
from server.kit.ids import new_id
from server.profiles.errors import InvalidValueError
from server.profiles.model import PERSON, ProfileId, ProfileUpdate
from server.questions.asks import read_ask
from server.questions.changes import AskCorrected, AskHandled, AskShown
from server.questions.errors import InvalidAnswerError, UnknownAskError
from server.questions.model import AskReport, Handled, Outcome, QuestionState
from server.questions.reading import read_answer
from server.questions.reports import bare_page, check_report
from server.questions.states import (
    answered_in,
    consent_fields,
    corrected_fields,
    handled_fields,
    not_answered_since,
    not_handled_since,
    not_shown_since,
    not_spoken_since,
    shown_fields,
    states_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from server.access.model import Viewer
    from server.kit.changes import Change
    from server.kit.clock import Clock
    from server.profiles.model import AttributeDefinition, Claim, Profile, Value
    from server.profiles.service import Profiles
    from server.questions.asks import AskFacts
    from server.questions.model import Question
    from server.questions.reading import Answer
    from server.questions.service import Questions
    from server.questions.store import QuestionStore

_NO_LONGER_ASKED = "This question is no longer asked; the answer was kept."
_CHANGED = "This question has changed since it was asked; the answer was kept."
_REWORDED = "Its text has changed since it was asked; the answer was kept for the text shown."
NO_REPORT = AskReport()


class Answering:
    """Keeps what people say to what they were asked."""

    def __init__(
        self, *, profiles: Profiles, questions: Questions, store: QuestionStore, clock: Clock
    ) -> None:
        self._profiles = profiles
        self._questions = questions
        self._store = store
        self._clock = clock

    async def answer(self, viewer: Viewer, ask: str, value: object, report: AskReport = NO_REPORT) -> Handled:
        """Keep an answer as a claim of the person (or as their consent), once.

        Raises ForbiddenError, UnknownAskError, InvalidInputError for a report that can't be, and
        InvalidAnswerError with a sentence for the person.
        """
        profile_id, facts, question = await self._opened(viewer, ask, report)
        definition = await self._definition(question)
        answer = read_answer(question, definition, value)
        claim = self._claim(definition, answer)
        shown: Value | None = value if claim is None else claim.value  # type: ignore[assignment] # read above
        written = await self._write(
            profile_id, ask, facts, Outcome.ANSWERED, report, question, answer, claim, shown
        )
        if written is None:
            return await self._replayed(profile_id, facts, question)
        return Handled(
            profile=written,
            placement=facts.placement,
            language=facts.language,
            outcome=Outcome.ANSWERED,
            value=shown,
            is_replay=False,
            notice=await self._notice(question, facts),
        )

    async def skip(self, viewer: Viewer, ask: str, report: AskReport = NO_REPORT) -> Handled:
        """Note that the person would rather not say now."""
        return await self.pass_on(viewer, ask, Outcome.SKIPPED, report)

    async def pass_on(
        self, viewer: Viewer, ask: str, outcome: Outcome, report: AskReport = NO_REPORT
    ) -> Handled:
        """Note an outcome that is no answer; when the question comes back is its set's rule.

        Raises UnknownAskError, InvalidInputError, and ForbiddenError also for what has to be answered.
        """
        profile_id, facts, question = await self._opened(viewer, ask, report)
        if not question.is_skippable:
            raise ForbiddenError("This question can't be skipped: it needs an answer.")
        written = await self._write(profile_id, ask, facts, outcome, report, question, None, None, None)
        if written is None:
            return await self._replayed(profile_id, facts, question)
        return Handled(
            profile=written,
            placement=facts.placement,
            language=facts.language,
            outcome=outcome,
            value=None,
            is_replay=False,
        )

    async def report_shown(self, viewer: Viewer, ask: str, report: AskReport = NO_REPORT) -> bool:
        """Note that an ask came before the person's eyes; return whether that was known before.

        Raises ForbiddenError, UnknownAskError and InvalidInputError.
        """
        profile_id, facts, question = await self._opened(viewer, ask, report)
        now = self._clock()
        part, computed = shown_fields(facts.question_id, facts.handled, now, facts.visit)
        update = ProfileUpdate(
            part=part,
            computed=computed,
            only_if=not_shown_since(facts.question_id, facts.handled, facts.visit),
            changes=(AskShown(**await self._said(profile_id, ask, facts, question, report, now)),),
        )
        return await self._profiles.write(profile_id, update) is None

    async def correct(self, viewer: Viewer, ask: str, value: object) -> Handled:
        """Replace what the person answered to an ask, as long as nothing newer came of its question.

        Raises ForbiddenError, UnknownAskError and InvalidAnswerError.
        """
        profile_id, facts, question = await self._opened(viewer, ask, NO_REPORT)
        definition = await self._definition(question)
        claim = self._claim(definition, read_answer(question, definition, value))
        if claim is None:
            raise InvalidAnswerError("This answer can't be corrected here: it holds no value.")
        said = await self._said(profile_id, ask, facts, question, NO_REPORT, self._clock())
        update = ProfileUpdate(
            claims=(claim,),
            part=corrected_fields(facts.question_id),
            only_if={**answered_in(facts.question_id, facts.handled), **await self._guard(claim)},
            changes=(AskCorrected(**said, value=claim.value),),
        )
        written = await self._profiles.write(profile_id, update)
        if written is None:
            raise UnknownAskError
        return Handled(
            profile=written,
            placement=facts.placement,
            language=facts.language,
            outcome=Outcome.ANSWERED,
            value=claim.value,
            is_replay=False,
            notice=await self._notice(question, facts),
        )

    async def _opened(
        self, viewer: Viewer, ask: str, report: AskReport
    ) -> tuple[ProfileId, AskFacts, Question]:
        if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
            raise ForbiddenError("This needs the viewer token of a person: startVisit gives one.")
        check_report(report)
        profile_id = ProfileId(viewer.profile_id)
        facts = read_ask(self._questions.keys, profile_id, ask)
        require_placement(viewer, facts.placement)
        return profile_id, facts, await self._question(facts)

    async def _question(self, facts: AskFacts) -> Question:
        """Return what was asked: live here, live as another process knows already, or live no more."""
        if facts.question_id not in (await self._questions.live.current()).questions:
            await self._questions.live.refresh()
            await self._profiles.purposes.refresh()  # of which it may be the first question
        live = (await self._questions.live.current()).questions.get(facts.question_id)
        question = live or await self._store.find_question(facts.question_id)
        if question is None:
            raise UnknownAskError
        return question

    async def _write(  # noqa: PLR0913, PLR0917 - everything that one statement writes
        self,
        profile_id: ProfileId,
        ask: str,
        facts: AskFacts,
        outcome: Outcome,
        report: AskReport,
        question: Question,
        answer: Answer | None,
        claim: Claim | None,
        value: Value | None,
    ) -> Profile | None:
        """Write claim, consent, state and announcements in one statement.

        None where the ask has its outcome, or where the person refused meanwhile what it is for.
        """
        now = self._clock()
        said = await self._said(profile_id, ask, facts, question, report, now)
        told = AskHandled(**said, outcome=outcome.value, value=value, milliseconds=report.milliseconds)
        changes: tuple[Change, ...] = (told,)
        state = QuestionState(
            handled=facts.handled + 1,
            outcome=outcome,
            at=now,
            visit=facts.visit,
            is_wrong=answer is not None and answer.is_wrong,
        )
        part, computed = handled_fields(facts.question_id, state)
        if answer is not None and answer.leave is not None and question.purpose is not None:
            if not facts.text_version:
                raise UnknownAskError  # what cannot name the text that was read proves nothing
            consent, recorded = _consented(profile_id, question.purpose, facts, now, is_given=answer.leave)
            part |= consent_fields(question.purpose, consent)
            changes = (*changes, recorded)
        guard = not_answered_since if outcome is Outcome.ANSWERED else not_handled_since
        is_leave = answer is not None and answer.leave
        unless = not_spoken_since(question.purpose, facts.text_version) if is_leave else {}
        update = ProfileUpdate(
            claims=() if claim is None else (claim,),
            part=part,
            computed=computed,
            only_if={**guard(facts.question_id, facts.handled), **await self._guard(claim), **unless},
            changes=changes,
        )
        return await self._profiles.write(profile_id, update)

    async def _said(
        self,
        profile_id: ProfileId,
        ask: str,
        facts: AskFacts,
        question: Question,
        report: AskReport,
        now: datetime,
    ) -> dict[str, Any]:
        """Return what every change of an ask says."""
        owner = (await self._questions.live.current()).owners.get(facts.question_id)
        return {
            "id": ChangeId(new_id("chg", now)),
            "at": now,
            "profile_id": profile_id,
            "ask_id": ask,
            "question_id": facts.question_id,
            "revision": facts.revision,
            "placement": facts.placement,
            "visit": facts.visit,
            "handled": facts.handled,
            "set_id": "" if owner is None else owner.question_set.id,
            "language": facts.language,
            "arm": facts.arm,
            "page": None if report.page is None else bare_page(report.page),
            "attribute_id": question.attribute_id,
            "device": None if report.device is None else report.device.value,
        }

    async def _replayed(self, profile_id: ProfileId, facts: AskFacts, question: Question) -> Handled:
        """Return the outcome that the ask has already; nobody's claim but the person's own is shown."""
        profile = await self._profiles.find(profile_id)
        state = None if profile is None else states_of(profile).get(facts.question_id)
        if profile is None or state is None or state.handled <= facts.handled:
            raise UnknownAskError
        return Handled(
            profile=profile,
            placement=facts.placement,
            language=facts.language,
            outcome=state.outcome,
            value=_said_before(profile, question, state),
            is_replay=True,
        )

    async def _definition(self, question: Question) -> AttributeDefinition | None:
        if question.attribute_id is None:
            return None
        if question.attribute_id not in (await self._profiles.catalogue.current()).by_id:
            await self._profiles.catalogue.refresh()  # another process declared it a moment ago
        return (await self._profiles.catalogue.current()).by_id[question.attribute_id]

    def _claim(self, definition: AttributeDefinition | None, answer: Answer) -> Claim | None:
        if definition is None or answer.is_wrong:
            return None
        try:
            claim = self._profiles.claim(definition, answer.value, PERSON)
        except InvalidValueError as error:
            raise InvalidAnswerError(error.message) from None
        return replace(claim, value=answer.value) if answer.in_order else claim

    async def _guard(self, claim: Claim | None) -> Mapping[str, object]:
        """Return the guard that the person allows what the value is for."""
        if claim is None:
            return {}
        purpose = (await self._profiles.catalogue.current()).by_id[claim.attribute_id].purpose
        return await self._profiles.consent_guard(purpose)

    async def _notice(self, question: Question, facts: AskFacts) -> str | None:
        owner = (await self._questions.live.current()).owners.get(question.id)
        if owner is None:
            return _NO_LONGER_ASKED
        if owner.question_set.revision != facts.revision:
            return _CHANGED
        purpose = (await self._profiles.purposes.current()).by_key.get(question.purpose or "")
        return _REWORDED if purpose is not None and 0 < facts.text_version < purpose.text_version else None


def _consented(
    profile_id: ProfileId, purpose: str, facts: AskFacts, now: datetime, *, is_given: bool
) -> tuple[Consent, ConsentRecorded]:
    """Return what was said to the text that the ask showed, in force or not (GDPR, article 7(1))."""
    state = ConsentState.GRANTED if is_given else ConsentState.DENIED
    consent = Consent(state=state, at=now, text_version=facts.text_version, source=ConsentSource.PERSON)
    recorded = ConsentRecorded(
        id=ChangeId(new_id("chg", now)),
        at=now,
        profile_id=profile_id,
        purpose=purpose,
        state=consent.state.value,
        text_version=consent.text_version,
        source=consent.source.value,
        actor=profile_id,
    )
    return consent, recorded


def _said_before(profile: Profile, question: Question, state: QuestionState) -> Value | None:
    """Return what the person answered before, as `answer` returned it."""
    if question.purpose is not None and question.attribute_id is None:
        consent = profile.consents.get(question.purpose)
        if consent is None or state.outcome is not Outcome.ANSWERED:
            return None
        return consent.state is ConsentState.GRANTED
    if state.is_wrong:
        return {"verdict": "wrong"}
    claims = () if question.attribute_id is None else profile.claims.get(question.attribute_id, ())
    return next((claim.value for claim in claims if claim.source == PERSON), None)
