"""Questions and question sets, live or as drafts, with whatever a test cares about said by the test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from server.profiles.model import AttributeId
from server.questions.model import (
    Outcome,
    Question,
    QuestionDraft,
    QuestionId,
    QuestionKind,
    QuestionSet,
    QuestionSetId,
    QuestionState,
    SetContent,
    SetDraft,
    SetState,
    Trigger,
)
from server.questions.selection import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def question(
    key: str = "job_title",
    kind: QuestionKind = QuestionKind.TEXT,
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    attribute_id: str | None = None,
    prompt: str = "What is your job title?",
    help: str | None = None,  # noqa: A002 - the field's name
    placeholder: str | None = None,
    is_skippable: bool = True,
) -> Question:
    return Question(
        id=QuestionId(id or f"qst_{key}"),
        key=key,
        kind=kind,
        attribute_id=AttributeId(attribute_id or f"att_{key}"),
        prompt=prompt,
        help=help,
        placeholder=placeholder,
        is_skippable=is_skippable,
    )


def content(
    *questions: Question,
    name: str = "A set",
    placements: tuple[str, ...] = ("home",),
    priority: int = 0,
    from_login: int = 0,
    from_visit: int = 0,
    per_visit: int = 1,
) -> SetContent:
    return SetContent(
        name=name,
        placements=placements,
        priority=priority,
        trigger=Trigger(from_login=from_login, from_visit=from_visit),
        per_visit=per_visit,
        questions=questions,
    )


def question_set(
    live: SetContent | None,
    *,
    key: str = "welcome",
    draft: SetContent | None = None,
    state: SetState = SetState.PUBLISHED,
    version: int = 2,
    revision: int = 1,
) -> QuestionSet:
    return QuestionSet(
        id=QuestionSetId(f"set_{key}"),
        key=key,
        version=version,
        state=state,
        draft=draft or live or content(),
        live=live,
        revision=revision,
        created_at=NOW,
        updated_at=NOW,
    )


def question_state(
    outcome: Outcome = Outcome.ANSWERED, *, visit: int = 1, handled: int = 1, at: datetime = NOW
) -> QuestionState:
    return QuestionState(handled=handled, outcome=outcome, at=at, visit=visit)


def facts(
    *,
    placement: str = "home",
    logins: int = 1,
    visits: int = 1,
    known: Iterable[str] = (),
    forbidden: Iterable[str] = (),
    states: Mapping[str, QuestionState] | None = None,
) -> Facts:
    return Facts(
        placement=placement,
        logins=logins,
        visits=visits,
        known=frozenset(AttributeId(each) for each in known),
        forbidden=frozenset(AttributeId(each) for each in forbidden),
        states={QuestionId(key): state for key, state in (states or {}).items()},
    )


def question_draft(
    key: str = "job_title",
    kind: QuestionKind = QuestionKind.TEXT,
    *,
    attribute_key: str | None = None,
    prompt: str = "What is your job title?",
    help: str | None = None,  # noqa: A002 - the field's name
    placeholder: str | None = None,
    is_skippable: bool = True,
) -> QuestionDraft:
    return QuestionDraft(
        key=key,
        kind=kind,
        attribute_key=key if attribute_key is None else attribute_key,
        prompt=prompt,
        help=help,
        placeholder=placeholder,
        is_skippable=is_skippable,
    )


def set_draft(
    *questions: QuestionDraft,
    name: str = "A set",
    placements: tuple[str, ...] = ("home",),
    priority: int = 0,
    from_login: int = 0,
    from_visit: int = 0,
    per_visit: int = 1,
) -> SetDraft:
    return SetDraft(
        name=name,
        questions=questions,
        placements=placements,
        priority=priority,
        trigger=Trigger(from_login=from_login, from_visit=from_visit),
        per_visit=per_visit,
    )
