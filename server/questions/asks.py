"""Ask ids: they say which question was handed out, how often before, and prove to whom.

Handing out a question writes nothing: the id is a function of profile, question, visit and how often
the question was handled before, tagged with a key of the server. The same question in two tabs counts
the same number, so that its first outcome is the only one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from server.access.model import PLACEMENT
from server.kit.records import record
from server.kit.signing import is_same, tag
from server.questions.errors import UnknownAskError
from server.questions.model import AskId, QuestionId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.profiles.model import ProfileId

_LANGUAGE = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}"
_ARM = r"(?:[a-z][a-z0-9_]{0,62})?"
_NUMBER = r"(0|[1-9]\d{0,8})"
_ASK = re.compile(
    rf"ask_([0-9a-z]{{26}})\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.({PLACEMENT})\.({_LANGUAGE})\.({_ARM})"
    r"(?:\.([1-9]\d{0,8}))?\.([\w-]{22})",
    re.ASCII,
)


@record
class AskFacts:
    """What an ask id says: which question of which revision, where, and in which visit it was handed out.

    `handled` is how many outcomes the question had then; `language` is the one it was put in, `arm` the
    variant of an experiment, empty without one. `text_version` is that of the purpose's text which asked for
    leave, from 1 on; 0 where none was shown.
    """

    question_id: QuestionId
    revision: int
    handled: int
    visit: int
    placement: str
    language: str = "en"
    arm: str = ""
    text_version: int = 0


def ask_id(key: bytes, profile_id: ProfileId, facts: AskFacts) -> AskId:
    """Return the id of the ask that hands this question to this profile."""
    question = facts.question_id.removeprefix("qst_")
    counts = f"{facts.revision}.{facts.handled}.{facts.visit}"
    shown = f".{facts.text_version}" if facts.text_version else ""
    body = f"{question}.{counts}.{facts.placement}.{facts.language}.{facts.arm}{shown}"
    return AskId(f"ask_{body}.{tag(key, profile_id, body)}")


def read_ask(keys: Iterable[bytes], profile_id: ProfileId, text: str) -> AskFacts:
    """Return what an ask id of this profile says; raise UnknownAskError for any other text."""
    match = _ASK.fullmatch(text)
    if match is None:
        raise UnknownAskError
    question, revision, handled, visit, placement, language, arm, text_version, _ = match.groups()
    facts = AskFacts(
        question_id=QuestionId(f"qst_{question}"),
        revision=int(revision),
        handled=int(handled),
        visit=int(visit),
        placement=placement,
        language=language,
        arm=arm,
        text_version=int(text_version or 0),
    )
    if not any(is_same(ask_id(key, profile_id, facts), text) for key in keys):
        raise UnknownAskError
    return facts
