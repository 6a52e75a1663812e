"""What came back on a line instead of an answer to hello, told apart: the first thing that goes wrong with a new firmware.

It is a verdict about the box only where the bytes could not have come so by the line's doing: a whole frame but for one mistake.
Everything else may be the cable, the baud rate or another program, and is an error.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cobs import cobs

from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.frame import Frame, FrameError, FrameKind, FrameReader, crc32c, decode_frame
from lockproof.hw_adapter.values import U16

LINE, FRAMES, SESSIONS = "The line", "Frames", "Sessions, sequences and retries"
"""Sections of PROTOCOL.md."""
_HEADER, _CRC = 8, 4  # bytes
_SHOWN = 64  # bytes


@dataclass(frozen=True, slots=True)
class Oddity:
    """What came, what must come, where PROTOCOL.md says so, and what it is as a rule."""

    verdict: Verdict
    saw: str
    must: str
    place: str
    often: str


def what_came(request: Frame, sent: bytes, came: bytes) -> Oddity:
    """Why these bytes are no answer to this request."""
    content = came.strip(b"\x00")
    if not came:
        return _of_the_line(
            "nothing comes back, not a byte",
            "TX and RX crossed or not connected, no common ground, another port, no power, or a firmware that does not run or"
            " does not yet answer; a box that sleeps loses bytes and declares wake_bytes",
        )
    if not content:
        return _of_the_line(
            f"{len(came)} bytes come back, and all of them are 0x00",
            "a line held low: TX not driven, or another baud rate on the board",
        )
    if sent.strip(b"\x00") in came:
        return _of_the_line(
            "what was sent comes back as it was",
            "an echo: RX and TX joined, a loopback plug, an RS-485 adapter that hears itself, or a console that echoes",
        )
    for tell in (_whole_frames, _not_ended, _not_stuffed, _damaged):
        if oddity := tell(request, content, came):
            return oddity
    return _noise(came)


def _of_the_line(saw: str, often: str) -> Oddity:
    return Oddity(Verdict.ERROR, saw, "a reply within 200 ms", LINE, often)


# Frames that are whole, and answer something else


def _whole_frames(request: Frame, _: bytes, came: bytes) -> Oddity | None:
    found = next((each.frame for each in FrameReader(U16).feed(came) if each.frame is not None), None)
    if found is None:
        return None
    for name, saw, right, often in _fields(request, found):
        if saw != right:
            return Oddity(
                Verdict.FAIL, f"a frame comes whose {name} is {saw}", f"a frame with {name} {right}", _place_of(name), often
            )
    return None


def _fields(request: Frame, frame: Frame) -> tuple[tuple[str, int, int, str], ...]:
    swapped = int.from_bytes(request.sequence.to_bytes(2, "big"), "little")
    little = frame.sequence == swapped != request.sequence
    numbers = "the number is sent least significant byte first; all numbers on the line are big-endian"
    return (
        ("version", frame.version, request.version, "a struct sent as the compiler laid it out, or a byte in front of the header"),
        ("kind", frame.kind, int(FrameKind.REPLY), "the kind of the request, 1, taken over into the reply"),
        ("sequence", frame.sequence, request.sequence, numbers if little else "a counter of the box's own; it must be repeated"),
    )


def _place_of(name: str) -> str:
    return SESSIONS if name == "sequence" else FRAMES


# Frames but for one mistake


def _not_ended(_: Frame, content: bytes, came: bytes) -> Oddity | None:
    if b"\x00" in came.lstrip(b"\x00") or not _is_frame(content):
        return None
    return Oddity(
        Verdict.FAIL,
        "a whole frame comes, and no 0x00 after it",
        "one 0x00 after the frame, which ends it",
        FRAMES,
        "the delimiter is left out, or counted into the length of the frame and cut off",
    )


def _not_stuffed(_: Frame, content: bytes, came: bytes) -> Oddity | None:
    first = came.lstrip(b"\x00")
    for piece in (content, first, first[:-1]):
        payload, crc = piece[:-_CRC], piece[-_CRC:]
        if len(payload) >= _HEADER and (crc == crc32c(payload) or _mistake_in(payload, crc)):
            return Oddity(
                Verdict.FAIL,
                "header, body and CRC come as they are, without COBS",
                "COBS(payload, CRC), with no 0x00 in it, then one 0x00",
                FRAMES,
                "the encoder is not called, or what it made is not what is sent",
            )
    return None


def _damaged(_: Frame, __: bytes, came: bytes) -> Oddity | None:
    for received in FrameReader(U16).feed(came):
        try:
            content = cobs.decode(received.raw)
        except cobs.DecodeError:
            continue
        payload, crc = content[:-_CRC], content[-_CRC:]
        if len(payload) < _HEADER:
            continue
        mistake = _mistake_in(payload, crc)
        right = crc32c(payload).hex(" ")
        return Oddity(
            Verdict.FAIL if mistake else Verdict.ERROR,
            f"a frame comes whose CRC is {crc.hex(' ')}",
            f"the CRC {right} over the {len(payload)} bytes before it",
            FRAMES,
            mistake or "an initial value, a reflection or a final xor that is another; a byte more or less that it goes over; a bad line",
        )
    return None


_MISTAKES: Final[tuple[tuple[str, Callable[[bytes], bytes]], ...]] = (
    ("the CRC is sent least significant byte first; it goes most significant first", lambda payload: crc32c(payload)[::-1]),
    ("this is CRC-32 as of zlib and Ethernet; it must be CRC-32C, polynomial 0x1EDC6F41", lambda payload: _zlib(payload)),
    ("this is CRC-32 as of zlib and Ethernet, and least significant byte first", lambda payload: _zlib(payload)[::-1]),
    ("the final xor with 0xFFFFFFFF is left out", lambda payload: _inverted(crc32c(payload))),
    ("the CRC goes over the body alone; it goes over the header, too", lambda payload: crc32c(payload[_HEADER:])),
    ("no CRC is worked out yet", lambda _: bytes(_CRC)),
)


def _mistake_in(payload: bytes, crc: bytes) -> str:
    """Which of the usual mistakes gives this CRC; empty if none does."""
    return next((what for what, wrong in _MISTAKES if crc == wrong(payload) != crc32c(payload)), "")


def _zlib(payload: bytes) -> bytes:
    return zlib.crc32(payload).to_bytes(_CRC, "big")


def _inverted(crc: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in crc)


def _is_frame(raw: bytes) -> bool:
    try:
        decode_frame(raw)
    except FrameError:
        return False
    return True


# Bytes


def _noise(came: bytes) -> Oddity:
    if all(byte in b"\r\n\t\x1b" or 0x20 <= byte < 0x7F for byte in came):  # noqa: PLR2004 (printable ASCII)
        text = came[:_SHOWN].decode("ascii")
        return _of_the_line(
            f"text comes back and no frame: {text!r}",
            "a console or a boot loader has the line; the test firmware is not running, or serves another port",
        )
    ended = "" if b"\x00" in came else ", and no 0x00 among them, which ends every frame"
    return _of_the_line(
        f"{len(came)} bytes come back, and no frame is in them{ended}",
        "another baud rate, parity or number of stop bits on the board: 115,200 baud, 8 data bits, no parity, 1 stop bit, no flow control",
    )
