"""Sets written down as JSON and read again, so that they can live in git; and a library to start with."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Protocol

from server.access.model import Scope
from server.access.service import require_scope
from server.kit.errors import ConflictError, InvalidInputError, NotFoundError
from server.questions.drafts import draft_of
from server.questions.portable import attributes_of, draft_from, key_of, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.access.model import Viewer
    from server.profiles.model import AttributeDefinition, AttributeSpec
    from server.profiles.service import Profiles
    from server.questions.authoring import Authoring
    from server.questions.model import QuestionSet, QuestionSetId, SetContent
    from server.questions.store import QuestionStore

STARTERS = ("b2b_onboarding", "b2c_shop", "developer_tool", "newsletter")


class Declares(Protocol):
    """Declares attributes."""

    async def define(self, viewer: Viewer, spec: AttributeSpec) -> AttributeDefinition:
        """Declare one; raise ConflictError where its key is taken."""


class Porting:
    """Writes sets down and reads them; admins only."""

    def __init__(
        self, *, profiles: Profiles, attributes: Declares, authoring: Authoring, store: QuestionStore
    ) -> None:
        self._profiles = profiles
        self._attributes = attributes
        self._authoring = authoring
        self._store = store

    async def written(self, content: SetContent, key: str | None = None) -> dict[str, Any]:
        """Return content as JSON has it."""
        catalogue = await self._profiles.catalogue.current()
        about = {each.attribute_id for each in content.questions if each.attribute_id is not None}
        definitions = [catalogue.by_id[each] for each in sorted(about)]
        return written(key, draft_of(content, catalogue), definitions)

    async def export(self, viewer: Viewer, set_id: QuestionSetId) -> dict[str, Any]:
        """Return the draft of a set, with the attributes that it asks for.

        Raises ForbiddenError and NotFoundError.
        """
        require_scope(viewer, Scope.ADMIN)
        question_set = await self._store.find(set_id)
        if question_set is None:
            raise NotFoundError("There is no such question set.")
        return await self.written(question_set.draft, question_set.key)

    async def bring_in(
        self,
        viewer: Viewer,
        document: Any,  # noqa: ANN401 - JSON
        *,
        starter: str | None = None,
        key: str | None = None,
    ) -> QuestionSet:
        """Make a draft of what was written down, and declare the attributes that are missing.

        Raises ForbiddenError, NotFoundError for an unknown starter set, InvalidInputError naming the place
        that can't be read, UnknownAttributeError, ConflictError where the key is taken.
        """
        require_scope(viewer, Scope.ADMIN)
        if (document is None) is (starter is None):
            raise InvalidInputError("Give a `document` or the key of a `starter`.", field="document")
        given = document if starter is None else starter_set(starter)
        draft, specs = draft_from(given), attributes_of(given)
        await self._declare(viewer, specs)
        return await self._authoring.create(viewer, key or key_of(given), draft)

    async def _declare(self, viewer: Viewer, specs: Iterable[AttributeSpec]) -> None:
        known = (await self._profiles.catalogue.current()).by_key
        for spec in specs:
            if spec.key not in known:
                try:
                    await self._attributes.define(viewer, spec)
                except ConflictError:
                    continue  # somebody else just did


def starter_set(key: str) -> dict[str, Any]:
    """Return a set of the library as it is written down; raise NotFoundError."""
    if key not in STARTERS:
        raise NotFoundError(f"There is no starter set {key[:80]!r}: take one of {', '.join(STARTERS)}.")
    text = resources.files("server.questions").joinpath("library", f"{key}.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document
