"""The queries about questions, a part of the root: ids in, one service call, one type out."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.graphql.context import Info
from server.graphql.paging import After, Connection, First, connection
from server.graphql.profiles import ProfileLookup, read_lookup
from server.graphql.question_results import (
    AnswerEntry,
    ExperimentResults,
    QuestionExplanation,
    QuestionSetSimulation,
    QuestionStats,
    show_answer_entry,
    show_experiment,
    show_explanation,
    show_simulation,
    show_stats,
)
from server.graphql.set_changes import QuestionBudget, show_budget
from server.kit.paging import page_request
from server.questions.model import QuestionSetId, StatPart

_By = Annotated[ProfileLookup, strawberry.argument(description="Whom it is about.")]
_Placement = Annotated[str, strawberry.argument(description="The place in the front end.")]
_Set = Annotated[strawberry.ID, strawberry.argument(description="The question set.")]
_OfSet = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this set.")]
_OfQuestion = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this question.")]
_OfProfile = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this profile.")]
_Part = Annotated[StatPart | None, strawberry.argument(description="Split by this.")]
_Where = Annotated[str | None, strawberry.argument(description="The placement; the set's first if left out.")]
_Sample = Annotated[int, strawberry.argument(description="How many of the newest profiles, 500 at most.")]


@strawberry.type(description="What can be read about questions.")
class AskingQueries:
    """See questions.explaining, questions.simulating and questions.results."""

    @strawberry.field(
        description="Why a person is asked what they are asked; needs profiles:read and configuration:read."
    )
    async def explain_next_question(
        self, info: Info, profile: _By, placement: _Placement = "home"
    ) -> QuestionExplanation | None:
        """Give every verdict in words."""
        context = info.context
        found = await context.services.explaining.explain(context.viewer, read_lookup(profile), placement)
        return None if found is None else show_explanation(found)

    @strawberry.field(description="What the draft of a set would do to stored profiles; admins only.")
    async def simulate_question_set(
        self, info: Info, id: _Set, placement: _Where = None, sample: _Sample = 200
    ) -> QuestionSetSimulation | None:
        """Run the draft over the newest profiles."""
        context = info.context
        found = await context.services.simulating.simulate(
            context.viewer, QuestionSetId(id), placement, sample
        )
        return None if found is None else show_simulation(found)

    @strawberry.field(description="What came of the questions of a set; null without configuration:read.")
    async def question_stats(self, info: Info, set: _Set, by: _Part = None) -> list[QuestionStats] | None:
        """Read the statistics."""
        context = info.context
        found = await context.services.results.stats(context.viewer, QuestionSetId(set), by)
        return None if found is None else [show_stats(each) for each in found]

    @strawberry.field(description="The answer log, oldest first; null without profiles:read.")
    async def answers(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        set: _OfSet = None,
        question: _OfQuestion = None,
        profile: _OfProfile = None,
    ) -> Connection[AnswerEntry] | None:
        """Read a page of the log."""
        context = info.context
        page = await context.services.results.answers(
            context.viewer, page_request(first, after), set_id=set, question_id=question, profile_id=profile
        )
        return None if page is None else connection(page, lambda each: each.id, show_answer_entry)

    @strawberry.field(description="The variants of a set side by side; null without an experiment.")
    async def experiment_results(self, info: Info, set: _Set) -> ExperimentResults | None:
        """Compare them."""
        context = info.context
        found = await context.services.results.experiment(context.viewer, QuestionSetId(set))
        return None if found is None else show_experiment(found)

    @strawberry.field(description="How many questions one person bears; null without configuration:read.")
    async def question_budget(self, info: Info) -> QuestionBudget | None:
        """Read the budget."""
        found = await info.context.services.authoring.budget(info.context.viewer)
        return None if found is None else show_budget(found)
