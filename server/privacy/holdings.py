"""The one table: what each collection holds of people, and who answers for it.

A collection that is not here fails a test: nothing is kept of anybody that is not exported and erased with
everything else.
"""

from __future__ import annotations

from server.privacy.model import Holding, OnAnonymise, RequestKind

ALWAYS: dict[str, object] = {}

HOLDINGS: tuple[Holding, ...] = (
    Holding(
        collection="profiles",
        owner="profiles",
        person=("_id", "merged_into"),
        secret=frozenset({"outbox", "terms"}),
        on_anonymise=OnAnonymise.KEEP,  # profiles does that itself, under the guard of the version
    ),
    Holding(
        collection="identities",
        owner="profiles",
        person=("profile_id",),
        is_exported=False,  # the profile lists them
        on_anonymise=OnAnonymise.KEEP,  # profiles does that itself, in one transaction with the profile
    ),
    Holding(
        collection="claim_history",
        owner="profiles",
        person=("profile_id",),
        on_anonymise=OnAnonymise.STRIP,
        attribute="attribute_id",
        consent="consent",
        dated="ended_at",
    ),
    Holding(
        collection="merge_log",
        owner="profiles",
        person=("kept_id", "gone_id"),
        snapshots=("kept_before", "gone_before"),
        dated="at",
    ),
    Holding(
        collection="answers",
        owner="questions",
        person=("profile_id",),
        on_anonymise=OnAnonymise.STRIP,
        attribute="attribute_id",
        values=("value",),
        telling=("page",),  # a path such as /orders/of/ada@example.com
        dated="at",
    ),
    Holding(collection="events", owner="events", person=("profile_id",), dated="at"),
    Holding(
        collection="question_stats",
        owner="questions",
        because="Counts alone: how many were asked and answered, and nothing of whom.",
    ),
    Holding(
        collection="consent_log",
        owner="consent",
        person=("profile_id",),
        on_anonymise=OnAnonymise.KEEP,
        dated="at",
    ),
    Holding(
        collection="sessions",
        owner="identity",
        person=("profile_id",),
        secret=frozenset({"_id"}),
    ),
    Holding(
        collection="sign_in_codes",
        owner="identity",
        person=("profile_id",),
        secret=frozenset({"_id", "challenge"}),
    ),
    Holding(
        collection="accounts",
        owner="identity",
        person=("profile_ids",),
        secret=frozenset({"_id"}),
    ),
    Holding(
        collection="sign_in_attempts",
        owner="identity",
        because="Nobody knows yet who signs in; ten minutes later it is gone.",
    ),
    Holding(
        collection="revocations",
        owner="access",
        because="Ids of sessions that ended and of people who were erased; a quarter of an hour later gone.",
    ),
    Holding(
        collection="used_identity_tokens",
        owner="identity",
        because="Hashes of tokens that were used once; minutes later they are gone.",
    ),
    Holding(
        collection="rate_limits",
        owner="access",
        because="Keyed hashes of who asked too often; gone when they may again, within a day at most.",
    ),
    Holding(
        collection="look_up_results",
        owner="enrichment",
        person=("profile_id",),
        is_exported=False,  # what of it is about the person lies in the profile, as claims
        consent="consent",
        dated="at",
    ),
    Holding(
        collection="suppressions",
        owner="enrichment",
        because="Keyed hashes of the addresses of those who asked not to be looked up, so that nobody does.",
    ),
    Holding(
        collection="enrichment_runs",
        owner="enrichment",
        because="What was looked up of how many, under the condition that an admin wrote; it lists nobody.",
    ),
    Holding(
        collection="enricher_meters",
        owner="enrichment",
        because="How often each source was asked, and what that cost; of whom it was asked it says nothing.",
    ),
    Holding(
        collection="hook_deliveries",
        owner="hooks",
        person=("profile_id",),
        because="What tells others of an erasure stays a month, with ids that lead nowhere any more.",
        on_anonymise=OnAnonymise.KEEP,
        dated="created_at",
    ),
    Holding(collection="jobs", owner="kit", person=("profile_id",), on_anonymise=OnAnonymise.KEEP),
    Holding(
        collection="audit_log",
        owner="access",
        person=("targets",),
        survives=ALWAYS,
        because="It answers for what admins and apps did; of people it holds ids that lead nowhere any more.",
        on_anonymise=OnAnonymise.KEEP,
        dated="at",
    ),
    Holding(
        collection="privacy_requests",
        owner="privacy",
        person=("profile_id",),
        survives={"kind": RequestKind.ERASE.value},
        because="It proves that somebody was erased and when; of people it holds ids that lead nowhere.",
        on_anonymise=OnAnonymise.KEEP,
    ),
    Holding(
        collection="visit_facts",
        owner="enrichment",
        person=("_id",),
        secret=frozenset({"sealed"}),
    ),
    Holding(
        collection="enrichment_callbacks",
        owner="enrichment",
        person=("profile_id",),
        secret=frozenset({"_id"}),
    ),
    Holding(collection="export_chunks", owner="privacy", person=("profile_id",), is_exported=False),
    Holding(
        collection="erased_identities",
        owner="profiles",
        because="Keyed hashes of what erased people were known by, so that no import brings them back.",
    ),
    Holding(
        collection="area_statistics",
        owner="enrichment",
        because="What the US Census says of areas; it speaks of places and of nobody.",
    ),
    *(
        Holding(collection=collection, owner=owner, because="It is configuration, which speaks of nobody.")
        for collection, owner in (
            ("api_keys", "access"),
            ("admins", "access"),
            ("admin_sessions", "access"),
            ("token_issuers", "access"),
            ("api_key_uses", "access"),
            ("trusted_documents", "access"),
            ("attribute_definitions", "profiles"),
            ("enrichers", "enrichment"),
            ("audiences", "audiences"),
            ("hooks", "hooks"),
            ("identity_signers", "identity"),
            ("providers", "identity"),
            ("purposes", "consent"),
            ("question_sets", "questions"),
        )
    ),
    Holding(
        collection="imports",
        owner="bulk",
        because="How far the import of a file came, under a hash of the file; of its rows it holds numbers.",
    ),
    Holding(
        collection="backups",
        owner="backups",
        because="When the database was backed up, and how much that was.",
    ),
    Holding(
        collection="restores",
        owner="backups",
        because="How far the restoring of a backup came; gone when it is done.",
    ),
    Holding(
        collection="migrations",
        owner="migrations",
        because="How far documents of earlier versions were rewritten: ids, overwritten by the next.",
    ),
    Holding(
        collection="workers",
        owner="kit",
        because="Which workers are there, by host and process, and since when they were not heard of.",
    ),
    Holding(
        collection="sweeps",
        owner="profiles",
        because="How far a job got over all profiles: one id, overwritten by the next.",
    ),
    Holding(
        collection="source_withdrawals",
        owner="profiles",
        because="Which sources were withdrawn and how far that got; it counts people and names none.",
    ),
)
