"""Hooks that are asked: each in turn, in good time, never twice; what they may say is theirs alone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.hooks.describing import about
from server.hooks.model import HookGate, Message, OnError, ResponseClass
from server.hooks.sending import body_of
from server.kit.errors import ExpectedError
from server.kit.ids import new_id
from server.kit.texts import is_clean
from server.profiles.errors import RefusedError
from server.profiles.gates import Word
from server.profiles.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.hooks.model import Hook, HookId, Response
    from server.hooks.sending import Sender
    from server.identity.gates import Arrival
    from server.kit.clock import Clock
    from server.kit.watching import Watched
    from server.profiles.model import Claim, Profile, ProfileId, ProfileUpdate
    from server.profiles.service import Profiles

EACH_SECONDS, ALL_SECONDS = 5.0, 10.0
_MAX_REASON = 500  # characters
_SAY_SO = frozenset({SourceKind.PERSON, SourceKind.APP, SourceKind.ADMIN})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What hooks are asked about: a gate, the person as far as known, what is to be said, and by whom."""

    gate: HookGate
    profile: Profile | None
    claims: Sequence[Claim]
    data: Mapping[str, Any]


class Gatekeeper:
    """Asks the hooks of a gate before something happens. One that says no ends it, and so does one that
    gives no answer that can be used, unless it says otherwise (`on_error`).
    """

    def __init__(
        self,
        *,
        known: Watched[Mapping[HookId, Hook]],
        sender: Sender,
        clock: Clock,
        each_seconds: float = EACH_SECONDS,
        all_seconds: float = ALL_SECONDS,
    ) -> None:
        self._known = known
        self._sender = sender
        self._clock = clock
        self._each_seconds = each_seconds
        self._all_seconds = all_seconds

    async def before_update(self, profiles: Profiles, profile_id: ProfileId, update: ProfileUpdate) -> Word:
        """Ask about what a person, an app or an admin says; not about look-ups and sign-ins."""
        claims = [claim for claim in update.claims if claim.source.kind in _SAY_SO]
        hooks = await self._at(HookGate.PROFILE_PRE_UPDATE) if claims else []
        profile = await profiles.find(profile_id) if hooks else None
        if profile is None:
            return Word()
        data = {"source": claims[0].source.slug}
        matter = _Matter(gate=HookGate.PROFILE_PRE_UPDATE, profile=profile, claims=claims, data=data)
        return await self._ask(profiles, hooks, matter)

    async def before_sign_in(self, profiles: Profiles, arrival: Arrival) -> Word:
        """Ask about somebody new, or about somebody known: one of the two."""
        gates = (HookGate.USER_PRE_CREATE, HookGate.USER_PRE_LOGIN)
        if not any([await self._at(gate) for gate in gates]):
            return Word()
        profile = await profiles.find_by_identity(arrival.ref)
        return await self._ask_of(profiles, gates[profile is not None], profile, arrival)

    async def before_link(self, profiles: Profiles, profile: Profile, arrival: Arrival) -> Word:
        """Ask about an account that is to join a person."""
        return await self._ask_of(profiles, HookGate.IDENTITY_PRE_LINK, profile, arrival)

    async def _ask_of(
        self, profiles: Profiles, gate: HookGate, profile: Profile | None, arrival: Arrival
    ) -> Word:
        hooks = await self._at(gate)
        if not hooks:
            return Word()
        claims = await arrival.brings(profile)
        matter = _Matter(gate=gate, profile=profile, claims=claims, data={"provider": arrival.provider})
        return await self._ask(profiles, hooks, matter)

    async def _at(self, gate: HookGate) -> list[Hook]:
        return [each for each in (await self._known.current()).values() if each.is_on and gate in each.gates]

    async def _ask(self, profiles: Profiles, hooks: Sequence[Hook], matter: _Matter) -> Word:
        """Ask one hook after the other; raise RefusedError for the first no."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._all_seconds
        words = []
        for hook in hooks:
            now, data = self._clock(), await _data(profiles, hook, matter)
            body = body_of(Message(type=matter.gate.value, at=now, data={}), data)
            response = await self._sender.send(
                hook,
                new_id("msg", now),
                body,
                now,
                seconds=max(0.0, min(self._each_seconds, deadline - loop.time())),
                is_question=True,
            )
            words.append(await _heard(profiles, hook, matter, response))
        return Word(
            claims=tuple(claim for word in words for claim in word.claims),
            retracted=tuple(claim for word in words for claim in word.retracted),
        )


async def _data(profiles: Profiles, hook: Hook, matter: _Matter) -> dict[str, Any]:
    """Return what a hook is asked: keys of all that is to be said, values of what it names alone."""
    by_id = (await profiles.catalogue.current()).by_id
    changes = {by_id[each.attribute_id].key: each.value for each in matter.claims}
    askable = None if matter.profile is None else await profiles.askable(matter.profile)
    return {
        "profile": None
        if matter.profile is None or askable is None
        else about(matter.profile, askable, hook),
        "attributes": sorted(changes),
        "changes": {key: value for key, value in changes.items() if key in hook.reads},
        **matter.data,
    }


async def _heard(profiles: Profiles, hook: Hook, matter: _Matter, response: Response) -> Word:
    """Return what a hook says; raise RefusedError where it says no, or nothing that can be used."""
    answer = response.body if response.kind is ResponseClass.SUCCESS else None
    is_allowed = None if answer is None else answer.get("is_allowed", True)
    if answer is not None and is_allowed is False:
        raise RefusedError(_reason(answer.get("reason")))
    if answer is not None and is_allowed is True:
        try:
            return await _word(profiles, hook, matter, answer)
        except (ExpectedError, ValueError) as error:
            _log.warning("hook %s says at %s what it may not: %s", hook.key, matter.gate, error)
    _log.warning("hook %s gave no answer to use at %s: %s", hook.key, matter.gate, response.kind)
    if hook.on_error is OnError.ALLOW:
        return Word()
    raise RefusedError(_NOT_ASKED)


_NOT_ASKED = "This could not be checked just now, so it was not done: try again later."


async def _word(profiles: Profiles, hook: Hook, matter: _Matter, answer: Mapping[str, Any]) -> Word:
    """Return the claims that a hook makes; null takes back its own. All of it fits, or none is taken."""
    said = _object(_object(answer.get("mutations")).get("attributes"))
    if beyond := said.keys() - set(hook.writes):
        raise ValueError(f"it may not write {sorted(beyond)}")
    source = Source(kind=SourceKind.HOOK, key=hook.key)
    values = {key: value for key, value in said.items() if value is not None}
    known = (await profiles.catalogue.current()).by_key
    held = {} if matter.profile is None else matter.profile.claims
    claims = await profiles.claims(values, source)
    if matter.profile is not None:
        claims = await profiles.keepable(matter.profile, claims)
    return Word(
        claims=claims,
        retracted=tuple(
            claim
            for key in said.keys() - values.keys()
            if key in known
            for claim in held.get(known[key].id, ())
            if claim.source == source
        ),
    )


def _object(given: object) -> dict[str, Any]:
    if given is not None and not isinstance(given, dict):
        raise ValueError("`mutations` and their `attributes` are objects")
    return given or {}


def _reason(given: object) -> str:
    is_text = isinstance(given, str) and 0 < len(given.strip()) <= len(given) <= _MAX_REASON
    return given if is_text and isinstance(given, str) and is_clean(given) else "This was refused."
