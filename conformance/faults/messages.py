"""Faults in how messages are verified."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import cbor2
from lockproof.conformance.faults import fault
from lockproof.reference import credentials
from lockproof.reference.box import ReferenceBox
from lockproof.reference.credentials import BoxKeys, TicketClaims, TimeClaims
from lockproof.spec.observable import Decision

Claims = TypeVar("Claims")
_UNREADABLE = (cbor2.CBORDecodeError, TypeError, ValueError, KeyError, AttributeError)


class _TakesForms(ReferenceBox):
    """Takes besides the exact ticket what it makes into one: the first of `forms` that verifies."""

    def forms(self, keys: BoxKeys, ticket: bytes) -> Iterator[tuple[BoxKeys, bytes]]:
        raise NotImplementedError

    def open_ticket(self, ticket: bytes) -> TicketClaims | None:
        found = super().open_ticket(ticket)
        if found is not None or self.keys is None:
            return found
        return _first(credentials.open_ticket, self.forms(self.keys, ticket))


def _first(read: Callable[[BoxKeys, bytes], Claims | None], forms: Iterator[tuple[BoxKeys, bytes]]) -> Claims | None:
    try:
        return next((claims for keys, message in forms if (claims := read(keys, message)) is not None), None)
    except _UNREADABLE:
        return None  # whatever cannot be read is refused


def _claims(message: bytes) -> dict[int, Any]:
    found: dict[int, Any] = cbor2.loads(cbor2.loads(message)[2])
    return found


@fault(breaks="box.authentic")
class OneKeyForEveryPurpose(_TakesForms):
    """Takes a ticket that is sealed under its key for revocations."""

    def forms(self, keys: BoxKeys, ticket: bytes) -> Iterator[tuple[BoxKeys, bytes]]:
        yield replace(keys, ticket=keys.revocation), ticket


@fault(breaks="box.authentic")
class TheFactoryKeyOpens(_TakesForms):
    """Takes a ticket that is sealed under the keys of a secret that is all zeros, as a box has from the factory."""

    def forms(self, keys: BoxKeys, ticket: bytes) -> Iterator[tuple[BoxKeys, bytes]]:
        yield credentials.derive_keys(keys.box_id, bytes(32)), ticket


@fault(breaks="interop.message")
class BytesAfterAMessageAreIgnored(_TakesForms):
    """Takes a ticket with anything behind it."""

    def forms(self, keys: BoxKeys, ticket: bytes) -> Iterator[tuple[BoxKeys, bytes]]:
        yield keys, ticket[:-1]


@fault(breaks="interop.message")
class TheHeaderIsNotRead(_TakesForms):
    """Takes a ticket whose protected header names another algorithm."""

    def forms(self, keys: BoxKeys, ticket: bytes) -> Iterator[tuple[BoxKeys, bytes]]:
        _, unprotected, payload, tag = cbor2.loads(ticket)
        yield keys, cbor2.dumps([bytes.fromhex("a10105"), unprotected, payload, tag])


@fault(breaks="interop.message")
class UnknownClaimsAreIgnored(ReferenceBox):
    """Takes a ticket that says more than a ticket says, under a tag that is right for it."""

    def open_ticket(self, ticket: bytes) -> TicketClaims | None:
        found = super().open_ticket(ticket)
        if found is not None or self.keys is None:
            return found
        try:
            protected, _, payload, tag = cbor2.loads(ticket)
            covered = cbor2.dumps(["MAC0", protected, b"", payload])
            said = _claims(ticket)
            genuine = hmac.compare_digest(tag, hmac.digest(self.keys.ticket, covered, hashlib.sha256))
            return TicketClaims(said[7], said[5], said[4], said[10]) if genuine and said[3] == self.keys.box_id else None
        except _UNREADABLE:
            return None


@fault(breaks="box.authentic")
class ShortTagsAreTaken(ReferenceBox):
    """Compares as many bytes of the tag as a ticket has, eight at least."""

    def open_ticket(self, ticket: bytes) -> TicketClaims | None:
        found = super().open_ticket(ticket)
        if found is not None or self.keys is None:
            return found
        try:
            said, tag = _claims(ticket), cbor2.loads(ticket)[3]
            claims = TicketClaims(said[7], said[5], said[4], said[10])
        except _UNREADABLE:
            return None
        genuine = len(tag) >= 8 and credentials.seal_ticket(self.keys, claims)[-32:].startswith(tag)  # noqa: PLR2004 (64 bits of 256: the fault)
        return claims if genuine else None


@fault(breaks="box.authentic")
class TheNonceIsNotUnderTheTag(ReferenceBox):
    """Takes a time order whose tag is right for another nonce than the one that it says."""

    def time_order(self, order: bytes) -> Decision:
        try:
            said = _claims(order)
            tag = order[-credentials.TAG_BYTES :]
            exact = TimeClaims(said[6], said[10])
            near = replace(exact, nonce=exact.nonce[:-1] + bytes([exact.nonce[-1] ^ 1]))
            if self.keys and credentials.seal_time_order(self.keys, near)[-credentials.TAG_BYTES :] == tag:
                return super().time_order(credentials.seal_time_order(self.keys, near))
        except _UNREADABLE:
            pass
        return super().time_order(order)


@fault(breaks="box.authentic")
class OrdersOfAnySecretAreHeard(ReferenceBox):
    """Takes a revocation order that names this box, whoever sealed it with whatever key."""

    def revocation_order(self, order: bytes) -> Decision:
        try:
            said = _claims(order)
            if self.keys and said[3] == self.keys.box_id and len(order) == len(credentials.seal_revocation(self.keys, said[7])):
                return super().revocation_order(credentials.seal_revocation(self.keys, said[7]))
        except _UNREADABLE:
            pass
        return super().revocation_order(order)
