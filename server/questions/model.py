"""Question sets, questions, asks and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from server.profiles.model import AttributeDefinition, AttributeId, Profile, Value

QuestionSetId = NewType("QuestionSetId", str)
QuestionId = NewType("QuestionId", str)
AskId = NewType("AskId", str)


class QuestionKind(StrEnum):
    """How a question is put to a person."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    SINGLE_CHOICE = "single_choice"
    MULTI_CHOICE = "multi_choice"


class SetState(StrEnum):
    """Where a question set stands; only published ones are asked from."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Outcome(StrEnum):
    """What became of an ask."""

    ANSWERED = "answered"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A way to ask a person for exactly one attribute. The author chooses `key`; it is unique in its set."""

    id: QuestionId
    key: str
    kind: QuestionKind
    attribute_id: AttributeId
    prompt: str
    help: str | None
    placeholder: str | None
    is_skippable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """From which sign-in and which visit on a set may be asked from; both count from 1, 0 is always."""

    from_login: int = 0
    from_visit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContent:
    """What an author writes. `per_visit` is how many questions of the set one visit may see handled."""

    name: str
    placements: tuple[str, ...]
    priority: int
    trigger: Trigger
    per_visit: int
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """A question set with the draft that is edited and the revision that is live, if any.

    `version` counts writes and guards against lost updates; `revision` counts publications.
    """

    id: QuestionSetId
    key: str
    version: int
    state: SetState
    draft: SetContent
    live: SetContent | None
    revision: int
    created_at: datetime
    updated_at: datetime

    @property
    def has_unpublished_changes(self) -> bool:
        """Whether publishing now would change what people are asked."""
        return self.draft != self.live


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """A question as an author writes it: the attribute by key, no id."""

    key: str
    kind: QuestionKind
    attribute_key: str
    prompt: str
    help: str | None = None
    placeholder: str | None = None
    is_skippable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDraft:
    """The content of a question set as an author writes it."""

    name: str
    questions: tuple[QuestionDraft, ...] = ()
    placements: tuple[str, ...] = ("home",)
    priority: int = 0
    trigger: Trigger = field(default_factory=Trigger)
    per_visit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionState:
    """What a profile remembers of one question: how often it was handled, and the last time.

    `visit` is the number of the visit in which it was asked.
    """

    handled: int
    outcome: Outcome
    at: datetime
    visit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question handed to one person once, in one place."""

    id: AskId
    question: Question
    definition: AttributeDefinition
    placement: str


class NextState(StrEnum):
    """Whether there is something to ask now, later, or not at all."""

    READY = "ready"
    RESTING = "resting"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextQuestion:
    """What a front end gets: an ask when READY; when RESTING a later visit or sign-in will have more.

    `until` is the earliest moment for that, where it is known: a new visit takes 30 quiet minutes.
    """

    state: NextState
    ask: Ask | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of an answer or a skip. `notice` says what a person or developer should know of it.

    `is_replay` tells that the ask had its outcome before: nothing was written, and `outcome` and `value`
    are the ones that count.
    """

    profile: Profile
    placement: str
    outcome: Outcome
    value: Value | None
    is_replay: bool
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class LiveSets:
    """The published sets of one moment, in the order in which they are asked from."""

    ordered: tuple[QuestionSet, ...]
    questions: Mapping[QuestionId, Question]
