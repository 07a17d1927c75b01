"""One look-up at a provider: the request is built, sent, and what comes back is judged and read.

What is sent and what comes back is neither stored nor logged: of an answer there is left what it means, and
the values that are mapped.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server.enrichment.model import NoMatch, OutcomeClass, ReasonCode, Skip, Trouble
from server.enrichment.sources.classifying import classify
from server.enrichment.sources.mapping import found_in
from server.enrichment.sources.requesting import UnusableInputError, prepare, sent_values
from server.kit.calling import BlockedError, CallError, LostError, UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.enrichment.model import Result
    from server.enrichment.sources.classifying import Reading
    from server.enrichment.sources.spec import EnricherSpec
    from server.kit.calling import Caller
    from server.kit.clock import Clock
    from server.profiles.model import Value

_log = logging.getLogger(__name__)
_NO_ANSWER: Mapping[type[CallError], OutcomeClass] = {
    BlockedError: OutcomeClass.CONFIG,
    UnreadableError: OutcomeClass.CONTRACT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Where a provider may answer later, and under which reference that answer will be known."""

    url: str = field(repr=False)
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSource:
    """A provider, ready to be asked."""

    key: str
    spec: EnricherSpec
    secrets: Mapping[str, str] = field(repr=False)
    caller: Caller
    clock: Clock
    new_callback: Callable[[str], Callback]

    async def look_up(self, inputs: Mapping[str, Value]) -> Result:
        """Ask once; nothing that a provider does is raised."""
        callback = None if self.spec.webhook is None else self.new_callback(self.key)
        try:
            reading = await self.ask(inputs, callback)
        except UnusableInputError:
            return Skip(code=ReasonCode.INVALID_INPUT)
        except CallError as error:
            return _no_answer(self.key, error)
        return result_of(self.spec, reading, callback)

    async def ask(self, inputs: Mapping[str, Value], callback: Callback | None = None) -> Reading:
        """Ask once, and return what the answer means; raise UnusableInputError or CallError."""
        values = sent_values(self.spec, inputs)
        request = prepare(self.spec, values, self.secrets, "" if callback is None else callback.url)
        answer = await self.caller.call(
            request, timeout=self.spec.limits.timeout, max_bytes=self.spec.max_body_bytes
        )
        return classify(self.spec, answer, self.clock())


def result_of(spec: EnricherSpec, reading: Reading, callback: Callback | None = None) -> Result:
    """Return what the engine makes of an answer that was judged."""
    match reading.outcome:
        case OutcomeClass.MATCH:
            return found_in(spec, reading.document)
        case OutcomeClass.NO_MATCH:
            return NoMatch()
        case OutcomeClass.BAD_INPUT:
            return Skip(code=ReasonCode.INVALID_INPUT)
        case OutcomeClass.REJECTED:
            return Trouble(reason=reading.reason, kind=OutcomeClass.CONTRACT)
        case kind:
            reference = callback.reference if callback is not None and kind is OutcomeClass.PENDING else None
            return Trouble(reason=reading.reason, kind=kind, after=reading.after, reference=reference)


def trouble_class(error: CallError) -> OutcomeClass:
    """Return what it means that there is no answer."""
    return _NO_ANSWER.get(type(error), OutcomeClass.TRANSIENT)


def _no_answer(key: str, error: CallError) -> Trouble:
    """Return the trouble; what was sent and not answered may have been charged, and is counted so."""
    kind = trouble_class(error)
    if kind is OutcomeClass.CONFIG:
        _log.error("the enricher %s was not called: %s", key, error)
    return Trouble(reason=str(error), kind=kind, is_billed=isinstance(error, LostError | UnreadableError))
