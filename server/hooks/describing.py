"""A person as hooks get to see them: counters and ids, and the attributes that the hook names. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.hooks.model import HookFields
    from server.profiles.asking import Askable
    from server.profiles.model import Profile


def about(profile: Profile, askable: Askable, hook: HookFields) -> dict[str, Any]:
    """Return what a hook is told of a person; values only of attributes that may be used."""
    return {
        "id": profile.id,
        "created_at": profile.created_at.isoformat().replace("+00:00", "Z"),
        "is_identified": profile.is_identified,
        "visits": profile.visits,
        "logins": profile.logins,
        "attributes": {
            key: resolved.value
            for key in hook.reads
            if key in askable.catalogue.by_key
            and (resolved := askable.attribute(askable.catalogue.by_key[key].id)) is not None
        },
    }
