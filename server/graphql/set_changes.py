"""What changes question sets, as GraphQL inputs and results."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from server.graphql.authored import QuestionInput, QuestionSetContentInput
from server.graphql.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnknownAttributeError,
    UnpublishableError,
    VersionConflictError,
)
from server.graphql.question_sets import QuestionSet, show_set
from server.questions import model


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


@strawberry.input(description="A question to add to a draft.")
class AddQuestionInput:
    """See questions.authoring."""

    id: strawberry.ID = strawberry.field(description="The set.")
    expected_version: int = strawberry.field(description="The version that was read.")
    question: QuestionInput = strawberry.field(description="The question.")
    after: str | None = strawberry.field(
        default=None, description="The key of the question to come after; at the end if left out."
    )


@strawberry.input(description="A question of a draft to replace.")
class UpdateQuestionInput:
    """See questions.authoring."""

    id: strawberry.ID = strawberry.field(description="The set.")
    expected_version: int = strawberry.field(description="The version that was read.")
    question: QuestionInput = strawberry.field(description="What it shall be; its key says which one.")


@strawberry.input(description="A question to take out of a draft.")
class RemoveQuestionInput:
    """See questions.authoring."""

    id: strawberry.ID = strawberry.field(description="The set.")
    expected_version: int = strawberry.field(description="The version that was read.")
    key: str = strawberry.field(description="The key of the question.")


@strawberry.input(description="Another order for the questions of a draft.")
class ReorderQuestionsInput:
    """See questions.authoring."""

    id: strawberry.ID = strawberry.field(description="The set.")
    expected_version: int = strawberry.field(description="The version that was read.")
    keys: list[str] = strawberry.field(description="The keys of all questions, in the order they shall have.")


@strawberry.input(description="A set to copy.")
class DuplicateQuestionSetInput:
    """See questions.authoring."""

    id: strawberry.ID = strawberry.field(description="The set whose draft is copied.")
    key: str = strawberry.field(description="Your name for the copy.")


@strawberry.input(description="A set to write down.")
class ExportQuestionSetInput:
    """See questions.porting."""

    id: strawberry.ID = strawberry.field(description="The set whose draft is written down.")


@strawberry.input(description="A set as it was written down: one of `document` and `starter`.")
class ImportQuestionSetInput:
    """See questions.porting."""

    document: JSON | None = strawberry.field(
        default=None, description="What exportQuestionSet gave; see docs/question-set.schema.json."
    )
    starter: str | None = strawberry.field(default=None, description="The key of a set of the library.")
    key: str | None = strawberry.field(default=None, description="Another key than the document's.")


@strawberry.input(description="How many questions one person bears over all sets; null is no limit.")
class SetQuestionBudgetInput:
    """See questions.model."""

    expected_version: int = strawberry.field(description="The version that was read.")
    per_visit: int | None = strawberry.field(default=None, description="In one visit.")
    per_day: int | None = strawberry.field(default=None, description="In 24 hours.")
    per_week: int | None = strawberry.field(default=None, description="In 7 days.")
    ageing: int = strawberry.field(
        default=1, description="Points of priority that a set gains for each day it had to wait."
    )


@strawberry.type(description="How many questions one person bears over all sets; null is no limit.")
class QuestionBudget:
    """See questions.model."""

    version: int = strawberry.field(description="Counts every write; send it along with the next one.")
    per_visit: int | None = strawberry.field(description="In one visit.")
    per_day: int | None = strawberry.field(description="In 24 hours.")
    per_week: int | None = strawberry.field(description="In 7 days.")
    ageing: int = strawberry.field(description="Points of priority that a set gains for each day it waits.")


def read_budget(given: SetQuestionBudgetInput) -> model.Budget:
    """Return a budget with the version that was read."""
    return model.Budget(
        per_visit=given.per_visit,
        per_day=given.per_day,
        per_week=given.per_week,
        ageing=given.ageing,
        version=given.expected_version,
    )


def show_budget(budget: model.Budget) -> QuestionBudget:
    """Return a budget as its GraphQL type."""
    return QuestionBudget(
        version=budget.version,
        per_visit=budget.per_visit,
        per_day=budget.per_day,
        per_week=budget.per_week,
        ageing=budget.ageing,
    )


@strawberry.type(description="The set after the change.")
class QuestionSetSuccess:
    """What every mutation of a set gives."""

    question_set: QuestionSet = strawberry.field(description="The set after the change.")


@strawberry.type(description="A set written down.")
class ExportQuestionSetSuccess:
    """See questions.porting."""

    document: JSON = strawberry.field(description="The set, as docs/question-set.schema.json has it.")


@strawberry.type(description="The budget after the change.")
class SetQuestionBudgetSuccess:
    """See questions.model."""

    budget: QuestionBudget = strawberry.field(description="The budget after the change.")


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
AddQuestionResult = Annotated[
    QuestionSetSuccess
    | ForbiddenError
    | NotFoundError
    | InvalidInputError
    | UnknownAttributeError
    | VersionConflictError,
    strawberry.union("AddQuestionResult", description="What became of addQuestion."),
]
UpdateQuestionResult = Annotated[
    QuestionSetSuccess
    | ForbiddenError
    | NotFoundError
    | InvalidInputError
    | UnknownAttributeError
    | VersionConflictError,
    strawberry.union("UpdateQuestionResult", description="What became of updateQuestion."),
]
RemoveQuestionResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | InvalidInputError | VersionConflictError,
    strawberry.union("RemoveQuestionResult", description="What became of removeQuestion."),
]
ReorderQuestionsResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | InvalidInputError | VersionConflictError,
    strawberry.union("ReorderQuestionsResult", description="What became of reorderQuestions."),
]
PublishQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | UnpublishableError | VersionConflictError,
    strawberry.union("PublishQuestionSetResult", description="What became of publishQuestionSet."),
]
RevertQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | InvalidInputError | VersionConflictError,
    strawberry.union("RevertQuestionSetResult", description="What became of revertQuestionSet."),
]
ArchiveQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | VersionConflictError,
    strawberry.union("ArchiveQuestionSetResult", description="What became of archiveQuestionSet."),
]
DuplicateQuestionSetResult = Annotated[
    QuestionSetSuccess | ForbiddenError | NotFoundError | InvalidInputError | ConflictError,
    strawberry.union("DuplicateQuestionSetResult", description="What became of duplicateQuestionSet."),
]
ExportQuestionSetResult = Annotated[
    ExportQuestionSetSuccess | ForbiddenError | NotFoundError,
    strawberry.union("ExportQuestionSetResult", description="What became of exportQuestionSet."),
]
ImportQuestionSetResult = Annotated[
    QuestionSetSuccess
    | ForbiddenError
    | NotFoundError
    | InvalidInputError
    | UnknownAttributeError
    | ConflictError,
    strawberry.union("ImportQuestionSetResult", description="What became of importQuestionSet."),
]
SetQuestionBudgetResult = Annotated[
    SetQuestionBudgetSuccess | ForbiddenError | InvalidInputError | VersionConflictError,
    strawberry.union("SetQuestionBudgetResult", description="What became of setQuestionBudget."),
]


def show_changed(question_set: model.QuestionSet) -> QuestionSetSuccess:
    """Return a changed set as a mutation's success."""
    return QuestionSetSuccess(question_set=show_set(question_set))
