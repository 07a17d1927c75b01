"""What the demo starts with: a publishable key for its page, and three question sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import KeyKind, Scope, Viewer, ViewerKind
from server.kit.errors import ConflictError
from server.questions.model import QuestionDraft, QuestionKind, SetDraft, Trigger

if TYPE_CHECKING:
    from server.access.model import ApiKey
    from server.services import Services

_SEEDER = Viewer(kind=ViewerKind.ADMIN, scopes=frozenset({Scope.ADMIN}))
_KEY_NAME = "Demo page"

# At the first sign-in role and company size, at the second the industry, at the third the goal.
_SETS = {
    "welcome": SetDraft(
        name="First sign-in",
        trigger=Trigger(from_login=1),
        priority=30,
        per_visit=2,
        questions=(
            QuestionDraft(
                key="role",
                kind=QuestionKind.SINGLE_CHOICE,
                attribute_key="job_role",
                prompt="What do you mostly work on?",
                help="So that we show you what your colleagues find useful.",
            ),
            QuestionDraft(
                key="company_size",
                kind=QuestionKind.SINGLE_CHOICE,
                attribute_key="company_size",
                prompt="How many people work at your company?",
            ),
        ),
    ),
    "second_visit": SetDraft(
        name="Second sign-in",
        trigger=Trigger(from_login=2),
        priority=20,
        questions=(
            QuestionDraft(
                key="industry",
                kind=QuestionKind.SINGLE_CHOICE,
                attribute_key="industry",
                prompt="Which industry are you in?",
            ),
        ),
    ),
    "third_visit": SetDraft(
        name="Third sign-in",
        trigger=Trigger(from_login=3),
        priority=10,
        questions=(
            QuestionDraft(
                key="goal",
                kind=QuestionKind.TEXT,
                attribute_key="goal",
                prompt="What would you like to achieve with us?",
                placeholder="Understand why people leave",
            ),
        ),
    ),
}


async def seed_demo(services: Services) -> ApiKey:
    """Make what is missing and return the demo page's key; a second time changes nothing."""
    for key, draft in _SETS.items():
        await _publish_once(services, key, draft)
    found = await demo_key(services)
    if found is not None:
        return found
    origins = (services.settings.demo_url,)
    made = await services.access.create_key(
        _SEEDER, kind=KeyKind.PUBLISHABLE, name=_KEY_NAME, origins=origins
    )
    return made.key


async def demo_key(services: Services) -> ApiKey | None:
    """Return the publishable key of the demo page, unless it was revoked."""
    origins = (services.settings.demo_url,)
    keys = (await services.access.key_ring.current()).by_hash.values()
    return next((key for key in keys if key.name == _KEY_NAME and key.origins == origins), None)


async def _publish_once(services: Services, key: str, draft: SetDraft) -> None:
    try:
        created = await services.authoring.create(_SEEDER, key, draft)
    except ConflictError:
        return
    await services.authoring.publish(_SEEDER, created.id, created.version)
