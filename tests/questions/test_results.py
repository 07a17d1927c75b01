"""The log and its statistics: every ask counted once, and as often as the log says."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from server.kit.changes import ChangeId, read_change
from server.kit.mongo import PyMongoError, is_conflict
from server.kit.paging import PageRequest
from server.profiles.model import ProfileId
from server.questions.changes import AskCorrected, AskHandled, AskShown
from server.questions.comparing import compared, interval, p_value
from server.questions.log_store import LogStore
from server.questions.model import ArmResult, DeviceClass, Experiment, Outcome, StatPart, Variant
from server.questions.model.asking import AskReport
from tests.api import SEEDER, Api
from tests.factories.access import person_viewer
from tests.factories.profiles import NOW
from tests.factories.questions import question_draft

if TYPE_CHECKING:
    from server.questions.changes import AskChange
    from server.questions.model import QuestionSet

PHONE = AskReport(page="https://shop.test/a?token=secret#me", device=DeviceClass.PHONE, milliseconds=3_000)


async def _relayed(api: Api) -> None:
    """Deliver everything that was announced, twice: the relay promises at least once."""
    services = api.services
    async for profile in services.database["profiles"].find({"outbox": {"$ne": []}}):
        for entry in [*profile["outbox"], *profile["outbox"]]:
            change = read_change(entry, (AskHandled, AskShown, AskCorrected))
            if isinstance(change, AskHandled | AskShown | AskCorrected):
                await services.results.record(change)


async def _asked(api: Api, count: int) -> QuestionSet:
    """Let so many people see the first question; of three one answers, one declines and one just looks."""
    variants = Experiment(key="words", variants=(Variant(key="a"), Variant(key="b")))
    job, company = question_draft("job_title"), question_draft("company_name")
    published = await api.publish("work", job, company, per_visit=2, experiment=variants)
    for number in range(count):
        person = await api.person()
        viewer, ask = person_viewer(person.profile_id), person.next["ask"]["id"]
        answering = api.services.answering
        await answering.report_shown(viewer, ask, PHONE)
        if number % 3 == 0:
            await answering.answer(viewer, ask, "Countess", PHONE)
            await answering.correct(viewer, ask, "Engineer")
        elif number % 3 == 1:
            await answering.pass_on(viewer, ask, Outcome.DECLINED, PHONE)
    await _relayed(api)
    return published


async def test_statistics_kept_incrementally_are_equal_to_a_recount(api: Api) -> None:
    await _asked(api, 7)
    log = api.services.stores.answers

    kept = {each["_id"]: each["counts"] async for each in api.services.database["question_stats"].find()}
    recounted = await log.recounted()

    cells = {
        cell: {n: c for n, c in counts.items() if c} for cell, counts in kept.items() if "total|" not in cell
    }
    assert cells == {cell: dict(counts) for cell, counts in recounted.items()}


async def test_changes_of_one_ask_that_several_processes_log_at_once_make_one_entry(api: Api) -> None:
    stores = [api.services.stores.answers, LogStore(api.services.database)]
    asks = 12
    changes = [_handled(number) for number in range(asks)]

    for handled in changes:
        seen = [AskShown(**_of_the_ask(handled), id=ChangeId(f"{handled.id}s{n}")) for n in range(2)]
        told: list[AskChange] = [handled, *seen, handled]
        await asyncio.gather(*(stores[n % 2].record(each) for n, each in enumerate(told)))

    entries = await stores[0].page(PageRequest(first=100))
    totals = await api.services.database["question_stats"].find_one({"_id": "total|qst_1"})
    assert len(entries) == asks
    assert all(each.outcome == "answered" and each.shown_at is not None for each in entries)
    assert totals is not None
    assert (totals["counts"]["asked"], totals["counts"]["answered"]) == (asks, asks)


async def test_many_who_answer_one_question_at_once_are_counted_together_and_start_nothing_over(
    api: Api,
) -> None:
    log = api.services.stores.answers
    before = await _transactions(api)

    totals = await asyncio.gather(*(log.record(_handled(number)) for number in range(40)))

    after = await _transactions(api)
    assert [None if each is None else each["answered"] for each in totals] == list(range(1, 41))
    assert after["totalAborted"] == before["totalAborted"]
    assert after["totalCommitted"] == before["totalCommitted"] + 2  # whoever came first, and the others


async def test_changes_of_one_ask_that_are_counted_together_count_once(api: Api) -> None:
    log = api.services.stores.answers
    handled = _handled(1)
    shown = AskShown(**_of_the_ask(handled), id=ChangeId("chg_shown"))

    totals = await asyncio.gather(*(log.record(each) for each in (_handled(2), shown, handled, handled)))

    (entry,) = await log.page(PageRequest(first=10), profile_id=handled.profile_id)
    assert [each and (each["asked"], each["answered"]) for each in totals] == [(1, 1), (2, 1), (2, 2), None]
    assert (entry.outcome, entry.shown_at) == ("answered", handled.at)


async def _transactions(api: Api) -> dict[str, int]:
    """Return how many transactions the server has seen, by what became of them."""
    status = await api.services.database.command("serverStatus")
    found: dict[str, int] = status["transactions"]
    return found


def _handled(number: int) -> AskHandled:
    return AskHandled(
        id=ChangeId(f"chg_{number}"),
        at=NOW,
        profile_id=ProfileId(f"prf_{number}"),
        ask_id=f"ask_{number}",
        question_id="qst_1",
        revision=1,
        placement="home",
        visit=1,
        outcome=Outcome.ANSWERED.value,
        value="Countess",
    )


def _of_the_ask(handled: AskHandled) -> dict[str, Any]:
    names = {each.name for each in fields(AskShown)} - {"id"}
    return {name: getattr(handled, name) for name in names}


async def test_change_that_a_dead_process_has_locked_is_let_go_soon_and_counted_once_later(api: Api) -> None:
    published = await _asked(api, 1)
    person = await api.person()
    await api.services.answering.answer(
        person_viewer(person.profile_id), person.next["ask"]["id"], "Countess", PHONE
    )
    database = api.services.database
    async with await database.client.start_session() as dead:
        dead.start_transaction()
        await database["question_stats"].update_many({}, {"$inc": {"counts.asked": 1}}, session=dead)

        with pytest.raises(PyMongoError) as raised:
            await _relayed(api)
        await dead.abort_transaction()
    await _relayed(api)

    found = await api.services.results.stats(SEEDER, published.id)
    assert is_conflict(raised.value)
    assert found is not None
    assert (found[0].asked, found[0].answered) == (2, 2)


async def test_statistics_say_what_came_of_each_question(api: Api) -> None:
    published = await _asked(api, 7)

    found = await api.services.results.stats(SEEDER, published.id)
    by_arm = await api.services.results.stats(SEEDER, published.id, StatPart.ARM)

    assert found is not None
    assert by_arm is not None
    first, second = found
    assert (first.asked, first.seen, first.answered, first.declined, first.ignored) == (7, 7, 3, 2, 2)
    assert first.median_seconds == pytest.approx(3, rel=0.1)
    assert (second.asked, second.drop_off) == (0, 1.0)
    assert sum(each.answered for each in by_arm) == 3


async def test_log_keeps_how_an_ask_was_put_and_no_secret_of_the_page(api: Api) -> None:
    published = await _asked(api, 1)

    page = await api.services.results.answers(SEEDER, PageRequest(), set_id=published.id)

    assert page is not None
    (entry,) = page.items
    assert (entry.outcome, entry.value, entry.corrections) == ("answered", "Engineer", 1)
    assert (entry.language, entry.placement, entry.revision) == ("en", "home", 1)
    assert (entry.page, entry.device, entry.milliseconds) == ("https://shop.test/a", "phone", 3_000)


async def test_experiment_is_shown_side_by_side(api: Api) -> None:
    published = await _asked(api, 7)

    found = await api.services.results.experiment(SEEDER, published.id)

    assert found is not None
    assert [each.arm for each in found.arms] == ["a", "b"]
    assert sum(each.people for each in found.arms) == 7
    assert found.comparisons[0].statement.startswith("Too early to tell")


def test_exact_test_gives_the_numbers_of_the_textbooks() -> None:
    assert p_value((3, 4), (1, 4)) == pytest.approx(0.4857, abs=1e-4)  # Fisher's tea
    assert p_value((1, 10), (11, 14)) == pytest.approx(0.002759, abs=1e-5)
    assert interval(0, 0) is None
    assert interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)


def test_statement_says_whether_a_difference_is_likely_real() -> None:
    def arm(key: str, answered: int, people: int) -> ArmResult:
        rate: Any = answered / people
        return ArmResult(arm=key, people=people, answered=answered, rate=rate, rate_low=None, rate_high=None)

    real, chance = compared([arm("a", 100, 400), arm("b", 160, 400), arm("c", 104, 400)])

    assert real.is_likely_real
    assert real.statement.startswith(
        "Likely real: 'b' is answered by 15.0 points more of its people than 'a'"
    )
    assert not chance.is_likely_real
    assert chance.statement.startswith("May well be chance")
