"""Three people who do not exist, to sign in as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePerson:
    """A person with the claims that an identity provider would have about them."""

    subject: str
    name: str
    given_name: str
    family_name: str
    email: str
    is_email_verified: bool
    locale: str
    zoneinfo: str
    note: str
    website: str | None = None
    company: str | None = None

    def claims(self, picture: str) -> dict[str, object]:
        """Return the standard claims (OpenID Connect Core, section 5.1) and the company."""
        claims: dict[str, object] = {
            "sub": self.subject,
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "email": self.email,
            "email_verified": self.is_email_verified,
            "locale": self.locale,
            "zoneinfo": self.zoneinfo,
            "picture": picture,
        }
        beyond = {"website": self.website, "company": self.company}
        return claims | {name: value for name, value in beyond.items() if value is not None}


# Nobody gets mail by mistake: names under .example belong to nobody (RFC 2606), and names at gmail.com have
# six characters at least.
PEOPLE = (
    SamplePerson(
        subject="amara",
        name="Amara Okafor",
        given_name="Amara",
        family_name="Okafor",
        email="amara.okafor@fernhill-robotics.example",
        is_email_verified=True,
        locale="en-GB",
        zoneinfo="Africa/Lagos",
        website="https://amara.example",
        company="Fernhill Robotics",
        note="a work address",
    ),
    SamplePerson(
        subject="mei",
        name="Mei Tanaka",
        given_name="Mei",
        family_name="Tanaka",
        email="mei@gmail.com",
        is_email_verified=True,
        locale="ja-JP",
        zoneinfo="Asia/Tokyo",
        note="a private address",
    ),
    SamplePerson(
        subject="jonas",
        name="Jonas Lindqvist",
        given_name="Jonas",
        family_name="Lindqvist",
        email="jonas@tidewater-studio.example",
        is_email_verified=False,
        locale="sv-SE",
        zoneinfo="Europe/Stockholm",
        note="an address nobody confirmed",
    ),
)
