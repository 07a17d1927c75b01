"""Whose request is it? Nobody chooses their own address, and nobody has more than one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from server.web.addresses import ClientAddresses

if TYPE_CHECKING:
    from collections.abc import Sequence

PROXY, INNER, VISITOR = "10.0.0.1", "10.0.0.2", "203.0.113.7"


def _scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    return {
        "type": "http",
        "client": None if peer is None else (peer, 4711),
        "headers": [(b"x-forwarded-for", each.encode("latin-1")) for each in forwarded],
    }


def _of(peer: str | None, *forwarded: str, trusted: Sequence[str] = ("10.0.0.0/8",)) -> str:
    return ClientAddresses(trusted).of(_scope(peer, *forwarded))


def test_header_of_whoever_is_not_trusted_counts_for_nothing() -> None:
    assert _of(VISITOR, "198.51.100.1") == VISITOR
    assert _of(PROXY, VISITOR, trusted=()) == PROXY


@pytest.mark.parametrize(
    "forwarded",
    [
        (VISITOR,),
        (f"198.51.100.1, {VISITOR}",),
        (f"198.51.100.1,{VISITOR},{INNER}",),
        ("198.51.100.1", VISITOR),
        (f"{VISITOR}:50123",),
        (f"{INNER}, {VISITOR}",),
        (f"::ffff:{VISITOR}",),
        (f"{', '.join(['198.51.100.1'] * 1000)}, {VISITOR}",),
    ],
)
def test_last_address_that_no_trusted_proxy_has_counts(forwarded: Sequence[str]) -> None:
    assert _of(PROXY, *forwarded) == VISITOR


@pytest.mark.parametrize(
    "nonsense", ["", " ", "unknown", "_hidden", "1.2.3", "%", "\xff", "a" * 10_000, ",,,"]
)
def test_nonsense_from_a_trusted_proxy_leaves_the_proxy(nonsense: str) -> None:
    assert _of(PROXY, nonsense) == PROXY
    assert _of(PROXY, f"198.51.100.1, {nonsense}, {INNER}") in {INNER, "198.51.100.1"}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::1%eth0", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
    ],
)
def test_addresses_that_one_customer_can_have_are_one(one: str, other: str, is_same: bool) -> None:  # noqa: FBT001 - a case
    assert (_of(PROXY, one) == _of(PROXY, other)) == is_same


def test_peer_without_an_address_is_somebody() -> None:
    assert _of(None) == _of("not an address") == "unknown"


def test_proxy_that_is_not_trusted_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    addresses = ClientAddresses(())

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            addresses.of(_scope(PROXY, VISITOR))

    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "10.0.0.1 sends X-Forwarded-For and is not in ACQUAINT_TRUSTED_PROXIES"
    ]
