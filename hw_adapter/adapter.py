"""The host's end of the line: a box at the other end of a channel, spoken to as a `Box` (PROTOCOL.md, "What a host does").

Whatever goes wrong comes out as one `BenchError` that says what was seen and what to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Self, TypeVar

from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.board import Board
from lockproof.hw_adapter.channel import DEFAULT_LINE, Channel, LineSettings, OnBytes, Recorded, open_channel
from lockproof.hw_adapter.declaration import OtherVersion
from lockproof.hw_adapter.frame import Frame, FrameKind, body_room
from lockproof.hw_adapter.link import ANY_SESSION, Counters, Heard, Link, NothingAnswers, Patience
from lockproof.hw_adapter.messages import (
    COMMANDS,
    Code,
    Command,
    Fault,
    Rejection,
    Result,
    Status,
    declined,
    read_reply,
    write_request,
)
from lockproof.hw_adapter.reconnect import ComingBack, ReturningChannel
from lockproof.hw_adapter.values import Unreadable, name_of
from lockproof.spec.observable import (
    BenchError,
    ClockReading,
    CutClass,
    Decision,
    Hello,
    LogPage,
    NoAnswer,
    PowerCut,
    Provisioning,
)

Answer = TypeVar("Answer")

DEFAULT_PATIENCE: Final = Patience()
_SEQUENCES = 1 << 16
_A_LOOK_S = 0.001


class BadAnswer(BenchError):  # noqa: N818  (reads as what came)
    """A box answered what the protocol does not know."""


class SessionChanged(NoAnswer):
    """The box booted while a command was out."""


class NotCut(BenchError):  # noqa: N818  (reads as what happened)
    """A power cut was asked for, and the box did not boot."""


def open_box(
    url: str,
    line: LineSettings = DEFAULT_LINE,
    patience: Patience = DEFAULT_PATIENCE,
    on_bytes: OnBytes | None = None,
    back: ComingBack | None = None,
    board: Board | None = None,
) -> SerialBox:
    """Opens a port and says hello; `on_bytes` is told of every byte. A line that is lost later is waited for as `back` says.

    Without `back` it is not waited for. `board` is what is expected or known of the board that is to answer. Raises `PortError`,
    `NothingAnswers`, `NotABox`, `OtherVersion`, `BadAnswer`, `LinkLost`, `WrongBoard`.
    """
    board = board or Board(url)
    channel = open_channel(url, line) if back is None else _returning(url, line, back, board)
    box = SerialBox(channel if on_bytes is None else Recorded(channel, on_bytes), url, patience, board=board)
    try:
        box.hello()
    except BaseException:
        box.close()
        raise
    return box


def _returning(url: str, line: LineSettings, back: ComingBack, board: Board) -> Channel:
    return ReturningChannel(url, lambda where: open_channel(where, line), back, board.doubt)


class SerialBox:
    """A `Box` at the other end of `channel`; `name` stands in front of every message, as a rule the URL of the port."""

    def __init__(
        self,
        channel: Channel,
        name: str = "box",
        patience: Patience = DEFAULT_PATIENCE,
        now: Callable[[], float] = time.monotonic,
        board: Board | None = None,
    ) -> None:
        self.name = name
        self._board = board or Board(name)
        self._patience = patience
        self._link = Link(channel, name, patience, now)
        self._hello: Hello | None = None
        self._session_lost = True
        self._sequence = 0

    @property
    def session(self) -> int:
        """The session that the box was in when it last said so, 0 if it never did."""
        return self._hello.session if self._hello else 0

    @property
    def counters(self) -> Counters:
        """What the link has cost so far."""
        return self._link.counters

    def stand_by(self) -> None:
        """For whoever waits while nothing is asked. Raises `LinkLost` where the line is gone."""
        self._link.ignore_for(_A_LOOK_S)

    def close(self) -> None:
        """Give the line back."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a bench does to a box

    def hello(self) -> Hello:
        """Asks the box anew. It changes nothing in the box and may be asked at any time."""
        commands = [Command(Code.HELLO)]
        request = self._frame(ANY_SESSION, write_request(commands))
        self._session_lost = True
        heard = self._link.exchange(request, self._sends_over_a_boot(), self._patience.busy)
        if heard.reply is None:
            raise self._link.nobody(heard)
        results = self._read(heard.reply, commands)
        if isinstance(results, Rejection):
            if results.fault is Fault.BAD_VERSION:
                raise OtherVersion(self.name, str(results.detail))
            raise BadAnswer(f"{self.name}: hello was rejected: {name_of(results.fault)}; a box takes it at any time")
        return self._learn(results[0], heard.reply)

    def reset(self) -> None:
        self._ask(Code.RESET)

    def provision(self, provisioning: Provisioning) -> None:
        self._ask(Code.PROVISION, provisioning)

    def time_order(self, order: bytes) -> Decision:
        return self._told(Decision, Code.TIME_ORDER, order)

    def revocation_order(self, order: bytes) -> Decision:
        return self._told(Decision, Code.REVOCATION_ORDER, order)

    def enter(self, digits: str) -> Decision:
        return self._told(Decision, Code.KEYPAD_ENTRY, digits)

    def challenge(self) -> bytes:
        return self._told(bytes, Code.CHALLENGE)

    def present(self, ticket: bytes) -> Decision:
        return self._told(Decision, Code.PRESENT_TICKET, ticket)

    def read_log(self, from_number: int) -> LogPage:
        return self._told(LogPage, Code.READ_LOG, from_number)

    def read_clock(self) -> ClockReading:
        return self._told(ClockReading, Code.CLOCK_READ)

    def hold_clock(self, held: bool) -> ClockReading:
        return self._told(ClockReading, Code.CLOCK_HOLD, held)

    def advance_clock(self, seconds: int) -> ClockReading:
        return self._told(ClockReading, Code.CLOCK_ADVANCE, seconds)

    def disturb_clock(self, seconds: int) -> ClockReading:
        return self._told(ClockReading, Code.CLOCK_DISTURB, seconds)

    def cut_power(self, cut: PowerCut) -> None:
        """Raises `NotCut` where the box did not boot. An armed cut comes out later, as `NoAnswer` from what it strikes."""
        self._ask(Code.POWER_CUT, cut)

    def perform(self, commands: Sequence[Command]) -> list[Result]:
        """Carries out commands in one request, up to the first that is not ok; the rest comes back as not-run.

        A power cut at its end is over, and the box has booted, when this returns. Raises `NoAnswer` where it is unknown what
        was done, `NotCut`, `BadAnswer`, `OtherVersion`, and `BenchError` for commands that do not fit one request.
        """
        return self.begin(commands)()

    def begin(self, commands: Sequence[Command]) -> Callable[[], list[Result]]:
        """Sends commands in one request and does not wait: the function that comes back does, and returns as `perform` does.

        It is to be called, once, before this box is asked for anything else. Raises `BenchError` where nothing was sent.
        """
        if [command.code for command in commands] == [Code.HELLO]:
            found = [Result(Status.OK, self.hello())]
            return lambda: found
        hello = self._known()
        request = self._request(commands, hello)
        self._session_lost = True
        heard = self._link.begin(request)
        return lambda: self._finish(request, heard, commands, hello)

    def fits(self, commands: Sequence[Command]) -> bool:
        """Whether commands fit one request of this box: how many, in how many bytes, and which of them stand last or alone."""
        hello = self._hello or self.hello()  # the last one heard: a request may be out
        if len(commands) > hello.batch_limit or any(_stands_last(command) for command in commands[:-1]):
            return False
        if len(commands) > 1 and commands[-1].code == Code.HELLO:
            return False
        try:
            return len(write_request(commands)) <= body_room(hello.frame_limit)
        except (cbor.CborError, Unreadable):
            return False

    def _told(self, kind: type[Answer], code: Code, argument: Any = None) -> Answer:
        value = self._ask(code, argument)
        assert isinstance(value, kind)
        return value

    def _ask(self, code: Code, argument: Any = None) -> Any:
        command = Command(code, argument)
        (result,) = self.perform([command])
        if result.status is not Status.OK:
            raise declined(self.name, command, result.status)
        return result.value

    def _known(self) -> Hello:
        """What the box declares, asked anew where its session may be another."""
        return self.hello() if self._hello is None or self._session_lost else self._hello

    # One request

    def _request(self, commands: Sequence[Command], hello: Hello) -> Frame:
        if not 1 <= len(commands) <= hello.batch_limit:
            raise BenchError(f"{self.name}: {len(commands)} commands in one request; this box takes 1 to {hello.batch_limit}")
        try:
            body = write_request(commands)
        except (cbor.CborError, Unreadable) as wrong:
            raise BenchError(f"{self.name}: {_names(commands)} can't be sent: {wrong}") from None
        room = body_room(hello.frame_limit)
        if len(body) > room:
            raise BenchError(
                f"{self.name}: {_names(commands)} takes {len(body)} bytes, and a frame of this box has room for {room};"
                " send fewer commands at once, a shorter message, or a zone table of fewer pairs"
            )
        self._board.asked(commands)
        return self._frame(hello.session, body)

    def _frame(self, session: int, body: bytes) -> Frame:
        self._sequence = (self._sequence + 1) % _SEQUENCES
        return Frame(FrameKind.REQUEST, session, self._sequence, body)

    def _finish(self, request: Frame, heard: Heard, commands: Sequence[Command], hello: Hello) -> list[Result]:
        """The reply to a request that is out, and, where it ends with a power cut, the boot after it."""
        cut = _cut_at_the_end(commands)
        try:
            results = self._results(request, heard, commands, hello)
        except SessionChanged:
            if not cut or len(commands) > 1 or commands[0].argument.off_for:
                raise
            return [Result(Status.OK)]  # the answer was lost; the new session says that power was cut
        if cut and results[-1].status is Status.OK:
            self._see_it_boot(hello)
        return results

    def _results(self, request: Frame, heard: Heard, commands: Sequence[Command], hello: Hello) -> list[Result]:
        busy = max(self._patience.busy, hello.reset_ms / 1000 + self._patience.boot_margin)
        self._link.finish(request, heard, self._patience.sends, busy)
        if heard.reply is None:
            raise self._unanswered(heard, commands, hello)
        self._session_lost = False
        results = self._read(heard.reply, commands)
        if isinstance(results, Rejection):
            raise self._rejected(results, commands, hello)
        return results

    def _read(self, reply: Frame, commands: Sequence[Command]) -> list[Result] | Rejection:
        try:
            results = read_reply(reply.body, commands)
        except (cbor.CborError, Unreadable) as wrong:
            body = reply.body.hex(" ")
            raise BadAnswer(f"{self.name}: the answer to {_names(commands)} is not understood: {wrong} (body: {body})") from None
        except OtherVersion as other:
            raise OtherVersion(self.name, other.version) from None
        if not isinstance(results, Rejection):
            self._board.answered(commands, results)
        return results

    def _unanswered(self, heard: Heard, commands: Sequence[Command], hello: Hello) -> BenchError:
        """No answer after all retries. A hello finds out whether the box is there, and still the same, for the message."""
        seen = f"{self.name}: no answer to {_names(commands)}: {self._link.describe(heard)}"
        try:
            now = self.hello()
        except NoAnswer as silence:
            kind = NothingAnswers if isinstance(silence, NothingAnswers) and not heard.total else NoAnswer
            return kind(f"{seen}; what it did is unknown\n    {silence}")
        if now.session != hello.session:
            return SessionChanged(f"{seen}; the box has booted since ({now.reset_cause}), and what it did is unknown")
        return NoAnswer(f"{seen}; the box is there and has not booted, and what it did is unknown")

    def _rejected(self, rejection: Rejection, commands: Sequence[Command], hello: Hello) -> BenchError:
        what, fault = f"{self.name}: {_names(commands)}", name_of(rejection.fault)
        if rejection.fault is Fault.STALE_SESSION:
            now = self.hello()
            sessions = f"session {hello.session}, now {now.session}"
            return SessionChanged(f"{what}: the box has booted ({sessions}; {now.reset_cause}), and what it did is unknown")
        if rejection.fault is Fault.BAD_VERSION:
            return OtherVersion(self.name, str(rejection.detail))
        return BadAnswer(
            f"{what}: the whole request was rejected: {fault} (error {rejection.fault}, detail {rejection.detail});"
            " by this program's reading it was right: compare its frame with PROTOCOL.md"
        )

    # Sessions and boots

    def _learn(self, result: Result, reply: Frame) -> Hello:
        if result.status is not Status.OK:
            raise BadAnswer(f"{self.name}: hello was answered with status {result.status}, {name_of(result.status)}")
        hello: Hello = result.value
        if hello.session != reply.session:
            raise BadAnswer(f"{self.name}: hello says session {hello.session}, its frame says {reply.session}")
        self._board.heard(hello)
        self._hello, self._session_lost = hello, False
        self._link.wake_bytes, self._link.known_to_be_a_box = hello.wake_bytes, True
        self._link.set_frame_limit(hello.frame_limit)
        return hello

    def _see_it_boot(self, before: Hello) -> None:
        """A new session is the proof that power was cut."""
        self._session_lost = True
        self._link.ignore_for(before.boot_ms / 1000)
        if self.hello().session == before.session:
            raise NotCut(
                f"{self.name}: power was to be cut, and the session is still {before.session}: the box did not boot,"
                " or does not draw a new session when it does"
            )

    def _sends_over_a_boot(self) -> tuple[float, ...]:
        """Hellos for as long as the box may take to boot, and a margin."""
        sends = self._patience.sends
        if self._hello is not None:
            longest = self._hello.boot_ms / 1000 + self._patience.boot_margin
            while sum(sends) < longest:
                sends = (*sends, sends[-1])
        return sends


def _stands_last(command: Command) -> bool:
    """Nothing may come after it in its request."""
    kind = COMMANDS.get(command.code)
    return command.code == Code.HELLO or (kind is not None and kind.stands_last)


def _cut_at_the_end(commands: Sequence[Command]) -> bool:
    """These commands end with a power cut that strikes at once."""
    last = commands[-1].argument if commands else None
    return isinstance(last, PowerCut) and last.cut is CutClass.RESET


def _names(commands: Sequence[Command]) -> str:
    return ", ".join(COMMANDS[each.code].name if each.code in COMMANDS else f"command {each.code}" for each in commands)
