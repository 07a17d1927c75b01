"""What a front end sends about an ask, as GraphQL inputs."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from server.questions import model


@strawberry.input(description="What a page knows of an ask: nothing in it is needed.")
class AskReportInput:
    """See questions.model."""

    page: str | None = strawberry.field(
        default=None, description="The address of the page; what follows ? or # is not kept."
    )
    device: model.DeviceClass | None = strawberry.field(default=None, description="The kind of screen.")
    milliseconds: int | None = strawberry.field(
        default=None, description="How long the person took, from seeing the question on."
    )


@strawberry.input(description="An answer to an ask.")
class AnswerQuestionInput:
    """What a person answered."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is answered.")
    value: JSON = strawberry.field(
        description="A text, number or boolean, a date as YYYY-MM-DD, an option's value or a list of them; "
        "see QuestionKind."
    )
    report: AskReportInput | None = strawberry.field(default=None, description="What the page knows.")


@strawberry.input(description="An answer to put right.")
class CorrectAnswerInput:
    """What a person means instead."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that was answered.")
    value: JSON = strawberry.field(description="What the answer shall be, as in answerQuestion.")


@strawberry.input(description="An ask to pass on for now.")
class SkipQuestionInput:
    """What a person passes on."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is skipped.")
    report: AskReportInput | None = strawberry.field(default=None, description="What the page knows.")


@strawberry.input(description="An ask that a person won't answer.")
class DeclineQuestionInput:
    """What a person declines."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is declined.")
    is_not_applicable: bool = strawberry.field(
        default=False, description="Because it does not apply to them, and not because they won't say."
    )
    report: AskReportInput | None = strawberry.field(default=None, description="What the page knows.")


@strawberry.input(description="An ask that a person closed.")
class DismissQuestionInput:
    """What a person closed."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is dismissed.")
    report: AskReportInput | None = strawberry.field(default=None, description="What the page knows.")


@strawberry.input(description="An ask that came before somebody's eyes.")
class ReportShownInput:
    """What a person sees."""

    ask_id: strawberry.ID = strawberry.field(description="The ask that is shown.")
    report: AskReportInput | None = strawberry.field(default=None, description="What the page knows.")


def read_report(given: AskReportInput | None) -> model.AskReport:
    """Return what a page told."""
    if given is None:
        return model.AskReport()
    return model.AskReport(page=given.page, device=given.device, milliseconds=given.milliseconds)
