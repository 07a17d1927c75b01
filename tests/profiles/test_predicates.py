"""Closures mean what conditions mean: this interpreter says what `holds` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from server.profiles.conditions import Condition, holds, subject_of
from server.profiles.predicates import predicate
from server.profiles.resolving import resolve_all
from tests.factories.profiles import NOW
from tests.profiles.condition_strategies import conditions, people

if TYPE_CHECKING:
    from server.profiles.model import Profile


@given(people(), conditions)
def test_closure_says_what_the_condition_says(about: list[Profile], condition: Condition) -> None:
    compiled = predicate(condition)

    for each in about:
        subject = subject_of(each, resolve_all(each.claims).values)
        assert compiled(subject, NOW) == holds(condition, subject, NOW)
