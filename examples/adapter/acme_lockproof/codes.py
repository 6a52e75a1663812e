"""Acme's own codes: eight digits from BLAKE2b of secret, box, day and index. The service that issues them has the same."""

from __future__ import annotations

import hashlib

DIGITS = 8


def digits(box_id: bytes, secret: bytes, day_start: int, day_end: int, index: int) -> str:
    """Of one code of one box."""
    text = f"acme {box_id.hex()} {day_start} {day_end} {index}".encode()
    number = int.from_bytes(hashlib.blake2b(text, key=secret, digest_size=8).digest(), "big")
    return f"{number % 10**DIGITS:0{DIGITS}}"
