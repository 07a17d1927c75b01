"""Asks, verdicts and outcomes: what one person is asked, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType

from server.kit.records import record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from server.profiles.model import AttributeDefinition, Profile, Value
    from server.questions.model.pacing import Outcome
    from server.questions.model.sets import Exit, Question, QuestionSet

AskId = NewType("AskId", str)


class Gate(StrEnum):
    """What keeps a question from being asked, in the order in which it is named."""

    PLACEMENT = "placement"
    AUDIENCE = "audience"
    TRIGGER = "trigger"
    ARM = "arm"
    KNOWN = "known"
    UNCLAIMED = "unclaimed"
    ARCHIVED = "archived"
    CONSENT = "consent"
    ENRICHMENT = "enrichment"
    PACE = "pace"
    OUTCOME = "outcome"
    BRANCH = "branch"


class DeviceClass(StrEnum):
    """What kind of screen a question was answered on."""

    PHONE = "phone"
    TABLET = "tablet"
    DESKTOP = "desktop"
    OTHER = "other"


class NextState(StrEnum):
    """Whether there is something to ask now, in a moment, later, or not at all."""

    READY = "ready"
    WAITING = "waiting"
    RESTING = "resting"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionState:
    """What a profile remembers of one question: how often it was handled, and the last time.

    `visit` is the number of the visit in which that was; `seen` is how many visits saw it since. `times` are
    the outcomes of the last week or visit, with their visits, in no order. `shows` are the asks that were
    seen then, one a visit: how often the question had been handled, when, and in which visit. `is_wrong`
    tells that the person called a value wrong that they were to confirm.
    """

    handled: int
    outcome: Outcome
    at: datetime
    visit: int
    seen: int = 0
    times: tuple[tuple[datetime, int], ...] = ()
    shows: tuple[tuple[int, datetime, int], ...] = ()
    is_wrong: bool = False


@record
class Verdict:
    """One question of one set: asked now where `gate` is None, else the first gate that blocks it.

    `opens_at` is when it will be asked if nothing but the time changes; None where that is not known or
    will not happen. `may_open` tells that it will or may: after a sign-in, say, which no clock foretells.
    """

    question_set: QuestionSet
    question: Question
    gate: Gate | None
    opens_at: datetime | None = None
    may_open: bool = False
    score: float | None = None
    arm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedChoice:
    """An option in one language."""

    value: str
    label: str
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToConfirm:
    """The value that a CONFIRM question is about, and who claims it, as source slug."""

    value: Value
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToConsent:
    """The purpose that a CONSENT question is about, and the version of its text."""

    purpose: str
    text: str
    text_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A question as one person reads it: in a language, with what they may see of themselves filled in.

    `notes` is for what is worked out of it and lasts as long: that with nobody's values in it is everybody's.
    """

    language: str
    prompt: str
    help: str | None
    why: str | None
    placeholder: str | None
    submit_label: str | None
    skip_label: str | None
    decline_label: str | None
    options: tuple[WordedChoice, ...]
    confirm: ToConfirm | None = None
    consent: ToConsent | None = None
    notes: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Which question of its set an ask is in a visit, from 1, and of how many at most."""

    number: int
    total: int


@record
class Ask:
    """One question handed to one person once, in one place. CONSENT questions have no definition.

    `numbers` are the least and the highest number of a rating; `exits` the ways out that it offers.
    Where it stands and what follows is found out when somebody asks, since not every document does.
    """

    id: AskId
    question: Question
    definition: AttributeDefinition | None
    placement: str
    wording: Wording
    exits: tuple[Exit, ...]
    find_step: Callable[[], Step] = field(compare=False, repr=False)
    find_following: Callable[[], Ask | None] = field(compare=False, repr=False)
    numbers: tuple[int, int] | None = None

    @property
    def step(self) -> Step:
        """Where it stands among what its set asks in this visit."""
        return self.find_step()

    @property
    def following(self) -> Ask | None:
        """What comes after it whatever is answered, where that is foreseen."""
        return self.find_following()


@record
class NextQuestion:
    """What to ask now. `until` is when there may be something, where that is known."""

    state: NextState
    ask: Ask | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a person is asked what they are asked: every verdict, in the order of asking, and what follows."""

    state: NextState
    until: datetime | None
    verdicts: tuple[tuple[Verdict, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReport:
    """What a page tells of an ask: where it stood, on what, and how long the answer took."""

    page: str | None = None
    device: DeviceClass | None = None
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What became of an ask. `notice` says what a person or developer should know of it.

    `is_replay` tells that the ask had its outcome before: nothing was written, and `outcome` and `value`
    are the ones that count.
    """

    profile: Profile
    placement: str
    language: str
    outcome: Outcome
    value: Value | None
    is_replay: bool
    notice: str | None = None
