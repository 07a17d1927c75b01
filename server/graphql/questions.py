"""Asks and answers as GraphQL types: what a front end shows and sends."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidAnswerError, InvalidInputError, UnknownAskError
from server.profiles.model import Bounds
from server.questions import model


@strawberry.type(description="One of the answers to choose from.")
class QuestionOption:
    """See questions.model."""

    value: str = strawberry.field(description="What is sent and stored.")
    label: str = strawberry.field(description="What people read, in the ask's language.")
    picture: str | None = strawberry.field(description="The address of a picture of it.")


@strawberry.type(description="The value that a CONFIRM question is about.")
class ValueToConfirm:
    """See questions.model."""

    value: JSON = strawberry.field(description="The value; send it back with the verdict `right`.")
    text: str = strawberry.field(description="The value in words.")
    source: str = strawberry.field(description="Who claims it, such as `enricher:email_domain`.")


@strawberry.type(description="The purpose that a CONSENT question is about.")
class ConsentToGive:
    """See questions.model."""

    purpose: str = strawberry.field(description="The key of the purpose.")
    text: str = strawberry.field(description="What the person agrees to; show all of it.")
    text_version: int = strawberry.field(description="The version of that text; the answer counts for it.")


@strawberry.type(description="A way to ask a person for one attribute, in one language.")
class Question:
    """See questions.model; the bounds are those of the attribute. `notes` are the executor's."""

    notes: strawberry.Private[dict[Any, Any]] = field(default_factory=dict, init=False, compare=False)
    id: strawberry.ID = strawberry.field(description="The question's id.")
    key: str = strawberry.field(description="The author's name for it, unique in its set.")
    kind: model.QuestionKind = strawberry.field(description="How it is put.")
    language: str = strawberry.field(description="The language of its texts.")
    prompt: str = strawberry.field(description="The question in words.")
    help: str | None = strawberry.field(description="A line of help.")
    why: str | None = strawberry.field(description="What the answer is good for.")
    placeholder: str | None = strawberry.field(description="An example inside an empty field.")
    submit_label: str | None = strawberry.field(
        description="What the button to answer says, if not the usual."
    )
    skip_label: str | None = strawberry.field(description="What the button to skip says, if not the usual.")
    decline_label: str | None = strawberry.field(
        description="What the button to decline says, if not the usual."
    )
    is_skippable: bool = strawberry.field(description="Whether people may pass for now.")
    exits: list[model.Exit] = strawberry.field(
        description="The ways out to offer, as its set has them; none where it has to be answered."
    )
    has_other: bool = strawberry.field(
        description="Whether a text may be sent in place of an option's value."
    )
    rating_style: model.RatingStyle | None = strawberry.field(description="What a rating is drawn with.")
    options: list[QuestionOption] = strawberry.field(
        description="What to choose from; empty for other kinds."
    )
    minimum: float | None = strawberry.field(description="The least number allowed.")
    maximum: float | None = strawberry.field(description="The greatest number allowed.")
    min_length: int | None = strawberry.field(description="The least number of characters.")
    max_length: int | None = strawberry.field(description="The greatest number of characters.")
    min_choices: int | None = strawberry.field(description="The least number of options to choose.")
    max_choices: int | None = strawberry.field(description="The greatest number of options to choose.")
    confirm: ValueToConfirm | None = strawberry.field(description="What to confirm, with CONFIRM.")
    consent: ConsentToGive | None = strawberry.field(description="What to agree to, with CONSENT.")


@strawberry.type(description="Where an ask stands among what its set asks in one visit.")
class AskStep:
    """See questions.stepping."""

    number: int = strawberry.field(description="Which question of the set it is in this visit, from 1.")
    total: int = strawberry.field(description="How many there will be at most, unless answers change that.")


@strawberry.type(description="One question handed to one person once.")
class Ask:
    """See questions.model."""

    handed_out: strawberry.Private[model.Ask]
    id: strawberry.ID = strawberry.field(description="Names this ask in an answer; twice counts once.")
    placement: str = strawberry.field(description="Where the question appears.")
    question: Question = strawberry.field(description="What to ask.")

    @strawberry.field(description="Where it stands, for whoever shows progress.")
    def step(self) -> AskStep:
        """Count what its set asks in this visit."""
        step = self.handed_out.step
        return AskStep(number=step.number, total=step.total)

    @strawberry.field(
        description="What its set asks after it whatever is answered, to be shown at once; null where the"
        " answer decides. What counts is `next` once this has its outcome."
    )
    def following(self) -> Ask | None:
        """Foresee it."""
        found = self.handed_out.following
        return None if found is None else _show_ask(found)


@strawberry.type(description="What to ask next.")
class NextQuestion:
    """See questions.model."""

    state: model.NextState = strawberry.field(
        description="READY with an ask; WAITING for a look-up; RESTING until later; DONE when all is known."
    )
    ask: Ask | None = strawberry.field(description="What to ask, when READY.")
    until: datetime | None = strawberry.field(
        description="When WAITING or RESTING: not before this, where it is known."
    )


@strawberry.interface(description="An ask has its outcome, and what comes next.")
class AskHandled:
    """What answering and skipping have in common."""

    handled: strawberry.Private[model.Handled]
    outcome: model.Outcome = strawberry.field(description="What became of the ask.")
    is_replay: bool = strawberry.field(
        description="Whether the ask had this outcome before; nothing was written then."
    )

    @strawberry.field(description="What to ask next in the same place.")
    async def next(self, info: Info) -> NextQuestion:
        """Decide from the profile that the write returned."""
        questions = info.context.services.questions
        handled = self.handled
        return show_next(await questions.next_for(handled.profile, handled.placement, handled.language))


@strawberry.type(description="The answer is kept.")
class AnswerQuestionSuccess(AskHandled):
    """A claim with source PERSON."""

    value: JSON | None = strawberry.field(description="The value as it is kept.")
    notice: str | None = strawberry.field(
        description="Something to know, such as that nobody asks this any more."
    )


@strawberry.type(description="The question is passed on for now and comes back with a later visit.")
class SkipQuestionSuccess(AskHandled):
    """No claim."""


@strawberry.type(description="The question is declined; its set says if and when it comes back.")
class DeclineQuestionSuccess(AskHandled):
    """No claim."""


@strawberry.type(description="The question is closed; its set says when it comes back.")
class DismissQuestionSuccess(AskHandled):
    """No claim."""


@strawberry.type(description="The corrected answer is kept.")
class CorrectAnswerSuccess(AskHandled):
    """A claim in place of the former one."""

    value: JSON | None = strawberry.field(description="The value as it is kept.")
    notice: str | None = strawberry.field(
        description="Something to know, such as that nobody asks this any more."
    )


@strawberry.type(description="It is noted that the ask was seen.")
class ReportShownSuccess:
    """An ask that is seen and left counts as ignored once its visit is over."""

    is_replay: bool = strawberry.field(description="Whether this was known, or the ask had its outcome.")


AnswerQuestionResult = Annotated[
    AnswerQuestionSuccess | InvalidAnswerError | UnknownAskError | ForbiddenError | InvalidInputError,
    strawberry.union("AnswerQuestionResult", description="What became of answerQuestion."),
]
CorrectAnswerResult = Annotated[
    CorrectAnswerSuccess | InvalidAnswerError | UnknownAskError | ForbiddenError,
    strawberry.union("CorrectAnswerResult", description="What became of correctAnswer."),
]
SkipQuestionResult = Annotated[
    SkipQuestionSuccess | UnknownAskError | ForbiddenError | InvalidInputError,
    strawberry.union("SkipQuestionResult", description="What became of skipQuestion."),
]
DeclineQuestionResult = Annotated[
    DeclineQuestionSuccess | UnknownAskError | ForbiddenError | InvalidInputError,
    strawberry.union("DeclineQuestionResult", description="What became of declineQuestion."),
]
DismissQuestionResult = Annotated[
    DismissQuestionSuccess | UnknownAskError | ForbiddenError | InvalidInputError,
    strawberry.union("DismissQuestionResult", description="What became of dismissQuestion."),
]
ReportShownResult = Annotated[
    ReportShownSuccess | UnknownAskError | ForbiddenError | InvalidInputError,
    strawberry.union("ReportShownResult", description="What became of reportShown."),
]


def show_next(found: model.NextQuestion) -> NextQuestion:
    """Return what to ask next as its GraphQL type."""
    ask = None if found.ask is None else _show_ask(found.ask)
    return NextQuestion(state=found.state, ask=ask, until=found.until)


def show_answered(handled: model.Handled) -> AnswerQuestionSuccess:
    """Return an answer's outcome as its GraphQL type."""
    return AnswerQuestionSuccess(
        handled=handled,
        outcome=handled.outcome,
        is_replay=handled.is_replay,
        value=None if handled.value is None else JSON(handled.value),
        notice=handled.notice,
    )


def show_corrected(handled: model.Handled) -> CorrectAnswerSuccess:
    """Return a correction as its GraphQL type."""
    return CorrectAnswerSuccess(
        handled=handled,
        outcome=handled.outcome,
        is_replay=handled.is_replay,
        value=None if handled.value is None else JSON(handled.value),
        notice=handled.notice,
    )


def show_declined(handled: model.Handled) -> DeclineQuestionSuccess:
    """Return a refusal's outcome as its GraphQL type."""
    return DeclineQuestionSuccess(handled=handled, outcome=handled.outcome, is_replay=handled.is_replay)


def show_dismissed(handled: model.Handled) -> DismissQuestionSuccess:
    """Return a dismissal's outcome as its GraphQL type."""
    return DismissQuestionSuccess(handled=handled, outcome=handled.outcome, is_replay=handled.is_replay)


def show_skipped(handled: model.Handled) -> SkipQuestionSuccess:
    """Return a skip's outcome as its GraphQL type."""
    return SkipQuestionSuccess(handled=handled, outcome=handled.outcome, is_replay=handled.is_replay)


def _show_ask(ask: model.Ask) -> Ask:
    return Ask(
        handed_out=ask, id=strawberry.ID(ask.id), placement=ask.placement, question=_show_question(ask)
    )


def _show_question(ask: model.Ask) -> Question:
    """Return a question as its GraphQL type: the same object as long as its words are."""
    notes = ask.wording.notes
    shown: Question | None = notes.get("shown")
    if shown is None:
        shown = notes["shown"] = _shown_question(ask)
    return shown


def _shown_question(ask: model.Ask) -> Question:
    """Return a question, with the bounds of its attribute, as its GraphQL type."""
    question, wording, numbers = ask.question, ask.wording, ask.numbers
    bounds = Bounds() if ask.definition is None else ask.definition.bounds
    return Question(
        id=strawberry.ID(question.id),
        key=question.key,
        kind=question.kind,
        language=wording.language,
        prompt=wording.prompt,
        help=wording.help,
        why=wording.why,
        placeholder=wording.placeholder,
        submit_label=wording.submit_label,
        skip_label=wording.skip_label,
        decline_label=wording.decline_label,
        is_skippable=question.is_skippable,
        exits=list(ask.exits) if question.is_skippable else [],
        has_other=question.has_other,
        rating_style=question.rating_style if question.kind is model.QuestionKind.RATING else None,
        options=[
            QuestionOption(value=each.value, label=each.label, picture=each.picture)
            for each in wording.options
        ],
        minimum=bounds.minimum if numbers is None else numbers[0],
        maximum=bounds.maximum if numbers is None else numbers[1],
        min_length=bounds.min_length,
        max_length=bounds.max_length,
        min_choices=question.min_choices or bounds.min_items,
        max_choices=question.max_choices or bounds.max_items,
        confirm=_show_to_confirm(wording.confirm),
        consent=_show_to_consent(wording.consent),
    )


def _show_to_confirm(found: model.ToConfirm | None) -> ValueToConfirm | None:
    if found is None:
        return None
    return ValueToConfirm(value=JSON(found.value), text=found.text, source=found.source)


def _show_to_consent(found: model.ToConsent | None) -> ConsentToGive | None:
    if found is None:
        return None
    return ConsentToGive(purpose=found.purpose, text=found.text, text_version=found.text_version)
