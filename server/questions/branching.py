"""Where branches lead: no set may run in a circle or keep a question that nothing leads to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.questions.errors import UnpublishableError
from server.questions.model import END, Ordering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.questions.model import Question, SetContent


def check_branches(content: SetContent) -> None:
    """Raise UnpublishableError with the path for the first loop, stranded question or missing target."""
    if not any(question.branches for question in content.questions):
        return
    if content.ordering is Ordering.ADAPTIVE:
        raise UnpublishableError("A set with branches has an order of its own: make it SEQUENTIAL.")
    variants = () if content.experiment is None else content.experiment.variants
    if any(variant.order is not None for variant in variants):
        raise UnpublishableError("A set with branches keeps its order: no variant may change it.")
    edges = _edges(content.questions)
    _check_targets(content.questions)
    _check_loops(content.questions[0].key, edges)
    _check_stranded(content.questions, edges)


def _edges(questions: Sequence[Question]) -> dict[str, list[str]]:
    """Return where each question can lead; the next in order, unless a branch always holds."""
    following = [*(question.key for question in questions[1:]), END]
    edges: dict[str, list[str]] = {}
    for question, after in zip(questions, following, strict=True):
        targets = [branch.to for branch in question.branches]
        is_always = any(branch.when is None for branch in question.branches)
        edges[question.key] = targets if is_always else [*targets, after]
    return edges


def _check_targets(questions: Sequence[Question]) -> None:
    known = {question.key for question in questions} | {END}
    for question in questions:
        for branch in question.branches:
            if branch.to not in known:
                message = f"{question.key!r} leads to {branch.to!r}, which is no question of this set."
                raise UnpublishableError(message, question_key=question.key)


def _check_loops(first: str, edges: Mapping[str, list[str]]) -> None:
    """Walk every way, without recursion: a set has up to a hundred questions, each with many branches."""
    done: set[str] = {END}
    for start in [first, *edges]:
        path, stack = [], [(start, iter(edges.get(start, ())))]
        if start in done:
            continue
        path.append(start)
        while stack:
            key, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                done.add(key)
                stack.pop()
                path.pop()
            elif target in path:
                circle = " → ".join([*path[path.index(target) :], target])
                raise UnpublishableError(
                    f"These questions go round in a circle: {circle}.", question_key=target
                )
            elif target not in done:
                path.append(target)
                stack.append((target, iter(edges[target])))


def _check_stranded(questions: Sequence[Question], edges: Mapping[str, list[str]]) -> None:
    reached, waiting = {END}, [questions[0].key]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += edges[key]
    for place, question in enumerate(questions):
        if question.key not in reached:
            before = questions[place - 1].key
            leads = " or ".join(edges[before])
            message = f"Nothing leads to {question.key!r}: {before} → {leads}."
            raise UnpublishableError(message, question_key=question.key)
