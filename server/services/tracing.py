"""Whether there are spans: only where the settings say where to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.kit.tracing import Tracing
from server.settings import SettingsError

if TYPE_CHECKING:
    from server.settings import Settings


def tracing_of(settings: Settings) -> Tracing:
    """Return what makes spans; raise SettingsError where it is asked for and not installed."""
    if not settings.is_traced:
        return Tracing()
    try:
        # An optional extra, which costs memory and a third of a second: imported where it is used.
        from server.kit.spans import OpenTelemetry  # noqa: PLC0415
    except ModuleNotFoundError:
        message = "OTEL_EXPORTER_OTLP_ENDPOINT wants spans, which take `pip install 'acquaint[otel]'`."
        raise SettingsError(message) from None
    return OpenTelemetry()
