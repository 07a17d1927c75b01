"""Admins configure enrichers: made from a preset or written whole, tried, switched on, changed, put away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from server.access.model import Scope
from server.access.service import require_scope
from server.enrichment.configured import ConfiguredEnricher, EnricherId, ListedEnricher, Preset
from server.enrichment.sources.checking import Surroundings, check_spec, why_incomplete
from server.enrichment.sources.hosts import host_of
from server.enrichment.sources.library import PRESETS, preset
from server.enrichment.sources.reading import read_spec
from server.kit.errors import (
    ConflictError,
    ExpectedError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from server.kit.ids import new_id
from server.kit.paging import cut
from server.profiles.catalogue import is_source_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from server.access.model import Viewer
    from server.consent.service import Consents
    from server.enrichment.sources.live import LiveEnrichers
    from server.enrichment.sources.spec import EnricherSpec
    from server.enrichment.sources.store import EnricherStore
    from server.kit.clock import Clock
    from server.kit.paging import Page, PageRequest
    from server.profiles.service import Profiles

_MAX_SECRET = 4_096  # characters


class Configuring:
    """The enrichers that this deployment configures, beside those that are built in."""

    def __init__(
        self,
        *,
        store: EnricherStore,
        live: LiveEnrichers,
        profiles: Profiles,
        consents: Consents,
        clock: Clock,
        allowed_hosts: Collection[str] = (),
    ) -> None:
        self._store = store
        self._live = live
        self._profiles = profiles
        self._consents = consents
        self._clock = clock
        self._allowed_hosts = frozenset(allowed_hosts)

    async def create(
        self, viewer: Viewer, key: str, *, preset_key: str | None = None, document: object = None
    ) -> ListedEnricher:
        """Make an enricher of a preset or of a whole document (admins only); it is off at first.

        Raises ForbiddenError, InvalidInputError, NotFoundError for an unknown preset, ConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        if not is_source_key(key):
            message = "key starts with a small letter and goes on with small letters, digits and _."
            raise InvalidInputError(message, field="key")
        if key in self._live.built_in:
            raise ConflictError(f"There is a built-in enricher {key!r} already: choose another key.")
        given = _given(preset_key, document)
        await self._check(key, given)
        now = self._clock()
        made = ConfiguredEnricher(id=EnricherId(new_id("enr", now)), key=key, document=given, created_at=now)
        await self._store.insert(made)
        return await self._listed_after(made)

    async def update(
        self, viewer: Viewer, enricher_id: EnricherId, expected_version: int, document: object
    ) -> ListedEnricher:
        """Put another document in place (admins only). With another host the secrets are gone, and it is off.

        Raises ForbiddenError, NotFoundError, VersionConflictError, InvalidInputError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(enricher_id, expected_version)
        given = _given(None, document)
        spec = await self._check(present.key, given)
        is_moved = host_of(given["request"]["base_url"]) != _host(present)
        secrets = {} if is_moved else {k: v for k, v in present.secrets.items() if k in spec.secrets}
        is_complete = why_incomplete(spec, secrets) is None
        return await self._replaced(
            replace(
                present,
                document=given,
                secrets=secrets,
                is_enabled=present.is_enabled and is_complete,
                revision=present.revision + 1,
            )
        )

    async def set_enabled(
        self, viewer: Viewer, enricher_id: EnricherId, expected_version: int, *, is_enabled: bool
    ) -> ListedEnricher:
        """Switch an enricher on or off (admins only).

        Raises ForbiddenError, NotFoundError, VersionConflictError, InvalidInputError where it can't work.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(enricher_id, expected_version)
        if is_enabled:
            spec = await self._check(present.key, present.document)
            problem = why_incomplete(spec, present.secrets)
            if problem is not None:
                raise InvalidInputError(problem, field="id")
        return await self._replaced(replace(present, is_enabled=is_enabled))

    async def archive(self, viewer: Viewer, enricher_id: EnricherId, expected_version: int) -> ListedEnricher:
        """Put an enricher away for good (admins only), its secrets are gone; its key stays taken.

        Raises ForbiddenError, NotFoundError, VersionConflictError.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(enricher_id, expected_version)
        return await self._replaced(replace(present, is_enabled=False, secrets={}, archived_at=self._clock()))

    async def set_secret(
        self, viewer: Viewer, enricher_id: EnricherId, name: str, value: str
    ) -> ListedEnricher:
        """Set a secret (admins only): written and never read, and for the present host alone.

        Raises ForbiddenError, NotFoundError, InvalidInputError, VersionConflictError where the enricher was
        changed in the same moment.
        """
        require_scope(viewer, Scope.ADMIN)
        present = await self._present(enricher_id, None)
        if name not in read_spec(present.document).secrets:
            raise InvalidInputError(f"This enricher has no secret {name[:80]!r}.", field="name")
        if not 0 < len(value) <= _MAX_SECRET or not value.isascii() or not value.isprintable():
            message = f"A secret has 1 to {_MAX_SECRET} printable characters of ASCII."
            raise InvalidInputError(message, field="value")
        # The revision goes up: what was given up for a wrong key is worth another try.
        secrets = {**present.secrets, name: value}
        return await self._replaced(replace(present, secrets=secrets, revision=present.revision + 1))

    async def page(self, viewer: Viewer, request: PageRequest) -> Page[ListedEnricher] | None:
        """Return the configured enrichers, the oldest first; None for who may not read configuration."""
        if not viewer.has_scope(Scope.CONFIGURATION_READ):
            return None
        known = await self._live.configured.current()
        after = [each for each in known.values() if request.after is None or each.id > request.after]
        listed = [await self._listed(each) for each in after[: request.first + 1]]
        return cut(listed, request.first)

    async def find(self, viewer: Viewer, enricher_id: EnricherId) -> ListedEnricher | None:
        """Return an enricher; None for one that is not there or not to be seen."""
        found = (await self._live.configured.current()).get(enricher_id)
        may_see = viewer.has_scope(Scope.CONFIGURATION_READ)
        return None if found is None or not may_see else await self._listed(found)

    def presets(self, viewer: Viewer) -> list[Preset] | None:
        """Return the providers that ship as data; None for who may not read configuration."""
        if not viewer.has_scope(Scope.CONFIGURATION_READ):
            return None
        documents = {key: _preset(key) for key in PRESETS}
        return [
            Preset(key=key, name=each["name"], notice=each.get("notice"), document=each)
            for key, each in documents.items()
        ]

    async def _check(self, key: str, document: Mapping[str, Any]) -> EnricherSpec:
        spec = read_spec(document)
        known = await self._live.configured.current()
        others = {
            each.key: read_spec(each.document)
            for each in known.values()
            if each.archived_at is None and each.key != key
        }
        around = Surroundings(
            attributes=await self._profiles.catalogue.current(),
            purposes=(await self._consents.purposes.current()).by_key.keys(),
            allowed_hosts=self._allowed_hosts,
            others=others,
        )
        check_spec(spec, around)
        return spec

    async def _present(self, enricher_id: EnricherId, expected_version: int | None) -> ConfiguredEnricher:
        await self._live.configured.refresh()
        found = (await self._live.configured.current()).get(enricher_id)
        if found is None or found.archived_at is not None:
            raise NotFoundError("There is no such enricher.")
        if expected_version is not None and found.version != expected_version:
            raise VersionConflictError(found.version)
        return found

    async def _replaced(self, enricher: ConfiguredEnricher) -> ListedEnricher:
        following = replace(enricher, version=enricher.version + 1)
        is_written = await self._store.replace(following)
        await self._live.configured.refresh()
        if not is_written:
            raise VersionConflictError((await self._live.configured.current())[enricher.id].version)
        return await self._listed(following)

    async def _listed_after(self, enricher: ConfiguredEnricher) -> ListedEnricher:
        await self._live.configured.refresh()
        return await self._listed(enricher)

    async def _listed(self, enricher: ConfiguredEnricher) -> ListedEnricher:
        spec = read_spec(enricher.document)
        try:
            await self._check(enricher.key, enricher.document)
        except ExpectedError as error:
            problem: str | None = error.message
        else:
            problem = why_incomplete(spec, enricher.secrets)
        return ListedEnricher(
            configured=enricher,
            name=spec.name,
            host=_host(enricher),
            needed_secrets=tuple(sorted(spec.secrets)),
            problem=problem,
        )


def _given(preset_key: str | None, document: object) -> dict[str, Any]:
    """Return the document; raise InvalidInputError where it is not one of the two, or is none."""
    if (preset_key is None) is (document is None):
        raise InvalidInputError("Give the key of a `preset` or a whole `spec`.", field="spec")
    if preset_key is not None:
        return _preset(preset_key)
    if not isinstance(document, dict):
        raise InvalidInputError("`spec` is a JSON object; see enricher.schema.json.", field="spec")
    return document


def _preset(key: str) -> dict[str, Any]:
    found = preset(key)
    if found is None:
        raise NotFoundError(f"There is no preset {key[:80]!r}: take one of {', '.join(PRESETS)}.")
    return found


def _host(enricher: ConfiguredEnricher) -> str:
    return host_of(enricher.document["request"]["base_url"])
