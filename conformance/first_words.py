"""What came back on a line instead of an answer to hello, told apart: the first thing that goes wrong with a new firmware.

It is a verdict about the box only where the bytes could not have come so by the line's doing: a whole frame but for one mistake.
Everything else may be the cable, the baud rate or another program, and is an error.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import google_crc32c
from cobs import cobs
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.frame import (
    CRC_BYTES,
    HEADER,
    MINIMUM_LIMIT,
    Frame,
    FrameError,
    FrameKind,
    FrameReader,
    crc32c,
    decode_frame,
    encode_frame,
)
from lockproof.hw_adapter.values import U16

LINE, FRAMES, SESSIONS = "The line", "Frames", "Sessions, sequences and retries"
"""Sections of PROTOCOL.md."""
_SHOWN = 64  # bytes
_LOOKED_AT = 4096  # bytes of what came


@dataclass(frozen=True, slots=True)
class Oddity:
    """What came, what must come, where PROTOCOL.md says so, and what it is as a rule."""

    verdict: Verdict
    saw: str
    must: str
    place: str
    often: str


def what_came(request: Frame, came: bytes) -> Oddity:
    """Why these bytes are no answer to this request, which may have been sent a few times."""
    began = came.lstrip(b"\x00")[:_LOOKED_AT]
    if not came:
        content = _unstuffed(encode_frame(request)[:-1])
        payload, crc = content[:-CRC_BYTES], content[-CRC_BYTES:]
        return _of_the_line(
            "nothing comes back, not a byte",
            "TX and RX crossed or not connected, no common ground, another port, no power, or a firmware that does not run or"
            " does not yet answer; a box that sleeps loses bytes and declares wake_bytes; or the firmware takes this request for"
            f" damaged, which gets no answer: without COBS it is {payload.hex(' ')}, and then its CRC, {crc.hex(' ')}",
        )
    if not began:
        return _of_the_line(
            f"{len(came)} bytes come back, and all of them are 0x00",
            "a line held low: TX not driven, or another baud rate on the board",
        )
    if encode_frame(request) in came:
        return _of_the_line(
            "what was sent comes back as it was",
            "an echo: RX and TX joined, a loopback plug, an RS-485 adapter that hears itself, or a console that echoes",
        )
    for tell in (_whole_frame, _not_ended, _not_stuffed, _misstuffed, _line_ends, _text_in_front, _bad_crc, _text, _bad_cobs):
        if oddity := tell(request, _once(began)):
            return oddity
    return _of_the_line(
        f"{len(came)} bytes come back, and no 0x00 among them, which ends every frame",
        "another baud rate, parity or number of stop bits on the board: 115,200 baud, 8 data bits, no parity, 1 stop bit, no"
        " flow control",
    )


def _once(data: bytes) -> bytes:
    """What comes again and again, as the same answer to every retry does, once."""
    return next(data[:n] for n in range(1, len(data) + 1) if (data[:n] * (len(data) // n + 1)).startswith(data))


def _of_the_line(saw: str, often: str) -> Oddity:
    return Oddity(Verdict.ERROR, saw, "a reply within 200 ms", LINE, often)


# Frames that are whole, and answer something else


def _whole_frame(request: Frame, came: bytes) -> Oddity | None:
    found = next((each for each in FrameReader(U16).feed(came) if each.frame is not None), None)
    if found is None or found.frame is None:
        return None
    for name, saw, right, often in _fields(request, found.frame):
        if saw != right:
            what = f"a frame comes whose {name} is {saw}"
            return Oddity(Verdict.FAIL, what, f"a frame with {name} {right}", SESSIONS if name == "sequence" else FRAMES, often)
    size = len(found.raw) + 1
    if size > MINIMUM_LIMIT:
        what, must = (
            f"hello comes in a frame of {size} bytes",
            f"at most {MINIMUM_LIMIT} bytes, as long as no other limit is known",
        )
        return Oddity(Verdict.FAIL, what, must, FRAMES, "texts longer than the table of hello allows")
    return None


def _fields(request: Frame, frame: Frame) -> tuple[tuple[str, int, int, str], ...]:
    swapped = int.from_bytes(request.sequence.to_bytes(2, "big"), "little")
    little = frame.sequence == swapped != request.sequence
    busy = frame.kind == FrameKind.BUSY
    kinds = "busy frames, and no reply after them" if busy else "the kind of the request, 1, taken over into the reply"
    numbers = "the number is sent least significant byte first; all numbers on the line are big-endian"
    return (
        (
            "version",
            frame.version,
            request.version,
            "a struct sent as the compiler laid it out, or a byte in front of the header",
        ),
        ("kind", frame.kind, int(FrameKind.REPLY), kinds),
        ("sequence", frame.sequence, request.sequence, numbers if little else "a counter of the box's own; it must be repeated"),
    )


# Frames but for one mistake


def _not_ended(_: Frame, came: bytes) -> Oddity | None:
    if b"\x00" in came or not _is_frame(came):
        return None
    return Oddity(
        Verdict.FAIL,
        "a whole frame comes, and no 0x00 after it",
        "one 0x00 after the frame, which ends it",
        FRAMES,
        "the delimiter is left out, or the length that is sent does not count it",
    )


def _not_stuffed(_: Frame, came: bytes) -> Oddity | None:
    for content in (came, came[:-1]):
        payload, crc = content[:-CRC_BYTES], content[-CRC_BYTES:]
        if _is_whole(content) or (len(payload) >= HEADER.size and _mistake_in(payload, crc)):
            return Oddity(
                Verdict.FAIL,
                "header, body and CRC come as they are, without COBS",
                "COBS(payload, CRC), with no 0x00 in it, then one 0x00",
                FRAMES,
                "the encoder is not called, or what it made is not what is sent",
            )
    return None


def _misstuffed(_: Frame, came: bytes) -> Oddity | None:
    raw = came.removesuffix(b"\x00")
    for often, unstuff in _MISSTUFFED:
        if _is_whole(unstuff(raw)):
            must = "every piece led by its length plus 1, and for each zero but the one at the end a new piece"
            return Oddity(Verdict.FAIL, "a frame comes whose COBS is wrong", must, FRAMES, often)
    return None


def _by_lengths(raw: bytes) -> bytes:
    """As somebody meant it who leads every piece by its length."""
    pieces, at = [], 0
    while at < len(raw):
        pieces.append(raw[at + 1 : at + 1 + raw[at]])
        at += 1 + raw[at]
    return b"\x00".join(pieces)


_MISSTUFFED: Final[tuple[tuple[str, Callable[[bytes], bytes]], ...]] = (
    ("the code byte is the length of its piece; it must be one more", _by_lengths),
    ("after the last piece another one is begun: its end counts as a zero that is not there", lambda raw: _unstuffed(raw)[:-1]),
)


def _line_ends(_: Frame, came: bytes) -> Oddity | None:
    meant = came.replace(b"\r\n", b"\n")
    if meant == came or not _is_frame(meant.partition(b"\x00")[0]):
        return None
    return _of_the_line(
        "a frame comes with a 0x0d before each 0x0a",
        "a console driver or a C library makes CR LF of every line end: write to the UART itself, or set its terminal to raw",
    )


def _is_whole(content: bytes) -> bool:
    return len(content) >= HEADER.size + CRC_BYTES and content[-CRC_BYTES:] == crc32c(content[:-CRC_BYTES])


def _bad_crc(request: Frame, came: bytes) -> Oddity | None:
    for received in FrameReader(U16).feed(came):
        content = _unstuffed(received.raw)
        payload, crc = content[:-CRC_BYTES], content[-CRC_BYTES:]
        if len(payload) < HEADER.size:
            continue
        mistake = _mistake_in(payload, crc)
        is_ours = payload[:2] == bytes([request.version, FrameKind.REPLY])
        return Oddity(
            Verdict.FAIL if mistake or is_ours else Verdict.ERROR,
            f"a frame comes whose CRC is {crc.hex(' ')}",
            f"the CRC {crc32c(payload).hex(' ')}, over the {len(payload)} bytes of header and body",
            FRAMES,
            mistake or "another initial value, reflection or final xor; it goes over a byte more or less; or a bad line",
        )
    return None


def _unstuffed(raw: bytes) -> bytes:
    """Nothing, for what is not COBS."""
    try:
        return bytes(cobs.decode(raw))
    except cobs.DecodeError:
        return b""


def _zlib(payload: bytes) -> bytes:
    return zlib.crc32(payload).to_bytes(CRC_BYTES, "big")


def _from_zero(payload: bytes) -> bytes:
    return int(google_crc32c.extend(0xFFFFFFFF, payload)).to_bytes(CRC_BYTES, "big")


def _inverted(crc: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in crc)


_MISTAKES: Final[tuple[tuple[str, Callable[[bytes], bytes]], ...]] = (
    ("the CRC is sent least significant byte first; it goes most significant first", lambda payload: crc32c(payload)[::-1]),
    ("this is CRC-32 as of zlib and Ethernet; it must be CRC-32C, polynomial 0x1EDC6F41", _zlib),
    ("this is CRC-32 as of zlib and Ethernet, and least significant byte first", lambda payload: _zlib(payload)[::-1]),
    ("the final xor with 0xFFFFFFFF is left out", lambda payload: _inverted(crc32c(payload))),
    ("the initial value is 0; it must be 0xFFFFFFFF", _from_zero),
    ("the CRC goes over the body alone; it goes over the header, too", lambda payload: crc32c(payload[HEADER.size :])),
    ("no CRC is worked out yet", lambda _: bytes(CRC_BYTES)),
)


def _mistake_in(payload: bytes, crc: bytes) -> str:
    """Which of the usual mistakes gives this CRC; empty if none does."""
    return next((what for what, wrong in _MISTAKES if crc == wrong(payload) != crc32c(payload)), "")


def _is_frame(raw: bytes) -> bool:
    try:
        decode_frame(raw)
    except FrameError:
        return False
    return True


# Bytes


def _text(_: Frame, came: bytes) -> Oddity | None:
    if _length_of_text(came) < len(came):
        return None
    return _of_the_line(
        f"text comes back and no frame: {came[:_SHOWN].decode('ascii')!r}",
        "a console or a boot loader has the line; the test firmware is not running, or serves another port",
    )


def _length_of_text(data: bytes) -> int:
    """How many bytes at the beginning are printable ASCII, or what a terminal takes."""
    others = (n for n, byte in enumerate(data) if byte not in b"\r\n\t\x1b" and not 0x20 <= byte < 0x7F)  # noqa: PLR2004 (ASCII)
    return next(others, len(data))


def _text_in_front(_: Frame, came: bytes) -> Oddity | None:
    raw = came.partition(b"\x00")[0]
    begins = _length_of_text(raw)
    if not begins or not _is_frame(raw[begins:]):
        return None
    return Oddity(
        Verdict.FAIL,
        f"a frame comes with text in front of it: {raw[: min(begins, _SHOWN)].decode('ascii')!r}",
        "0x00 before each frame, on a line on which text comes, too",
        LINE,
        "the firmware prints on the line that it answers on: send 0x00 before each frame, or print elsewhere",
    )


def _bad_cobs(_: Frame, came: bytes) -> Oddity | None:
    error = next((each.error for each in FrameReader(U16).feed(came)), "")
    if not error:
        return None
    return Oddity(
        Verdict.ERROR,
        f"bytes come that end with 0x00 and are no frame: {error}",
        "COBS: every piece led by its length plus 1, and no 0x00 within",
        FRAMES,
        "a code byte that counts one more or less, a frame cut off at its first zero; or another baud rate on the board",
    )
