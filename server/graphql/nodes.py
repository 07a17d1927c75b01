"""How to find a node: one entry for each prefix of an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import KeyId
from server.audiences.model import AudienceId
from server.consent.model import PurposeId
from server.enrichment.configured import EnricherId
from server.graphql.access import show_key
from server.graphql.audiences import show_audience
from server.graphql.claiming import show_withdrawal
from server.graphql.consent import show_purpose
from server.graphql.definitions import show_definition
from server.graphql.enrichers import show_configured
from server.graphql.hooks import show_hook
from server.graphql.overseeing import show_run
from server.graphql.privacy import show_request
from server.graphql.profiles import show_profile
from server.graphql.question_sets import show_set
from server.hooks.model import HookId
from server.kit.ids import id_prefix
from server.privacy.model import RequestId
from server.profiles.model import AttributeId, ProfileId, WithdrawalId
from server.questions.model import QuestionSetId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from server.graphql.context import Context
    from server.graphql.node import Node


async def find_node(context: Context, node_id: str) -> Node | None:
    """Return what has this id; None for what does not exist or is not the viewer's to see."""
    find = _FINDERS.get(id_prefix(node_id))
    return None if find is None else await find(context, node_id)


async def _profile(context: Context, node_id: str) -> Node | None:
    found = await context.services.profiles.visible_profile(context.viewer, ProfileId(node_id))
    return None if found is None else show_profile(found, context.viewer)


async def _attribute(context: Context, node_id: str) -> Node | None:
    found = await context.services.attributes.find(context.viewer, AttributeId(node_id))
    return None if found is None else show_definition(found)


async def _question_set(context: Context, node_id: str) -> Node | None:
    found = await context.services.authoring.find(context.viewer, QuestionSetId(node_id))
    return None if found is None else show_set(found)


async def _key(context: Context, node_id: str) -> Node | None:
    found = await context.services.access.find_key(context.viewer, KeyId(node_id))
    return None if found is None else show_key(found)


async def _purpose(context: Context, node_id: str) -> Node | None:
    found = await context.services.consents.find(context.viewer, PurposeId(node_id))
    return None if found is None else show_purpose(found)


async def _audience(context: Context, node_id: str) -> Node | None:
    found = await context.services.audiences.find(context.viewer, AudienceId(node_id))
    return None if found is None else show_audience(found)


async def _enricher(context: Context, node_id: str) -> Node | None:
    found = await context.services.sources.configuring.find(context.viewer, EnricherId(node_id))
    return None if found is None else show_configured(found)


async def _hook(context: Context, node_id: str) -> Node | None:
    found = await context.services.hooks.find(context.viewer, HookId(node_id))
    return None if found is None else show_hook(found)


async def _withdrawal(context: Context, node_id: str) -> Node | None:
    found = await context.services.withdrawals.find(context.viewer, WithdrawalId(node_id))
    return None if found is None else show_withdrawal(found)


async def _privacy_request(context: Context, node_id: str) -> Node | None:
    found = await context.services.privacy.find(context.viewer, RequestId(node_id))
    return None if found is None else show_request(found)


async def _enrichment_run(context: Context, node_id: str) -> Node | None:
    found = await context.services.enriching.bulk.find(context.viewer, node_id)
    return None if found is None else show_run(found)


_FINDERS: Mapping[str, Callable[[Context, str], Awaitable[Node | None]]] = {
    "prf": _profile,
    "att": _attribute,
    "set": _question_set,
    "key": _key,
    "wdr": _withdrawal,
    "pur": _purpose,
    "aud": _audience,
    "enr": _enricher,
    "hok": _hook,
    "req": _privacy_request,
    "run": _enrichment_run,
}
