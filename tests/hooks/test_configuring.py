"""Who configures hooks and what is refused; where they may be; that their secrets are told once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from server.access.model import Scope
from server.hooks.model import Hook, HookEvent, HookId, HookSecret, ResponseClass
from server.hooks.sending import Sender
from server.kit.http import GuardedTransport
from tests.factories.profiles import NOW
from tests.hooks.world import act, create, hook

if TYPE_CHECKING:
    from tests.api import Api

URL = "https://hooks.example.com/acquaint"
HOOK: dict[str, Any] = {"key": "crm", "name": "CRM", "url": URL, "events": ["USER_CREATED"]}


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"key": "No Key"}, "key", "A key is a small letter"),
        ({"name": " "}, "name", "The name of a hook has 1 to 200 characters"),
        ({"url": "hooks.example.com"}, "url", "`url` is an address such as"),
        ({"url": "ftp://hooks.example.com/"}, "url", "`url` is an address such as"),
        ({"url": "https://user:pw@hooks.example.com/"}, "url", "`url` is an address such as"),
        ({"url": "https://hooks.example.com/#part"}, "url", "`url` is an address such as"),
        ({"url": "https://hooks.example.com:99999/"}, "url", "`url` is an address such as"),
        ({"url": "https://[::1"}, "url", "`url` is an address such as"),
        ({"url": "https://h\u00f6\u00f6ks.example.com/"}, "url", "`url` is an address such as"),
        ({"url": f"https://hooks.example.com/{'a' * 2_048}"}, "url", "`url` is an address such as"),
        ({"events": []}, "events", "told of events or asked at gates"),
        ({"gates": ["USER_PRE_LOGIN"]}, "events", "told of events or asked at gates"),
        ({"reads": ["nope"]}, "reads", "There is no attribute 'nope'"),
        ({"reads": ["name"] * 101}, "reads", "names at most 100 attributes"),
        ({"writes": ["name"]}, "writes", "Only a hook that is asked at gates can set attributes"),
        ({"purpose": "nope"}, "purpose", "There is no purpose 'nope'"),
        (
            {"events": [], "gates": ["USER_PRE_LOGIN"], "purpose": "enrichment_ip"},
            "purpose",
            "A hook that is asked has no purpose",
        ),
        ({"events": [], "gates": ["USER_PRE_LOGIN"], "writes": ["nope"]}, "writes", "There is no attribute"),
    ],
    ids=lambda given: str(given)[:40],
)
async def test_hook_that_can_not_be_is_refused_with_one_sentence(
    api: Api, given: dict[str, Any], field: str, message: str
) -> None:
    refused = await act(api, "createHook", **{**HOOK, **given})

    assert (refused["__typename"], refused["field"]) == ("InvalidInputError", field)
    assert message in refused["message"]
    assert len(refused["message"]) < 200


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
async def test_in_production_a_hook_is_on_the_public_internet(production_api: Api, url: str) -> None:
    refused = await act(production_api, "createHook", **{**HOOK, "url": url})

    assert refused["field"] == "url"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0x7f.1", "2130706433", "localhost", "[::1]", "169.254.169.254"]
)
async def test_whatever_a_name_leads_to_only_public_addresses_are_dialled(host: str) -> None:
    assert await _sent_to(host) is ResponseClass.BLOCKED


@pytest.mark.parametrize("host", ["xn--", "xn--99999999", "xn--ls8h.example", "[v1.a]"])
async def test_host_that_is_a_name_to_some_and_none_to_others_is_not_reached(host: str) -> None:
    assert await _sent_to(host) is ResponseClass.UNREACHABLE


async def _sent_to(host: str) -> ResponseClass:
    made = Hook(
        id=HookId("hok_1"),
        key="crm",
        name="CRM",
        url=f"https://{host}/",
        events=(HookEvent.USER_CREATED,),
        secrets=(HookSecret(value="whsec_" + "A" * 44),),
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )
    sender = Sender(GuardedTransport())

    response = await sender.send(made, "msg_1", b"{}", NOW, seconds=5, is_question=False)

    await sender.close()
    return response.kind


async def test_secret_is_told_once_and_lies_sealed(api: Api) -> None:
    made = await create(api, URL, "USER_CREATED")
    shown = json.dumps(await hook(api))
    stored = str(await api.services.database["hooks"].find_one({}))

    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in shown
    assert made["secret"] not in stored


async def test_key_is_taken_once(api: Api) -> None:
    await create(api, URL, "USER_CREATED")

    again = await act(api, "createHook", **HOOK)

    assert (again["__typename"], "There is a hook 'crm' already" in again["message"]) == (
        "ConflictError",
        True,
    )


async def test_version_that_is_out_of_date_changes_nothing(api: Api) -> None:
    await create(api, URL, "USER_CREATED")
    changed = await act(api, "updateHook", key="crm", expectedVersion=1, events=["USER_AUTHENTICATED"])

    late = [
        await act(api, "updateHook", key="crm", expectedVersion=1, name="Late"),
        await act(api, "archiveHook", key="crm", expectedVersion=1),
    ]

    assert changed["hook"]["events"] == ["USER_AUTHENTICATED"]
    assert [each["__typename"] for each in late] == ["VersionConflictError"] * 2


async def test_archived_hook_is_gone_for_good(api: Api) -> None:
    made = await create(api, URL, "USER_CREATED")
    await act(api, "archiveHook", key="crm", expectedVersion=made["hook"]["version"])

    found = [await act(api, "rotateHookSecret", key="crm"), await act(api, "testHook", key="crm")]

    assert [each["__typename"] for each in found] == ["NotFoundError", "NotFoundError"]


@pytest.mark.parametrize("seconds", [-1, 604_801])
async def test_overlap_is_at_most_a_week(api: Api, seconds: int) -> None:
    await create(api, URL, "USER_CREATED")

    refused = await act(api, "rotateHookSecret", key="crm", overlapSeconds=seconds)

    assert refused["message"] == "The overlap is between nothing and seven days."


async def test_nobody_but_an_admin_sees_or_changes_hooks(api: Api) -> None:
    await create(api, URL, "USER_CREATED")
    app, person = await api.app(Scope.CONFIGURATION_READ, Scope.PROFILES_WRITE), await api.person()

    for by in (app, person):
        refused = await act(api, "testHook", by, key="crm")
        seen = await api.data("{ hooks { edges { node { url } } } }", by=by)
        assert (refused["__typename"], seen) == ("ForbiddenError", {"hooks": None})
