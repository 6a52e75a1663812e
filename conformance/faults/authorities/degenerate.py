"""Authorities that do nothing sensible at all: no clause may pass with one of them."""

from __future__ import annotations

import hashlib
import random

from lockproof.conformance.faults import authority_fault
from lockproof.conformance.faults.authorities.remembering import Remembering
from lockproof.spec.observable import (
    Answer,
    AuthorityHello,
    BenchError,
    CodeIndex,
    Role,
)
from lockproof.spec.profile import DAY, DEFAULT

# Nothing sensible at all


class _Deciding(Remembering):
    """Answers otherwise than it should to whatever it decides."""

    made = 0

    def decide(self, right: Answer) -> Answer:
        raise NotImplementedError

    def accept(self) -> Answer:
        """As if: everything that an accepted answer may have, made up."""
        self.made += 1
        reference = hashlib.sha256(str(self.made).encode()).hexdigest()[:32]
        return Answer(True, (), reference, b"", "00000000", CodeIndex(0, DAY, self.made % DEFAULT.code_indices))

    def grant_connect(self, by: str, box_id: bytes, email: str, role: Role, start: int, end: int, now: int) -> Answer:
        return self.decide(super().grant_connect(by, box_id, email, role, start, end, now))

    def issue_ticket(self, grant: str, account: str, nonce: bytes, now: int) -> Answer:
        right = super().issue_ticket(grant, account, nonce, now) if grant in self.grants else Answer(False)
        return self.decide(right)

    def revoke(self, reference: str, by: str, now: int) -> Answer:
        known = reference in self.grants or reference in self.codes
        return self.decide(super().revoke(reference, by, now) if known else Answer(False))

    def revocation_order(self, grant: str) -> bytes | None:
        return super().revocation_order(grant) if grant in self.grants else None

    def generate_code(
        self, by: str, pin: str, box_id: bytes, date: str, name: str, role: Role, seller_permission: bool, now: int
    ) -> Answer:
        return self.decide(super().generate_code(by, pin, box_id, date, name, role, seller_permission, now))


REFUSED = Answer(False, ("connect.grantor",))


@authority_fault(breaks=None)
class AuthorityRefusesAll(_Deciding):
    """Refuses every grant, code, ticket and revocation."""

    def decide(self, right: Answer) -> Answer:
        return REFUSED


@authority_fault(breaks=None)
class AuthorityAcceptsAll(_Deciding):
    """Accepts whatever it is asked."""

    def decide(self, right: Answer) -> Answer:
        return right if right.accepted else self.accept()


@authority_fault(breaks=None)
class AuthoritySaysTheOpposite(_Deciding):
    """Accepts what it should refuse, and refuses the rest."""

    def decide(self, right: Answer) -> Answer:
        return REFUSED if right.accepted else self.accept()


@authority_fault(breaks=None)
class AuthorityAnswersAtRandom(_Deciding):
    """Accepts or refuses by the toss of a coin, the same tosses every time."""

    coin = random.Random(4711)  # noqa: S311 (no secret)

    def decide(self, right: Answer) -> Answer:
        accepts = self.coin.random() < 0.5  # noqa: PLR2004 (a coin)
        return (right if right.accepted else self.accept()) if accepts else REFUSED


@authority_fault(breaks=None)
class AuthoritySilent(Remembering):
    """Never says anything."""

    @staticmethod
    def says_hello(_: AuthorityHello) -> AuthorityHello:
        raise BenchError("no authority answers")
