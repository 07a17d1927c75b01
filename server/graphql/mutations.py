"""The root of every mutation: one input, one service call, one result."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.access.model import KeyId
from server.graphql import (
    access,
    ask_inputs,
    consent,
    consenting,
    enrichment,
    privacy,
    profiles,
    questions,
    uniting,
    visits,
)
from server.graphql.audiences import AudienceMutations
from server.graphql.auditing import audited
from server.graphql.authoring import AuthoringMutations
from server.graphql.claiming import ClaimMutations
from server.graphql.configuring_enrichers import EnricherMutations
from server.graphql.context import Info
from server.graphql.defining import DefinitionMutations
from server.graphql.events import EventMutations
from server.graphql.hook_changes import HookMutations
from server.graphql.hosts import HostMutations
from server.graphql.issuers import IssuerMutations
from server.graphql.keys import KeyMutations
from server.graphql.overseeing_roots import OverseeingMutations
from server.graphql.signing_in import IdentityMutations
from server.profiles.model import ProfileId
from server.questions.model import Outcome

_What = strawberry.argument(description="What to do, and to whom.")


@audited
@strawberry.type(description="What can be changed.")
class Mutation(
    DefinitionMutations,
    ClaimMutations,
    EventMutations,
    AudienceMutations,
    HookMutations,
    IdentityMutations,
    HostMutations,
    KeyMutations,
    IssuerMutations,
    EnricherMutations,
    OverseeingMutations,
    AuthoringMutations,
):
    """Every mutation takes one input and gives one union: a success, or an error that can be acted on."""

    @strawberry.mutation(description="Begin or continue a visit: tokens and the first question.")
    async def start_visit(
        self, info: Info, input: Annotated[visits.StartVisitInput, _What]
    ) -> visits.StartVisitResult:
        """Recognise the browser or the person; needs a publishable key."""
        context = info.context
        placement = context.services.questions.placement(context.viewer, input.placement)
        started = await context.services.identity.start_visit(
            context.viewer,
            resume_token=input.resume_token,
            sign_in=visits.read_sign_in(input.sign_in),
            identity_token=input.identity_token,
        )
        return visits.show_started(started, placement, input.locale)

    @strawberry.mutation(description="End what this browser knows of the person.")
    async def sign_out(self, info: Info) -> visits.SignOutResult:
        """Revoke the viewer's resume token."""
        await info.context.services.identity.sign_out(info.context.viewer)
        return visits.SignOutSuccess(ok=True)

    @strawberry.mutation(description="Answer an ask; however often it is sent, it counts once.")
    async def answer_question(
        self, info: Info, input: Annotated[ask_inputs.AnswerQuestionInput, _What]
    ) -> questions.AnswerQuestionResult:
        """Keep the answer as a claim of the person."""
        context = info.context
        handled = await context.services.answering.answer(
            context.viewer, input.ask_id, input.value, ask_inputs.read_report(input.report)
        )
        return questions.show_answered(handled)

    @strawberry.mutation(description="Put an answer right, as long as nothing newer came of its question.")
    async def correct_answer(
        self, info: Info, input: Annotated[ask_inputs.CorrectAnswerInput, _What]
    ) -> questions.CorrectAnswerResult:
        """Replace the person's claim."""
        context = info.context
        handled = await context.services.answering.correct(context.viewer, input.ask_id, input.value)
        return questions.show_corrected(handled)

    @strawberry.mutation(description="Pass on an ask for now.")
    async def skip_question(
        self, info: Info, input: Annotated[ask_inputs.SkipQuestionInput, _What]
    ) -> questions.SkipQuestionResult:
        """Note the skip."""
        context = info.context
        handled = await context.services.answering.skip(
            context.viewer, input.ask_id, ask_inputs.read_report(input.report)
        )
        return questions.show_skipped(handled)

    @strawberry.mutation(description="Decline an ask: rather not say, or it does not apply.")
    async def decline_question(
        self, info: Info, input: Annotated[ask_inputs.DeclineQuestionInput, _What]
    ) -> questions.DeclineQuestionResult:
        """Note the refusal."""
        context = info.context
        outcome = Outcome.NOT_APPLICABLE if input.is_not_applicable else Outcome.DECLINED
        handled = await context.services.answering.pass_on(
            context.viewer, input.ask_id, outcome, ask_inputs.read_report(input.report)
        )
        return questions.show_declined(handled)

    @strawberry.mutation(description="Close an ask.")
    async def dismiss_question(
        self, info: Info, input: Annotated[ask_inputs.DismissQuestionInput, _What]
    ) -> questions.DismissQuestionResult:
        """Note that it was closed."""
        context = info.context
        handled = await context.services.answering.pass_on(
            context.viewer, input.ask_id, Outcome.DISMISSED, ask_inputs.read_report(input.report)
        )
        return questions.show_dismissed(handled)

    @strawberry.mutation(description="Note that an ask came before the person's eyes.")
    async def report_shown(
        self, info: Info, input: Annotated[ask_inputs.ReportShownInput, _What]
    ) -> questions.ReportShownResult:
        """Note that it was seen."""
        context = info.context
        is_replay = await context.services.answering.report_shown(
            context.viewer, input.ask_id, ask_inputs.read_report(input.report)
        )
        return questions.ReportShownSuccess(is_replay=is_replay)

    @strawberry.mutation(description="Declare a purpose that data is used for.")
    async def define_purpose(
        self, info: Info, input: Annotated[consent.DefinePurposeInput, _What]
    ) -> consent.DefinePurposeResult:
        """Declare it; admins only."""
        context = info.context
        defined = await context.services.consents.define(context.viewer, consent.read_purpose(input))
        return consent.PurposeSuccess(purpose=consent.show_purpose(defined))

    @strawberry.mutation(description="Change a purpose; texts are added, never replaced.")
    async def update_purpose(
        self, info: Info, input: Annotated[consent.UpdatePurposeInput, _What]
    ) -> consent.UpdatePurposeResult:
        """Change it; admins only."""
        context = info.context
        edit = consent.read_edit(input)
        updated = await context.services.consents.update(context.viewer, input.key, edit)
        return consent.PurposeSuccess(purpose=consent.show_purpose(updated))

    @strawberry.mutation(description="Record what a person said to a purpose; it counts at once.")
    async def record_consent(
        self, info: Info, input: Annotated[consenting.RecordConsentInput, _What]
    ) -> consenting.RecordConsentResult:
        """Write it; people their own, apps with the scope profiles:write."""
        context = info.context
        written = await context.services.consenting.record(
            context.viewer,
            consenting.read_whose(input.profile),
            input.purpose,
            input.state,
            input.text_version,
        )
        return consenting.RecordConsentSuccess(written=written)

    @strawberry.mutation(description="Have everything packed that is known of a person.")
    async def export_person(
        self, info: Info, input: Annotated[privacy.ExportPersonInput, _What]
    ) -> privacy.ExportPersonResult:
        """Queue it; people their own, apps with the scope privacy:export."""
        context = info.context
        whose = consenting.read_whose(input.profile)
        made = await context.services.privacy.export_person(context.viewer, whose)
        return privacy.PrivacyRequestSuccess(request=privacy.show_request(made))

    @strawberry.mutation(description="Have a person erased everywhere, for good.")
    async def erase_person(
        self, info: Info, input: Annotated[privacy.ErasePersonInput, _What]
    ) -> privacy.ErasePersonResult:
        """Queue it; people themselves with a recent sign-in, apps with the scope privacy:erase."""
        context = info.context
        whom = consenting.read_whose(input.profile)
        made = await context.services.privacy.erase_person(context.viewer, whom)
        return privacy.PrivacyRequestSuccess(request=privacy.show_request(made))

    @strawberry.mutation(description="Have erased what could tell who a person is; the rest still counts.")
    async def anonymise_person(
        self, info: Info, input: Annotated[privacy.AnonymisePersonInput, _What]
    ) -> privacy.AnonymisePersonResult:
        """Queue it; needs the scope privacy:erase."""
        context = info.context
        whom = profiles.read_lookup(input.profile)
        made = await context.services.privacy.anonymise_person(context.viewer, whom)
        return privacy.PrivacyRequestSuccess(request=privacy.show_request(made))

    @strawberry.mutation(description="Let somebody return who was erased.")
    async def readmit_person(
        self, info: Info, input: Annotated[privacy.ReadmitPersonInput, _What]
    ) -> privacy.ReadmitPersonResult:
        """Forget the erasure; needs the scope privacy:erase."""
        context = info.context
        await context.services.privacy.readmit(context.viewer, profiles.read_lookup(input.profile))
        return privacy.ReadmitPersonSuccess(ok=True)

    @strawberry.mutation(description="Look a person up now.")
    async def request_enrichment(
        self, info: Info, input: Annotated[enrichment.RequestEnrichmentInput, _What]
    ) -> enrichment.RequestEnrichmentResult:
        """Queue the look-ups; needs the scope enrichment:run."""
        context = info.context
        found = await context.services.enrichment.request(
            context.viewer, profiles.read_lookup(input.profile), input.enrichers, force=input.force
        )
        return enrichment.show_requested(found)

    @strawberry.mutation(description="Call off the look-ups of a person that are under way.")
    async def cancel_enrichment(
        self, info: Info, input: Annotated[enrichment.CancelEnrichmentInput, _What]
    ) -> enrichment.CancelEnrichmentResult:
        """Call them off; needs the scope enrichment:run."""
        context = info.context
        found = await context.services.enrichment.cancel(
            context.viewer, profiles.read_lookup(input.profile), input.enrichers
        )
        shown = [enrichment.show_enrichment(each) for each in found]
        return enrichment.CancelEnrichmentSuccess(enrichments=shown)

    @strawberry.mutation(description="Make an API key.")
    async def create_api_key(
        self, info: Info, input: Annotated[access.CreateApiKeyInput, _What]
    ) -> access.CreateApiKeyResult:
        """Make it; admins only."""
        context = info.context
        made = await context.services.access.create_key(
            context.viewer,
            kind=input.kind,
            name=input.name,
            origins=input.origins,
            scopes=input.scopes,
            placements=input.placements,
            expires_at=input.expires_at,
        )
        return access.CreateApiKeySuccess(key=access.show_key(made.key), token=made.token)

    @strawberry.mutation(description="Revoke an API key.")
    async def revoke_api_key(
        self, info: Info, input: Annotated[access.RevokeApiKeyInput, _What]
    ) -> access.RevokeApiKeyResult:
        """Revoke it; admins only."""
        context = info.context
        revoked = await context.services.access.revoke_key(context.viewer, KeyId(input.id))
        return access.RevokeApiKeySuccess(key=access.show_key(revoked))

    @strawberry.mutation(description="Make profiles one person; an admin's word, and it can be taken back.")
    async def merge_profiles(
        self, info: Info, input: Annotated[uniting.MergeProfilesInput, _What]
    ) -> uniting.MergeProfilesResult:
        """Merge them; admins only."""
        context = info.context
        merged = await context.services.uniting.merge(
            context.viewer, [ProfileId(each) for each in input.profiles]
        )
        return uniting.MergeProfilesSuccess(profile=profiles.show_profile(merged, context.viewer))

    @strawberry.mutation(
        description="Take a merge back, exactly: what was said since stays where it was said, and what was"
        " taken away since (an account, an address, what a source took back) comes back to neither."
    )
    async def split_profile(
        self, info: Info, input: Annotated[uniting.SplitProfileInput, _What]
    ) -> uniting.SplitProfileResult:
        """Split it; admins only."""
        context = info.context
        back, left = await context.services.uniting.split(
            context.viewer, ProfileId(input.id), keep_apart=input.keep_apart
        )
        return uniting.show_split(back, left, context.viewer)
