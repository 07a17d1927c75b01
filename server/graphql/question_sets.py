"""Question sets as GraphQL types: what authors write and publish."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from server.graphql.context import Info
from server.graphql.definitions import AttributeDefinition, show_definition
from server.graphql.node import Node
from server.questions import model


@strawberry.type(description="From when on a set is asked from.")
class Trigger:
    """See questions.model."""

    from_login: int = strawberry.field(description="From which sign-in on; 0 for always.")
    from_visit: int = strawberry.field(description="From which visit on; 0 for always.")
    after_event: str | None = strawberry.field(description="Once this event has happened to the person.")
    starts_at: datetime | None = strawberry.field(description="Not before this moment.")
    ends_at: datetime | None = strawberry.field(description="Before this moment.")


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

    purpose: str | None = strawberry.field(
        description="The key of the purpose that a CONSENT question is for."
    )

    @strawberry.field(description="The attribute that it asks for; null for CONSENT.")
    async def attribute(self, info: Info) -> AttributeDefinition | None:
        """Look it up in the catalogue, which is in memory."""
        catalogue = await info.context.services.profiles.catalogue.current()
        found = None if self.question.attribute_id is None else catalogue.by_id[self.question.attribute_id]
        return None if found is None else show_definition(found)


@strawberry.type(description="What an author wrote.")
class QuestionSetContent:
    """See questions.model."""

    content: strawberry.Private[model.SetContent]
    name: str = strawberry.field(description="The set's name for its authors.")
    placements: list[str] = strawberry.field(description="Where its questions may appear.")
    priority: int = strawberry.field(description="Sets with a higher priority are asked from first.")
    trigger: Trigger = strawberry.field(description="From when on it is asked from.")
    per_visit: int = strawberry.field(description="How many of its questions one visit may see handled.")
    per_day: int | None = strawberry.field(description="How many in 24 hours.")
    per_week: int | None = strawberry.field(description="How many in 7 days.")
    ordering: model.Ordering = strawberry.field(description="In which order its questions come.")
    default_language: str = strawberry.field(description="The language of the texts themselves.")
    exits: list[model.Exit] = strawberry.field(
        description="The ways out that a question offers which people may pass."
    )
    questions: list[AuthoredQuestion] = strawberry.field(description="Its questions, in the order of asking.")

    @strawberry.field(description="All of it, as docs/question-set.schema.json has it.")
    async def document(self, info: Info) -> JSON:
        """Write the content down."""
        return JSON(await info.context.services.porting.written(self.content))


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
        content=content,
        placements=list(content.placements),
        priority=content.priority,
        trigger=Trigger(
            from_login=content.trigger.from_login,
            from_visit=content.trigger.from_visit,
            after_event=content.trigger.after_event,
            starts_at=content.trigger.starts_at,
            ends_at=content.trigger.ends_at,
        ),
        per_visit=content.per_visit,
        per_day=content.per_day,
        per_week=content.per_week,
        ordering=content.ordering,
        default_language=content.default_language,
        exits=list(content.exits),
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
        purpose=question.purpose,
    )
