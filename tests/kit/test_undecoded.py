"""Documents of which one part is decoded when somebody looks: the same as decoded whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bson import Binary, Decimal128, Int64, ObjectId, decode, encode
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from server.kit.mongo import AWARE_UTC
from server.kit.undecoded import Fields, halved

_KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
_WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
_PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    _WORDS,
    st.sampled_from(["\x03inner\0", "\x03a\0\x05\0\0\0\0"]),
    st.just(datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
    st.just(ObjectId()),
    st.binary(max_size=8),
)
_DOCUMENTS = st.dictionaries(_KEYS, st.one_of(_PLAIN, st.lists(_PLAIN, max_size=3)), max_size=6)
_OF_DOCUMENTS = st.dictionaries(_KEYS, _DOCUMENTS, max_size=5)


@given(_DOCUMENTS, _OF_DOCUMENTS, _DOCUMENTS)
def test_halved_document_is_the_whole_one(before: dict, inner: dict, after: dict) -> None:  # type: ignore[type-arg] # any
    raw = RawBSONDocument(encode({**before, "inner": inner, **after}))

    found = halved(raw, "inner")

    whole = decode(raw.raw, AWARE_UTC)
    assert found.keys() == whole.keys()
    assert {**found, "inner": whole["inner"]} == whole
    if isinstance(whole["inner"], dict):
        assert dict(found["inner"]) == whole["inner"]


@given(_OF_DOCUMENTS, _KEYS)
def test_field_is_there_or_not_before_anything_is_decoded(inner: dict, name: str) -> None:  # type: ignore[type-arg] # any
    raw = encode(inner)

    assert [each in Fields(raw) for each in (*inner, name)] == [each in inner for each in (*inner, name)]
    assert len(Fields(raw)) == len(inner)
    assert all(Fields(raw)[each] == decode(raw, AWARE_UTC)[each] for each in inner)


def test_text_that_looks_like_a_field_is_none() -> None:
    fields = Fields(encode({"said": {"by": "\x03role\0"}}))

    assert "role" not in fields
    with pytest.raises(KeyError):
        fields["role"]


def test_document_without_that_field_is_decoded_whole() -> None:
    document = {"_id": "prf_1", "n": Int64(7), "b": Binary(b"raw", 128), "list": [{"inner": {"a": {}}}]}

    assert halved(RawBSONDocument(encode(document)), "inner") == document
    assert halved(RawBSONDocument(encode({"inner": None})), "inner") == {"inner": None}


def test_kind_that_nobody_stores_is_no_reason_to_guess() -> None:
    odd = RawBSONDocument(encode({"price": Decimal128("1.20"), "inner": {}}))

    assert halved(odd, "inner") == {"price": Decimal128("1.20"), "inner": {}}
