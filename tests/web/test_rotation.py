"""A secret takes another's place and nobody notices: what the former made is good for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from server.kit.sealing import Seal, SealBrokenError
from server.kit.signing import derived_key, derived_keys
from server.profiles.model import IdentityKind, IdentityRef
from server.settings import ProviderSettings
from tests.api import running_api, settings_for
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from server.kit.mongo import Database
    from server.settings import Settings
    from tests.api import Api
    from tests.fakes import FakeClock

OLD, NEW = "o" * 32, "n" * 32
BOTH_OLD_FIRST, BOTH_NEW_FIRST = f"{OLD}\n{NEW}", f"{NEW}\n{OLD}"
NEXT = "{ nextQuestion { ask { id } } }"
SKIP = """mutation ($input: SkipQuestionInput!) { skipQuestion(input: $input) {
  __typename ... on UserError { message } } }"""
ADA = IdentityRef(kind=IdentityKind.EMAIL, value="ada@person.example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One database, and processes on it with one secret or another."""

    settings: Settings
    clock: FakeClock

    def running(self, secret: str, *former: str) -> AbstractAsyncContextManager[Api]:
        """Return a process."""
        return running_api(replace(self.settings, secret=secret, former_secrets=former), self.clock)


@pytest.fixture
def deployment(mongodb_url: str, database: Database, clock: FakeClock) -> Deployment:
    return Deployment(settings=settings_for(mongodb_url, database.name), clock=clock)


@pytest.mark.parametrize(
    ("before", "after"),
    [(OLD, BOTH_OLD_FIRST), (BOTH_OLD_FIRST, BOTH_NEW_FIRST), (BOTH_NEW_FIRST, NEW)],
    ids=["the new one is let in", "it makes things", "the old one is taken off"],
)
async def test_processes_of_one_step_and_the_next_believe_each_other(
    deployment: Deployment, before: str, after: str
) -> None:
    async with deployment.running(before) as one, deployment.running(after) as other:
        await one.publish("about_you", question_draft("job_title"))
        for made_by, used_at in ((one, other), (other, one)):
            person = await made_by.person()
            asked = await used_at.data(NEXT, by=person)
            skipped = await used_at.data(SKIP, {"input": {"askId": person.next["ask"]["id"]}}, by=person)

            assert asked["nextQuestion"]["ask"] is not None
            assert skipped["skipQuestion"]["__typename"] == "SkipQuestionSuccess"


@pytest.mark.parametrize("former", [(), (OLD,)])
async def test_secret_that_is_taken_off_proves_nobody(
    deployment: Deployment, former: tuple[str, ...]
) -> None:
    async with deployment.running(OLD) as before, deployment.running(NEW, *former) as after:
        person = await before.person()

        answer = await after.post(NEXT, by=person)

    assert answer.status_code == 401


async def test_what_is_sealed_is_sealed_anew(deployment: Deployment) -> None:
    google = ProviderSettings(key="google", name="Google", kind="google", client_id="a", client_secret="hush")
    async with deployment.running(OLD) as before:
        await before.services.stores.identity.providers.put(google, is_on=True, now=deployment.clock())

    async with deployment.running(NEW, OLD) as both:
        first, second = [await both.services.stores.identity.providers.sealed.renew() for _ in "12"]
    async with deployment.running(NEW) as after:
        (stored,) = await after.services.stores.identity.providers.all()

    assert (first, second) == (1, 0)
    assert stored.settings.client_secret == "hush"


async def test_erased_people_and_refused_addresses_are_recognised_by_former_secrets(
    deployment: Deployment,
) -> None:
    async with deployment.running(OLD) as before:
        stores, now = before.services.stores, deployment.clock()
        await stores.erased.remember([ADA], "req_1", now)
        await stores.suppressions.add([ADA.value], now, by=None, enricher=None)

    async with deployment.running(NEW, OLD) as after:
        stores = after.services.stores
        erased = await stores.erased.among([ADA])
        is_suppressed = await stores.suppressions.has_any([ADA.value])
        has_returned = await stores.erased.let_return(ADA)
        is_lifted = await stores.suppressions.lift(ADA.value)

    assert (erased, is_suppressed, has_returned, is_lifted) == (frozenset({ADA}), True, True, True)


def test_seal_leaves_alone_what_is_not_its_own() -> None:
    old, new, both = (Seal(each, "hook-secrets") for each in (OLD, NEW, BOTH_NEW_FIRST))
    strange = Seal("s" * 32, "hook-secrets").close("theirs")
    texts = [old.close("a"), new.close("b"), strange, "plain"]

    renewed = both.renewed({"until": None, "sealed": texts, "count": 3})

    assert renewed == {"until": None, "sealed": [renewed["sealed"][0], *texts[1:]], "count": 3}
    assert new.open(renewed["sealed"][0]) == "a"
    with pytest.raises(SealBrokenError):
        new.open(texts[0])


def test_line_is_a_secret_of_its_own() -> None:
    assert derived_keys(BOTH_NEW_FIRST, "x") == (derived_key(NEW, "x"), derived_key(OLD, "x"))
    assert derived_key(BOTH_NEW_FIRST, "x") == derived_key(NEW, "x")
