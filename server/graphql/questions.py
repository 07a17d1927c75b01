"""Asks and answers as GraphQL types: what a front end shows and sends."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from server.graphql.definitions import Option
from server.graphql.context import Info
from server.graphql.errors import ForbiddenError, InvalidAnswerError, UnknownAskError
from server.questions import model

if TYPE_CHECKING:
    from server.profiles.model import AttributeDefinition


@strawberry.type(description="A way to ask a person for one attribute.")
class Question:
    """See questions.model; the bounds are those of the attribute."""

    id: strawberry.ID = strawberry.field(description="The question's id.")
    key: str = strawberry.field(description="The author's name for it, unique in its set.")
    kind: model.QuestionKind = strawberry.field(description="How it is put.")
    prompt: str = strawberry.field(description="The question in words.")
    help: str | None = strawberry.field(description="A line of help.")
    placeholder: str | None = strawberry.field(description="An example inside an empty field.")
    is_skippable: bool = strawberry.field(description="Whether people may pass for now.")
    options: list[Option] = strawberry.field(description="What to choose from; empty for other kinds.")
    minimum: float | None = strawberry.field(description="The least number allowed.")
    maximum: float | None = strawberry.field(description="The greatest number allowed.")
    min_length: int | None = strawberry.field(description="The least number of characters.")
    max_length: int | None = strawberry.field(description="The greatest number of characters.")
    min_choices: int | None = strawberry.field(description="The least number of options to choose.")
    max_choices: int | None = strawberry.field(description="The greatest number of options to choose.")


@strawberry.type(description="One question handed to one person once.")
class Ask:
    """See questions.model."""

    id: strawberry.ID = strawberry.field(description="Names this ask in an answer; twice counts once.")
    placement: str = strawberry.field(description="Where the question appears.")
    question: Question = strawberry.field(description="What to ask.")


@strawberry.type(description="What to ask next.")
class NextQuestion:
    """See questions.model."""

    state: model.NextState = strawberry.field(
        description="READY with an ask; RESTING until a later visit or sign-in; DONE when all is known."
    )
    ask: Ask | None = strawberry.field(description="What to ask, when READY.")
    until: datetime | None = strawberry.field(description="When RESTING: not before this, where it is known.")


@strawberry.input(description="An answer to an ask.")
class AnswerQuestionInput:
    """What a person answered."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is answered.")
    value: JSON = strawberry.field(
        description="A text, number or boolean, a date as YYYY-MM-DD, an option's value or a list of them."
    )


@strawberry.input(description="An ask to pass on for now.")
class SkipQuestionInput:
    """What a person passes on."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is skipped.")


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
        return show_next(await questions.next_for(self.handled.profile, self.handled.placement))


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


AnswerQuestionResult = Annotated[
    AnswerQuestionSuccess | InvalidAnswerError | UnknownAskError | ForbiddenError,
    strawberry.union("AnswerQuestionResult", description="What became of answerQuestion."),
]
SkipQuestionResult = Annotated[
    SkipQuestionSuccess | UnknownAskError | ForbiddenError,
    strawberry.union("SkipQuestionResult", description="What became of skipQuestion."),
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


def show_skipped(handled: model.Handled) -> SkipQuestionSuccess:
    """Return a skip's outcome as its GraphQL type."""
    return SkipQuestionSuccess(handled=handled, outcome=handled.outcome, is_replay=handled.is_replay)


def _show_ask(ask: model.Ask) -> Ask:
    return Ask(
        id=strawberry.ID(ask.id),
        placement=ask.placement,
        question=show_question(ask.question, ask.definition),
    )


def show_question(question: model.Question, definition: AttributeDefinition) -> Question:
    """Return a question, with the options and bounds of its attribute, as its GraphQL type."""
    bounds = definition.bounds
    return Question(
        id=strawberry.ID(question.id),
        key=question.key,
        kind=question.kind,
        prompt=question.prompt,
        help=question.help,
        placeholder=question.placeholder,
        is_skippable=question.is_skippable,
        options=[Option(value=option.value, label=option.label) for option in definition.options],
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        min_length=bounds.min_length,
        max_length=bounds.max_length,
        min_choices=bounds.min_items,
        max_choices=bounds.max_items,
    )
