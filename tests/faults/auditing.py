"""What the database holds after a run, held against what clients were told."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.database import Database

    from tests.faults.load import Load
    from tests.faults.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Sentences about what should not be: acknowledged and not there, there twice, there by half."""

    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    torn: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether there are none."""
        return not (self.lost or self.doubled or self.torn)


def audited(stage: Stage, load: Load) -> Verdict:
    """Return the verdict on a run that has come to rest."""
    audit = _Audit(stage.world.database, load)
    return Verdict(
        lost=tuple(audit.lost()),
        doubled=(*audit.doubled(), *_overspent(stage)),
        torn=tuple(audit.torn()),
    )


class _Audit:
    """Reads once what a run left."""

    def __init__(self, database: Database[dict[str, Any]], load: Load) -> None:
        self._load = load
        goal = database["attribute_definitions"].find_one({"key": "goal"})
        email = database["attribute_definitions"].find_one({"key": "email"})
        assert goal is not None
        assert email is not None
        self._said: dict[str, str] = {}  # value by profile, of those who were asked
        self._users: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._email = email["_id"]
        for profile in database["profiles"].find({}):
            claims = profile["attributes"].get(goal["_id"], {})
            if "person" in claims:
                self._said[profile["_id"]] = claims["person"]["value"]
            for identity in profile["identities"].values():
                self._users[identity["value"]].append(profile)
        self._logged: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        # What an earlier run left to a worker that hung may be logged after all of that run was forgotten.
        for entry in database["answers"].find({"value": {"$regex": f"^{load.seed}-"}}):
            self._logged[entry["ask_id"]].append(entry)
        self._told = Counter(each["profile_id"] for each in database["events"].find({"name": "bought"}))
        self._event_ids = {each["_id"] for each in database["events"].find({"name": "bought"}, {"_id": 1})}
        self._effects = Counter((each["profile_id"], each["source"]) for each in database["effects"].find({}))

    def lost(self) -> Iterator[str]:
        """Yield what was acknowledged and is not there, in the profile, in the log, or as its consequence."""
        said = set(self._said.values())
        for ask, value in self._load.answers.acknowledged.items():
            if value not in said:
                yield f"answer {value!r} is not in its profile"
            if value not in (entry["value"] for entry in self._logged[ask]):
                yield f"answer {value!r} is not in the log"
        for user, email in self._load.emails.acknowledged.items():
            yield from (f"{fault} of {user}" for fault in self._missing(self._users[user], email))
        for key, user in self._load.events.acknowledged.items():
            if event_id(key) not in self._event_ids:
                yield f"event {key!r} of {user} is not in the log"

    def doubled(self) -> Iterator[str]:
        """Yield what is there more than once."""
        yield from (
            f"{ask} is in the log {len(found)} times" for ask, found in self._logged.items() if len(found) > 1
        )
        yield from (
            f"there are {len(found)} profiles of {user}"
            for user, found in self._users.items()
            if len(found) > 1
        )
        for (profile_id, source), count in self._effects.items():
            if count > 1:
                yield f"{source} wrote {count} results to {profile_id}"
        for user in self._load.events.tried.values():
            for profile in self._users[user]:
                if _bought(profile) > 1:
                    yield f"what {user} did is counted {_bought(profile)} times"

    def torn(self) -> Iterator[str]:
        """Yield what was done by half, whether it was acknowledged or not."""
        logged = {entry["profile_id"]: entry["value"] for found in self._logged.values() for entry in found}
        for profile_id in logged.keys() | self._said.keys():
            if logged.get(profile_id) != self._said.get(profile_id):
                said = (logged.get(profile_id), self._said.get(profile_id))
                yield f"{profile_id}: the log says {said[0]!r}, the profile {said[1]!r}"
        for found in self._users.values():
            for profile in found:
                counted, told = _bought(profile), self._told[profile["_id"]]
                if counted != told:
                    yield f"{profile['_id']}: {counted} events counted, {told} logged"

    def _missing(self, found: list[dict[str, Any]], email: str) -> Iterator[str]:
        if not found:
            yield "the profile"
            return
        claims = found[0]["attributes"].get(self._email, {}).values()
        if email not in (claim["value"] for claim in claims):
            yield "the address"
        if self._effects[found[0]["_id"], "enricher:email_domain"] == 0:
            yield "the look-up"


def event_id(key: str) -> str:
    """Return the id of an event of an app's; see events.service."""
    return f"evt_{hashlib.sha256(f'apps|{key}'.encode()).hexdigest()[:26]}"


def _bought(profile: dict[str, Any]) -> int:
    counts = profile["events"]
    return sum(each["n"] for each in counts if each["k"] == "bought")


def _overspent(stage: Stage) -> Iterator[str]:
    """Yield where the provider was asked oftener than was noted, or than the budget allows."""
    calls, spent = sum(stage.provider.calls.values()), stage.spent()
    if spent > stage.budget:
        yield f"{spent} calls of the provider are noted with a budget of {stage.budget}"
    if calls > spent:
        yield f"the provider was asked {calls} times, of which {spent} were noted"
