"""The mutations of question sets, a part of the root: one input, one service call, one result."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from server.graphql import authored, set_changes
from server.graphql.context import Info
from server.questions.model import QuestionSetId

_What = strawberry.argument(description="What to do, and to which set.")


@strawberry.type(description="What admins do to question sets.")
class AuthoringMutations:
    """See questions.authoring and questions.porting."""

    @strawberry.mutation(description="Create a question set as a draft.")
    async def create_question_set(
        self, info: Info, input: Annotated[set_changes.CreateQuestionSetInput, _What]
    ) -> set_changes.CreateQuestionSetResult:
        """Create it; admins only."""
        context = info.context
        content = authored.read_content(input.content)
        created = await context.services.authoring.create(context.viewer, input.key, content)
        return set_changes.show_changed(created)

    @strawberry.mutation(description="Replace the draft of a question set; what is live stays.")
    async def update_question_set(
        self, info: Info, input: Annotated[set_changes.UpdateQuestionSetInput, _What]
    ) -> set_changes.UpdateQuestionSetResult:
        """Replace it; admins only."""
        context = info.context
        updated = await context.services.authoring.update(
            context.viewer,
            QuestionSetId(input.id),
            input.expected_version,
            authored.read_content(input.content),
        )
        return set_changes.show_changed(updated)

    @strawberry.mutation(description="Put the draft of a question set before people.")
    async def publish_question_set(
        self, info: Info, input: Annotated[set_changes.QuestionSetVersionInput, _What]
    ) -> set_changes.PublishQuestionSetResult:
        """Publish it; admins only."""
        context = info.context
        published = await context.services.authoring.publish(
            context.viewer, QuestionSetId(input.id), input.expected_version
        )
        return set_changes.show_changed(published)

    @strawberry.mutation(description="Ask from a question set no more; answers on their way are kept.")
    async def archive_question_set(
        self, info: Info, input: Annotated[set_changes.QuestionSetVersionInput, _What]
    ) -> set_changes.ArchiveQuestionSetResult:
        """Archive it; admins only."""
        context = info.context
        archived = await context.services.authoring.archive(
            context.viewer, QuestionSetId(input.id), input.expected_version
        )
        return set_changes.show_changed(archived)

    @strawberry.mutation(description="Add a question to a draft.")
    async def add_question(
        self, info: Info, input: Annotated[set_changes.AddQuestionInput, _What]
    ) -> set_changes.AddQuestionResult:
        """Add it; admins only."""
        context = info.context
        changed = await context.services.authoring.add_question(
            context.viewer,
            QuestionSetId(input.id),
            input.expected_version,
            authored.read_question(input.question),
            input.after,
        )
        return set_changes.show_changed(changed)

    @strawberry.mutation(description="Replace the question of a draft that has this key.")
    async def update_question(
        self, info: Info, input: Annotated[set_changes.UpdateQuestionInput, _What]
    ) -> set_changes.UpdateQuestionResult:
        """Replace it; admins only."""
        context = info.context
        changed = await context.services.authoring.update_question(
            context.viewer,
            QuestionSetId(input.id),
            input.expected_version,
            authored.read_question(input.question),
        )
        return set_changes.show_changed(changed)

    @strawberry.mutation(description="Take a question out of a draft; answers on their way are kept.")
    async def remove_question(
        self, info: Info, input: Annotated[set_changes.RemoveQuestionInput, _What]
    ) -> set_changes.RemoveQuestionResult:
        """Remove it; admins only."""
        context = info.context
        changed = await context.services.authoring.remove_question(
            context.viewer, QuestionSetId(input.id), input.expected_version, input.key
        )
        return set_changes.show_changed(changed)

    @strawberry.mutation(description="Put the questions of a draft in another order.")
    async def reorder_questions(
        self, info: Info, input: Annotated[set_changes.ReorderQuestionsInput, _What]
    ) -> set_changes.ReorderQuestionsResult:
        """Reorder them; admins only."""
        context = info.context
        changed = await context.services.authoring.reorder(
            context.viewer, QuestionSetId(input.id), input.expected_version, input.keys
        )
        return set_changes.show_changed(changed)

    @strawberry.mutation(description="Make the draft of a question set what is live again.")
    async def revert_question_set(
        self, info: Info, input: Annotated[set_changes.QuestionSetVersionInput, _What]
    ) -> set_changes.RevertQuestionSetResult:
        """Revert it; admins only."""
        context = info.context
        changed = await context.services.authoring.revert(
            context.viewer, QuestionSetId(input.id), input.expected_version
        )
        return set_changes.show_changed(changed)

    @strawberry.mutation(description="Copy the draft of a question set into a new one.")
    async def duplicate_question_set(
        self, info: Info, input: Annotated[set_changes.DuplicateQuestionSetInput, _What]
    ) -> set_changes.DuplicateQuestionSetResult:
        """Copy it; admins only."""
        context = info.context
        copy = await context.services.authoring.duplicate(context.viewer, QuestionSetId(input.id), input.key)
        return set_changes.show_changed(copy)

    @strawberry.mutation(description="Write the draft of a question set down as JSON, to keep it in git.")
    async def export_question_set(
        self, info: Info, input: Annotated[set_changes.ExportQuestionSetInput, _What]
    ) -> set_changes.ExportQuestionSetResult:
        """Write it down; admins only."""
        context = info.context
        document = await context.services.porting.export(context.viewer, QuestionSetId(input.id))
        return set_changes.ExportQuestionSetSuccess(document=JSON(document))

    @strawberry.mutation(
        description="Make a draft of a question set that was written down, or of a starter set."
    )
    async def import_question_set(
        self, info: Info, input: Annotated[set_changes.ImportQuestionSetInput, _What]
    ) -> set_changes.ImportQuestionSetResult:
        """Create it, and the attributes it needs; admins only."""
        context = info.context
        made = await context.services.porting.bring_in(
            context.viewer, input.document, starter=input.starter, key=input.key
        )
        return set_changes.show_changed(made)

    @strawberry.mutation(description="Say how many questions one person bears over all sets.")
    async def set_question_budget(
        self, info: Info, input: Annotated[set_changes.SetQuestionBudgetInput, _What]
    ) -> set_changes.SetQuestionBudgetResult:
        """Set it; admins only."""
        context = info.context
        budget = await context.services.authoring.set_budget(context.viewer, set_changes.read_budget(input))
        return set_changes.SetQuestionBudgetSuccess(budget=set_changes.show_budget(budget))
