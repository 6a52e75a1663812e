"""`lockproof adapter check`: is the adapter itself honest, about time, lost answers, reset, power, what it declares, and the log?

Each check sets the box up anew, with an identity and a secret of its own, does one thing, and compares what the adapter says
with what the box must have done. The box behind it is taken to conform in that one thing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lockproof.conformance.honesty import Caught, Checks, Finding, Unable
from lockproof.hw_adapter.declaration import CUT_CLASSES
from lockproof.reference.credentials import TicketClaims, TimeClaims, derive_keys, interop_digits, seal_ticket, seal_time_order
from lockproof.reference.zone_tables import day_at, make_table
from lockproof.spec.observable import (
    Box,
    ClockReading,
    CodeIndex,
    CutClass,
    Decision,
    Declined,
    Hello,
    LogEntry,
    NoAnswer,
    PowerCut,
    Provisioning,
)
from lockproof.spec.profile import DEFAULT

ZONE: Final = "America/New_York"
NOON: Final = 1804006800  # 2027-03-02 12:00 there
WAIT_S: Final = 2.2
"""How long a clock is looked at, in real seconds: two of its seconds pass."""
_AHEAD = 3599
_OFF = 10


@dataclass(slots=True)
class Trial:
    """A box behind an adapter, and what it was last made."""

    box: Box
    hello: Hello
    wait: Callable[[float], object]
    box_id: bytes = b""
    secret: bytes = b""
    lost: dict[str, list[Lost]] = field(default_factory=dict)

    def set_up(self) -> None:
        """A new box, its clock held and set to noon."""
        self.make_new()
        self.set_clock(NOON)

    def make_new(self) -> None:
        """A new box that does not know the time, its clock held."""
        if not {"test-clock", "model"} & set(self.hello.clock_modes):
            raise Unable("the box declares no clock that can be held")
        self.box.reset()
        self.box.hold_clock(True)
        self.box_id, self.secret = secrets.token_bytes(16), secrets.token_bytes(32)
        self.box.provision(Provisioning(self.box_id, self.secret, make_table(ZONE, NOON)))

    def set_clock(self, value: int) -> None:
        order = seal_time_order(derive_keys(self.box_id, self.secret), TimeClaims(value, self.box.challenge()))
        decision = self.box.time_order(order)
        if not decision.accepted:
            raise Unable(f"the box refused a time order that is right ({decision.reason or 'no reason told'})")

    def code(self, number: int = 0) -> str:
        """The digits of one of today's codes."""
        day = day_at(make_table(ZONE, NOON), NOON)
        assert day is not None
        index = CodeIndex(*day, number)
        if "interop" in self.hello.classes:
            return interop_digits(self.box_id, self.secret, replace(DEFAULT, code_digits=self.hello.code_digits))(index)
        mint = getattr(self.box, "mint", None)
        if mint is None:
            raise Unable("the box has codes of its own, and the adapter has no mint to tell them")
        digits: str = mint(self.box_id, self.secret, index)
        return digits

    def wrong(self) -> str:
        """Digits of no code, unless by a chance of one in a million."""
        digits = self.code()
        return f"{(int(digits) + 5_000_011) % 10 ** len(digits):0{len(digits)}}"

    def opens(self) -> str:
        """A code that the box has just opened for."""
        digits = self.code()
        decision = self.box.enter(digits)
        if not decision.accepted:
            raise Unable(
                f"the box refused a code that is right ({decision.reason or 'no reason told'}); judge it with lockproof run"
            )
        return digits

    def log(self) -> list[LogEntry]:
        return _whole_log(self.box)[0]


@dataclass(frozen=True, slots=True)
class Lost:
    """One time that an answer was lost on purpose: how, what came instead, what the log shows, what it may show at most."""

    how: str
    came: Decision | Declined | None
    entries: int
    at_most: int


CHECKS: Checks[Trial] = Checks()
_check = CHECKS


def check_adapter(
    box: Box, on_finding: Callable[[Finding], None] = lambda _: None, wait: Callable[[float], object] = time.sleep
) -> list[Finding]:
    """All checks, in order. Raises `BenchError` where the box does not even say hello."""
    return CHECKS.try_all(Trial(box, box.hello(), wait), on_finding)


def check_and_tell(box: Box, write: Callable[[str], object]) -> int:
    """The checks, told as they go; the exit code."""
    return CHECKS.tell_all(Trial(box, box.hello(), time.sleep), write)


# What it declares


@_check("hello.stable", "Asked twice with nothing in between, hello says the same.")
def _hello_stable(trial: Trial) -> str:
    first, second = trial.box.hello(), trial.box.hello()
    if first != second:
        others = [name for name in Hello.__slots__ if getattr(first, name) != getattr(second, name)]
        raise Caught("; ".join(f"{name} was {getattr(first, name)!r}, then {getattr(second, name)!r}" for name in others))
    return f"session {first.session}, {first.writes} writes, twice"


@_check("hello.true", "What hello declares is not declined, and what it does not declare is.")
def _hello_true(trial: Trial) -> str:
    trial.box.reset()
    can_hold = bool({"test-clock", "model"} & set(trial.hello.clock_modes))
    tried: dict[str, tuple[bool, Callable[[], object]]] = {"holding its clock": (can_hold, lambda: trial.box.hold_clock(True))}
    tried |= {
        f"power cuts of class {cut}": (cut in trial.hello.cut_classes, _cutting(trial, cut)) for cut in CUT_CLASSES.values()
    }
    tried["disturbing its clock"] = (trial.hello.disturbs_clock, lambda: trial.box.disturb_clock(0))
    tried["tickets"] = ("code-only" not in trial.hello.classes, lambda: trial.box.present(b"no ticket"))
    for what, (declared, call) in tried.items():
        declined = _declines(call)
        if declined and declared:
            raise Caught(f"{what} are declared, and declined: {declined}")
        if not declared and not declined:
            raise Caught(f"{what}: not declared, and not declined")
    return "; ".join(f"{what} {'done' if declared else 'declined'}" for what, (declared, _) in tried.items())


def _cutting(trial: Trial, cut: CutClass) -> Callable[[], object]:
    return lambda: trial.box.cut_power(PowerCut(cut))  # at the nth write with nth 0: disarms


def _declines(call: Callable[[], object]) -> str:
    try:
        call()
    except Declined as declined:
        return "" if declined.why == "not-provisioned" else str(declined)
    return ""


# Time


@_check("clock.held", "A held clock and its timer stand still, and say that they are held.")
def _clock_held(trial: Trial) -> str:
    trial.set_up()
    before = trial.box.read_clock()
    trial.wait(WAIT_S)
    after = trial.box.read_clock()
    if before != after or not after.held:
        raise Caught(f"{shown(before)}; {WAIT_S} s later {shown(after)}")
    return f"{shown(after)}, {WAIT_S} s long"


@_check("clock.runs", "A released clock is read anew each time: it and its timer go on.")
def _clock_runs(trial: Trial) -> str:
    trial.set_up()
    trial.box.hold_clock(False)
    before = trial.box.read_clock()
    trial.wait(WAIT_S)
    after = trial.box.read_clock()
    trial.box.hold_clock(True)
    if after.timer <= before.timer or (after.box_time or 0) <= (before.box_time or 0):
        raise Caught(f"{shown(before)}; {WAIT_S} s later still {shown(after)}: is the reading kept by the adapter?")
    return f"{after.timer - before.timer} s on the timer in {WAIT_S} s"


@_check("clock.advance", "Advance moves a held clock and its timer by exactly so many seconds.", "clock.held")
def _clock_advance(trial: Trial) -> str:
    trial.set_up()
    before = trial.box.read_clock()
    told, after = trial.box.advance_clock(_AHEAD), trial.box.read_clock()
    must = ClockReading((before.box_time or 0) + _AHEAD, before.timer + _AHEAD, before.held)
    for reading in (told, after):
        if reading != must:
            raise Caught(f"advanced by {_AHEAD} s from {shown(before)}: it says {shown(reading)}, not {shown(must)}")
    return f"from {shown(before)} to {shown(after)}"


@_check("clock.latched", "The box time of a decision is the box's own at the decision.", "clock.held", "clock.advance")
def _clock_latched(trial: Trial) -> str:
    trial.set_up()
    seen = []
    for ahead in (0, _AHEAD):
        must = trial.box.advance_clock(ahead).box_time if ahead else trial.box.read_clock().box_time
        said = trial.box.enter(trial.wrong()).box_time
        if said != must:
            raise Caught(f"the clock shows {must}, the decision says {said}")
        seen.append(f"{said}")
    return f"decisions at {' and '.join(seen)}, as the clock showed"


def shown(reading: ClockReading) -> str:
    """A reading in words."""
    return f"clock {reading.box_time}, timer {reading.timer}, {'held' if reading.held else 'running'}"


@_check("nonce.fresh", "Each challenge is the box's own: no nonce comes twice.")
def _nonce_fresh(trial: Trial) -> str:
    trial.make_new()
    nonces = [trial.box.challenge() for _ in range(4)]
    if len(set(nonces)) < len(nonces):
        raise Caught(f"a nonce came twice: {', '.join(nonce.hex() for nonce in nonces)}")
    return f"{len(nonces)} nonces, all different"


# Decisions, reset, log


@_check("decision.kept", "Accepted and refused come through as the box said them, tickets too.")
def _decision_kept(trial: Trial) -> str:
    trial.set_up()
    trial.opens()
    if trial.box.enter(trial.wrong()).accepted:
        raise Caught("digits of no code were accepted")
    if "code-only" not in trial.hello.classes:
        keys, nonce = derive_keys(trial.box_id, trial.secret), trial.box.challenge()
        ticket = seal_ticket(keys, TicketClaims(secrets.token_bytes(16), NOON - 60, NOON + 60, nonce))
        forged = trial.box.present(ticket[:-1] + bytes([ticket[-1] ^ 1]))
        genuine = trial.box.present(ticket)
        if forged.accepted or not genuine.accepted:
            raise Caught(f"a forged ticket was {_word(forged)}, and the genuine one {_word(genuine)}")
        return "a code accepted, wrong digits refused; a forged ticket refused, the genuine one accepted"
    return "a code accepted, wrong digits refused"


def _word(decision: Decision) -> str:
    return "accepted" if decision.accepted else f"refused ({decision.reason or 'no reason told'})"


@_check("reset.forgets", "After reset no code opens, the time is unknown, the log is empty and has a new epoch.")
def _reset_forgets(trial: Trial) -> str:
    trial.set_up()
    digits, epoch, session = trial.opens(), _whole_log(trial.box)[1], trial.box.hello().session
    trial.box.reset()
    entries, now, _ = _whole_log(trial.box)
    if entries or now == epoch:
        raise Caught(f"the log has {len(entries)} entries, in epoch {now}; before reset it was {epoch}")
    reading = trial.box.read_clock()
    if reading.box_time is not None or not reading.held:
        raise Caught(f"{shown(reading)}: the time must be unknown, and a held clock stays held")
    if _opens(trial.box, digits):
        raise Caught("a code that opened before reset opens after it")
    if trial.box.hello().session != session:
        raise Caught("the session changed: reset is no boot")
    return f"the code is refused, the time unknown, epoch {epoch} became {now}"


def _opens(box: Box, digits: str) -> bool:
    try:
        return box.enter(digits).accepted
    except Declined:
        return False


@_check("log.complete", "Every decision is in the log, in order, page by page, and nothing else.")
def _log_complete(trial: Trial) -> str:
    trial.set_up()
    entered = (trial.opens(), trial.wrong(), trial.wrong(), trial.code())
    must = [True, *(trial.box.enter(digits).accepted for digits in entered)]
    entries, _, following = _whole_log(trial.box)
    said = [(entry.number, entry.accepted) for entry in entries]
    if said != list(enumerate(must, 1)) or following != len(must) + 1:
        raise Caught(f"{len(must)} decisions, {_words(must)}; the log has {said}, next {following}")
    last = trial.box.read_log(len(must)).entries
    if list(last) != entries[-1:]:
        raise Caught(f"asked from number {len(must)}, the log gives {[entry.number for entry in last]}")
    return f"{len(must)} decisions, {_words(must)}, numbers 1 to {len(must)}"


def _words(accepted: list[bool]) -> str:
    return ", ".join("accepted" if each else "refused" for each in accepted)


def _whole_log(box: Box) -> tuple[list[LogEntry], int, int]:
    page = box.read_log(1)
    entries = list(page.entries)
    while page.more:
        if not page.entries:
            raise Caught("a page of the log says that there is more, and holds nothing")
        page = box.read_log(page.next_number)
        entries += page.entries
    return entries, page.epoch, page.next_number


# Power and lost answers


@_check("power.cut", "A cut boots the box: another session, the timer from 0, a held clock later by the time without power.")
def _power_cut(trial: Trial) -> str:
    if CutClass.RESET not in trial.hello.cut_classes:
        raise Unable("the box declares no power cuts of class reset")
    trial.set_up()
    trial.box.advance_clock(_AHEAD)
    before, session = trial.box.read_clock(), trial.box.hello().session
    off = min(_OFF, trial.hello.holdover)  # so that it still knows the time
    trial.box.cut_power(PowerCut(CutClass.RESET, off))
    now, after = trial.box.hello().session, trial.box.read_clock()
    if now == session:
        raise Caught(f"the session is still {session}: the box did not boot")
    must = ClockReading((before.box_time or 0) + off, 0, True)
    if after != must:
        raise Caught(f"{shown(before)} before a cut of {off} s, and {shown(after)} after it, not {shown(must)}")
    return f"session {session} became {now}; {shown(after)}"


@_check("power.writes", "The count of writes goes up with a decision, and never back: not by provision, reset or a cut.")
def _power_writes(trial: Trial) -> str:
    trial.set_up()
    counts = [trial.box.hello().writes]
    trial.opens()
    counts.append(trial.box.hello().writes)
    if counts[1] <= counts[0]:
        raise Caught(f"{counts[0]} writes before a decision, {counts[1]} after it")
    steps: list[Callable[[], Any]] = [trial.box.reset, trial.set_up]
    if CutClass.RESET in trial.hello.cut_classes:
        steps.append(lambda: trial.box.cut_power(PowerCut(CutClass.RESET)))
    for step in steps:
        step()
        counts.append(trial.box.hello().writes)
    if sorted(counts) != counts:
        raise Caught(f"the count went back: {', '.join(map(str, counts))}")
    return ", ".join(map(str, counts))


@_check("lost.answer", "A command whose answer is lost has none: nothing is made up for it.")
def _lost_answer(trial: Trial) -> str:
    tries = _lost(trial)
    for each in tries:
        if isinstance(each.came, Decision) and each.entries <= each.at_most:
            raise Caught(f"{each.how}: the box did not answer, and the adapter says {_word(each.came)}")
    return f"no answer, and it says so: {', '.join(each.how for each in tries)}"


@_check("lost.declined", "A lost answer is not told as something that the box declined.")
def _lost_declined(trial: Trial) -> str:
    tries = _lost(trial)
    for each in tries:
        if isinstance(each.came, Declined):
            raise Caught(f"{each.how}: the box did not answer, and the adapter says that it declined: {each.came}")
    return f"not declined: {', '.join(each.how for each in tries)}"


@_check("lost.once", "A command whose answer is lost is not sent again.")
def _lost_once(trial: Trial) -> str:
    tries = _lost(trial)
    for each in tries:
        if each.entries > each.at_most:
            raise Caught(f"{each.how}: the log shows it {each.entries} times, and once sent it can be there {each.at_most} times")
    return "; ".join(f"{each.how}: {each.entries} in the log" for each in tries)


def _lost(trial: Trial) -> list[Lost]:
    """Answers lost on purpose, in every way that there is; tried once, and looked at by several checks."""
    if "tries" not in trial.lost:
        trial.lost["tries"] = [lost for way in (_lost_by_a_cut, _lost_by_the_adapter) if (lost := way(trial))]
    if not trial.lost["tries"]:
        raise Unable("the box declares no cut at the nth write, and the adapter has no lose_next_answer: no answer can be lost")
    return trial.lost["tries"]


def _lost_by_a_cut(trial: Trial) -> Lost | None:
    """Power fails as the first write begins, so that nothing was done and nothing can be in the log."""
    if CutClass.NTH_WRITE not in trial.hello.cut_classes:
        return None
    trial.set_up()
    digits, session = trial.code(), trial.box.hello().session
    trial.box.cut_power(PowerCut(CutClass.NTH_WRITE, 0, 1))
    came = _what_came(trial.box, digits)
    if trial.box.hello().session == session:
        raise Unable("the armed cut did not strike at a keypad entry: its session is the same")
    return Lost("power cut at the first write", came, len(trial.log()), 0)


def _lost_by_the_adapter(trial: Trial) -> Lost | None:
    lose = getattr(trial.box, "lose_next_answer", None)
    if lose is None:
        return None
    trial.set_up()
    digits = trial.code()
    try:
        lose()
    except Declined:
        return None
    came = _what_came(trial.box, digits)
    return Lost("answer thrown away", came, len(trial.log()), 1)


def _what_came(box: Box, digits: str) -> Decision | Declined | None:
    try:
        return box.enter(digits)
    except Declined as declined:
        return declined
    except NoAnswer:
        return None
