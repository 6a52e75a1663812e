"""Boxes that do nothing sensible at all: no clause may pass with one of them."""

from __future__ import annotations

import random
from dataclasses import replace

from lockproof.conformance.faults import fault
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BenchError, Decision, Hello

LINE_FAULTS = ("echo", "silent")
"""Faults of the line itself: what is sent comes back, or nothing does."""


@fault(breaks=None)
class RefusesAll(ReferenceBox):
    """Refuses every entry and every ticket."""

    def enter(self, digits: str) -> Decision:
        return Decision(False, "code.digits", super().enter(digits).box_time)

    def present(self, ticket: bytes) -> Decision:
        return Decision(False, "connect.ticket", super().present(ticket).box_time)


@fault(breaks=None)
class OpensAlways(ReferenceBox):
    """Opens for every entry and every ticket."""

    def enter(self, digits: str) -> Decision:
        return replace(super().enter(digits), accepted=True, reason=None)

    def present(self, ticket: bytes) -> Decision:
        return replace(super().present(ticket), accepted=True, reason=None)


@fault(breaks=None)
class TakesAnything(OpensAlways):
    """Opens for every entry and every ticket, and takes every order."""

    def revocation_order(self, order: bytes) -> Decision:
        return replace(super().revocation_order(order), accepted=True, reason=None)

    def time_order(self, order: bytes) -> Decision:
        return replace(super().time_order(order), accepted=True, reason=None)


@fault(breaks=None)
class SaysTheOpposite(ReferenceBox):
    """Opens for every entry and every ticket that it should refuse, and refuses the others."""

    def enter(self, digits: str) -> Decision:
        return self._turned(super().enter(digits), "code.digits")

    def present(self, ticket: bytes) -> Decision:
        return self._turned(super().present(ticket), "connect.ticket")

    def _turned(self, decision: Decision, reason: str) -> Decision:
        return replace(decision, accepted=not decision.accepted, reason=reason if decision.accepted else None)


@fault(breaks=None)
class AnswersAtRandom(ReferenceBox):
    """Opens or refuses by the toss of a coin, the same tosses every time."""

    coin = random.Random(4711)  # noqa: S311 (no secret)

    def enter(self, digits: str) -> Decision:
        return self._tossed(super().enter(digits))

    def present(self, ticket: bytes) -> Decision:
        return self._tossed(super().present(ticket))

    def _tossed(self, decision: Decision) -> Decision:
        opens = self.coin.random() < 0.5  # noqa: PLR2004 (a coin)
        return replace(decision, accepted=opens, reason=None if opens else decision.reason or "code.digits")


class _NoBox(ReferenceBox):
    """Is not a box at all; on a line it is the line that does this."""

    def hello(self) -> Hello:
        raise BenchError(f"no box answers: {(self.__doc__ or '').strip()}")


@fault(breaks=None)
class Echo(_NoBox):
    """Sends back every byte."""


@fault(breaks=None)
class Silent(_NoBox):
    """Never says anything."""
