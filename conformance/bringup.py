"""A half-finished firmware, taken up five rungs, each on those below it: hello, keypad, clock, log, cuts (`lockproof bringup`).

A rung needs its own commands and those below, no others. What a box does is judged by what the kit has for it already: scenarios
by the oracle, the checks of an adapter, the protocol page's own frames. The first thing that is wrong ends it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from lockproof.conformance import by_hand, scenario, suite
from lockproof.conformance.adapter_check import CHECKS, Caught, Trial, Unable
from lockproof.conformance.by_hand import Exchange
from lockproof.conformance.first_words import FRAMES, SESSIONS, what_came
from lockproof.conformance.half_box import HalfBox, Unanswered
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.own_codes import generator_of
from lockproof.conformance.planning import authority_for_a_bench, declared_profile
from lockproof.conformance.player import TEST_CLOCK, Player
from lockproof.conformance.recording import Passed, frames
from lockproof.conformance.run import OVERWRITES
from lockproof.conformance.scenario import Scenario, calendar_of
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.adapter import DEFAULT_PATIENCE, BadAnswer, NotCut, SessionChanged
from lockproof.hw_adapter.cbor import encode
from lockproof.hw_adapter.channel import Channel, Recorded
from lockproof.hw_adapter.declaration import OtherVersion
from lockproof.hw_adapter.frame import VERSION, Frame, FrameKind
from lockproof.hw_adapter.link import ANY_SESSION, Link, NotABox, NothingAnswers
from lockproof.hw_adapter.messages import (
    COMMANDS,
    Code,
    Command,
    Fault,
    Rejection,
    Result,
    Status,
    read_reply,
    write_rejection,
    write_reply,
    write_request,
)
from lockproof.hw_adapter.values import name_of
from lockproof.spec.observable import BenchError, CutClass, Declined, Hello, LinkLost, NoAnswer, PowerCut

HELLO, REQUESTS, COMMANDS_OF_THE_PAGE = "Hello", "Requests and replies", "Commands"
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
LEGAL_CLASSES: Final = ({"core", "interop"}, {"core", "interop", "code-only"}, {"core"})
_SMALL: Final = Path(str(files("lockproof.conformance.rungs")))
_NO_SUCH_COMMAND = 99
_ENDED_BY_THE_NEXT = "a frame that has not ended"  # of the page's frames that get no answer: the one that a wake byte makes whole


class Stuck(Exception):  # noqa: N818  (reads as what happened)
    """Here it ends: what was seen, what must come, where PROTOCOL.md says so, what it is as a rule, and a right exchange."""

    def __init__(
        self, saw: str, must: str, place: str, often: str = "", verdict: Verdict = Verdict.FAIL, right: Exchange | None = None
    ) -> None:
        super().__init__(saw)
        self.saw, self.must, self.place, self.often, self.verdict, self.right = saw, must, place, often, verdict, right


class LeftOut(Exception):  # noqa: N818  (reads as what happened)
    """By what the box declares, this is not asked of it: why, and what to do instead."""


@dataclass(slots=True)
class Ground:
    """The box, what was heard on its line, and what it declared."""

    name: str
    channel: Channel
    box: HalfBox
    link: Link
    journal: Journal
    wait: Callable[[float], object]
    hello: Hello
    mark: int = 0  # records before the request that was sent last
    sequence: int = 1 << 14  # of requests that are sent around the box's own
    seed: str = field(default_factory=lambda: secrets.token_hex(4))
    left_out: list[str] = field(default_factory=list)

    @property
    def can_hold(self) -> bool:
        return TEST_CLOCK in self.hello.clock_modes

    def begins(self) -> None:
        """A request is about to be sent."""
        self.mark = len(self.journal.records)

    def passed(self) -> list[Passed]:
        """What passed on the line since then."""
        return list(frames(self.journal.records[self.mark :]))

    def next_frame(self, body: bytes, session: int | None = None, version: int = VERSION) -> Frame:
        self.sequence += 1
        return Frame(FrameKind.REQUEST, self.hello.session if session is None else session, self.sequence, body, version)

    def ask(self, request: Frame) -> Frame | None:
        """The reply to a request that may be one that a host never sends. Raises `BenchError`."""
        self.begins()
        return self.link.exchange(request, DEFAULT_PATIENCE.sends, DEFAULT_PATIENCE.busy).reply


Try = Callable[[Ground], None]


@dataclass(frozen=True, slots=True)
class Rung:
    """`commands` in the order in which to implement them; `says` is what holds where it is passed."""

    number: int
    name: str
    says: str
    commands: tuple[Code, ...]
    tries: tuple[Try, ...]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


@dataclass(slots=True)
class Climbed:
    """What became of one rung. Where it ended there: the last command, what passed on the line, and frames to send by hand."""

    rung: Rung
    verdict: Verdict
    says: str
    left_out: tuple[str, ...] = ()
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
        """The worst that was found. A box of which nothing but hello could be asked has not passed."""
        found = [each.verdict for each in self.rungs]
        bad = next((verdict for verdict in (Verdict.FAIL, Verdict.ERROR) if verdict in found), None)
        return bad or (Verdict.PASS if found.count(Verdict.PASS) > 1 else Verdict.NOT_APPLICABLE)


def climb(
    channel: Channel,
    name: str,
    on_rung: Callable[[Climbed, str], object] = lambda *_: None,
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
) -> Report:
    """Takes the box at the end of a line up the rungs, and ends at the first that it does not pass.

    `on_rung` is told what became of each, and of the first also who answered. Raises `LinkLost` before there was a hello.
    """
    journal, report = Journal(), Report()
    recorded = Recorded(channel, journal.passed)
    ground = Ground(
        name,
        recorded,
        HalfBox(recorded, name, now, lambda: ground.begins()),
        Link(recorded, name, DEFAULT_PATIENCE, now),
        journal,
        wait,
        vectors.HELLO,
    )
    for rung in RUNGS:
        climbed = _climbed(rung, ground)
        report.rungs.append(climbed)
        report.who = report.who or (f"{ground.hello.identity} ({ground.hello.firmware})" if ground.box.session else "")
        on_rung(climbed, report.who if rung.number == 1 else "")
        if climbed.stuck:
            break
    return report


def _climbed(rung: Rung, ground: Ground) -> Climbed:
    ground.left_out, tried = [], False
    try:
        for each in rung.tries:
            try:
                _judged(each, ground)
                tried = True
            except LeftOut as left_out:
                ground.left_out.append(str(left_out))
    except Stuck as stuck:
        return _ended(rung, ground, stuck)
    verdict = Verdict.PASS if tried else Verdict.NOT_APPLICABLE
    says = rung.says if tried else ground.left_out.pop(0)
    return Climbed(rung, verdict, says, tuple(dict.fromkeys(ground.left_out)))


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
    if ground.box.status is not Status.UNKNOWN_COMMAND:
        return f"mend {name}; it is the command sent last"
    after = [COMMANDS[each].name for each in rung.commands[rung.commands.index(command) + 1 :]] if command in rung.commands else []
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
    except (Caught, Unable) as caught:
        raise Stuck(str(caught), _must_be(ground), _place(ground)) from None
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
    Code.POWER_CUT: "and no values",
}


def _stuck(ground: Ground, wrong: BenchError) -> Stuck:
    """What a bench error is to a firmware that has said hello: its own doing, unless the line may be gone."""
    saw = str(wrong).replace(f"{ground.name}: ", "").partition("\n")[0]
    if isinstance(wrong, NothingAnswers | LinkLost):
        often = "the firmware hangs or has crashed at it; or the line is gone: look at the cable and the supply"
        return Stuck(saw, _must_be(ground), "Timing", often, Verdict.ERROR)
    if isinstance(wrong, SessionChanged):
        return Stuck(saw, _must_be(ground), SESSIONS, "a fault or a watchdog at this command")
    if isinstance(wrong, NotCut):
        return Stuck(saw, "a boot, in another session", "Power cuts", "the reply is sent, and nothing done after it")
    if isinstance(wrong, NoAnswer | Unanswered):
        often = "a command that is not known is not passed over: it gets status 2; a slow one sends busy frames every 200 ms"
        return Stuck(saw, "a reply or a busy frame within 200 ms", "Timing", often)
    return Stuck(saw, _must_be(ground), _place(ground))


def _must_be(ground: Ground) -> str:
    command = _command_of(ground)
    return f"status 0, ok, {_ANSWERS[command]}"


def _place(ground: Ground) -> str:
    return PLACES[_command_of(ground)]


# Rung 1: hello


def _says_hello(ground: Ground) -> None:
    ground.begins()
    try:
        ground.hello = ground.box.hello()
    except (OtherVersion, BadAnswer) as wrong:
        raise _wrong_hello(ground, wrong) from None
    except LinkLost:
        raise
    except (NoAnswer, NotABox):
        raise _no_hello(ground) from None
    ground.link.known_to_be_a_box, ground.link.wake_bytes = True, ground.hello.wake_bytes
    ground.link.set_frame_limit(ground.hello.frame_limit)


def _no_hello(ground: Ground) -> Stuck:
    sent, came = (_bytes(ground.journal.records, direction) for direction in ("out", "in"))
    request = next(each.frame for each in ground.passed() if each.frame)
    oddity = what_came(request, sent, came)
    return Stuck(oddity.saw, oddity.must, oddity.place, oddity.often, oddity.verdict)


def _bytes(records: list[Record], direction: str) -> bytes:
    return b"".join(bytes.fromhex(r["hex"]) for r in records if r["record"] == "bytes" and r["direction"] == direction)


def _wrong_hello(ground: Ground, wrong: OtherVersion | BadAnswer) -> Stuck:
    frame = next((each.frame for each in ground.passed() if each.frame and each.direction == "in"), None)
    if frame is not None and frame.version != VERSION:
        return _no_hello(ground)
    saw = str(wrong).removeprefix(f"{ground.name}: ").partition(" (body: ")[0]
    if "its frame says" not in saw:
        return Stuck(saw, "the answer to hello with every key of the table", HELLO)
    often = "the two are taken from different variables, or one of them is sent least significant byte first"
    return Stuck(saw, "the same session in the header and under key 1 of hello", SESSIONS, often)


def _declares_what_is_legal(ground: Ground) -> None:
    hello = ground.hello
    if hello.production:
        raise Stuck("hello says production true", "a test build, production false", "A production build")
    if set(hello.classes) not in LEGAL_CLASSES:
        legal = "; ".join(", ".join(sorted(each)) for each in LEGAL_CLASSES)
        raise Stuck(f"hello declares the classes {', '.join(hello.classes)}", f"one of the sets {legal}", HELLO)
    if "model" in hello.clock_modes:
        raise Stuck("hello declares the clock mode model", "test-clock, wall-clock or both: model is no box's on a line", HELLO)
    try:
        declared_profile(asdict(hello))
    except BenchError as wrong:
        raise Stuck(str(wrong), "what the standard allows", HELLO) from None


def _answers_hello_again(ground: Ground) -> None:
    ground.begins()
    CHECKS["hello.stable"].try_it(Trial(ground.box, ground.hello, ground.wait))


def _passes_over_damage(ground: Ground) -> None:
    """Each of the page's frames that get silence, and hello right after it: nothing else may be answered."""
    for each in json.loads(vectors.PATH.read_text(encoding="utf-8"))["silence"]:
        if each["name"] == _ENDED_BY_THE_NEXT:
            continue
        heard = ground.box.counters.stray + ground.box.counters.damaged
        ground.begins()
        ground.channel.send(bytes.fromhex(each["line"]))
        try:
            ground.box.hello()
        except NoAnswer as silence:
            saw = f"after {each['name']}, hello is not answered any more: {str(silence).removeprefix(ground.name + ': ')}"
            raise Stuck(saw, "silence to that, and the answer to hello", FRAMES, _DAMAGE) from None
        if ground.box.counters.stray + ground.box.counters.damaged > heard:
            raise Stuck(f"{each['name']} is answered", "silence, and the answer to hello after it", FRAMES, _DAMAGE)


_DAMAGE = "the buffer is not given up at the next 0x00, or what is decoded is looked at before its CRC"


def _repeats_its_reply(ground: Ground) -> None:
    request = ground.next_frame(write_request([Command(Code.HELLO)]))
    first, again = ground.ask(request), ground.ask(request)
    right = by_hand.exchange_of(Code.HELLO, ground.hello.session, request.sequence)
    right = replace(right, name="hello in its session", request=request)
    if first is None or again is None:
        which = "a hello in the current session" if first is None else "the same request, sent again,"
        raise Stuck(f"{which} is not answered", "the reply, and the same one again to the same bytes", SESSIONS, right=right)
    if first != again:
        raise Stuck("a retry gets another reply than before", "the kept reply, byte for byte", SESSIONS, right=right)
    reused = replace(request, body=write_request([Command(Code.HELLO), Command(Code.HELLO)]))
    _must_reject(ground, "other bytes with the sequence of the kept request", reused, Rejection(Fault.SEQUENCE_REUSED))


def _rejects_what_it_must(ground: Ground) -> None:
    session, hello = ground.hello.session, write_request([Command(Code.HELLO)])
    over = session - 1 or session + 1
    _must_reject(ground, "a session that is over", ground.next_frame(hello, over), Rejection(Fault.STALE_SESSION))
    anything = write_request([Command(_NO_SUCH_COMMAND)])
    _must_reject(
        ground, "session 0 and not hello alone", ground.next_frame(anything, ANY_SESSION), Rejection(Fault.STALE_SESSION)
    )
    _must_reject(
        ground, "another version", ground.next_frame(hello, version=VERSION + 1), Rejection(Fault.BAD_VERSION, VERSION)
    )
    _must_reject(ground, "a body without commands", ground.next_frame(encode([])), Rejection(Fault.MALFORMED))
    many = [Command(_NO_SUCH_COMMAND)] * (ground.hello.batch_limit + 1)
    too_large = Rejection(Fault.TOO_LARGE, ground.hello.batch_limit)
    _must_reject(ground, "one command more than batch_limit", ground.next_frame(write_request(many)), too_large)


def _must_reject(ground: Ground, what: str, request: Frame, rejection: Rejection) -> None:
    must = f"error {rejection.fault:d}, {name_of(rejection.fault)}, detail {rejection.detail}"
    right = Exchange(what, request, _reply(ground, request, write_rejection(rejection)))
    reply = ground.ask(request)
    place = SESSIONS if rejection.fault in _OF_SESSIONS else "Errors"
    if reply is None:
        raise Stuck(f"{what}: no answer", must, place, "the request is dropped, and not rejected", right=right)
    saw = _read(reply, [Command(Code.HELLO)])
    if saw != rejection:
        raise Stuck(f"{what}: {_told(saw)}", must, place, right=right)
    if reply.session != ground.hello.session:
        seen = f"{what}: rejected in session {reply.session:08x}"
        raise Stuck(seen, f"the current session, {ground.hello.session:08x}, in the header", place, right=right)


_OF_SESSIONS = {Fault.STALE_SESSION, Fault.SEQUENCE_REUSED, Fault.BAD_VERSION}


def _reply(ground: Ground, request: Frame, body: bytes) -> Frame:
    return Frame(FrameKind.REPLY, ground.hello.session, request.sequence, body)


def _read(reply: Frame, commands: list[Command]) -> list[Result] | Rejection | str:
    try:
        return read_reply(reply.body, commands)
    except (ValueError, BenchError) as wrong:
        return f"the answer is not understood: {wrong}"


def _told(saw: list[Result] | Rejection | str) -> str:
    if isinstance(saw, str):
        return saw
    if isinstance(saw, Rejection):
        return f"rejected with error {saw.fault:d}, {name_of(saw.fault)}, detail {saw.detail}"
    return "carried out: " + ", ".join(f"status {each.status:d}, {name_of(each.status)}" for each in saw)


def _knows_what_it_does_not_know(ground: Ground) -> None:
    """A batch of commands that there are not: the first is unknown, and what comes after it not run."""
    commands = [Command(_NO_SUCH_COMMAND)] * min(2, ground.hello.batch_limit)
    must = [Result(Status.UNKNOWN_COMMAND), Result(Status.NOT_RUN)][: len(commands)]
    request = ground.next_frame(write_request(commands))
    reply = ground.ask(request)
    right = Exchange("no such command", request, _reply(ground, request, write_reply([[int(each.status)] for each in must])))
    words = ", ".join(f"status {each.status:d}, {name_of(each.status)}" for each in must)
    saw = None if reply is None else _read(reply, commands)
    if saw != must:
        seen = "no answer" if saw is None else _told(saw)
        raise Stuck(f"command {_NO_SUCH_COMMAND}, which there is not: {seen}", words, REQUESTS, right=right)


# Rungs 2 to 5: the kit's own scenarios and checks


def _check(name: str) -> Try:
    """A check of adapters, which looks at the box behind it just as well."""

    def try_it(ground: Ground) -> None:
        _refuse_without_a_test_clock(ground)
        CHECKS[name].try_it(Trial(ground.box, ground.hello, ground.wait))

    return try_it


def _scenario(name: str, cut: CutClass | None = None) -> Try:
    """A packaged scenario, or a small one of the rungs."""

    def try_it(ground: Ground) -> None:
        chosen = _named(name)
        if cut is not None and cut not in ground.hello.cut_classes:
            raise LeftOut(f"power cuts of class {cut} are not declared, and not tried")
        _play(ground, chosen)

    return try_it


def _named(name: str) -> Scenario:
    small = _SMALL / f"{name}.yaml"
    if small.exists():
        return scenario.load(small, shown=f"rungs/{small.name}")
    return next(each for each in suite.written() if each.id == name)


def _play(ground: Ground, chosen: Scenario) -> None:
    hello = ground.hello
    profile = declared_profile(asdict(hello))
    if unsuitable := chosen.unsuitable(profile):
        raise LeftOut(f"{chosen.id}: {unsuitable}")
    lets_time_pass = any(step.at is not None or step.after is not None for step in chosen.steps)
    if lets_time_pass:
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
    if _needs_the_clock(chosen) and ground.can_hold:
        result = player.play(chosen)
    else:
        instant = calendar_of(chosen.properties[0].zone, chosen.start).instant(chosen.start)
        with ground.box.taken_as_held(instant, hello.clock_skew):
            result = player.play(chosen)
    if result.finding:
        found = result.finding
        clauses = ", ".join(found.clauses)
        raise Stuck(f"{found.did}: {found.saw}", f"{found.must}   ({clauses})", _place(ground))
    if result.verdict is not Verdict.PASS:
        if ground.box.status not in {None, Status.OK}:
            raise _declined(ground)
        raise _stuck(ground, ground.box.wrong or BenchError(result.message))


def _needs_the_clock(chosen: Scenario) -> bool:
    """Of the keypad's rung nothing does: there its clock can't be held yet."""
    return chosen.id != KEYPAD_FIRST


KEYPAD_FIRST = "first-entries"


def _refuse_without_a_test_clock(ground: Ground) -> None:
    if not ground.can_hold:
        raise LeftOut(NO_TEST_CLOCK)


NO_TEST_CLOCK = (
    "the box declares no test clock, so that what needs its clock held or moved is not tried here;"
    " lockproof run --clock wall-clock --wait 2h waits for it"
)


def _has_codes_that_are_known(ground: Ground) -> None:
    if generator_of(ground.box, ground.hello) is None:
        raise LeftOut("the box declares codes of its own, which nobody here knows: lockproof run --codes FILE judges it")


def _keeps_a_reply_that_costs(ground: Ground) -> None:
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


def _reads_its_clock(ground: Ground) -> None:
    ground.box.read_clock()


def _can_hold_its_clock(ground: Ground) -> None:
    """Held as declared; where it is not declared, declined as what the box declares that it does not have."""
    try:
        ground.box.hold_clock(True)
    except Declined as declined:
        if ground.can_hold or declined.why != "unsupported":
            raise
        raise LeftOut(NO_TEST_CLOCK) from None
    if not ground.can_hold:
        raise Stuck("clock-hold works, and hello does not declare test-clock", "2, test-clock, among clock_modes", HELLO)


def _cuts_its_power(ground: Ground) -> None:
    declared = ground.hello.cut_classes
    try:
        ground.box.cut_power(PowerCut(CutClass.RESET))
    except Declined as declined:
        if CutClass.RESET in declared or declined.why != "unsupported":
            raise
        raise LeftOut("the box declares no power cut of class reset: a bench that cuts the supply is for lockproof run --bench") from None
    if CutClass.RESET not in declared:
        raise Stuck("power-cut of class reset works, and hello does not declare it", "1, reset, among cut_classes", HELLO)


RUNGS: Final = (
    Rung(
        1,
        "hello",
        "answers hello, again and again; repeats its reply to a retry, passes over what is damaged, rejects what it must",
        (Code.HELLO,),
        (
            _says_hello,
            _declares_what_is_legal,
            _answers_hello_again,
            _passes_over_damage,
            _repeats_its_reply,
            _rejects_what_it_must,
            _knows_what_it_does_not_know,
        ),
    ),
    Rung(
        2,
        "keypad",
        "takes keys and the time, refuses wrong digits and opens for right ones, believes no forged or older time order",
        (Code.RESET, Code.PROVISION, Code.CHALLENGE, Code.TIME_ORDER, Code.KEYPAD_ENTRY),
        (_has_codes_that_are_known, _scenario(KEYPAD_FIRST), _keeps_a_reply_that_costs),
    ),
    Rung(
        3,
        "clock",
        "stands still when held, runs when let go, moves by what it is told; the hour of a code ends to the second",
        (Code.CLOCK_READ, Code.CLOCK_HOLD, Code.CLOCK_ADVANCE),
        (
            _reads_its_clock,
            _can_hold_its_clock,
            *(_check(name) for name in ("clock.held", "clock.runs", "clock.advance", "clock.latched")),
            _scenario("the-hour-is-over"),
        ),
    ),
    Rung(
        4,
        "log",
        "what was done stands in the log, numbered, and nothing else",
        (Code.READ_LOG,),
        (_scenario("first-log"), _scenario("a-valid-code-does-not-clear-the-count"), _scenario("vital-signs")),
    ),
    Rung(
        5,
        "cuts",
        "boots in another session, keeps what is durable; a first use survives power that fails at any of its writes",
        (Code.POWER_CUT,),
        (
            _cuts_its_power,
            _scenario("first-cut", CutClass.RESET),
            _check("power.cut"),
            _check("lost.answer"),
            *(
                _scenario(name, CutClass.NTH_WRITE)
                for name in (
                    "a-power-cut-before-first-use-is-charged",
                    "a-power-cut-at-the-first-use",
                    "a-power-cut-right-after-first-use",
                )
            ),
        ),
    ),
)
