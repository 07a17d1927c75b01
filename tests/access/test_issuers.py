"""Apps that come with somebody else's token: what its scopes allow, and everything that opens nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from server.access.errors import AuthenticationError
from server.access.issuer_store import IssuerStore
from server.access.issuers import TokenIssuers
from server.access.model import NOBODY, IssuerId, Scope, TokenIssuer, ViewerKind
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError, UnavailableError
from server.kit.jwts import SignatureAlgorithm
from tests.factories.access import ADMIN, app_viewer, person_viewer, widget_viewer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from joserfc.jwk import Key

    from server.access.model import Viewer
    from server.kit.mongo import Database
    from tests.fakes import FakeClock

ISSUER = "https://id.example.com"
AUDIENCE = "https://acquaint.example/graphql"
KEY = RSAKey.generate_key(2048, auto_kid=True)
STRANGER = RSAKey.generate_key(2048)
_ANY = JWSRegistry(algorithms=["RS256", "PS256", "HS256", "ES256"], strict_check_header=False)
TRUSTED = TokenIssuer(
    id=IssuerId(""),
    name="Our login",
    issuer=ISSUER,
    audience=AUDIENCE,
    algorithm=SignatureAlgorithm.RS256,
    jwks={"keys": [KEY.as_dict(private=False)]},
    jwks_uri=None,
    scope_claim="scope",
    scopes={"acquaint.read": (Scope.PROFILES_READ,), "acquaint.erase": (Scope.PRIVACY_ERASE,)},
    created_at=datetime.min.replace(tzinfo=UTC),
)


class Published:
    """Documents by address, or an answer that is none."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self.documents = dict(documents)
        self.calls: list[str] = []

    async def fetch(self, url: str) -> dict[str, Any]:
        """Return what lies there."""
        self.calls.append(url)
        document = self.documents.get(url)
        if not isinstance(document, dict):
            raise UnavailableError("nothing is there")
        return document


def build(database: Database, clock: FakeClock, published: Published | None = None) -> TokenIssuers:
    return TokenIssuers(
        store=IssuerStore(database),
        fetch=(published or Published({})).fetch,
        public_url="https://acquaint.example",
        clock=clock,
    )


@pytest.fixture
async def issuers(database: Database, clock: FakeClock) -> TokenIssuers:
    """One issuer that is trusted, by keys that were given."""
    issuers = build(database, clock)
    await issuers.trust(ADMIN, TRUSTED)
    return issuers


def claims(clock: FakeClock, **changed: object) -> dict[str, Any]:
    now = int(clock().timestamp())
    honest = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "client-7",
        "client_id": "client-7",
        "iat": now,
        "exp": now + 3_600,
        "scope": "acquaint.read other",
    }
    return {name: value for name, value in {**honest, **changed}.items() if value is not ...}


def signed(said: dict[str, Any], key: Key = KEY, algorithm: str = "RS256", **header: object) -> str:
    return jwt.encode({"alg": algorithm, "typ": "at+jwt", **header}, said, key, registry=_ANY)


async def test_token_proves_an_app_with_what_its_scopes_allow(
    issuers: TokenIssuers, clock: FakeClock
) -> None:
    viewer = await issuers.viewer(signed(claims(clock), kid=KEY.kid), None)

    assert viewer is not None
    assert viewer.kind is ViewerKind.APP
    assert viewer.scopes == {Scope.PROFILES_READ}
    assert viewer.app == "our_login"
    assert (viewer.key_id or "").endswith("/client-7")


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        ("acquaint.read acquaint.erase", {Scope.PROFILES_READ, Scope.PRIVACY_ERASE}),
        (["acquaint.read"], {Scope.PROFILES_READ}),
        ("profiles:read admin", set()),
        ("acquaint.readacquaint.erase ACQUAINT.READ", set()),
        ([["acquaint.read"], 7, None], set()),
        ({"acquaint.read": True}, set()),
        (True, set()),
        (..., set()),
    ],
)
async def test_scopes_are_what_an_admin_said_and_nothing_else(
    issuers: TokenIssuers, clock: FakeClock, given: object, scopes: set[Scope]
) -> None:
    viewer = await issuers.viewer(signed(claims(clock, scope=given)), None)

    assert viewer is not None
    assert viewer.scopes == scopes


@pytest.mark.parametrize("name", ["client_id", "azp", "appid"])
async def test_audit_log_names_the_issuer_and_its_app(
    issuers: TokenIssuers, clock: FakeClock, name: str
) -> None:
    viewer = await issuers.viewer(signed(claims(clock, **{"client_id": ..., name: "crm"})), None)

    (trusted,) = await issuers.listed(ADMIN) or []
    assert viewer is not None
    assert viewer.key_id == f"{trusted.id}/crm"


async def test_token_of_nobody_we_trust_is_left_to_others(issuers: TokenIssuers, clock: FakeClock) -> None:
    for token in (
        signed(claims(clock, iss="https://evil.test")),
        "",
        "a.b",
        "..",
        "x" * 9_000,
        "\ud800.\ud800.",
    ):
        assert await issuers.viewer(token, None) is None


CLAIMS: dict[str, Callable[[int], dict[str, Any]]] = {
    "another audience": lambda _: {"aud": "https://evil.test"},
    "no audience": lambda _: {"aud": ...},
    "audience in an object": lambda _: {"aud": {"0": AUDIENCE}},
    "part of the audience": lambda _: {"aud": AUDIENCE[:-1]},
    "no subject": lambda _: {"sub": ...},
    "subject that is a number": lambda _: {"sub": 7},
    "no expiry": lambda _: {"exp": ...},
    "expired": lambda now: {"exp": now - 61},
    "expiry that is a word": lambda _: {"exp": "never"},
    "good for two days": lambda now: {"exp": now + 172_800},
    "no beginning": lambda _: {"iat": ...},
    "issued in the future": lambda now: {"iat": now + 61},
    "not valid yet": lambda now: {"nbf": now + 61},
    "bound to a key": lambda _: {"cnf": {"jkt": "x"}},
    "client that is endless": lambda _: {"client_id": "c" * 256},
    "client with a line break": lambda _: {"client_id": "c\n"},
}
FORGERIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "unsigned": lambda said: signed(said).rpartition(".")[0] + ".",
    "a stranger's key": lambda said: signed(said, STRANGER),
    "a stranger's key under our name": lambda said: signed(said, STRANGER, kid=KEY.kid),
    "an unknown key": lambda said: signed(said, STRANGER, kid="nobody"),
    "a key in the header": lambda said: signed(said, STRANGER, jwk=STRANGER.as_dict(private=False)),
    "a key at an address": lambda said: signed(said, STRANGER, jku="https://evil.test/jwks"),
    "another algorithm": lambda said: signed(said, KEY, "PS256"),
    "an elliptic key": lambda said: signed(said, ECKey.generate_key("P-256"), "ES256"),
    "a secret": lambda said: signed(said, OctKey.import_key(b"x" * 32), "HS256"),
    "an ID token's type": lambda said: signed(said, typ="id_token"),
    "a logout token's type": lambda said: signed(said, typ="logout+jwt"),
    "an ID token": lambda said: signed({**said, "nonce": "n"}, typ="JWT"),
    "an ID token with a hash": lambda said: signed({**said, "at_hash": "h"}, typ="JWT"),
}


@pytest.mark.parametrize("attack", CLAIMS)
async def test_token_that_says_the_wrong_thing_opens_nothing(
    issuers: TokenIssuers, clock: FakeClock, attack: str
) -> None:
    changed = CLAIMS[attack](int(clock().timestamp()))

    with pytest.raises(AuthenticationError, match="The token is refused"):
        await issuers.viewer(signed(claims(clock, **changed)), None)


@pytest.mark.parametrize("attack", FORGERIES)
async def test_forged_token_opens_nothing(issuers: TokenIssuers, clock: FakeClock, attack: str) -> None:
    with pytest.raises(AuthenticationError, match="The token is refused"):
        await issuers.viewer(FORGERIES[attack](claims(clock)), None)


async def test_audience_may_be_one_of_several(issuers: TokenIssuers, clock: FakeClock) -> None:
    said = claims(clock, aud=["https://other.example", AUDIENCE])

    assert await issuers.viewer(signed(said), None) is not None


async def test_token_without_a_type_is_taken_for_what_it_is(issuers: TokenIssuers, clock: FakeClock) -> None:
    assert await issuers.viewer(signed(claims(clock), typ="JWT"), None) is not None


# Keys by discovery


async def test_keys_are_found_by_discovery(database: Database, clock: FakeClock) -> None:
    published = Published(
        {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
            f"{ISSUER}/keys": {"keys": [KEY.as_dict(private=False)]},
        }
    )
    issuers = build(database, clock, published)
    await issuers.trust(ADMIN, replace(TRUSTED, jwks=None))

    viewers = [await issuers.viewer(signed(claims(clock), kid=KEY.kid), None) for _ in range(3)]

    assert None not in viewers
    assert len(published.calls) == 2


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"issuer": "https://evil.test", "jwks_uri": f"{ISSUER}/keys"},
        {"issuer": f"{ISSUER}/", "jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://id.example.com/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": [f"{ISSUER}/keys"]},
        {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/nothing"},
    ],
)
async def test_metadata_that_is_not_the_issuers_opens_nothing(
    database: Database, clock: FakeClock, metadata: object
) -> None:
    published = Published(
        {
            f"{ISSUER}/.well-known/openid-configuration": metadata,
            f"{ISSUER}/keys": {"keys": [KEY.as_dict(private=False)]},
            "http://id.example.com/keys": {"keys": [KEY.as_dict(private=False)]},
        }
    )
    issuers = build(database, clock, published)
    await issuers.trust(ADMIN, replace(TRUSTED, jwks=None))

    with pytest.raises(AuthenticationError, match="can't be fetched now"):
        await issuers.viewer(signed(claims(clock)), None)


# Who is trusted


async def test_issuer_is_trusted_in_every_process_and_no_more_once_it_ended(
    database: Database, issuers: TokenIssuers, clock: FakeClock
) -> None:
    other, token = build(database, clock), signed(claims(clock))
    (trusted,) = await other.listed(ADMIN) or []
    before = await other.viewer(token, None)

    await issuers.end(ADMIN, trusted.id)
    await other.live.refresh()

    assert before is not None
    assert await other.viewer(token, None) is None
    with pytest.raises(NotFoundError):
        await issuers.end(ADMIN, trusted.id)


async def test_trusting_an_issuer_again_replaces_what_was_trusted(
    issuers: TokenIssuers, clock: FakeClock
) -> None:
    await issuers.trust(ADMIN, replace(TRUSTED, audience="https://new.example"))

    assert len(await issuers.listed(ADMIN) or []) == 1
    with pytest.raises(AuthenticationError, match="`aud`"):
        await issuers.viewer(signed(claims(clock)), None)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"issuer": "http://id.example.com"}, "issuer"),
        ({"issuer": "https://acquaint.example"}, "issuer"),
        ({"issuer": "javascript:alert(1)"}, "issuer"),
        ({"jwks_uri": "http://id.example.com/keys"}, "jwksUri"),
        ({"audience": ""}, "audience"),
        ({"name": " "}, "name"),
        ({"scope_claim": ""}, "scopeClaim"),
        ({"scopes": {}}, "scopes"),
        ({"scopes": {"a": ()}}, "scopes"),
        ({"scopes": {"root": (Scope.ADMIN,)}}, "scopes"),
        ({"algorithm": SignatureAlgorithm.HS256}, "jwks"),
        ({"algorithm": SignatureAlgorithm.HS256, "jwks": None}, "algorithm"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"jwks": {"keys": [OctKey.generate_key(256).as_dict(private=True)]}}, "jwks"),
    ],
)
async def test_issuer_that_could_not_be_trusted_is_refused(
    database: Database, clock: FakeClock, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await build(database, clock).trust(ADMIN, replace(TRUSTED, **changed))

    assert raised.value.field == field


@pytest.mark.parametrize(
    "viewer", [NOBODY, widget_viewer(), person_viewer("prf_1"), app_viewer(*(set(Scope) - {Scope.ADMIN}))]
)
async def test_only_admins_say_who_is_trusted(issuers: TokenIssuers, viewer: Viewer) -> None:
    (trusted,) = await issuers.listed(ADMIN) or []

    with pytest.raises(ForbiddenError):
        await issuers.trust(viewer, TRUSTED)
    with pytest.raises(ForbiddenError):
        await issuers.end(viewer, trusted.id)
    assert await issuers.listed(viewer) is None
