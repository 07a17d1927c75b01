"""What is known of a visit while it begins: for look-ups, under their purpose, never stored."""

from __future__ import annotations

from dataclasses import dataclass, field

# The keys under which an enricher names them among its inputs.
ADDRESS = "visit_address"
LANGUAGES = "visit_languages"
USER_AGENT = "visit_user_agent"
TIME_ZONE = "visit_time_zone"
VISIT_FACTS = frozenset({ADDRESS, LANGUAGES, USER_AGENT, TIME_ZONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """Where a sign-in came from: the network address, and what the browser says of itself."""

    address: str | None = field(default=None, repr=False)
    languages: str | None = None  # Accept-Language as it came
    user_agent: str | None = field(default=None, repr=False)
    time_zone: str | None = None  # as the page's script knows it

    def as_inputs(self) -> dict[str, str]:
        """Return what is known, by the keys of inputs."""
        given = {
            ADDRESS: self.address,
            LANGUAGES: self.languages,
            USER_AGENT: self.user_agent,
            TIME_ZONE: self.time_zone,
        }
        return {key: value for key, value in given.items() if value}
