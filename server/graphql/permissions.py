"""Who may use what: the one table of the schema, from which docs/permissions.md is printed.

It decides nothing: services do, by the viewer. tests/graphql/test_permissions.py calls every field as
everybody and holds that the two agree. Whoever adds a field to a root adds its line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.access.model import Viewer


class Everyone(Enum):
    """Who comes without a scope. Their order is that of the columns of the page."""

    NOBODY = "no token"
    PAGE = "publishable key"
    PERSON = "person"
    SIGNED_IN = "person, signed in"


@dataclass(frozen=True, slots=True)
class Who:
    """Any of these may: everyone of a kind, or whoever has a scope, or all of several scopes.

    Admins have every scope. `note` says what is narrower than it looks.
    """

    any_of: tuple[Everyone | Scope | tuple[Scope, ...], ...]
    note: str = ""

    def includes(self, viewer: Viewer) -> bool:
        """Whether this viewer may."""
        return any(_is(viewer, each) for each in self.any_of)


def _is(viewer: Viewer, who: Everyone | Scope | tuple[Scope, ...]) -> bool:
    match who:
        case Everyone.NOBODY:
            return viewer.kind is ViewerKind.NOBODY
        case Everyone.PAGE:
            return viewer.kind is ViewerKind.WIDGET
        case Everyone.PERSON:
            return viewer.kind is ViewerKind.PERSON
        case Everyone.SIGNED_IN:
            return viewer.kind is ViewerKind.PERSON and viewer.is_identified
        case Scope():
            return viewer.has_scope(who)
    return all(viewer.has_scope(each) for each in who)


def _may(*any_of: Everyone | Scope | tuple[Scope, ...], note: str = "") -> Who:
    return Who(any_of, note)


_PAGE, _PERSON, _SIGNED_IN = Everyone.PAGE, Everyone.PERSON, Everyone.SIGNED_IN
_READ, _WRITE, _CONFIGURATION = Scope.PROFILES_READ, Scope.PROFILES_WRITE, Scope.CONFIGURATION_READ
_WITH_KEY = (_PAGE, _PERSON, *Scope)
_ALL = _may(Everyone.NOBODY, *_WITH_KEY)
_ADMIN = _may(Scope.ADMIN)
_OWN = "people: their own"
_THEMSELVES = "people: themselves, once signed in within 15 minutes of it"

QUERIES: Mapping[str, Who] = MappingProxyType(
    {
        "_entities": _may(_PERSON, _READ, note=_OWN),
        "_service": _ADMIN,
        "answers": _may(_READ),
        "apiKeys": _ADMIN,
        "attributeDefinitions": _may(
            _PERSON, _READ, _CONFIGURATION, note="those that are not hidden from the viewer"
        ),
        "audiences": _may(_CONFIGURATION),
        "deadLetters": _ADMIN,
        "enricherHealth": _ADMIN,
        "enrichers": _may(_CONFIGURATION),
        "enricherPresets": _may(_CONFIGURATION),
        "enrichmentEstimate": _ADMIN,
        "enrichmentRun": _ADMIN,
        "enrichmentRuns": _ADMIN,
        "auditLog": _ADMIN,
        "experimentResults": _may(_CONFIGURATION),
        "explainNextQuestion": _may((_READ, _CONFIGURATION)),
        "hooks": _ADMIN,
        "nextQuestion": _may(_PERSON),
        "node": _may(
            _PERSON, _READ, note="as its type is elsewhere: profiles here; keys, sets, … as their queries are"
        ),
        "pendingLinks": _may(_PERSON),
        "privacyRequests": _ADMIN,
        "profile": _may(_PERSON, _READ, note=_OWN),
        "profileCount": _may(_READ),
        "profiles": _may(_READ),
        "profilesBy": _may(_PERSON, _READ, note=_OWN),
        "purposes": _may(*_WITH_KEY),
        "questionBudget": _may(_CONFIGURATION),
        "questionSets": _may(_CONFIGURATION),
        "questionStats": _may(_CONFIGURATION),
        "sessions": _may(_PERSON),
        "signInProviders": _ALL,
        "simulateQuestionSet": _ADMIN,
        "sourceWithdrawal": _ADMIN,
        "tokenIssuers": _ADMIN,
        "viewer": _ALL,
    }
)

MUTATIONS: Mapping[str, Who] = MappingProxyType(
    {
        "acceptSuggestion": _may(_PERSON),
        "addQuestion": _ADMIN,
        "anonymisePerson": _may(Scope.PRIVACY_ERASE),
        "answerQuestion": _may(_PERSON),
        "archiveAttribute": _ADMIN,
        "archiveAudience": _ADMIN,
        "archiveHook": _ADMIN,
        "archiveQuestionSet": _ADMIN,
        "cancelEnrichment": _may(Scope.ENRICHMENT_RUN),
        "cancelEnrichmentRun": _ADMIN,
        "configureProvider": _ADMIN,
        "correctAnswer": _may(_PERSON),
        "correctAttribute": _may(_PERSON, note="those that people may write"),
        "createApiKey": _ADMIN,
        "createHook": _ADMIN,
        "createIdentitySecret": _ADMIN,
        "createQuestionSet": _ADMIN,
        "declineQuestion": _may(_PERSON),
        "defineAttribute": _ADMIN,
        "defineAudience": _ADMIN,
        "definePurpose": _ADMIN,
        "disableProvider": _ADMIN,
        "dismissQuestion": _may(_PERSON),
        "dismissSuggestion": _may(_PERSON),
        "duplicateQuestionSet": _ADMIN,
        "endIdentitySigner": _ADMIN,
        "endTokenIssuer": _ADMIN,
        "erasePerson": _may(_PERSON, Scope.PRIVACY_ERASE, note=_THEMSELVES),
        "exportPerson": _may(_PERSON, Scope.PRIVACY_EXPORT, note=_OWN),
        "exportQuestionSet": _ADMIN,
        "importQuestionSet": _ADMIN,
        "liftSuppression": _ADMIN,
        "linkIdentity": _may(_SIGNED_IN, note="within 15 minutes of the sign-in"),
        "mergeProfiles": _ADMIN,
        "pauseEnrichmentRun": _ADMIN,
        "publishQuestionSet": _ADMIN,
        "readmitPerson": _may(Scope.PRIVACY_ERASE),
        "recordConsent": _may(_PERSON, _WRITE, note=_OWN),
        "removeQuestion": _ADMIN,
        "renewViewerToken": _may(_PAGE),
        "reopenEnricher": _ADMIN,
        "reorderAttributes": _ADMIN,
        "reorderQuestions": _ADMIN,
        "replayDelivery": _ADMIN,
        "reportShown": _may(_PERSON),
        "requestEnrichment": _may(Scope.ENRICHMENT_RUN),
        "requeueDeadLetter": _ADMIN,
        "restoreAttribute": _ADMIN,
        "resumeEnrichmentRun": _ADMIN,
        "revertQuestionSet": _ADMIN,
        "revokeApiKey": _ADMIN,
        "revokeSession": _may(_PERSON, note=_OWN),
        "rotateHookSecret": _ADMIN,
        "rotateApiKey": _ADMIN,
        "setAttributes": _may(_WRITE, note="those that apps may write"),
        "setManyAttributes": _may(_WRITE, note="those that apps may write"),
        "setQuestionBudget": _ADMIN,
        "signOut": _may(_PERSON),
        "signOutEverywhere": _may(_PERSON),
        "skipQuestion": _may(_PERSON),
        "splitProfile": _ADMIN,
        "startEnrichmentRun": _ADMIN,
        "startVisit": _may(_PAGE),
        "testHook": _ADMIN,
        "suppressLookUps": _ADMIN,
        "trackEvent": _may(_PERSON, _WRITE, note=_OWN),
        "trackEvents": _may(_WRITE),
        "trustIdentityKeySet": _ADMIN,
        "trustTokenIssuer": _ADMIN,
        "unlinkIdentity": _may(_SIGNED_IN, note="within 15 minutes of the sign-in; their own"),
        "updateAttribute": _ADMIN,
        "updateAudience": _ADMIN,
        "createEnricher": _ADMIN,
        "updateEnricher": _ADMIN,
        "enableEnricher": _ADMIN,
        "disableEnricher": _ADMIN,
        "archiveEnricher": _ADMIN,
        "setEnricherSecret": _ADMIN,
        "testEnricher": _ADMIN,
        "updateHook": _ADMIN,
        "updatePurpose": _ADMIN,
        "updateQuestion": _ADMIN,
        "updateQuestionSet": _ADMIN,
        "withdrawSource": _ADMIN,
    }
)

SUBSCRIPTIONS: Mapping[str, Who] = MappingProxyType(
    {
        "enrichmentChanged": _may(_PERSON, _READ, note=_OWN),
        "profileChanged": _may(_PERSON, _READ, note=_OWN),
        "profilesChanged": _may(_READ),
    }
)

# Of other types: fields that fewer may see than the thing that they belong to. They are empty for the others.
FIELDS: Mapping[str, Who] = MappingProxyType(
    {
        "ApiKey.identitySigners": _ADMIN,
        "Claim.actor": _may(_READ),
        "Enrichment.attempts": _may(_READ),
        "Enrichment.lastRunAt": _may(_READ),
        "Profile.audiences": _may(_READ),
        "Profile.events": _may(_READ),
        "Profile.merges": _may(_READ),
    }
)


def permissions_page() -> str:
    """Return docs/permissions.md."""
    return "\n".join(
        (
            _INTRODUCTION,
            *_table("Queries", "Null or empty for the others, as for what does not exist.", QUERIES),
            *_table("Mutations", "`ForbiddenError` for the others.", MUTATIONS),
            *_table("Subscriptions", "An error for the others, and no event.", SUBSCRIPTIONS),
            *_table("Fields of other types", "Empty for the others.", FIELDS),
        )
    )


_INTRODUCTION = """# Who may use what

Printed by `python -m server permissions` from `server/graphql/permissions.py`, and proved by a test that
calls every field as everybody. How each viewer is proved: [how it works](how-it-works.md#who-may-do-what).

A scope in the column *app* is what a secret key or an app's token needs; admins have every scope. Whoever
was shown a thing may see all of its fields, save those of the last table. Attributes are more particular:
their `personAccess` and `appAccess` say who sees and writes each.
"""


def _table(title: str, otherwise: str, table: Mapping[str, Who]) -> tuple[str, ...]:
    rows = (f"| `{field}` | {' | '.join(_cells(who))} |" for field, who in table.items())
    head = "| | no token | publishable key | person | app | admin | |"
    return (f"## {title}", "", otherwise, "", head, "|---|:-:|:-:|:-:|---|:-:|---|", *rows, "")


def _cells(who: Who) -> tuple[str, ...]:
    scopes = [each for each in who.any_of if not isinstance(each, Everyone) and each is not Scope.ADMIN]
    is_any = set(Scope) - {Scope.ADMIN} <= set(scopes)
    named = [
        f"`{each.value}`" if isinstance(each, Scope) else " and ".join(f"`{one}`" for one in each)
        for each in scopes
    ]
    person = "signed in" if _SIGNED_IN in who.any_of else _tick(_PERSON in who.any_of)
    return (
        _tick(Everyone.NOBODY in who.any_of),
        _tick(_PAGE in who.any_of),
        person,
        "any scope" if is_any else " or ".join(named),
        _tick(bool(scopes) or Scope.ADMIN in who.any_of),
        who.note,
    )


def _tick(is_in: bool) -> str:  # noqa: FBT001 - a mark in a table
    return "✓" if is_in else ""
