"""Profiles as a GraphQL type, with how to look them up and write to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

import strawberry
from strawberry.scalars import JSON

from server.access import model as access
from server.graphql.attributes import Attribute, show_attribute
from server.graphql.audiences import Audience, show_audience
from server.graphql.consent import Consent, ConsentEntry, show_entry, show_standing
from server.graphql.context import Info
from server.graphql.enrichment import Enrichment, show_enrichment
from server.graphql.node import Node
from server.graphql.paging import After, Connection, First, connection
from server.kit.paging import page_request
from server.profiles import model
from server.profiles.identifying import email_ref


@strawberry.type(description="One way to recognise a person.")
class Identity:
    """See profiles.model."""

    kind: model.IdentityKind = strawberry.field(description="What kind of identity it is.")
    value: str = strawberry.field(description="The id, the address, or the subject of a social account.")
    issuer: str | None = strawberry.field(description="The issuer of a social account.")
    first_seen_at: datetime = strawberry.field(description="When it first recognised the person.")
    last_seen_at: datetime = strawberry.field(description="When it last did.")


@strawberry.type(description="One sitting of one person.")
class Visit:
    """See profiles.model."""

    id: strawberry.ID = strawberry.field(description="The visit's id.")
    number: int = strawberry.field(description="Which visit of this person it is, from 1.")
    started_at: datetime = strawberry.field(description="When it began.")
    last_seen_at: datetime = strawberry.field(description="When the person last showed up in it.")


@strawberry.type(description="How often an event happened to one person.")
class EventCount:
    """See events.model."""

    name: str = strawberry.field(description="What the event is called.")
    count: int = strawberry.field(description="How often it happened.")
    first_at: datetime = strawberry.field(description="When it happened first.")
    last_at: datetime = strawberry.field(description="When it happened last.")


@strawberry.type(description="Another profile that became part of this one.")
class Merge:
    """See profiles.model."""

    id: strawberry.ID = strawberry.field(description="The merge's id.")
    gone_id: strawberry.ID = strawberry.field(description="The id of the profile that became part of this.")
    at: datetime = strawberry.field(description="When.")
    by: strawberry.ID | None = strawberry.field(description="The key that asked for it; null for a sign-in.")
    undone_at: datetime | None = strawberry.field(description="When it was taken back.")


_Keys = Annotated[
    list[str] | None, strawberry.argument(description="Only attributes with these keys; all when left out.")
]
_Key = Annotated[str, strawberry.argument(description="The key of the attribute.")]


@strawberry.federation.type(keys=["id"], description="One person, anonymous or identified.")
class Profile(Node):
    """See profiles.model. `viewer` is who looks: the person themself where a visit just began."""

    profile: strawberry.Private[model.Profile]
    viewer: strawberry.Private[access.Viewer]
    created_at: datetime = strawberry.field(description="When the person was first seen.")
    updated_at: datetime = strawberry.field(description="When something was last written.")
    is_identified: bool = strawberry.field(description="Whether more than a browser is known.")
    visits: int = strawberry.field(description="How many visits there were.")
    logins: int = strawberry.field(description="How many sign-ins there were.")
    visit: Visit | None = strawberry.field(description="The latest visit.")
    identities: list[Identity] = strawberry.field(description="Every way to recognise this person.")

    @strawberry.field(description="What is known and the viewer may see, in the order of definition.")
    async def attributes(self, info: Info, keys: _Keys = None) -> list[Attribute]:
        """Resolve every attribute that has a live claim."""
        known = await info.context.services.profiles.visible_attributes(self.viewer, self.profile, keys)
        return [show_attribute(each.definition, each, self.profile, self.viewer) for each in known]

    @strawberry.field(
        description="One attribute, also where nothing is known now and only its history tells something;"
        " null where there is none or the viewer may not see it."
    )
    async def attribute(self, info: Info, key: _Key) -> Attribute | None:
        """Resolve one attribute."""
        found = await info.context.services.profiles.visible_attribute(self.viewer, self.profile, key)
        return None if found is None else show_attribute(*found, self.profile, self.viewer)

    @strawberry.field(description="The plain values by key, as one JSON object.")
    async def traits(self, info: Info) -> JSON:
        """Resolve every attribute to its value."""
        known = await info.context.services.profiles.visible_attributes(self.viewer, self.profile)
        return JSON({attribute.definition.key: attribute.value for attribute in known})

    @strawberry.field(description="The profiles that became part of this one, the latest first.")
    async def merges(self, info: Info) -> list[Merge]:
        """Read the merge log; empty without the scope profiles:read."""
        found = await info.context.services.uniting.merges_of(self.viewer, self.profile)
        return [_show_merge(each) for each in found]

    @strawberry.field(description="What became of each look-up, one for every enricher that was considered.")
    async def enrichments(self, info: Info) -> list[Enrichment]:
        """Show the states kept in the profile."""
        found = await info.context.services.enrichment.enrichments_of(self.viewer, self.profile)
        return [show_enrichment(each) for each in found]

    @strawberry.field(
        description="The audiences that the person is in now; empty without the scope profiles:read."
    )
    async def audiences(self, info: Info) -> list[Audience]:
        """Ask every audience that is in memory."""
        found = await info.context.services.audiences.of(self.viewer, self.profile)
        return [show_audience(each) for each in found]

    @strawberry.field(
        description="What the person did, the latest first; empty without the scope profiles:read."
    )
    def events(self, info: Info) -> list[EventCount]:
        """Show what the profile counts."""
        found = info.context.services.events.counts(self.viewer, self.profile)
        return [
            EventCount(name=each.name, count=each.count, first_at=each.first_at, last_at=each.last_at)
            for each in found
        ]

    @strawberry.field(description="Where the person stands towards every purpose, in order of definition.")
    async def consents(self, info: Info) -> list[Consent]:
        """Show what they said, and whether we may."""
        found = await info.context.services.consenting.standings(self.viewer, self.profile)
        return [show_standing(each) for each in found]

    @strawberry.field(description="What the person ever said to any purpose, oldest first.")
    async def consent_history(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[ConsentEntry]:
        """Read a page of the consent log."""
        request = page_request(first, after)
        page = await info.context.services.consenting.history(self.viewer, self.profile, request)
        return connection(page, lambda each: each.id, show_entry)


def _show_merge(merge: model.Merge) -> Merge:
    return Merge(
        id=strawberry.ID(merge.id),
        gone_id=strawberry.ID(merge.gone_id),
        at=merge.at,
        by=None if merge.by is None else strawberry.ID(merge.by),
        undone_at=merge.undone_at,
    )


def show_profile(profile: model.Profile, viewer: access.Viewer) -> Profile:
    """Return a profile, as this viewer may see it, as its GraphQL type."""
    return Profile(
        id=strawberry.ID(profile.id),
        profile=profile,
        viewer=viewer,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        is_identified=profile.is_identified,
        visits=profile.visits,
        logins=profile.logins,
        visit=None if profile.visit is None else show_visit(profile.visit),
        identities=[
            Identity(
                kind=identity.ref.kind,
                value=identity.ref.value,
                issuer=identity.ref.issuer,
                first_seen_at=identity.first_seen_at,
                last_seen_at=identity.last_seen_at,
            )
            for identity in profile.identities
        ],
    )


def show_visit(visit: model.Visit) -> Visit:
    """Return a visit as its GraphQL type."""
    return Visit(
        id=strawberry.ID(visit.id),
        number=visit.number,
        started_at=visit.started_at,
        last_seen_at=visit.last_seen_at,
    )


@strawberry.input(description="A social account.")
class SocialIdentityInput:
    """Issuer and subject, as OpenID Connect pairs them."""

    issuer: str = strawberry.field(description="The issuer, an https URL.")
    subject: str = strawberry.field(description="The subject at that issuer.")


@strawberry.input(one_of=True, description="Whom to look up: exactly one of these.")
class ProfileLookup:
    """How to find one profile."""

    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The profile's id; that of a merged one leads to what it became.",
    )
    user_id: str | None = strawberry.field(default=strawberry.UNSET, description="The id that an app gave.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="A verified e-mail address.")
    identity: SocialIdentityInput | None = strawberry.field(
        default=strawberry.UNSET, description="A social account."
    )


def read_lookup(by: ProfileLookup) -> model.ProfileId | model.IdentityRef:
    """Return the one thing that a lookup names."""
    if isinstance(by.id, str):
        return model.ProfileId(by.id)
    if isinstance(by.user_id, str):
        return model.IdentityRef(kind=model.IdentityKind.USER_ID, value=by.user_id)
    if isinstance(by.email, str):
        return email_ref(by.email)
    social = cast("SocialIdentityInput", by.identity)
    return model.IdentityRef(kind=model.IdentityKind.SOCIAL, value=social.subject, issuer=social.issuer)


@strawberry.type(description="Who is asking, as proved by the token of this request.")
class Viewer:
    """See access.model."""

    viewer: strawberry.Private[access.Viewer]
    kind: access.ViewerKind = strawberry.field(description="What kind of viewer it is.")
    scopes: list[access.Scope] = strawberry.field(description="What a secret key may do; empty for others.")

    @strawberry.field(description="The person's own profile; null for apps, admins and nobody.")
    async def profile(self, info: Info) -> Profile | None:
        """Look the person up."""
        if self.viewer.profile_id is None:
            return None
        own = model.ProfileId(self.viewer.profile_id)
        found = await info.context.services.profiles.visible_profile(self.viewer, own)
        return None if found is None else show_profile(found, self.viewer)


def show_viewer(viewer: access.Viewer) -> Viewer:
    """Return a viewer as its GraphQL type."""
    return Viewer(viewer=viewer, kind=viewer.kind, scopes=sorted(viewer.scopes))
