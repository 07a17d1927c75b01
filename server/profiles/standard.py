"""The attributes that every deployment starts with: the OIDC standard claims and what the enrichers find.

Names and meaning of the first group: OpenID Connect Core 1.0, section 5.1.
"""

from __future__ import annotations

from server.profiles.model import AttributeSpec, AttributeType, Bounds, Option, PersonAccess

_OWN = PersonAccess.READWRITE
_SEEN = PersonAccess.READONLY


def _options(*labels: str) -> tuple[Option, ...]:
    return tuple(
        Option(value=label.lower().replace(" ", "_").replace("-", "_"), label=label) for label in labels
    )


STANDARD_ATTRIBUTES: tuple[AttributeSpec, ...] = (
    AttributeSpec(key="name", type=AttributeType.STRING, label="Name", person_access=_OWN),
    AttributeSpec(key="given_name", type=AttributeType.STRING, label="Given name", person_access=_OWN),
    AttributeSpec(key="family_name", type=AttributeType.STRING, label="Family name", person_access=_OWN),
    AttributeSpec(key="nickname", type=AttributeType.STRING, label="Nickname", person_access=_OWN),
    AttributeSpec(key="email", type=AttributeType.EMAIL, label="E-mail", person_access=_SEEN),
    AttributeSpec(key="picture", type=AttributeType.URL, label="Picture", person_access=_SEEN),
    AttributeSpec(key="website", type=AttributeType.URL, label="Website", person_access=_OWN),
    AttributeSpec(key="locale", type=AttributeType.STRING, label="Language", person_access=_OWN),
    AttributeSpec(key="zoneinfo", type=AttributeType.STRING, label="Time zone", person_access=_OWN),
    AttributeSpec(key="phone_number", type=AttributeType.STRING, label="Phone", person_access=_OWN),
    AttributeSpec(key="birthdate", type=AttributeType.DATE, label="Birthday", person_access=_OWN),
    AttributeSpec(key="email_domain", type=AttributeType.STRING, label="E-mail domain", person_access=_SEEN),
    AttributeSpec(
        key="email_domain_type",
        type=AttributeType.ENUM,
        label="Kind of e-mail domain",
        options=_options("Business", "Free", "Disposable", "Relay", "Education"),
        person_access=_SEEN,
    ),
    AttributeSpec(
        key="email_is_role", type=AttributeType.BOOLEAN, label="Shared mailbox", person_access=_SEEN
    ),
    AttributeSpec(
        key="company_domain", type=AttributeType.STRING, label="Company domain", person_access=_SEEN
    ),
    AttributeSpec(key="company_name", type=AttributeType.STRING, label="Company", person_access=_OWN),
    AttributeSpec(
        key="company_size",
        type=AttributeType.ENUM,
        label="Company size",
        options=(
            Option(value="1", label="Just me"),
            Option(value="2-10", label="2 to 10"),
            Option(value="11-50", label="11 to 50"),
            Option(value="51-200", label="51 to 200"),
            Option(value="201-1000", label="201 to 1,000"),
            Option(value="1001+", label="More than 1,000"),
        ),
        person_access=_OWN,
    ),
    AttributeSpec(
        key="industry",
        type=AttributeType.ENUM,
        label="Industry",
        options=_options(
            "Software", "Finance", "Health", "Education", "Retail", "Manufacturing", "Public sector", "Other"
        ),
        person_access=_OWN,
    ),
    AttributeSpec(
        key="job_role",
        type=AttributeType.ENUM,
        label="Role",
        options=_options(
            "Engineering", "Product", "Design", "Marketing", "Sales", "Operations", "Leadership", "Other"
        ),
        person_access=_OWN,
    ),
    AttributeSpec(key="job_title", type=AttributeType.STRING, label="Job title", person_access=_OWN),
    AttributeSpec(
        key="goal",
        type=AttributeType.TEXT,
        label="Goal",
        bounds=Bounds(max_length=500),
        person_access=_OWN,
    ),
)
