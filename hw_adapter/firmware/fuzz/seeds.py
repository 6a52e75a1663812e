"""Inputs for a fuzz target to begin with, from the protocol's vectors: `python3 seeds.py TARGET FOLDER`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[2] / "vectors.json"
LONGEST_PIECE = 256  # of the line, see line.c
LONGEST_STREAM = 4000
CHOICES = {  # the numbers of what box.c does
    "body": b"\x00",
    "challenge": b"\x02",
    "ticket": b"\x03",
    "revocation-order": b"\x04",
    "time-order": b"\x05",
    "message": b"\x06",
    "entry": b"\x07",
    "time-passes": b"\x09",
    "power-cut": b"\x0a",
    "disturb": b"\x0c",
}
READY, OLD = b"\0", b"\6"
TODAY, HOUR_AGO, IN_AN_HOUR = b"\x10\0", b"\x63\0", b"\x65\0"


def frames(vectors: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of both directions."""
    for exchange in (*vectors["exchanges"], *vectors["rejections"]):
        yield exchange["request"]
        yield exchange["reply"]
    yield vectors["busy"]


def lines(vectors: dict[str, Any]) -> Iterator[bytes]:
    yield from (bytes.fromhex(each["line"]) for each in (*frames(vectors), *vectors["silence"]))


def requests(vectors: dict[str, Any]) -> Iterator[bytes]:
    """Bodies."""
    yield from (bytes.fromhex(each["request"]["body"]) for each in (*vectors["exchanges"], *vectors["rejections"]))


def frame(vectors: dict[str, Any]) -> Iterator[bytes]:
    for line in lines(vectors):
        yield from line.split(b"\0")


def cbor(vectors: dict[str, Any]) -> Iterator[bytes]:
    yield from (bytes.fromhex(each["body"]) for each in frames(vectors))
    yield from (bytes.fromhex(each["hex"]) for each in (*vectors["cbor"]["accepted"], *vectors["cbor"]["refused"]))


def messages(vectors: dict[str, Any]) -> Iterator[bytes]:
    for kind, name in enumerate(("ticket", "revocation_order", "time_order")):
        for what in ("payload", "message"):
            yield bytes([kind]) + bytes.fromhex(vectors["interop"][name][what])
    for each in vectors["interop"]["not_authentic"]:
        yield b"\0" + bytes.fromhex(each["ticket"])


def days(vectors: dict[str, Any]) -> Iterator[bytes]:
    for each in vectors["interop"]["days"]:
        pairs = each["pairs"]
        behind = [*(utc for utc, _ in pairs[1:]), pairs[-1][0] + 1]
        steps = [
            (then - utc - 1).to_bytes(3, "big") + (offset + 86399).to_bytes(3, "big")
            for (utc, offset), then in zip(pairs, behind, strict=True)
        ]
        expiry = (each["expiry"] - pairs[-1][0] - 1).to_bytes(3, "big")
        first = b"\x08" + pairs[0][0].to_bytes(8, "big")
        yield first + bytes([len(pairs) - 1]) + b"".join(steps) + expiry + b"\0" + each["instant"].to_bytes(8, "big")


def pieces(data: bytes) -> bytes:
    """As line.c reads them."""
    parts = [data[at : at + LONGEST_PIECE] for at in range(0, len(data), LONGEST_PIECE)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


def crc(data: bytes) -> bytes:
    """CRC-32C, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return (value ^ 0xFFFFFFFF).to_bytes(4, "big")


def largest_frame() -> bytes:
    """A request without a zero in it that fills a frame of 256 bytes, but for its delimiter."""
    payloads = (b"\1" * 249 + bytes([filler]) for filler in range(1, 256))
    return next(b"\xff" + each + crc(each) for each in payloads if 0 not in crc(each))


def line(vectors: dict[str, Any]) -> Iterator[bytes]:
    all_lines = [pieces(each) for each in lines(vectors)]
    yield from all_lines
    yield b"".join(all_lines)[:LONGEST_STREAM]
    yield pieces(largest_frame() + b"\0" + largest_frame() + b"\1\0")  # the second one too long by a byte


def body(content: bytes) -> bytes:
    return CHOICES["body"] + bytes([len(content)]) + content


NOON = 1772985600  # as in box.c
TORONTO = bytes.fromhex("82821a69a64c2039464f821a69ad1e7039383f1a69b92020")  # the zone table of the vectors, in CBOR


def dead(vectors: dict[str, Any]) -> Iterator[bytes]:
    """Boxes that have a dead index, which is tried on its day."""
    for each in vectors["interop"]["dead"]:
        provision = b"\x81\x85\x03\x50" + bytes.fromhex(each["box_id"]) + b"\x58\x20" + bytes.fromhex(each["secret"]) + TORONTO
        known = READY + body(provision) + CHOICES["challenge"] + CHOICES["time-order"] + b"\2\0"
        for start, _, index in each["dead"]:
            hours = max(0, (start - NOON) // 3600 + 1)
            yield known + CHOICES["time-passes"] + bytes([hours, 2]) + CHOICES["entry"] + bytes([16 + index, 0])


def box(vectors: dict[str, Any]) -> Iterator[bytes]:
    bodies = [body(each) for each in requests(vectors)]
    yield from (READY + each for each in bodies)
    yield READY + b"".join(bodies)
    ticket = CHOICES["challenge"] + CHOICES["ticket"] + IN_AN_HOUR + HOUR_AGO + b"\0"
    entry = CHOICES["entry"] + TODAY
    order = CHOICES["challenge"] + CHOICES["time-order"] + b"\x04\0"
    yield READY + ticket + ticket[1:] + CHOICES["revocation-order"] + b"\0\0" + ticket
    yield READY + entry + CHOICES["time-passes"] + b"\x3b\x01" + entry + CHOICES["time-passes"] + b"\x01\x01" + entry
    yield READY + order + CHOICES["power-cut"] + b"\0" + entry + CHOICES["power-cut"] + b"\x0d" + entry + entry
    read_log = body(bytes.fromhex("81820900"))
    yield READY + (CHOICES["entry"] + b"\x90\0") * 7 + read_log
    yield READY + (CHOICES["entry"] + b"\x90\0") * 7 + CHOICES["disturb"] + b"\x09\x02" + entry + read_log
    yield READY + body(bytes.fromhex("81820bf5")) + CHOICES["time-passes"] + b"\x0a\0" + body(bytes.fromhex("81820bf4")) + entry
    yield from dead(vectors)
    yield OLD + read_log + entry * 3 + ticket + (CHOICES["revocation-order"] + b"\0\5") * 3 + read_log
    for each in ("ticket", "revocation_order", "time_order"):
        payload = bytes.fromhex(vectors["interop"][each]["payload"])
        yield READY + CHOICES["message"] + b"\0" + bytes([len(payload)]) + payload


TARGETS = {"frame": frame, "cbor": cbor, "messages": messages, "days": days, "line": line, "box": box}


def main() -> None:
    target, folder = TARGETS[sys.argv[1]], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    for number, data in enumerate(sorted(set(target(vectors)))):
        (folder / f"seed-{number}").write_bytes(data)


if __name__ == "__main__":
    main()
