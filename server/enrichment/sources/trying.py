"""Tries an enricher: on an answer that was recorded, or live with one person; nothing is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from server.access.model import Scope
from server.access.service import require_scope
from server.enrichment.configured import Recorded, Tried
from server.enrichment.model import OutcomeClass
from server.enrichment.sources.checking import why_incomplete
from server.enrichment.sources.classifying import Reading, classify
from server.enrichment.sources.compiling import spec_for
from server.enrichment.sources.mapping import found_in
from server.enrichment.sources.requesting import UnusableInputError, sent_values, shown
from server.enrichment.sources.source import trouble_class
from server.kit.calling import Answer, CallError
from server.kit.errors import InvalidInputError, NotFoundError
from server.profiles.errors import InvalidValueError
from server.profiles.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.model import Viewer
    from server.enrichment.configured import ConfiguredEnricher, EnricherId
    from server.enrichment.model import Finding
    from server.enrichment.sources.live import LiveEnrichers
    from server.enrichment.sources.spec import EnricherSpec
    from server.kit.calling import Request
    from server.kit.clock import Clock
    from server.profiles.model import IdentityRef, ProfileId, Value
    from server.profiles.service import Profiles

_CALLBACK = "https://example.com/callback"  # in place of an address that could be used


class Trying:
    """What `testEnricher` does; admins only."""

    def __init__(self, *, live: LiveEnrichers, profiles: Profiles, clock: Clock) -> None:
        self._live = live
        self._profiles = profiles
        self._clock = clock

    async def run(
        self,
        viewer: Viewer,
        enricher_id: EnricherId,
        answer: Recorded | None,
        by: ProfileId | IdentityRef | None,
    ) -> Tried:
        """Try on an answer, or live with one person.

        Raises ForbiddenError, NotFoundError, InvalidInputError for what stands against it.
        """
        require_scope(viewer, Scope.ADMIN)
        if by is None:
            return await self._recorded(enricher_id, answer)
        if answer is not None:
            raise InvalidInputError(
                "Try it on an answer or live with somebody: one of the two.", field="answer"
            )
        return await self._live_with(enricher_id, by)

    async def _recorded(self, enricher_id: EnricherId, answer: Recorded | None) -> Tried:
        """Try on an answer that was recorded, else on the document's own example; nobody is called."""
        spec, _ = await self._spec(enricher_id)
        if answer is None:
            if spec.example is None:
                raise InvalidInputError(
                    "This enricher has no example: give an answer to try it on.", field="answer"
                )
            answer = Recorded(status=spec.example.status, body=spec.example.body)
        example = {} if spec.example is None else spec.example.inputs
        missing = dict.fromkeys((each.source for each in spec.inputs.values()), "example")
        request = _shown(spec, {**missing, **example, **answer.inputs})
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers = {"content-type": answer.media_type}
        reading = classify(spec, Answer(status=answer.status, headers=headers, body=body), self._clock())
        return await self._tried(spec, request, reading)

    async def _live_with(self, enricher_id: EnricherId, by: ProfileId | IdentityRef) -> Tried:
        """Call the provider for one person, who has to allow it; it may cost, and counts for no budget."""
        spec, configured = await self._spec(enricher_id)
        problem = why_incomplete(spec, configured.secrets)
        if problem is not None:
            raise InvalidInputError(problem, field="id")
        known = await self._known(spec, by)
        request = _shown(spec, known)
        source = self._live.source(configured.key, spec, configured.secrets)
        try:
            reading = await source.ask(known)
        except CallError as error:
            reading = Reading(outcome=trouble_class(error), reason=str(error))
        return await self._tried(spec, request, reading)

    async def _spec(self, enricher_id: EnricherId) -> tuple[EnricherSpec, ConfiguredEnricher]:
        configured = (await self._live.configured.current()).get(enricher_id)
        if configured is None:
            raise NotFoundError("There is no such enricher.")
        return spec_for(configured, await self._profiles.catalogue.current()), configured

    async def _known(self, spec: EnricherSpec, by: ProfileId | IdentityRef) -> Mapping[str, Value]:
        profile = await self._profiles.find_living(by)
        if profile is None:
            raise NotFoundError("There is no such profile.")
        if not await self._profiles.may_use(profile, spec.purpose):
            raise InvalidInputError(f"This person does not allow {spec.purpose!r}.", field="profile")
        attributes = await self._profiles.known_attributes(profile)
        known = {key: attribute.value for key, attribute in attributes.items()}
        missing = sorted({each.source for each in spec.inputs.values()} - known.keys())
        if missing:
            raise InvalidInputError(f"Of this person {missing[0]!r} is not known.", field="profile")
        return known

    async def _tried(self, spec: EnricherSpec, request: Request, reading: Reading) -> Tried:
        findings, dropped = await self._believed(spec, reading)
        return Tried(
            method=request.method,
            url=request.url,
            headers=request.headers,
            body=None if request.content is None else request.content.decode(),
            outcome=reading.outcome,
            reason=reading.reason or None,
            after_seconds=None if reading.after is None else reading.after.total_seconds(),
            findings=findings,
            dropped=dropped,
        )

    async def _believed(
        self, spec: EnricherSpec, reading: Reading
    ) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """Return what would be claimed, and the keys of what does not fit its attribute."""
        if reading.outcome is not OutcomeClass.MATCH:
            return (), ()
        catalogue = await self._profiles.catalogue.current()
        findings: list[Finding] = []
        dropped: list[str] = []
        for finding in found_in(spec, reading.document).findings:
            definition = catalogue.find(finding.key)
            try:
                if definition is not None:
                    self._profiles.claim(definition, finding.value, _SOURCE)
                    findings.append(finding)
            except InvalidValueError:
                dropped.append(finding.key)
        return tuple(findings), tuple(dropped)


_SOURCE = Source(kind=SourceKind.ENRICHER, key="tried")


def _shown(spec: EnricherSpec, known: Mapping[str, Value]) -> Request:
    try:
        return shown(spec, sent_values(spec, known), _CALLBACK)
    except UnusableInputError:
        message = "With these values nothing would be asked: they are not of the form that is sent."
        raise InvalidInputError(message, field="inputs") from None
