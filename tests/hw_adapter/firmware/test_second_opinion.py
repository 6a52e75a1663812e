"""The firmware and the reference box, side by side: one walk at random through entries, tickets, orders, zones and cuts, the same answers.

They were written by themselves, both from the clauses and the protocol page, so where they differ one of them, or the page, is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from lockproof.hw_adapter.adapter import SerialBox, open_box
from lockproof.reference import credentials
from lockproof.reference.box import ReferenceBox
from lockproof.reference.zone_tables import day_at
from lockproof.spec.observable import BenchError, CodeIndex, Declined, LogEntry, PowerCut, Provisioning, ZoneTable

HOUR, DAY = 3600, 86400
START = 1772985600  # 2026-03-08 in Toronto, a day of 23 hours
STEPS = 250
TORONTO = ZoneTable(((START - 9 * DAY, -18000), (1772953200, -14400)), START + 60 * DAY)
ZONES = (
    TORONTO,
    ZoneTable(((START - 9 * DAY, 0),), START + 40 * DAY),
    ZoneTable(((START - 9 * DAY, 50400), (START + 2 * DAY, -36000)), START + 40 * DAY),  # over the date line
    ZoneTable(((START - 9 * DAY, -12600), (START + DAY - 37000, -16200)), START + 40 * DAY),  # a clock put back over midnight
    ZoneTable(((START - 3600, 3600),), START + 3 * DAY),  # says nothing of today, and little afterwards
    ZoneTable(((START - 2 * DAY, 86399), (START + HOUR, -86399), (START + 4 * DAY, 0)), START + 9 * DAY),
)
LEAPS = (
    0,
    1,
    4,
    58,
    59,
    60,
    61,
    299,
    300,
    301,
    599,
    600,
    1200,
    3599,
    3600,
    3601,
    7200,
    20000,
    DAY - 3600,
    DAY - 1,
    DAY,
    DAY + 3600,
)
A_KEYPAD_CANNOT_TELL = {"code.digits", "code.day", "code.expiry.after-first-use"}


@dataclass
class Walk:
    """What both boxes were told, and what to tell them next."""

    boxes: tuple[ReferenceBox, SerialBox]
    dice: random.Random
    box_id: bytes = b""
    secret: bytes = b""
    now: int = START
    zones: list[ZoneTable] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    nonces: tuple[bytes, ...] = ()
    steps: list[str] = field(default_factory=list)

    def both(self, what: str, *arguments: Any) -> tuple[Any, Any]:
        """The answers of both; `arguments` are the same for both, or one for each in a tuple."""
        self.steps.append(f"{what} {arguments}")
        answers = []
        for number, box in enumerate(self.boxes):
            own = [each[number] if isinstance(each, tuple) else each for each in arguments]
            try:
                answers.append(getattr(box, what)(*own))
            except BenchError as wrong:  # raised by the reference box itself, which can make nothing of what it was given
                answers.append(wrong.why if isinstance(wrong, Declined) else "bad-arguments")
        return answers[0], answers[1]

    def same(self, what: str, *arguments: Any) -> Any:
        one, other = self.both(what, *arguments)
        assert one == other or cannot_be_told(one, other), "\n".join(
            (*self.steps[-30:], f"reference {one}", f"firmware  {other}")
        )
        return one

    def become_another(self) -> None:
        self.box_id, self.secret = self.dice.randbytes(16), self.dice.randbytes(32)
        self.zones, self.used, self.nonces = [self.dice.choice(ZONES)], [], ()
        self.same("provision", Provisioning(self.box_id, self.secret, self.zones[0]))

    def ask_for_a_nonce(self) -> None:
        self.nonces = self.both("challenge")

    def tell_the_time(self, ahead: int) -> None:
        keys = credentials.derive_keys(self.box_id, self.secret)
        orders = (
            credentials.seal_time_order(keys, credentials.TimeClaims(max(0, self.now + ahead), nonce)) for nonce in self.nonces
        )
        decision = self.same("time_order", tuple(orders))
        if decision.accepted:
            self.now += ahead

    def present(self) -> None:
        keys = credentials.derive_keys(self.box_id, self.secret)
        start = self.now + self.dice.choice((-1800, -1799, 0, 1, -60))
        claims = credentials.TicketClaims(bytes([self.dice.randrange(4)] * 16), start, start + 1800, b"")
        sealed = tuple(credentials.seal_ticket(keys, replace(claims, nonce=nonce)) for nonce in self.nonces)
        if self.dice.random() < 0.1:
            sealed = tuple(ticket[:-1] + bytes([ticket[-1] ^ 1]) for ticket in sealed)
        self.same("present", sealed)

    def digits(self) -> str:
        """Those of a day near now, often of today, in any table that the box was ever told."""
        of = credentials.interop_digits(self.box_id, self.secret, self.boxes[0].profile)
        day = day_at(self.dice.choice(self.zones), self.now + self.dice.choice((0, 0, 0, -HOUR, -DAY, DAY, 14 * DAY)))
        if day is None or self.dice.random() < 0.1:
            return f"{self.dice.randrange(10**8):08}"
        return of(CodeIndex(*day, self.dice.randrange(3)))

    def enter(self) -> None:
        again = self.used and self.dice.random() < 0.4
        digits = self.dice.choice(self.used[-6:]) if again else self.digits()
        if self.same("enter", digits).accepted:
            self.used.append(digits)

    def leap(self) -> None:
        seconds = self.dice.choice(LEAPS)
        self.now += seconds
        self.same("advance_clock", seconds)

    def lose_power(self) -> None:
        self.read_the_log()  # what is not written is lost, and when a box writes is its own affair
        off_for = self.dice.choice((0, 0, 1, 60, DAY, DAY + 1))
        self.now += off_for
        self.nonces = tuple(bytes(16) for _ in self.boxes)
        self.both("cut_power", PowerCut(off_for=off_for))

    def change_zone(self) -> None:
        zone = self.dice.choice(ZONES)
        if self.same("provision", Provisioning(self.box_id, self.secret, zone)) is None:
            self.zones.append(zone)

    def read_the_log(self) -> None:
        first = 1
        more = True
        while more:
            one, other = self.both("read_log", first)
            entries = list(zip(one.entries, other.entries, strict=False))
            assert entries or not (one.entries or other.entries)
            for expected, got in entries:
                assert same_entry(expected, got), "\n".join((*self.steps[-30:], f"reference {expected}", f"firmware  {got}"))
            first += len(entries)
            more = one.more or other.more
            assert more or one.next_number == other.next_number == first

    def step(self) -> None:
        choices = (
            (30, self.enter),
            (20, self.leap),
            (12, self.present),
            (10, self.ask_for_a_nonce),
            (6, lambda: self.tell_the_time(self.dice.choice((0, 0, 0, 1, -1, 40, -4000)))),
            (3, lambda: self.same("revocation_order", self.revocation())),
            (3, self.lose_power),
            (2, self.change_zone),
            (2, self.read_the_log),
            (1, self.disturb),
            (4, lambda: self.same("read_clock")),
        )
        self.dice.choices([do for _, do in choices], [weight for weight, _ in choices])[0]()

    def disturb(self) -> None:
        seconds = self.dice.choice((1, 30, 3600))
        self.now -= seconds
        self.same("disturb_clock", seconds)

    def revocation(self) -> bytes:
        keys = credentials.derive_keys(self.box_id, self.secret)
        return credentials.seal_revocation(keys, bytes([self.dice.randrange(4)] * 16))


def cannot_be_told(one: Any, other: Any) -> bool:
    """Refusals of one entry that need not have one reason (PROTOCOL.md, A keypad entry)."""
    if isinstance(one, str) or isinstance(other, str) or not hasattr(one, "reason"):
        return False
    both = {one.reason, other.reason}
    return both <= A_KEYPAD_CANNOT_TELL and replace(one, reason=None) == replace(other, reason=None)


def same_entry(one: LogEntry, other: LogEntry) -> bool:
    if one == other:
        return True
    if one.reason == "box.wrong-entry.bound":  # its instant is any from the first refusal to the last
        return replace(one, instant=None) == replace(other, instant=None)
    told = {one.reason, other.reason} <= A_KEYPAD_CANNOT_TELL
    return told and replace(one, reason=None, credential=None) == replace(other, reason=None, credential=None)


@pytest.fixture
def firmware(host_port) -> Iterator[SerialBox]:
    host_port.start()
    box = open_box(host_port.line)
    yield box
    box.close()


def begin(firmware: SerialBox, seed: int) -> Walk:
    walk = Walk((ReferenceBox(), firmware), random.Random(seed))
    for box in walk.boxes:
        box.reset()
        box.hold_clock(True)
    walk.become_another()
    walk.ask_for_a_nonce()
    walk.tell_the_time(0)
    for box in walk.boxes:  # so that their timers stand alike
        box.cut_power(PowerCut())
    return walk


@pytest.mark.parametrize("seed", range(8))
def test_both_answer_alike(firmware, seed):
    walk = begin(firmware, seed)
    for _ in range(STEPS):
        walk.step()
    walk.read_the_log()
    assert walk.used, "nothing was accepted, so nothing was compared"
