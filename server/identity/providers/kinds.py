"""What is known about each provider: where it is, what it is asked for, what its claims mean. Data only.

Sources are the vendors' own pages, as of 2026. What a provider does not vouch for stands here as NEVER.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from server.identity.model import ClaimRule, SyncMode, Vouching


class Speaks(StrEnum):
    """The protocol behind a kind of provider."""

    OPENID = "openid"
    GITHUB = "github"
    FACEBOOK = "facebook"
    X = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of provider.

    `issuer` is empty where the admin names it. `has_nonce`, `has_pkce` and `authentication` say where a
    provider differs from the protocol; what is lost thereby stands in docs/security-sign-in.md.
    """

    key: str
    name: str
    speaks: Speaks
    issuer: str
    base_scopes: tuple[str, ...]
    scopes: tuple[str, ...]
    rules: tuple[ClaimRule, ...]
    has_nonce: bool = True
    has_pkce: bool = True
    authentication: str | None = None
    response_mode: str | None = None
    options: tuple[str, ...] = ()
    needs_secret: bool = True


_PROFILE = (
    *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
    *("profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale"),
)
_EMAIL = ClaimRule(
    claim="email", attribute="email", scope="email", vouching=Vouching.FLAG, flag="email_verified"
)
# OpenID Connect Core, sections 5.1 and 5.4: our keys are the claims' own names.
STANDARD_RULES: tuple[ClaimRule, ...] = (
    *(ClaimRule(claim=name, attribute=name, scope="profile") for name in _PROFILE),
    _EMAIL,
    ClaimRule(
        claim="phone_number",
        attribute="phone_number",
        scope="phone",
        vouching=Vouching.FLAG,
        flag="phone_number_verified",
    ),
    ClaimRule(claim="address.locality", attribute="address_city", scope="address"),
    ClaimRule(claim="address.region", attribute="address_region", scope="address"),
    ClaimRule(claim="address.postal_code", attribute="address_postal_code", scope="address"),
    ClaimRule(claim="address.country", attribute="address_country", scope="address"),
    ClaimRule(claim="address", attribute="address", scope="address"),
)


def _of(*names: str, scope: str = "profile") -> tuple[ClaimRule, ...]:
    return tuple(ClaimRule(claim=name, attribute=name, scope=scope) for name in names)


_APPLE_NAME = ClaimRule(claim="", attribute="", scope="name", vouching=Vouching.NEVER, sync=SyncMode.IMPORT)

_ALL = (
    Kind(
        key="oidc",
        name="OpenID Connect",
        speaks=Speaks.OPENID,
        issuer="",
        base_scopes=("openid",),
        scopes=("openid", "profile", "email"),
        rules=STANDARD_RULES,
        needs_secret=False,
        options=("admin_claim", "admin_role"),
    ),
    Kind(
        key="google",
        name="Google",
        speaks=Speaks.OPENID,
        issuer="https://accounts.google.com",
        base_scopes=("openid",),
        scopes=("openid", "profile", "email"),
        rules=(*_of("name", "given_name", "family_name", "picture", "locale"), _EMAIL),
    ),
    Kind(
        key="microsoft",
        name="Microsoft",
        speaks=Speaks.OPENID,
        # Discovery answers for every tenant with this very text; the token names its own tenant in `tid`.
        issuer="https://login.microsoftonline.com/{tenantid}/v2.0",
        base_scopes=("openid", "profile"),  # without profile the token has no `oid`
        scopes=("openid", "profile", "email"),
        # An administrator of any tenant types what stands in email and upn (nOAuth): never vouched for.
        rules=(
            *_of("name", "given_name", "family_name"),
            replace(_EMAIL, vouching=Vouching.NEVER, flag=""),
        ),
        options=("tenant",),
    ),
    Kind(
        key="apple",
        name="Apple",
        speaks=Speaks.OPENID,
        issuer="https://appleid.apple.com",
        base_scopes=("openid",),
        scopes=("openid", "name", "email"),
        # The name comes once, through the browser, signed by nobody.
        rules=(
            replace(_APPLE_NAME, claim="name", attribute="name"),
            replace(_APPLE_NAME, claim="given_name", attribute="given_name"),
            replace(_APPLE_NAME, claim="family_name", attribute="family_name"),
            replace(_EMAIL, takes_text=True),
        ),
        authentication="client_secret_post",
        response_mode="form_post",
        options=("team_id", "key_id"),
    ),
    Kind(
        key="linkedin",
        name="LinkedIn",
        speaks=Speaks.OPENID,
        issuer="https://www.linkedin.com/oauth",
        base_scopes=("openid",),
        scopes=("openid", "profile", "email"),
        rules=(*_of("name", "given_name", "family_name", "picture", "locale"), _EMAIL),
        has_nonce=False,
        has_pkce=False,
        authentication="client_secret_post",
    ),
    Kind(
        key="github",
        name="GitHub",
        speaks=Speaks.GITHUB,
        issuer="https://github.com/login/oauth",
        base_scopes=(),
        scopes=("read:user", "user:email"),
        rules=(
            ClaimRule(claim="name", attribute="name", scope="read:user"),
            ClaimRule(claim="login", attribute="nickname", scope="read:user"),
            ClaimRule(claim="avatar_url", attribute="picture", scope="read:user"),
            ClaimRule(claim="html_url", attribute="profile", scope="read:user"),
            ClaimRule(claim="blog", attribute="website", scope="read:user", vouching=Vouching.NEVER),
            ClaimRule(claim="company", attribute="company_name", scope="read:user", vouching=Vouching.NEVER),
            replace(_EMAIL, scope="user:email"),
        ),
    ),
    Kind(
        key="facebook",
        name="Facebook",
        speaks=Speaks.FACEBOOK,
        issuer="https://www.facebook.com",
        base_scopes=(),
        scopes=("public_profile", "email"),
        rules=(
            ClaimRule(claim="name", attribute="name", scope="public_profile"),
            ClaimRule(claim="first_name", attribute="given_name", scope="public_profile"),
            ClaimRule(claim="last_name", attribute="family_name", scope="public_profile"),
            ClaimRule(claim="middle_name", attribute="middle_name", scope="public_profile"),
            ClaimRule(claim="picture.data.url", attribute="picture", scope="public_profile"),
            # No flag says whether the address was ever confirmed.
            replace(_EMAIL, vouching=Vouching.NEVER, flag=""),
        ),
    ),
    Kind(
        key="x",
        name="X",
        speaks=Speaks.X,
        issuer="https://x.com",
        base_scopes=("users.read", "tweet.read"),  # /2/users/me wants both
        scopes=("users.read", "tweet.read", "users.email"),
        rules=(
            ClaimRule(claim="name", attribute="name", scope="users.read"),
            ClaimRule(claim="username", attribute="nickname", scope="users.read"),
            ClaimRule(claim="profile_image_url", attribute="picture", scope="users.read"),
            ClaimRule(claim="url", attribute="website", scope="users.read", vouching=Vouching.NEVER),
            # X gives this field for addresses that the person confirmed, and no other.
            ClaimRule(claim="confirmed_email", attribute="email", scope="users.email"),
        ),
    ),
)
KINDS = MappingProxyType({kind.key: kind for kind in _ALL})
