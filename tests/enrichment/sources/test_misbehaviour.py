"""Whatever a provider does: one call, an end in time, and a result."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.enrichment.model import OutcomeClass, Trouble
from server.kit.calling import BlockedError, Caller, NotReachedError, Request
from server.kit.http import GuardedTransport
from tests.enrichment.sources.simulator import MEBIBYTE, Scripted, spec_of
from tests.enrichment.sources.specs import document, read

if TYPE_CHECKING:
    from tests.enrichment.sources.simulator import Stand

INPUTS = {"email": "ada@fernhill.example"}
SECOND = timedelta(seconds=1)


async def trouble(stand: Stand, answer: Scripted) -> Trouble:
    """Return what comes of one answer."""
    stand.simulator.script = [answer]
    spec = read(document(limits={"timeout_seconds": 1, "max_body_bytes": 1024}))

    result = await stand.source(spec).look_up(INPUTS)

    assert isinstance(result, Trouble)
    assert len(stand.simulator.calls) == 1
    return result


@pytest.mark.parametrize("mode", ["hang", "drip"])
async def test_answer_that_does_not_come_or_does_not_end_may_have_been_charged(
    stand: Stand, mode: str
) -> None:
    result = await trouble(stand, Scripted(mode=mode))

    assert (result.kind, result.is_billed) == (OutcomeClass.TRANSIENT, True)


@pytest.mark.parametrize("mode", ["big", "bomb"])
async def test_answer_that_is_too_large_is_not_read_to_its_end(stand: Stand, mode: str) -> None:
    result = await trouble(stand, Scripted(mode=mode))

    assert result.kind is OutcomeClass.CONTRACT


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-encoding": "gzip"}, b"not gzip"),
        ({"content-encoding": "br"}, b"{}"),
        ({"content-encoding": "gzip, gzip"}, b"{}"),
    ],
)
async def test_answer_that_can_not_be_unpacked_is_a_broken_promise(
    stand: Stand, headers: dict[str, str], body: bytes
) -> None:
    result = await trouble(
        stand, Scripted(headers={"content-type": "application/json", **headers}, body=body)
    )

    assert result.kind is OutcomeClass.CONTRACT


@pytest.mark.parametrize("body", [b"[" * 900, b"NaN", b'{"a": 1e999}x', b'"\xed\xa0\x80"', b"", b"\x00"])
async def test_json_that_is_none_is_a_broken_promise(stand: Stand, body: bytes) -> None:
    result = await trouble(stand, Scripted(headers={"content-type": "application/json"}, body=body))

    assert result.kind is OutcomeClass.CONTRACT


async def test_redirect_is_not_followed(stand: Stand) -> None:
    result = await trouble(stand, Scripted(status=302, headers={"location": "https://api.example.org/other"}))

    assert result.kind is OutcomeClass.CONFIG


async def test_words_of_the_provider_stay_with_it(stand: Stand) -> None:
    result = await trouble(stand, Scripted(status=500, body={"error": "<script>canary</script>"}))

    assert "canary" not in repr(result)


async def test_server_that_is_not_there_charged_nothing(stand: Stand) -> None:
    caller = Caller(GuardedTransport(["127.0.0.1"]))
    request = Request(method="GET", url="http://127.0.0.1:1/", headers={}, content=None)

    with pytest.raises(NotReachedError):
        await caller.call(request, timeout=SECOND, max_bytes=MEBIBYTE)
    await caller.close()


async def test_host_of_this_machine_is_blocked() -> None:
    caller = Caller(GuardedTransport())
    request = Request(method="GET", url="http://127.0.0.1:1/", headers={}, content=None)

    with pytest.raises(BlockedError):
        await caller.call(request, timeout=SECOND, max_bytes=MEBIBYTE)
    await caller.close()


def test_secrets_and_values_are_in_no_repr() -> None:
    request = Request(
        method="GET", url="https://x.example/?key=canary", headers={"a": "canary"}, content=b"canary"
    )

    assert "canary" not in repr(request)


async def test_documented_example_is_found_at_once_by_its_preset(stand: Stand) -> None:
    """The simulator itself is honest: a wrong secret is refused by it."""
    source = stand.source(spec_of("hunter_person"))

    result = await type(source)(
        key=source.key,
        spec=source.spec,
        secrets={"api_key": "wrong"},
        caller=source.caller,
        clock=source.clock,
        new_callback=source.new_callback,
    ).look_up(INPUTS)

    assert stand.simulator.refusals != []
    assert not isinstance(result, Trouble)
