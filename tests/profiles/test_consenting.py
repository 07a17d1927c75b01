"""Recording a consent, and two interpreters of the rule that agree: on a profile, and as a guard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from server.access.model import NOBODY, Scope
from server.consent.errors import UnknownPurposeError
from server.consent.model import Basis, Consent, ConsentSource, ConsentState, PurposeEdit, PurposeSpec
from server.kit.errors import ForbiddenError, InvalidInputError, NotFoundError
from server.profiles.consenting import Consenting
from server.profiles.merging import divided, folded
from server.profiles.model import ProfileId, ProfileUpdate
from tests.factories.access import ADMIN, app_viewer, person_viewer
from tests.factories.profiles import NOW, profile, user

if TYPE_CHECKING:
    from server.profiles.model import Profile
    from tests.core import Core
    from tests.fakes import FakeClock

NEWS = PurposeSpec(key="news", name="News", description="To write.", text="May we write to you?")


@pytest.fixture
async def consenting(core: Core, clock: FakeClock) -> Consenting:
    """What records, with a purpose of two texts."""
    await core.consents.define(ADMIN, NEWS)
    await core.consents.update(ADMIN, "news", PurposeEdit(text="May we?"))
    return Consenting(profiles=core.profiles, consents=core.consents, clock=clock)


@pytest.fixture
async def ada(core: Core) -> Profile:
    """Somebody."""
    return await core.profiles.create((user("ada"),))


async def test_person_speaks_for_themself(consenting: Consenting, ada: Profile, clock: FakeClock) -> None:
    written = await consenting.record(person_viewer(ada.id), None, "news", ConsentState.GRANTED)

    assert written.consents == {
        "news": Consent(state=ConsentState.GRANTED, at=clock(), text_version=2, source=ConsentSource.PERSON)
    }


async def test_app_reports_which_text_was_read(consenting: Consenting, ada: Profile) -> None:
    app = app_viewer(Scope.PROFILES_WRITE)

    written = await consenting.record(app, user("ada"), "news", ConsentState.DENIED, 1)

    said = written.consents["news"]
    assert (said.state, said.text_version, said.source) == (ConsentState.DENIED, 1, ConsentSource.APP)
    assert written.id == ada.id


async def test_what_was_said_last_counts(consenting: Consenting, ada: Profile, clock: FakeClock) -> None:
    for state in (ConsentState.GRANTED, ConsentState.WITHDRAWN, ConsentState.GRANTED):
        clock.advance(timedelta(seconds=1))
        written = await consenting.record(person_viewer(ada.id), None, "news", state)

    assert written.consents["news"].state is ConsentState.GRANTED


async def test_every_word_is_announced(core: Core, consenting: Consenting, ada: Profile) -> None:
    await consenting.record(person_viewer(ada.id), None, "news", ConsentState.GRANTED, 1)

    (entry,) = [each for each in await core.outbox(ada.id) if each["kind"] == "consent.recorded"]
    assert (entry["purpose"], entry["state"], entry["text_version"], entry["actor"]) == (
        "news",
        "granted",
        1,
        ada.id,
    )


async def test_who_may_not_is_refused(consenting: Consenting, ada: Profile) -> None:
    for viewer, by in (
        (NOBODY, ada.id),
        (app_viewer(Scope.PROFILES_READ), ada.id),
        (app_viewer(Scope.PROFILES_WRITE), None),
        (person_viewer("prf_other"), ada.id),
    ):
        with pytest.raises(ForbiddenError):
            await consenting.record(viewer, by, "news", ConsentState.GRANTED)


@pytest.mark.parametrize("version", [0, -1, 3, 2**70])
async def test_text_that_nobody_could_read_is_refused(
    consenting: Consenting, ada: Profile, version: int
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await consenting.record(person_viewer(ada.id), None, "news", ConsentState.GRANTED, version)

    assert refused.value.field == "textVersion"


async def test_unknown_purpose_and_unknown_person_are_refused(consenting: Consenting, ada: Profile) -> None:
    with pytest.raises(UnknownPurposeError):
        await consenting.record(person_viewer(ada.id), None, "a.b", ConsentState.GRANTED)
    with pytest.raises(NotFoundError):
        await consenting.record(ADMIN, ProfileId("prf_none"), "news", ConsentState.GRANTED)
    with pytest.raises(NotFoundError):
        await consenting.record(person_viewer("prf_none"), None, "news", ConsentState.GRANTED)


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("least_version", [1, 2])
async def test_guard_holds_exactly_where_the_rule_allows(
    core: Core, consenting: Consenting, basis: Basis, least_version: int
) -> None:
    await core.consents.update(ADMIN, "news", PurposeEdit(basis=basis, needs_renewal=least_version > 1))
    said = [None, *((state, version) for state in ConsentState for version in (1, 2))]

    for number, each in enumerate(said):
        profile = await core.profiles.create((user(f"user-{number}"),))
        if each is not None:
            profile = await consenting.record(person_viewer(profile.id), None, "news", *each)
        update = ProfileUpdate(
            part={"enrichments.x": {}}, only_if=await core.profiles.consent_guard("news", None)
        )
        is_written = await core.profiles.write(profile.id, update) is not None
        assert is_written is await core.profiles.may_use(profile, "news")


async def test_guard_of_an_unknown_purpose_never_holds(core: Core, ada: Profile) -> None:
    update = ProfileUpdate(part={"enrichments.x": {}}, only_if=await core.profiles.consent_guard("none"))

    assert await core.profiles.write(ada.id, update) is None
    assert not await core.profiles.may_use(ada, "none")


def said(state: ConsentState, *, hour: int = 0) -> Consent:
    return Consent(state=state, at=NOW + timedelta(hours=hour), text_version=1, source=ConsentSource.PERSON)


def test_split_gives_each_back_what_they_said() -> None:
    kept = profile(id="prf_1", consents={"news": said(ConsentState.GRANTED)})
    theirs = {"news": said(ConsentState.DENIED), "care": said(ConsentState.GRANTED)}
    gone = profile(id="prf_2", consents=theirs)

    stays, returns = divided(folded(kept, gone), kept, gone)

    assert (stays.consents, returns.consents) == (kept.consents, gone.consents)


def test_refusal_since_a_merge_outlives_its_split_for_both_and_a_grant_for_who_stays() -> None:
    kept = profile(id="prf_1", consents={"news": said(ConsentState.GRANTED)})
    theirs = {"news": said(ConsentState.GRANTED), "care": said(ConsentState.DENIED)}
    gone = profile(id="prf_2", consents=theirs)
    refused = said(ConsentState.WITHDRAWN, hour=1)
    granted = said(ConsentState.GRANTED, hour=1)
    now = replace(folded(kept, gone), consents={"news": refused, "care": granted})

    stays, returns = divided(now, kept, gone)

    assert stays.consents == {"news": refused, "care": granted}
    assert returns.consents == {"news": refused, "care": said(ConsentState.DENIED)}
