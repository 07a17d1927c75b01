"""What an e-mail domain tells, in the order that keeps the lists from contradicting each other."""

from __future__ import annotations

import pytest
from disposable_email_domains import blocklist
from hypothesis import given
from hypothesis import strategies as st

from server.enrichment.enrichers.email_domain import RELAYS, DomainType, EmailDomains

DOMAINS = EmailDomains()


def type_of(address: str) -> DomainType:
    facts = DOMAINS.facts(address)
    assert facts is not None
    return facts.type


@pytest.mark.parametrize(
    "domain",
    [
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.co.uk", "yahoo.fr", "icloud.com", "gmx.de"),
        *("web.de", "proton.me", "qq.com", "hey.com", "yandex.ru", "fastmail.com"),
    ],
)
def test_mail_for_everybody_is_free(domain: str) -> None:
    assert type_of(f"ada@{domain}") is DomainType.FREE


@pytest.mark.parametrize(
    "domain", ["mailinator.com", "yopmail.com", "any.mailinator.com", "guerrillamail.com"]
)
def test_throwaway_mail_is_disposable_though_the_free_list_has_it(domain: str) -> None:
    assert type_of(f"ada@{domain}") is DomainType.DISPOSABLE


@pytest.mark.parametrize(
    "domain",
    ["privaterelay.appleid.com", "duck.com", "mozmail.com", "ada.anonaddy.com", "users.noreply.github.com"],
)
def test_forwarding_service_is_a_relay_though_other_lists_have_it(domain: str) -> None:
    assert type_of(f"x7f3k@{domain}") is DomainType.RELAY


@pytest.mark.parametrize("domain", ["mit.edu", "cs.ox.ac.uk", "unimelb.edu.au", "u-tokyo.ac.jp"])
def test_suffix_of_schools_is_education(domain: str) -> None:
    assert type_of(f"ada@{domain}") is DomainType.EDUCATION


@pytest.mark.parametrize(
    ("domain", "company"),
    [
        ("acme.com", "acme.com"),
        ("mail.acme.co.uk", "acme.co.uk"),
        ("acme.github.io", "acme.github.io"),
        ("mail.analytical.test", "analytical.test"),
        ("education.com", "education.com"),
        ("ac.com", "ac.com"),
    ],
)
def test_everything_else_is_business_and_names_the_company(domain: str, company: str) -> None:
    facts = DOMAINS.facts(f"ada@{domain}")

    assert facts is not None
    assert (facts.type, facts.registrable) == (DomainType.BUSINESS, company)


@pytest.mark.parametrize(
    ("address", "is_role"),
    [
        ("info@acme.com", True),
        ("No-Reply@acme.com", True),
        ("support+42@acme.com", True),
        ("ada@acme.com", False),
        ("information@acme.com", False),
    ],
)
def test_office_is_told_from_a_person(address: str, *, is_role: bool) -> None:
    facts = DOMAINS.facts(address)

    assert facts is not None
    assert facts.is_role is is_role


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "@acme.com", "ada@acme", "ada@[127.0.0.1]", "a b@c.de"]
)
def test_no_address_tells_nothing(address: str) -> None:
    assert DOMAINS.facts(address) is None


def test_domain_with_other_letters_is_shown_as_written_and_found_as_encoded() -> None:
    facts = DOMAINS.facts("ada@BÜCHER.example.de")

    assert facts is not None
    assert (facts.domain, facts.registrable) == ("bücher.example.de", "example.de")


def test_no_relay_is_called_disposable() -> None:
    assert {type_of(f"x@{domain}") for domain in RELAYS} == {DomainType.RELAY}


@given(st.sampled_from(sorted(blocklist - RELAYS)), st.sampled_from(["", "mx.", "a.b."]))
def test_every_subdomain_of_a_throwaway_domain_is_one(domain: str, prefix: str) -> None:
    assert type_of(f"x@{prefix}{domain}") is DomainType.DISPOSABLE
