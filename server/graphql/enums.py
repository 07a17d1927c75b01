"""The closed sets of the domains, made known to GraphQL with words for their readers.

Strawberry takes an enum as it finds it when a type first mentions it, so this is imported before any type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import strawberry

from server.access.model import KeyKind, Scope, ViewerKind
from server.consent.model import Basis, ConsentSource, ConsentState, OnWithdrawal
from server.enrichment.model import EnrichmentState, OutcomeClass
from server.enrichment.overseeing import RunState
from server.hooks.model import DeliveryState, HookEvent, HookGate, OnError, ResponseClass
from server.identity.model import SyncMode
from server.kit.jwts import SignatureAlgorithm
from server.privacy.model import RequestKind, RequestState
from server.profiles.conditions import Operator
from server.profiles.model import (
    AppAccess,
    AttributeType,
    ConfirmPolicy,
    IdentityKind,
    PersonAccess,
    PersonalData,
    ReasonCode,
    SourceKind,
    WithdrawalState,
)
from server.profiles.ordering import Direction, SortKey
from server.questions.model import (
    DeviceClass,
    Exit,
    Gate,
    NextState,
    Ordering,
    Outcome,
    QuestionKind,
    RatingStyle,
    SetState,
    StatPart,
)

if TYPE_CHECKING:
    from enum import StrEnum

    from strawberry.types.enum import StrawberryEnumDefinition


def _describe(enum: type[StrEnum], description: str, *, name: str | None = None, **values: str) -> None:
    """Give an enum its name and description in the schema, and each of its values one."""
    named = strawberry.enum(enum, name=name, description=description)
    definition = cast("StrawberryEnumDefinition", named.__strawberry_definition__)  # type: ignore[attr-defined] # set by the line above
    for value in definition.values:
        value.description = values.get(value.name)  # a test tells of one that is missing


_describe(
    AttributeType,
    "What kind of value an attribute holds.",
    STRING="A short text, such as a name.",
    TEXT="A text of up to 10,000 characters.",
    INTEGER="A whole number.",
    NUMBER="A number.",
    BOOLEAN="True or false.",
    DATE="A day, as YYYY-MM-DD.",
    DATETIME="A moment, as YYYY-MM-DDThh:mm:ss.sssZ: stored in UTC, taken with any offset.",
    ENUM="The value of one of its options.",
    MULTI_ENUM="A list of values of its options, each at most once.",
    EMAIL="An e-mail address, in lower case.",
    PHONE="A telephone number as E.164 writes it, such as +442079460958.",
    URL="An address that begins with http:// or https://.",
    COUNTRY="A country, as its ISO 3166-1 code of two letters; English names are taken too.",
    LANGUAGE="A language tag of BCP 47, such as pt-BR.",
    TIME_ZONE="A zone of the IANA database, such as Europe/London.",
    ADDRESS="A postal address: an object of the texts formatted, street_address, locality, region, "
    "postal_code and country, as OpenID Connect has it.",
)
_describe(
    PersonAccess,
    "What people may do with an attribute of their own profile.",
    HIDDEN="They do not know that it exists.",
    READONLY="They may see it.",
    READWRITE="They may see it, and questions may ask for it.",
)
_describe(
    AppAccess,
    "What apps may do with an attribute, given the scope.",
    NONE="They do not know that it exists.",
    READ="They may read it.",
    WRITE="They may read and write it.",
)
_describe(
    PersonalData,
    "How closely a value is tied to a person.",
    NONE="Not at all: it says nothing of whose it is.",
    PERSONAL="It is about one person.",
    SENSITIVE="It is about one person and of a kind that laws protect specially, such as health.",
)
_describe(
    ConfirmPolicy,
    "Which values that a person did not give a question may ask them to confirm.",
    NEVER="None.",
    UNVERIFIED="Those that nobody verified.",
    ALWAYS="All of them.",
)
_describe(
    ReasonCode,
    "What decided between the claim that won and the next best.",
    ONLY_CLAIM="There is no other.",
    PRECEDENCE="Its source comes first for this attribute, or by the usual order.",
    CONFIDENCE="Its source is surer.",
    RECENCY="It was observed later.",
    NAME="Nothing but the name of its source.",
)
_describe(
    WithdrawalState,
    "Where the withdrawal of a source stands.",
    name="SourceWithdrawalState",
    RUNNING="It waits for a worker, or one is at it.",
    DONE="Nothing that the source said until then is left.",
    FAILED="It went wrong too often; asking again begins another.",
)
_describe(
    SourceKind,
    "Who can make a claim.",
    PERSON="The person, in an answer.",
    IDENTITY="The provider that somebody signed in with.",
    ADMIN="An admin.",
    APP="An app with a secret key.",
    HOOK="A hook of the deployment.",
    ENRICHER="A look-up.",
    DERIVED="Worked out from other values.",
    IMPORT="An import.",
)
_describe(
    IdentityKind,
    "A way to recognise a person.",
    USER_ID="The id that an app gave.",
    ANONYMOUS_ID="A browser that nobody has signed in with.",
    EMAIL="A verified e-mail address.",
    SOCIAL="An account at a provider: issuer and subject.",
)
_describe(
    ViewerKind,
    "Who is asking.",
    NOBODY="A request without a token.",
    WIDGET="A page with a publishable key, before its visit has begun.",
    PERSON="Somebody on a page, with a viewer token.",
    APP="A server with a secret key.",
    ADMIN="Whoever has a secret key with the scope ADMIN.",
)
_describe(
    Scope,
    "What a secret key may do.",
    PROFILES_READ="Read every profile.",
    PROFILES_WRITE="Write values to every profile.",
    ENRICHMENT_RUN="Request look-ups.",
    PRIVACY_EXPORT="Have everything packed that is known of a person, and fetch it.",
    PRIVACY_ERASE="Erase people and make them anonymous.",
    CONFIGURATION_READ="Read attribute definitions and question sets.",
    ADMIN="Everything, what the other scopes allow included.",
)
_describe(
    KeyKind,
    "What an API key is for.",
    name="ApiKeyKind",
    PUBLISHABLE="Stands in web pages: begins visits on its origins, and nothing else.",
    SECRET="Stays on servers: does what its scopes say.",  # noqa: S106 - the name of a kind, not a secret
)
_describe(
    SignatureAlgorithm,
    "How a token is signed (RFC 7518, section 3.1).",
    HS256="With a secret that both sides know.",
    RS256="With an RSA key of at least 2,048 bits.",
    PS256="With an RSA key of at least 2,048 bits and a salt.",
    ES256="With a key on the curve P-256.",
)
_describe(
    Basis,
    "What counts while a person has said nothing to a purpose.",
    name="PurposeBasis",
    OPT_IN="No: only a grant allows it.",
    OPT_OUT="Yes: a legitimate interest allows it until the person objects.",
)
_describe(
    OnWithdrawal,
    "What becomes of what rests on a purpose when consent is taken back; it is hidden at once either way.",
    HIDE="It is kept, and shows again if the person grants it again.",
    ERASE="It is erased.",
)
_describe(
    ConsentState,
    "What a person said to a purpose.",
    GRANTED="Yes.",
    DENIED="No.",
    WITHDRAWN="No longer.",
)
_describe(
    ConsentSource,
    "Through whom a consent reached us.",
    PERSON="The person, with a viewer token.",
    APP="An app with a secret key.",
    ADMIN="An admin.",
    IMPORT="An import.",
)
_describe(
    RequestKind,
    "What shall become of a person's data.",
    name="PrivacyRequestKind",
    EXPORT="It is packed into an archive.",
    ERASE="It is erased everywhere.",
    ANONYMISE="What could tell who they are is erased everywhere.",
)
_describe(
    RequestState,
    "Where a request stands.",
    name="PrivacyRequestState",
    REQUESTED="It waits for a worker, or one is at it.",
    DONE="It is done.",
    FAILED="It went wrong too often; ask again.",
)
_describe(
    OutcomeClass,
    "What a source's answer means, whatever its status code.",
    name="EnrichmentOutcome",
    MATCH="It found the person or the company.",
    NO_MATCH="It knows nothing of them.",
    REJECTED="It found something, but nothing to believe or to keep.",
    BAD_INPUT="What it was asked with is nothing that it could look up.",
    PENDING="It works on it, and answers later.",
    TRANSIENT="It failed in a way that may pass.",
    THROTTLED="It was asked too fast.",
    QUOTA="Its credits are used up.",
    CONFIG="It was asked in a wrong way: a key, an address or a mapping has to be mended.",
    CONTRACT="It did not send what it promises to send.",
    LEGAL="The person asked not to be looked up.",
)
_describe(
    EnrichmentState,
    "Where a look-up stands.",
    QUEUED="It waits for a worker.",
    RUNNING="A worker is at it.",
    RETRY_SCHEDULED="It went wrong and will be tried again.",
    AWAITING_PROVIDER="The source is working on it, and is asked again or calls back.",
    BLOCKED="The source can't be asked for now; the reason says why.",
    SUCCEEDED="It found something.",
    NO_MATCH="It found nothing.",
    REJECTED="It found nothing that could be believed or kept.",
    SUPPRESSED="The person asked not to be looked up.",
    SKIPPED="It was not worth making; the reason says why.",
    FAILED="It went wrong too often, and is not tried again by itself.",
    CANCELLED="It was called off, or the person does not agree to it (any more).",
)
_describe(
    RunState,
    "Where a bulk run stands.",
    name="EnrichmentRunState",
    RUNNING="It goes through the profiles, or waits for their look-ups.",
    PAUSED="Nobody is looked up until it is resumed.",
    DONE="It has been through, or came to the end of what it may cost.",
    CANCELLED="It was called off.",
)
_describe(
    QuestionKind,
    "How a question is put to a person.",
    TEXT="A field for a text, an e-mail address or a URL.",
    LONG_TEXT="A field of several lines.",
    NUMBER="A field for a number.",
    RATING="A whole number from 1 to the question's scale: numbers, stars or emoji.",
    NPS="Would you recommend us? A whole number from 0 to 10.",
    BOOLEAN="Yes or no.",
    DATE="A field for a day.",
    SINGLE_CHOICE="One of several options; or, where there is `other`, a text.",
    MULTI_CHOICE="Any of several options.",
    PICTURE_CHOICE="One of several options, shown as pictures.",
    RANKING="Every option, best first.",
    EMAIL="A field for an e-mail address.",
    PHONE="A field for a telephone number.",
    URL="A field for a web address.",
    COUNTRY="A country.",
    ADDRESS="A postal address.",
    CONSENT="May we? True or false, for one purpose.",
    CONFIRM="Is this right? Answered by {verdict: right | wrong | edit, value}; without value when wrong.",
)
_describe(
    Outcome,
    "What became of an ask.",
    ANSWERED="The person answered.",
    SKIPPED="Not now; the question comes back with a later visit.",
    DECLINED="Rather not say.",
    NOT_APPLICABLE="It does not apply to the person.",
    DISMISSED="The person closed it.",
    IGNORED="The person saw it and left.",
)
_describe(
    NextState,
    "Whether there is something to ask.",
    name="NextQuestionState",
    READY="There is a question to ask now.",
    WAITING="A look-up is running that may answer what would be asked; ask again at `until`.",
    RESTING="Not now; there may be with a later visit or sign-in.",
    DONE="Whatever could be asked is known.",
)
_describe(
    SetState,
    "Where a question set stands.",
    name="QuestionSetState",
    DRAFT="It was never published.",
    PUBLISHED="People are asked from it.",
    ARCHIVED="Nobody is asked from it any more.",
)
_describe(
    Exit,
    "A way out of a question that people may pass.",
    SKIP="Not now: skipQuestion.",
    DECLINE="Rather not say: declineQuestion.",
    NOT_APPLICABLE="It does not apply to them: declineQuestion with isNotApplicable.",
    CLOSE="Take it away: dismissQuestion.",
)
_describe(
    RatingStyle,
    "What a rating is drawn with.",
    NUMBERS="Numbers.",
    STARS="Stars.",
    EMOJI="Faces, from unhappy to happy.",
)
_describe(
    Ordering,
    "In which order the questions of a set come.",
    name="QuestionOrdering",
    SEQUENTIAL="As their author put them.",
    ADAPTIVE="By value of knowing times chance of an answer over effort, best first.",
)
_describe(
    Gate,
    "What keeps a question from being asked.",
    name="QuestionGate",
    PLACEMENT="The set does not appear here.",
    AUDIENCE="The person is not in the set's audience.",
    TRIGGER="The set waits for an event, a sign-in, a visit or a day, or its time is over.",
    ARM="The person's variant of an experiment leaves it out.",
    KNOWN="It is known and fresh.",
    UNCLAIMED="There is nothing to confirm.",
    ARCHIVED="Its attribute is archived.",
    CONSENT="The person does not allow what it is for.",
    ENRICHMENT="A look-up is running that may answer it.",
    PACE="The person has been asked enough for now.",
    OUTCOME="The person dealt with it, and it rests.",
    BRANCH="Earlier answers lead elsewhere, or not here yet.",
)
_describe(
    HookEvent,
    "What a hook may be told of once it has happened.",
    USER_CREATED="Somebody was seen for the first time, perhaps as a browser only.",
    USER_AUTHENTICATED="Somebody signed in.",
    PROFILE_UPDATED="Something was said about attributes of a person, or taken back.",
    PROFILE_MERGED="Another profile became part of this one.",
    IDENTITY_LINKED="A person linked another account.",
    IDENTITY_UNLINKED="A person gave up an account.",
    QUESTION_ANSWERED="A person answered a question.",
    CONSENT_CHANGED="A person said something to a purpose.",
    EVENT_TRACKED="An event was told of a person.",
    USER_DELETED="Somebody was erased on request; what is known of them elsewhere should go too.",
)
_describe(
    HookGate,
    "What a hook may be asked about before it happens.",
    USER_PRE_CREATE="Somebody whom nobody knows is about to sign in.",
    USER_PRE_LOGIN="Somebody who is known is about to sign in.",
    IDENTITY_PRE_LINK="A person is about to link another account.",
    PROFILE_PRE_UPDATE="A person, an app or an admin is about to say something about attributes.",
)
_describe(
    OnError,
    "What counts where a hook that is asked gives no answer that can be used.",
    name="HookOnError",
    DENY="It does not happen.",
    ALLOW="It happens.",
)
_describe(
    DeliveryState,
    "Where a delivery stands.",
    name="HookDeliveryState",
    PENDING="It is on its way.",
    DELIVERED="It got through.",
    FAILED="It was tried for days and given up.",
    DROPPED="It was not sent: the hook was off, the person gone or merged, or without their consent.",
)
_describe(
    ResponseClass,
    "How a hook's server answered.",
    name="HookResponse",
    SUCCESS="A status from 200 to 299.",
    GONE="410: it wants nothing more, and the hook was turned off.",
    BUSY="429, 502, 503 or 504: later.",
    REDIRECT="A redirect, which is not followed.",
    REFUSED="Any other status.",
    TIMEOUT="No answer in time.",
    BLOCKED="Its address is none of the public internet.",
    UNREACHABLE="No connection, or one that broke.",
    UNREADABLE="Asked, it answered something else than it should.",
)
_describe(
    DeviceClass,
    "What kind of screen a question was on.",
    PHONE="A phone.",
    TABLET="A tablet.",
    DESKTOP="A computer.",
    OTHER="Anything else.",
)
_describe(
    StatPart,
    "What statistics are split by.",
    name="QuestionStatsPart",
    DAY="The day on which an ask was first seen, in UTC.",
    LANGUAGE="The language it was put in.",
    PLACEMENT="The placement it stood in.",
    ARM="The variant of an experiment.",
    REVISION="The revision of the set.",
)
_describe(
    Operator,
    "How a value is compared; where there is no value, all but MISSING are false unless `ifMissing` is set.",
    name="ConditionOperator",
    EXISTS="There is a value.",
    MISSING="There is no value.",
    EQUALS="It is this one.",
    NOT_EQUALS="It is another one.",
    IN="It is one of these.",
    NOT_IN="It is none of these.",
    LESS_THAN="It is less, or earlier.",
    AT_MOST="It is at most this, or no later.",
    GREATER_THAN="It is greater, or later.",
    AT_LEAST="It is at least this, or no earlier.",
    STARTS_WITH="It begins so, case included.",
    CONTAINS_ANY="One of these is chosen.",
    CONTAINS_ALL="All of these are chosen.",
    CONTAINS_NONE="None of these is chosen.",
    WITHIN_LAST="It lies at most `within` ago, and not ahead.",
    WITHIN_NEXT="It lies at most `within` ahead, and not behind.",
    BEFORE_LAST="It lies longer than `within` ago.",
    AFTER_NEXT="It lies further than `within` ahead.",
)
_describe(
    SortKey,
    "The moment by which profiles are ordered.",
    name="ProfileOrderField",
    CREATED_AT="When the person was first seen.",
    UPDATED_AT="When something was last written.",
    LAST_SEEN_AT="When the person last showed up; those who never did come last of all, or first.",
)
_describe(
    Direction,
    "Which comes first.",
    name="OrderDirection",
    ASC="The earliest.",
    DESC="The latest.",
)
_describe(
    SyncMode,
    "When a sign-in writes the value that a claim brings.",
    IMPORT="At the first sign-in with the account, and never again.",
    MISSING="While nobody has said anything about the attribute.",
    FORCE="At every sign-in; what the provider no longer says is taken back.",
)
