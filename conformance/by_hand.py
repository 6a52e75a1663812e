"""Frames to send by hand, from a terminal program that sends hex, and what must come back: the protocol page's own exchanges.

They are for the box of that page, its keys and its noon. A frame is made for the session that the box is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.frame import Frame, FrameKind, encode_frame
from lockproof.hw_adapter.messages import COMMANDS, Code, Command, write_reply, write_request, write_result
from lockproof.spec.observable import ClockReading, CodeIndex, Decision, LogEntry, LogKind, LogPage

_DIGITS = (7, 8, 9)
_ENTRY: Final = LogEntry(1, LogKind.CODE, True, vectors.NOON, CodeIndex(*vectors.DAY, 0))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and a reply that is right: it says what of it may be other."""

    name: str
    request: Frame
    reply: Frame
    about: str = ""


_FROM_THE_PAGE: Final[dict[Code, str]] = {
    Code.RESET: "reset",
    Code.PROVISION: "provision",
    Code.CHALLENGE: "challenge",
    Code.TIME_ORDER: "time order, taken",
    Code.CLOCK_HOLD: "clock, hold",
    Code.CLOCK_ADVANCE: "clock, advance",
}
_CUT_NOW, _CUT_LATER = "power cut, now", "power cut, armed"
_ABOUT: Final[dict[Code | str, str]] = {
    Code.HELLO: "session and declarations are the box's own",
    Code.CHALLENGE: "the nonce is the box's own, 16 random bytes",
    Code.TIME_ORDER: f"for the nonce {vectors.NONCE.hex()}: have challenge give that one while this is tried by hand",
    Code.KEYPAD_ENTRY: "index 0 of the day; the box time is what its clock shows, from 1772985600 on",
    Code.CLOCK_READ: "box time and timer are the box's own; false where the clock runs",
    Code.CLOCK_HOLD: "box time and timer are the box's own",
    Code.CLOCK_ADVANCE: "box time and timer are 3599 s more than before",
    Code.READ_LOG: "epoch and entries are the box's own",
    _CUT_NOW: "as if off for 30 s, without waiting: it boots, in another session",
    _CUT_LATER: "the same, as the second write from here on begins",
}


def exchange_of(code: Code, session: int, sequence: int, digits: int = 8, name: str = "") -> Exchange:
    """The page's example of a command, `name` where it has several, for a box in this session with codes of so many digits."""
    command, value = _example(code, digits, name)
    request = Frame(FrameKind.REQUEST, 0 if code is Code.HELLO else session, sequence, write_request([command]))
    reply = Frame(FrameKind.REPLY, session, sequence, write_reply([write_result(COMMANDS[code], value)]))
    return Exchange(COMMANDS[code].name, request, reply, _ABOUT.get(name or code, ""))


def exchanges_of(codes: Iterable[Code], session: int, sequence: int, digits: int = 8) -> tuple[Exchange, ...]:
    """One after the other, from this sequence on; of power cuts both kinds."""
    named = [(code, name) for code in codes for name in ((_CUT_NOW, _CUT_LATER) if code is Code.POWER_CUT else ("",))]
    return tuple(exchange_of(code, session, sequence + place, digits, name) for place, (code, name) in enumerate(named))


def _example(code: Code, digits: int, name: str) -> tuple[Command, Any]:
    if code is Code.KEYPAD_ENTRY:
        own = vectors.code_digits(vectors.derive("code"), *vectors.DAY, 0, digits if digits in _DIGITS else 8)
        return Command(code, own), Decision(True, None, vectors.NOON)
    if code is Code.CLOCK_READ:
        return Command(code), ClockReading(vectors.NOON, vectors.READING.timer, False)
    if code is Code.CLOCK_ADVANCE:
        read, (command,) = vectors.READING, _on_the_page(_FROM_THE_PAGE[code])[0]
        return command, ClockReading(vectors.NOON + command.argument, read.timer + command.argument, read.held)
    if code is Code.READ_LOG:
        return Command(code, 1), LogPage(vectors.LOG.epoch, (_ENTRY,), 2, more=False)
    if code is Code.HELLO:
        return Command(code), replace(vectors.HELLO, extra={})
    commands, results = _on_the_page(name or _FROM_THE_PAGE[code])
    return commands[0], results[0].value


def _on_the_page(name: str) -> tuple[Sequence[Command], Sequence[Any]]:
    return next((commands, results) for known, commands, results in vectors.EXCHANGES if known == name)


def in_hex(frame: Frame, wake_bytes: int = 0) -> str:
    """The bytes on the line, with a 0x00 in front of a request, which ends whatever stood on the line before."""
    zeros = bytes(max(1, wake_bytes)) if frame.kind == FrameKind.REQUEST else b""
    return (zeros + encode_frame(frame)).hex(" ")
