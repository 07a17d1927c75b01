"""What came of questions, and why somebody is asked what they are asked, as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from server.questions import model


@strawberry.type(description="What came of one question, or of a part of its asks.")
class QuestionStats:
    """See questions.model."""

    question_id: strawberry.ID = strawberry.field(description="The question.")
    part: str | None = strawberry.field(description="The day, language, placement, variant or revision.")
    asked: int = strawberry.field(description="Asks that were seen or got an outcome.")
    seen: int = strawberry.field(description="Asks that came before somebody's eyes.")
    answered: int = strawberry.field(description="Asks that were answered.")
    skipped: int = strawberry.field(description="Asks that were passed on for the time.")
    declined: int = strawberry.field(description="Asks that people would rather not answer.")
    not_applicable: int = strawberry.field(description="Asks that did not apply.")
    dismissed: int = strawberry.field(description="Asks that were closed.")
    ignored: int = strawberry.field(description="Asks that were seen and, so far, left.")
    rate: float | None = strawberry.field(description="Answered of seen, 0 to 1.")
    rate_low: float | None = strawberry.field(description="The low end of the rate's 95 % interval (Wilson).")
    rate_high: float | None = strawberry.field(description="The high end of the rate's 95 % interval.")
    median_seconds: float | None = strawberry.field(
        description="The median time to answer, right to a tenth."
    )
    drop_off: float | None = strawberry.field(
        description="The share of those who saw the set's first question that never saw this one."
    )


@strawberry.type(description="One ask and what became of it.")
class AnswerEntry:
    """See questions.model."""

    id: strawberry.ID = strawberry.field(description="The id of the entry; they sort by time.")
    profile_id: strawberry.ID = strawberry.field(description="Who was asked.")
    set_id: strawberry.ID | None = strawberry.field(description="The set, if it was live.")
    question_id: strawberry.ID = strawberry.field(description="The question.")
    revision: int = strawberry.field(description="The revision of the set that was asked from.")
    placement: str = strawberry.field(description="Where it stood.")
    language: str = strawberry.field(description="The language it was put in.")
    arm: str | None = strawberry.field(description="The variant of an experiment.")
    visit: int = strawberry.field(description="The number of the person's visit.")
    shown_at: datetime | None = strawberry.field(
        description="When it was first seen, where that was reported."
    )
    at: datetime | None = strawberry.field(description="When it got its outcome.")
    outcome: model.Outcome = strawberry.field(description="What became of it.")
    value: JSON | None = strawberry.field(
        description="What was answered, after the last correction; null where you may not know it."
    )
    page: str | None = strawberry.field(description="The page, where that was reported.")
    device: model.DeviceClass | None = strawberry.field(description="The kind of screen, where reported.")
    milliseconds: int | None = strawberry.field(description="How long it took, where reported.")
    corrections: int = strawberry.field(description="How often the person put it right.")


@strawberry.type(description="One variant of an experiment, counted in people.")
class ExperimentArm:
    """See questions.model."""

    arm: str = strawberry.field(description="The key of the variant.")
    people: int = strawberry.field(description="People who saw it.")
    answered: int = strawberry.field(description="People who answered any of its questions.")
    rate: float | None = strawberry.field(description="Answered of people, 0 to 1.")
    rate_low: float | None = strawberry.field(description="The low end of the rate's 95 % interval (Wilson).")
    rate_high: float | None = strawberry.field(description="The high end of the rate's 95 % interval.")


@strawberry.type(description="One variant against the first.")
class ExperimentComparison:
    """See questions.comparing."""

    arm: str = strawberry.field(description="The variant.")
    against: str = strawberry.field(description="The first variant.")
    difference: float = strawberry.field(description="The difference of their rates.")
    p_value: float = strawberry.field(description="Of Fisher's exact test, after Holm's correction.")
    is_likely_real: bool = strawberry.field(description="Whether it is below 0.05, with enough people.")
    statement: str = strawberry.field(description="What that means, in words.")


@strawberry.type(description="The variants of a set side by side.")
class ExperimentResults:
    """See questions.model."""

    key: str = strawberry.field(description="The key of the experiment.")
    arms: list[ExperimentArm] = strawberry.field(description="The variants, in the order of the set.")
    comparisons: list[ExperimentComparison] = strawberry.field(description="All others against the first.")


@strawberry.type(description="Whether one question is asked, and if not, why.")
class QuestionVerdict:
    """See questions.model."""

    set_id: strawberry.ID = strawberry.field(description="The set.")
    set_key: str = strawberry.field(description="The author's name for the set.")
    question_id: strawberry.ID = strawberry.field(description="The question.")
    question_key: str = strawberry.field(description="The author's name for the question.")
    gate: model.Gate | None = strawberry.field(description="What blocks it; null when it may be asked.")
    words: str = strawberry.field(description="The verdict as a sentence.")
    opens_at: datetime | None = strawberry.field(description="When it opens if nothing but the time changes.")
    score: float | None = strawberry.field(description="What asking is worth, in sets of ADAPTIVE order.")
    arm: str | None = strawberry.field(description="The person's variant, where there is an experiment.")


@strawberry.type(description="Why a person is asked what they are asked.")
class QuestionExplanation:
    """See questions.explaining."""

    state: model.NextState = strawberry.field(description="What nextQuestion says.")
    until: datetime | None = strawberry.field(description="Until when, where that is known.")
    verdicts: list[QuestionVerdict] = strawberry.field(
        description="Every published question, in order of asking."
    )


@strawberry.type(description="How many people would be asked this question of the set first.")
class FirstAsked:
    """See questions.model."""

    question_key: str = strawberry.field(description="The author's name for the question.")
    profiles: int = strawberry.field(description="How many people.")


@strawberry.type(description="A published set that gets in the way.")
class QuestionSetCollision:
    """See questions.model."""

    set_key: str = strawberry.field(description="The author's name for the other set.")
    profiles: int = strawberry.field(description="For how many people.")
    attribute_keys: list[str] = strawberry.field(description="Attributes that both ask for.")


@strawberry.type(description="What a draft would do to the newest profiles.")
class QuestionSetSimulation:
    """See questions.simulating."""

    profiles: int = strawberry.field(description="How many were tried.")
    reached: int = strawberry.field(description="How many would be asked anything within 30 days.")
    asked_now: int = strawberry.field(description="How many would be asked something now.")
    first_asked: list[FirstAsked] = strawberry.field(description="Which question comes first, for how many.")
    expected_fill: float = strawberry.field(
        description="The share of unknown values that 30 days should fill."
    )
    collisions: list[QuestionSetCollision] = strawberry.field(
        description="Published sets that get in the way."
    )


def show_stats(stats: model.QuestionStats) -> QuestionStats:
    """Return statistics as their GraphQL type."""
    given = {name: getattr(stats, name) for name in model.QuestionStats.__dataclass_fields__}
    return QuestionStats(**{**given, "question_id": strawberry.ID(stats.question_id)})


def show_answer_entry(entry: model.AnswerEntry) -> AnswerEntry:
    """Return an entry of the log as its GraphQL type."""
    return AnswerEntry(
        id=strawberry.ID(entry.id),
        profile_id=strawberry.ID(entry.profile_id),
        set_id=strawberry.ID(entry.set_id) if entry.set_id else None,
        question_id=strawberry.ID(entry.question_id),
        revision=entry.revision,
        placement=entry.placement,
        language=entry.language,
        arm=entry.arm or None,
        visit=entry.visit,
        shown_at=entry.shown_at,
        at=entry.at,
        outcome=model.Outcome(entry.outcome or "ignored"),
        value=None if entry.value is None else JSON(entry.value),
        page=entry.page,
        device=None if entry.device is None else model.DeviceClass(entry.device),
        milliseconds=entry.milliseconds,
        corrections=entry.corrections,
    )


def show_experiment(results: model.ExperimentResults) -> ExperimentResults:
    """Return the results of an experiment as their GraphQL type."""
    arm, comparison = model.ArmResult.__dataclass_fields__, model.Comparison.__dataclass_fields__
    return ExperimentResults(
        key=results.key,
        arms=[ExperimentArm(**{name: getattr(each, name) for name in arm}) for each in results.arms],
        comparisons=[
            ExperimentComparison(**{name: getattr(each, name) for name in comparison})
            for each in results.comparisons
        ],
    )


def show_explanation(found: model.Explanation) -> QuestionExplanation:
    """Return an explanation as its GraphQL type."""
    return QuestionExplanation(
        state=found.state,
        until=found.until,
        verdicts=[_show_verdict(verdict, words) for verdict, words in found.verdicts],
    )


def _show_verdict(verdict: model.Verdict, words: str) -> QuestionVerdict:
    return QuestionVerdict(
        set_id=strawberry.ID(verdict.question_set.id),
        set_key=verdict.question_set.key,
        question_id=strawberry.ID(verdict.question.id),
        question_key=verdict.question.key,
        gate=verdict.gate,
        words=words,
        opens_at=verdict.opens_at,
        score=verdict.score,
        arm=verdict.arm or None,
    )


def show_simulation(found: model.Simulation) -> QuestionSetSimulation:
    """Return a simulation as its GraphQL type."""
    return QuestionSetSimulation(
        profiles=found.profiles,
        reached=found.reached,
        asked_now=found.asked_now,
        first_asked=[
            FirstAsked(question_key=each.question_key, profiles=each.profiles) for each in found.first_asked
        ],
        expected_fill=found.expected_fill,
        collisions=[
            QuestionSetCollision(
                set_key=each.set_key, profiles=each.profiles, attribute_keys=list(each.attribute_keys)
            )
            for each in found.collisions
        ],
    )
