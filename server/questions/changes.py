"""What happens to asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from server.kit.changes import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHandled(Change):
    """An ask got its outcome; `value` is what was answered, None for a skip."""

    kind: ClassVar[str] = "question.handled"
    ask_id: str
    question_id: str
    revision: int
    placement: str
    visit: int
    outcome: str
    value: Any
    attribute_id: str | None = None  # what the question asks for
