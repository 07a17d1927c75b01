"""Strawberry as it comes, on Starlette and Motor; started as the others are.

No token is checked, no rule is asked; documents are parsed and validated every time, as by default.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.scalars import JSON
from strawberry.types import Info

from server.kit.mongo import connect, open_database
from tests.bench.bare import run_statement
from tests.bench.replay import from_text

if TYPE_CHECKING:
    from starlette.requests import Request

    from server.kit.mongo import Database
    from tests.bench.replay import Recording


@strawberry.type
class QuestionOption:
    """One of the answers."""

    value: str
    label: str


@strawberry.type
class Question:
    """What is asked."""

    id: strawberry.ID
    key: str
    kind: str
    prompt: str
    is_skippable: bool
    options: list[QuestionOption]
    help: str | None = None
    placeholder: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_choices: int | None = None
    max_choices: int | None = None


@strawberry.type
class Ask:
    """A question asked of somebody."""

    id: strawberry.ID
    placement: str
    question: Question


@strawberry.type
class NextQuestion:
    """What to ask next."""

    state: str
    ask: Ask | None = None
    until: str | None = None


@strawberry.interface
class UserError:
    """Why it was not done."""

    message: str


@strawberry.type
class UnknownAskError(UserError):
    """There is no such ask."""


@strawberry.type
class AnswerQuestionSuccess:
    """The answer was kept."""

    outcome: str
    is_replay: bool
    next: NextQuestion
    value: JSON | None = None
    notice: str | None = None


@strawberry.input
class AnswerQuestionInput:
    """An answer."""

    ask_id: strawberry.ID
    value: JSON


AnswerQuestionResult = Annotated[
    AnswerQuestionSuccess | UnknownAskError, strawberry.union("AnswerQuestionResult")
]


def create_stock(database: Database, recording: Recording) -> Starlette:
    """Return the app: `POST /graphql` repeats the recording for the person in the header."""
    answer = json.loads(recording.body)["data"]

    async def repeat(info: Info) -> None:
        for statement in recording.statements:
            await run_statement(database, statement, info.context["request"].headers["x-person"])

    @strawberry.type
    class Query:
        @strawberry.field
        async def next_question(self, info: Info, placement: str) -> NextQuestion | None:
            del placement
            await repeat(info)
            return _next(answer["nextQuestion"])

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def answer_question(self, info: Info, input: AnswerQuestionInput) -> AnswerQuestionResult:  # noqa: A002 - the field's name
            del input
            await repeat(info)
            kept = {name: each for name, each in answer["answerQuestion"].items() if name in _KEPT}
            return AnswerQuestionSuccess(
                **kept,
                is_replay=answer["answerQuestion"]["isReplay"],
                next=_next(answer["answerQuestion"]["next"]),
            )

    async def ready(_: Request) -> Response:
        await database.command("ping")
        return Response()

    endpoint = GraphQL[Any, Any](strawberry.Schema(query=Query, mutation=Mutation))
    return Starlette(routes=[Route("/readyz", ready), Route("/graphql", endpoint)])


_KEPT = {"outcome", "value", "notice"}


def _next(content: dict[str, Any]) -> NextQuestion:
    ask = content["ask"]
    question = {_snake(name): each for name, each in ask["question"].items()}
    options = [QuestionOption(**each) for each in question.pop("options")]
    asked = Ask(id=ask["id"], placement=ask["placement"], question=Question(**question, options=options))
    return NextQuestion(state=content["state"], until=content["until"], ask=asked)


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def _main(mongodb_url: str, database: str, port: str, recording: str) -> None:
    opened = open_database(connect(mongodb_url), database)
    app = create_stock(opened, from_text(Path(recording).read_text()))
    uvicorn.run(app, host="127.0.0.1", port=int(port), access_log=False, server_header=False, log_config=None)


if __name__ == "__main__":
    _main(*sys.argv[1:])
