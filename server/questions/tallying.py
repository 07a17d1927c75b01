"""What one ask adds to the statistics, and what several come to. Pure.

Counts are kept as they come in, by what a change of the log adds and takes away; a recount adds up every
entry. Both use `contribution`, and a test holds them equal.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from server.questions.changes import AskCorrected, AskShown
from server.questions.comparing import interval
from server.questions.model import AnswerEntry, Outcome, QuestionStats, StatCell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.questions.changes import AskChange

# Times fall into buckets that grow by a fifth, so that a median is right to a tenth.
_GROWTH = 1.2
_LEAST_MILLISECONDS = 100


def entry_of(change: AskChange) -> AnswerEntry:
    """Return the entry that a change opens, before what the change itself says."""
    return AnswerEntry(
        id=f"ans_{change.id.partition('_')[2]}",
        profile_id=change.profile_id,
        ask_id=change.ask_id,
        set_id=change.set_id,
        question_id=change.question_id,
        revision=change.revision,
        placement=change.placement,
        language=change.language,
        arm=change.arm,
        visit=change.visit,
        first_at=change.at,
        shown_at=None,
        at=None,
        outcome=None,
        value=None,
        page=change.page,
        device=change.device,
        milliseconds=None,
        corrections=0,
        attribute_id=change.attribute_id,
    )


def applied(entry: AnswerEntry, change: AskChange) -> AnswerEntry:
    """Return the entry after a change. An answer stands against everything else."""
    entry = replace(entry, page=entry.page or change.page, device=entry.device or change.device)
    if isinstance(change, AskShown):
        return replace(entry, shown_at=min(entry.shown_at or change.at, change.at))
    if isinstance(change, AskCorrected):
        return replace(entry, value=change.value, corrections=entry.corrections + 1)
    if entry.outcome != Outcome.ANSWERED.value:
        return replace(
            entry,
            at=change.at,
            outcome=change.outcome,
            value=change.value,
            milliseconds=change.milliseconds,
        )
    return entry


def cell_of(entry: AnswerEntry) -> StatCell:
    """Return where an entry counts; nothing of that ever changes."""
    return StatCell(
        set_id=entry.set_id,
        question_id=entry.question_id,
        day=entry.first_at.date().isoformat(),
        language=entry.language,
        placement=entry.placement,
        arm=entry.arm,
        revision=entry.revision,
    )


def contribution(entry: AnswerEntry | None) -> Counter[str]:
    """Return what one ask counts for."""
    if entry is None:
        return Counter()
    counts = Counter({"asked": 1, "seen": 1, entry.outcome or Outcome.IGNORED.value: 1})
    took = taken(entry)
    if entry.outcome == Outcome.ANSWERED.value and took is not None:
        counts[f"t{bucket(took)}"] = 1
    return counts


def taken(entry: AnswerEntry) -> int | None:
    """Return how many milliseconds an answer took: as the page measured, else since it was seen."""
    if entry.milliseconds is not None:
        return entry.milliseconds
    if entry.at is None or entry.shown_at is None:
        return None
    return max(0, round((entry.at - entry.shown_at).total_seconds() * 1000))


def bucket(milliseconds: int) -> int:
    """Return the bucket of a time."""
    return max(0, math.ceil(math.log(max(milliseconds, 1) / _LEAST_MILLISECONDS, _GROWTH)))


def median_seconds(counts: Mapping[str, int]) -> float | None:
    """Return the middle of the median's bucket; right to a tenth of it."""
    times = sorted(
        (int(name[1:]), count) for name, count in counts.items() if name[1:].isdigit() and count > 0
    )
    half, passed = sum(count for _, count in times) / 2, 0
    for place, count in times:
        passed += count
        if passed >= half:
            return round(float(_LEAST_MILLISECONDS * _GROWTH ** (place - 0.5)) / 1000, 3)
    return None


def stats_of(
    question_id: str, part: str | None, counts: Mapping[str, int], seen_first: int | None = None
) -> QuestionStats:
    """Return what counts come to; `seen_first` is how often the first question of the set was seen."""
    seen, answered = counts.get("seen", 0), counts.get(Outcome.ANSWERED.value, 0)
    between = interval(answered, seen)
    return QuestionStats(
        question_id=question_id,
        part=part,
        asked=counts.get("asked", 0),
        seen=seen,
        answered=answered,
        skipped=counts.get(Outcome.SKIPPED.value, 0),
        declined=counts.get(Outcome.DECLINED.value, 0),
        not_applicable=counts.get(Outcome.NOT_APPLICABLE.value, 0),
        dismissed=counts.get(Outcome.DISMISSED.value, 0),
        ignored=counts.get(Outcome.IGNORED.value, 0),
        rate=answered / seen if seen else None,
        rate_low=None if between is None else between[0],
        rate_high=None if between is None else between[1],
        median_seconds=median_seconds(counts),
        drop_off=None if not seen_first else max(0.0, 1 - seen / seen_first),
    )


def added_up(parts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Return the sum of several counts."""
    total: Counter[str] = Counter()
    for each in parts:
        total.update(each)
    return total
