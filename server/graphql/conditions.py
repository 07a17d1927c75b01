"""Conditions as a closed GraphQL input: exactly one member at every level."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import strawberry
from strawberry.scalars import JSON

from server.consent.model import ConsentState
from server.profiles.conditions import Operator
from server.questions.model import Outcome


@strawberry.input(description="A span of time; its parts add up.")
class DurationInput:
    """Days, hours and minutes."""

    days: int = strawberry.field(default=0, description="Days of 24 hours.")
    hours: int = strawberry.field(default=0, description="Hours.")
    minutes: int = strawberry.field(default=0, description="Minutes.")

    def total_seconds(self) -> int:
        """Return the span in seconds."""
        return ((self.days * 24 + self.hours) * 60 + self.minutes) * 60


@strawberry.input(description="An attribute's value compares so.")
class AttributeCondition:
    """See profiles.conditions."""

    key: str = strawberry.field(description="The key of the attribute.")
    operator: Operator = strawberry.field(description="How to compare; it must suit the attribute's type.")
    values: list[JSON] = strawberry.field(
        default_factory=list, description="What to compare with: none, one or several, as the operator takes."
    )
    within: DurationInput | None = strawberry.field(
        default=None, description="How far from today, for the operators that look around it."
    )
    if_missing: bool = strawberry.field(default=False, description="The answer where there is no value.")


@strawberry.input(description="How many sign-ins there were.")
class LoginCondition:
    """Both bounds are included."""

    at_least: int | None = strawberry.field(default=None, description="So many or more.")
    at_most: int | None = strawberry.field(default=None, description="So many or fewer.")


@strawberry.input(description="How many visits there were, and when the person was last seen.")
class VisitCondition:
    """Both bounds are included."""

    at_least: int | None = strawberry.field(default=None, description="So many visits or more.")
    at_most: int | None = strawberry.field(default=None, description="So many visits or fewer.")
    within: DurationInput | None = strawberry.field(
        default=None, description="Last seen so long ago at most."
    )


@strawberry.input(description="What became of a question when it was last handled.")
class QuestionCondition:
    """See profiles.conditions."""

    id: strawberry.ID = strawberry.field(description="The question.")
    outcomes: list[Outcome] = strawberry.field(description="One of these outcomes.")
    within: DurationInput | None = strawberry.field(default=None, description="So long ago at most.")


@strawberry.input(description="What a person decided about a purpose.")
class ConsentCondition:
    """See profiles.conditions."""

    purpose: str = strawberry.field(description="The key of the purpose.")
    states: list[ConsentState] = strawberry.field(description="One of these decisions.")


@strawberry.input(description="How often an event happened: at least once, unless a bound says otherwise.")
class EventCondition:
    """Both bounds are included; see profiles.conditions."""

    name: str = strawberry.field(description="The name of the event.")
    at_least: int | None = strawberry.field(default=None, description="So often or more.")
    at_most: int | None = strawberry.field(
        default=None, description="So often or less; 0 for those to whom it never happened."
    )
    within: DurationInput | None = strawberry.field(
        default=None, description="Only what happened so long ago at most; then bounds go up to 19."
    )


@strawberry.input(one_of=True, description="What is true of a profile: exactly one of these.")
class Condition:
    """The closed language for search and targeting; see profiles.conditions."""

    all: list[Condition] | None = strawberry.field(
        default=strawberry.UNSET, description="All of these; of none, always."
    )
    any: list[Condition] | None = strawberry.field(
        default=strawberry.UNSET, description="One of these at least; of none, never."
    )
    not_: Condition | None = strawberry.field(
        default=strawberry.UNSET, name="not", description="This is not so."
    )
    attribute: AttributeCondition | None = strawberry.field(
        default=strawberry.UNSET, description="An attribute's value compares so."
    )
    login: LoginCondition | None = strawberry.field(
        default=strawberry.UNSET, description="How many sign-ins there were."
    )
    visit: VisitCondition | None = strawberry.field(
        default=strawberry.UNSET, description="How many visits there were, and when the last."
    )
    identified: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether more than a browser is known."
    )
    question: QuestionCondition | None = strawberry.field(
        default=strawberry.UNSET, description="What became of a question."
    )
    consent: ConsentCondition | None = strawberry.field(
        default=strawberry.UNSET, description="What the person decided about a purpose."
    )
    event: EventCondition | None = strawberry.field(
        default=strawberry.UNSET, description="How often an event happened."
    )
    audience: str | None = strawberry.field(
        default=strawberry.UNSET, description="The person is in the audience with this key."
    )


_MEMBERS = (
    AttributeCondition,
    LoginCondition,
    VisitCondition,
    QuestionCondition,
    ConsentCondition,
    EventCondition,
)


def read_form(given: Condition) -> dict[str, Any]:
    """Return the plain form of a condition; see profiles.condition_forms.

    Depth is bounded by the parser, which refuses documents and variables nested too deeply.
    """
    members = {
        each.name.rstrip("_"): getattr(given, each.name)
        for each in fields(given)
        if getattr(given, each.name) is not strawberry.UNSET
    }
    return {name: _plain(member) for name, member in members.items()}


def _plain(member: object) -> Any:  # noqa: ANN401 - JSON
    if isinstance(member, Condition):
        return read_form(member)
    if isinstance(member, DurationInput):
        return member.total_seconds()
    if isinstance(member, list):
        return [_plain(each) for each in member]
    if isinstance(member, _MEMBERS):
        return {each.name: _plain(getattr(member, each.name)) for each in fields(member)}
    return member
