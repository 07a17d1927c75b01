"""Question sets as GraphQL types: what authors write and publish."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from server.graphql.definitions import AttributeDefinition, show_definition
from server.graphql.context import Info
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnknownAttributeError,
    UnpublishableError,
    VersionConflictError,
)
from server.graphql.node import Node
from server.questions import model


@strawberry.type(description="From when on a set is asked from.")
class Trigger:
    """See questions.model."""

    from_login: int = strawberry.field(description="From which sign-in on; 0 for always.")
    from_visit: int = strawberry.field(description="From which visit on; 0 for always.")


@strawberry.type(description="A question as its author wrote it.")
class AuthoredQuestion:
    """See questions.model."""

    id: strawberry.ID = strawberry.field(description="The question's id, as in asks of it.")
    question: strawberry.Private[model.Question]
    key: str = strawberry.field(description="The author's name for it, unique in its set.")
    kind: model.QuestionKind = strawberry.field(description="How it is put.")
    prompt: str = strawberry.field(description="The question in words.")
    help: str | None = strawberry.field(description="A line of help.")
    placeholder: str | None = strawberry.field(description="An example inside an empty field.")
    is_skippable: bool = strawberry.field(description="Whether people may pass for now.")

    @strawberry.field(description="The attribute that it asks for.")
    async def attribute(self, info: Info) -> AttributeDefinition:
        """Look it up in the catalogue, which is in memory."""
        catalogue = await info.context.services.profiles.catalogue.current()
        return show_definition(catalogue.by_id[self.question.attribute_id])


@strawberry.type(description="What an author wrote.")
class QuestionSetContent:
    """See questions.model."""

    name: str = strawberry.field(description="The set's name for its authors.")
    placements: list[str] = strawberry.field(description="Where its questions may appear.")
    priority: int = strawberry.field(description="Sets with a higher priority are asked from first.")
    trigger: Trigger = strawberry.field(description="From when on it is asked from.")
    per_visit: int = strawberry.field(description="How many of its questions one visit may see handled.")
    questions: list[AuthoredQuestion] = strawberry.field(description="Its questions, in the order of asking.")


@strawberry.type(description="An ordered group of questions.")
class QuestionSet(Node):
    """See questions.model."""

    key: str = strawberry.field(description="The author's name for the set.")
    version: int = strawberry.field(description="Counts every write; send it along with the next one.")
    state: model.SetState = strawberry.field(description="Only PUBLISHED sets are asked from.")
    revision: int = strawberry.field(description="Counts publications; 0 when it never was published.")
    has_unpublished_changes: bool = strawberry.field(
        description="Whether the draft differs from what is live."
    )
    draft: QuestionSetContent = strawberry.field(
        description="What the next publication will put before people."
    )
    live: QuestionSetContent | None = strawberry.field(description="What was last published.")
    created_at: datetime = strawberry.field(description="When the set was created.")
    updated_at: datetime = strawberry.field(description="When it was last written.")


def show_set(question_set: model.QuestionSet) -> QuestionSet:
    """Return a question set as its GraphQL type."""
    return QuestionSet(
        id=strawberry.ID(question_set.id),
        key=question_set.key,
        version=question_set.version,
        state=question_set.state,
        revision=question_set.revision,
        has_unpublished_changes=question_set.has_unpublished_changes,
        draft=_show_content(question_set.draft),
        live=None if question_set.live is None else _show_content(question_set.live),
        created_at=question_set.created_at,
        updated_at=question_set.updated_at,
    )


def _show_content(content: model.SetContent) -> QuestionSetContent:
    return QuestionSetContent(
        name=content.name,
        placements=list(content.placements),
        priority=content.priority,
        trigger=Trigger(from_login=content.trigger.from_login, from_visit=content.trigger.from_visit),
        per_visit=content.per_visit,
        questions=[_show_authored(question) for question in content.questions],
    )


def _show_authored(question: model.Question) -> AuthoredQuestion:
    return AuthoredQuestion(
        id=strawberry.ID(question.id),
        question=question,
        key=question.key,
        kind=question.kind,
        prompt=question.prompt,
        help=question.help,
        placeholder=question.placeholder,
        is_skippable=question.is_skippable,
    )


@strawberry.input(description="A question to ask.")
class QuestionInput:
    """See questions.authoring."""

    key: str = strawberry.field(
        description="Your name for it, unique in the set; keep it when you change the rest."
    )
    kind: model.QuestionKind = strawberry.field(description="How it is put; must fit the attribute's type.")
    attribute: str = strawberry.field(description="The key of the attribute that it asks for.")
    prompt: str = strawberry.field(description="The question in words, 500 characters at most.")
    help: str | None = strawberry.field(default=None, description="A line of help.")
    placeholder: str | None = strawberry.field(default=None, description="An example inside an empty field.")
    is_skippable: bool = strawberry.field(default=True, description="Whether people may pass for now.")


@strawberry.input(description="From when on a set is asked from.")
class TriggerInput:
    """See questions.model."""

    from_login: int = strawberry.field(default=0, description="From which sign-in on; 0 for always.")
    from_visit: int = strawberry.field(default=0, description="From which visit on; 0 for always.")


@strawberry.input(description="What a question set shall be.")
class QuestionSetContentInput:
    """See questions.authoring."""

    name: str = strawberry.field(description="The set's name for its authors.")
    questions: list[QuestionInput] = strawberry.field(
        default_factory=list, description="Its questions, in the order of asking."
    )
    placements: list[str] = strawberry.field(
        default_factory=lambda: ["home"], description="Where its questions may appear."
    )
    priority: int = strawberry.field(
        default=0, description="Sets with a higher priority are asked from first."
    )
    trigger: TriggerInput = strawberry.field(
        default_factory=TriggerInput, description="From when on it is asked from."
    )
    per_visit: int = strawberry.field(
        default=1, description="How many of its questions one visit may see handled."
    )


@strawberry.input(description="A question set to create.")
class CreateQuestionSetInput:
    """A new draft."""

    key: str = strawberry.field(
        description="Your name for the set: a small letter, then letters, digits and _."
    )
    content: QuestionSetContentInput = strawberry.field(description="What it shall be.")


@strawberry.input(description="A draft to replace.")
class UpdateQuestionSetInput:
    """The next draft."""

    id: strawberry.ID = strawberry.field(description="The set to change.")
    expected_version: int = strawberry.field(description="The version that was read.")
    content: QuestionSetContentInput = strawberry.field(description="What it shall be.")


@strawberry.input(description="A question set in the version that was read.")
class QuestionSetVersionInput:
    """What publishing and archiving take."""

    id: strawberry.ID = strawberry.field(description="The set.")
    expected_version: int = strawberry.field(description="The version that was read.")


def read_content(given: QuestionSetContentInput) -> model.SetDraft:
    """Return what an author wrote."""
    return model.SetDraft(
        name=given.name,
        questions=tuple(_read_question(question) for question in given.questions),
        placements=tuple(given.placements),
        priority=given.priority,
        trigger=model.Trigger(from_login=given.trigger.from_login, from_visit=given.trigger.from_visit),
        per_visit=given.per_visit,
    )


def _read_question(given: QuestionInput) -> model.QuestionDraft:
    return model.QuestionDraft(
        key=given.key,
        kind=given.kind,
        attribute_key=given.attribute,
        prompt=given.prompt,
        help=given.help,
        placeholder=given.placeholder,
        is_skippable=given.is_skippable,
    )


@strawberry.type(description="The set after the change.")
class QuestionSetSuccess:
    """What every mutation of a set gives."""

    question_set: QuestionSet = strawberry.field(description="The set after the change.")


CreateQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | InvalidInputError | UnknownAttributeError | ConflictError,
    strawberry.union("CreateQuestionSetResult", description="What became of createQuestionSet."),
]
UpdateQuestionSetResult = Annotated[
    QuestionSetSuccess
    | ForbiddenError
    | NotFoundError
    | InvalidInputError
    | UnknownAttributeError
    | VersionConflictError,
    strawberry.union("UpdateQuestionSetResult", description="What became of updateQuestionSet."),
]
PublishQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | UnpublishableError | VersionConflictError,
    strawberry.union("PublishQuestionSetResult", description="What became of publishQuestionSet."),
]
ArchiveQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("ArchiveQuestionSetResult", description="What became of archiveQuestionSet."),
]


def show_changed(question_set: model.QuestionSet) -> QuestionSetSuccess:
    """Return a changed set as a mutation's success."""
    return QuestionSetSuccess(question_set=show_set(question_set))
