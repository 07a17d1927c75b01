"""Asking: what one person is asked next, where, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import ViewerKind
from server.access.service import require_placement
from server.kit.instruments import Instruments
from server.kit.signing import derived_keys
from server.kit.watching import Watched
from server.profiles.model import AttributeId, ProfileId
from server.profiles.service import QUIET
from server.questions.asks import AskFacts, ask_id
from server.questions.compiling import compile_sets
from server.questions.facts import Facts
from server.questions.model import Ask, NextQuestion, Question, QuestionKind, ToConfirm, ToConsent
from server.questions.reading import scale_of
from server.questions.selection import decide, verdicts
from server.questions.states import states_of
from server.questions.stepping import following, step_of
from server.questions.wording import Prints, may_be_piped, spoken, worded
from server.questions.writing import check_placement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from server.access.model import Viewer
    from server.kit.clock import Clock
    from server.profiles.asking import Askable
    from server.profiles.model import Profile
    from server.profiles.service import Profiles
    from server.questions.compiling import LiveSets
    from server.questions.model import QuestionId, QuestionState, Verdict, Wording
    from server.questions.selection import Decision
    from server.questions.store import QuestionStore

    # What running look-ups may fill, by the key of the attribute, and since when they run.
    Running = Callable[[Profile], Mapping[str, datetime]]


_NONE: frozenset[AttributeId] = frozenset()


def _nothing() -> None:
    return None


def _nothing_runs(_: Profile) -> Mapping[str, datetime]:
    return {}


class Questions:
    """Decides what to ask a person. `running` tells which look-ups may soon answer a question themselves."""

    def __init__(
        self,
        *,
        profiles: Profiles,
        store: QuestionStore,
        clock: Clock,
        secret: str,
        running: Running = _nothing_runs,
        instruments: Instruments | None = None,
    ) -> None:
        self._profiles = profiles
        self._store = store
        self._clock = clock
        self._running = running
        self._prints = Prints()
        self._instruments = instruments or Instruments()
        self.keys = derived_keys(secret, "ask")
        self.live: Watched[LiveSets] = Watched("question_sets", self._load_live)

    def placement(self, viewer: Viewer, name: str) -> str:
        """Return the name of a placement in which the viewer may be asked.

        Raises InvalidInputError for what is not spelled like one, ForbiddenError where the key is for others.
        """
        check_placement(name)
        require_placement(viewer, name)
        return name

    async def next_question(
        self, viewer: Viewer, placement: str, locale: str | None = None
    ) -> NextQuestion | None:
        """Return what to ask the viewer here; None for whoever is no person (any more).

        Raises InvalidInputError, and ForbiddenError for a placement that the page's key is not for.
        """
        if viewer.kind is not ViewerKind.PERSON or viewer.profile_id is None:
            return None
        require_placement(viewer, placement)
        profile = await self._profiles.find(ProfileId(viewer.profile_id))
        if profile is None or profile.merged_into is not None:
            return None
        return await self.next_for(profile, placement, locale)

    async def next_for(self, profile: Profile, placement: str, locale: str | None = None) -> NextQuestion:
        """Return what to ask this profile here, from what is in hand: no read, no write."""
        check_placement(placement)
        now = self._clock()
        live = await self.live.current()
        askable = await self._profiles.askable(profile, now)
        facts = self._facts(profile, askable, placement, live)
        decision = decide(live, facts, now)
        self._instruments.decided(decision.state)
        if decision.verdict is None:
            return NextQuestion(state=decision.state, until=decision.until)
        first = decision.verdict

        def find_following() -> Ask | None:
            step = step_of(live, facts, first, now)
            if step.number == step.total:
                return None
            after = facts.once_answered(first.question, now)
            verdict = following(live, after, first, now)
            return None if verdict is None else self._ask(askable, verdict, after, now, locale, live)

        ask = self._ask(askable, first, facts, now, locale, live, find_following)
        return NextQuestion(state=decision.state, ask=ask)

    async def verdicts_for(
        self, profile: Profile, placement: str, live: LiveSets | None = None
    ) -> tuple[Decision, list[Verdict]]:
        """Return the decision and every verdict, over these sets or the published ones."""
        now, live = self._clock(), live or await self.live.current()
        facts = self._facts(profile, await self._profiles.askable(profile), placement, live)
        return decide(live, facts, now), list(verdicts(live, facts, now))

    async def facts_for(self, profile: Profile, placement: str, live: LiveSets) -> Facts:
        """Return what a decision about this profile rests on."""
        return self._facts(profile, await self._profiles.askable(profile), placement, live)

    def _facts(self, profile: Profile, askable: Askable, placement: str, live: LiveSets) -> Facts:
        states = states_of(profile)
        running = self._running(profile) if profile.enrichments else {}
        catalogue = askable.catalogue
        to_confirm = {
            attribute_id: claim.observed_at
            for attribute_id in live.to_confirm
            if attribute_id in askable.known and (claim := askable.to_confirm(attribute_id)) is not None
        }
        return Facts(
            profile_id=profile.id,
            placement=placement,
            logins=profile.logins,
            visits=profile.visits,
            visit_ends_at=None if profile.visit is None else profile.visit.last_seen_at + QUIET,
            since=profile.created_at,
            subject=askable.subject,
            known=askable.known,
            states=states,
            forbidden=askable.forbidden,
            settled=askable.settled,
            waiting={catalogue.by_key[key].id: at for key, at in running.items() if key in catalogue.by_key},
            to_confirm=to_confirm,
            disputed=frozenset(_disputed(live.to_confirm, states, to_confirm)) if to_confirm else _NONE,
        )

    def _ask(
        self,
        askable: Askable,
        verdict: Verdict,
        facts: Facts,
        now: datetime,
        locale: str | None,
        live: LiveSets,
        find_following: Callable[[], Ask | None] = _nothing,
    ) -> Ask:
        question, state = verdict.question, facts.states.get(verdict.question.id)
        wording = _wording(verdict, askable, locale, self._prints)
        ask_facts = AskFacts(
            question_id=question.id,
            revision=verdict.question_set.revision,
            handled=0 if state is None else state.handled,
            visit=facts.visit_at(now),
            placement=facts.placement,
            language=wording.language,
            arm=verdict.arm,
            text_version=0 if wording.consent is None else wording.consent.text_version,
        )
        return Ask(
            id=ask_id(self.keys[0], ProfileId(facts.profile_id), ask_facts),
            question=question,
            definition=None
            if question.attribute_id is None
            else askable.catalogue.by_id[question.attribute_id],
            placement=facts.placement,
            wording=wording,
            find_step=lambda: step_of(live, facts, verdict, now),
            find_following=find_following,
            exits=live.owners[question.id].content.exits,
            numbers=scale_of(question),
        )

    async def _load_live(self) -> LiveSets:
        return compile_sets(
            await self._store.live(),
            await self._profiles.catalogue.current(),
            await self._store.chances(),
            await self._store.budget(),
        )


def _disputed(
    to_confirm: Mapping[AttributeId, tuple[QuestionId, ...]],
    states: Mapping[QuestionId, QuestionState],
    claims: Mapping[AttributeId, datetime],
) -> Iterator[AttributeId]:
    """Yield the attributes of which the person called the value wrong that still stands."""
    for attribute_id, question_ids in to_confirm.items():
        for question_id in question_ids:
            state = states.get(question_id)
            if (
                state is not None
                and state.is_wrong
                and attribute_id in claims
                and claims[attribute_id] <= state.at
            ):
                yield attribute_id


def _wording(verdict: Verdict, askable: Askable, locale: str | None, prints: Prints) -> Wording:
    question, content = verdict.question, verdict.question_set.live
    definition = None if question.attribute_id is None else askable.catalogue.by_id[question.attribute_id]

    def pipe(key: str) -> str | None:
        about = askable.catalogue.by_key.get(key)
        if about is None or not may_be_piped(about):
            return None
        value = askable.subject.values.get(about.id)
        return None if value is None else spoken(value, about, locale)

    if content is None:  # pragma: no cover - verdicts are about what is live
        raise ValueError(verdict.question_set.id)
    variants = () if content.experiment is None else content.experiment.variants
    prompts = next((each.prompts for each in variants if each.key == verdict.arm), {})
    return worded(
        question,
        definition,
        content,
        locale,
        pipe,
        prints=prints,
        arm_prompt=prompts.get(question.key),
        confirm=_to_confirm(question, askable, locale),
        consent=_to_consent(question, askable),
    )


def _to_confirm(question: Question, askable: Askable, locale: str | None) -> ToConfirm | None:
    if question.kind is not QuestionKind.CONFIRM or question.attribute_id is None:
        return None
    claim = askable.to_confirm(question.attribute_id)
    if claim is None:
        return None
    definition = askable.catalogue.by_id[question.attribute_id]
    return ToConfirm(
        value=claim.value, text=spoken(claim.value, definition, locale), source=claim.source.slug
    )


def _to_consent(question: Question, askable: Askable) -> ToConsent | None:
    purpose = askable.purposes.by_key.get(question.purpose or "")
    if question.kind is not QuestionKind.CONSENT or purpose is None:
        return None
    return ToConsent(purpose=purpose.key, text=purpose.texts[-1].text, text_version=purpose.text_version)
