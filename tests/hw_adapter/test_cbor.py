"""The strict CBOR: one encoding per value, and nothing else gets as far as cbor2."""

from __future__ import annotations

from contextlib import suppress

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lockproof.hw_adapter import cbor, vectors
from lockproof.hw_adapter.cbor import CborError, Value

integers = st.integers(-(2**64), 2**64 - 1)
scalars = st.one_of(integers, st.binary(max_size=300), st.text(max_size=60), st.booleans(), st.none())
one_deep = st.one_of(scalars, st.lists(scalars, max_size=30), st.dictionaries(integers, scalars, max_size=30))
values = st.one_of(one_deep, st.lists(one_deep, max_size=5), st.dictionaries(integers, one_deep, max_size=5))


@given(values)
@example({24: 0, -1: 0, 23: 0, -25: 0, 256: 0})
def test_what_is_encoded_comes_back(value: Value) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@given(st.binary(max_size=300))
def test_what_is_accepted_is_the_one_encoding_of_what_it_says(data: bytes) -> None:
    with suppress(CborError):
        assert cbor.encode(cbor.decode(data)) == data


@given(st.binary(max_size=300).filter(lambda data: not accepted(data)))
def test_what_is_refused_is_refused_with_a_place_in_it(data: bytes) -> None:
    with pytest.raises(CborError) as raised:
        cbor.decode(data)
    assert 0 <= raised.value.offset <= len(data)
    assert str(raised.value).startswith(f"byte {raised.value.offset}: ")


def accepted(data: bytes) -> bool:
    try:
        cbor.decode(data)
    except CborError:
        return False
    return True


@given(values, st.data())
def test_a_changed_byte_makes_another_value_or_none(value: Value, data: st.DataObject) -> None:
    line = bytearray(cbor.encode(value))
    line[data.draw(st.integers(0, len(line) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        changed = cbor.decode(bytes(line))
    except CborError:
        return
    assert cbor.encode(changed) == bytes(line)
    assert cbor.diagnostic(changed) != cbor.diagnostic(value)


def test_keys_are_in_order_of_their_bytes_which_cbor2_would_not_do() -> None:
    keys = {-1: 0, 24: 0, 23: 0}
    assert cbor.encode(keys).hex() == "a3170018180020" + "00"
    assert cbor2.dumps(keys, canonical=True) != cbor.encode(keys)


@pytest.mark.parametrize(("line", "what"), vectors.REFUSED)
def test_refused(line: str, what: str) -> None:
    with pytest.raises(CborError):
        cbor.decode(bytes.fromhex(line))
    assert what


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("8201", "byte 0: 2 items are announced, 1 bytes are left"),
        ("8301c000", "byte 2: a tag; the protocol has none"),
        ("82011817", "byte 2: 23 has a shorter form"),
        ("9bffffffffffffffff", "byte 0: 18446744073709551615 items are announced, 0 bytes are left"),
        ("818181818100", "byte 4: more than 4 arrays and maps within each other"),
        ("a201000000", "byte 3: the keys of a map are out of order, or one comes twice"),
        ("a1616100", "byte 1: the key of a map is no integer"),
        ("62c328", "byte 1: text that is not UTF-8"),
        ("0000", "byte 1: 1 bytes after the end of the item"),
        ("", "byte 0: the bytes end where an item should begin"),
    ],
)
def test_the_error_says_where(line: str, message: str) -> None:
    with pytest.raises(CborError) as raised:
        cbor.decode(bytes.fromhex(line))
    assert str(raised.value) == message


def test_a_hostile_nest_is_refused_at_once() -> None:
    with pytest.raises(CborError):
        cbor.decode(b"\x81" * 1_000_000)


@pytest.mark.parametrize("value", [1.5, 2**64, -(2**64) - 1, {"a": 1}, {True: 1}, [[[[[1]]]]], [{1: object()}], (1, 2)])
def test_what_has_no_words_is_not_encoded(value: object) -> None:
    with pytest.raises(CborError):
        cbor.encode(value)  # type: ignore[arg-type]


def test_diagnostic_notation() -> None:
    value: Value = [1, -1, b"\x01\xff", 'a "b" \\', True, False, None, {0: []}]
    assert cbor.diagnostic(value) == '[1, -1, h\'01ff\', "a \\"b\\" \\\\", true, false, null, {0: []}]'
