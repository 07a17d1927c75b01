"""From where a request comes: the peer's address, or what proxies that are trusted say of it.

Anybody can write `X-Forwarded-For`. Each proxy adds to its end the address that it was reached from, so the
last entry that no trusted proxy has is the first that nobody could have made up.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from server.web.reading_headers import header

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import IPv4Address

    from starlette.types import Scope

_log = logging.getLogger(__name__)
_UNKNOWN = "unknown"  # a peer without an address: a socket of this machine
_OWN_PART = 64  # bits of an IPv6 address that a provider hands out; the others their customer chooses
_FORWARDED = b"x-forwarded-for"
_MOST_HOPS = 20


class ClientAddresses:
    """Tells addresses apart as far as one client can't change them: IPv6 by /64, IPv4 whole."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted = [ip_network(each) for each in trusted_proxies]
        self._has_warned = False

    def of(self, scope: Scope) -> str:
        """Return whose request this is, as a text for limits."""
        client = scope.get("client")
        if not client:
            return _UNKNOWN
        if header(scope, _FORWARDED) is None or (not self._trusted and self._has_warned):
            return _subject_at(client[0])
        forwarded = [value for name, value in scope["headers"] if name == _FORWARDED]
        peer = _address(client[0])
        return _UNKNOWN if peer is None else _subject(self._first_untrusted(peer, forwarded))

    def trusts_peer(self, scope: Scope) -> bool:
        """Whether a request comes straight from a proxy that is trusted."""
        peer = _address(scope["client"][0]) if scope.get("client") else None
        return peer is not None and self._trusts(peer)

    def _first_untrusted(
        self, peer: IPv4Address | IPv6Address, forwarded: Sequence[bytes]
    ) -> IPv4Address | IPv6Address:
        hops = _hops(forwarded)
        if hops and not self._trusts(peer):
            self._warn(peer)
        while hops and self._trusts(peer):
            before = _address(hops.pop())
            if before is None:
                break  # not written by a proxy that knows its peer: what is trusted ends here
            peer = before
        return peer

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)

    def _warn(self, peer: IPv4Address | IPv6Address) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "%s sends X-Forwarded-For and is not in ACQUAINT_TRUSTED_PROXIES: if it is your proxy, all"
                " its visitors count as one address",
                peer,
            )


def _hops(forwarded: Sequence[bytes]) -> list[str]:
    entries = b",".join(forwarded).decode("latin-1").split(",")[-_MOST_HOPS:]
    return [hop.strip() for hop in entries if hop.strip()]


@lru_cache(10_000)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in a text, perhaps with a port or brackets; IPv4 in IPv6 as IPv4."""
    bare = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


@lru_cache(10_000)
def _subject_at(text: str) -> str:
    address = _address(text)
    return _UNKNOWN if address is None else _subject(address)


def _subject(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _OWN_PART), strict=False).network_address)
    return str(address)
