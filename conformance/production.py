"""Whether a production build refuses every test command (PROTOCOL.md, "A production build"): `lockproof box --production PORT`.

Each test command is sent with arguments that would do harm if it were obeyed, those that do least harm first; the check
ends at the first that is not refused. A refusal is believed only if nothing changed: session, identity, clock, log, number of
writes. Silence is a refusal only beside a sign of life.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.adapter import BadAnswer, NotCut, SerialBox, SessionChanged
from lockproof.hw_adapter.channel import Channel
from lockproof.hw_adapter.declaration import WAKE_BYTES
from lockproof.hw_adapter.frame import Frame, FrameKind, FrameReader, encode_frame
from lockproof.hw_adapter.link import ANY_SESSION, NotABox, NothingAnswers
from lockproof.hw_adapter.messages import COMMANDS, Code, Command, Status, write_request
from lockproof.hw_adapter.values import U16, name_of
from lockproof.spec.observable import ClockReading, CutClass, Declined, NoAnswer, PowerCut, Provisioning, ZoneTable

AN_HOUR = 3600
LEEWAY = 5
"""Seconds by which a clock may seem to jump: whole seconds at both ends, and a slow line. A command moves it by an hour."""
LISTEN = 1.0  # seconds after each command to a box that says nothing
AGAIN = 2  # times that a command is sent again, before something is put down to it that may have happened by itself

_STRANGER: Final = Provisioning(b"lockproof checks", bytes(range(32)), ZoneTable(((0, 0),), 2**40))
HARM: Final[dict[Code, tuple[Any, str]]] = {
    Code.CLOCK_HOLD: (True, "freeze the clock, so that nothing expires"),
    Code.CLOCK_DISTURB: (AN_HOUR, "put the clock an hour back"),
    Code.CLOCK_ADVANCE: (AN_HOUR, "put the clock an hour forward"),
    Code.KEYPAD_ENTRY: ("00000000", "try a code over the line"),
    Code.POWER_CUT: (PowerCut(CutClass.RESET, 0), "cut the power"),
    Code.PROVISION: (_STRANGER, "make it another box, with keys that the sender knows"),
    Code.RESET: (None, "forget all keys"),
}
"""Every test command: its argument, and what it would do. In this order, least harm first."""

NOT_CARRIED_OUT = frozenset({Status.REFUSED, Status.UNKNOWN_COMMAND})


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one test command."""

    command: str
    would: str
    verdict: Verdict
    saw: str


@dataclass(slots=True)
class Report:
    """What became of the check: `verdict`, the reason in a sentence, and each command that was sent."""

    who: str
    verdict: Verdict = Verdict.INCONCLUSIVE
    reason: str = ""
    tried: list[Tried] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _State:
    """What can be seen of a box without a test command, and when it was seen by the host's clock, in seconds."""

    at: float
    session: int
    identity: str
    writes: int
    clock: ClockReading | None
    log: tuple[int, int] | None  # epoch, next number


def check(channel: Channel, name: str, sign_of_life: Callable[[], str], now: Callable[[], float] = time.monotonic) -> Report:
    """The verdict on the box at the end of a line.

    `sign_of_life` is asked where the box is silent to hello; it says what was seen of it, or nothing. Raises `BenchError`.
    """
    box = SerialBox(channel, name, now=now)
    try:
        hello = box.hello()
    except (NothingAnswers, NotABox) as silence:
        return _check_silent(channel, name, sign_of_life, str(silence).splitlines()[0], now)
    report = Report(f"{hello.identity} ({hello.firmware})")
    if not hello.production:
        report.verdict = Verdict.FAIL
        report.reason = "its hello says production false: this is a test build, so no test command was sent to it"
        return report
    _try_all(box, report, now)
    return report


def _try_all(box: SerialBox, report: Report, now: Callable[[], float]) -> None:
    _look(box, now)  # reading the log may write what was not written yet; from here on nothing does
    before = _look(box, now)
    for code, (argument, would) in HARM.items():
        tried, before = _try(box, code, argument, would, before, now)
        report.tried.append(tried)
        if tried.verdict is not Verdict.PASS:
            report.verdict = tried.verdict
            report.reason = f"{tried.command} ({tried.would}): {tried.saw}"
            return
    report.verdict = Verdict.PASS
    report.reason = "every test command was refused, and nothing changed"


def _try(box: SerialBox, code: Code, argument: Any, would: str, before: _State, now: Callable[[], float]) -> tuple[Tried, _State]:
    verdict, saw = _send(box, Command(code, argument))
    if verdict is Verdict.PASS:
        try:
            after = _look(box, now)
        except NoAnswer as silence:
            gone = f"{saw}; then there was no sign of life any more: {str(silence).splitlines()[0]}"
            return Tried(COMMANDS[code].name, would, Verdict.INCONCLUSIVE, gone), before
        changed = _changed(before, after)
        if not changed and (busy := _went_on(before, after)):
            verdict, changed = _is_it_this_command(box, Command(code, argument), busy, after, now)
        elif changed:
            verdict = Verdict.FAIL
        before = after
        saw += f", and yet {changed}" if changed else ""
    return Tried(COMMANDS[code].name, would, verdict, saw), before


def _send(box: SerialBox, command: Command) -> tuple[Verdict, str]:
    """Whether it was refused, as far as its answer goes. A hello after silence is the sign of life beside it."""
    try:
        (result,) = box.perform([command])
    except NotCut:
        return Verdict.FAIL, "answered ok, must be refused (it did not boot)"
    except SessionChanged:
        return Verdict.FAIL, "no answer, and the box has booted: it was carried out, or brought the box down"
    except NothingAnswers as silence:
        return Verdict.INCONCLUSIVE, f"silence, with no sign of life beside it: {str(silence).splitlines()[0]}"
    except BadAnswer as wrong:
        return Verdict.FAIL, f"must be refused; {wrong}"
    except NoAnswer:
        return _alive(box)
    if result.status in NOT_CARRIED_OUT:
        return Verdict.PASS, f"status {result.status:d}, {name_of(result.status)}"
    if result.status is Status.OK:
        return Verdict.FAIL, "CARRIED OUT: answered ok, must be refused"
    return Verdict.FAIL, f"status {result.status:d}, {name_of(result.status)}: it was looked at; must be refused before that"


def _alive(box: SerialBox) -> tuple[Verdict, str]:
    try:
        hello = box.hello()
    except NoAnswer as silence:
        return Verdict.INCONCLUSIVE, f"silence, with no sign of life beside it: {str(silence).splitlines()[0]}"
    if not hello.production:
        return Verdict.FAIL, "silence, and then its hello says production false"
    return Verdict.PASS, "silence, and hello is answered"


def _look(box: SerialBox, now: Callable[[], float]) -> _State:
    hello = box.hello()
    return _State(now(), hello.session, hello.identity, hello.writes, _unless_declined(box.read_clock), _log(box))


def _log(box: SerialBox) -> tuple[int, int] | None:
    """Epoch and next number; whatever number is asked from, an answer without entries says both."""
    page = _unless_declined(lambda: box.read_log(2**62))
    return None if page is None else (page.epoch, page.next_number)


def _unless_declined(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Declined:  # a box without keys, or one that keeps to hello
        return None


def _changed(before: _State, after: _State) -> str:
    """What can't have happened by itself; empty where nothing of that kind did."""
    if after.session != before.session:
        return "the box has booted"
    if after.identity != before.identity:
        return f"it is another box now: {after.identity}, it was {before.identity}"
    if before.log and after.log and before.log[0] != after.log[0]:
        return "its log has another epoch: it was made anew"
    if before.clock and after.clock:
        return _clock_changed(before.clock, after.clock, after.at - before.at)
    return ""


def _clock_changed(before: ClockReading, after: ClockReading, gone: float) -> str:
    if after.held and not before.held:
        return "its clock is held"
    jumped = after.timer - before.timer - gone
    if abs(jumped) > LEEWAY and not after.held:
        return f"its timer has jumped by {jumped:+.0f} s"
    if before.box_time is None or after.box_time is None:
        known = before.box_time is not None
        return "it no longer knows the time" if known else ""
    jumped = after.box_time - before.box_time - gone
    return f"its clock has jumped by {jumped:+.0f} s" if abs(jumped) > LEEWAY and not after.held else ""


def _went_on(before: _State, after: _State) -> str:
    """What a box may also do by itself, or because somebody stands at its keypad."""
    if after.writes != before.writes:
        return f"it wrote {after.writes - before.writes} times"
    if before.log != after.log:
        return "its log has grown"
    return ""


def _is_it_this_command(
    box: SerialBox, command: Command, what: str, before: _State, now: Callable[[], float]
) -> tuple[Verdict, str]:
    """Sent again a few times: what happens every time is the command's doing."""
    for _ in range(AGAIN):
        _send(box, command)
        after = _look(box, now)
        if not _went_on(before, after):
            return Verdict.INCONCLUSIVE, f"{what}, though not when it was sent again; leave the box alone, and check it again"
        before = after
    return Verdict.FAIL, f"{what}, every time that it was sent"


# A box that says nothing at all


def _check_silent(channel: Channel, name: str, sign_of_life: Callable[[], str], silence: str, now: Callable[[], float]) -> Report:
    """The commands are sent all the same, without a session; silence to all of them is as good as a refusal if the box lives."""
    report = Report(name)
    seen = sign_of_life()
    if not seen:
        report.reason = f"{silence}; a box that is silent may be dead: show a sign of life (--sign-of-life COMMAND)"
        return report
    for number, (code, (argument, would)) in enumerate(HARM.items(), 1):
        request = Frame(FrameKind.REQUEST, ANY_SESSION, number, write_request([Command(code, argument)]))
        channel.send(bytes(WAKE_BYTES) + encode_frame(request))
        answered = _listen(channel, now)
        saw = "it answers with a frame, though not to hello" if answered else "silence"
        report.tried.append(Tried(COMMANDS[code].name, would, Verdict.INCONCLUSIVE if answered else Verdict.PASS, saw))
        if answered:
            report.reason = f"{COMMANDS[code].name}: {saw}; a box that speaks must answer hello"
            return report
    seen = sign_of_life()
    if not seen:
        report.reason = "it was alive before and showed no sign of life after the test commands"
        return report
    report.verdict = Verdict.PASS
    report.reason = f"silence to everything, beside a sign of life: {seen}"
    return report


def _listen(channel: Channel, now: Callable[[], float]) -> bool:
    reader, until = FrameReader(U16), now() + LISTEN
    while (left := until - now()) > 0:
        if any(received.frame is not None for received in reader.feed(channel.receive(left))):
            return True
    return False
