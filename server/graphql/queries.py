"""The root of every query: ids in, one service call, one type out."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.graphql import reading
from server.graphql.access import AuditEntry, show_audit_entry
from server.graphql.asking import AskingQueries
from server.graphql.audiences import AudienceQueries
from server.graphql.claiming import SourceWithdrawal, show_withdrawal
from server.graphql.configuring_enrichers import EnricherQueries
from server.graphql.consent import Purpose, show_purpose
from server.graphql.context import Info
from server.graphql.definitions import AttributeDefinition, show_definition
from server.graphql.federation import FederationQueries
from server.graphql.hooks import HookQueries
from server.graphql.issuers import IssuerQueries
from server.graphql.keys import KeyQueries
from server.graphql.node import Node
from server.graphql.nodes import find_node
from server.graphql.overseeing_roots import OverseeingQueries
from server.graphql.paging import After, Connection, First, connection
from server.graphql.privacy import PrivacyRequest, show_request
from server.graphql.profiles import Profile, ProfileLookup, Viewer, read_lookup, show_profile, show_viewer
from server.graphql.question_sets import QuestionSet, show_set
from server.graphql.questions import NextQuestion, show_next
from server.graphql.signing_in import IdentityQueries
from server.kit.paging import page_request
from server.privacy.model import RequestKind
from server.profiles.model import WithdrawalId
from server.questions.model import SetState

_By = Annotated[ProfileLookup, strawberry.argument(description="Whom to look up.")]
_Placement = Annotated[str, strawberry.argument(description="The place in the front end.")]
_Locale = Annotated[str | None, strawberry.argument(description="The language to ask in, such as pt-BR.")]
_State = Annotated[SetState | None, strawberry.argument(description="Only sets in this state.")]
_Actor = Annotated[strawberry.ID | None, strawberry.argument(description="Only acts with this key.")]
_Target = Annotated[strawberry.ID | None, strawberry.argument(description="Only acts on what has this id.")]
_Act = Annotated[str | None, strawberry.argument(description="Only this mutation, by name.")]
_WithArchived = Annotated[
    bool, strawberry.argument(description="Whether archived ones are among them; admins see these alone.")
]
_Kind = Annotated[RequestKind | None, strawberry.argument(description="Only requests of this kind.")]
_Id = Annotated[strawberry.ID, strawberry.argument(description="The id of what is looked for.")]


@strawberry.type(description="What can be read.")
class Query(
    AudienceQueries,
    HookQueries,
    IdentityQueries,
    EnricherQueries,
    OverseeingQueries,
    AskingQueries,
    KeyQueries,
    IssuerQueries,
    FederationQueries,
):
    """Null stands for what does not exist and for what the viewer may not see: the two look the same."""

    @strawberry.field(description="Who is asking.")
    def viewer(self, info: Info) -> Viewer:
        """Show the viewer that the request's token proved."""
        return show_viewer(info.context.viewer)

    @strawberry.field(description="One profile.")
    async def profile(self, info: Info, by: _By) -> Profile | None:
        """Look a profile up by id or identity."""
        context = info.context
        found = await context.profile_loader.load(read_lookup(by))
        return None if found is None else show_profile(found, context.viewer)

    @strawberry.field(description="Profiles; null without the scope profiles:read. Merged ones never appear.")
    async def profiles(
        self,
        info: Info,
        filter: reading.Filter = None,
        search: reading.Search = None,
        order_by: reading.OrderBy = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Profile] | None:
        """Read a page of profiles."""
        context = info.context
        query = reading.read_query(filter, search, order_by)
        page = await context.services.reading.page(context.viewer, query, page_request(first, after))
        return reading.show_page(page, query, context.viewer)

    @strawberry.field(description="How many profiles there are; null without the scope profiles:read.")
    async def profile_count(
        self, info: Info, filter: reading.Filter = None, search: reading.Search = None
    ) -> reading.ProfileCount | None:
        """Count profiles."""
        query = reading.read_query(filter, search, None)
        return reading.show_count(await info.context.services.reading.count(info.context.viewer, query))

    @strawberry.field(
        description="The profile of each look-up, in their order; null where `profile` would be null."
    )
    async def profiles_by(self, info: Info, by: reading.Lookups) -> list[Profile | None]:
        """Look many profiles up at once."""
        context = info.context
        found = await context.services.reading.find_each(context.viewer, [read_lookup(each) for each in by])
        return [None if each is None else show_profile(each, context.viewer) for each in found]

    @strawberry.field(description="What to ask the viewer next; null for whoever is no person.")
    async def next_question(
        self, info: Info, placement: _Placement = "home", locale: _Locale = None
    ) -> NextQuestion | None:
        """Decide what to ask."""
        context = info.context
        found = await context.services.questions.next_question(context.viewer, placement, locale)
        return None if found is None else show_next(found)

    @strawberry.field(
        description="The question sets, oldest first; null without the scope configuration:read."
    )
    async def question_sets(
        self, info: Info, first: First = None, after: After = None, state: _State = None
    ) -> Connection[QuestionSet] | None:
        """Read a page of sets."""
        context = info.context
        page = await context.services.authoring.page(context.viewer, page_request(first, after), state)
        return None if page is None else connection(page, lambda each: each.id, show_set)

    @strawberry.field(description="The attributes that the viewer may know of, in their order.")
    async def attribute_definitions(
        self, info: Info, first: First = None, after: After = None, with_archived: _WithArchived = False
    ) -> Connection[AttributeDefinition]:
        """Read a page of definitions."""
        context = info.context
        page = await context.services.attributes.page(
            context.viewer, page_request(first, after), with_archived=with_archived
        )
        return connection(page, lambda each: each.id, show_definition)

    @strawberry.field(description="How far a source is taken back; null for who is no admin.")
    async def source_withdrawal(self, info: Info, id: _Id) -> SourceWithdrawal | None:
        """Look a withdrawal up."""
        context = info.context
        found = await context.services.withdrawals.find(context.viewer, WithdrawalId(id))
        return None if found is None else show_withdrawal(found)

    @strawberry.field(description="What data is used for, oldest first; empty for nobody.")
    async def purposes(self, info: Info, first: First = None, after: After = None) -> Connection[Purpose]:
        """Read a page of purposes."""
        context = info.context
        page = await context.services.consents.page(context.viewer, page_request(first, after))
        return connection(page, lambda each: each.id, show_purpose)

    @strawberry.field(description="What admins and apps did, newest first; null for whoever is no admin.")
    async def audit_log(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        actor: _Actor = None,
        target: _Target = None,
        act: _Act = None,
    ) -> Connection[AuditEntry] | None:
        """Read a page of the audit log."""
        context = info.context
        page = await context.services.audit.page(
            context.viewer, page_request(first, after), actor=actor, target=target, act=act
        )
        return None if page is None else connection(page, lambda each: each.id, show_audit_entry)

    @strawberry.field(
        description="The requests about people's data, newest first; null for whoever is no admin."
    )
    async def privacy_requests(
        self, info: Info, first: First = None, after: After = None, kind: _Kind = None
    ) -> Connection[PrivacyRequest] | None:
        """Read a page of requests."""
        context = info.context
        page = await context.services.privacy.page(context.viewer, page_request(first, after), kind)
        return None if page is None else connection(page, lambda each: each.id, show_request)

    @strawberry.field(description="Anything that has an id.")
    async def node(self, info: Info, id: _Id) -> Node | None:
        """Look anything up by its id."""
        return await find_node(info.context, id)
