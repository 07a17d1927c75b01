"""The closed sets of the domains, made known to GraphQL under their names there."""

from __future__ import annotations

import strawberry

from server.access.model import KeyKind, Scope, ViewerKind
from server.enrichment.model import EnrichmentState
from server.profiles.model import AttributeType, IdentityKind, PersonAccess, SourceKind
from server.questions.model import NextState, Outcome, QuestionKind, SetState

strawberry.enum(AttributeType, description="What kind of value an attribute holds.")
strawberry.enum(PersonAccess, description="What people may do with an attribute of their own profile.")
strawberry.enum(SourceKind, description="Who can make a claim.")
strawberry.enum(IdentityKind, description="A way to recognise a person.")
strawberry.enum(ViewerKind, description="Who is asking.")
strawberry.enum(Scope, description="What a secret key may do; ADMIN includes the others.")
strawberry.enum(
    KeyKind, name="ApiKeyKind", description="Publishable keys stand in web pages, secret keys on servers."
)
strawberry.enum(EnrichmentState, description="Where a look-up stands.")
strawberry.enum(QuestionKind, description="How a question is put to a person.")
strawberry.enum(Outcome, description="What became of an ask.")
strawberry.enum(NextState, name="NextQuestionState", description="Whether there is something to ask.")
strawberry.enum(SetState, name="QuestionSetState", description="Where a question set stands.")
