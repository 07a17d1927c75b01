"""Documents and bodies that were made to hurt: one clear error each, no 5xx, and little work."""

from __future__ import annotations

import json
import resource
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from server.app import create_app
from tests.web.sockets import connected, served

if TYPE_CHECKING:
    from tests.api import Api

JSON = {"Content-Type": "application/json"}
_MOST_CPU_SECONDS = 1.0  # ten times what the slowest takes: what hangs takes minutes
_MOST_MEMORY = 50 * 1024  # kB above the peak before; bodies end at 256 kB
_MOST_ERRORS = 50
_LONGEST_MESSAGE = 500


def _doubling(levels: int, on: str = "Query", inner: str = "__typename") -> str:
    chain = " ".join(f"fragment F{n} on {on} {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on {on} {{ {inner} }}"


def _aliased(levels: int) -> str:
    """Return fragments that answer four times as many rows at each level, under names of their own."""
    spread = " ".join(f"a{n}: profile {{ ...F1 }}" for n in range(4))
    chain = " ".join(
        f"fragment F{n} on Profile {{ " + " ".join(f"a{m}: attributes {{ ...G{n} }}" for m in range(4)) + " }"
        f" fragment G{n} on Attribute {{ key }}"
        for n in range(1, levels)
    )
    return f"{{ viewer {{ {spread} }} }} {chain} fragment F{levels} on Profile {{ id }}"


def _many(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


DOCUMENTS = {
    "a field 10,000 times": "{" + "__typename " * 10_000 + "}",
    "10,000 aliases": "{" + _many(10_000, "a#: __typename") + "}",
    "10,000 aliases of a field": "{" + _many(10_000, "a#: viewer { kind }") + "}",
    "unknown fields": "{" + _many(20_000, "f#") + "}",
    "10,000 directives": "{ __typename " + "@aa " * 10_000 + "}",
    "10,000 skips": "{ __typename " + "@skip(if: false) " * 10_000 + "}",
    "directives on the operation": "query " + "@a " * 500 + "{ __typename }",
    "fragments that double 18 times": _doubling(18),
    "fragments that double 40 times": _doubling(40),
    "fragments that double 90 times": _doubling(90),
    "fragments that double 240 times": _doubling(240),
    "fan of ten, six deep": " ".join(
        [
            "{ ...F0 }",
            *(f"fragment F{n} on Query {{ {_many(10, f'...F{n + 1}')} }}" for n in range(6)),
            "fragment F6 on Query { __typename }",
        ]
    ),
    "aliased fragments": _aliased(10),
    "a fragment of itself": "{ ...F } fragment F on Query { ...F }",
    "a ring of fragments": "{ ...F0 } " + _many(50, "fragment F# on Query { ...F0 }"),
    "a chain of 250 fragments": "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(250))
    + " fragment F250 on Query { __typename }",
    "a chain of 5,000 fragments": " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(5_000)),
    "400 fragments that overlap": "{ "
    + _many(190, "...F#")
    + "}"
    + _many(190, "fragment F# on Query { a: viewer { kind } }"),
    "the same field 1,500 times with arguments": "{" + _many(1_500, 'a: node(id: "#") { id }') + "}",
    "100,000 braces": "{" * 100_000,
    "3,000 levels": "{ a" * 3_000 + "}" * 3_000,
    "600 levels": "{a" * 600 + "}" * 600,
    "600 inline fragments": "{" + "...{" * 600 + "a" + "}" * 601,
    "100,000 brackets": "{ a(b: " + "[" * 100_000 + ") }",
    "types without end": "query ($a: " + "[" * 10_000 + "Int" + "]" * 10_000 + ") { a }",
    "input objects without end": "{ a(b: " + "{a: " * 30_000 + ") }",
    "a string of 200,000 characters": '{ node(id: "' + "x" * 200_000 + '") { id } }',
    "a block string without end": '{ node(id: """' + "x" * 200_000,
    "200,000 commas": "{" + "," * 200_000 + "__typename }",
    "comments": "{ __typename }" + "\n#" * 100_000,
    "a number of 5,000 digits": "{ profiles(first: " + "9" * 5_000 + ") { edges { cursor } } }",
    "a float of 5,000 digits": "{ profiles(first: 0." + "9" * 5_000 + ") { edges { cursor } } }",
    "an exponent": "{ profiles(first: 1e99999) { edges { cursor } } }",
    "10,000 operations": _many(10_000, "query Q# { __typename }"),
    "10,000 variables": "query (" + _many(10_000, "$v#: Int") + ") { __typename }",
    "a name of 100,000 letters": "query " + "Q" * 100_000 + " { __typename }",
    "a field of 100,000 letters": "{ " + "f" * 100_000 + " }",
    "dots": "{ " + "... " * 10_000 + "}",
    "a surrogate in an escape": r'{ node(id: "\ud800") { id } }',
    "a NUL": "{ viewer { kind } \0 }",
    "a byte order mark in the middle": "{ viewer \ufeff { kind } } }",
    "right to left": "{ \u202eviewer { kind } }",
    "emoji": "{ 😀 }",
    "type definitions": "type Query { a: Int } { __typename }",
    "an extension of the schema": "extend type Query { a: Int }",
    "introspection in a circle": "{ __schema "
    + "{ types { fields { type " * 30
    + "{ name }"
    + "} } }" * 30
    + " }",
    "the dearest page": "{ "
    + _many(20, "p#: profiles(first: 100) { edges { node { attributes { claims { id } } } } }")
    + " }",
}
BODIES = {
    "lists without end": b"[" * 100_000,
    "objects without end": b'{"a":' * 40_000,
    "deep variables": b'{"query": "{a}", "variables": {"a": ' + b"[" * 60_000 + b"]" * 60_000 + b"}}",
    "deep extensions": b'{"query": "{a}", "extensions": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
    "a long number": b'{"query": "{a}", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    "bad UTF-8": b'{"query": "\xff\xfe"}',
    "Latin-1": '{"query": "é"}'.encode("latin-1"),
    "a lone surrogate": rb'{"query": "\ud800"}',
    "one": b"1",
    "null": b"null",
    "a text": b'"x"',
    "a batch of nonsense": json.dumps([1, None, [], {}, [[]]] * 100).encode(),
    "50,000 variables": json.dumps(
        {"query": "{a}", "variables": {f"v{n}": n for n in range(15_000)}}
    ).encode(),
    "too much": b'{"query": "{ __typename }", "a": "' + b"x" * 20_000_000 + b'"}',
    "keys that repeat": b'{"query": "{a}",' * 10_000,
    "a hash that is none": b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "\\u0000"}}}',
}


def _subscribe(**payload: object) -> str:
    return json.dumps({"type": "subscribe", "id": "1", "payload": payload})


FRAMES: dict[str, str | bytes] = {
    "an array": "[]",
    "null": "null",
    "a number of 5,000 digits": "9" * 5_000,
    "lists without end": "[" * 100_000,
    "objects without end": '{"a":' * 40_000,
    "200,000 letters": '"' + "x" * 200_000 + '"',
    "more than fits": "x" * 300_000,
    "bytes": b"\xff" * 200_000,
    "a batch": "[" + ", ".join([_subscribe(query="{ __typename }")] * 1_000) + "]",
    "a type that is none": '{"type": ["subscribe"]}',
    "an id of 100,000 letters": '{"type": "subscribe", "id": "' + "x" * 100_000 + '"}',
    "operations for one": '{"type": "subscribe", "id": "1", "payload": [{"query": "{ __typename }"}]}',
    "variables without end": _subscribe(query="{a}")[:-2] + ', "variables": {"a": ' + "[" * 60_000,
    "deep variables": _subscribe(query="{a}", variables=json.loads('{"a":' * 300 + "1" + "}" * 300)),
    "10,000 variables": _subscribe(query="{a}", variables={f"v{n}": n for n in range(10_000)}),
    **{
        f"{name}, by frame": _subscribe(query=DOCUMENTS[name])
        for name in (
            *("10,000 aliases", "10,000 directives", "fragments that double 240 times", "aliased fragments"),
            *("3,000 levels", "100,000 braces", "10,000 operations", "the dearest page"),
        )
    },
}
REFUSALS = frozenset({4400, 1007, 1009})  # RFC 6455, section 7.4.1: not what it says it is, too big


async def test_hostile_documents_get_a_clear_error_each(production_api: Api) -> None:
    bodies = {name: json.dumps({"query": text}).encode() for name, text in DOCUMENTS.items()}

    wrong = {name: await _wrong_with(production_api, body) for name, body in bodies.items()}

    assert {name: what for name, what in wrong.items() if what} == {}


async def test_hostile_bodies_get_a_clear_error_each(production_api: Api) -> None:
    wrong = {name: await _wrong_with(production_api, body) for name, body in BODIES.items()}

    assert {name: what for name, what in wrong.items() if what} == {}


async def test_hostile_frames_end_an_operation_or_their_own_connection(api: Api) -> None:
    async with served(create_app(api.services)) as address, connected(address, api.admin) as bystander:
        ends = {name: await _end_of(frame, address, api) for name, frame in FRAMES.items()}
        await bystander.subscribe("{ viewer { kind } }")
        answer = await bystander.receive()

    assert {name: end for name, end in ends.items() if end != "error" and end not in REFUSALS} == {}
    assert answer["type"] == "next"


async def _end_of(frame: str | bytes, address: str, api: Api) -> object:
    """Send a frame; return the type of the answer, or the code with which the connection was closed."""
    async with connected(address, api.admin) as client:
        with suppress(ConnectionClosed):  # told before all of it was sent
            await client.connection.send(frame)
            return (await client.receive())["type"]
        return (await client.ended())[0]


async def _wrong_with(api: Api, body: bytes) -> list[str]:
    """Send a body and return what is wrong with the answer."""
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    response = await api.http.post("/graphql", content=body, headers=JSON)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    answer = response.json()
    messages = [error["message"] for error in answer.get("errors", [])]
    checks = {
        f"status {response.status_code}": response.status_code in {200, 400, 413},
        "something was executed": "data" not in answer,
        f"{len(messages)} errors": 0 < len(messages) <= _MOST_ERRORS,
        f"said: {messages}": all(0 < len(message) <= _LONGEST_MESSAGE for message in messages),
        f"{seconds:.2f} s of CPU": seconds < _MOST_CPU_SECONDS,
        f"{memory} kB more": memory < _MOST_MEMORY,
    }
    return [name for name, is_right in checks.items() if not is_right]
