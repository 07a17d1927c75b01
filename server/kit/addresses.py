"""Which addresses lie on the public internet; pure.

`ipaddress.is_global` does not say it: it passes 192.88.99.1, 168.63.129.16 (the metadata of a cloud),
2002:7f00:1:: (6to4 around 127.0.0.1) and others. So this is a table: the IANA special-purpose registries,
multicast, every form of IPv6 that carries an IPv4 address inside, and what clouds answer on.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Address

_IPV4 = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        ),
    )
)
# Public IPv6 lies in 2000::/3 alone; these are the parts of it that don't.
_IPV6_GLOBAL = IPv6Network("2000::/3")
_IPV6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are the IPv4 address that is reached


def is_numeric(host: str) -> bool:
    """Whether a host is an address and no name; other spellings of addresses are left to the resolver."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether this is the numeric address of somebody on the public internet."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public_v6(parsed) if isinstance(parsed, IPv6Address) else _is_public_v4(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _IPV4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address in _NAT64:
        return is_public(str(ip_address(address.packed[-4:])))
    return address in _IPV6_GLOBAL and not any(address in network for network in _IPV6)
