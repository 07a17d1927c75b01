"""Handing a person everything that is known of them, and nobody else."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from server.access.model import Scope
from server.privacy.erasing import first_job
from server.privacy.holdings import HOLDINGS
from server.privacy.model import ARCHIVE_LIFETIME, LINK_LIFETIME, RequestKind, RequestState
from server.profiles.model import ProfileId
from tests.api import SEEDER
from tests.privacy.world import EXPORT, everything, fetched, prepare, tell, work

if TYPE_CHECKING:
    from tests.api import Api, Caller
    from tests.fakes import FakeClock

REQUEST = """query ($id: ID!) { node(id: $id) { ... on PrivacyRequest {
  kind state size sha256 downloadUrl expiresAt } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """The application, with a purpose, an attribute that needs it, and questions."""
    await prepare(api)
    return api


async def export(town: Api, by: Caller, profile: dict[str, str] | None = None) -> dict[str, Any]:
    """Have a person's data packed and return the request when it is done."""
    result = (await town.data(EXPORT, {"input": {"profile": profile}}, by=by))["exportPerson"]
    assert result["__typename"] == "PrivacyRequestSuccess", result
    await work(town)
    found: dict[str, Any] = (await town.data(REQUEST, {"id": result["request"]["id"]}, by=by))["node"]
    return found


async def test_archive_holds_what_every_collection_holds_of_the_person(town: Api) -> None:
    ada, bob = await tell(town, "lovelace"), await tell(town, "babbage")

    request = await export(town, town.admin, {"id": ada.id})
    files = await fetched(town, request["downloadUrl"])

    exported = {each.collection for each in HOLDINGS if each.person and each.is_exported}
    assert files.keys() == {"manifest.json", *(f"{name}.json" for name in exported)}
    (profile,) = [each for each in files["profiles.json"] if each["merged_into"] is None]
    assert {each["value"] for each in profile["identities"].values()} >= {"lovelace", "user-lovelace"}
    assert [each["value"] for each in files["answers.json"]] == ["Topic of lovelace", "Title of lovelace"]
    assert "Title of lovelace" in [each["value"] for each in files["claim_history.json"]]
    assert not any(word in json.dumps(files) for word in ("babbage", *bob.ids))


async def test_manifest_lists_every_file_with_its_sum(town: Api) -> None:
    told = await tell(town)
    request = await export(town, town.admin, {"id": told.id})
    response = await town.http.get(request["downloadUrl"])

    manifest = (await fetched(town, request["downloadUrl"]))["manifest.json"]

    assert set(manifest["profiles"]) == told.ids
    assert {each["name"]: each["documents"] for each in manifest["files"]}["answers.json"] == 2
    assert hashlib.sha256(response.content).hexdigest() == request["sha256"]
    assert (len(response.content), response.headers["content-type"]) == (request["size"], "application/zip")


async def test_no_secret_leaves(town: Api) -> None:
    told = await tell(town)
    hashes = [each["_id"] for each in (await everything(town))["sessions"]]

    request = await export(town, town.admin, {"id": told.id})
    text = json.dumps(await fetched(town, request["downloadUrl"]))

    assert hashes
    assert [each for each in hashes if each in text] == []


async def test_person_exports_themself_and_nobody_else(town: Api) -> None:
    ada, bob = await tell(town, "lovelace"), await tell(town, "babbage")

    own = await export(town, ada.page)
    of_bob = (await town.data(EXPORT, {"input": {"profile": {"id": bob.id}}}, by=ada.page))["exportPerson"]

    assert own["state"] == "DONE"
    assert "lovelace" in json.dumps(await fetched(town, own["downloadUrl"]))
    assert of_bob["__typename"] == "ForbiddenError"


async def test_app_needs_the_scope(town: Api) -> None:
    told = await tell(town)
    reader, exporter = await town.app(Scope.PROFILES_READ), await town.app(Scope.PRIVACY_EXPORT)

    given = {"input": {"profile": {"id": told.id}}}
    refused = (await town.data(EXPORT, given, by=reader))["exportPerson"]["__typename"]
    request = await export(town, exporter, {"id": told.id})

    assert (refused, request["state"]) == ("ForbiddenError", "DONE")


async def test_link_is_good_for_minutes_and_for_one_archive(town: Api, clock: FakeClock) -> None:
    ada, bob = await tell(town, "lovelace"), await tell(town, "babbage")
    url = (await export(town, town.admin, {"id": ada.id}))["downloadUrl"]
    other = (await export(town, town.admin, {"id": bob.id}))["downloadUrl"]
    path, _, query = url.partition("?")

    statuses = {
        "ours": (await town.http.get(url)).status_code,
        "forged": (await town.http.get(url[:-1] + ("A" if url[-1] != "A" else "B"))).status_code,
        "another's": (await town.http.get(f"{other.partition('?')[0]}?{query}")).status_code,
        "bare": (await town.http.get(path)).status_code,
        "not a number": (await town.http.get(f"{path}?expires=soon&signature=x")).status_code,
    }
    clock.advance(LINK_LIFETIME + timedelta(seconds=1))
    late = (await town.http.get(url)).status_code

    assert statuses.pop("ours") == httpx.codes.OK
    assert {*statuses.values(), late} == {httpx.codes.NOT_FOUND}


async def test_archive_that_expired_has_no_link(town: Api, clock: FakeClock) -> None:
    told = await tell(town)
    result = (await town.data(EXPORT, {"input": {"profile": {"id": told.id}}}, by=town.admin))["exportPerson"]
    await work(town)
    clock.advance(ARCHIVE_LIFETIME)

    shown = (await town.data(REQUEST, {"id": result["request"]["id"]}, by=town.admin))["node"]

    assert shown["downloadUrl"] is None


async def test_request_is_shown_to_nobody_else(town: Api) -> None:
    ada, bob = await tell(town, "lovelace"), await tell(town, "babbage")
    result = (await town.data(EXPORT, {"input": {"profile": None}}, by=ada.page))["exportPerson"]

    shown = (await town.data(REQUEST, {"id": result["request"]["id"]}, by=bob.page))["node"]

    assert shown is None


@pytest.mark.parametrize("kind", RequestKind)
async def test_request_that_failed_and_is_begun_once_more_ends_as_done(town: Api, kind: RequestKind) -> None:
    services, person = town.services, await town.signed_in("ada")
    asking = {
        RequestKind.EXPORT: services.privacy.export_person,
        RequestKind.ERASE: services.privacy.erase_person,
        RequestKind.ANONYMISE: services.privacy.anonymise_person,
    }
    request = await asking[kind](SEEDER, ProfileId(person.profile_id))
    job = await services.queue.claim({first_job(request).kind}, "worker")
    assert job is not None
    await services.job_handlers[job.kind].given_up(job, "It can't be done.")
    await services.queue.park(job, "It can't be done.")
    failed = await services.privacy.find(SEEDER, request.id)

    await services.enriching.dead_letters.requeue(SEEDER, job.id)
    await work(town)

    done = await services.privacy.find(SEEDER, request.id)
    assert failed is not None
    assert done is not None
    assert (failed.state, done.state) == (RequestState.FAILED, RequestState.DONE)


async def test_large_archive_is_handed_out_whole(town: Api) -> None:
    told = await tell(town)
    entry = {"profile_id": told.id, "purpose": "x", "state": "granted", "text_version": 1, "source": "app"}
    await town.services.database["consent_log"].insert_many(
        {**entry, "_id": f"chg_{n:026}", "noise": hashlib.sha512(str(n).encode()).hexdigest()}
        for n in range(8_000)
    )

    request = await export(town, town.admin, {"id": told.id})
    files = await fetched(town, request["downloadUrl"])

    assert request["size"] > 2 * 255 * 1024
    assert len([each for each in files["consent_log.json"] if "noise" in each]) == 8_000
