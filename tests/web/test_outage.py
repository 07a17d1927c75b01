"""What a client hears while the database is away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest
from pymongo.errors import ExecutionTimeout, NetworkTimeout, NotPrimaryError, PyMongoError, WTimeoutError

from server.app import create_app
from server.kit.mongo import is_outage
from server.questions.authoring import Authoring
from server.questions.store import QuestionStore
from tests.api import client_of

if TYPE_CHECKING:
    from tests.api import Api


class AwayStore(QuestionStore):
    """The question sets of a database that lost its primary."""

    async def page(self, *_: object) -> NoReturn:
        raise NotPrimaryError("10.0.0.7 is no primary")


@pytest.mark.parametrize(("beside", "status"), [("", 503), ("viewer { kind }", 200)])
async def test_operation_of_which_nothing_came_is_to_be_sent_again(
    api: Api, beside: str, status: int
) -> None:
    services = api.services
    authoring = Authoring(
        profiles=services.profiles,
        questions=services.questions,
        store=AwayStore(services.database),
        clock=services.clock,
    )

    async with client_of(create_app(replace(services, authoring=authoring))) as http:
        body = {"query": f"{{ questionSets {{ edges {{ cursor }} }} {beside} }}"}
        response = await http.post("/graphql", json=body, headers=api.admin.headers)

    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("2" if status == 503 else None)
    assert [each["extensions"]["code"] for each in response.json()["errors"]] == ["UNAVAILABLE"]
    assert "10.0.0.7" not in response.text


@pytest.mark.parametrize(
    "error", [NetworkTimeout("away"), WTimeoutError("no majority", 64), ExecutionTimeout("late", 50)]
)
def test_what_may_pass_is_an_outage(error: PyMongoError) -> None:
    assert is_outage(error)


def test_group_is_an_outage_if_all_of_it_is() -> None:
    away = NetworkTimeout("away")

    assert is_outage(ExceptionGroup("at once", [away, away]))
    assert not is_outage(ExceptionGroup("at once", [away, ValueError("a bug")]))


def test_what_stays_is_none() -> None:
    assert not is_outage(PyMongoError("a bug"))
    assert not is_outage(ValueError("a bug"))
    assert not is_outage(None)
