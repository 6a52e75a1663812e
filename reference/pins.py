"""PINs, kept as Argon2id hashes (RFC 9106), each with the cost it was made at."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT_BYTES = 16
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class PinCost:
    """What it takes to try one PIN: memory in KiB, passes over it, lanes. Raises ValueError for what Argon2id can't do."""

    memory: int
    passes: int
    lanes: int

    def __post_init__(self) -> None:
        if self.passes < 1 or self.lanes < 1 or self.memory < 8 * self.lanes:
            raise ValueError(f"{self}: Argon2id takes one pass and one lane at least, and 8 KiB of memory for each lane")


OWASP = PinCost(memory=19 * 1024, passes=2, lanes=1)
"""The least that the OWASP password storage cheat sheet advises."""

CHEAP = PinCost(memory=8, passes=1, lanes=1)
"""For benches, where PINs protect nobody and thousands are tried."""


@dataclass(frozen=True, slots=True)
class PinHash:
    """What is kept of a PIN."""

    salt: bytes
    digest: bytes
    cost: PinCost


def hash_pin(pin: str, cost: PinCost) -> PinHash:
    salt = os.urandom(_SALT_BYTES)
    return PinHash(salt, _digest(pin, salt, cost), cost)


def pin_matches(pin: str, kept: PinHash) -> bool:
    return hmac.compare_digest(_digest(pin, kept.salt, kept.cost), kept.digest)


def _digest(pin: str, salt: bytes, cost: PinCost) -> bytes:
    argon = Argon2id(salt=salt, length=_HASH_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory)
    return argon.derive(pin.encode("utf-8", "surrogatepass"))
