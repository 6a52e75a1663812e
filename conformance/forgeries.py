"""What somebody without the keys could hold out to a box: each a genuine message with one thing wrong (`box.authentic`)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

import cbor2
from lockproof.reference.credentials import (
    BoxKeys,
    TicketClaims,
    derive_keys,
    open_revocation,
    open_ticket,
    open_time_order,
    seal_revocation,
    seal_ticket,
    seal_time_order,
)

Forgery = Callable[[bytes, BoxKeys], bytes]
FORGERIES: dict[str, Forgery] = {}


def _forgery(name: str) -> Callable[[Forgery], Forgery]:
    def register(function: Forgery) -> Forgery:
        FORGERIES[name] = function
        return function

    return register


def forge(name: str, message: bytes, keys: BoxKeys) -> bytes:
    """The message with one thing wrong; `keys` are those of the box that it was made for."""
    forged = FORGERIES[name](message, keys)
    assert forged != message
    return forged


@_forgery("last bit of the tag")
def _last_bit(message: bytes, _: BoxKeys) -> bytes:
    return message[:-1] + bytes([message[-1] ^ 1])


@_forgery("first bit of the tag")
def _first_bit(message: bytes, _: BoxKeys) -> bytes:
    return message[:-32] + bytes([message[-32] ^ 0x80]) + message[-31:]


@_forgery("tag all zero")
def _zero_tag(message: bytes, _: BoxKeys) -> bytes:
    return message[:-32] + bytes(32)


@_forgery("tag cut short")
def _short_tag(message: bytes, _: BoxKeys) -> bytes:
    """A tag of 8 bytes, as another algorithm has it, with its length said rightly."""
    return message[:-34] + b"\x48" + message[-32:-24]


@_forgery("payload altered")
def _payload(message: bytes, _: BoxKeys) -> bytes:
    """The last byte of the payload, under the old tag: the nonce, or whatever stands last."""
    head, body = message[:-34], message[-34:]
    return head[:-1] + bytes([head[-1] ^ 1]) + body


@_forgery("window made longer")
def _longer(message: bytes, keys: BoxKeys) -> bytes:
    """The window ends a day later, under the old tag."""
    claims = open_ticket(keys, message)
    if claims is None:
        return _payload(message, keys)
    longer = TicketClaims(claims.grant, claims.window_start, claims.window_end + 86_400, claims.nonce)
    return seal_ticket(keys, longer)[:-32] + message[-32:]


@_forgery("another algorithm")
def _algorithm(message: bytes, _: BoxKeys) -> bytes:
    """The protected header says HMAC 256/64, the tag stays."""
    protected, unprotected, payload, tag = cbor2.loads(message)
    assert protected == bytes.fromhex("a10105")
    return cbor2.dumps([bytes.fromhex("a10104"), unprotected, payload, tag])


@_forgery("other keys")
def _other_keys(message: bytes, keys: BoxKeys) -> bytes:
    """Everything right, but sealed with the keys of a box with another secret."""
    return _sealed_again(message, keys, derive_keys(keys.box_id, bytes(32)))


@_forgery("another box's name")
def _other_box(message: bytes, keys: BoxKeys) -> bytes:
    """Sealed under this box's key, but the payload names another box."""
    other_id = bytes([keys.box_id[0] ^ 1]) + keys.box_id[1:]
    return _sealed_again(message, keys, replace(keys, box_id=other_id))


@_forgery("a key for something else")
def _wrong_purpose(message: bytes, keys: BoxKeys) -> bytes:
    """Sealed under a key of this box that is for another kind of message."""
    return _sealed_again(message, keys, replace(keys, ticket=keys.revocation, revocation=keys.time, time=keys.ticket))


def _sealed_again(message: bytes, keys: BoxKeys, by: BoxKeys) -> bytes:
    """The same ticket or order, sealed by other keys."""
    if ticket := open_ticket(keys, message):
        return seal_ticket(by, ticket)
    if grant := open_revocation(keys, message):
        return seal_revocation(by, grant)
    order = open_time_order(keys, message)
    assert order is not None
    return seal_time_order(by, order)


@_forgery("a claim too many")
def _claim_too_many(message: bytes, keys: BoxKeys) -> bytes:
    """Sealed under the right key, but the payload says more than such a message says."""
    payload = cbor2.loads(message)[2]
    return _with_payload(message, keys, cbor2.dumps({**cbor2.loads(payload), _UNKNOWN_CLAIM: 1}, canonical=True))


@_forgery("not the shortest form")
def _not_the_shortest(message: bytes, keys: BoxKeys) -> bytes:
    """Sealed under the right key, but the number of the first claim takes two bytes where one would do (RFC 8949, 4.2.1)."""
    payload = cbor2.loads(message)[2]
    return _with_payload(message, keys, payload[:1] + b"\x18" + payload[1:])


_UNKNOWN_CLAIM = 99


def _with_payload(message: bytes, keys: BoxKeys, payload: bytes) -> bytes:
    """The message with another payload, under a tag that is right for it (RFC 9052, section 6.3)."""
    protected, unprotected, _, _ = cbor2.loads(message)
    covered = cbor2.dumps(["MAC0", protected, b"", payload])
    return cbor2.dumps([protected, unprotected, payload, hmac.digest(_key_of(message, keys), covered, hashlib.sha256)])


def _key_of(message: bytes, keys: BoxKeys) -> bytes:
    if open_ticket(keys, message):
        return keys.ticket
    return keys.revocation if open_revocation(keys, message) else keys.time


@_forgery("a byte too many")
def _longer_message(message: bytes, _: BoxKeys) -> bytes:
    return message + b"\x00"


@_forgery("a byte too few")
def _shorter_message(message: bytes, _: BoxKeys) -> bytes:
    return message[:-1]


@_forgery("nothing")
def _nothing(_: bytes, __: BoxKeys) -> bytes:
    return b""


@_forgery("noise")
def _noise(message: bytes, _: BoxKeys) -> bytes:
    return bytes((i * 37 + 11) & 0xFF for i in range(len(message)))
