"""Documents are prepared once, and nobody fills our memory with theirs."""

from __future__ import annotations

import pytest
from graphql import build_schema

from server.graphql.documents import Documents
from server.graphql.executor import Compiler
from server.kit.operations import OperationLimits

SCHEMA = build_schema("type Query { name: String size: Int }")


@pytest.fixture
def documents() -> Documents:
    """A keeper with room for three short texts."""
    return Documents(compiler=Compiler(SCHEMA), may_introspect=False, room=27)


def test_same_text_is_prepared_once(documents: Documents) -> None:
    assert documents.prepare("{ name }") is documents.prepare("{ name }")


def test_another_text_is_another_document(documents: Documents) -> None:
    assert documents.prepare("{ name }") is not documents.prepare("{name}")


def test_what_was_not_used_for_longest_makes_room(documents: Documents) -> None:
    name, size, both = (documents.prepare(text) for text in ("{ name }", "{ size }", "{name size}"))
    documents.prepare("{ name }")

    documents.prepare("{ a: name }")

    assert documents.prepare("{ name }") is name
    assert documents.prepare("{ size }") is not size
    assert not both.errors


def test_text_without_end_is_executed_and_not_kept(documents: Documents) -> None:
    text = "{ name }" + " " * 100

    first = documents.prepare(text)

    assert not first.errors
    assert documents.prepare(text) is not first


@pytest.mark.parametrize("text", ["{ nme }", "{ name", ""])
def test_what_is_no_valid_document_is_not_kept(documents: Documents, text: str) -> None:
    first = documents.prepare(text)

    assert first.errors
    assert documents.prepare(text) is not first


def test_document_has_so_many_tokens_and_characters_and_no_more() -> None:
    limits = OperationLimits(tokens=8, characters=40)
    documents = Documents(compiler=Compiler(SCHEMA), may_introspect=False, limits=limits)

    assert not documents.prepare("{ name name name name size size }").errors
    for text, limit, value in (
        ("{ name name name name size size size }", "tokens", None),
        ("{ name #" + "x" * 32 + "\n}", "characters", 42),
    ):
        (error,) = documents.prepare(text).errors
        assert error.extensions is not None
        assert (error.extensions["limit"], error.extensions["value"]) == (limit, value)
