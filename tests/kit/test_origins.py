"""Origins: what a browser would send and nothing that parsers could disagree about."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from server.kit.origins import is_origin, origin_of

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
names = st.tuples(st.lists(labels, max_size=3), labels.filter(lambda label: not label.isdecimal()))
hosts = names.map(lambda name: ".".join([*name[0], name[1]])) | st.sampled_from(["[::1]", "[2001:db8::80]"])
schemes = st.sampled_from(["http", "https"])
ports = st.integers(1, 65535)
paths = st.from_regex(r"[a-z0-9/._~@:%-]{0,20}", fullmatch=True).map(lambda text: f"/{text}")


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.example.com",
        "https://example.com.",
        "http://localhost:3000",
        "http://127.0.0.1:8001",
        "http://[::1]",
        "https://[2001:db8::80]:8443",
        "https://xn--bcher-kva.example",
        "http://example.com:443",
        "https://example.com:80",
        "https://a.b.c.d.e:65535",
        "http://my_machine:8080",
    ],
)
def test_origin_of_a_browser_is_one(origin: str) -> None:
    assert is_origin(origin)
    assert origin_of(origin) == origin
    assert origin_of(f"{origin}/path?query=https://evil.example#fragment@evil.example") == origin


HOSTILE = [
    "",
    "null",
    "*",
    "https://*",
    "https://*.example.com",
    "example.com",
    "//example.com",
    "https:",
    "https://",
    "https:///",
    "https://?",
    "https://#",
    "https://:443",
    "https://example.com/",
    "https://example.com//",
    "https://example.com?",
    "https://example.com#",
    "https://example.com:",
    "https://example.com:443",
    "http://example.com:80",
    "http://[::1]:80",
    "https://example.com:0443",
    "https://example.com:00000",
    "http://example.com:0",
    "https://example.com:65536",
    "https://example.com:99999",
    "https://example.com:-1",
    "https://example.com:4 43",
    "https://example.com:\N{ARABIC-INDIC DIGIT EIGHT}0",
    "HTTPS://example.com",
    "https://EXAMPLE.com",
    "https://ex%61mple.com",
    "https://example.com%00",
    "https://example.com\0",
    "https://example.com\n",
    "\nhttps://example.com",
    " https://example.com",
    "https://example.com ",
    "https://example.com\t.evil.example",
    "https://example.com\\@evil.example",
    "https://example.com\\.evil.example",
    "https://user@example.com",
    "https://user:password@example.com",
    "https://example.com@evil.example",
    "https://example.com, https://evil.example",
    "https://example.com https://evil.example",
    "https://b\u00fccher.example",
    "https://\uff45xample.com",
    "https://example\u3002com",
    "https://exa\u00admple.com",
    "https://example.com\u202e",
    "https://\ud800.example",
    "https://[::1",
    "https://::1",
    "https://[]",
    "https://[::1]x",
    "https://[::g]",
    "https://[1]",
    "https://[:::]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[::0001]",
    "https://[::1%25eth0]",
    "http://127.1",
    "http://2130706433",
    "http://127.0.0.01",
    "http://256.0.0.1",
    "http://1.2.3.4.5",
    "https://..",
    "https://.",
    "https://.example.com",
    "https://example..com",
    "javascript://example.com",
    "file://example.com",
    "ftp://example.com",
    "ws://example.com",
    "chrome-extension://abcdefghijklmnop",
    "data:text/html,https://example.com",
    "blob:https://example.com/1",
    "https:example.com",
    "https:/example.com",
    "https://" + "a" * 1_000_000,
    "https://" + "a" * 64 + ".example",
    "https://" + "a." * 127 + "example",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_else_is_no_origin(text: str) -> None:
    assert not is_origin(text)


@given(schemes, hosts, ports, paths)
def test_url_has_the_origin_that_it_begins_with(scheme: str, host: str, port: int, path: str) -> None:
    assume((scheme, port) not in {("http", 80), ("https", 443)})

    assert origin_of(f"{scheme}://{host}:{port}{path}") == f"{scheme}://{host}:{port}"
    assert origin_of(f"{scheme.upper()}://{host.upper()}:{port}") == f"{scheme}://{host}:{port}"


@given(hosts, paths)
def test_default_port_is_left_out_as_browsers_do(host: str, path: str) -> None:
    assert origin_of(f"https://{host}:443{path}") == f"https://{host}"
    assert origin_of(f"http://{host}:80{path}") == f"http://{host}"
    assert origin_of(f"http://{host}:443{path}") == f"http://{host}:443"


@given(st.text(st.characters()) | st.from_regex(r"https?://[^/]{0,30}(/.*)?", fullmatch=True))
@example("https://example.com:443@evil.example/")
@example("https://evil.example\\@example.com/")
@example("http://h:0/")
def test_origin_of_a_url_is_an_origin_or_none(url: str) -> None:
    origin = origin_of(url)

    assert origin is None or (is_origin(origin) and origin_of(f"{origin}/") == origin)


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com@evil.example/",
        "https://evil.example\\@example.com/",
        "https://evil.example\\.example.com/",
        "https://example.com/a\\b",
        "https://example.com\t/",
        "https://exam\nple.com/",
        "https://example.com\r\nX-Injected: 1",
        " https://example.com/",
        "\0https://example.com/",
        "https://example.com\x7f/",
        "https://example.com/a b",
        "//example.com/",
        "/path",
        "example.com",
        "",
        "https:example.com/",
        "https:///example.com/",
        "https://",
        "https://:80/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:http/",
        "https://[::1/",
        "https://[nonsense]/",
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "ftp://example.com/",
        "https://ex%61mple.com/",
        "https://b\u00fccher.example/",
        "https://example.com\uff0fevil.example/",
        "https://\ud800/",
        "https://" + "a" * 1_000_000,
        "http://127.1/",
        "http://[::0001]/",
    ],
)
def test_url_that_could_be_read_two_ways_has_no_origin(url: str) -> None:
    assert origin_of(url) is None
