"""Values that come later: who waits for whom, and what becomes of work that nobody waits for any more."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING

import pytest
from graphql import execute, parse

from server.graphql.executor import Compiler
from tests.graphql.executor.both import outcome, same, schema_of
from tests.graphql.executor.world import Later, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


SCHEMA = schema_of("""
interface Named { name: String }
type Box implements Named { name: String value: Int surely: Int! box: Box boxes: [Box!] sure: Box!
  numbers: [Int!] }
type Query { a: Int b: Int c: Int! box: Box boxes: [Box] sure: [Box!]! numbers: [Int]
  named: Named names: [Named!] text: String }
type Mutation { a: Int b: Int c: Int! box: Box }
""")


async def after(turns: int, value: object) -> object:
    """Return, or raise, a value after some turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    if isinstance(value, Exception):
        raise value
    return value


def late(value: object, turns: int = 1) -> Callable[..., object]:
    """Return an asynchronous resolver."""
    return lambda _info: after(turns, value)


async def stream(*values: object, fails: bool = False) -> AsyncIterator[object]:
    """Yield values one by one."""
    for value in values:
        await asyncio.sleep(0)
        yield value
    if fails:
        raise ValueError("the stream failed")


@pytest.mark.parametrize("turns", [(1, 2, 3), (3, 2, 1), (0, 0, 0), (2, 0, 1), (1, 1, 1)])
def test_errors_of_fields_beside_each_other_come_in_the_order_in_which_they_fail(
    turns: tuple[int, ...],
) -> None:
    def box() -> dict[str, object]:
        return {
            "name": late(ValueError("name"), turns[0]),
            "value": late(ValueError("value"), turns[1]),
            "box": late(ValueError("box"), turns[2]),
        }

    found = same(
        SCHEMA,
        "{ a box { name value box { name } } b boxes { value name } }",
        lambda: {
            "a": late(ValueError("a"), turns[1]),
            "b": late(ValueError("b"), turns[0]),
            "box": box(),
            "boxes": late([box(), after(turns[2], box())], turns[2]),
        },
    )

    assert len(found.errors) == 9
    assert found.was_awaitable


def test_a_late_error_of_a_field_that_may_not_be_null_cancels_the_ones_beside_it() -> None:
    ended: list[str] = []

    async def slow(name: str) -> str:
        try:
            await after(50, None)
        except asyncio.CancelledError:
            ended.append(f"{name} cancelled")
            raise
        ended.append(f"{name} done")
        return name

    root = {
        "box": {
            "surely": late(ValueError("now"), 2),
            "name": lambda _info: slow("name"),
            "value": late("x", 1),
        },
        "a": late(7, 3),
    }
    found = same(SCHEMA, "{ box { name surely value } a }", lambda: root)

    assert found.data == "{'box': None, 'a': 7}"
    assert ended == ["name cancelled"] * 3


def test_an_error_at_once_does_not_wait_for_late_fields_beside_it_and_silences_them() -> None:
    reached: list[str] = []

    async def later(name: str) -> None:
        await after(3, None)
        reached.append(name)
        raise ValueError(name)

    root = {"box": {"name": lambda _info: later("name"), "value": late(ValueError("value")), "surely": None}}
    found = same(SCHEMA, "{ box { name value surely } }", lambda: root)

    assert not found.was_awaitable
    assert len(found.errors) == 1
    assert reached == ["name"] * 3


def test_without_a_loop_no_more_is_left_undone_than_by_graphql_core() -> None:
    document = parse("{ boxes { name numbers surely } }")
    compiled = Compiler(SCHEMA).compile(document)

    def execute_quietly(executing: Callable[[object], object]) -> tuple[str, list[str]]:
        with warnings.catch_warnings(record=True) as left_undone:
            warnings.simplefilter("always")
            result = str(
                executing({"boxes": [{"name": late(1), "numbers": [after(1, 1), "x", Later(after(1, 1))]}]})
            )
            gc.collect()
        return result, [str(warning.message) for warning in left_undone]

    expected = execute_quietly(lambda root: execute(SCHEMA, document, root))
    actual = execute_quietly(compiled.execute)

    assert actual == expected


def test_awaitables_of_any_shape_and_at_any_place_are_waited_for() -> None:
    def root() -> dict[str, object]:
        return {
            "a": Later(after(1, 1)),
            "b": lambda _info: asyncio.ensure_future(after(1, 2)),
            "c": after(0, 3),
            "numbers": [1, after(2, 2), Later(after(1, "x")), after(1, ValueError("four")), 5],
            "boxes": after(
                1, [after(1, {"value": after(1, 1)}), None, {"value": 2, "numbers": (after(1, 1),)}]
            ),
            "box": {"boxes": [{"box": {"box": {"value": after(1, 9)}}}, after(1, {})]},
        }

    found = same(
        SCHEMA, "{ a b c numbers boxes { value numbers } box { boxes { box { box { value } } } } }", root
    )

    assert "'numbers': [1, 2, None, None, 5]" in found.data


def test_values_that_are_known_to_be_plain_do_not_hide_late_ones_of_the_same_field() -> None:
    class Box:
        def __init__(self, value: object) -> None:
            self.value = value

    found = same(
        SCHEMA,
        "{ boxes { value } }",
        lambda: {"boxes": [Box(1), Box(after(1, 2)), after(1, Box(3)), Box(Later(after(1, 4)))]},
    )

    assert found.data == "{'boxes': [{'value': 1}, {'value': 2}, {'value': 3}, {'value': 4}]}"


def test_a_function_in_a_list_does_not_hide_one_that_is_a_method() -> None:
    def root() -> dict[str, object]:
        return {"numbers": [lambda _info: 1], "text": lambda _info: "called", "b": lambda _info: after(1, 2)}

    found = same(SCHEMA, "{ numbers text b }", root)

    assert "'text': 'called', 'b': 2" in found.data


def test_a_proxy_that_could_be_awaited_only_now_and_then_is_asked_every_time() -> None:
    class Proxy:
        def __init__(self, **attributes: object) -> None:
            self.attributes = attributes

        def __getattr__(self, name: str) -> object:
            if name in self.attributes:
                return self.attributes[name]
            raise AttributeError(name)

    found = same(
        SCHEMA, "{ boxes { value } }", lambda: {"boxes": [Proxy(value=1), Proxy(__await__=1, value=2)]}
    )

    assert "can't be used in 'await' expression" in found.errors[0]


def test_asynchronous_iterables_are_lists() -> None:
    def root() -> dict[str, object]:
        return {
            "numbers": stream(1, "x", after(1, 3), after(1, ValueError("four"))),
            "boxes": Stream([{"value": 1}, after(1, {"value": 2}), None]),
            "sure": stream({"value": after(1, 1)}, {"surely": 1}),
            "box": {"numbers": stream(1, None, 3), "boxes": stream({"value": 1}, fails=True)},
        }

    found = same(SCHEMA, "{ numbers boxes { value } sure { value } box { numbers boxes { value } } }", root)

    assert "'numbers': [1, None, 3, None]" in found.data
    assert "'box': {'numbers': None, 'boxes': None}" in found.data


def test_a_stream_is_closed_when_an_item_that_may_not_be_null_fails() -> None:
    closed: list[str] = []

    class Endless(Stream):
        async def __anext__(self) -> None:
            return None

        async def aclose(self) -> None:
            closed.append("closed")

    found = same(SCHEMA, "{ box { numbers } a }", lambda: {"box": {"numbers": Endless([])}, "a": 1})

    assert found.data == "{'box': {'numbers': None}, 'a': 1}"
    assert closed == ["closed"] * 3


def test_what_is_left_of_an_iterator_that_failed_is_waited_for_in_the_background() -> None:
    reached: list[int] = []

    async def reach(number: int) -> int:
        await asyncio.sleep(0)
        reached.append(number)
        return number

    def root() -> dict[str, object]:
        return {"box": {"numbers": iter([reach(1), None, reach(2), 3, reach(4)])}}

    same(SCHEMA, "{ box { numbers } }", root)

    assert reached == [1, 2, 4] * 3


def test_mutations_run_one_after_another() -> None:
    order: list[str] = []

    async def act(name: str, value: object) -> object:
        order.append(f"{name} begins")
        await after(2, None)
        order.append(f"{name} ends")
        if isinstance(value, Exception):
            raise value
        return value

    root = {
        "a": lambda _info: act("a", 1),
        "b": lambda _info: order.append("b at once"),
        "box": lambda _info: act(
            "box", {"value": lambda _info: act("value", 1), "name": lambda _info: act("name", "n")}
        ),
        "c": lambda _info: act("c", ValueError("c")),
    }
    same(SCHEMA, "mutation { a b box { value name } again: a }", lambda: root)
    first = order[: len(order) // 3]
    found = same(SCHEMA, "mutation { a c b }", lambda: root)

    assert first[:4] == ["a begins", "a ends", "b at once", "box begins"]
    assert first[-2:] == ["a begins", "a ends"]
    assert found.data == "None"


@pytest.mark.parametrize(
    "root", [{"a": 1, "b": 2, "c": 3}, {"a": 1, "c": ValueError("c")}, {"a": "x", "c": late(1)}]
)
def test_mutations_without_anything_late_are_done_at_once(root: dict[str, object]) -> None:
    same(SCHEMA, "mutation { a b c box { value } }", lambda: root)


async def test_cancelling_an_execution_cancels_what_it_waits_for() -> None:
    ended: list[str] = []

    async def endless(_info: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    executing = Compiler(SCHEMA).compile(parse("{ a b }")).execute({"a": endless, "b": endless})
    task = asyncio.ensure_future(outcome(lambda: executing))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended == ["ended"] * 2
