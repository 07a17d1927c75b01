"""Question sets and questions, as authors write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

from server.questions.model.pacing import Outcome, Reask, Trigger

if TYPE_CHECKING:
    from server.profiles.model import AttributeId

QuestionSetId = NewType("QuestionSetId", str)
QuestionId = NewType("QuestionId", str)

# A condition as plain data (see profiles.condition_forms): attributes by key from authors, by id when stored.
Form = Mapping[str, Any]
END = "end"  # the target of a branch that ends the set


class QuestionKind(StrEnum):
    """How a question is put to a person."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    RATING = "rating"
    NPS = "nps"
    BOOLEAN = "boolean"
    DATE = "date"
    SINGLE_CHOICE = "single_choice"
    MULTI_CHOICE = "multi_choice"
    PICTURE_CHOICE = "picture_choice"
    RANKING = "ranking"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    COUNTRY = "country"
    ADDRESS = "address"
    CONSENT = "consent"
    CONFIRM = "confirm"


class Exit(StrEnum):
    """A way out of a question that people may pass, as they are offered it."""

    SKIP = "skip"
    DECLINE = "decline"
    NOT_APPLICABLE = "not_applicable"
    CLOSE = "close"


class RatingStyle(StrEnum):
    """What a rating is drawn with."""

    NUMBERS = "numbers"
    STARS = "stars"
    EMOJI = "emoji"


class Ordering(StrEnum):
    """In which order a set's questions come."""

    SEQUENTIAL = "sequential"
    ADAPTIVE = "adaptive"


class SetState(StrEnum):
    """Where a question set stands; only published ones are asked from."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A question in one more language; what is missing falls back. `options` holds labels by value."""

    prompt: str | None = None
    help: str | None = None
    why: str | None = None
    placeholder: str | None = None
    submit_label: str | None = None
    skip_label: str | None = None
    decline_label: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option of a question; `label` None takes the attribute's. `picture` is a web address."""

    value: str
    label: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Where to go on after a question that got its outcome: to the question `to`, or to END.

    The first branch whose condition holds counts (None always holds); with none, the next in order.
    """

    to: str
    when: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFields:
    """What an author says of a question, whether it has an id yet or not.

    `why` tells people what it is good for. `has_other` lets them write what no option says. `scale` is the
    highest rating. `rest` is the question's own clock, `most_asks` how often it comes at all. `weight` and
    `effort` steer ADAPTIVE order; None is the usual effort of its kind.
    """

    key: str
    kind: QuestionKind
    prompt: str
    help: str | None = None
    why: str | None = None
    placeholder: str | None = None
    submit_label: str | None = None
    skip_label: str | None = None
    decline_label: str | None = None
    is_skippable: bool = True
    translations: Mapping[str, Translation] = field(default_factory=dict)
    options: tuple[Choice, ...] = ()
    has_other: bool = False
    scale: int | None = None
    rating_style: RatingStyle = RatingStyle.NUMBERS
    min_choices: int | None = None
    max_choices: int | None = None
    purpose: str | None = None
    show_if: Form | None = None
    branches: tuple[Branch, ...] = ()
    rest: timedelta | None = None
    most_asks: int | None = None
    weight: float = 1.0
    effort: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(QuestionFields):
    """A way to ask a person for exactly one attribute, or (CONSENT) for leave for one purpose.

    The author chooses `key`; it is unique in its set. `attribute_id` is None for CONSENT alone.
    """

    id: QuestionId
    attribute_id: AttributeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft(QuestionFields):
    """A question as an author writes it: the attribute by key, no id."""

    attribute_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One arm of an experiment. What is None is as in the set; `order` may leave questions out.

    `prompts` holds other prompts by the key of the question, in the set's default language.
    """

    key: str
    weight: int = 1
    prompts: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] | None = None
    per_visit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Variants of one set. A person's arm follows from their id and `key` alone, and so never changes."""

    key: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFields:
    """What an author says of a set.

    `per_visit`, `per_day` and `per_week` are how many of its questions may be handled in one; `patience` is
    how long a running look-up that may answer a question is waited for. `exits` are offered with every
    question that may be passed.
    """

    name: str
    placements: tuple[str, ...] = ("home",)
    priority: int = 0
    trigger: Trigger = field(default_factory=Trigger)
    per_visit: int = 1
    per_day: int | None = None
    per_week: int | None = None
    audience: Form | None = None
    ordering: Ordering = Ordering.SEQUENTIAL
    default_language: str = "en"
    reask: Mapping[Outcome, Reask] = field(default_factory=dict)
    patience: timedelta = timedelta(seconds=10)
    asks_consent_first: bool = False
    exits: tuple[Exit, ...] = tuple(Exit)
    experiment: Experiment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContent(SetFields):
    """What is stored of a set, in draft or live."""

    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDraft(SetFields):
    """The content of a question set as an author writes it."""

    questions: tuple[QuestionDraft, ...] = ()


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
    published_at: datetime | None = None

    @property
    def has_unpublished_changes(self) -> bool:
        """Whether publishing now would change what people are asked."""
        return self.draft != self.live
