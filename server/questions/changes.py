"""What happens to asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from server.kit.changes import Change


@dataclass(frozen=True, kw_only=True)
class AskFields:
    """What every change of an ask says: which one, of what, and where and how it was put.

    `handled` is how many outcomes the question had when it was handed out. Fields with a default were not
    written by earlier versions.
    """

    ask_id: str
    question_id: str
    revision: int
    placement: str
    visit: int
    handled: int = 0
    set_id: str = ""
    language: str = "en"
    arm: str = ""
    page: str | None = None
    device: str | None = None
    attribute_id: str | None = None  # what the question asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHandled(AskFields, Change):
    """An ask got its outcome; `value` is what was answered, None for everything else."""

    kind: ClassVar[str] = "question.handled"
    outcome: str
    value: Any
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskShown(AskFields, Change):
    """An ask came before somebody's eyes."""

    kind: ClassVar[str] = "question.shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCorrected(AskFields, Change):
    """A person put their answer right."""

    kind: ClassVar[str] = "question.corrected"
    value: Any


AskChange = AskHandled | AskShown | AskCorrected
