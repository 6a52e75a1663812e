"""The credentials of class `interop`: a box's keys, its codes, three messages (`interop.code`, `interop.message`).

One primitive, HMAC-SHA-256, does it all. What is dead among codes of equal digits (`code.index`, `code.digits`) is said
here too, for any digits: the authority never issues a dead index and the box never accepts one, by this same function.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from lockproof.spec.observable import CodeIndex
from lockproof.spec.profile import Profile

BOX_ID_BYTES = 16
SECRET_BYTES = 32
NONCE_BYTES = 16
GRANT_ID_BYTES = 16
TAG_BYTES = 32

Digits = Callable[[CodeIndex], str]
"""The digits of an index at one box: of class `interop`, or a vendor's own."""


@dataclass(frozen=True, slots=True)
class BoxKeys:
    """What one box and the authority share, each key for one purpose."""

    box_id: bytes
    code: bytes = field(repr=False)
    ticket: bytes = field(repr=False)
    revocation: bytes = field(repr=False)
    time: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TicketClaims:
    """What a ticket says: this grant, inside `[window_start, window_end)`, for this nonce."""

    grant: bytes
    window_start: int
    window_end: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class TimeClaims:
    """What a time order says: it was `value` when this nonce was answered."""

    value: int
    nonce: bytes


@lru_cache(maxsize=1024)
def derive_keys(box_id: bytes, secret: bytes) -> BoxKeys:
    """HKDF-SHA-256 (RFC 5869), no salt, info `lockproof/1/<purpose>` and the box's id; keys of 32 bytes (`interop.code`).

    Raises ValueError unless the id has 16 bytes and the secret 32.
    """
    if len(box_id) != BOX_ID_BYTES or len(secret) != SECRET_BYTES:
        raise ValueError(
            f"a box has an id of {BOX_ID_BYTES} bytes and a secret of {SECRET_BYTES}; these have {len(box_id)} and {len(secret)}"
        )
    purposes = ("code", "ticket", "revocation", "time")
    return BoxKeys(box_id, *(_derive(secret, b"lockproof/1/" + purpose.encode() + box_id) for purpose in purposes))


def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret)


# One Day Codes


@lru_cache(maxsize=1 << 14)
def code_digits(key: bytes, box_id: bytes, code: CodeIndex, digits: int) -> str:
    """The digits of an index (`interop.code`): HMAC-SHA-256 and the dynamic truncation of RFC 4226, section 5.3.

    The message is the box's id, the bounds of the day as two 64-bit and the index as an 8-bit big-endian number; an instant before
    1970 in two's complement.
    """
    message = box_id + struct.pack(">QQB", code.day_start % _UNSIGNED_LIMIT, code.day_end % _UNSIGNED_LIMIT, code.index)
    mac = hmac.digest(key, message, hashlib.sha256)
    offset = mac[-1] & 0x0F
    (number,) = struct.unpack_from(">I", mac, offset)
    return f"{(number & 0x7FFFFFFF) % 10**digits:0{digits}}"


def interop_digits(box_id: bytes, secret: bytes, profile: Profile) -> Digits:
    """The digits of every index of one box, by its own secret."""
    key = derive_keys(box_id, secret).code
    return lambda code: code_digits(key, box_id, code, profile.code_digits)


def is_dead(code: CodeIndex, days: Iterable[tuple[int, int]], digits_of: Digits, profile: Profile) -> bool:
    """An index is dead if its digits are those of an index that comes before it, live or dead itself (`code.index`).

    `days` are days of this box by their bounds, of every zone table it may still serve; of them, those matter whose service,
    the day and a code's life after it, overlaps or adjoins that of the index. Order is by start, end, and index.
    """
    digits = digits_of(code)
    day = (code.day_start, code.day_end)
    near = {other for other in days if other <= day and _serve_together(other, day, profile)} | {day}
    return any(
        digits_of(CodeIndex(*other, index)) == digits
        for other in sorted(near)
        for index in range(code.index if other == day else profile.code_indices)
    )


def live_indices(
    day: tuple[int, int], days: Iterable[tuple[int, int]], digits_of: Digits, profile: Profile
) -> tuple[CodeIndex, ...]:
    """The indices of a day that are not dead, in order (`code.index`); `days` as for `is_dead`."""
    near = tuple(days)
    codes = (CodeIndex(*day, index) for index in range(profile.code_indices))
    return tuple(code for code in codes if not is_dead(code, near, digits_of, profile))


def _serve_together(one: tuple[int, int], other: tuple[int, int], profile: Profile) -> bool:
    return one[0] <= other[1] + profile.code_life and other[0] <= one[1] + profile.code_life


# Messages: COSE_Mac0 (RFC 9052, section 6.2) with CWT claims (RFC 8392) where they fit

_AUDIENCE, _EXPIRES, _NOT_BEFORE, _ISSUED_AT, _GRANT, _NONCE = 3, 4, 5, 6, 7, 10
_PROTECTED = cbor2.dumps({1: 5}, canonical=True)  # alg: HMAC 256/256
_HEAD = bytes((0x84,)) + cbor2.dumps(_PROTECTED) + cbor2.dumps({})
_MAC_HEAD = bytes((0x84,)) + cbor2.dumps("MAC0") + cbor2.dumps(_PROTECTED) + cbor2.dumps(b"")
_TAG_HEAD = bytes((0x58, TAG_BYTES))
_UNSIGNED_LIMIT = 2**64


def seal_ticket(keys: BoxKeys, claims: TicketClaims) -> bytes:
    """A ticket for this box (`connect.ticket`). Raises ValueError for claims that have no such form."""
    return _seal(
        keys.ticket,
        {
            _AUDIENCE: keys.box_id,
            _EXPIRES: _instant(claims.window_end),
            _NOT_BEFORE: _instant(claims.window_start),
            _GRANT: _bytes(claims.grant, GRANT_ID_BYTES),
            _NONCE: _bytes(claims.nonce, NONCE_BYTES),
        },
    )


def open_ticket(keys: BoxKeys, message: bytes) -> TicketClaims | None:
    """What a ticket says, None for anything but an exact ticket under this box's key (`box.authentic`)."""
    claims = _open(keys.ticket, message, {_AUDIENCE, _EXPIRES, _NOT_BEFORE, _GRANT, _NONCE})
    if claims is None:
        return None
    ticket = TicketClaims(claims[_GRANT], claims[_NOT_BEFORE], claims[_EXPIRES], claims[_NONCE])
    return ticket if _is_exactly(lambda: seal_ticket(keys, ticket), message) else None


def seal_revocation(keys: BoxKeys, grant: bytes) -> bytes:
    """The order never to open for this grant again (`connect.revoke.bound`). Raises ValueError for an id of another length."""
    return _seal(keys.revocation, {_AUDIENCE: keys.box_id, _GRANT: _bytes(grant, GRANT_ID_BYTES)})


def open_revocation(keys: BoxKeys, message: bytes) -> bytes | None:
    """The grant that a revocation order ends, None for anything but an exact order under this box's key (`box.authentic`)."""
    claims = _open(keys.revocation, message, {_AUDIENCE, _GRANT})
    if claims is None:
        return None
    grant: bytes = claims[_GRANT]
    return grant if _is_exactly(lambda: seal_revocation(keys, grant), message) else None


def seal_time_order(keys: BoxKeys, claims: TimeClaims) -> bytes:
    """The order to set the clock (`box.clock.never-back`). Raises ValueError for claims that have no such form."""
    return _seal(
        keys.time,
        {_AUDIENCE: keys.box_id, _ISSUED_AT: _instant(claims.value), _NONCE: _bytes(claims.nonce, NONCE_BYTES)},
    )


def open_time_order(keys: BoxKeys, message: bytes) -> TimeClaims | None:
    """What a time order says, None for anything but an exact order under this box's key (`box.authentic`)."""
    claims = _open(keys.time, message, {_AUDIENCE, _ISSUED_AT, _NONCE})
    if claims is None:
        return None
    order = TimeClaims(claims[_ISSUED_AT], claims[_NONCE])
    return order if _is_exactly(lambda: seal_time_order(keys, order), message) else None


def _seal(key: bytes, claims: dict[int, Any]) -> bytes:
    body = cbor2.dumps(cbor2.dumps(claims, canonical=True))
    return _HEAD + body + _TAG_HEAD + _mac(key, body)


def _open(key: bytes, message: bytes, names: set[int]) -> dict[int, Any] | None:
    """Claims by these names under this key. The tag is compared first: bytes of a stranger never reach the decoder."""
    body, tag = message[len(_HEAD) : -len(_TAG_HEAD) - TAG_BYTES], message[-TAG_BYTES:]
    if not hmac.compare_digest(tag, _mac(key, body)):
        return None
    try:
        claims = cbor2.loads(cbor2.loads(body))
    except (cbor2.CBORDecodeError, TypeError, ValueError):
        return None
    return claims if isinstance(claims, dict) and set(claims) == names else None


def _is_exactly(seal: Callable[[], bytes], message: bytes) -> bool:
    """There is one form only: sealed again, for this box, the claims give the same bytes."""
    try:
        return hmac.compare_digest(seal(), message)
    except ValueError:
        return False


def _mac(key: bytes, body: bytes) -> bytes:
    """Over the MAC_structure of RFC 9052, section 6.3; `body` is the payload as it stands in both."""
    return hmac.digest(key, _MAC_HEAD + body, hashlib.sha256)


def _instant(value: int) -> int:
    if type(value) is not int or not 0 <= value < _UNSIGNED_LIMIT:
        raise ValueError(f"an instant is a number of seconds from 0 to 2^64 - 1, not {value!r}")
    return value


def _bytes(value: bytes, length: int) -> bytes:
    if type(value) is not bytes or len(value) != length:
        raise ValueError(f"this takes {length} bytes, not {value!r}")
    return value
