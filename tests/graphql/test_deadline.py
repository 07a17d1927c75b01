"""An operation ends in time: its resolvers are cancelled, and the database is told when to give up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from server.graphql.execution import Executor
from server.graphql.schema import build_schema
from server.kit.mongo import PyMongoError, bounded
from server.kit.operations import Operation, OperationLimits
from server.questions.authoring import Authoring
from server.questions.store import QuestionStore
from tests.api import SEEDER

if TYPE_CHECKING:
    from server.kit.mongo import Database
    from tests.api import Api


class EndlessStore(QuestionStore):
    """A store that never answers, and tells whether somebody stopped waiting."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.was_asked = asyncio.Event()
        self.was_cancelled = asyncio.Event()

    async def insert(self, *_: object) -> NoReturn:
        await self.page()

    async def page(self, *_: object) -> NoReturn:
        self.was_asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.was_cancelled.set()
        raise AssertionError


def hasty(api: Api, store: EndlessStore) -> Executor:
    """Return an executor without patience."""
    authoring = Authoring(
        profiles=api.services.profiles,
        questions=api.services.questions,
        store=store,
        clock=api.services.clock,
    )
    return Executor(
        schema=build_schema(),
        services=replace(api.services, authoring=authoring),
        limits=OperationLimits(seconds=0.05),
        may_introspect=False,
    )


async def test_operation_that_takes_too_long_is_given_up_and_its_resolvers_cancelled(api: Api) -> None:
    store = EndlessStore(api.services.database)
    query = "{ questionSets { edges { cursor } } }"

    response = await hasty(api, store).execute(SEEDER, "req_1", Operation(query=query))

    assert response == {
        "errors": [
            {
                "message": "The operation took longer than 0.05 seconds and was given up.",
                "extensions": {"code": "LIMIT_EXCEEDED", "limit": "seconds", "value": None, "bound": 0.05},
            }
        ]
    }
    async with asyncio.timeout(60):
        await store.was_cancelled.wait()


async def test_mutation_that_takes_too_long_is_to_be_sent_again(api: Api) -> None:
    store = EndlessStore(api.services.database)
    query = 'mutation { createQuestionSet(input: {key: "a", content: {name: "A"}}) { __typename } }'

    response = await hasty(api, store).execute(SEEDER, "req_1", Operation(query=query))

    (error,) = response["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert store.was_cancelled.is_set()


async def test_command_takes_no_longer_than_what_is_left_of_the_time(database: Database) -> None:
    things = database["things"]
    await things.insert_one({"_id": 1})
    slow = things.find({"$where": "sleep(60000) || true"})

    with bounded(0.2), pytest.raises(PyMongoError) as raised:
        await slow.to_list(1)

    assert raised.value.timeout
