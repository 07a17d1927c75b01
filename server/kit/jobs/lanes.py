"""Which lane's job comes next: the urgent before the others, but nobody is starved; pure.

A lane is `urgency:kind:topic`. Of equally urgent lanes each is as likely as the next, however many jobs wait
in it, so that ten thousand jobs of one topic leave ten of another their turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOR_ANYBODY = 1 / 8  # of all turns, whatever the urgency


def kind_of(lane: str) -> str:
    """Return the kind of the jobs in a lane."""
    return lane.split(":", 2)[1]


def next_lane(lanes: Sequence[str], turn: float, place: float) -> str:
    """Return one of these lanes, at least one of which there has to be.

    Both draws are between 0 and 1: `turn` decides whether this turn is anybody's, `place` picks among those
    that it may go to.
    """
    most_urgent = min(lane[0] for lane in lanes)
    open_to = [lane for lane in lanes if turn < _FOR_ANYBODY or lane[0] == most_urgent]
    return open_to[min(int(place * len(open_to)), len(open_to) - 1)]
