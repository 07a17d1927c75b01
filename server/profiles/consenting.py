"""What a person says to a purpose, written into their profile; consent lies below and knows no profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.access.model import Scope, ViewerKind
from server.access.service import require_scope
from server.consent.changes import ConsentRecorded
from server.consent.model import Consent, ConsentSource, ConsentState, Standing
from server.kit.changes import ChangeId
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.kit.ids import new_id
from server.kit.paging import Page
from server.profiles.documents import consent_document
from server.profiles.model import ProfileId, ProfileUpdate

if TYPE_CHECKING:
    from server.access.model import Viewer
    from server.consent.model import ConsentEntry, Purpose
    from server.consent.service import Consents
    from server.kit.clock import Clock
    from server.kit.paging import PageRequest
    from server.profiles.model import IdentityRef, Profile
    from server.profiles.service import Profiles

_SOURCES = {
    ViewerKind.PERSON: ConsentSource.PERSON,
    ViewerKind.APP: ConsentSource.APP,
    ViewerKind.ADMIN: ConsentSource.ADMIN,
}


class Consenting:
    """Writes consents to profiles and reads them back."""

    def __init__(self, *, profiles: Profiles, consents: Consents, clock: Clock) -> None:
        self._profiles = profiles
        self._consents = consents
        self._clock = clock

    async def record(
        self,
        viewer: Viewer,
        by: ProfileId | IdentityRef | None,
        purpose_key: str,
        state: ConsentState,
        text_version: int | None = None,
    ) -> Profile:
        """Write what a person said: themself (`by` None), or as an app or an admin reports it.

        `text_version` is the text they read, the present one when None. From this write on nothing that
        the purpose forbids is asked, looked up or shown; what else follows hangs on the announcement.
        Raises ForbiddenError, NotFoundError, UnknownPurposeError, InvalidInputError.
        """
        profile_id = await self._addressed(viewer, by)
        purpose = await self._consents.get(purpose_key)
        consent = Consent(
            state=state,
            at=self._clock(),
            text_version=_version(purpose, text_version),
            source=_SOURCES[viewer.kind],
        )
        update = ProfileUpdate(
            part={f"consents.{purpose.key}": consent_document(consent)},
            changes=(_recorded(profile_id, purpose, consent, viewer),),
        )
        written = await self._profiles.write(profile_id, update)
        if written is None:
            raise NotFoundError(_NO_SUCH_PROFILE)
        return written

    async def standings(self, viewer: Viewer, profile: Profile) -> list[Standing]:
        """Return where the person stands towards every purpose; nothing for who may not see the profile."""
        if not _may_see(viewer, profile):
            return []
        purposes = await self._consents.purposes.current()
        return [
            Standing(
                purpose=purpose,
                consent=profile.consents.get(key),
                is_allowed=purposes.allow(key, profile.consents),
            )
            for key, purpose in purposes.by_key.items()
        ]

    async def history(self, viewer: Viewer, profile: Profile, request: PageRequest) -> Page[ConsentEntry]:
        """Return what the person ever said, oldest first, also as a profile that was merged into this one."""
        if not _may_see(viewer, profile):
            return Page(items=(), has_next=False)
        return await self._consents.history(await self._profiles.lineage(profile.id), request)

    async def _addressed(self, viewer: Viewer, by: ProfileId | IdentityRef | None) -> ProfileId:
        if viewer.kind is ViewerKind.PERSON and by in {None, viewer.profile_id}:
            return ProfileId(viewer.profile_id or "")
        require_scope(viewer, Scope.PROFILES_WRITE)
        if by is None:
            raise ForbiddenError("An app says whose consent it records.")
        found = await self._profiles.find_living(by)
        if found is None:
            raise NotFoundError(_NO_SUCH_PROFILE)
        return found.id


_NO_SUCH_PROFILE = "There is no such profile."


def _version(purpose: Purpose, given: int | None) -> int:
    version = purpose.text_version if given is None else given
    if not 1 <= version <= purpose.text_version:
        message = (
            f"The purpose {purpose.key} has the texts 1 to {purpose.text_version}; there is no {version}."
        )
        raise InvalidInputError(message, field="textVersion")
    return version


def _recorded(profile_id: ProfileId, purpose: Purpose, consent: Consent, viewer: Viewer) -> ConsentRecorded:
    return ConsentRecorded(
        id=ChangeId(new_id("chg", consent.at)),
        at=consent.at,
        profile_id=profile_id,
        purpose=purpose.key,
        state=consent.state.value,
        text_version=consent.text_version,
        source=consent.source.value,
        actor=viewer.profile_id or viewer.key_id,
    )


def _may_see(viewer: Viewer, profile: Profile) -> bool:
    return viewer.profile_id == profile.id or viewer.has_scope(Scope.PROFILES_READ)
