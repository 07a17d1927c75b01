"""Questions and question sets, live or as drafts, with whatever a test cares about said by the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from server.profiles.catalogue import catalogue
from server.profiles.conditions import Subject
from server.profiles.model import AttributeId
from server.profiles.tallies import Tally
from server.questions.compiling import LiveSets, compile_sets
from server.questions.facts import Facts
from server.questions.model import (
    Budget,
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
from tests.factories.profiles import definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.profiles.model import AttributeDefinition, Value

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
QUIET = timedelta(minutes=30)


def question(
    key: str = "job_title",
    kind: QuestionKind = QuestionKind.TEXT,
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    attribute_id: str | None = None,
    prompt: str = "What is your job title?",
    **more: Any,  # noqa: ANN401 - any other field
) -> Question:
    about = None if kind is QuestionKind.CONSENT else AttributeId(attribute_id or f"att_{key}")
    return Question(
        id=QuestionId(id or f"qst_{key}"), key=key, kind=kind, attribute_id=about, prompt=prompt, **more
    )


def content(
    *questions: Question,
    name: str = "A set",
    from_login: int = 0,
    from_visit: int = 0,
    after_event: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    **more: Any,  # noqa: ANN401 - any other field
) -> SetContent:
    trigger = Trigger(
        from_login=from_login,
        from_visit=from_visit,
        after_event=after_event,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return SetContent(name=name, trigger=trigger, questions=questions, **more)


def question_set(
    live: SetContent | None,
    *,
    key: str = "welcome",
    draft: SetContent | None = None,
    state: SetState = SetState.PUBLISHED,
    version: int = 2,
    revision: int = 1,
    published_at: datetime | None = NOW,
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
        published_at=published_at,
    )


def live_sets(
    *sets: QuestionSet,
    budget: Budget | None = None,
    definitions: Iterable[AttributeDefinition] = (),
    chances: dict[str, tuple[int, int]] | None = None,
) -> LiveSets:
    """Return these sets ready for selection; attributes that nobody defines are texts."""
    known = {each.id: each for each in definitions}
    for each in sets:
        for asked in () if each.live is None else each.live.questions:
            if asked.attribute_id is not None and asked.attribute_id not in known:
                made = definition(asked.attribute_id.removeprefix("att_"), id=asked.attribute_id)
                known[asked.attribute_id] = made
    return compile_sets(sets, catalogue(known.values()), chances, budget)


def question_state(
    outcome: Outcome = Outcome.ANSWERED,
    *,
    visit: int = 1,
    handled: int = 1,
    at: datetime = NOW,
    **more: Any,  # noqa: ANN401
) -> QuestionState:
    shows = more.get("shows", ())
    seen = more.pop("seen", sum(show[0] == handled for show in shows))
    return QuestionState(handled=handled, outcome=outcome, at=at, visit=visit, seen=seen, **more)


def facts(
    *,
    profile_id: str = "prf_1",
    placement: str = "home",
    logins: int = 1,
    visits: int = 1,
    visit_ends_at: datetime | None = NOW + QUIET,
    known: Iterable[str] | Mapping[str, datetime | None] = (),
    values: Mapping[str, Value] | None = None,
    states: Mapping[str, QuestionState] | None = None,
    is_identified: bool = False,
    events: Iterable[str] = (),
    **more: Any,  # noqa: ANN401 - any other field
) -> Facts:
    until = dict(known) if isinstance(known, dict) else dict.fromkeys(known)
    return Facts(
        profile_id=profile_id,
        placement=placement,
        logins=logins,
        visits=visits,
        visit_ends_at=visit_ends_at,
        since=NOW,
        subject=Subject(
            values={AttributeId(key): value for key, value in (values or {}).items()},
            counters={"logins": logins, "visits": visits},
            last_seen_at=NOW,
            is_identified=is_identified,
            outcomes={key: (state.outcome.value, state.at) for key, state in (states or {}).items()},
            consents={},
            events={name: Tally(count=1, first_at=NOW, times=(NOW,)) for name in events},
        ),
        known={AttributeId(key): end for key, end in until.items()},
        states={QuestionId(key): state for key, state in (states or {}).items()},
        **more,
    )


def question_draft(
    key: str = "job_title",
    kind: QuestionKind = QuestionKind.TEXT,
    *,
    attribute_key: str | None = None,
    prompt: str = "What is your job title?",
    **more: Any,  # noqa: ANN401 - any other field
) -> QuestionDraft:
    about = key if attribute_key is None and kind is not QuestionKind.CONSENT else attribute_key
    return QuestionDraft(key=key, kind=kind, attribute_key=about, prompt=prompt, **more)


def set_draft(
    *questions: QuestionDraft,
    name: str = "A set",
    from_login: int = 0,
    from_visit: int = 0,
    **more: Any,  # noqa: ANN401 - any other field
) -> SetDraft:
    trigger = more.pop("trigger", Trigger(from_login=from_login, from_visit=from_visit))
    return SetDraft(name=name, trigger=trigger, questions=questions, **more)
