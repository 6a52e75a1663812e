"""Frames on the line: COBS over a payload with its CRC-32C, closed by 0x00 (PROTOCOL.md, "Frames").

A payload is version u8, kind u8, session u32, sequence u16 and a body, all big-endian. The reader takes bytes as they come,
holds at most one frame, and finds its feet again at the next 0x00 after anything that is not one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import google_crc32c
from cobs import cobs

VERSION = 1
MINIMUM_LIMIT = 256
"""Bytes, delimiter included: what every box takes, and what a host assumes until it has read a hello."""

HEADER = struct.Struct(">BBIH")
"""Version, kind, session and sequence, in front of the body."""
CRC_BYTES = 4
_COBS_RUN = 254
_DELIMITER = 0


class FrameKind(IntEnum):
    """What a frame is."""

    REQUEST = 1
    REPLY = 2
    BUSY = 3


class FrameError(ValueError):
    """Bytes between two delimiters that are no frame, and why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `kind` is a `FrameKind`, or a number that this version does not know; `body` is CBOR, not looked at here."""

    kind: int
    session: int
    sequence: int
    body: bytes
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Received:
    """What stood between two delimiters: `raw` as it came, without them, and the frame that it is, or else why it is none."""

    raw: bytes
    frame: Frame | None
    error: str = ""


def encode_frame(frame: Frame) -> bytes:
    """The bytes of a frame on the line, delimiter included."""
    payload = HEADER.pack(frame.version, frame.kind, frame.session, frame.sequence) + frame.body
    return bytes(cobs.encode(payload + crc32c(payload))) + bytes([_DELIMITER])


def decode_frame(raw: bytes) -> Frame:
    """The frame that `raw`, the bytes between two delimiters, is. Raises `FrameError`; any version and kind is let through."""
    try:
        content = cobs.decode(raw)
    except cobs.DecodeError as wrong:
        raise FrameError(f"bad COBS in {len(raw)} bytes: {wrong}") from None
    if len(content) < HEADER.size + CRC_BYTES:
        raise FrameError(f"{len(content)} bytes are too few for a frame; the shortest has {HEADER.size + CRC_BYTES}")
    payload, sent = content[:-CRC_BYTES], content[-CRC_BYTES:]
    if crc32c(payload) != sent:
        raise FrameError(f"bad CRC at offset {len(payload)}: {sent.hex()} came, {crc32c(payload).hex()} is right")
    version, kind, session, sequence = HEADER.unpack_from(payload)
    return Frame(kind, session, sequence, payload[HEADER.size :], version)


def body_room(limit: int) -> int:
    """How many bytes of body surely fit a frame of `limit` bytes, whatever they are and however COBS is written."""
    content = limit - 2  # the delimiter and the first COBS code
    content -= (content + 1) // (_COBS_RUN + 1)  # one more code after every whole run without a zero
    return content - HEADER.size - CRC_BYTES


def crc32c(payload: bytes) -> bytes:
    """CRC-32C (RFC 3720 section 12.1) of a payload, 4 bytes, most significant first."""
    return int(google_crc32c.value(payload)).to_bytes(CRC_BYTES, "big")


class FrameReader:
    """Cuts a stream of bytes into frames. Holds at most `limit` bytes; what is longer is dropped up to its delimiter."""

    def __init__(self, limit: int = MINIMUM_LIMIT) -> None:
        self.limit = limit
        self._pending = bytearray()
        self._dropped = 0

    @property
    def pending(self) -> int:
        """Bytes of a frame that has begun and not ended."""
        return len(self._pending) + self._dropped

    @property
    def begun(self) -> bytes:
        """Those of them that are held."""
        return bytes(self._pending)

    def forget(self) -> None:
        """Drop what has begun and not ended."""
        self._pending.clear()
        self._dropped = 0

    def feed(self, data: bytes) -> Iterator[Received]:
        """What these bytes complete, in order, found as the caller asks for it. Empty frames are passed over."""
        start = 0
        while (end := data.find(_DELIMITER, start)) >= 0:
            self._take(data[start:end])
            start = end + 1
            if self.pending:
                yield self._finish()
        self._take(data[start:])

    def _take(self, piece: bytes) -> None:
        free = self.limit - 1 - len(self._pending)
        self._pending += piece[:free]
        self._dropped += len(piece[free:])

    def _finish(self) -> Received:
        raw, dropped = bytes(self._pending), self._dropped
        self.forget()
        if dropped:
            return Received(raw, None, f"{len(raw) + dropped + 1} bytes are more than the frame limit of {self.limit}")
        try:
            return Received(raw, decode_frame(raw))
        except FrameError as wrong:
            return Received(raw, None, str(wrong))
