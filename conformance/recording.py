"""What passed on the line, read back out of a journal: its `bytes` records cut into frames, decoded, with their instants.

A record is what went or came at once, so that a frame may lie in several, and several in one. What is no frame comes out
as what it is: noise, bytes damaged on the way, and what had begun when the recording ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lockproof.conformance.journal import Record
from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader
from lockproof.hw_adapter.messages import COMMANDS, Status
from lockproof.hw_adapter.values import U16, name_of
from lockproof.spec.observable import BadInput


@dataclass(frozen=True, slots=True)
class Passed:
    """What stood between two delimiters on the line, and when its first and its last byte passed: seconds since the run began.

    `raw` is without delimiters. `frame` is None for what is none; `why` then says why.
    """

    began: float
    ended: float
    direction: str  # "out" or "in"
    raw: bytes
    frame: Frame | None
    why: str = ""


def frames(records: Iterable[Record]) -> Iterator[Passed]:
    """What passed, in the order in which it was complete. Records of other kinds are passed over. Raises `BadInput`."""
    lines = {"out": _Direction("out"), "in": _Direction("in")}
    for record in records:
        if record["record"] == "bytes":
            direction, at, data = _read(record)
            yield from lines[direction].take(at, data)
    for line in lines.values():
        yield from line.left_over()


def of_requests(records: Iterable[Record], wanted: Callable[[int], bool]) -> Iterator[Record]:
    """What passed on the line while the requests whose number is wanted were out; 0 is what passed before the first one."""
    number = 0
    for record in records:
        if record["record"] == "sent":
            number = record["batch"]
        if record["record"] == "bytes" and wanted(number):
            yield record


class _Direction:
    """One direction of the line, and when the bytes came that have begun a frame."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reader = FrameReader(U16)  # the largest frame that a box may declare
        self._began = 0.0
        self._ended = 0.0

    def take(self, at: float, data: bytes) -> Iterator[Passed]:
        started = at if not self._reader.pending else self._began
        for received in self._reader.feed(data):
            yield Passed(started, at, self._name, received.raw, received.frame, received.error)
            started = at
        self._began, self._ended = started, at

    def left_over(self) -> Iterator[Passed]:
        if self._reader.pending:
            why = f"{self._reader.pending} bytes without an end"
            yield Passed(self._began, self._ended, self._name, self._reader.begun, None, why)


def _read(record: Record) -> tuple[str, float, bytes]:
    try:
        direction, at, data = str(record["direction"]), float(record["at"]), bytes.fromhex(record["hex"])
    except (KeyError, TypeError, ValueError, OverflowError) as wrong:
        raise _damaged(f"{type(wrong).__name__}: {wrong}") from None
    if direction not in {"out", "in"}:
        raise _damaged(f"the direction {direction!r}")
    return direction, at, data


def _damaged(wrong: str) -> BadInput:
    return BadInput(f"the journal has a record of bytes that can't be read: {wrong}; the file was changed or damaged")


# For people


def told(passed: Passed) -> str:
    """A frame in two lines: when, which way and what it says; and its bytes in hex."""
    return f"{passed.began:12.6f} {passed.direction:>3}  {said(passed)}\n{' ' * 18}{passed.raw.hex(' ')}"


def said(passed: Passed) -> str:
    """What a frame says: its kind, session and sequence, and its body with the names of commands and statuses."""
    frame = passed.frame
    if frame is None:
        return f"no frame: {passed.why}"
    kind = FrameKind(frame.kind).name.lower() if frame.kind in set(FrameKind) else f"kind {frame.kind}"
    return f"{kind} {frame.session:08x}/{frame.sequence}  {_body(frame)}"


def _body(frame: Frame) -> str:
    try:
        body = cbor.decode(frame.body)
    except cbor.CborError as wrong:
        return f"not the CBOR of the protocol: {wrong}"
    items = body if isinstance(body, list) else None
    if items is None or frame.kind == FrameKind.BUSY:
        return cbor.diagnostic(body)
    table = {int(s): name_of(s) for s in Status} if frame.kind == FrameKind.REPLY else {c: k.name for c, k in COMMANDS.items()}
    return ", ".join(_item(item, table) for item in items)


def _item(item: cbor.Value, table: dict[int, str]) -> str:
    if not isinstance(item, list) or not item or not isinstance(item[0], int) or isinstance(item[0], bool):
        return cbor.diagnostic(item)
    name = table.get(item[0], str(item[0]))
    return " ".join([name, *map(cbor.diagnostic, item[1:])])
