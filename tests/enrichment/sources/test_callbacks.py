"""Providers that answer later: at an address nobody can guess, once, in time, and signed where they sign."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.enrichment.model import Found, NoMatch, OutcomeClass, Trouble
from server.enrichment.sources.late_answers import LateAnswers
from server.enrichment.sources.library import preset
from server.kit.signing import secret_hash
from tests.enrichment.sources.deployment import ADMIN
from tests.enrichment.sources.simulator import Scripted, secret

if TYPE_CHECKING:
    from server.enrichment.model import Result
    from server.kit.mongo import Database
    from tests.enrichment.sources.deployment import Deployment
    from tests.enrichment.sources.simulator import Stand

JSON = {"content-type": "application/json"}
PROFILE = "prf_ada"
SIGNATURE = {
    "header": "X-Request-Signature",
    "algorithm": "sha1",
    "prefix": "sha1=",
    "secret": "api_key",
    "key_after": "made-up-",
}


class Engine:
    """Takes each result for as long as it waits, as the engine does."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str, Result]] = []

    async def called_back(self, profile_id: str, key: str, reference: str, result: Result) -> bool:
        self.taken.append((profile_id, key, reference, result))
        return len(self.taken) == 1


async def asked(here: Deployment, stand: Stand, webhook: dict[str, Any]) -> tuple[str, LateAnswers, Engine]:
    """Let FullContact queue a look-up, and return the token of the address that it was given."""
    given = preset("fullcontact_person") or {}
    given["request"]["body"]["webhookUrl"] = "{callback_url}"
    given["webhook"] = {"within_hours": 24, "when": "!status || status == `200`", **webhook}
    made = await here.sources.configuring.create(ADMIN, "fullcontact", document=given)
    listed = await here.sources.configuring.set_secret(
        ADMIN, made.configured.id, "api_key", secret("api_key")
    )
    await here.sources.configuring.set_enabled(
        ADMIN, made.configured.id, listed.configured.version, is_enabled=True
    )
    stand.simulator.script = [Scripted(status=202, body={"status": 202, "message": "Queued for search"})]

    result = await here.sources.live.running()["fullcontact"].look_up({"email": "ada@fernhill.example"})

    assert isinstance(result, Trouble)
    assert result.kind is OutcomeClass.PENDING
    assert result.reference is not None
    await here.sources.callbacks.owe(PROFILE, "fullcontact", result.reference)
    token = str(stand.simulator.bodies[-1]["webhookUrl"]).rpartition("/")[2]
    assert secret_hash(token) == result.reference
    engine = Engine()
    answering = LateAnswers(
        callbacks=here.sources.callbacks, live=here.sources.live, called_back=engine.called_back
    )
    return token, answering, engine


def person() -> bytes:
    """Return what FullContact posts."""
    return json.dumps((preset("fullcontact_person") or {})["example"]["body"]).encode()


async def test_answer_is_taken_once(here: Deployment, stand: Stand) -> None:
    token, answering, engine = await asked(here, stand, {})

    first = await answering.take(token, JSON, person())
    second = await answering.take(token, JSON, person())

    (taken,) = engine.taken
    assert (first, second) == (True, False)
    assert taken[:3] == (PROFILE, "fullcontact", secret_hash(token))
    assert isinstance(taken[3], Found)
    assert not await answering.is_awaited(token)


@pytest.mark.parametrize("token", ["", "clb_guessed", "x" * 5_000])
async def test_address_that_nobody_was_given_takes_nothing(
    here: Deployment, stand: Stand, token: str
) -> None:
    _, answering, engine = await asked(here, stand, {})

    assert not await answering.is_awaited(token)
    assert not await answering.take(token, JSON, person())
    assert engine.taken == []


async def test_token_is_not_in_the_database(here: Deployment, stand: Stand, database: Database) -> None:
    token, _, _ = await asked(here, stand, {})

    assert token not in repr(await database["enrichment_callbacks"].find().to_list(None))


async def test_late_answer_is_not_taken(here: Deployment, stand: Stand) -> None:
    token, answering, engine = await asked(here, stand, {})

    here.clock.advance(timedelta(hours=25))

    assert not await answering.take(token, JSON, person())
    assert engine.taken == []


async def test_answer_that_says_no_match_is_one(here: Deployment, stand: Stand) -> None:
    token, answering, engine = await asked(here, stand, {})

    await answering.take(token, JSON, b'{"status": 404, "message": "Profile not found"}')

    assert engine.taken[0][3] == NoMatch()


async def test_what_is_posted_and_no_json_is_a_broken_promise(here: Deployment, stand: Stand) -> None:
    token, answering, engine = await asked(here, stand, {})

    await answering.take(token, {"content-type": "text/html"}, b"<html>")

    result = engine.taken[0][3]
    assert isinstance(result, Trouble)
    assert result.kind is OutcomeClass.CONTRACT


async def test_answer_stands_where_the_webhook_says(here: Deployment, stand: Stand) -> None:
    token, answering, engine = await asked(here, stand, {"root": "body", "when": "status == `200`"})

    await answering.take(token, JSON, b'{"status": 200, "body": ' + person() + b"}")

    result = engine.taken[0][3]
    assert isinstance(result, Found)
    assert "job_title" in {each.key for each in result.findings}


@pytest.mark.parametrize("is_signed", [True, False])
async def test_signed_answer_alone_is_taken_from_who_signs(
    here: Deployment, stand: Stand, *, is_signed: bool
) -> None:
    token, answering, engine = await asked(here, stand, {"signature": SIGNATURE})
    body = person()
    tag = hmac.new(b"api_key" if is_signed else b"made-up-api_key", body, "sha1").hexdigest()

    is_taken = await answering.take(token, {**JSON, "x-request-signature": f"sha1={tag}"}, body)
    is_taken_unsigned = await answering.take(token, JSON, body)

    assert (is_taken, is_taken_unsigned) == (is_signed, False)
    assert len(engine.taken) == int(is_signed)


async def test_enricher_that_is_off_takes_nothing(here: Deployment, stand: Stand) -> None:
    token, answering, engine = await asked(here, stand, {})
    (configured,) = (await here.sources.live.configured.current()).values()
    await here.sources.configuring.set_enabled(ADMIN, configured.id, configured.version, is_enabled=False)

    assert not await answering.take(token, JSON, person())
    assert engine.taken == []
