"""What goes to the box, and the records of it: commands whose answers nothing hangs on travel together, in one request.

At most one request is out. While it is, the answers of the last one are written down and judged, the next one is made ready,
and whatever else was to be done meanwhile is done: between an answer and the next request the line stands still. What is
recorded keeps its order: each command, then its answer, and what was done at the authority in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from lockproof.conformance import ctrl_c
from lockproof.conformance.journal import Record
from lockproof.hw_adapter.messages import COMMANDS, Code, Command, Result, Status, declined
from lockproof.spec.observable import BenchError, Box, NoAnswer

Write = Callable[..., object]
"""Writes a record of the scenario being played: its kind, then its fields."""


@runtime_checkable
class Line(Protocol):
    """A box that takes several commands in one request, such as `lockproof.hw_adapter.adapter.SerialBox`."""

    @property
    def name(self) -> str:
        """Stands in front of messages."""

    def fits(self, commands: Sequence[Command]) -> bool:
        """Whether the box takes these commands in one request."""

    def begin(self, commands: Sequence[Command]) -> Callable[[], list[Result]]:
        """Sends them; the function that comes back waits for the results."""


@dataclass(frozen=True, slots=True)
class Methods:
    """A box that is nothing but its methods, as in this process: one command after the other."""

    box: Box
    name: str = "box"

    def fits(self, commands: Sequence[Command]) -> bool:
        return len(commands) <= 1

    def begin(self, commands: Sequence[Command]) -> Callable[[], list[Result]]:
        return lambda: [Result(Status.OK, COMMANDS[each.code].run(self.box, each.argument)) for each in commands]


@dataclass(slots=True)
class Note:
    """A record of something other than a command."""

    kind: str
    fields: Record
    late: Callable[[], Record] | None = None  # what is known only when the commands before it are answered


@dataclass(slots=True)
class Sent:
    """A command with what its record says, and what is made of its answer."""

    command: Command
    fields: Record
    made_of: Callable[[Any], Any] | None  # the answer that is recorded, from the value that came
    then: Callable[[Any], object] | None  # is told that answer
    made: Callable[[Sent], Command] | None = None  # the command itself, once what it hangs on is answered; of the same size
    batch: int = 0
    recorded: bool = False
    answered: bool = False
    answer: Any = None


@dataclass(slots=True)
class Outbox:
    """Sends commands to a box. With `one_at_a_time` every command is a request of its own, answered before anything else."""

    line: Line
    write: Write
    of_a_loss: Callable[[NoAnswer], Record]  # what is recorded of a missing answer
    sending: Callable[[int], object] = lambda _: None  # is told the number of each request as it goes out
    one_at_a_time: bool = False
    _unwritten: deque[Note | Sent] = field(default_factory=deque)
    _waiting: list[Sent] = field(default_factory=list)  # to be sent
    _out: list[Sent] = field(default_factory=list)  # sent, and not answered yet
    _results: Callable[[], list[Result]] = list
    _batches: int = 0
    _jobs: deque[Callable[[], object]] = field(default_factory=deque)

    def note(self, kind: str, late: Callable[[], Record] | None = None, **fields: Any) -> None:
        """Record something, after what came before it: at once where commands go one at a time, else when a request is out.

        `late` gives the fields that hang on the answers before it.
        """
        self._unwritten.append(Note(kind, fields, late))
        if self.one_at_a_time:
            self._write()

    @property
    def settled(self) -> bool:
        """Whatever was put is answered, or came to nothing."""
        return not self._waiting and not self._out

    def meanwhile(self, job: Callable[[], object]) -> None:
        """Have something done the next time that a request is out; never, if none is sent any more."""
        self._jobs.append(job)

    def put(
        self,
        command: Command,
        fields: Record,
        made_of: Callable[[Any], Any] | None = None,
        then: Callable[[Any], object] | None = None,
        made: Callable[[Sent], Command] | None = None,
    ) -> Sent:
        """Have a command sent, at the latest when an answer is needed. Raises what an earlier request came to.

        One that hangs on the answer to the last of those before it is `made` when that has come; `command` is as large.
        """
        if self._waiting and (made or not self._goes_with(command)):
            self._send()
        sent = Sent(command, fields, made_of, then, made)
        self._unwritten.append(sent)
        self._waiting.append(sent)
        if self.one_at_a_time:
            self.settle()
        return sent

    def answer(self, sent: Sent) -> Any:
        """The answer to a command, waited for. Raises `NoAnswer`, `Declined` and whatever else its request came to."""
        if not sent.answered:
            self.catch_up()
        return sent.answer

    def aside(self, command: Command) -> Any:
        """The answer to a command that has no record of its own. While it is out, what was answered before is written down."""
        finish = self.line.begin([command])
        self._write()
        (result,) = finish()
        if result.status is not Status.OK:
            raise declined(self.line.name, command, result.status)
        return result.value

    def send(self) -> None:
        """Everything is sent; the answers may still be to come."""
        if self._waiting:
            self._send()

    def catch_up(self) -> None:
        """Everything is sent and answered; the last answers may not be written down yet."""
        self.send()
        self._await()

    def settle(self) -> None:
        """Everything is sent, answered and written down."""
        self.catch_up()
        self._write()

    def write_down(self) -> None:
        """Whatever is answered is written down, and nothing is sent or waited for."""
        self._write()

    def abandon(self) -> None:
        """What is not sent yet never is; what is out is waited for and written down."""
        for sent in self._waiting:
            self._unwritten.remove(sent)
        self._waiting = []
        self._await()
        self._write()

    # Requests

    def _goes_with(self, command: Command) -> bool:
        """A power cut goes alone: where its answer is lost, the new session says all that it said."""
        if Code.POWER_CUT in {command.code, self._waiting[-1].command.code}:
            return False
        return self.line.fits([*(sent.command for sent in self._waiting), command])

    def _send(self) -> None:
        """Send what waits, and write down what was answered while the line is at work."""
        self._await()
        for sent in self._waiting:
            if sent.made:
                sent.command = sent.made(sent)
        self._out, self._waiting = self._waiting, []
        self._batches += 1
        for sent in self._out:
            sent.batch = self._batches
        first = self._out[0].command.code
        if (
            self.one_at_a_time or first == Code.POWER_CUT
        ):  # on record before it goes out: this program may end before it comes back
            self._write()
            self._write_command(self._out[0])
        self.sending(self._batches)
        try:
            self._results = self.line.begin([sent.command for sent in self._out])
        except BenchError as wrong:
            self._give_up(wrong)
        self._write()

    def _await(self) -> None:
        """Wait for what is out, once all is done that was to be done meanwhile."""
        if not self._out:
            return
        while self._jobs:
            self._jobs.popleft()()
        try:
            for sent, result in zip(self._out, self._results(), strict=True):
                if result.status is not Status.OK:
                    raise declined(self.line.name, sent.command, result.status)
                sent.answer = sent.made_of(result.value) if sent.made_of else result.value
                sent.answered = True
                if sent.then:
                    sent.then(sent.answer)
        except BenchError as wrong:
            self._give_up(wrong)
        self._out = []

    # Records

    def _write(self) -> None:
        """Write down everything up to the first command that is not answered."""
        while self._unwritten:
            first = self._unwritten[0]
            if isinstance(first, Sent) and not first.answered:
                return
            with ctrl_c.held():  # what is taken out is written down
                self._unwritten.popleft()
                if isinstance(first, Note):
                    self.write(first.kind, **first.fields, **(first.late() if first.late else {}))
                else:
                    self._write_command(first)
                    self.write("answer", value=first.answer)

    def _write_command(self, sent: Sent) -> None:
        if sent.recorded:
            return
        sent.recorded = True
        self.write("command", **sent.fields, batch=sent.batch)

    def _give_up(self, wrong: BenchError) -> None:
        """The request that is out came to nothing: write down how far it got, and that the rest of it had no answer.

        Of one that had no answer at all, any number of commands from the first on may have been carried out, and each is
        written down; of one that a box declined at some command, nothing after that was carried out.
        """
        lost = [sent for sent in self._out if not sent.answered]
        self._out, self._waiting = [], []
        self._write()
        if not isinstance(wrong, NoAnswer):
            self._write_command(lost[0])
            self._unwritten.clear()
            raise wrong
        told, gone = self._told(wrong)
        while lost:
            record = self._unwritten.popleft()
            if isinstance(record, Note):
                if record.late is None:
                    self.write(record.kind, **record.fields)
            else:
                lost.remove(record)
                self._write_command(record)
                self.write("no-answer", message=str(wrong), batch=record.batch, **({} if lost else told))
        self._unwritten.clear()
        raise gone or wrong

    def _told(self, wrong: NoAnswer) -> tuple[Record, BenchError | None]:
        """What is recorded of the last missing answer; of a box that is gone nothing, and that it is."""
        try:
            return self.of_a_loss(wrong), None
        except BenchError as gone:
            return {}, gone
