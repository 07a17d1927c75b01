"""`acquaint doctor`: what is wrong with this deployment, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.access.model import KeyKind, Scope
from server.backups.target_store import TargetStore
from server.kit.mongo import greet, is_refused, why_not_durable
from server.services import WIDGET_FILES
from server.services.readiness import AWAY, HALF_RESTORED, STAND_ALONE, why_skewed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from server.access.model import ApiKey
    from server.migrations.service import Due
    from server.services import Services
    from server.settings import Settings

_LATE = timedelta(minutes=5)  # a job that waits as long has no worker, or too few
_OLD = timedelta(days=2)  # one that is made every night may have failed once
_SOON = timedelta(days=14)  # to change what pages and apps hold
_PATIENCE_SECONDS = 10  # with the database, also on a busy machine
_NAMED = 3  # indexes that one line names


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be; a grave one keeps the service from its work."""

    problem: str
    cure: str
    is_grave: bool = True

    def __str__(self) -> str:
        """Return it as a line for the operator."""
        return f"{'Wrong' if self.is_grave else 'Note'}: {self.problem} {self.cure}"


class Doctor:
    """Looks at one deployment and changes nothing; with `dials` it calls the sign-in providers."""

    def __init__(self, services: Services, *, dials: bool, widget: Path = WIDGET_FILES) -> None:
        self._services = services
        self._dials = dials
        self._widget = widget

    async def findings(self) -> list[Finding]:
        """Return what is wrong; without a database that is little."""
        settings = self._services.settings
        found = [*of_settings(settings), *of_widget(self._widget)]
        server = await greet(self._services.database, seconds=_PATIENCE_SECONDS)
        if server is None and await is_refused(self._services.database):
            cure = "See whether user, password and authSource in ACQUAINT_MONGODB_URL are right."
            return [*found, Finding(problem="MongoDB does not let us in.", cure=cure)]
        if server is None:
            cure = "See whether it runs, and whether ACQUAINT_MONGODB_URL leads to it from this machine."
            return [*found, Finding(problem=AWAY, cure=cure)]
        if (skewed := why_skewed(server.skew)) is not None:
            found.append(Finding(problem=skewed, cure="`timedatectl` tells which of them is wrong."))
        if not server.is_replicated:
            cure = "Start it with --replSet and call rs.initiate(), as docker-compose.yml does."
            return [*found, Finding(problem=STAND_ALONE, cure=cure)]
        return [*found, *await self._of_database(), *await self._of_providers()]

    async def _of_database(self) -> list[Finding]:
        services = self._services
        if await TargetStore(services.database).is_under_way():
            return [Finding(problem=HALF_RESTORED, cure="Run the same `acquaint restore` again: it goes on.")]
        unconfirmed = await why_not_durable(services.database["jobs"])
        if unconfirmed is not None:
            cure = "See with rs.status() which members are down."
            return [Finding(problem=unconfirmed, cure=cure)]
        keys = await services.stores.keys.active()
        due = await services.migrations.due()
        active = [each for each in keys if each.is_active(services.clock())]
        return [
            *of_indexes(await services.readiness.missing_indexes()),
            *of_migrations(due),
            *of_keys(active, services.settings),
            *of_ending(active, services.clock()),
            *of_sealed({name: await each.unreadable() for name, each in services.stores.sealed.items()}),
            *of_queue(await services.waiting()),
            *await self._of_backups(),
        ]

    async def _of_backups(self) -> list[Finding]:
        if self._services.settings.is_development:
            return []
        last = await self._services.last_backup()
        return list(of_backups(last, self._services.clock()))

    async def _of_providers(self) -> list[Finding]:
        if not self._dials:
            return []
        cure = "See whether this machine may reach it, and whether its issuer is spelled right."
        return [
            Finding(problem=each, cure=cure) for each in await self._services.identity.providers.unreachable()
        ]


def of_settings(settings: Settings) -> Iterable[Finding]:
    """Return what can be read off the settings that were accepted."""
    if settings.metrics_token is None:
        cure = "Set ACQUAINT_METRICS_TOKEN, or nobody sees how the service fares."
        yield Finding(problem="There are no metrics.", cure=cure, is_grave=False)
    if settings.geo_database is not None and not settings.geo_database.is_file():
        problem = f"There is no file {settings.geo_database}, so that no address is looked up."
        yield Finding(problem=problem, cure="Put it there, or leave ACQUAINT_GEO_DATABASE out.")
    if not settings.is_development and not settings.trusted_proxies:
        yield Finding(
            problem="No proxy is trusted, and TLS ends at one.",
            cure="Name its addresses in ACQUAINT_TRUSTED_PROXIES, or all visitors share one limit.",
            is_grave=False,
        )


def of_widget(files: Path) -> Iterable[Finding]:
    """Return that pages would ask in vain for the widget."""
    if not (files / "drip-question.js").is_file():
        yield Finding(problem="The widget is not built.", cure="Run `make widget`.")


def of_indexes(missing: list[str]) -> Iterable[Finding]:
    """Return which indexes are not there, named as `collection.index`."""
    if missing:
        named = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        yield Finding(problem=f"{len(missing)} indexes are missing ({named}).", cure="Run `acquaint setup`.")


def of_migrations(due: Due) -> Iterable[Finding]:
    """Return what of the documents is of another version."""
    if due.missing:
        problem = f"Documents of an earlier version are not rewritten ({', '.join(due.missing)})."
        cure = "Run `acquaint migrate`; `acquaint migrate --plan` says what it does."
        yield Finding(problem=problem, cure=cure, is_grave=False)
    if due.unknown:
        problem = f"A later version migrated this database ({', '.join(due.unknown)})."
        yield Finding(problem=problem, cure="Run that version, or read its upgrade notes.", is_grave=False)


def of_keys(active: list[ApiKey], settings: Settings) -> Iterable[Finding]:
    """Return what is wrong with the keys that may be used."""
    if not any(each.kind is KeyKind.SECRET and Scope.ADMIN in each.scopes for each in active):
        yield Finding(problem="No admin key is good.", cure="`acquaint admin-key` makes one.")
    publishable = [each for each in active if each.kind is KeyKind.PUBLISHABLE]
    if not publishable:
        yield Finding(
            problem="There is no publishable key, so that no page can ask.",
            cure="Make one: createApiKey(input: {kind: PUBLISHABLE, …}).",
            is_grave=False,
        )
    plain = sorted({each for key in publishable for each in key.origins if not each.startswith("https://")})
    if plain and not settings.is_development:
        yield Finding(
            problem=f"A publishable key is for {plain[0]}, which is not https.",
            cure="Anybody on the way could read what people answer there: revoke it, and make one for https.",
        )


def of_ending(active: list[ApiKey], now: datetime) -> Iterable[Finding]:
    """Return which keys will soon be good no more."""
    for key in active:
        if key.expires_at is not None and key.expires_at - now < _SOON:
            yield Finding(
                problem=f"The key {key.name!r} ({key.id}) ends in {(key.expires_at - now).days} days.",
                cure="Put another in its place before; a new token does not prolong it.",
                is_grave=False,
            )


def of_sealed(unreadable: Mapping[str, int]) -> Iterable[Finding]:
    """Return of what the secrets can't be read, by how many of each kind."""
    named = ", ".join(f"{count} {name}" for name, count in unreadable.items() if count)
    if named:
        cure = (
            "Set the ACQUAINT_SECRET that all other processes have; if that is lost, give them new secrets."
        )
        yield Finding(problem=f"What another secret sealed can't be read ({named}).", cure=cure)


def of_backups(last: datetime | None, now: datetime) -> Iterable[Finding]:
    """Return that nothing could be restored, or only something old."""
    if last is None or now - last > _OLD:
        when = "was made yet" if last is None else f"was made for {(now - last).days} days"
        yield Finding(
            problem=f"No backup {when}.",
            cure="Run `acquaint backup` every night, unless you back MongoDB up by other means.",
            is_grave=False,
        )


def of_queue(depths: list[tuple[str, int, timedelta]]) -> Iterable[Finding]:
    """Return which kinds of jobs nobody gets to."""
    for kind, jobs, age in depths:
        if age > _LATE:
            minutes = age // timedelta(minutes=1)
            yield Finding(
                problem=f"{jobs} jobs of the kind {kind} wait, the first for {minutes} minutes.",
                cure="See whether `acquaint worker` runs; where it does, start another.",
                is_grave=False,
            )
