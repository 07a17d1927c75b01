"""Reading many profiles: pages that stay right while people come and go, words that find them, counts."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from server.profiles.model import ProfileUpdate
from tests.factories.profiles import APP, browser, user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.profiles.model import IdentityRef, Profile, ProfileId
    from tests.api import Api
    from tests.fakes import FakeClock

PAGE = """query ($filter: Condition, $search: String, $orderBy: ProfileOrder, $first: Int, $after: String) {
  profiles(filter: $filter, search: $search, orderBy: $orderBy, first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage endCursor }
  }
}"""
COUNT = """query ($filter: Condition, $search: String) {
  profileCount(filter: $filter, search: $search) { value isExact }
}"""
BY = "query ($by: [ProfileLookup!]!) { profilesBy(by: $by) { id } }"
ORDERS = [
    {"field": field, "direction": direction}
    for field in ("CREATED_AT", "UPDATED_AT", "LAST_SEEN_AT")
    for direction in ("ASC", "DESC")
]


async def _made(api: Api, ref: IdentityRef, **values: object) -> Profile:
    profiles = api.services.profiles
    recognised = await profiles.recognise(ref)
    claims = await profiles.claims(values, APP)
    written = await profiles.write(recognised.id, ProfileUpdate(claims=claims))
    assert written is not None
    return written


@pytest.fixture
async def people(api: Api, clock: FakeClock) -> list[Profile]:
    """Ten people, of whom some were made in the same moment and some never showed up."""
    made = []
    for number in range(10):
        profile = await _made(api, user(f"u-{number}"), job_title="even" if number % 2 == 0 else "odd")
        if number % 3:
            seen = await api.services.profiles.start_visit(profile, is_sign_in=False)
            assert seen is not None
        made.append(profile)
        clock.advance(timedelta(seconds=number % 2))
    return made


async def _pages(api: Api, **variables: Any) -> AsyncIterator[list[str]]:  # noqa: ANN401 - variables of PAGE
    after: str | None = None
    while True:
        page = (await api.data(PAGE, {"after": after, **variables}, by=api.admin))["profiles"]
        yield [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


async def _all(api: Api, **variables: Any) -> list[str]:  # noqa: ANN401 - variables of PAGE
    return [each async for page in _pages(api, **variables) for each in page]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order['field']}-{order['direction']}")
async def test_pages_come_to_everybody_once_in_order(
    api: Api, people: list[Profile], order: dict[str, str]
) -> None:
    whole = await _all(api, orderBy=order, first=100)
    pieces = await _all(api, orderBy=order, first=3)
    other = {**order, "direction": "ASC" if order["direction"] == "DESC" else "DESC"}

    assert pieces == whole
    assert sorted(pieces) == sorted(each.id for each in people)
    assert await _all(api, orderBy=other, first=4) == whole[::-1]


async def test_latest_made_comes_first(api: Api, people: list[Profile]) -> None:
    found = await _all(api, first=4)

    assert found == sorted((each.id for each in people), reverse=True)


@pytest.mark.parametrize("order", [None, *ORDERS[:2]], ids=str)
@pytest.mark.parametrize("seed", range(3))
async def test_pages_stay_right_while_people_are_made_changed_and_merged(
    api: Api, people: list[Profile], clock: FakeClock, order: dict[str, str] | None, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    gone: set[str] = set()
    seen: list[str] = []

    async for page in _pages(api, orderBy=order, first=2):
        seen += page
        clock.advance(timedelta(milliseconds=1))
        gone |= await _stir(api, people, chance, len(seen))

    stayed = {each.id for each in people} - gone
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


async def _stir(api: Api, people: list[Profile], chance: random.Random, step: int) -> set[ProfileId]:
    """Make somebody, change somebody, and let somebody become part of another; return who is gone."""
    profiles = api.services.profiles
    stranger = await profiles.recognise(browser(f"b-{step}"))
    await _made(api, user(f"new-{step}"), job_title="even")
    await _made(api, user(f"u-{chance.randrange(10)}"), job_title=chance.choice(["even", "odd"]))
    await profiles.fold(chance.choice(people).id, stranger.id)
    return {stranger.id}


async def test_reader_by_the_last_change_meets_again_who_changed(
    api: Api, people: list[Profile], clock: FakeClock
) -> None:
    order = {"field": "UPDATED_AT", "direction": "ASC"}
    pages = _pages(api, orderBy=order, first=5)
    first = await anext(pages)
    clock.advance(timedelta(seconds=1))

    changed = next(number for number, each in enumerate(people) if each.id == first[0])
    await _made(api, user(f"u-{changed}"), job_title="changed")
    rest = [each async for page in pages for each in page]

    assert rest[-1] == first[0]
    assert set(first) | set(rest) == {each.id for each in people}


async def test_merged_profiles_never_appear(api: Api, people: list[Profile]) -> None:
    stranger = await api.services.profiles.recognise(browser())
    await api.services.profiles.fold(people[0].id, stranger.id)

    found = {tuple(sorted(await _all(api, orderBy=order))) for order in ORDERS}
    counted = await api.data(COUNT, by=api.admin)

    assert found == {tuple(sorted(each.id for each in people))}
    assert counted["profileCount"] == {"value": 10, "isExact": True}


async def test_filter_and_order_go_together(api: Api, people: list[Profile]) -> None:
    even = {"attribute": {"key": "job_title", "operator": "EQUALS", "values": ["even"]}}
    wanted = {each.id for index, each in enumerate(people) if index % 2 == 0}

    found = [await _all(api, filter=even, orderBy=order, first=2) for order in ORDERS]
    counted = await api.data(COUNT, {"filter": even}, by=api.admin)

    assert [set(each) for each in found] == [wanted] * len(ORDERS)
    assert counted["profileCount"] == {"value": 5, "isExact": True}


# Search


@pytest.fixture
async def zoe(api: Api) -> str:
    """Somebody with a name that is hard to type."""
    person = await api.signed_in(
        "subject-zoe",
        email="zoe.obrien@example.com",
        email_verified=True,
        name="Zo\u00eb Mary-Jane O\u2019Brien",
    )
    await _made(api, user("Customer 77"), name="Ada")
    return person.profile_id


@pytest.mark.parametrize(
    "search",
    [
        *("zoe", "ZO\u00cb", "Zo", "zoe\u0308", "\uff3aoe", "  zoe  ", "zoe\0"),
        *("mary-j", "jane", "o\u2019brien", "brien zoe", "zoe.obrien@example.com", "zoe.ob", "example.com"),
        "subject-z",
    ],
)
async def test_beginnings_of_words_find_the_person(api: Api, zoe: str, search: str) -> None:
    assert await _all(api, search=search) == [zoe]


@pytest.mark.parametrize("search", ["oe", "zoe ada", "zoé-", "$", ".*", "^zoe", "%", "\U0010ffff"])
async def test_what_begins_no_word_finds_nobody(api: Api, zoe: str, search: str) -> None:
    assert await _all(api, search=search) == []


async def test_identity_with_a_space_is_found_by_its_words(api: Api, zoe: str) -> None:
    found = await _all(api, search="customer 7")

    assert len(found) == 1
    assert found != [zoe]


async def test_empty_search_is_no_search(api: Api, zoe: str) -> None:
    assert await _all(api, search="") == await _all(api, search="  ") == await _all(api)


async def test_name_that_was_replaced_finds_nobody_any_more(api: Api) -> None:
    await _made(api, user("u-1"), name="Ada Byron")

    renamed = await _made(api, user("u-1"), name="Ada Lovelace")

    assert await _all(api, search="lovelace") == [renamed.id]
    assert await _all(api, search="byron") == []


async def test_merged_profile_is_found_by_the_words_of_both(api: Api) -> None:
    known = await _made(api, user("u-1"), name="Ada")
    stranger = await _made(api, browser("browser-77"), nickname="Countess")

    await api.services.profiles.fold(known.id, stranger.id)

    assert await _all(api, search="countess browser-7 ada u-1") == [known.id]


@pytest.mark.parametrize("search", ["a " * 9, "a" * 201, "a" * 100_000])
async def test_endless_search_is_refused(api: Api, search: str) -> None:
    body = await api.execute(PAGE, {"search": search}, by=api.admin)

    assert body["errors"][0]["message"] == "`search` has up to 8 words and 200 characters."
    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


# Look-ups


async def test_each_lookup_is_answered_in_its_place(api: Api, people: list[Profile], zoe: str) -> None:
    stranger = await api.services.profiles.recognise(browser())
    await api.services.profiles.fold(people[0].id, stranger.id)
    by = [
        {"userId": "u-3"},
        {"id": "prf_none"},
        {"id": stranger.id},
        {"email": "Zoe.OBrien@example.com"},
        {"userId": "u-3"},
        {"id": people[1].id},
    ]

    found: list[dict[str, str] | None] = (await api.data(BY, {"by": by}, by=api.admin))["profilesBy"]

    ids = [each and each["id"] for each in found]
    assert ids == [people[3].id, None, people[0].id, zoe, people[3].id, people[1].id]


async def test_person_looks_up_themself_alone(api: Api, people: list[Profile]) -> None:
    person = await api.person()
    by = [{"id": people[0].id}, {"id": person.profile_id}, {"userId": "u-1"}]

    found = await api.data(BY, {"by": by}, by=person)
    pages = await api.data(PAGE, by=person)

    assert found == {"profilesBy": [None, {"id": person.profile_id}, None]}
    assert pages == {"profiles": None}


async def test_more_than_a_hundred_lookups_are_refused(api: Api) -> None:
    body = await api.execute(BY, {"by": [{"userId": "u-1"}] * 101}, by=api.admin)

    assert body["errors"][0]["message"] == "`by` names at most 100 profiles at once."


async def test_nobody_is_looked_up_without_a_query_too_many(api: Api) -> None:
    assert await api.data(BY, {"by": []}, by=api.admin) == {"profilesBy": []}


# Counts


async def test_count_is_estimated_where_counting_would_take_long(api: Api, people: list[Profile]) -> None:
    even = {"attribute": {"key": "job_title", "operator": "EQUALS", "values": ["even"]}}
    store = api.services.stores.search

    exact, capped = await store.count({}, 100), await store.count({}, 3)
    estimated = await store.estimate({})

    assert (exact, capped, estimated) == (10, 3, 10)
    assert (await api.data(COUNT, {"filter": even}, by=api.admin))["profileCount"]["value"] == 5


# Bad input


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"first": -1}, "`first` must be between 0 and 100"),
        ({"first": 101}, "`first` must be between 0 and 100"),
        ({"after": "garbage"}, "`after` must be a cursor"),
        ({"after": "YWZ0ZXI6cHJmXzE="}, "`after` must be a cursor"),
        ({"after": "\0"}, "`after` must be a cursor"),
        ({"filter": {}}, "exactly one"),
        ({"filter": {"attribute": {"key": "nope", "operator": "EXISTS"}}}, "There is no attribute 'nope'"),
        ({"filter": {"attribute": {"key": "name", "operator": "SOUNDS_LIKE"}}}, "SOUNDS_LIKE"),
        (
            {"filter": {"attribute": {"key": "name", "operator": "EQUALS", "values": [{"$gt": ""}]}}},
            "must be a text",
        ),
        ({"filter": {"attribute": {"key": "a.b", "operator": "EXISTS"}}}, "There is no attribute 'a.b'"),
        ({"filter": {"identified": None}}, "non-null"),
    ],
)
async def test_query_that_makes_no_sense_gets_one_sentence(
    api: Api, variables: dict[str, Any], message: str
) -> None:
    body = await api.execute(PAGE, variables, by=api.admin)

    assert len(body["errors"]) == 1
    assert message in body["errors"][0]["message"]
    assert "INTERNAL_ERROR" not in str(body)


async def test_cursor_of_another_order_is_refused(api: Api, people: list[Profile]) -> None:
    page = await api.data(PAGE, {"first": 1}, by=api.admin)
    variables = {"after": page["profiles"]["pageInfo"]["endCursor"], "orderBy": {"direction": "ASC"}}

    body = await api.execute(PAGE, variables, by=api.admin)

    assert "in the same order" in body["errors"][0]["message"]


async def test_nesting_a_thousand_deep_is_refused_wherever_it_stands(api: Api) -> None:
    def nested(depth: int) -> str:
        return '{"not": ' * depth + '{"identified": true}' + "}" * depth

    def sent(depth: int) -> str:
        return f'{{"query": {json.dumps(PAGE)}, "variables": {{"filter": {nested(depth)}}}}}'

    def written(depth: int) -> str:
        return nested(depth).replace('"', "")

    headers = {**api.admin.headers, "Content-Type": "application/json"}

    a_thousand = await api.http.post("/graphql", content=sent(1_000), headers=headers)
    twenty = await api.http.post("/graphql", content=sent(20), headers=headers)
    inside = [
        await api.execute(f"{{ profiles(filter: {written(depth)}) {{ __typename }} }}", by=api.admin)
        for depth in (50, 100, 200, 300, 400, 600)
    ]

    assert a_thousand.status_code == 400
    assert "may be nested 64 deep" in a_thousand.json()["errors"][0]["message"]
    assert "at most 10 deep" in twenty.json()["errors"][0]["message"]
    assert ["deep" in each["errors"][0]["message"] for each in inside] == [True] * len(inside)
