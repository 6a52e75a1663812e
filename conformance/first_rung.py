"""The first rung of `lockproof bringup`: hello, and what holds on the line before there is any other command.

What a right host never sends is sent here, too, over the kit's own link: damaged frames, retries, sessions that are over.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

from lockproof.conformance import by_hand
from lockproof.conformance.by_hand import Exchange
from lockproof.conformance.first_words import FRAMES, LINE, SESSIONS, what_came
from lockproof.conformance.half_box import HalfBox
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.planning import declared_profile
from lockproof.conformance.player import TEST_CLOCK
from lockproof.conformance.recording import Passed, frames
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.adapter import DEFAULT_PATIENCE, BadAnswer
from lockproof.hw_adapter.cbor import CborError, decode, diagnostic, encode
from lockproof.hw_adapter.channel import Channel, Recorded
from lockproof.hw_adapter.declaration import LEGAL_CLASSES, OtherVersion
from lockproof.hw_adapter.frame import VERSION, Frame, FrameKind
from lockproof.hw_adapter.link import ANY_SESSION, Link, NotABox
from lockproof.hw_adapter.messages import (
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
from lockproof.spec.observable import BenchError, Hello, LinkLost, NoAnswer

HELLO, REQUESTS = "Hello", "Requests and replies"
_NO_SUCH_COMMAND = 99
_XOFF_XON = b"\x13\x11"
_ENDED_BY_THE_NEXT = "a frame that has not ended"  # of the page's frames that get no answer: the one that a wake byte makes whole


class Stuck(Exception):  # noqa: N818  (reads as what happened)
    """Here it ends: what was seen, what must come, where PROTOCOL.md says so, and what it is as a rule.

    `right` is an exchange as it must be, `history` the scenario that was played and what was done in it, a line each.
    """

    def __init__(
        self,
        saw: str,
        must: str,
        place: str,
        often: str = "",
        verdict: Verdict = Verdict.FAIL,
        right: Exchange | None = None,
        history: tuple[str, ...] = (),
    ) -> None:
        super().__init__(saw)
        self.saw, self.must, self.place, self.often, self.verdict = saw, must, place, often, verdict
        self.right, self.history = right, history


class LeftOut(Exception):  # noqa: N818  (reads as what happened)
    """By what the box declares, this is not asked of it: why, and what to do instead."""


@dataclass(slots=True)
class Ground:
    """The box at the end of a line, what passed on it, and what it declared; the page's own hello until it said one."""

    channel: Channel
    name: str
    now: Callable[[], float]
    wait: Callable[[float], object]
    journal: Journal = field(default_factory=Journal)
    hello: Hello = vectors.HELLO
    seed: str = field(default_factory=lambda: secrets.token_hex(4))
    left_out: list[str] = field(default_factory=list)
    box: HalfBox = field(init=False)
    _link: Link = field(init=False)
    _mark: int = 0  # records before the request that was sent last
    _sequence: int = 1 << 14  # of requests that are sent around the box's own

    def __post_init__(self) -> None:
        self.channel = Recorded(self.channel, self.journal.passed)
        self.box = HalfBox(self.channel, self.name, self.now, self.begins)
        self._link = Link(self.channel, self.name, DEFAULT_PATIENCE, self.now)

    @property
    def can_hold(self) -> bool:
        """Whether it declares that its clock can be held and moved."""
        return TEST_CLOCK in self.hello.clock_modes

    def learn(self) -> None:
        """Asks what it declares. Raises `BenchError`."""
        self.begins()
        self.hello = self.box.hello()
        self._link.known_to_be_a_box, self._link.wake_bytes = True, self.hello.wake_bytes
        self._link.set_frame_limit(self.hello.frame_limit)

    def begins(self) -> None:
        """A request is about to be sent."""
        self._mark = len(self.journal.records)

    def passed(self) -> list[Passed]:
        """What passed on the line since then."""
        return list(frames(self.journal.records[self._mark :]))

    def next_frame(self, body: bytes, session: int | None = None, version: int = VERSION) -> Frame:
        """A request of a new sequence, in the current session where no other is given."""
        self._sequence += 1
        return Frame(FrameKind.REQUEST, self.hello.session if session is None else session, self._sequence, body, version)

    def ask(self, request: Frame) -> Frame | None:
        """The reply to a request that may be one that a host never sends, in whatever session it is. Raises `BenchError`."""
        self.begins()
        try:
            reply = self._exchange(request)
        except OtherVersion:  # of a line that echoes, it was the request's own
            reply = self._exchange(request)
        reply = reply or next((each for each in self._replies() if each.sequence == request.sequence), None)
        if reply is None and not any(each.direction == "in" for each in self.passed()):
            mark = self._mark
            self.box.hello()  # raises where nothing answers any more, which may be the line
            self._mark = mark
        return reply

    def _exchange(self, request: Frame) -> Frame | None:
        return self._link.exchange(request, DEFAULT_PATIENCE.sends, DEFAULT_PATIENCE.busy).reply

    def _replies(self) -> list[Frame]:
        came = [each.frame for each in self.passed() if each.direction == "in" and each.frame]
        return [frame for frame in came if frame.kind == FrameKind.REPLY]


def says_hello(ground: Ground) -> None:
    """A reply comes, is a frame and is a hello; else what came is told apart."""
    try:
        ground.learn()
    except (OtherVersion, BadAnswer) as wrong:
        raise _wrong_hello(ground, wrong) from None
    except LinkLost:
        raise
    except (NoAnswer, NotABox):
        raise _no_hello(ground) from None


def _no_hello(ground: Ground) -> Stuck:
    request = next(each.frame for each in ground.passed() if each.frame)
    oddity = what_came(request, _came(ground.journal.records))
    return Stuck(oddity.saw, oddity.must, oddity.place, oddity.often, oddity.verdict)


def _came(records: list[Record]) -> bytes:
    return b"".join(bytes.fromhex(r["hex"]) for r in records if r["record"] == "bytes" and r["direction"] == "in")


def _wrong_hello(ground: Ground, wrong: OtherVersion | BadAnswer) -> Stuck:
    frame = next((each.frame for each in ground.passed() if each.frame and each.direction == "in"), None)
    if frame is not None and frame.version != VERSION:
        return _no_hello(ground)
    saw = str(wrong).removeprefix(f"{ground.name}: ").partition(" (body: ")[0]
    if "its frame says" not in saw:
        return Stuck(saw, "the answer to hello with every key of the table", HELLO)
    often = "the two are taken from different variables, or one of them is sent least significant byte first"
    return Stuck(saw, "the same session in the header and under key 1 of hello", SESSIONS, often)


def declares_what_is_legal(ground: Ground) -> None:
    """A test build of a box, in one of the legal sets of classes and within the profile's ranges."""
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


def takes_every_byte_for_data(ground: Ground) -> None:
    """Also XOFF and XON, in this order, so that a line that stops at the first of them goes on at the second."""
    request = replace(ground.next_frame(write_request([Command(Code.HELLO)])), sequence=int.from_bytes(_XOFF_XON))
    if ground.ask(request) is not None:
        return
    right = by_hand.exchange_of(Code.HELLO, ground.hello.session, request.sequence)
    raise Stuck(
        "a hello with the bytes 0x13 and 0x11 in it gets no answer, and hello without them does",
        "the reply: every byte is data, and there is no flow control",
        LINE,
        "software flow control (XON/XOFF), which takes these two for itself: switch it off in the UART driver of the board, in the"
        " USB adapter and in the terminal server",
        Verdict.ERROR,
        right=replace(right, name="hello with both", request=request),
    )


def passes_over_damage(ground: Ground) -> None:
    """Each of the page's frames that get silence, and hello right after it: nothing else may be answered."""
    for each in json.loads(vectors.PATH.read_text(encoding="utf-8"))["silence"]:
        if each["name"] == _ENDED_BY_THE_NEXT:
            continue
        ground.begins()
        ground.channel.send(bytes.fromhex(each["line"]))
        try:
            hello = ground.box.hello()
        except NoAnswer as silence:
            saw = f"after {each['name']}, hello is not answered any more: {str(silence).removeprefix(ground.name + ': ')}"
            raise Stuck(saw, "silence to that, and the answer to hello", FRAMES, _DAMAGE) from None
        if _answered_before_the_last(ground):
            raise Stuck(f"{each['name']} is answered", "silence, and the answer to hello after it", FRAMES, _DAMAGE)
        if hello.session != ground.hello.session:
            saw = f"after {each['name']} the box has booted ({hello.reset_cause})"
            raise Stuck(saw, "silence to that, and the answer to hello in the same session", FRAMES, _CRASHED)


def _answered_before_the_last(ground: Ground) -> bool:
    """Something else than the last request has an answer. Text, noise and echoes are passed over, as a host does."""
    passed = [(each.direction, each.raw, each.frame) for each in ground.passed() if each.frame]
    out = {raw: frame.sequence for direction, raw, frame in passed if direction == "out"}
    last = list(out.values())[-1]
    return any(frame.sequence != last for direction, raw, frame in passed if direction == "in" and raw not in out)


_CRASHED = "what is decoded, or how long it is, is believed before its CRC is right: a write beyond the buffer, or a watchdog"
_DAMAGE = "the buffer is not given up at the next 0x00, or what is decoded is looked at before its CRC"


def repeats_its_reply(ground: Ground) -> None:
    """The same bytes get the same reply, others with that sequence an error. Hello in its session is kept as any request is."""
    request = ground.next_frame(write_request([Command(Code.HELLO)]))
    first, again = ground.ask(request), ground.ask(request)
    right = by_hand.exchange_of(Code.HELLO, ground.hello.session, request.sequence)
    right = replace(right, name="hello in its session", request=request)
    if first is None or again is None:
        which = "a hello in the current session" if first is None else "the same request, sent again,"
        raise Stuck(f"{which} is not answered", "the reply, and the same one again to the same bytes", SESSIONS, right=right)
    if not _says_hello(first):
        seen = f"a hello in the current session is answered otherwise: {_told(_rejection(first))}"
        raise Stuck(seen, "the map of hello", SESSIONS, right=right)
    if first != again:
        raise Stuck("a retry gets another reply than before", "the kept reply, byte for byte", SESSIONS, right=right)
    reused = replace(request, body=write_request([Command(Code.HELLO), Command(Code.HELLO)]))
    _must_reject(ground, "other bytes with the sequence of the kept request", reused, Rejection(Fault.SEQUENCE_REUSED))


def _says_hello(reply: Frame) -> bool:
    try:
        results = read_reply(reply.body, [Command(Code.HELLO)])
    except (BenchError, ValueError):
        return False
    return not isinstance(results, Rejection) and results[0].status is Status.OK


def _told(saw: Rejection | str) -> str:
    return saw if isinstance(saw, str) else f"rejected with {_in_words(saw)}"


def rejects_what_it_must(ground: Ground) -> None:
    """Every error of PROTOCOL.md but sequence-reused, with its detail and the current session in its header."""
    session, hello = ground.hello.session, write_request([Command(Code.HELLO)])
    over = session - 1 or session + 1
    _must_reject(ground, "a session that is over", ground.next_frame(hello, over), Rejection(Fault.STALE_SESSION))
    anything = write_request([Command(_NO_SUCH_COMMAND)])
    _must_reject(
        ground, "session 0 and not hello alone", ground.next_frame(anything, ANY_SESSION), Rejection(Fault.STALE_SESSION)
    )
    _must_reject(ground, "another version", ground.next_frame(hello, version=VERSION + 1), Rejection(Fault.BAD_VERSION, VERSION))
    _must_reject(ground, "a body without commands", ground.next_frame(encode([])), Rejection(Fault.MALFORMED))
    many = [Command(_NO_SUCH_COMMAND)] * (ground.hello.batch_limit + 1)
    too_large = Rejection(Fault.TOO_LARGE, ground.hello.batch_limit)
    _must_reject(ground, "one command more than batch_limit", ground.next_frame(write_request(many)), too_large)


def _must_reject(ground: Ground, what: str, request: Frame, rejection: Rejection) -> None:
    must = _in_words(rejection)
    right = Exchange(what, request, _reply(ground, request, write_rejection(rejection)))
    try:
        reply = ground.ask(request)
    except OtherVersion as other:
        raise Stuck(
            f"{what}: the header of the answer has version {other.version}",
            f"version {VERSION} in the header",
            SESSIONS,
            right=right,
        ) from None
    place = SESSIONS if rejection.fault in _OF_SESSIONS else "Errors"
    if reply is None:
        raise Stuck(f"{what}: no answer", must, place, "the request is dropped, and not rejected", right=right)
    saw = _rejection(reply)
    if isinstance(saw, str) or _differs(saw, rejection):
        raise Stuck(f"{what}: {_told(saw)}", must, place, right=right)
    if reply.session != ground.hello.session:
        seen = f"{what}: rejected in session {reply.session:08x}"
        raise Stuck(seen, f"the current session, {ground.hello.session:08x}, in the header", place, right=right)


def _in_words(rejection: Rejection) -> str:
    return f"error {rejection.fault:d}, {name_of(rejection.fault)}, detail {rejection.detail}"


def _differs(saw: Rejection, must: Rejection) -> bool:
    """No conclusion is drawn from an offset (PROTOCOL.md, "Offsets")."""
    return saw.fault is not must.fault or (must.fault is not Fault.MALFORMED and saw.detail != must.detail)


_OF_SESSIONS = {Fault.STALE_SESSION, Fault.SEQUENCE_REUSED, Fault.BAD_VERSION}


def _reply(ground: Ground, request: Frame, body: bytes) -> Frame:
    return Frame(FrameKind.REPLY, ground.hello.session, request.sequence, body)


def _rejection(reply: Frame) -> Rejection | str:
    """What is rejected and why, or what came instead."""
    try:
        saw = read_reply(reply.body, [])
    except BenchError as wrong:
        return f"not understood: {wrong}"
    except ValueError:
        return _diagnostic(reply)
    return saw if isinstance(saw, Rejection) else _diagnostic(reply)


def _diagnostic(reply: Frame) -> str:
    try:
        return f"carried out: {diagnostic(decode(reply.body))}"
    except CborError as wrong:
        return f"not understood: {wrong}"


def knows_what_it_does_not_know(ground: Ground) -> None:
    """A batch of commands that there are not: the first is unknown, and what comes after it not run."""
    commands = [Command(_NO_SUCH_COMMAND)] * min(2, ground.hello.batch_limit)
    must = [Result(Status.UNKNOWN_COMMAND), Result(Status.NOT_RUN)][: len(commands)]
    request = ground.next_frame(write_request(commands))
    reply = ground.ask(request)
    right = Exchange("no such command", request, _reply(ground, request, write_reply([[int(each.status)] for each in must])))
    words = ", ".join(f"status {each.status:d}, {name_of(each.status)}" for each in must)
    if reply is None or reply.body != right.reply.body:
        seen = "no answer" if reply is None else _diagnostic(reply)
        raise Stuck(f"command {_NO_SUCH_COMMAND}, which there is not: {seen}", words, REQUESTS, right=right)
