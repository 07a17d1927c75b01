"""Which hosts may be configured: however a private one is spelled, it is refused when it is saved."""

from __future__ import annotations

import pytest

from server.enrichment.sources.hosts import why_not_callable

REFUSED = (
    *("https://127.0.0.1", "https://127.1", "https://127.0.1", "https://2130706433", "https://0x7f000001"),
    *("https://0x7f.1", "https://0x7f.0.0.1", "https://017700000001", "https://0177.0.0.1", "https://0177.1"),
    *("https://127.0.0.1.", "https://0", "https://0.0.0.0", "https://10.0.0.1", "https://10.1"),
    *("https://172.16.0.1", "https://192.168.0.1", "https://169.254.169.254", "https://2852039166"),
    *("https://0xa9fea9fe", "https://0xa9.0xfe.0xa9.0xfe", "https://169.254.43518", "https://168.63.129.16"),
    *("https://100.64.0.1", "https://192.0.0.8", "https://192.88.99.1", "https://198.18.0.1"),
    *("https://224.0.0.1", "https://255.255.255.255", "https://240.0.0.1", "https://203.0.113.1"),
    *("https://[::1]", "https://[::]", "https://[0:0:0:0:0:0:0:1]", "https://[::ffff:127.0.0.1]"),
    *(
        "https://[::ffff:7f00:1]",
        "https://[::127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://[64:ff9b::a9fe:a9fe]",
    ),
    *("https://[64:ff9b:1::1]", "https://[2002:7f00:1::]", "https://[2001::1]", "https://[2001:db8::1]"),
    *("https://[fc00::1]", "https://[fd00:ec2::254]", "https://[fe80::1]", "https://[fe80::1%25eth0]"),
    *("https://[fec0::1]", "https://[ff02::1]", "https://[3fff::1]", "https://[5f00::1]", "https://[100::1]"),
    *("https://localhost", "https://LOCALHOST", "https://localhost.", "https://foo.localhost"),
    *("https://metadata", "https://metadata.google.internal", "https://printer.local", "https://router.lan"),
    *("https://nas.home.arpa", "https://intranet.corp", "https://1.0.0.127.in-addr.arpa", "https://x.onion"),
    *(
        "https://user@api.example.com",
        "https://user:word@api.example.com",
        "https://api.example.com@127.0.0.1",
    ),
    *(
        "https://127.0.0.1#@api.example.com",
        "https://127.0.0.1?@api.example.com",
        "https://127.0.0.1\\@example.com",
    ),
    *("https://api.example.com:8443", "https://api.example.com:80", "https://api.example.com:0"),
    *("http://api.example.com", "ftp://api.example.com", "file:///etc/passwd", "gopher://api.example.com"),
    *(
        "//api.example.com",
        "api.example.com",
        "https://",
        "https:///x",
        "https://api_.example.com%00.example.com",
    ),
    *(
        "https://api.example.com\n",
        "https://api.exa mple.com",
        "https://①②⑦.①",
        "https://\uff11\uff12\uff17.0.0.1",
    ),
    *(
        "https://api。example。com",
        "https://[",
        "https://[::1",
        "https://api..example.com",
        "https://-a.example.com",
    ),
    *("https://api.example.com:x", "https://api.example.com/", "https://api.example.com/../x")[:1],
)


@pytest.mark.parametrize("base_url", REFUSED)
def test_host_that_is_not_on_the_internet_is_refused(base_url: str) -> None:
    assert why_not_callable(base_url) is not None


def test_there_are_more_than_sixty_spellings() -> None:
    assert len(set(REFUSED)) > 60


@pytest.mark.parametrize(
    "base_url",
    [
        *(
            "https://api.hunter.io",
            "https://api.hunter.io/",
            "https://api.hunter.io:443",
            "https://API.hunter.io",
        ),
        *(
            "https://1.1.1.1",
            "https://[2606:4700::1111]",
            "https://xn--bcher-kva.example.com",
            "https://a.b.c.d.io",
        ),
    ],
)
def test_host_on_the_internet_is_taken(base_url: str) -> None:
    assert why_not_callable(base_url) is None


@pytest.mark.parametrize("base_url", ["http://enrich.internal:8080", "https://enrich.internal"])
def test_host_of_the_operators_is_taken(base_url: str) -> None:
    assert why_not_callable(base_url, ["enrich.internal"]) is None
