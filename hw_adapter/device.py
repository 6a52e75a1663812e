"""The box's end of the line: the command loop of PROTOCOL.md around any `Box`. Bytes in, bytes out; no port, clock or thread.

It does what a firmware has to do, in the order in which it has to do it, and serves the reference box and faulty ones.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import accumulate, takewhile

from lockproof.hw_adapter import cbor
from lockproof.hw_adapter.cbor import Value
from lockproof.hw_adapter.frame import VERSION, Frame, FrameKind, FrameReader, body_room, encode_frame
from lockproof.hw_adapter.messages import (
    COMMANDS,
    Code,
    Command,
    CommandKind,
    Fault,
    Rejection,
    Status,
    read_command,
    read_request,
    write_entry,
    write_rejection,
    write_reply,
    write_request,
    write_result,
)
from lockproof.hw_adapter.values import Unreadable, name_of
from lockproof.spec.observable import BenchError, Box, CutClass, Declined, LogPage, NoAnswer, PowerCut

_STATUS_OF = {name_of(status): status for status in Status}
_ANY_SESSION = 0
_HELLO_ALONE = write_request([Command(Code.HELLO)])


class Device:
    """Serves `box` on a line. With `production`, it refuses every test command, as a production build does.

    The session is the box's own, from its hello: it is the box that boots.
    """

    def __init__(self, box: Box, *, production: bool = False) -> None:
        self._box = box
        self._production = production
        self._underway: Frame | None = None
        self._boot()

    def feed(self, data: bytes) -> bytes:
        """Takes bytes from the line, carries out what they ask for, and returns the bytes to answer with.

        Nothing that a line can bring raises. Where power is cut, the rest of `data` is lost with it.
        """
        answers = b""
        reader = self._reader
        for received in reader.feed(data):
            if received.frame is not None and received.frame.kind == FrameKind.REQUEST:
                answers += self._serve(received.frame)
            if self._reader is not reader:
                break
        return answers

    def busy(self) -> bytes:
        """The busy frame for the request under way, empty if there is none. May be called from another thread."""
        request = self._underway
        if request is None:
            return b""
        return encode_frame(Frame(FrameKind.BUSY, self._session, request.sequence, cbor.encode([])))

    @property
    def session(self) -> int:
        """The session of the box."""
        return self._session

    @property
    def boot_s(self) -> float:
        """How long the box declares that it takes to boot, in seconds."""
        return self._hello.boot_ms / 1000

    def lose_power(self, at_write: int = 0) -> None:
        """Power fails by itself, not at a host's command: now, or as that write from now begins, whatever asks for it.

        Now, the box has booted when this returns, and a request that it had half heard is gone.
        """
        if at_write:
            self._box.cut_power(PowerCut(CutClass.NTH_WRITE, nth=at_write))
            return
        with contextlib.suppress(NoAnswer):
            self._box.cut_power(PowerCut())
        self._boot()

    def _boot(self) -> None:
        """What a box knows of the line when it has just booted."""
        self._hello = self._box.hello()
        self._session = self._hello.session
        self._reader = FrameReader(self._hello.frame_limit)
        self._last: Frame | None = None
        self._last_reply = b""
        self._power_goes = False

    # One request

    def _serve(self, request: Frame) -> bytes:
        self._underway = request
        try:
            answer = self._answer(request)
        except NoAnswer:  # an armed power cut struck: there is no one left to answer
            self._boot()
            return b""
        finally:
            self._underway = None
        if self._power_goes:
            self._boot()
        return answer

    def _answer(self, request: Frame) -> bytes:
        if request.version != VERSION:
            return self._reject(request, Fault.BAD_VERSION, VERSION)
        if request.session == _ANY_SESSION and request.body == _HELLO_ALONE:
            self._last = None  # a host begins anew: whatever sequence it begins with is a new request
            return self._reply(request, self._carry_out([[int(Code.HELLO)]]))
        if request.session != self._session:
            return self._reject(request, Fault.STALE_SESSION)
        if request == self._last:
            return self._last_reply
        if self._last is not None and request.sequence == self._last.sequence:
            return self._reject(request, Fault.SEQUENCE_REUSED)
        return self._answer_new(request)

    def _answer_new(self, request: Frame) -> bytes:
        try:
            commands = read_request(request.body)
        except cbor.CborError as wrong:
            return self._reject(request, Fault.MALFORMED, wrong.offset)
        if len(commands) > self._hello.batch_limit:
            return self._reject(request, Fault.TOO_LARGE, self._hello.batch_limit)
        self._last_reply = self._reply(request, self._carry_out(commands))
        self._last = request
        return self._last_reply

    def _reply(self, request: Frame, results: list[list[Value]]) -> bytes:
        return encode_frame(Frame(FrameKind.REPLY, self._session, request.sequence, write_reply(results)))

    def _reject(self, request: Frame, fault: Fault, detail: int = 0) -> bytes:
        body = write_rejection(Rejection(fault, detail))
        return encode_frame(Frame(FrameKind.REPLY, self._session, request.sequence, body))

    # Its commands

    def _carry_out(self, commands: list[list[Value]]) -> list[list[Value]]:
        """One after the other up to the first error; what comes after that is not run."""
        results: list[list[Value]] = []
        for values in commands:
            try:
                results.append(self._result(values, results, len(commands)))
            except Declined as declined:
                results.append([int(_STATUS_OF[declined.why])])
                break
        return results + [[int(Status.NOT_RUN)]] * (len(commands) - len(results))

    def _result(self, values: list[Value], before: list[list[Value]], batch: int) -> list[Value]:
        code, *arguments = values
        kind = COMMANDS.get(code) if isinstance(code, int) else None
        if kind is None:
            raise Declined("unknown-command", f"no command has the code {cbor.diagnostic(code)}")
        if kind.test and self._production:
            raise Declined("refused", f"{kind.name} is a test command, and this is a production build")
        command = self._read(kind, arguments, len(before), batch)
        self._refuse_unless_supported(command)
        answer = self._run(kind, command)
        if isinstance(answer, LogPage):
            answer = self._fitted(kind, answer, before)
        return write_result(kind, answer)

    def _read(self, kind: CommandKind, arguments: list[Value], place: int, batch: int) -> Command:
        if kind.code is Code.HELLO and batch > 1:
            raise Declined("bad-arguments", "hello stands alone in its request")
        if kind.stands_last and place < batch - 1:
            raise Declined("bad-arguments", f"{kind.name} stands last in its request")
        try:
            return read_command(kind, arguments)
        except Unreadable as wrong:
            raise Declined("bad-arguments", str(wrong)) from None

    def _refuse_unless_supported(self, command: Command) -> None:
        """What the box declares that it can't do is not asked of it."""
        hello, clock_moves = self._hello, bool({"model", "test-clock"} & set(self._hello.clock_modes))
        if command.code in (Code.REVOCATION_ORDER, Code.PRESENT_TICKET) and "code-only" in hello.classes:
            raise Declined("unsupported", "a box without an app takes no tickets")
        if command.code in (Code.CLOCK_HOLD, Code.CLOCK_ADVANCE) and not clock_moves:
            raise Declined("unsupported", "this box has no clock mode in which its clock can be held or advanced")
        if command.code == Code.CLOCK_DISTURB and not hello.disturbs_clock:
            raise Declined("unsupported", "the clock of this box can't be disturbed")
        if command.code == Code.POWER_CUT:
            cut = command.argument
            if cut.cut not in hello.cut_classes or (cut.off_for and not clock_moves):
                raise Declined("unsupported", "this box has no such power cut")

    def _run(self, kind: CommandKind, command: Command) -> object:
        cuts_now = kind.code is Code.POWER_CUT and command.argument.cut is CutClass.RESET
        try:
            answer = kind.run(self._box, command.argument)
        except NoAnswer:
            if not cuts_now:
                raise
            answer = None
        except Declined:
            raise
        except BenchError as wrong:  # the box can make nothing of what it was given
            raise Declined("bad-arguments", str(wrong)) from wrong
        self._power_goes = cuts_now
        return replace(answer, production=self._production) if kind.code is Code.HELLO else answer

    def _fitted(self, kind: CommandKind, page: LogPage, before: list[list[Value]]) -> LogPage:
        """As many of the entries as the rest of the reply has room for."""
        room = body_room(self._hello.frame_limit)
        ends = accumulate(len(cbor.encode(write_entry(entry))) for entry in page.entries)
        kept = sum(1 for _ in takewhile(lambda end: end <= room, ends))  # not more, as the rest of the reply takes room, too
        while len(write_reply([*before, write_result(kind, _first_entries(page, kept))])) > room:
            kept -= 1
        return _first_entries(page, kept)


def _first_entries(page: LogPage, kept: int) -> LogPage:
    if kept == len(page.entries):
        return page
    return LogPage(page.epoch, page.entries[:kept], page.entries[kept].number, more=True)
