"""Faults in tickets, and in revocations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from lockproof.conformance.faults import authority_fault
from lockproof.conformance.faults.authorities.remembering import AsksGrant, Remembering
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.credentials import derive_keys, seal_revocation
from lockproof.spec.observable import (
    Answer,
    Provisioning,
    Revocation,
)
from lockproof.spec.profile import DEFAULT, HOUR

# Tickets


@authority_fault(breaks="connect.account")
class TicketsWithoutAnAccount(Remembering):
    """Issues a ticket to the address that was named, whether it has an account or not."""

    closed: frozenset[str] = frozenset()

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        named = account == self.grants[grant].email and account not in self.closed
        return self.ticket(grant, nonce) if answer.clauses == ("connect.account",) and named else answer

    def close_account(self, email: str, now: int) -> None:
        super().close_account(email, now)
        self.closed |= {email}


@authority_fault(breaks="connect.account")
class TicketsToClosedAccounts(Remembering):
    """Goes on issuing tickets when an account is closed."""

    def close_account(self, email: str, now: int) -> None:
        """Changes nothing."""


@authority_fault(breaks="connect.account")
class TicketsToAnyAccount(Remembering):
    """Issues a ticket to every account, and not to that of the grant's email alone."""

    accounts: frozenset[str] = frozenset()

    def register_account(self, email: str, now: int) -> None:
        super().register_account(email, now)
        self.accounts |= {email}

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        other = account != self.grants[grant].email and account in self.accounts
        return self.ticket(grant, nonce) if answer.clauses == ("connect.account",) and other else answer


@authority_fault(breaks="connect.revoke.bound")
class TicketsAfterARevocation(Remembering):
    """Issues tickets for a grant that was revoked."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return self.ticket(grant, nonce) if answer.clauses == ("connect.revoke.bound",) else answer


@authority_fault(breaks="connect.property")
class TicketsAfterAMove(Remembering):
    """A grant survives the reassignment of its box."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return self.ticket(grant, nonce) if answer.clauses == ("connect.property",) else answer


@authority_fault(breaks="connect.property")
class GrantsComeBackWithTheBox(Remembering):
    """A grant that ended with a move of its box lives again when the box comes back."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        back = self.places.get(self.grants[grant].box_id) == self.granted_at[grant]
        return self.ticket(grant, nonce) if answer.clauses == ("connect.property",) and back else answer


@authority_fault(breaks="connect.property")
class AMoveEndsTheGrantsOfEveryBox(Remembering):
    """Ends all grants when a box is moved, also those of other boxes."""

    moved: frozenset[str] = frozenset()

    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        if self.places.get(box_id, prop) != prop:
            self.moved |= self.grants.keys()
        return super().assign(box_id, prop, now)

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return Answer(False, ("connect.property",)) if answer.accepted and grant in self.moved else answer


@authority_fault(breaks="connect.property")
class EveryAssignmentIsAMove(Remembering):
    """Ends the grants of a box whenever it is assigned, also to where it is."""

    moved: frozenset[str] = frozenset()

    def assign(self, box_id: bytes, prop: str | None, now: int) -> Provisioning | None:
        self.moved |= {name for name, asked in self.grants.items() if asked.box_id == box_id}
        return super().assign(box_id, prop, now)

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return Answer(False, ("connect.property",)) if answer.accepted and grant in self.moved else answer


@authority_fault(breaks="connect.property")
class UnassigningEndsNothing(Remembering):
    """Goes on issuing tickets for a box that hangs nowhere, as for the property where it hung."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        nowhere = self.grants[grant].box_id not in self.places
        return self.ticket(grant, nonce) if answer.clauses == ("connect.property",) and nowhere else answer


@authority_fault(breaks="connect.available")
class TicketsForAnHourMore(Remembering):
    """Writes a window into tickets that begins an hour before the one that was granted."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        return self.ticket(grant, nonce, earlier=HOUR) if answer.accepted else answer


@authority_fault(breaks="connect.available")
class TicketsForTheFirstNonce(Remembering):
    """Issues one ticket for each grant, and gives it out again for every nonce."""

    first: Mapping[str, Answer] = MappingProxyType({})

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        if answer.accepted:
            self.first = {grant: answer, **self.first}
        return self.first[grant] if answer.accepted else answer


# Revocation


@authority_fault(breaks="connect.revoke.any-time")
class AStrangerRevokes(Remembering):
    """Lets everybody revoke a grant."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        if answer.clauses != ("connect.revoke.any-time",):
            return answer
        return ReferenceAuthority.revoke(self, reference, self.agents[self.granted_at[reference]], now)


@authority_fault(breaks="connect.revoke.any-time")
class WhoGrantedRevokesForEver(Remembering):
    """Lets whoever granted revoke it, also when that role is lost."""

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        asked = self.grants.get(reference)
        if answer.clauses != ("connect.revoke.any-time",) or asked is None or by != asked.by:
            return answer
        return ReferenceAuthority.revoke(self, reference, self.agents[self.granted_at[reference]], now)


class _RefusesToRevoke(Remembering):
    """Refuses some of the revocations that it must take."""

    def refuses(self, asked: AsksGrant, reference: str, by: str, now: int) -> bool:
        raise NotImplementedError

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        if reference in self.grants and self.refuses(self.grants[reference], reference, by, now):
            return Answer(False, ("connect.revoke.any-time",))
        return super().revoke(reference, by, now)


@authority_fault(breaks="connect.revoke.any-time")
class OnlyWhoGrantedRevokes(_RefusesToRevoke):
    """Refuses the revocation by another grantor than the one who granted."""

    def refuses(self, asked: AsksGrant, reference: str, by: str, now: int) -> bool:
        return by != asked.by


@authority_fault(breaks="connect.revoke.any-time")
class RevokesNothingBeforeItsWindow(_RefusesToRevoke):
    """Refuses a revocation before the window begins."""

    def refuses(self, asked: AsksGrant, reference: str, by: str, now: int) -> bool:
        return now < asked.start


@authority_fault(breaks="connect.revoke.any-time")
class RevokesNothingAfterItsWindow(_RefusesToRevoke):
    """Refuses a revocation when the window is over."""

    def refuses(self, asked: AsksGrant, reference: str, by: str, now: int) -> bool:
        return now >= asked.end


@authority_fault(breaks="connect.revoke.any-time")
class RevokesNothingTwice(_RefusesToRevoke):
    """Refuses to revoke what is revoked."""

    def refuses(self, asked: AsksGrant, reference: str, by: str, now: int) -> bool:
        return reference in self.revoked


@authority_fault(breaks="connect.revoke.only-it")
class ARevocationEndsEveryGrantOfThePerson(Remembering):
    """Revoking one grant ends every other to the same person."""

    def after_ticket(self, grant: str, account: str, nonce: bytes, answer: Answer) -> Answer:
        revoked = {self.grants[name].email for name in self.revoked}
        return Answer(False, ("connect.revoke.bound",)) if answer.accepted and self.grants[grant].email in revoked else answer


@authority_fault(breaks="connect.revoke.bound")
class EffectiveAtOnce(Remembering):
    """Says that a revocation is effective when it is requested, a ticket's life too soon."""

    def revocations(self) -> tuple[Revocation, ...]:
        return tuple(replace(each, effective_by=each.requested) for each in super().revocations())


@authority_fault(breaks="connect.revoke.bound")
class DeliveredWhenRequested(Remembering):
    """Says that the box has heard as soon as the revocation is requested."""

    def revocations(self) -> tuple[Revocation, ...]:
        return tuple(replace(each, delivered=each.delivered or each.requested) for each in super().revocations())


@authority_fault(breaks="connect.revoke.bound")
class DeliveredAtTheLast(Remembering):
    """Says that the box has heard when it was told last, and not when it was told first."""

    told: Mapping[str, int] = MappingProxyType({})

    def revocation_delivered(self, grant: str, now: int) -> None:
        super().revocation_delivered(grant, now)
        self.told = {**self.told, grant: now}

    def revocations(self) -> tuple[Revocation, ...]:
        return tuple(replace(each, delivered=self.told.get(each.grant)) for each in super().revocations())


@authority_fault(breaks="connect.revoke.bound")
class ASecondRevocationCountsAnew(Remembering):
    """Dates a revocation by the last request, and not by the first."""

    requested: Mapping[str, int] = MappingProxyType({})

    def after_revoke(self, reference: str, by: str, now: int, answer: Answer) -> Answer:
        self.requested = {**self.requested, **({reference: now} if answer.accepted else {})}
        return answer

    def revocations(self) -> tuple[Revocation, ...]:
        found = ((each, self.requested.get(each.grant, each.requested)) for each in super().revocations())
        return tuple(replace(each, requested=at, effective_by=at + DEFAULT.ticket_life) for each, at in found)


@authority_fault(breaks="connect.revoke.bound")
class NoOrderForABoxThatWasMoved(Remembering):
    """Has no revocation order for a grant that ended with a move of its box."""

    def revocation_order(self, grant: str) -> bytes | None:
        return super().revocation_order(grant) if grant in self.revoked else None


@authority_fault(breaks="connect.revoke.bound")
class OrdersForTheFirstGrant(Remembering):
    """Sends every box the revocation of its first grant."""

    def revocation_order(self, grant: str) -> bytes | None:
        box_id = self.grants[grant].box_id
        first = next(name for name, asked in self.grants.items() if asked.box_id == box_id)
        order = super().revocation_order(grant)
        return order and seal_revocation(derive_keys(box_id, self.secrets[box_id]), bytes.fromhex(first))
