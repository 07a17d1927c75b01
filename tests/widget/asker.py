"""A server that tells the widget what a test wants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.widget.questions import Question

Body = dict[str, Any]

_NOTHING: Body = {"state": "DONE", "until": None, "ask": None}


class Asker:
    """Asks its questions one by one, or one at each placement. `sent` are the operations that reached it.

    `foresees`: it tells which question comes after the one that is asked. `strangers` are those who came.
    """

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.placed: dict[str, Question] = {}
        self.foresees = True
        self.strangers = 0
        self.resting_until: str | None = None
        self.handled: dict[str, Body] = {}
        self.sent: list[Body] = []
        self.refusal: Callable[[str, Body], Body | None] = lambda _act, _variables: None

    def said(self, field: str) -> list[Body]:
        """Return the variables of every operation with this field that reached the server."""
        return [each["variables"] for each in self.sent if re.search(rf"\b{field}\(", each["query"])]

    def reply(self, sent: Body) -> Body:
        """Return what a server says to an operation."""
        sent["variables"] = sent["variables"].get("input", sent["variables"])
        self.sent.append(sent)
        query, variables = sent["query"], sent["variables"]
        handled = re.search(r"result: (\w+)\(", query)
        if handled:
            return {"data": {"result": self._handle(handled[1], variables)}}
        if "reportShown(" in query:
            return {"data": {"reportShown": {"__typename": "ReportShownSuccess"}}}
        if "nextQuestion(" in query:
            return {"data": {"nextQuestion": self.next(variables["placement"])}}
        if "signOut" in query:
            return {"data": {"signOut": {"__typename": "SignOutSuccess"}}}
        self.strangers += not variables["resumeToken"]
        profile = {"id": f"prf_{self.strangers}", "traits": {}}
        visit = {"id": "vis_1", "number": 1, "startedAt": "2026-01-01T00:00:00Z"}
        tokens = {"viewerToken": "viewer", "resumeToken": "resume"}
        started = {"__typename": "StartVisitSuccess", **tokens, "visit": visit, "profile": profile}
        return {"data": {"startVisit": {**started, "next": self.next(variables["placement"])}}}

    def _handle(self, act: str, variables: Body) -> Body:
        refusal = self.refusal(act, variables)
        if refusal is not None:
            return refusal
        outcomes = {"skipQuestion": "SKIPPED", "dismissQuestion": "DISMISSED"}
        declined = "NOT_APPLICABLE" if variables.get("isNotApplicable") else "DECLINED"
        outcome = outcomes.get(act, declined if act == "declineQuestion" else "ANSWERED")
        ask, value = variables["askId"], variables.get("value")
        is_replay = ask in self.handled and act != "correctAnswer"
        self.handled.setdefault(ask, {"outcome": outcome, "value": value})
        named = act[0].upper() + act[1:] + "Success"
        return {
            "__typename": named,
            "outcome": outcome,
            "isReplay": is_replay,
            "next": _NOTHING if ask in self.placed else self.next(),
            **({"value": value, "notice": None} if act == "answerQuestion" else {}),
        }

    def next(self, placement: str = "home") -> Body:
        """Return what a server asks that remembers what was handled."""
        if placement in self.placed:
            return _asking(id=placement, placement=placement, step=None, question=self.placed[placement])
        left = [number for number, _ in enumerate(self.questions) if f"ask_{number}" not in self.handled]
        if not left:
            rest = {"state": "RESTING", "until": self.resting_until}
            return _NOTHING | rest if self.resting_until else _NOTHING
        following = self._ask(left[1]) if self.foresees and len(left) > 1 else None
        return _asking(**self._ask(left[0]), following=following)

    def _ask(self, number: int) -> Body:
        step = {"number": number + 1, "total": len(self.questions)}
        question = self.questions[number]
        return {"id": f"ask_{number}", "placement": "home", "step": step, "question": question}


def _asking(**ask: object) -> Body:
    return {"state": "READY", "until": None, "ask": ask}
