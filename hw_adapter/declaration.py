"""What a box declares of itself: the map in the answer to hello (PROTOCOL.md, "Hello")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lockproof.hw_adapter.cbor import Value, diagnostic
from lockproof.hw_adapter.frame import MINIMUM_LIMIT, VERSION, body_room
from lockproof.hw_adapter.values import (
    U8,
    U16,
    U32,
    Unreadable,
    array,
    counted,
    member,
    name_of,
    number_of,
    table_in_words,
    text,
    truth,
    uint,
)
from lockproof.spec.observable import BenchError, CutClass, Hello

CLASSES: Final[Mapping[int, str]] = {1: "core", 2: "interop", 3: "code-only"}
LEGAL_CLASSES: Final = ({"core", "interop"}, {"core", "interop", "code-only"}, {"core"})
CLOCK_MODES: Final[Mapping[int, str]] = {1: "model", 2: "test-clock", 3: "wall-clock"}
CUT_CLASSES: Final[Mapping[int, CutClass]] = {1: CutClass.RESET, 2: CutClass.NTH_WRITE}
OBSERVATIONS: Final[Mapping[int, str]] = {1: "self-reported", 2: "sensed"}
WHEN_FULL: Final[Mapping[int, str]] = {1: "overwrite-oldest", 2: "refuse"}

LARGEST_ANSWER: Final = 21
"""Bytes of the largest result but hello and read-log: a clock reading with two numbers of 64 bits."""
LARGEST_LAST_ANSWER: Final = 77
"""Bytes of the head of a reply and a read-log result with one entry, the largest there is."""
WAKE_BYTES: Final = 64
"""The most that a box may lose as it wakes, and what a host sends before it has read a hello."""
MOST_DRIFT_PPM: Final = 10_000
"""A hundredth: an oscillator without a crystal keeps to it. What drifts more than a quarter of an hour a day keeps no time, and
nobody could aim at a second of it."""
_DIGITS = 16
_LONGEST_MS = 10 * 60 * 1000  # for booting and for a reset, so that every wait is bounded


class OtherVersion(BenchError):  # noqa: N818  (reads as what is wrong)
    """The box called `name` speaks another version of the protocol; nothing else that it says is understood."""

    def __init__(self, name: str, version: str) -> None:
        super().__init__(
            f"{name}: the box speaks version {version} of the box test protocol, this is version {VERSION};"
            " use a test firmware and a lockproof of the same protocol version"
        )
        self.version = version


@dataclass(frozen=True, slots=True)
class HelloField:
    """One field of `Hello`: its key in the map, its type in the words of PROTOCOL.md and in plain ones, and both directions."""

    key: int
    name: str
    words: str
    plain: str
    read: Callable[[Value], Any]
    write: Callable[[Any], Value]
    needed: bool = True

    def value(self, written: Any) -> Any:
        """What somebody wrote by name, such as `["core"]`, as `Hello` has it. Raises `Unreadable` for what no box may declare."""
        try:
            return self.read(self.write(written))
        except (TypeError, AttributeError):
            raise Unreadable(f"{self.name}: {written!r} is not {self.plain}") from None


def largest_batch(frame_limit: int) -> int:
    """How many commands a box of this frame limit may take at once, so that their answers fit whatever they are."""
    return 1 + (body_room(frame_limit) - LARGEST_LAST_ANSWER) // LARGEST_ANSWER


def write_hello(hello: Hello) -> list[Value]:
    """The values of a hello result. Keys of `extra` that this version uses itself are left out."""
    known: dict[int, Value] = {f.key: f.write(getattr(hello, f.name)) for f in HELLO_FIELDS}
    later: dict[int, Any] = {key: value for key, value in hello.extra.items() if key not in known}
    return [known | later]


def read_hello(values: Sequence[Value]) -> Hello:
    """The same, read. Raises `OtherVersion` before it looks at anything else, and `Unreadable`."""
    counted(values, 1, "a hello")
    declared = values[0]
    if not isinstance(declared, dict):
        raise Unreadable(f"hello: {diagnostic(declared)} is not a map")
    version = declared.get(0)
    if version != VERSION or isinstance(version, bool):
        raise OtherVersion("hello", diagnostic(version) if 0 in declared else "unknown (no key 0 in its hello)")
    missing = [f"{f.key} ({f.name})" for f in HELLO_FIELDS if f.needed and f.key not in declared]
    if missing:
        raise Unreadable(f"hello: missing key {', '.join(missing)}")
    keys = {f.key for f in HELLO_FIELDS}
    known = {f.name: f.read(declared[f.key]) for f in HELLO_FIELDS if f.key in declared}
    hello = Hello(**known, extra={key: value for key, value in declared.items() if key not in keys})
    refuse_unless_answers_fit(hello)
    return hello


def refuse_unless_answers_fit(hello: Hello) -> None:
    """Raises `Unreadable` where a full batch may get more answers than fit a frame."""
    most = largest_batch(hello.frame_limit)
    if hello.batch_limit > most:
        raise Unreadable(
            f"batch_limit: the answers to {hello.batch_limit} commands may not fit the frame limit of {hello.frame_limit} bytes;"
            f" declare {most} at most"
        )


def _number(key: int, name: str, most: int, least: int = 0) -> HelloField:
    plain = f"a whole number, {least} to {most}"
    return HelloField(key, name, f"uint {least}..{most}", plain, lambda value: uint(value, name, most, least), _itself)


def _yes_or_no(key: int, name: str, *, needed: bool = True) -> HelloField:
    return HelloField(key, name, "bool", "true or false", lambda value: truth(value, name), _itself, needed)


def _text(key: int, name: str, most: int) -> HelloField:
    plain = f"a text of at most {most} bytes"
    return HelloField(key, name, f"tstr, at most {most} bytes", plain, lambda value: text(value, name, most), _itself)


def _one_of(key: int, name: str, table: Mapping[int, Any]) -> HelloField:
    words, plain = table_in_words(table), f"one of {_quoted(table)}"
    return HelloField(key, name, words, plain, lambda value: member(value, table, name), lambda held: number_of(held, table))


def _some_of(key: int, name: str, table: Mapping[int, Any], least: int) -> HelloField:
    def read(value: Value) -> tuple[Any, ...]:
        return tuple(member(item, table, name) for item in array(value, name, least))

    def write(held: Any) -> Value:
        if not isinstance(held, list | tuple):
            raise Unreadable(f"{name}: {held!r:.40} is no list")
        return [number_of(item, table) for item in held]

    plain = f"a list of {_quoted(table)}{', one at least' if least else ''}, none twice"
    return HelloField(key, name, f"array of {table_in_words(table)}", plain, read, write)


def _quoted(table: Mapping[int, Any]) -> str:
    return ", ".join(f'"{name_of(held)}"' for held in table.values())


def _itself(held: Any) -> Any:
    return held


HELLO_FIELDS: Final[tuple[HelloField, ...]] = (
    _number(0, "protocol", U8),
    _number(1, "session", U32, least=1),
    _text(2, "identity", 32),
    _text(3, "firmware", 32),
    _some_of(4, "classes", CLASSES, least=1),
    _some_of(5, "clock_modes", CLOCK_MODES, least=1),
    _some_of(6, "cut_classes", CUT_CLASSES, least=0),
    _one_of(7, "observation", OBSERVATIONS),
    _yes_or_no(8, "gives_reasons"),
    _number(9, "code_digits", _DIGITS, least=1),
    _number(10, "code_indices", U8, least=1),
    _yes_or_no(11, "code_ends_with_its_day"),
    _number(12, "holdover", U32),
    _number(13, "clock_skew", U32),
    _number(14, "drift_ppm", MOST_DRIFT_PPM),
    _number(15, "log_capacity", U32, least=1),
    _one_of(16, "log_when_full", WHEN_FULL),
    _number(17, "frame_limit", U16, least=MINIMUM_LIMIT),
    _number(18, "batch_limit", U8, least=1),
    _number(19, "boot_ms", _LONGEST_MS),
    _number(20, "reset_ms", _LONGEST_MS),
    _number(21, "wake_bytes", WAKE_BYTES),
    _text(22, "reset_cause", 24),
    _number(23, "writes", U32),
    _yes_or_no(24, "production", needed=False),
    _yes_or_no(25, "disturbs_clock", needed=False),
)
