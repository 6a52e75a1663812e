"""A box with something of the bench around it: all that is asked goes on to the box inside, but for what the bench does itself."""

from __future__ import annotations

from lockproof.spec.observable import Box, ClockReading, Decision, Hello, LogPage, PowerCut, Provisioning


class AroundBox:
    """A `Box` that passes everything on to `inner`."""

    def __init__(self, inner: Box) -> None:
        self.inner = inner

    @property
    def counters(self) -> object:
        """What the link has cost so far, None where there is none."""
        return getattr(self.inner, "counters", None)

    @property
    def session(self) -> int:
        """The one that the box was in when it last said so, 0 where nobody keeps that."""
        return getattr(self.inner, "session", 0)

    def stand_by(self) -> None:
        """As that of a box on a line, where there is one."""
        if look := getattr(self.inner, "stand_by", None):
            look()

    def hello(self) -> Hello:
        return self.inner.hello()

    def reset(self) -> None:
        self.inner.reset()

    def provision(self, provisioning: Provisioning) -> None:
        self.inner.provision(provisioning)

    def time_order(self, order: bytes) -> Decision:
        return self.inner.time_order(order)

    def revocation_order(self, order: bytes) -> Decision:
        return self.inner.revocation_order(order)

    def enter(self, digits: str) -> Decision:
        return self.inner.enter(digits)

    def challenge(self) -> bytes:
        return self.inner.challenge()

    def present(self, ticket: bytes) -> Decision:
        return self.inner.present(ticket)

    def read_log(self, from_number: int) -> LogPage:
        return self.inner.read_log(from_number)

    def read_clock(self) -> ClockReading:
        return self.inner.read_clock()

    def hold_clock(self, held: bool) -> ClockReading:
        return self.inner.hold_clock(held)

    def advance_clock(self, seconds: int) -> ClockReading:
        return self.inner.advance_clock(seconds)

    def disturb_clock(self, seconds: int) -> ClockReading:
        return self.inner.disturb_clock(seconds)

    def cut_power(self, cut: PowerCut) -> None:
        self.inner.cut_power(cut)
