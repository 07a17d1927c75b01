"""What hooks are told of each change: which event it is, and its data without anybody's values. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.consent.changes import ConsentRecorded
from server.events.changes import EventTracked
from server.hooks.model import HookEvent
from server.identity.changes import IdentityLinked, IdentityUnlinked, SignedIn
from server.profiles.changes import AttributesChanged, ProfileCreated, ProfileMerged
from server.questions.changes import AskHandled

if TYPE_CHECKING:
    from server.kit.changes import Change

    Told = tuple[HookEvent, dict[str, Any]]


def told_of(change: Change) -> Told | None:  # noqa: PLR0911 - one line a kind
    """Return the event that a change is to others, with its own data; None where it is none of theirs.

    Attributes stand by id: their keys are looked up when the message is sent.
    """
    match change:
        case ProfileCreated():
            return HookEvent.USER_CREATED, {}
        case SignedIn():
            return HookEvent.USER_AUTHENTICATED, {"provider": change.provider, "is_first": change.is_first}
        case IdentityLinked():
            return HookEvent.IDENTITY_LINKED, {"provider": change.provider}
        case IdentityUnlinked():
            return HookEvent.IDENTITY_UNLINKED, {"provider": change.provider}
        case ProfileMerged():
            return HookEvent.PROFILE_MERGED, {"merged_id": change.merged_id}
        case AttributesChanged():
            given = {"attribute_ids": change.attribute_ids, "source": change.source}
            return HookEvent.PROFILE_UPDATED, given
        case AskHandled(outcome="answered"):
            return HookEvent.QUESTION_ANSWERED, {
                "question_id": change.question_id,
                "placement": change.placement,
            }
        case ConsentRecorded():
            return HookEvent.CONSENT_CHANGED, {"purpose": change.purpose, "state": change.state}
        case EventTracked():
            happened_at = change.happened_at.isoformat().replace("+00:00", "Z")
            return HookEvent.EVENT_TRACKED, {"name": change.name, "happened_at": happened_at}
    return None
