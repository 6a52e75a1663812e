"""The CBOR of the wire: deterministic (RFC 8949 section 4.2.1), of definite length, at most four deep, and of few types.

Integers of 64 bits, byte strings, text, arrays, maps with integer keys, true, false and null. The structure of bytes from a
line is checked here, in one pass without lookahead, before cbor2 builds anything from them: no length is believed that the
bytes do not bear out.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import cbor2

Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int, Value] | None"

MAX_DEPTH: Final = 4
"""Arrays and maps within each other, the outermost counted as one."""

_UINT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES: Final = {20: "false", 21: "true", 22: "null"}
_AS_THEY_ARE: Final = frozenset({bytes, str, bool, type(None)})
_IN_THE_HEAD: Final = 24  # a smaller number stands in the head itself
_LEAST_OF_WIDTH: Final = {1: _IN_THE_HEAD, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}  # a smaller number has a shorter form


class CborError(ValueError):
    """Not the CBOR of this protocol: what is wrong, and `offset`, the byte where it is seen."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(f"byte {offset}: {message}")
        self.offset = offset


def encode(value: Value) -> bytes:
    """The one encoding of a value. Raises `CborError` (offset 0) for what the protocol has no words for."""
    return cbor2.dumps(_ordered(value, MAX_DEPTH))


def decode(data: bytes) -> Value:
    """The value that `data` is the one encoding of. Raises `CborError` for anything else; takes time linear in its length."""
    end = _check_item(data, 0, MAX_DEPTH)
    if end != len(data):
        raise CborError(end, f"{len(data) - end} bytes after the end of the item")
    value: Value = cbor2.loads(data)
    return value


def diagnostic(value: Value) -> str:
    """A value in diagnostic notation (RFC 8949 section 8), for people."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(diagnostic, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {diagnostic(held)}" for key, held in value.items()) + "}"
    return str(value)


def _ordered(value: Value, depth: int) -> Value:
    """The same value with its maps in order of their encoded keys, which is not the order of cbor2's canonical mode."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 64) <= value < 1 << 64:
        raise CborError(0, f"{value} does not fit 64 bits")
    if value is not None and not isinstance(value, (int, bytes, str, list, dict)):
        raise CborError(0, f"{type(value).__name__} is not among the types of the protocol")
    if isinstance(value, (list, dict)) and depth == 0:
        raise CborError(0, f"more than {MAX_DEPTH} arrays and maps within each other")
    if isinstance(value, list):
        return [_ordered(item, depth - 1) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, int) or isinstance(key, bool):
                raise CborError(0, f"the key {key!r} of a map is no integer")
        return {key: _ordered(value[key], depth - 1) for key in sorted(value, key=cbor2.dumps)}
    return value


def _check_item(data: bytes, at: int, depth: int) -> int:
    """Checks the item that starts at `at`; returns where it ends."""
    major, argument, body = _read_head(data, at)
    if major in (_UINT, _NEGATIVE, _SIMPLE):
        return body
    if major in (_BYTES, _TEXT):
        return _check_string(data, at, body, argument, text=major == _TEXT)
    if depth == 0:
        raise CborError(at, f"more than {MAX_DEPTH} arrays and maps within each other")
    least = argument * (2 if major == _MAP else 1)
    if least > len(data) - body:
        items = "pairs" if major == _MAP else "items"
        raise CborError(at, f"{argument} {items} are announced, {len(data) - body} bytes are left")
    return _check_map(data, body, argument, depth) if major == _MAP else _check_array(data, body, argument, depth)


def _check_array(data: bytes, at: int, count: int, depth: int) -> int:
    for _ in range(count):
        at = _check_item(data, at, depth - 1)
    return at


def _check_map(data: bytes, at: int, count: int, depth: int) -> int:
    before = b""
    for _ in range(count):
        major, _, end = _read_head(data, at)
        if major not in (_UINT, _NEGATIVE):
            raise CborError(at, "the key of a map is no integer")
        key = data[at:end]
        if key <= before:
            raise CborError(at, "the keys of a map are out of order, or one comes twice")
        before = key
        at = _check_item(data, end, depth - 1)
    return at


def _check_string(data: bytes, at: int, body: int, length: int, *, text: bool) -> int:
    if length > len(data) - body:
        raise CborError(at, f"a string of {length} bytes is announced, {len(data) - body} are left")
    if text:
        try:
            data[body : body + length].decode()
        except UnicodeDecodeError as wrong:
            raise CborError(body + wrong.start, "text that is not UTF-8") from None
    return body + length


def _read_head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument, and the offset after both; refuses tags, floats, indefinite lengths and longer forms than needed."""
    if at >= len(data):
        raise CborError(at, "the bytes end where an item should begin")
    major, low = data[at] >> 5, data[at] & 31
    if major == _TAG:
        raise CborError(at, "a tag; the protocol has none")
    if major == _SIMPLE:
        if low not in _SIMPLE_VALUES:
            raise CborError(at, "neither true, false nor null")
        return major, low, at + 1
    if low < _IN_THE_HEAD:
        return major, low, at + 1
    width = 1 << (low - _IN_THE_HEAD)
    if width not in _LEAST_OF_WIDTH:
        raise CborError(at, "an indefinite length or a reserved form")
    if at + 1 + width > len(data):
        raise CborError(at, f"a number of {width} bytes is announced, {len(data) - at - 1} are left")
    argument = int.from_bytes(data[at + 1 : at + 1 + width], "big")
    if argument < _LEAST_OF_WIDTH[width]:
        raise CborError(at, f"{argument} has a shorter form")
    return major, argument, at + 1 + width
