"""The attributes that every deployment starts with, and what the field calls them elsewhere.

First the standard claims of OpenID Connect Core 1.0, section 5.1, then what is asked in the demo, then what
look-ups find. What changes by itself lasts for a time; look-ups bring an end of their own for the rest.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from server.profiles.definitions import (
    AttributeSpec,
    AttributeType,
    Bounds,
    ConfirmPolicy,
    Option,
    PersonAccess,
    PersonalData,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

T = AttributeType
_MONTH, _QUARTER, _HALF, _YEAR = (timedelta(days=days) for days in (30, 90, 180, 365))


def _options(*labels: str) -> tuple[Option, ...]:
    return tuple(
        Option(value=label.lower().replace(" ", "_").replace("-", "_"), label=label) for label in labels
    )


def _own(
    key: str,
    label: str,
    type_: AttributeType = T.STRING,
    *,
    options: tuple[Option, ...] = (),
    bounds: Bounds | None = None,
    personal_data: PersonalData = PersonalData.PERSONAL,
) -> AttributeSpec:
    """Return what people may say of themselves, and are asked to confirm when somebody else said it."""
    return AttributeSpec(
        key=key,
        type=type_,
        label=label,
        options=options,
        bounds=bounds or Bounds(),
        person_access=PersonAccess.READWRITE,
        personal_data=personal_data,
        confirm=ConfirmPolicy.UNVERIFIED,
    )


def _found(
    key: str,
    label: str,
    type_: AttributeType = T.STRING,
    *,
    lasts: timedelta | None = None,
    options: tuple[Option, ...] = (),
    bounds: Bounds | None = None,
) -> AttributeSpec:
    """Return what people see of themselves, but others say."""
    return AttributeSpec(
        key=key,
        type=type_,
        label=label,
        options=options,
        bounds=bounds or Bounds(),
        person_access=PersonAccess.READONLY,
        lasts=lasts,
    )


_FROM_SIGN_IN = (
    _own("name", "Name"),
    _own("given_name", "Given name"),
    _own("family_name", "Family name"),
    _own("middle_name", "Middle name"),
    _own("nickname", "Nickname"),
    _own("preferred_username", "User name"),
    _own("profile", "Profile page", T.URL),
    _found("email", "E-mail", T.EMAIL),
    _found("picture", "Picture", T.URL),
    _own("website", "Website", T.URL),
    _own("gender", "Gender", personal_data=PersonalData.SENSITIVE),
    _own("locale", "Language", T.LANGUAGE),
    _own("zoneinfo", "Time zone", T.TIME_ZONE),
    _own("phone_number", "Phone", T.PHONE),
    _own("birthdate", "Birthday", T.DATE),
    _own("address", "Address", T.ADDRESS),
)

_FROM_PEOPLE = (
    _own("company_name", "Company"),
    _own(
        "company_size",
        "Company size",
        T.ENUM,
        options=(
            Option(value="1", label="Just me"),
            Option(value="2-10", label="2 to 10"),
            Option(value="11-50", label="11 to 50"),
            Option(value="51-200", label="51 to 200"),
            Option(value="201-1000", label="201 to 1,000"),
            Option(value="1001+", label="More than 1,000"),
        ),
    ),
    _own(
        "industry",
        "Industry",
        T.ENUM,
        options=_options(
            "Software", "Finance", "Health", "Education", "Retail", "Manufacturing", "Public sector", "Other"
        ),
    ),
    _own(
        "job_role",
        "Role",
        T.ENUM,
        options=_options(
            "Engineering", "Product", "Design", "Marketing", "Sales", "Operations", "Leadership", "Other"
        ),
    ),
    _own("job_title", "Job title"),
    _own("bio", "About", T.TEXT, bounds=Bounds(max_length=500)),
    _own("goal", "Goal", T.TEXT, bounds=Bounds(max_length=500)),
)

_OF_WORK = (
    _found(
        "job_seniority",
        "Seniority",
        T.ENUM,
        options=_options("Junior", "Senior", "Manager", "Director", "Executive"),
    ),
    _found("company_domain", "Company domain", lasts=_HALF),
    _found("company_legal_name", "Legal name of the company", lasts=_HALF),
    _found("company_industry", "Industry of the company", lasts=_HALF),
    _found("company_employees", "Employees", T.INTEGER, lasts=_HALF, bounds=Bounds(minimum=0)),
    _found("company_employee_range", "Employees, about", lasts=_HALF),
    _found("company_revenue_range", "Revenue, about", lasts=_HALF),
    _found(
        "company_founded_year",
        "Founded",
        T.INTEGER,
        lasts=_HALF,
        bounds=Bounds(minimum=1000, maximum=2999),
    ),
    _found(
        "company_type",
        "Kind of company",
        T.ENUM,
        lasts=_HALF,
        options=_options("Public", "Private", "Education", "Government", "Nonprofit", "Personal"),
    ),
    _found("company_country", "Country of the company", T.COUNTRY, lasts=_HALF),
    _found("company_logo_url", "Logo of the company", T.URL, lasts=_HALF),
    _found("company_linkedin_url", "The company on LinkedIn", T.URL, lasts=_HALF),
)

_OF_CONTACTS = (
    _found("social_linkedin_url", "LinkedIn", T.URL, lasts=_QUARTER),
    _found("social_twitter_url", "X", T.URL, lasts=_QUARTER),
    _found("social_facebook_url", "Facebook", T.URL, lasts=_QUARTER),
    _found("social_github_url", "GitHub", T.URL, lasts=_QUARTER),
    _found("email_domain", "E-mail domain", lasts=_MONTH),
    _found(
        "email_domain_type",
        "Kind of e-mail domain",
        T.ENUM,
        lasts=_MONTH,
        options=_options("Business", "Free", "Disposable", "Relay", "Education"),
    ),
    _found("email_is_role", "Shared mailbox", T.BOOLEAN, lasts=_MONTH),
    _found("phone_region", "Country of the phone number", T.COUNTRY, lasts=_YEAR),
    _found(
        "phone_type",
        "Kind of phone",
        T.ENUM,
        lasts=_YEAR,
        options=_options(
            "Mobile",
            "Fixed line",
            "Fixed line or mobile",
            "Toll free",
            "Premium rate",
            "VoIP",
            "Pager",
            "Other",
        ),
    ),
    _found("phone_valid", "Phone number in use", T.BOOLEAN, lasts=_YEAR),
    _found("phone_timezone", "Time zone of the phone number", T.TIME_ZONE, lasts=_YEAR),
    _found("phone_carrier_original", "First carrier of the phone number", lasts=_YEAR),
)

_OF_PLACES = (
    _own("address_country", "Country", T.COUNTRY),
    _own("address_region", "Region"),
    _own("address_city", "City"),
    _own("address_postal_code", "Postal code"),
    _found("address_lat", "Latitude", T.NUMBER, lasts=_YEAR, bounds=Bounds(minimum=-90, maximum=90)),
    _found("address_lng", "Longitude", T.NUMBER, lasts=_YEAR, bounds=Bounds(minimum=-180, maximum=180)),
    _found("address_county", "County", lasts=_YEAR),
    _found("address_timezone", "Time zone of the address", T.TIME_ZONE, lasts=_YEAR),
    _found("geo_country", "Country of the last visit", T.COUNTRY, lasts=_MONTH),
    _found("geo_region", "Region of the last visit", lasts=_MONTH),
    _found("geo_city", "City of the last visit", lasts=_MONTH),
    _found("geo_timezone", "Time zone of the last visit", T.TIME_ZONE, lasts=_MONTH),
    _found("geo_asn", "Network of the last visit", T.INTEGER, lasts=_MONTH, bounds=Bounds(minimum=0)),
    _found("geo_is_hosting", "Last visit from a data centre", T.BOOLEAN, lasts=_MONTH),
    _found(
        "visit_device",
        "Device of the last visit",
        T.ENUM,
        lasts=_QUARTER,
        options=_options("Phone", "Tablet", "Desktop", "Bot", "Other"),
    ),
    _found("locale_currency", "Currency", lasts=_QUARTER),
    _found("area_zcta", "Census area", lasts=_YEAR),
    _found(
        "area_median_household_income",
        "Median household income of the area",
        T.NUMBER,
        lasts=_YEAR,
        bounds=Bounds(minimum=0),
    ),
    _found(
        "area_income_bound",
        "How the income of the area is bounded",
        T.ENUM,
        lasts=_YEAR,
        options=_options("Exact", "At least", "Below"),
    ),
    _found("area_income_year", "Year of the income of the area", T.INTEGER, lasts=_YEAR),
    _found("area_income_margin", "Margin of error of the income of the area", T.NUMBER, lasts=_YEAR),
)

STANDARD_ATTRIBUTES: tuple[AttributeSpec, ...] = (
    *_FROM_SIGN_IN,
    *_FROM_PEOPLE,
    *_OF_WORK,
    *_OF_CONTACTS,
    *_OF_PLACES,
)

# Each standard claim of OpenID Connect: the attribute that it fills, or what it says of another claim.
FROM_OIDC: Mapping[str, str] = MappingProxyType(
    {
        **{spec.key: spec.key for spec in _FROM_SIGN_IN},
        "sub": "(with the issuer: an identity)",
        "email_verified": "(whether the claim about email is verified)",
        "phone_number_verified": "(whether the claim about phone_number is verified)",
        "updated_at": "(not kept: claims have times of their own)",
    }
)

_LITERAL = tuple(
    each.key
    for each in (*_OF_WORK, *_OF_CONTACTS, *_OF_PLACES)
    if not each.key.startswith(("area_income", "visit_"))
)

# Each key of the enrichment registry, as providers are mapped to it: the attribute that it fills.
FROM_REGISTRY: Mapping[str, str] = MappingProxyType(
    {
        "person.name.full": "name",
        "person.name.given": "given_name",
        "person.name.family": "family_name",
        "person.avatar_url": "picture",
        "person.bio": "bio",
        "job.title": "job_title",
        "job.role": "job_role",
        "job.company_name": "company_name",
        "company.name": "company_name",
        "phone.e164": "phone_number",
        "locale.language": "locale",
        "locale.timezone": "zoneinfo",
        **{
            f"social.{name}.url": f"social_{name}_url"
            for name in ("linkedin", "twitter", "facebook", "github")
        },
        **{key.replace("_", ".", 1): key for key in _LITERAL if not key.startswith("social_")},
        "area.median_household_income.bound": "area_income_bound",
        "area.median_household_income.year": "area_income_year",
        "area.median_household_income.moe": "area_income_margin",
    }
)
