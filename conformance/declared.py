"""Faulty boxes that declare what is rare and legal: which of them the packaged scenarios let pass, though the run would certify them.

What a box declares decides which scenarios it is asked to play. So a box that declares little is asked little, and a fault that a box
of the default profile is caught with may pass on one of another. Here each single fault is tried with each such declaration, in
this process and in virtual time.

Run: python -m lockproof.conformance.declared
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from lockproof.conformance import faults, suite
from lockproof.conformance.faults import FaultyReference
from lockproof.conformance.killing import Kill, UntilNamed
from lockproof.conformance.planning import DECLARED, profile_declared_in
from lockproof.conformance.preparing import prepare, said_hello
from lockproof.conformance.run import run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import Target, opened
from lockproof.conformance.workers import mapped
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.reference.box import ReferenceBox
from lockproof.reference.days import Days, Zones
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import CodeIndex, Decision, Declined, LogPage
from lockproof.spec.profile import DAY, DEFAULT, HOUR

REFUSES = "refuse"
LITTLE = {"code_indices": 1, "holdover": 0, "clock_skew": 0, "log_capacity": 1}

DECLARATIONS: Mapping[str, Mapping[str, Any]] = {
    "the default": {},
    "one index": {"code_indices": 1},
    "two indices": {"code_indices": 2},
    "three indices": {"code_indices": 3},
    "seven indices": {"code_indices": 7},
    "seven digits": {"code_digits": 7},
    "nine digits": {"code_digits": 9},
    "no holdover": {"holdover": 0},
    "a holdover of a second": {"holdover": 1},
    "a holdover of an hour": {"holdover": HOUR},
    "a holdover of a year": {"holdover": 365 * DAY},
    "no skew": {"clock_skew": 0},
    "a skew of an hour": {"clock_skew": HOUR},
    "a large drift": {"drift_ppm": 100_000},
    "a log of one entry": {"log_capacity": 1},
    "a log of one entry that refuses": {"log_capacity": 1, "log_when_full": REFUSES},
    "a log of two entries": {"log_capacity": 2},
    "a log of two entries that refuses": {"log_capacity": 2, "log_when_full": REFUSES},
    "a log of sixteen entries": {"log_capacity": 16},
    "a log of sixteen entries that refuses": {"log_capacity": 16, "log_when_full": REFUSES},
    "a large log": {"log_capacity": 2**32 - 1},
    "a large log that refuses": {"log_capacity": 2**32 - 1, "log_when_full": REFUSES},
    "codes end with their day": {"code_ends_with_its_day": True},
    "no reasons": {"gives_reasons": False},
    "a clock that nobody disturbs": {"disturbs_clock": False},
    "a held clock only": {"clock_modes": ("test-clock",)},
    "codes of its own": {"classes": ("core",)},
    "long codes of its own": {"classes": ("core",), "code_digits": 15},
    "no app": {"classes": ("core", "interop", "code-only")},
    "little": LITTLE,
    "little, and refuses": {**LITTLE, "log_when_full": REFUSES},
    "little, and no reasons": {**LITTLE, "gives_reasons": False},
    "little, and codes end with their day": {**LITTLE, "code_ends_with_its_day": True},
    "little, and seven digits": {**LITTLE, "code_digits": 7},
    "little, and no app": {**LITTLE, "classes": ("core", "interop", "code-only")},
    "little, and codes of its own": {**LITTLE, "classes": ("core",)},
    "the least": {
        **LITTLE,
        "log_when_full": REFUSES,
        "gives_reasons": False,
        "code_ends_with_its_day": True,
        "code_digits": 9,
        "classes": ("core", "interop", "code-only"),
        "clock_modes": ("test-clock",),
    },
}  # fmt: skip
"""What such boxes declare, beside what the reference box does, by a name in words."""


class _Declaring(ReferenceBox):
    """Stands before a box, faulty or not, and makes of it what it declares."""

    declares: Mapping[str, Any] = {}

    def __init__(self, clock: Clock | None = None) -> None:
        hello = {name: getattr(DEFAULT, name) for name in DECLARED} | {"classes": self.classes, **self.declares}
        super().__init__(":memory:", profile_declared_in(hello), clock)

    def enter(self, digits: str) -> Decision:
        return self._as_it_tells(super().enter(digits))

    def present(self, ticket: bytes) -> Decision:
        self._refuse_without_an_app()
        return self._as_it_tells(super().present(ticket))

    def revocation_order(self, order: bytes) -> Decision:
        self._refuse_without_an_app()
        return self._as_it_tells(super().revocation_order(order))

    def time_order(self, order: bytes) -> Decision:
        return self._as_it_tells(super().time_order(order))

    def read_log(self, from_number: int) -> LogPage:
        page = super().read_log(from_number)
        return page if self.gives_reasons else replace(page, entries=tuple(replace(each, reason=None) for each in page.entries))

    def _as_it_tells(self, decision: Decision) -> Decision:
        return decision if self.gives_reasons else replace(decision, reason=None)

    def _refuse_without_an_app(self) -> None:
        if "code-only" in self.classes:
            raise Declined("unsupported", "this box has no app")


class _OfItsOwnCodes(_Declaring):
    """Its codes are its maker's, who says what they are."""

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        drawn = hashlib.sha256(b"%b %b %d %d" % (box_id, secret, code.day_start, code.index)).digest()
        return f"{int.from_bytes(drawn) % 10**self.profile.code_digits:0{self.profile.code_digits}}"

    def _boot_days(self, zones: Zones) -> None:
        super()._boot_days(zones)
        self.days = Days(self.keys, self.days.zones, partial(self.mint, self.box_id, self.secret))


def declaring(make: type[ReferenceBox], declares: Mapping[str, Any]) -> type[ReferenceBox]:
    """The same box, which declares this and does it."""
    before = _OfItsOwnCodes if "interop" not in declares.get("classes", make.classes) else _Declaring
    of_hello = {name: value for name, value in declares.items() if name not in DECLARED}
    return type(make.__name__, (before, make), {"declares": declares, **of_hello})


def _target(make: type[ReferenceBox], declares: Mapping[str, Any]) -> Target:
    return Target("a box in process", reference=False, time=VirtualTime(), make=declaring(make, declares))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a box that declares this is asked to play, and why no run of it certifies; empty where it does."""

    scenarios: tuple[Scenario, ...]
    not_certifiable: tuple[str, ...]


@cache
def asked_of(name: str) -> Asked:
    """By the name of a declaration."""
    target = _target(ReferenceBox, DECLARATIONS[name])
    with opened(target) as box:
        plan = prepare(box, said_hello(box), target, suite.packaged()).plan
    return Asked(tuple(plan.selected), tuple(plan.not_certifiable))


def tried(name: str, fault: FaultyReference, first: Sequence[str] = ()) -> Kill:
    """The faulty box with this declaration, up to the scenario that names the broken clause.

    Those called `first` are played first, then those that are about the clause, short ones before long ones.
    """

    def soon(scenario: Scenario) -> tuple[bool, bool, bool, int]:
        return not scenario.control, scenario.id not in first, fault.breaks not in scenario.clauses, len(scenario.steps)

    order = sorted(asked_of(name).scenarios, key=soon)
    return Kill(fault, run(_target(fault.make, DECLARATIONS[name]), order, None, UntilNamed(fault.breaks), rehearse=False))


def _without_an_app(declares: Mapping[str, Any]) -> bool:
    return "code-only" in declares.get("classes", ())


def _keeps_first(declares: Mapping[str, Any], fewer_than: int) -> bool:
    """Its log keeps the first entries alone, and no more than that."""
    return declares.get("log_when_full") == REFUSES and bool(declares["log_capacity"] < fewer_than)


NO_FAULT: Mapping[str, tuple[Callable[[Mapping[str, Any]], bool], str]] = {
    "expires-at-midnight": (
        lambda declares: bool(declares.get("code_ends_with_its_day")),
        "it declares that a used code ends with its day",
    ),
    "wrong-code-in-the-log": (lambda declares: declares.get("code_indices") == 1, "a day has no code but its first"),
    "dead-index-opens": (
        lambda declares: declares.get("classes") == ("core",),
        "which of its own codes are equal its maker alone knows, and none is to be had for a test",
    ),
    "tells-right-from-wrong-while-disabled": (lambda declares: declares.get("gives_reasons") is False, "it tells no reasons"),
    "log-entry-missing": (lambda declares: _keeps_first(declares, 3), "its log never keeps a third entry"),
    "count-dated-when-it-is-written": (
        lambda declares: _keeps_first(declares, 6),
        "a count with an instant comes after five wrong entries, and its log never keeps a sixth",
    ),
}
"""Faults that are none where this is declared, or that no bench can see there: when, and why."""


def excused(fault: str, declares: Mapping[str, Any]) -> str:
    """Why the fault is none in a box that declares this, or can't be seen there; empty where it is and can."""
    if _without_an_app(declares) and fault in ABOUT_TICKETS:
        return _NO_TICKETS
    when, why = NO_FAULT.get(fault, (lambda _: False, ""))
    return why if when(declares) else ""


ABOUT_TICKETS = frozenset(
    {
        "ignores-revocations",
        "forgets-revocations-at-a-cut",
        "revocation-ends-all-grants",
        "remembers-only-the-newest-revocation",
        "needs-the-time-to-hear-a-revocation",
        "window-end-inclusive",
        "window-start-exclusive",
        "window-ends-unchecked",
        "window-start-unchecked",
        "replayed-ticket-opens",
        "refusal-consumes-the-nonce",
        "any-nonce-opens",
        "old-nonces-stay-open",
        "stale-ticket-opens",
        "ticket-lives-one-second-longer",
        "ticket-lives-one-second-less",
        "mac-unchecked",
        "compares-half-of-the-tag",
        "other-boxs-ticket-opens",
        "revocation-mac-unchecked",
        "timer-comes-round",
        "revocation-kills-codes",
        "tickets-trust-a-clock-that-fell-behind",
        "one-key-for-every-purpose",
        "the-factory-key-opens",
        "bytes-after-a-message-are-ignored",
        "the-header-is-not-read",
        "unknown-claims-are-ignored",
        "short-tags-are-taken",
        "orders-of-any-secret-are-heard",
        "tickets-are-carried-out-twice",
        "same-ticket-gets-the-same-answer",
        "second-order-is-taken-for-a-retry",
        "disabled-keypad-stops-tickets",
        "refused-tickets-are-charged",
        "forged-tickets-are-logged",
    }
)
"""Faults in what a ticket or a revocation order does, and in nothing else."""
_NO_TICKETS = "it takes no ticket and no revocation order, and has to say so before it is judged"


@dataclass(slots=True)
class Row:
    """One fault with every declaration: what caught it, or why nothing did."""

    fault: str
    by: dict[str, str] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)


def row_of(names: Sequence[str], fault: str) -> Row:
    """The fault with each declaration of these names."""
    found, row, first = faults.named(fault), Row(fault), list[str]()
    for name in names:
        kill = tried(name, found, first)
        if kill.result.exit_code == 1 and not kill.named:
            row.by[name] = f"caught by {', '.join(kill.failed)} alone"
        elif kill.named:
            by, *_ = kill.caught_by({each.id for each in kill.result.scenarios})
            row.by[name] = by
            first = [by, *first]
        else:
            row.passed[name] = f"{kill.result.verdict} {kill.failed} {kill.result.error}"
    return row


def single_faults() -> list[str]:
    """Those that break one clause, and that a bench can see."""
    return [name for name, fault in faults.all_faults().items() if fault.breaks and not fault.unseen]


def main(words: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="lockproof.conformance.declared", description=__doc__)
    parser.add_argument("--fault", action="append", help="only this one; may be repeated")
    parser.add_argument("--declares", action="append", choices=list(DECLARATIONS), help="only this; may be repeated")
    said = parser.parse_args(words)
    names = said.declares or list(DECLARATIONS)
    passed = 0
    for row in mapped(partial(row_of, names), said.fault or single_faults()):
        for name in row.passed:
            why = excused(row.fault, DECLARATIONS[name]) or " ".join(asked_of(name).not_certifiable)
            passed += not why
            sys.stdout.write(f"{'passes' if not why else 'no matter'}: {row.fault}: {name}: {why or row.passed[name]}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{passed} wrong passes\n")
    return 1 if passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
