"""What authors write, as GraphQL inputs and the types that show it again."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

import strawberry

from server.graphql.conditions import Condition, DurationInput, read_form
from server.graphql.durations import span_of
from server.questions import model


@strawberry.input(description="A condition under which a question applies, and where to go on.")
class BranchInput:
    """See questions.model."""

    to: str = strawberry.field(description="The key of a question of the set, or `end`.")
    when: Condition | None = strawberry.field(default=None, description="Left out, it always holds.")


@strawberry.input(description="An option of a question.")
class ChoiceInput:
    """See questions.model."""

    value: str = strawberry.field(description="What is stored; with an enum one of its options.")
    label: str | None = strawberry.field(
        default=None, description="What people read; the attribute's if left out."
    )
    picture: str | None = strawberry.field(default=None, description="The https address of a picture.")


@strawberry.input(description="A question in one more language; what is left out falls back.")
class TranslationInput:
    """See questions.model."""

    language: str = strawberry.field(description="The language tag, such as pt-BR.")
    prompt: str | None = strawberry.field(default=None, description="The question in words.")
    help: str | None = strawberry.field(default=None, description="A line of help.")
    why: str | None = strawberry.field(default=None, description="What the answer is good for.")
    placeholder: str | None = strawberry.field(default=None, description="An example inside an empty field.")
    submit_label: str | None = strawberry.field(default=None, description="What the button to answer says.")
    skip_label: str | None = strawberry.field(default=None, description="What the button to skip says.")
    decline_label: str | None = strawberry.field(default=None, description="What the button to decline says.")
    options: list[ChoiceInput] = strawberry.field(
        default_factory=list, description="Options by value, with their labels."
    )


@strawberry.input(description="A question to ask.")
class QuestionInput:
    """See questions.authoring."""

    key: str = strawberry.field(
        description="Your name for it, unique in the set; keep it when you change the rest."
    )
    kind: model.QuestionKind = strawberry.field(description="How it is put; must fit the attribute's type.")
    attribute: str | None = strawberry.field(
        default=None, description="The key of the attribute that it asks for; needed but for CONSENT."
    )
    prompt: str = strawberry.field(
        description="The question in words, 500 characters at most; {given_name|there} shows a known value."
    )
    help: str | None = strawberry.field(default=None, description="A line of help.")
    why: str | None = strawberry.field(default=None, description="What the answer is good for.")
    placeholder: str | None = strawberry.field(default=None, description="An example inside an empty field.")
    submit_label: str | None = strawberry.field(default=None, description="What the button to answer says.")
    skip_label: str | None = strawberry.field(default=None, description="What the button to skip says.")
    decline_label: str | None = strawberry.field(default=None, description="What the button to decline says.")
    is_skippable: bool = strawberry.field(default=True, description="Whether people may pass for now.")
    translations: list[TranslationInput] = strawberry.field(
        default_factory=list, description="The same in other languages."
    )
    options: list[ChoiceInput] = strawberry.field(
        default_factory=list, description="What to choose from; the attribute's options if left out."
    )
    has_other: bool = strawberry.field(
        default=False, description="Whether people may write another answer; for attributes of type STRING."
    )
    scale: int | None = strawberry.field(
        default=None, description="The highest rating, 2 to 10; 5 if left out."
    )
    rating_style: model.RatingStyle = strawberry.field(
        default=model.RatingStyle.NUMBERS, description="What a rating is drawn with."
    )
    min_choices: int | None = strawberry.field(default=None, description="The least number of options.")
    max_choices: int | None = strawberry.field(default=None, description="The greatest number of options.")
    purpose: str | None = strawberry.field(default=None, description="The key of a purpose, for CONSENT.")
    show_if: Condition | None = strawberry.field(
        default=None, description="Ask only where this holds; questions of the set go by key or id."
    )
    branches: list[BranchInput] = strawberry.field(
        default_factory=list,
        description="Where to go on; the first that holds counts, else the next in order.",
    )
    rest: DurationInput | None = strawberry.field(
        default=None, description="How long the question rests after any outcome."
    )
    most_asks: int | None = strawberry.field(default=None, description="How often it comes at all.")
    weight: float = strawberry.field(default=1.0, description="What knowing is worth, for ADAPTIVE order.")
    effort: float | None = strawberry.field(
        default=None, description="Seconds that answering costs, for ADAPTIVE order; by kind if left out."
    )


@strawberry.input(description="From when on a set is asked from.")
class TriggerInput:
    """See questions.model."""

    from_login: int = strawberry.field(default=0, description="From which sign-in on; 0 for always.")
    from_visit: int = strawberry.field(default=0, description="From which visit on; 0 for always.")
    after_event: str | None = strawberry.field(
        default=None, description="Once this event has happened to the person."
    )
    starts_at: datetime | None = strawberry.field(default=None, description="Not before this moment.")
    ends_at: datetime | None = strawberry.field(default=None, description="Before this moment.")


@strawberry.input(description="When a question may come back after an outcome.")
class ReaskInput:
    """See questions.model."""

    outcome: model.Outcome = strawberry.field(description="After which outcome.")
    never: bool = strawberry.field(default=False, description="Not at all.")
    after: DurationInput | None = strawberry.field(default=None, description="Not before so long.")
    next_visit: bool = strawberry.field(default=False, description="Not in the same visit.")
    at_most: int | None = strawberry.field(default=None, description="So many times in all.")


@strawberry.input(description="Another prompt for a question.")
class VariantPromptInput:
    """See questions.model."""

    question: str = strawberry.field(description="The key of the question.")
    prompt: str = strawberry.field(description="The prompt, in the set's default language.")


@strawberry.input(description="One variant of a set; what is left out is as in the set.")
class VariantInput:
    """See questions.model."""

    key: str = strawberry.field(
        description="Your name for it; the first variant is what others are held against."
    )
    weight: int = strawberry.field(
        default=1, description="How many people see it, in relation to the others."
    )
    prompts: list[VariantPromptInput] = strawberry.field(default_factory=list, description="Other prompts.")
    order: list[str] | None = strawberry.field(
        default=None, description="The keys of its questions in their order; others are left out."
    )
    per_visit: int | None = strawberry.field(default=None, description="Another pace.")


@strawberry.input(description="Variants of a set, one of which each person sees for good.")
class ExperimentInput:
    """See questions.model."""

    key: str = strawberry.field(description="Your name for it; under another key people are drawn anew.")
    variants: list[VariantInput] = strawberry.field(description="Two to ten.")


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
    per_day: int | None = strawberry.field(default=None, description="How many in 24 hours.")
    per_week: int | None = strawberry.field(default=None, description="How many in 7 days.")
    audience: Condition | None = strawberry.field(default=None, description="Whom to ask; all if left out.")
    ordering: model.Ordering = strawberry.field(
        default=model.Ordering.SEQUENTIAL, description="In which order its questions come."
    )
    default_language: str = strawberry.field(
        default="en", description="The language of the texts themselves."
    )
    reask: list[ReaskInput] = strawberry.field(
        default_factory=list, description="When questions come back; what is left out has its default."
    )
    patience_seconds: float = strawberry.field(
        default=10.0, description="How long a running look-up that may answer a question is waited for."
    )
    asks_consent_first: bool = strawberry.field(
        default=False, description="Whether to ask for leave where a question needs one."
    )
    exits: list[model.Exit] = strawberry.field(
        default_factory=lambda: list(model.Exit),
        description="The ways out that a question offers which people may pass; all if left out.",
    )
    experiment: ExperimentInput | None = strawberry.field(default=None, description="Variants to compare.")


def read_content(given: QuestionSetContentInput) -> model.SetDraft:
    """Return what an author wrote."""
    return model.SetDraft(
        name=given.name,
        questions=tuple(read_question(question) for question in given.questions),
        placements=tuple(given.placements),
        priority=given.priority,
        trigger=model.Trigger(
            from_login=given.trigger.from_login,
            from_visit=given.trigger.from_visit,
            after_event=given.trigger.after_event,
            starts_at=given.trigger.starts_at,
            ends_at=given.trigger.ends_at,
        ),
        per_visit=given.per_visit,
        per_day=given.per_day,
        per_week=given.per_week,
        audience=_form(given.audience),
        ordering=given.ordering,
        default_language=given.default_language,
        reask={each.outcome: _reask(each) for each in given.reask},
        patience=span_of(given.patience_seconds),
        asks_consent_first=given.asks_consent_first,
        exits=tuple(dict.fromkeys(given.exits)),
        experiment=_experiment(given.experiment),
    )


def read_question(given: QuestionInput) -> model.QuestionDraft:
    """Return a question as its author wrote it."""
    same = {
        each.name: getattr(given, each.name)
        for each in fields(model.QuestionDraft)
        if each.name in QuestionInput.__dataclass_fields__ and each.name not in _READ
    }
    return model.QuestionDraft(
        **same,
        attribute_key=given.attribute,
        translations={each.language: _translation(each) for each in given.translations},
        options=tuple(_choice(each) for each in given.options),
        show_if=_form(given.show_if),
        branches=tuple(model.Branch(to=each.to, when=_form(each.when)) for each in given.branches),
        rest=None if given.rest is None else span_of(given.rest.total_seconds()),
    )


_READ = {"translations", "options", "show_if", "branches", "rest"}


def _translation(given: TranslationInput) -> model.Translation:
    texts = {
        each.name: getattr(given, each.name) for each in fields(model.Translation) if each.name != "options"
    }
    return model.Translation(**texts, options={each.value: each.label or "" for each in given.options})


def _choice(given: ChoiceInput) -> model.Choice:
    return model.Choice(value=given.value, label=given.label, picture=given.picture)


def _form(given: Condition | None) -> dict[str, Any] | None:
    return None if given is None else read_form(given)


def _reask(given: ReaskInput) -> model.Reask:
    after = span_of(0 if given.after is None else given.after.total_seconds())
    return model.Reask(
        after=None if given.never else after, next_visit=given.next_visit, at_most=given.at_most
    )


def _experiment(given: ExperimentInput | None) -> model.Experiment | None:
    if given is None:
        return None
    variants = tuple(
        model.Variant(
            key=each.key,
            weight=each.weight,
            prompts={prompt.question: prompt.prompt for prompt in each.prompts},
            order=None if each.order is None else tuple(each.order),
            per_visit=each.per_visit,
        )
        for each in given.variants
    )
    return model.Experiment(key=given.key, variants=variants)
