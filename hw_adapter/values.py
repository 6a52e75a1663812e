"""Single values as they come from the other end of a line: taken if they are what the protocol says, else explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, TypeVar

from lockproof.hw_adapter.cbor import Value, diagnostic

Member = TypeVar("Member")

U8: Final = (1 << 8) - 1
U16: Final = (1 << 16) - 1
U32: Final = (1 << 32) - 1
I63: Final = (1 << 63) - 1


class Unreadable(ValueError):  # noqa: N818  (reads as what is wrong)
    """Well-formed CBOR that this protocol does not know: which field, what came, what is right."""


def counted(values: Sequence[Value], wanted: int, what: str) -> None:
    """So many values and no other number of them."""
    if len(values) != wanted:
        raise Unreadable(f"{what}: {wanted} wanted, {len(values)} came: {diagnostic(list(values))}")


def integer(value: Value, what: str) -> int:
    """A signed integer of 64 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not -I63 - 1 <= value <= I63:
        raise Unreadable(f"{what}: {diagnostic(value)} is not an integer of 64 bits")
    return value


def integer_or_null(value: Value, what: str) -> int | None:
    """The same, or null."""
    return None if value is None else integer(value, what)


def uint(value: Value, what: str, most: int, least: int = 0) -> int:
    """An integer of `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unreadable(f"{what}: {diagnostic(value)} is not an integer of {least} to {most}")
    return value


def truth(value: Value, what: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Unreadable(f"{what}: {diagnostic(value)} is neither true nor false")
    return value


def octets(value: Value, what: str, length: int | None = None) -> bytes:
    """A byte string, of `length` bytes if that is given."""
    if not isinstance(value, bytes) or (length is not None and len(value) != length):
        raise Unreadable(f"{what}: {diagnostic(value)} is not {'a byte string' if length is None else f'{length} bytes'}")
    return value


def text(value: Value, what: str, most: int) -> str:
    """A text of at most `most` bytes of UTF-8."""
    if not isinstance(value, str) or len(value.encode()) > most:
        raise Unreadable(f"{what}: {diagnostic(value)} is not a text of at most {most} bytes")
    return value


def array(value: Value, what: str, least: int = 0) -> list[Value]:
    """An array of at least `least` items."""
    if not isinstance(value, list) or len(value) < least:
        raise Unreadable(f"{what}: {diagnostic(value)} is not an array of at least {least} items")
    return value


def member(value: Value, table: Mapping[int, Member], what: str) -> Member:
    """What a number of a table stands for."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in table:
        raise Unreadable(f"{what}: {diagnostic(value)} is none of {table_in_words(table)}")
    return table[value]


def number_of(held: Any, table: Mapping[int, Any]) -> int:
    """The number that stands for it in a table."""
    for number, known in table.items():
        if known == held:
            return number
    raise Unreadable(f"{held!r} has no number: it is none of {table_in_words(table)}")


def table_in_words(table: Mapping[int, Any]) -> str:
    """A table of numbers as PROTOCOL.md writes it: `1 core, 2 interop`."""
    return ", ".join(f"{number} {name_of(held)}" for number, held in table.items())


def name_of(held: Any) -> str:
    """A name as PROTOCOL.md writes it: `not-run` for `Status.NOT_RUN`, a text as it is."""
    return held.name.lower().replace("_", "-") if isinstance(held, IntEnum) else str(held)
