"""What stands on our own page about a person's accounts and sessions, as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.identity.model import ListedProvider, OwnAccount, Session
    from server.profiles.model import AttributeDefinition, IdentityRef

ACCOUNT = "/auth/account"


def account_body(
    accounts: list[OwnAccount], providers: list[ListedProvider], sessions: list[Session], current: Session
) -> str:
    """Return all of it."""
    linked = "".join(_account(each, is_last=len(accounts) == 1) for each in accounts)
    more = "".join(_link(each) for each in providers)
    places = "".join(_session(each, is_this=each.id == current.id) for each in sessions)
    return (
        f"<h2>Your accounts</h2><ul>{linked}</ul>"
        f"<h2>Sign in with another account, too</h2>{more}"
        f"<h2>Where you are signed in</h2><ul>{places}</ul>"
        f"{button('Sign out here', do='sign_out')}{button('Sign out everywhere', do='sign_out_everywhere')}"
    )


def claims_to_use(provider: ListedProvider) -> str:
    """Return a box for every claim that would be used, each with what for; unticked is withheld."""
    boxes = "".join(
        f'<label><input type="checkbox" name="use" value="{escape(use.rule.claim)}" checked>'
        f" {_named(use.definition)}</label><br>"
        for use in provider.uses
    )
    shown = escape(",".join(use.rule.claim for use in provider.uses))
    return f'<fieldset>{boxes}</fieldset><input type="hidden" name="shown" value="{shown}">'


def button(label: str, **parameters: str) -> str:
    """Return a form that says one thing to the account page."""
    target = escape(f"{ACCOUNT}?{urlencode(parameters)}")
    return f'<form method="post" action="{target}"><button>{escape(label)}</button></form>'


def _account(account: OwnAccount, *, is_last: bool) -> str:
    used = _listed(_named(each) for each in account.used) or "nothing"
    text = f"<strong>{escape(account.provider_name)}</strong>: {used} is used."
    if account.withheld:
        withheld = _listed(escape(each) for each in account.withheld)
        text += (
            f" You withhold {withheld}.{_about(account.ref, 'release', 'Use it from the next sign-in on')}"
        )
    if not is_last:
        text += _about(account.ref, "unlink", "Give this account up")
    return f"<li>{text}</li>"


def _about(ref: IdentityRef, act: str, label: str) -> str:
    return button(label, do=act, issuer=ref.issuer or "", subject=ref.value)


def _link(provider: ListedProvider) -> str:
    target = escape(f"{ACCOUNT}?{urlencode({'do': 'link', 'provider': provider.key})}")
    return (
        f'<form method="post" action="{target}">{claims_to_use(provider)}'
        f"<button>Link {escape(provider.name)}</button></form>"
    )


def _session(session: Session, *, is_this: bool) -> str:
    since = session.created_at.strftime("%Y-%m-%d %H:%M")
    return f"<li>{escape(session.origin)}, since {since} UTC{' (here)' if is_this else ''}</li>"


def _named(definition: AttributeDefinition) -> str:
    purpose = "" if definition.purpose is None else f", for {definition.purpose.replace('_', ' ')}"
    return escape(f"{definition.label}{purpose}")


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts)
