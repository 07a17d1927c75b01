"""Hooks over GraphQL, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api import Api, Caller

_ERROR = "__typename ... on UserError { message } ... on InvalidInputError { field }"
_SHOWN = {
    "createHook": _ERROR + "... on HookSecretSuccess { secret hook { id key version } }",
    "updateHook": _ERROR + "... on HookSuccess { hook { version url events } }",
    "rotateHookSecret": _ERROR + "... on HookSecretSuccess { secret hook { version } }",
    "archiveHook": "__typename ... on UserError { message }",
    "testHook": "__typename ... on UserError { message } ... on TestHookSuccess { response status }",
    "replayDelivery": "__typename ... on UserError { message }",
}
_HOOKS = """{ hooks { edges { node { key disabledBecause failingSince
  deliveries { edges { node { id type state attempts replays response status nextAttemptAt } } } } } } }"""


async def act(api: Api, mutation: str, by: Caller | None = None, **given: object) -> dict[str, Any]:
    """Send a mutation of hooks, as the admin unless said otherwise."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    query = f"mutation ($input: {kind}) {{ {mutation}(input: $input) {{ {_SHOWN[mutation]} }} }}"
    result: dict[str, Any] = (await api.data(query, {"input": given}, by=by or api.admin))[mutation]
    return result


async def create(api: Api, url: str, *events: str, **more: object) -> dict[str, Any]:
    """Create the hook `crm`, told of these events."""
    given = {"key": "crm", "name": "CRM", "url": url, "events": list(events), **more}
    made = await act(api, "createHook", None, **given)
    assert made["__typename"] == "HookSecretSuccess", made
    return made


async def hook(api: Api) -> dict[str, Any]:
    """Return the hook `crm`."""
    await api.services.hooks.known.refresh()
    edges = (await api.data(_HOOKS, by=api.admin))["hooks"]["edges"]
    found: dict[str, Any] = next(each["node"] for each in edges if each["node"]["key"] == "crm")
    return found


async def deliveries(api: Api) -> list[dict[str, Any]]:
    """Return what was sent to it, the first first."""
    edges = (await hook(api))["deliveries"]["edges"]
    return [each["node"] for each in reversed(edges)]
