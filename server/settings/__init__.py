"""Every setting, read from the environment once. Names: `ACQUAINT_` and the field in capitals."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from server.kit.connections import ConnectionLimits
from server.kit.database_limits import DatabaseLimits
from server.kit.operations import OperationLimits
from server.kit.origins import origin_of
from server.kit.signing import derived_key
from server.settings.errors import SettingsError
from server.settings.files import with_files
from server.settings.providers import ProviderSettings, read_providers

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Environment", "ProviderSettings", "Settings", "SettingsError", "read_settings"]

_MAX_DAYS = 36_525  # a hundred years
_Limits = TypeVar("_Limits", OperationLimits, DatabaseLimits, ConnectionLimits)
_MIN_SECRET = 32  # characters; RFC 7518, section 3.2 wants 256 bits for HS256


class Environment(StrEnum):
    """Where the process runs; the demo and GraphiQL exist in development only."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process."""

    environment: Environment
    public_url: str
    mongodb_url: str
    database: str
    # Perhaps in several lines: the first makes things, what the others made is still good.
    secret: str = field(repr=False)
    former_secrets: tuple[str, ...] = field(default=(), repr=False)  # good for what is stored alone
    host: str = "127.0.0.1"
    port: int = 8000
    demo_url: str = "http://127.0.0.1:8001"
    providers: tuple[ProviderSettings, ...] = ()
    geo_database: Path | None = None  # a file of network addresses in MaxMind's format
    enrichment_hosts: tuple[str, ...] = ()  # of the operator's own, that may be private and plain http
    retention: Mapping[str, timedelta] = field(default_factory=dict)  # by collection; none is for ever
    claim_history: timedelta = timedelta(days=730)  # how long what was said before is kept
    trusted_proxies: tuple[str, ...] = ()  # addresses and networks whose X-Forwarded-For counts
    # How often in how many seconds, by the name of a limit; None turns it off. See access.limiting.
    limits: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    operation_limits: OperationLimits = field(default_factory=OperationLimits)
    database_limits: DatabaseLimits = field(default_factory=DatabaseLimits)
    connection_limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    drain_seconds: int = 0  # that a process says it can't serve before it stops to
    executes_trusted_documents_alone: bool = False  # for pages; see access.documents
    metrics_token: str | None = field(default=None, repr=False)  # whoever shows it may read /metrics
    worker_port: int | None = None  # where a worker tells how it is
    # Where the first of several processes of the API does; the next is at the next port.
    first_process_port: int | None = None
    is_traced: bool = False  # spans go where OpenTelemetry's own variables say

    @property
    def is_development(self) -> bool:
        """Whether development conveniences are on."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def secret_of_stores(self) -> str:
        """The secret and all before it: what one of them sealed can be read, and addresses are recognised."""
        return "\n".join((self.secret, *self.former_secrets))

    @property
    def demo_provider(self) -> ProviderSettings:
        """The identity provider of the demo, with its sample people."""
        return ProviderSettings(
            key="demo",
            name="Demo",
            issuer=f"{self.demo_url}/idp",
            client_id="acquaint",
            client_secret=derived_key(self.secret, "demo-provider").hex(),
            claims={"company": "company_name"},
        )

    @property
    def sign_in_providers(self) -> tuple[ProviderSettings, ...]:
        """The providers to sign in with; in development the demo's is one."""
        return (*self.providers, self.demo_provider) if self.is_development else self.providers

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies may be marked Secure."""
        return self.public_url.startswith("https://")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the environment; raise SettingsError with one sentence for the first thing that is wrong."""
    environ = with_files(environ)
    environment = _environment(environ.get("ACQUAINT_ENVIRONMENT", "production"))
    port = _port(environ.get("ACQUAINT_PORT", "8000"))
    settings = Settings(
        environment=environment,
        public_url=_origin(
            "ACQUAINT_PUBLIC_URL", environ.get("ACQUAINT_PUBLIC_URL", f"http://127.0.0.1:{port}")
        ),
        mongodb_url=environ.get("ACQUAINT_MONGODB_URL")
        or environ.get("MONGODB_URL")
        or "mongodb://127.0.0.1:27017",
        database=environ.get("ACQUAINT_DATABASE", "acquaint"),
        secret="\n".join(_secrets("ACQUAINT_SECRET", environ.get("ACQUAINT_SECRET", ""))),
        former_secrets=_secrets("ACQUAINT_FORMER_SECRETS", former)
        if (former := environ.get("ACQUAINT_FORMER_SECRETS"))
        else (),
        host=environ.get("ACQUAINT_HOST", "127.0.0.1"),
        port=port,
        demo_url=_origin("ACQUAINT_DEMO_URL", environ.get("ACQUAINT_DEMO_URL", "http://127.0.0.1:8001")),
        providers=read_providers(environ.get("ACQUAINT_PROVIDERS", "[]")),
        geo_database=Path(path) if (path := environ.get("ACQUAINT_GEO_DATABASE")) else None,
        enrichment_hosts=_hosts(environ.get("ACQUAINT_ENRICHMENT_HOSTS", "")),
        retention=_retention(environ.get("ACQUAINT_RETENTION", "{}")),
        claim_history=_days("ACQUAINT_CLAIM_HISTORY_DAYS", environ.get("ACQUAINT_CLAIM_HISTORY_DAYS", "730")),
        trusted_proxies=_networks(environ.get("ACQUAINT_TRUSTED_PROXIES", "")),
        limits=_limits(environ.get("ACQUAINT_LIMITS", "{}")),
        executes_trusted_documents_alone=_truth(
            "ACQUAINT_TRUSTED_DOCUMENTS_ONLY", environ.get("ACQUAINT_TRUSTED_DOCUMENTS_ONLY", "false")
        ),
        metrics_token=_metrics_token(environ.get("ACQUAINT_METRICS_TOKEN", "")),
        worker_port=_port_if_any(environ, "ACQUAINT_WORKER_PORT"),
        first_process_port=_port_if_any(environ, "ACQUAINT_FIRST_PROCESS_PORT"),
        is_traced=_is_traced(environ),
        operation_limits=_whole_numbers("ACQUAINT_OPERATION_LIMITS", environ, OperationLimits),
        database_limits=_whole_numbers("ACQUAINT_DATABASE_LIMITS", environ, DatabaseLimits),
        connection_limits=_whole_numbers("ACQUAINT_CONNECTION_LIMITS", environ, ConnectionLimits),
        drain_seconds=_seconds("ACQUAINT_DRAIN_SECONDS", environ.get("ACQUAINT_DRAIN_SECONDS", "0")),
    )
    if not settings.is_development and not settings.is_https:
        message = "ACQUAINT_PUBLIC_URL must start with https:// in production, since tokens travel over it."
        raise SettingsError(message)
    return settings


def _environment(text: str) -> Environment:
    try:
        return Environment(text)
    except ValueError:
        message = f"ACQUAINT_ENVIRONMENT must be development or production; it is {text!r}."
        raise SettingsError(message) from None


def _is_traced(environ: Mapping[str, str]) -> bool:
    """Whether there is somewhere to send spans to, in the words of OpenTelemetry's specification."""
    if (
        environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environ.get("OTEL_TRACES_EXPORTER") == "none"
    ):
        return False
    named = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(environ.get(name) for name in named)


def _truth(name: str, text: str) -> bool:
    if text not in {"true", "false"}:
        message = f"{name} must be true or false; it is {text!r}."
        raise SettingsError(message)
    return text == "true"


def _port(text: str, name: str = "ACQUAINT_PORT") -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        message = f"{name} must be a port number from 1 to 65535; it is {text!r}."
        raise SettingsError(message)
    return int(text)


def _port_if_any(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name)
    return _port(text, name) if text else None


def _seconds(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text):
        message = f"{name} must be a whole number of seconds from 0 to 999; it is {text!r}."
        raise SettingsError(message)
    return int(text)


def _days(name: str, text: str) -> timedelta:
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) <= _MAX_DAYS:
        message = f"{name} must be a number of days from 1 to {_MAX_DAYS}; it is {text!r}."
        raise SettingsError(message)
    return timedelta(days=int(text))


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(each.strip().lower() for each in text.split(",") if each.strip())
    if not all(re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:]+", each) for each in hosts):
        message = f"ACQUAINT_ENRICHMENT_HOSTS must be host names parted by commas; it is {text[:200]!r}."
        raise SettingsError(message)
    return hosts


def _origin(name: str, text: str) -> str:
    """Read an origin, as browsers spell it: what they send is compared with it."""
    origin = origin_of(text)
    if origin is None or urlsplit(text)[2:] not in {("", "", ""), ("/", "", "")}:
        message = f"{name} must be an origin such as https://acquaint.example; it is {text!r}."
        raise SettingsError(message)
    return origin


def _secrets(name: str, text: str) -> tuple[str, ...]:
    """Read the secrets of some lines: see docs/operations/secrets.md."""
    lines = tuple(each.strip() for each in text.splitlines() if each.strip())
    if not lines or any(len(each) < _MIN_SECRET for each in lines):
        wanted = f"{name} must be at least {_MIN_SECRET} random characters, the same in every process"
        raise SettingsError(f"{wanted}; `openssl rand -hex 32` makes one.")
    return lines


def _metrics_token(text: str) -> str | None:
    if text and not re.fullmatch(rf"([!-~]{{{_MIN_SECRET},}}\n?)+", text):
        message = (
            f"ACQUAINT_METRICS_TOKEN must be at least {_MIN_SECRET} random characters without spaces;"
            " `openssl rand -hex 32` makes one."
        )
        raise SettingsError(message)
    return text or None


def _retention(text: str) -> dict[str, timedelta]:
    """Read how many days each collection keeps; which there are is known to privacy, which checks it."""
    message = 'ACQUAINT_RETENTION must be a JSON object of days by collection, such as {"answers": 730}.'
    try:
        given = json.loads(text)
    except ValueError:
        raise SettingsError(message) from None
    if not isinstance(given, dict) or not all(type(days) is int for days in given.values()):
        raise SettingsError(message)
    return {name: _days(f"{name!r} in ACQUAINT_RETENTION", str(days)) for name, days in given.items()}


def _networks(text: str) -> tuple[str, ...]:
    networks = tuple(each.strip() for each in text.split(",") if each.strip())
    for each in networks:
        try:
            ip_network(each)
        except ValueError:
            message = (
                "ACQUAINT_TRUSTED_PROXIES must be addresses or networks with commas between them, such as"
                f" 10.0.0.0/8,fd00::/8; {each!r} is none."
            )
            raise SettingsError(message) from None
    return networks


def _limits(text: str) -> dict[str, tuple[int, int] | None]:
    """Read how often in how many seconds; which limits there are is known to access, which checks it."""
    message = (
        'ACQUAINT_LIMITS must be a JSON object such as {"visits_per_address": [300, 60]}, which is 300 in 60'
        " seconds; null turns a limit off."
    )
    try:
        given = json.loads(text)
    except ValueError:
        raise SettingsError(message) from None
    if not isinstance(given, dict) or not all(_is_limit(each) for each in given.values()):
        raise SettingsError(message)
    return {name: None if pair is None else (pair[0], pair[1]) for name, pair in given.items()}


def _is_limit(given: object) -> bool:
    if given is None:
        return True
    return (
        isinstance(given, list)
        and [type(each) for each in given] == [int, int]
        and 0 < given[0] <= _MOST_ALLOWED
        and 0 < given[1] <= _LONGEST_SECONDS
    )


_MOST_ALLOWED = 1_000_000_000
_LONGEST_SECONDS = 86_400


def _whole_numbers(name: str, environ: Mapping[str, str], kind: type[_Limits]) -> _Limits:
    """Read numbers by the fields of `kind`; what is not named keeps its default."""
    names = ", ".join(each.name for each in fields(kind))
    message = f"{name} must be a JSON object of whole numbers above 0, by limit: {names}."
    try:
        given = json.loads(environ.get(name, "{}"))
        limits = kind(**given)
    except (TypeError, ValueError):
        raise SettingsError(message) from None
    if not all(type(value) is int and value > 0 for value in given.values()):
        raise SettingsError(message)
    for each in fields(kind):
        if getattr(limits, each.name) > (most := each.metadata.get("most", inf)):
            raise SettingsError(f"{each.name!r} in {name} is at most {most}.")
    return limits
