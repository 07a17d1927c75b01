"""The published sets, made ready for selection once per revision: conditions as closures, sets by placement.

So that what a decision costs grows with the questions that apply where it is made, not with all there are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.profiles.predicates import predicate_of
from server.questions.model import EVERY_REASK, Budget, Ordering, QuestionKind
from server.questions.scoring import chance, score

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from server.profiles.catalogue import Catalogue
    from server.profiles.conditions import Subject
    from server.profiles.model import AttributeId
    from server.profiles.predicates import Predicate
    from server.questions.model import (
        Form,
        Outcome,
        Question,
        QuestionId,
        QuestionSet,
        Reask,
        SetContent,
        Variant,
    )


@dataclass(frozen=True, slots=True, eq=False)
class CompiledQuestion:
    """A question with its conditions as closures. A branch leads to a key; `END` ends the set."""

    question: Question
    show_if: Predicate | None
    is_archived: bool
    branches: tuple[tuple[Predicate | None, str], ...]
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class CompiledArm:
    """One variant of a set: its questions in their order, and those that it leaves out."""

    key: str
    questions: tuple[CompiledQuestion, ...]
    omitted: tuple[CompiledQuestion, ...]
    per_visit: int
    prompts: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledSet:
    """A set with its audience as a closure; a set without an experiment has one arm, named ""."""

    question_set: QuestionSet
    content: SetContent
    audience: Predicate | None
    arms: tuple[CompiledArm, ...]
    weights: tuple[int, ...]
    has_branches: bool
    reask: Mapping[Outcome, Reask]
    since: datetime


@dataclass(frozen=True, slots=True, eq=False)
class LiveSets:
    """The published sets of one moment. `ordered` and `by_placement` have the highest priority first;
    `to_confirm` are the attributes that CONFIRM questions are about.
    """

    ordered: tuple[CompiledSet, ...]
    by_placement: Mapping[str, tuple[CompiledSet, ...]]
    owners: Mapping[QuestionId, CompiledSet]
    questions: Mapping[QuestionId, Question]
    to_confirm: Mapping[AttributeId, tuple[QuestionId, ...]]
    budget: Budget


Chances = dict[str, tuple[int, int]]  # how many answered of how many asked, by question id


def compile_sets(
    sets: Iterable[QuestionSet],
    catalogue: Catalogue,
    chances: Chances | None = None,
    budget: Budget | None = None,
) -> LiveSets:
    """Return the published sets (in the order of their priority) ready for selection."""
    published = [each for each in sets if each.live is not None]
    deciding = _deciding((each.live for each in published if each.live is not None), catalogue)
    ordered = tuple(_compiled(each, catalogue, chances or {}, deciding) for each in published)
    by_placement: dict[str, list[CompiledSet]] = {}
    for each in ordered:
        for placement in each.content.placements:
            by_placement.setdefault(placement, []).append(each)
    return LiveSets(
        ordered=ordered,
        by_placement={placement: tuple(found) for placement, found in by_placement.items()},
        owners={question.id: each for each in ordered for question in each.content.questions},
        questions={question.id: question for each in ordered for question in each.content.questions},
        to_confirm=_to_confirm(ordered),
        budget=budget or Budget(),
    )


def _deciding(contents: Iterable[SetContent], catalogue: Catalogue) -> Counter[str]:
    """Return how many audiences and conditions of published sets each attribute could decide."""
    forms: list[Form | None] = [each.form for each in catalogue.audiences.values() if not each.is_archived]
    for content in contents:
        forms += [content.audience, *(question.show_if for question in content.questions)]
        forms += [branch.when for question in content.questions for branch in question.branches]
    return Counter(attribute_id for form in forms for attribute_id in set(_attributes(form)))


def _attributes(form: Form | None) -> Iterator[str]:
    for kind, inner in (form or {}).items():
        if kind == "attribute":
            yield inner["id"]
        elif kind == "not":
            yield from _attributes(inner)
        elif kind in {"all", "any"}:
            for each in inner:
                yield from _attributes(each)


def _compiled(
    question_set: QuestionSet, catalogue: Catalogue, chances: Chances, deciding: Mapping[str, int]
) -> CompiledSet:
    content = question_set.live
    if content is None:  # pragma: no cover - the caller left those out
        raise ValueError(question_set.id)
    questions = tuple(
        CompiledQuestion(
            question=question,
            show_if=_closure(question.show_if, catalogue),
            is_archived=_is_archived(question, catalogue),
            branches=tuple((_closure(each.when, catalogue), each.to) for each in question.branches),
            score=score(
                question,
                deciding.get(question.attribute_id or "", 0),
                chance(*chances.get(question.id, (0, 0))),
            ),
        )
        for question in content.questions
    )
    variants = () if content.experiment is None else content.experiment.variants
    arms = tuple(_arm(content, questions, variant) for variant in variants) or (
        _arm(content, questions, None),
    )
    return CompiledSet(
        question_set=question_set,
        content=content,
        audience=_closure(content.audience, catalogue),
        arms=arms,
        weights=tuple(variant.weight for variant in variants) or (1,),
        has_branches=any(question.branches for question in content.questions),
        reask={**EVERY_REASK, **content.reask},
        since=question_set.published_at or question_set.created_at,
    )


def _arm(
    content: SetContent, questions: tuple[CompiledQuestion, ...], variant: Variant | None
) -> CompiledArm:
    by_key = {each.question.key: each for each in questions}
    order = tuple(by_key) if variant is None or variant.order is None else variant.order
    kept = [by_key[key] for key in order if key in by_key]
    if content.ordering is Ordering.ADAPTIVE:
        kept.sort(key=_best_first)
    return CompiledArm(
        key="" if variant is None else variant.key,
        questions=tuple(kept),
        omitted=tuple(each for each in questions if each.question.key not in order),
        per_visit=content.per_visit if variant is None or variant.per_visit is None else variant.per_visit,
        prompts={} if variant is None else variant.prompts,
    )


def _best_first(compiled: CompiledQuestion) -> tuple[bool, float]:
    """Sort by score; leave to ask comes before everything that it may be needed for."""
    return (compiled.question.kind is not QuestionKind.CONSENT, -compiled.score)


def _to_confirm(sets: Iterable[CompiledSet]) -> dict[AttributeId, tuple[QuestionId, ...]]:
    found: dict[AttributeId, tuple[QuestionId, ...]] = {}
    for question in (question for each in sets for question in each.content.questions):
        if question.kind is QuestionKind.CONFIRM and question.attribute_id is not None:
            found[question.attribute_id] = (*found.get(question.attribute_id, ()), question.id)
    return found


def _is_archived(question: Question, catalogue: Catalogue) -> bool:
    if question.attribute_id is None:
        return False
    definition = catalogue.by_id.get(question.attribute_id)
    return definition is None or definition.archived_at is not None


def _closure(form: Form | None, catalogue: Catalogue) -> Predicate | None:
    return None if form is None else predicate_of(form, catalogue)


def _never(_: Subject, __: datetime) -> bool:
    return False


def goes_on(compiled: CompiledQuestion, subject: Subject, now: datetime) -> str | None:
    """Return the key of the question that follows by a branch, END, or None for the next in order."""
    for holds, target in compiled.branches:
        if holds is None or holds(subject, now):
            return target
    return None
