"""From JSON to the enricher that it describes, by enricher.schema.json; pure."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import fastjsonschema

from server.enrichment.model import Limits, MergePolicy, OutcomeClass, Scope, Trigger
from server.enrichment.sources.expressions import BadExpressionError, Expression
from server.enrichment.sources.spec import (
    Auth,
    Confidence,
    EnricherSpec,
    Example,
    Input,
    Mapped,
    OutcomeRule,
    RequestSpec,
    RetryHint,
    SecretRef,
    Signature,
    Transform,
    ValueType,
    Waterfall,
    Webhook,
)
from server.kit.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.enrichment.sources.spec import Sent


def read_spec(document: object) -> EnricherSpec:
    """Return the enricher that a JSON document describes; raise InvalidInputError naming what is wrong.

    Checked is the form, by enricher.schema.json, and that every expression compiles. What depends on the
    deployment (its attributes, its secrets, where it may call) is checked in checking.py.
    """
    given = complete(document)
    try:
        return _spec(given)
    except BadExpressionError as error:
        raise InvalidInputError(f"A mapping does not compile: {error}.", field="spec") from None


def complete(document: object) -> dict[str, Any]:
    """Return the document with what it leaves out; raise InvalidInputError for one of another form."""
    given = copy.deepcopy(document)
    if isinstance(given, dict):
        given.setdefault("limits", {})
        given.setdefault("confidence", {})
    try:
        validated: dict[str, Any] = _validator()(given)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidInputError(f"{error.message.replace('data', 'spec', 1)[:300]}.", field="spec") from None
    return validated


@cache
def _validator() -> Callable[[object], dict[str, Any]]:
    text = resources.files("server.enrichment.sources").joinpath("enricher.schema.json").read_text("utf-8")
    validate: Callable[[object], dict[str, Any]] = fastjsonschema.compile(json.loads(text))
    return validate


def _spec(given: Mapping[str, Any]) -> EnricherSpec:
    limits, ttl = given["limits"], given["ttl_days"]
    return EnricherSpec(
        name=given["name"],
        notice=given.get("notice"),
        triggers=frozenset(Trigger(each) for each in given["triggers"]),
        purpose=given["purpose"],
        scope=Scope(given["scope"]),
        condition=given["condition"],
        inputs=MappingProxyType({name: _input(each) for name, each in given["inputs"].items()}),
        request=_request(given["request"]),
        limits=_limits(limits),
        max_body_bytes=limits["max_body_bytes"],
        outcomes=tuple(_rule(each) for each in given["outcomes"]),
        retry_after=tuple(_hint(each) for each in given["retry_after"]),
        content_types=frozenset(given["content_types"]),
        root=_expression(given.get("root")),
        confidence=_confidence(given["confidence"]),
        min_confidence=float(given["min_confidence"]),
        map=MappingProxyType({key: _mapped(each) for key, each in given["map"].items()}),
        observed_at=_expression(given.get("observed_at")),
        ttl=timedelta(days=ttl["match"]),
        no_match_ttl=timedelta(days=ttl["no_match"]),
        merge=MergePolicy(given["merge"]),
        refresh=given["refresh"],
        waterfall=_waterfall(given["waterfall"]),
        webhook=_webhook(given["webhook"]),
        example=None if given["example"] is None else Example(**given["example"]),
    )


def _expression(text: str | None) -> Expression | None:
    return None if text is None else Expression(text)


def _input(given: Mapping[str, Any]) -> Input:
    return Input(
        source=given["from"],
        transform=Transform(given["transform"]),
        public_address_only=given["public_address_only"],
    )


def _request(given: Mapping[str, Any]) -> RequestSpec:
    auth = given["auth"]
    return RequestSpec(
        method=given["method"],
        base_url=given["base_url"],
        path=given["path"],
        query=_all_sent(given["query"]),
        headers=_all_sent(given["headers"]),
        auth=None if auth is None else Auth(**auth),
        body=given["body"],
    )


def _all_sent(given: Mapping[str, Any]) -> Mapping[str, Sent]:
    return MappingProxyType(
        {name: each if isinstance(each, str) else SecretRef(each["secret"]) for name, each in given.items()}
    )


def _limits(given: Mapping[str, Any]) -> Limits:
    return Limits(
        rate_per_second=given["rate_per_second"],
        concurrency=given["concurrency"],
        budget_per_day=given["budget_per_day"],
        budget_per_month=given["budget_per_month"],
        cost=given["cost"],
        billed_on=frozenset(OutcomeClass(each) for each in given["billed_on"]),
        timeout=timedelta(seconds=given["timeout_seconds"]),
    )


def _rule(given: Mapping[str, Any]) -> OutcomeRule:
    return OutcomeRule(
        statuses=frozenset(given.get("status", ())),
        when=_expression(given.get("when")),
        outcome=OutcomeClass(given["class"]),
    )


def _hint(given: Mapping[str, Any]) -> RetryHint:
    return RetryHint(header=given.get("header"), body=_expression(given.get("body")), format=given["format"])


def _confidence(given: Mapping[str, Any]) -> Confidence:
    return Confidence(
        base=given["base"],
        expression=_expression(given.get("path")),
        scale=given["scale"],
        halve_if=_expression(given.get("halve_if")),
    )


def _mapped(given: Mapping[str, Any]) -> Mapped:
    return Mapped(
        path=Expression(given["path"]),
        type=ValueType(given["type"]),
        values=given.get("values"),
        null_values=tuple(given["null_values"]),
        minimum=given.get("minimum"),
        maximum=given.get("maximum"),
        max_length=given["max_length"],
        confidence=given.get("confidence"),
        unless=_expression(given.get("unless")),
    )


def _waterfall(given: Mapping[str, Any] | None) -> Waterfall | None:
    if given is None:
        return None
    return Waterfall(group=given["group"], position=given["position"], wants=frozenset(given["wants"]))


def _webhook(given: Mapping[str, Any] | None) -> Webhook | None:
    if given is None:
        return None
    signature = given.get("signature")
    return Webhook(
        within=timedelta(hours=given["within_hours"]),
        root=_expression(given.get("root")),
        when=_expression(given.get("when")),
        signature=None if signature is None else Signature(**signature),
    )
