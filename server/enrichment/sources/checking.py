"""Whether an enricher can work in this deployment, with a sentence for what is wrong first; pure."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from server.enrichment.sources.hosts import why_not_callable
from server.enrichment.sources.requesting import placeholders
from server.enrichment.sources.spec import CALLBACK, ValueType
from server.enrichment.visits import VISIT_FACTS
from server.kit.errors import ExpectedError, InvalidInputError
from server.profiles.condition_forms import read_condition
from server.profiles.model import AttributeType, PersonalData

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from server.enrichment.sources.expressions import Expression
    from server.enrichment.sources.spec import EnricherSpec, Mapped
    from server.profiles.catalogue import Catalogue
    from server.profiles.conditions import Condition
    from server.profiles.model import AttributeDefinition

V = ValueType
# What may fill an attribute. E-mail addresses and phone numbers are the person's own to give.
_FITS: Mapping[AttributeType, frozenset[ValueType]] = {
    **dict.fromkeys(
        (AttributeType.STRING, AttributeType.TEXT),
        frozenset({V.STRING, V.ENUM, V.URL, V.DOMAIN, V.COUNTRY, V.LANGUAGE, V.TIME_ZONE, V.DATE}),
    ),
    AttributeType.INTEGER: frozenset({V.INTEGER, V.YEAR, V.ASN}),
    AttributeType.NUMBER: frozenset({V.NUMBER, V.INTEGER}),
    AttributeType.BOOLEAN: frozenset({V.BOOLEAN}),
    AttributeType.ENUM: frozenset({V.ENUM}),
    AttributeType.URL: frozenset({V.URL}),
    AttributeType.DATE: frozenset({V.DATE}),
    AttributeType.COUNTRY: frozenset({V.COUNTRY}),
    AttributeType.LANGUAGE: frozenset({V.LANGUAGE}),
    AttributeType.TIME_ZONE: frozenset({V.TIME_ZONE}),
}
# Never taken from a third party, whatever it is called here: special categories (GDPR, article 9), what
# comes close to them, private means and contacts, and the address that a visit came from.
_REFUSED_ATTRIBUTES = frozenset({"gender", "birthdate", "email", "phone_number"})
_REFUSED_WORDS = frozenset(
    {
        *(
            "gender",
            "sex",
            "sexual",
            "orientation",
            "pronouns",
            "age",
            "birth",
            "birthday",
            "birthdate",
            "dob",
        ),
        *("ethnic", "ethnicity", "race", "religion", "religious", "spirituality", "politics", "political"),
        *(
            "health",
            "medical",
            "disability",
            "union",
            "household",
            "finance",
            "financial",
            "wealth",
            "survey",
        ),
        *("networth", "marital", "children", "demographics", "ip", "personalemails", "personalphones"),
    }
)
_REFUSED_PAIRS = frozenset(
    {("net", "worth"), ("personal", "emails"), ("personal", "phones"), ("personal", "email")}
)
_OWN_HEADERS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding", "cookie"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a deployment has: attributes, purposes, hosts of the operator's, the other enrichers."""

    attributes: Catalogue
    purposes: Collection[str]
    allowed_hosts: Collection[str] = ()
    others: Mapping[str, EnricherSpec]


def check_spec(spec: EnricherSpec, around: Surroundings) -> None:
    """Raise InvalidInputError for the first thing that can't work."""
    for problem in _problems(spec, around):
        raise InvalidInputError(problem, field="spec")
    condition_of(spec, around.attributes)


def condition_of(spec: EnricherSpec, attributes: Catalogue) -> Condition | None:
    """Return the spec's condition; raise InvalidInputError for one that can't be read."""
    if spec.condition is None:
        return None
    try:
        return read_condition(spec.condition, attributes)
    except ExpectedError as error:
        raise InvalidInputError(f"The condition can't be used: {error.message}", field="spec") from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise InvalidInputError(
            "The condition is not of the form that conditions have.", field="spec"
        ) from None


def why_incomplete(spec: EnricherSpec, secrets: Collection[str]) -> str | None:
    """Return which secret is missing, in one sentence; None where all are there."""
    missing = sorted(spec.secrets - set(secrets))
    return f"The secret {missing[0]!r} is missing: set it with setEnricherSecret." if missing else None


def _problems(spec: EnricherSpec, around: Surroundings) -> Iterator[str]:
    host = why_not_callable(spec.request.base_url, around.allowed_hosts)
    if host is not None:
        yield host
    if min(spec.ttl, spec.no_match_ttl) <= timedelta(0):
        yield "A TTL of zero would look everybody up again and again: ttl_days are above 0."
    if spec.purpose not in around.purposes:
        yield f"There is no purpose {spec.purpose!r}."
    yield from _request_problems(spec)
    yield from _input_problems(spec, around.attributes)
    for key, mapped in spec.map.items():
        yield from _map_problems(key, mapped, around.attributes)
    yield from _waterfall_problems(spec, around)


def _request_problems(spec: EnricherSpec) -> Iterator[str]:
    request = spec.request
    auth = request.auth
    for name, text in request.headers.items():
        if name.lower() in _OWN_HEADERS or (name.lower() == "authorization" and auth is not None):
            yield f"The header {name!r} is set by us."
        if isinstance(text, str) and ("{" in text or not text.isascii() or not text.isprintable()):
            yield f"The header {name!r} is a plain text or a secret: no placeholder stands in it."
    if auth is not None and (auth.secret is not None) is not (auth.type == "bearer"):
        yield "Bearer takes `secret`, Basic takes `username` and `password`, each the name of a secret."
    if auth is not None and not auth.secrets:
        yield "Authentication names no secret."
    if request.body is not None and request.method == "GET":
        yield "A GET has no body: use POST."
    if any((each.header is None) is (each.body is None) for each in spec.retry_after):
        yield "Each of retry_after names either a header or a place in the body."
    used = placeholders(spec)
    declared = spec.inputs.keys() | (frozenset() if spec.webhook is None else {CALLBACK})
    for name in sorted(used - declared):
        yield f"The placeholder {{{name}}} is not among the inputs."
    for name in sorted(declared - used):
        yield f"Nothing is done with the input {name!r}: leave it out, or put {{{name}}} where it is sent."


def _input_problems(spec: EnricherSpec, attributes: Catalogue) -> Iterator[str]:
    for each in spec.inputs.values():
        definition = attributes.find(each.source)
        if definition is None and each.source not in VISIT_FACTS:
            yield _unknown(each.source)
        if definition is not None and definition.personal_data is PersonalData.SENSITIVE:
            yield f"{each.source!r} is sensitive and never leaves: it can't be an input."


def _map_problems(key: str, mapped: Mapped, attributes: Catalogue) -> Iterator[str]:
    definition = attributes.find(key)
    if definition is None:
        yield _unknown(key)
        return
    refused = refused_word(mapped.path)
    is_refused = {key, definition.key, definition.canonical} & _REFUSED_ATTRIBUTES
    if definition.personal_data is PersonalData.SENSITIVE or is_refused:
        yield f"{key!r} is never filled by a third party: only the person can say it."
    elif refused is not None:
        yield f"{mapped.path.text[:80]!r} reads {refused!r}, which is never taken from a third party."
    elif mapped.type not in _FITS.get(definition.type, ()):
        yield f"{key!r} is of type {definition.type.value}, which a {mapped.type.value} does not fit."
    elif mapped.type is V.ENUM and definition.type is AttributeType.ENUM:
        yield from _enum_problems(key, mapped, definition)


def _enum_problems(key: str, mapped: Mapped, definition: AttributeDefinition) -> Iterator[str]:
    options = {option.value for option in definition.options}
    for value in (mapped.values or {}).values():
        if value not in options:
            yield f"{key!r} has no option {value[:80]!r}."
    for said in mapped.values or {}:
        if said != said.strip().lower():
            yield f"`values` of {key!r} are looked up in small letters: write {said.strip().lower()[:80]!r}."


def _waterfall_problems(spec: EnricherSpec, around: Surroundings) -> Iterator[str]:
    sources = {each.source for each in spec.inputs.values()}
    for key in sorted(sources & spec.map.keys()):
        yield f"{key!r} is what is asked with and what is filled: the look-up would set itself off."
    if spec.waterfall is None:
        return
    for key in sorted(spec.waterfall.wants):
        if around.attributes.find(key) is None:
            yield _unknown(key)
        if key in sources:
            yield f"The waterfall asks itself: {key!r} is wanted of it and is what it starts from."
    for name, other in around.others.items():
        theirs = other.waterfall
        if theirs is None or theirs.group != spec.waterfall.group:
            continue
        if theirs.position == spec.waterfall.position:
            yield f"{name!r} has position {theirs.position} in the group {theirs.group!r} already."
        if sources & other.map.keys() and {each.source for each in other.inputs.values()} & spec.map.keys():
            yield f"The waterfall asks itself: this and {name!r} each start from what the other fills."


def refused_word(path: Expression) -> str | None:
    """Return the name in a path that is never taken; None where there is none."""
    return next((name for name in sorted(path.names) if _is_refused(name)), None)


def _is_refused(name: str) -> bool:
    words = [each.lower() for each in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    is_word = not _REFUSED_WORDS.isdisjoint({*words, "".join(words)})
    return is_word or not _REFUSED_PAIRS.isdisjoint(itertools.pairwise(words))


def _unknown(key: str) -> str:
    return f"There is no attribute {key[:80]!r}: define it first."
