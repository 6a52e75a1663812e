"""Faults in what a Connect ticket is entitled to."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import cbor2
from lockproof.conformance.faults import Kind, fault
from lockproof.reference import credentials
from lockproof.reference.box import ReferenceBox
from lockproof.spec.model import box as model
from lockproof.spec.observable import Decision
from lockproof.spec.vocabulary import Outcome


@fault(breaks="connect.revoke.bound")
class IgnoresRevocations(ReferenceBox):
    """Takes a revocation order and goes on opening."""

    def has_heard(self, grant: bytes) -> bool:
        return False


@fault(breaks="connect.revoke.bound", kind=Kind.PERSISTENCE)
class ForgetsRevocationsAtACut(ReferenceBox):
    """Keeps what it has heard in memory only."""

    def recover(self, state: model.Box) -> model.Box:
        self.heard.clear()
        return super().recover(state)


@fault(breaks="connect.revoke.only-it")
class RevocationEndsAllGrants(ReferenceBox):
    """One revocation order stops every grant."""

    def has_heard(self, grant: bytes) -> bool:
        return bool(self.heard)


@fault(breaks="connect.revoke.bound", kind=Kind.PERSISTENCE)
class RemembersOnlyTheNewestRevocation(ReferenceBox):
    """There is room for one revocation: the next order revives the grant before."""

    def hear(self, grant: bytes) -> None:
        self.heard.clear()
        super().hear(grant)


@fault(breaks="connect.revoke.bound")
class NeedsTheTimeToHearARevocation(ReferenceBox):
    """Refuses revocation orders while it does not know the time."""

    def revocation_order(self, order: bytes) -> Decision:
        self._latch()
        genuine = self.keys is not None and credentials.open_revocation(self.keys, order) is not None
        return super().revocation_order(order) if model.ready(self.state) or not genuine else Decision(False, "box.ready")


class _JudgesAnotherTicket(ReferenceBox):
    """Judges a ticket that is not quite the one that was presented."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        raise NotImplementedError

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        return super().judge_ticket(heard, self.altered(ticket) if ticket.authentic else ticket)


@fault(breaks="connect.window.bounds")
class WindowEndInclusive(_JudgesAnotherTicket):
    """Opens at the instant at which the window ends."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        return replace(ticket, window_end=ticket.window_end + 1)


@fault(breaks="connect.window.bounds")
class WindowStartExclusive(_JudgesAnotherTicket):
    """Does not open at the instant at which the window starts."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        return replace(ticket, window_start=ticket.window_start + 1)


@fault(breaks="connect.window.bounds")
class WindowEndsUnchecked(_JudgesAnotherTicket):
    """Looks at the start of the window only."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        return replace(ticket, window_end=self.state.clock + 1)


@fault(breaks="connect.window.bounds")
class WindowStartUnchecked(_JudgesAnotherTicket):
    """Looks at the end of the window only."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        return replace(ticket, window_start=0)


@fault(breaks="connect.ticket", kind=Kind.PROTOCOL)
class ReplayedTicketOpens(ReferenceBox):
    """An opening leaves its nonce open."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        state, outcome = super().judge_ticket(heard, ticket)
        return replace(state, nonce_open=self.state.nonce_open), outcome


@fault(breaks="connect.ticket")
class RefusalConsumesTheNonce(ReferenceBox):
    """A refused ticket leaves nothing to come back with."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        state, outcome = super().judge_ticket(heard, ticket)
        return (replace(state, nonce_open=False) if outcome.logged else state), outcome


@fault(breaks="connect.ticket")
class AnyNonceOpens(_JudgesAnotherTicket):
    """Does not compare the nonce of a ticket with its own."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        return replace(ticket, nonce=self.state.nonce)


@fault(breaks="connect.ticket")
class OldNoncesStayOpen(_JudgesAnotherTicket):
    """A new challenge does not replace the one before."""

    def altered(self, ticket: model.Ticket) -> model.Ticket:
        return ticket if ticket.nonce == self.state.nonce else replace(ticket, nonce=self.state.nonce)

    def challenge(self) -> bytes:
        self.__dict__.setdefault("_nonces", set()).add(nonce := super().challenge())
        return nonce

    def ticket_of(self, claims: credentials.TicketClaims | None) -> model.Ticket:
        ticket = super().ticket_of(claims)
        known = claims is not None and claims.nonce in self.__dict__.get("_nonces", set())
        return ticket if known or not ticket.authentic else replace(ticket, nonce=self.state.nonce - 1)


class _OpensStaleTickets(ReferenceBox):
    """Decides tickets by another ticket life."""

    life = 3600

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        return model.present_ticket(self.state, heard, ticket, replace(self.profile, ticket_life=self.life))


@fault(breaks="connect.ticket", kind=Kind.TIME)
class StaleTicketOpens(_OpensStaleTickets):
    """A ticket is good for an hour."""


@fault(breaks="connect.ticket", kind=Kind.TIME)
class TicketLivesOneSecondLonger(_OpensStaleTickets):
    """A ticket is good for 61 seconds."""

    life = 61


@fault(breaks="connect.available", kind=Kind.TIME)
class TicketLivesOneSecondLess(_OpensStaleTickets):
    """A ticket is good for 59 seconds."""

    life = 59


@fault(breaks="box.authentic")
class MacUnchecked(ReferenceBox):
    """Reads a ticket and does not verify it."""

    def open_ticket(self, ticket: bytes) -> credentials.TicketClaims | None:
        try:
            claims = cbor2.loads(cbor2.loads(ticket)[2])
            return credentials.TicketClaims(claims[7], claims[5], claims[4], claims[10])
        except Exception:  # noqa: BLE001 (whatever cannot be read is refused)
            return None


@fault(breaks="box.authentic")
class ComparesHalfOfTheTag(ReferenceBox):
    """Compares the first 16 bytes of the tag only."""

    def open_ticket(self, ticket: bytes) -> credentials.TicketClaims | None:
        claims = MacUnchecked.open_ticket(self, ticket)  # type: ignore[arg-type]
        if claims is None or self.keys is None:
            return None
        genuine = credentials.seal_ticket(self.keys, claims)
        return claims if genuine[:-16] == ticket[:-16] else None


@fault(breaks="interop.message")
class OtherBoxsTicketOpens(ReferenceBox):
    """Does not look at which box a ticket names."""

    def open_ticket(self, ticket: bytes) -> credentials.TicketClaims | None:
        claims = super().open_ticket(ticket)
        if claims is not None or self.keys is None:
            return claims
        said = MacUnchecked.open_ticket(self, ticket)  # type: ignore[arg-type]
        if said is None:
            return None
        named = cbor2.loads(cbor2.loads(ticket)[2]).get(3)
        return credentials.open_ticket(replace(self.keys, box_id=named), ticket)


@fault(breaks="box.authentic")
class RevocationMacUnchecked(ReferenceBox):
    """Takes any revocation order that names a grant."""

    def revocation_order(self, order: bytes) -> Decision:
        try:
            grant = cbor2.loads(cbor2.loads(order)[2])[7]
        except Exception:  # noqa: BLE001 (whatever cannot be read is refused)
            return super().revocation_order(order)
        self.hear(grant)
        return Decision(True, None, self.read_clock().box_time)


@fault(breaks="connect.ticket", kind=Kind.PERSISTENCE)
class NonceSurvivesACut(ReferenceBox):
    """A nonce is kept over a power cut."""

    def power_up(self, cause: str) -> None:
        nonce, state = self.nonce, self.state
        super().power_up(cause)
        self.nonce = nonce
        self.state = replace(self.state, nonce=state.nonce, nonce_open=state.nonce_open, nonce_at=0)


@fault(breaks="connect.ticket", kind=Kind.TIME)
class TimerComesRound(ReferenceBox):
    """A nonce grows old by milliseconds in 32 bits: after 49 days they begin anew, and one from before that is young for ever."""

    def judge_ticket(self, heard: bool, ticket: model.Ticket) -> tuple[model.Box, Outcome]:
        timer, nonce_at = (seconds * 1000 % 2**32 // 1000 for seconds in (self.state.timer, self.state.nonce_at))
        state, outcome = model.present_ticket(replace(self.state, timer=timer, nonce_at=nonce_at), heard, ticket, self.profile)
        return replace(state, timer=self.state.timer, nonce_at=self.state.nonce_at), outcome


@fault(breaks="connect.ticket", kind=Kind.CRYPTO)
class NoncesBeginAgainAtACut(ReferenceBox):
    """Nonces come from a generator that begins alike at each power-up."""

    drawn = 0

    def fresh_nonce(self) -> bytes:
        self.drawn += 1
        return hashlib.sha256(self.drawn.to_bytes(4, "big")).digest()[:16]

    def recover(self, state: model.Box) -> model.Box:
        self.drawn = 0
        return super().recover(state)
