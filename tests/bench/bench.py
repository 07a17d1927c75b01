"""What a bench is: something to call with a stage, a figure to get back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from server.kit.mongod import Mongod
    from tests.bench.figures import Figure


class BenchError(Exception):
    """There is no figure to give; the message says what went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every bench gets: a MongoDB, and a folder for its files."""

    mongod: Mongod
    folder: Path


class Bench(Protocol):
    """Measures one thing; a bench takes a database of its own, so that no other one is in its way."""

    def __call__(self, stage: Stage) -> Figure:
        """Return the figure; raise BenchError where there is none."""
