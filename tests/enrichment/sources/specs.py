"""A small enricher to vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.enrichment.sources.reading import read_spec

if TYPE_CHECKING:
    from server.enrichment.sources.spec import EnricherSpec


def document(**overrides: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return an enricher as JSON, with other members."""
    return {
        "format": "acquaint.enricher/1",
        "name": "Oracle",
        "triggers": ["sign_in"],
        "inputs": {"email": {"from": "email"}},
        "request": {"base_url": "https://api.oracle.example.com", "path": "/find", "query": {"q": "{email}"}},
        "map": {"job_title": {"path": "title", "type": "string"}},
        "ttl_days": {"match": 30},
        **overrides,
    }


def read(given: dict[str, Any]) -> EnricherSpec:
    """Return it read."""
    return read_spec(given)
