"""A half-finished firmware, taken up five rungs, each on those below it: hello, keypad, clock, log, cuts (`lockproof bringup`).

A rung needs its own commands and those below, no others. What a box does is judged by what the kit has for it already: scenarios
by the oracle, the checks of an adapter, the protocol page's own frames. The first thing that is wrong ends it.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

from lockproof.conformance import by_hand, scenario, suite
from lockproof.conformance.adapter_check import CHECKS, WAIT_S, Trial, shown
from lockproof.conformance.by_hand import Exchange
from lockproof.conformance.first_rung import (
    HELLO,
    Ground,
    LeftOut,
    Stuck,
    declares_what_is_legal,
    knows_what_it_does_not_know,
    passes_over_damage,
    rejects_what_it_must,
    repeats_its_reply,
    says_hello,
    takes_every_byte_for_data,
)
from lockproof.conformance.first_words import SESSIONS
from lockproof.conformance.half_box import Unanswered
from lockproof.conformance.honesty import Caught, Unable
from lockproof.conformance.journal import Journal
from lockproof.conformance.own_codes import generator_of
from lockproof.conformance.planning import authority_for_a_bench, declared_profile
from lockproof.conformance.player import Player
from lockproof.conformance.recording import Passed, frames
from lockproof.conformance.scenario import Scenario, calendar_of
from lockproof.conformance.verdict import Finding, Verdict
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.adapter import DEFAULT_PATIENCE, NotCut, SessionChanged
from lockproof.hw_adapter.channel import Channel
from lockproof.hw_adapter.link import NothingAnswers
from lockproof.hw_adapter.messages import COMMANDS, Code, Command, Status, write_request
from lockproof.hw_adapter.values import name_of
from lockproof.spec.observable import OVERWRITES, BenchError, ClockReading, CutClass, Declined, LinkLost, NoAnswer, PowerCut

COMMANDS_OF_THE_PAGE, NOT_READY = "Commands", "box.ready"
PLACES: Final[dict[int, str]] = {
    Code.HELLO: HELLO,
    Code.RESET: COMMANDS_OF_THE_PAGE,
    Code.PROVISION: COMMANDS_OF_THE_PAGE,
    Code.CHALLENGE: "Nonces",
    Code.TIME_ORDER: "Time",
    Code.KEYPAD_ENTRY: "A keypad entry",
    Code.CLOCK_READ: COMMANDS_OF_THE_PAGE,
    Code.CLOCK_HOLD: COMMANDS_OF_THE_PAGE,
    Code.CLOCK_ADVANCE: COMMANDS_OF_THE_PAGE,
    Code.READ_LOG: "The log",
    Code.POWER_CUT: "Power cuts",
}
"""The section of PROTOCOL.md about each command that a rung needs."""
_SMALL: Final = Path(str(files("lockproof.conformance.rungs")))


Try = Callable[[Ground], None]


@dataclass(frozen=True, slots=True)
class Rung:
    """`commands` in the order in which to implement them; what is tried, each with what holds where nothing was wrong."""

    number: int
    name: str
    commands: tuple[Code, ...]
    tries: tuple[tuple[str, Try], ...]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


@dataclass(slots=True)
class Climbed:
    """What became of one rung. Where it ended there: the last command, what passed on the line, and frames to send by hand.

    `late`: how many commands of each name were answered only when they had been sent again.
    """

    rung: Rung
    verdict: Verdict
    says: str
    left_out: tuple[str, ...] = ()
    late: tuple[tuple[str, int], ...] = ()
    stuck: Stuck | None = None
    next: str = ""
    passed: tuple[Passed, ...] = ()
    by_hand: tuple[Exchange, ...] = ()
    wake_bytes: int = 0


@dataclass(slots=True)
class Report:
    """What became of the box; `who` it is, empty where it never said."""

    who: str = ""
    rungs: list[Climbed] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The worst that was found; what was not asked of the box does not count."""
        found = [each.verdict for each in self.rungs]
        return next((verdict for verdict in (Verdict.FAIL, Verdict.ERROR) if verdict in found), Verdict.PASS)


def climb(
    channel: Channel,
    name: str,
    on_rung: Callable[[Climbed, str], object] = lambda *_: None,
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
) -> Report:
    """Takes the box at the end of a line up the rungs, and ends at the first that it does not pass.

    `on_rung` is told what became of each, and of the first also who answered. What the line does ends in the verdict `error`.
    """
    ground, report = Ground(channel, name, now, wait), Report()
    for rung in RUNGS:
        climbed = _climbed(rung, ground)
        report.rungs.append(climbed)
        report.who = report.who or (f"{ground.hello.identity} ({ground.hello.firmware})" if ground.box.session else "")
        on_rung(climbed, report.who if rung.number == 1 else "")
        if climbed.stuck:
            break
    return report


def _climbed(rung: Rung, ground: Ground) -> Climbed:
    ground.left_out, ground.box.late, holds = [], [], list[str]()
    try:
        for says, each in rung.tries:
            try:
                _judged(each, ground)
                holds.append(says)
            except LeftOut as why:
                ground.left_out.append(str(why))
    except Stuck as stuck:
        return _ended(rung, ground, stuck)
    left_out = tuple(dict.fromkeys(ground.left_out))
    if not holds:
        return Climbed(rung, Verdict.NOT_APPLICABLE, left_out[0], left_out[1:])
    return Climbed(rung, Verdict.PASS, ", ".join(dict.fromkeys(holds)), left_out, _late(ground))


def _late(ground: Ground) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(COMMANDS[each].name for each in ground.box.late).items())


def _ended(rung: Rung, ground: Ground, stuck: Stuck) -> Climbed:
    hello = ground.hello
    session = ground.box.session or vectors.SESSION
    out = [each.frame.sequence for each in frames(ground.journal.records) if each.frame and each.direction == "out"]
    following = (out[-1] + 1) % (1 << 16) if ground.box.session else 1
    hands = (stuck.right,) if stuck.right else by_hand.exchanges_of(rung.commands, session, following, hello.code_digits)
    return Climbed(
        rung,
        stuck.verdict,
        stuck.saw,
        tuple(ground.left_out),
        _late(ground),
        stuck,
        _next(rung, ground, stuck),
        tuple(_one_exchange(ground)),
        hands,
        hello.wake_bytes if ground.box.session else 0,
    )


def _next(rung: Rung, ground: Ground, stuck: Stuck) -> str:
    """What to implement, or to mend."""
    if not ground.box.session:
        return "get hello answered: frames, CBOR and this one command are all that it takes"
    if rung.number == 1:
        return f"mend this in the line's layer, before any other command; see PROTOCOL.md, {stuck.place!r}"
    command = _command_of(ground)
    name = COMMANDS[command].name
    if ground.box.status is Status.NOT_PROVISIONED:
        return "mend provision: what it is told must be kept, also over a power cut"
    if ground.box.status is not Status.UNKNOWN_COMMAND:
        return f"mend {name}; it is the command sent last"
    place = rung.commands.index(command) + 1 if command in rung.commands else len(rung.commands)
    after = [COMMANDS[each].name for each in rung.commands[place:]]
    return f"implement {name}" + (f"; on this rung come after it {', '.join(after)}" if after else "")


def _command_of(ground: Ground) -> Code:
    """The one that was sent last; hello where there was no other."""
    return Code(ground.box.tried.code) if ground.box.tried else Code.HELLO


def _one_exchange(ground: Ground) -> list[Passed]:
    """The request that was sent last, and what came until another was sent."""
    found: list[Passed] = []
    for each in ground.passed():
        if found and each.direction == "out" and each.raw != found[0].raw:
            break
        if not (found and each.direction == "out"):  # once is enough
            found.append(each)
    return found


# What is wrong, whoever found it


def _judged(each: Try, ground: Ground) -> None:
    try:
        each(ground)
    except Declined:
        raise _declined(ground) from None
    except BenchError as wrong:
        raise _stuck(ground, ground.box.wrong or wrong) from None


def _declined(ground: Ground) -> Stuck:
    command, status = ground.box.tried, ground.box.status
    assert command is not None
    assert status is not None
    name = COMMANDS[command.code].name
    return Stuck(
        f"the box answers {name} with status {status:d}, {name_of(status)}",
        f"status 0, ok, {_ANSWERS[Code(command.code)]}",
        _place(ground),
        _OFTEN.get(status, ""),
    )


_OFTEN: Final[dict[Status, str]] = {
    Status.NOT_RUN: "not-run is for what comes after a command that was not ok",
    Status.BAD_ARGUMENTS: "its arguments are right: compare what was sent with what is read; numbers are big-endian",
    Status.UNSUPPORTED: "unsupported is for what hello does not declare, and this every box must have",
    Status.REFUSED: "refused is for production builds; this must be a test build",
    Status.NOT_PROVISIONED: "provision was answered with ok, and its keys were not kept",
}
_ANSWERS: Final[dict[Code, str]] = {
    Code.HELLO: "and the map of hello",
    Code.RESET: "and no values",
    Code.PROVISION: "and no values",
    Code.CHALLENGE: "and a nonce of 16 bytes",
    Code.TIME_ORDER: "and a decision: accepted, reason, box time",
    Code.KEYPAD_ENTRY: "and a decision: accepted, reason, box time",
    Code.CLOCK_READ: "and a reading: box time, timer, held",
    Code.CLOCK_HOLD: "and a reading: box time, timer, held",
    Code.CLOCK_ADVANCE: "and a reading: box time, timer, held",
    Code.READ_LOG: "and a page: epoch, next, more, entries",
    Code.POWER_CUT: "and no values; of class reset then a boot, after which hello is answered within boot_ms",
}


def _stuck(ground: Ground, wrong: BenchError) -> Stuck:
    """What a bench error is to a firmware that has said hello: its own doing, unless the line may be gone."""
    saw = str(wrong).replace(f"{ground.name}: ", "").partition("\n")[0].partition(" (body: ")[0]
    if isinstance(wrong, NothingAnswers | LinkLost):
        often = (
            "the firmware hangs or has crashed at it; or the line is gone: look at the cable and the supply; behind TCP the connection"
            " stays open over a power cut"
        )
        return Stuck(saw, _must_be(ground), "Timing", often, Verdict.ERROR)
    if isinstance(wrong, SessionChanged):
        return Stuck(saw, _must_be(ground), SESSIONS, "a fault or a watchdog at this command")
    if isinstance(wrong, NotCut):
        return Stuck(saw, "a boot, in another session", "Power cuts", "the reply is sent, and nothing done after it")
    if isinstance(wrong, NoAnswer | Unanswered):
        often = "a command that is not known is not passed over: it gets status 2; a slow one sends busy frames every 200 ms"
        return Stuck(saw, "a reply or a busy frame within 200 ms", "Timing", often)
    return Stuck(saw, _must_be(ground), _place(ground))


_TIME_LOST: Final = "a cut loses the time: that it is known, the clock's count, or what its battery keeps beside it"
_WORKED_OUT: Final = {
    Code.TIME_ORDER: (
        "box.authentic",
        'its key or its tag is worked out otherwise: PROTOCOL.md has the keys of a box under "Keys", and below is an order for that box',
    ),
    Code.KEYPAD_ENTRY: (
        "code.digits",
        'its key, its day or its digits are worked out otherwise: PROTOCOL.md has them under "Keys", "Days" and "Codes"',
    ),
}
"""For which reason a command is refused that should not be where something is computed otherwise, and where the page works it out."""


def _often_found(found: Finding, command: Code, *, cut: bool) -> str:
    if cut and f"({NOT_READY})" in found.saw:
        return _TIME_LOST
    reason, often = _WORKED_OUT.get(command, ("", ""))
    return often if found.saw == f"refused ({reason})" and found.must.startswith(("must open", "must take it")) else ""


def _must_be(ground: Ground) -> str:
    command = _command_of(ground)
    return f"status 0, ok, {_ANSWERS[command]}"


def _place(ground: Ground) -> str:
    return PLACES[_command_of(ground)]


# Rungs 2 to 5: the kit's own scenarios and checks


def check(name: str, cut: CutClass | None = None, *, moves_the_clock: bool = True, enters: bool = False) -> Try:
    """A check of adapters, which looks at the box behind it just as well. One that `enters` needs codes that are known."""
    kind = CHECKS[name]

    def try_it(ground: Ground) -> None:
        if enters:
            _refuse_codes_of_its_own(ground)
        if moves_the_clock:
            _refuse_without_a_test_clock(ground)
        _refuse_undeclared(ground, cut)
        ground.begins()
        try:
            kind.try_it(Trial(ground.box, ground.hello, ground.wait))
        except (Caught, Unable) as caught:
            raise Stuck(str(caught), kind.says, _place(ground)) from None

    return try_it


def played(name: str, cut: CutClass | None = None, *, early: bool = False) -> Try:
    """A packaged scenario, or a small one of the rungs. `early`: before its clock can be held."""

    def try_it(ground: Ground) -> None:
        _refuse_codes_of_its_own(ground)
        _refuse_undeclared(ground, cut)
        _play(ground, _named(name), held=ground.can_hold and not early)

    return try_it


def _named(name: str) -> Scenario:
    small = _SMALL / f"{name}.yaml"
    if small.exists():
        return scenario.load(small, shown=f"rungs/{small.name}")
    return next(each for each in suite.written() if each.id == name)


def _play(ground: Ground, chosen: Scenario, *, held: bool) -> None:
    hello = ground.hello
    profile = declared_profile(asdict(hello))
    if unsuitable := chosen.unsuitable(profile):
        raise LeftOut(f"{chosen.id}: {unsuitable}")
    if any(step.at is not None or step.after is not None for step in chosen.steps):
        _refuse_without_a_test_clock(ground)
    player = Player(
        ground.box,
        authority_for_a_bench(profile),
        Journal(),
        profile=profile,
        gives_reasons=hello.gives_reasons,
        log_capacity=hello.log_capacity,
        log_overwrites=hello.log_when_full == OVERWRITES,
        seed=ground.seed,
        one_at_a_time=True,
    )
    instant = calendar_of(chosen.properties[0].zone, chosen.start).instant(chosen.start)
    with nullcontext() if held else ground.box.taken_as_held(instant, hello.clock_skew):
        result = player.play(chosen)
    if found := result.finding:
        clauses = ", ".join(each for each in found.clauses if each not in found.must)
        must = f"{found.must} ({clauses})" if clauses else found.must
        history = (f"{chosen.id}: {' '.join(chosen.story.split())}", *found.history)
        often = _often_found(found, _command_of(ground), cut=any(each.verb == "cut" for each in chosen.steps))
        raise Stuck(f"{found.did}: {found.saw}", must, _place(ground), often, history=history)
    if result.verdict is not Verdict.PASS:
        if ground.box.status not in {None, Status.OK}:
            raise _declined(ground)
        raise _stuck(ground, ground.box.wrong or BenchError(result.message))


def _refuse_without_a_test_clock(ground: Ground) -> None:
    if not ground.can_hold:
        raise LeftOut(NO_TEST_CLOCK)


def _refuse_undeclared(ground: Ground, cut: CutClass | None) -> None:
    if cut is not None and cut not in ground.hello.cut_classes:
        raise LeftOut(f"the box does not declare power cuts of class {cut}")


NO_TEST_CLOCK = (
    "the box declares no test clock, so that what needs its clock held or moved is not tried here;"
    " lockproof run --clock wall-clock --wait 2h waits for it"
)


def _refuse_codes_of_its_own(ground: Ground) -> None:
    if generator_of(ground.box, ground.hello) is None:
        raise LeftOut("the box declares codes of its own, which nobody here knows: lockproof run --codes FILE judges it")


def carries_out_no_retry(ground: Ground) -> None:
    """A challenge sent again is no other challenge."""
    ground.box.tried = Command(Code.CHALLENGE)
    request = ground.next_frame(write_request([Command(Code.CHALLENGE)]))
    first, again = ground.ask(request), ground.ask(request)
    if first is None or first != again:
        raise Stuck(
            "a challenge that is sent again, byte for byte, gets another answer",
            "the kept reply, with the same nonce",
            SESSIONS,
            "the command is carried out again; only a request with another sequence is a new one",
        )
    other = ground.ask(ground.next_frame(request.body))
    if other is None or other.body == first.body:
        raise Stuck("two challenges get the same nonce", "another nonce for every new request", "Nonces")


def reads_its_clock(ground: Ground) -> None:
    """Clock and timer are shown, and where nobody holds them they count seconds."""
    began = ground.now()
    before = ground.box.read_clock()
    if before.held:
        return
    ground.wait(WAIT_S)
    after = ground.box.read_clock()
    _refuse_other_than_seconds(before, after, WAIT_S, ground.now() - began, ground.hello.drift_ppm)


def can_hold_its_clock(ground: Ground) -> None:
    """Held as declared; where it is not declared, declined as what the box declares that it does not have."""
    try:
        ground.box.hold_clock(True)
    except Declined as declined:
        if ground.can_hold or declined.why != "unsupported":
            raise
        raise LeftOut(NO_TEST_CLOCK) from None
    if not ground.can_hold:
        raise Stuck("clock-hold works, and hello does not declare test-clock", "2, test-clock, among clock_modes", HELLO)


def counts_seconds(ground: Ground) -> None:
    """A clock that runs, and its timer, go on as time does, by what they declare."""
    before, after, least, most = _running(ground, lambda: ground.wait(WAIT_S))
    _refuse_other_than_seconds(before, after, least, most, ground.hello.drift_ppm)
    ground.box.hold_clock(True)


def _refuse_other_than_seconds(before: ClockReading, after: ClockReading, least: float, most: float, drift_ppm: int) -> None:
    """Between the readings lie `least` to `most` seconds. Raises `Stuck`."""
    drift = drift_ppm / 1_000_000
    least, most = math.floor(least * (1 - drift)), math.ceil(most * (1 + drift))
    went = [after.timer - before.timer]
    if before.box_time is not None and after.box_time is not None:
        went.append(after.box_time - before.box_time)
    if not all(least <= each <= most for each in went):
        raise Stuck(
            f"{shown(before)}; {WAIT_S} s later {shown(after)}",
            f"a clock and a timer that have gone on by {least} to {most} s",
            COMMANDS_OF_THE_PAGE,
            "a counter that is read in another unit, such as ticks for milliseconds, that stands still, or that has come round",
        )


def goes_on_over_a_cut(ground: Ground) -> None:
    """A clock that nobody holds is, when the power is back, less than a second from where it would have been."""
    _refuse_undeclared(ground, CutClass.RESET)
    if ground.hello.holdover < (most := ground.hello.boot_ms / 1000 + DEFAULT_PATIENCE.boot_margin):
        raise LeftOut(
            f"the box declares that its clock runs for no more than {ground.hello.holdover} s without power: {most:g} s are too long"
        )

    def a_while_and_a_cut() -> None:
        ground.wait(WAIT_S)  # so that what began at the last boot has counted something
        ground.box.cut_power(PowerCut(CutClass.RESET))

    before, after, least, most = _running(ground, a_while_and_a_cut)
    least, most = math.floor(least) - 1, math.ceil(most) + 1
    if before.box_time is None or after.box_time is None or not least <= after.box_time - before.box_time <= most:
        raise Stuck(
            f"{shown(before)} before a cut, and {shown(after)} after it",
            f"a clock that has gone on by {least} to {most} s, and knows the time",
            PLACES[Code.POWER_CUT],
            "a counter that begins anew as the box boots; it must count on, also while there is no power",
        )
    ground.box.hold_clock(True)


def _running(ground: Ground, meanwhile: Callable[[], object]) -> tuple[ClockReading, ClockReading, float, float]:
    """A clock that was let go, read before and after; the least and the most time, in seconds, that may lie between the readings."""
    _refuse_without_a_test_clock(ground)
    ground.begins()
    Trial(ground.box, ground.hello, ground.wait).set_up()
    ground.box.hold_clock(False)
    began = ground.now()
    before = ground.box.read_clock()
    since = ground.now()
    meanwhile()
    until = ground.now()
    after = ground.box.read_clock()
    return before, after, until - since, ground.now() - began


def cuts_its_power(ground: Ground) -> None:
    """A reset now boots it; where it is not declared, it is declined as what the box declares that it does not have."""
    declared = ground.hello.cut_classes
    try:
        ground.box.cut_power(PowerCut(CutClass.RESET))
    except Declined as declined:
        if CutClass.RESET in declared or declined.why != "unsupported":
            raise
        raise LeftOut(
            "the box declares no power cut of class reset: a bench that cuts the supply is for lockproof run --bench"
        ) from None
    if CutClass.RESET not in declared:
        raise Stuck("power-cut of class reset works, and hello does not declare it", "1, reset, among cut_classes", HELLO)


RUNGS: Final = (
    Rung(
        1,
        "hello",
        (Code.HELLO,),
        (
            ("answers hello", says_hello),
            ("answers hello", declares_what_is_legal),
            ("takes every byte for data", takes_every_byte_for_data),
            ("says the same again", check("hello.stable", moves_the_clock=False)),
            ("passes over what is damaged", passes_over_damage),
            ("repeats its reply to a retry", repeats_its_reply),
            ("rejects what it must", rejects_what_it_must),
            ("says what it does not know", knows_what_it_does_not_know),
        ),
    ),
    Rung(
        2,
        "keypad",
        (Code.RESET, Code.PROVISION, Code.CHALLENGE, Code.TIME_ORDER, Code.KEYPAD_ENTRY),
        (
            ("refuses wrong digits, opens for right ones, is told the time by nobody else", played("first-entries", early=True)),
            ("carries out no retry", carries_out_no_retry),
        ),
    ),
    Rung(
        3,
        "clock",
        (Code.CLOCK_READ, Code.CLOCK_HOLD, Code.CLOCK_ADVANCE),
        (
            ("shows its clock", reads_its_clock),
            ("shows its clock", can_hold_its_clock),
            ("stands still when held", check("clock.held")),
            ("runs when let go", check("clock.runs")),
            ("counts seconds", counts_seconds),
            ("goes forward as far as it is told", check("clock.advance")),
            ("decides by it", check("clock.latched", enters=True)),
            ("ends the hour of a code to the second", played("the-hour-is-over")),
        ),
    ),
    Rung(
        4,
        "log",
        (Code.READ_LOG,),
        (
            ("writes down what was done and nothing else", played("first-log")),
            ("counts what a disabled keypad refuses", played("a-valid-code-does-not-clear-the-count")),
            ("tells it again an hour later", played("vital-signs")),
        ),
    ),
    Rung(
        5,
        "cuts",
        (Code.POWER_CUT,),
        (
            ("boots in another session", cuts_its_power),
            ("keeps what is durable", played("first-cut", CutClass.RESET)),
            ("its clock goes on without power", check("power.cut", CutClass.RESET)),
            ("its clock goes on without power", goes_on_over_a_cut),
            ("a first use is written at once", played("first-use", CutClass.RESET)),
            ("an armed cut strikes", check("lost.answer", CutClass.NTH_WRITE, enters=True)),
            *(
                ("a first use survives power that fails at any of its writes", played(name, CutClass.NTH_WRITE))
                for name in (
                    "a-power-cut-before-first-use-is-charged",
                    "a-power-cut-at-the-first-use",
                    "a-power-cut-right-after-first-use",
                )
            ),
        ),
    ),
)
