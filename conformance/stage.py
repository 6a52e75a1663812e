"""One scenario being played: who and what there is, what has been made so far, and how all that is done is recorded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lockproof.conformance import ctrl_c, words
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.oracle import Judge
from lockproof.conformance.outbox import Line, Methods, Outbox, Sent
from lockproof.conformance.pace import Missed, Pace, PlayAgain
from lockproof.conformance.scenario import Scenario, ScenarioError, Step
from lockproof.hw_adapter.messages import Code, Command
from lockproof.reference.authority import Generator
from lockproof.reference.credentials import BoxKeys, interop_digits
from lockproof.reference.days import Days, Zones
from lockproof.spec.observable import (
    SELF_REPORTED,
    Answer,
    Authority,
    Box,
    ClockReading,
    CodeIndex,
    Decision,
    Hello,
    LinkLost,
    NoAnswer,
    ObservedDecision,
    Provisioning,
)
from lockproof.spec.profile import Profile

BOX, OTHER_BOX = "box", "other-box"

OPENS = ("enter", "present")
"""Commands upon which a box may open. A second one would be another presentation, so they are not sent again."""
MOVES_THE_CLOCK = ("advance_clock", "disturb_clock", "cut_power")
_MICRO = 1_000_000
_WRITES_AT_A_BOOT = 2
MOST_REPEATS = 5  # of a request on a line that loses answers

Made = TypeVar("Made")
Then = Callable[[Any], object]


class NotStruck(PlayAgain):
    """Power was to fail at a write, and the box has booted at another."""


class LineWasLost(PlayAgain):
    """While it was, nobody knows what became of the box: how long it was without power, and what its clock did."""


class LostTogether(NoAnswer):
    """No answer came to several commands in one request; sent one at a time, what can be done twice is sent again."""


def session_of(box: Box, last: int) -> int:
    """The session that the box was in when something was last heard of it; `last` where a box does not keep that."""
    return getattr(box, "session", 0) or last


@dataclass(frozen=True, slots=True)
class Nonce:
    number: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    message: bytes
    meaning: dict[str, Any]


@dataclass(slots=True)
class Stage:
    """One scenario being played. With `one_at_a_time` each command is a request of its own."""

    scenario: Scenario
    box: Box
    authority: Authority
    journal: Journal
    judge: Judge
    calendar: words.Calendar
    now: int
    profile: Profile
    box_id: bytes
    keys: BoxKeys
    other_id: bytes
    seed: str  # wrong digits follow from it
    one_at_a_time: bool = False
    generator: Generator = interop_digits
    supply: bool = False  # the bench can cut the supply itself
    unsteady: bool = False  # the box has booted, and nobody had cut its power
    pace: Pace | None = None  # where its clock runs
    ahead: int = 0  # seconds by which its clock is to be ahead of the scenario's time
    aimed: bool = False  # commands are for their second
    judged: bool = False  # the authority is, so that what it makes is looked at where it is made
    without_box: bool = False  # it is asked nothing, and told nothing
    outbox: Outbox = field(init=False)
    step: Step | None = None
    days: Days | None = None
    session: int = 0
    armed: bool = False
    timer: int = 0  # of the box, when it was last read
    _command: Record = field(default_factory=dict)  # the one recorded last
    last_order: tuple[int, float, float] | None = None  # the last value that a running clock took, and when
    _struck: int | None = None  # for how long power was away, by the cut that took the last answer
    off_for: int = 0
    slipped: int = 0  # seconds by which a power cut made what follows at once late
    strikes_at: int = 0  # the write at which an armed cut strikes, from 1
    armed_at: int = 0  # writes of the box, by its own count, when that was armed
    wrong_entries: int = 0
    writes: int = 0  # of the box, when this was last looked at
    places: dict[str, str] = field(default_factory=dict)  # of boxes, where they are at another property than the first
    issued: set[tuple[str, CodeIndex]] = field(default_factory=set)
    known_used: set[tuple[bytes, CodeIndex]] = field(default_factory=set)  # codes of a box, of whose use the authority has heard
    codes: dict[str, Answer] = field(default_factory=dict)
    grants: dict[str, tuple[Answer, dict[str, Any]]] = field(default_factory=dict)
    nonces: list[bytes] = field(default_factory=list)  # every one that was asked for
    named_nonces: dict[str, Nonce] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    spans: dict[str, words.Span] = field(default_factory=dict)

    def __post_init__(self) -> None:
        line = self.box if isinstance(self.box, Line) else Methods(self.box)
        alone = self.one_at_a_time or line is not self.box
        self.outbox = Outbox(line, self._record, self._of_a_loss, self._sending, one_at_a_time=alone)
        session = session_of(self.box, 0) or self.box.hello().session
        if self.pace and self.pace.session != session:
            self.write("booted")
        self._is_in(session)

    # What goes into the journal

    def _sending(self, batch: int) -> None:
        """Whatever passes on the line from here on is of this request; what is recorded of its commands comes later."""
        self.journal.write("sent", batch=batch)

    @ctrl_c.held()  # what is written down is judged, too
    def _record(self, kind: str, **fields: Any) -> None:
        booted = kind == "answer" and self._booted_unseen()
        if booted:  # before the command or after it, so that the answer says nothing
            kind, fields = "no-answer", {"message": "the box booted of itself", "booted": True, "unsteady": True}
        if kind == "answer":
            fields |= self._heard(fields["value"])
        if self.pace:
            fields |= self._instant(kind, self.pace)
        record = self.journal.write(kind, **fields)
        if kind == "command":
            self._command = record
        elif self.pace:
            self._learn(record, self.pace)
        self.judge.see(record)
        if booted:
            raise PlayAgain("the box booted of itself, and nobody knows before which command")

    def _instant(self, kind: str, pace: Pace) -> Record:
        """Before its record a command was not sent; at its record an answer was there."""
        now = pace.now()
        if kind == "command":
            return {"sent": math.floor(now * _MICRO) / _MICRO}
        return {"received": math.ceil(now * _MICRO) / _MICRO} if kind in {"answer", "no-answer", "booted"} else {}

    def _learn(self, record: Record, pace: Pace) -> None:
        if record["record"] == "answer":
            pace.answered(self._command, record)
            if self._command["name"] == "time_order" and record["value"]["accepted"]:
                self.last_order = (self._command["meaning"]["value"], self._command["sent"], record["received"])
        elif record["record"] == "no-answer":
            struck, self._struck = self._struck, None
            pace.unanswered(self._command, record, struck)
        elif record["record"] == "booted":
            pace.booted()

    def _heard(self, value: Any) -> Record:
        """What is recorded of an answer beside its value: who says whether the box opened, and what the box said if that is another."""
        self._is_in(session_of(self.box, self.session))
        if isinstance(value, ClockReading):
            self.timer = value.timer
        if isinstance(value, ObservedDecision):
            seen = Decision(value.accepted, value.reason, value.box_time)
            return {"value": seen, "observed_by": value.observed_by, "reported": value.reported}
        return {"observed_by": SELF_REPORTED} if self._command["name"] in OPENS else {}

    def _booted_unseen(self) -> bool:
        """Whether it has booted of itself since the last answer: this one came in another session, or only hello tells of those."""
        if self.pace is None:
            return False
        before = self.session
        self._is_in(session_of(self.box, 0) or self.box.hello().session)
        return self.session != before and self._command["name"] != "cut_power"

    def _is_in(self, session: int) -> None:
        self.session = session
        if self.pace:
            self.pace.session = session

    def write(self, record: str, **fields: Any) -> None:
        """Record something, after the answers to the commands before it."""
        self.outbox.note(record, **fields)

    def command(
        self,
        name: str,
        about: str,
        command: Command,
        meaning: Record | None = None,
        then: Then | None = None,
        made: Callable[[Sent], Command] | None = None,
        **arguments: Any,
    ) -> None:
        """Send a command whose answer nothing hangs on but `then`, which is told it. It may travel with others.

        With `made` it hangs on the answer to the command before it, as `Outbox.put` has it.
        """
        if self.without_box:
            return
        told = {"name": name, "about": about, "at": self.now, "arguments": arguments, "meaning": meaning or {}}

        def put() -> None:
            self._aim(told)
            self.outbox.put(command, told, then=then, made=made)
            if self.armed:  # of several in one request, it would be unknown before which power went
                self.outbox.settle()

        self._until_answered(put, told)

    def ask(
        self,
        name: str,
        about: str,
        command: Command,
        made_of: Callable[[Any], Any] | None = None,
        *,
        aim: bool = True,
        **arguments: Any,
    ) -> Any | None:
        """Send a command and wait for its answer; None where none came because the power was to fail, or there is no box."""
        if self.without_box:
            return None
        told = {"name": name, "about": about, "at": self.now, "arguments": arguments, "meaning": {}}

        def answer() -> Any:
            if aim:
                self._aim(told)
            value = self.outbox.answer(self.outbox.put(command, told, made_of))
            if self.armed:
                self.outbox.settle()
            return value

        return self._until_answered(answer, told)

    def hello(self) -> Hello:
        """What the box declares of itself after everything that it was told so far."""
        self.outbox.catch_up()
        return self.box.hello()

    # Where no answer comes

    def again(self, call: Callable[[], Made]) -> Made:
        """What changes nothing is asked again where no answer came, as long as the box is there."""
        for _ in range(MOST_REPEATS - 1):
            try:
                return call()
            except NoAnswer:
                self.box.hello()
        return call()

    def _until_answered(self, send: Callable[[], Made], told: Record) -> Made | None:
        """What can be done twice is sent until it is answered. None where power was to fail, and of what can't be done twice.

        Raises `LostTogether` where it travelled with others.
        """
        for _ in range(MOST_REPEATS):
            self._note_a_boot()
            armed = self.armed
            try:
                return send()
            except LinkLost as lost:
                raise LineWasLost(str(lost)) from lost
            except NoAnswer as error:
                if armed and not self.armed:
                    return None  # the power failed, as it was to
                if armed:
                    raise
                if not self.outbox.one_at_a_time:
                    raise LostTogether(str(error)) from error
                if told["name"] in OPENS or self._was_done(told["name"], told["arguments"]):
                    return None
        raise NoAnswer(
            f"{told['about']}: no answer came to any of {MOST_REPEATS} requests, though the box is there; check the line"
        )

    def _of_a_loss(self, _: NoAnswer) -> Record:
        """What is recorded of a missing answer: whether the box has booted since, as its session tells."""
        hello = self.box.hello()
        before = self.session
        self._is_in(hello.session)
        booted = self.session != before
        if self.armed:
            if not booted:
                raise NoAnswer(
                    "no answer came, and the box has not booted since, so that no power cut explains it; check the line"
                )
            self._check_struck(hello.writes - self.armed_at)
            self.armed = False
            self._struck = self.off_for
            self.now += self.off_for
        else:
            self.unsteady = self.unsteady or booted
        self.timer = 0 if booted else self.timer
        return {"booted": booted, "unsteady": self.unsteady}

    def _check_struck(self, wrote: int) -> None:
        """Whether it was the armed cut that took the answer: by how often the box has written, and what it may write as it boots.

        One that comes at the first write is told from a boot of the box's own by nothing else, and as good as one, but for the clock.
        """
        if not self.strikes_at - 1 <= wrote <= self.strikes_at - 1 + _WRITES_AT_A_BOOT:
            raise NotStruck(
                f"power was to fail at write {self.strikes_at} and the box booted after {wrote} writes, by its own count:"
                " it booted of itself, or does not count what it writes"
            )

    def _note_a_boot(self) -> None:
        """Where the session is not the one after the last answer, the box has booted of itself."""
        now = session_of(self.box, self.session)
        if now != self.session and self.outbox.one_at_a_time:
            self.unsteady, self.timer, self.armed = True, 0, False
            self._is_in(now)
            self.write("booted")

    def _was_done(self, name: str, given: Record) -> bool:
        """Whether a command without an answer was carried out, where doing it twice is not as good as once: the clock tells."""
        if name not in MOVES_THE_CLOCK:
            return False
        if self.pace:
            raise Missed(f"no answer came to {name.replace('_', ' ')}, and a clock that runs does not tell whether it was done")
        timer = self.timer
        reading = self.look()
        assert reading is not None
        if name == "advance_clock" and reading.box_time is None:
            return bool(reading.timer - timer >= given["seconds"])
        if reading.box_time is None:  # away for longer than the holdover; of a disturbed clock there is no telling
            return name == "cut_power"
        return bool((reading.box_time == self.now) == (name == "advance_clock"))

    def answered(self, request: str, answer: Answer) -> Answer:
        told = {"accepted": answer.accepted, "clauses": answer.clauses, "reference": answer.reference}
        self.write("authority", request=request, at=self.now, answer=told)
        return answer

    def check_when_answered(self, what: str, clause: str, expected: Any, seen: Callable[[], Any]) -> None:
        """As `check`, of what is known only when the commands before it are answered."""
        self.outbox.note("check", lambda: {"seen": seen()}, what=what, at=self.now, clause=clause, expected=expected)

    def check(self, what: str, clause: str, expected: Any, seen: Any) -> None:
        """Look at something beside a decision: what it is, the clause that it breaks if it is not as expected, whatever the step shows."""
        self.write("check", what=what, at=self.now, clause=clause, expected=expected, seen=seen)

    # Time

    def move_to(self, instant: int) -> None:
        if instant < self.now and self.pace and instant >= self.now - self.slipped:
            raise Missed("a power cut took longer than the scenario has until the next step")
        if instant < self.now:
            raise ScenarioError(self._where(), "this step lies before the one above it", "put the steps in the order of time")
        if instant > self.now + words.LONGEST:
            raise ScenarioError(self._where(), "this step lies more than a hundred years ahead", "let less time pass")
        self.slipped = 0
        if instant > self.now:
            seconds = instant - self.now
            self.now = instant
            if self.pace:
                seconds = 0 if self.scenario.runs else self.pace.to_skip(self._second())
            if seconds:
                self.let_pass(seconds)

    @property
    def nominal(self) -> int:
        """The instant at which the scenario has it, where a power cut took longer than that."""
        return self.now - self.slipped

    def let_pass(self, seconds: int) -> None:
        """By command."""
        self.command("advance_clock", f"let {seconds} s pass", Command(Code.CLOCK_ADVANCE, seconds), seconds=seconds)

    def look(self) -> ClockReading | None:
        """Read the clock, whatever it shows."""
        return self.ask("read_clock", "read the clock", Command(Code.CLOCK_READ), aim=False)

    def _aim(self, told: Record) -> None:
        """Where the clock runs: what is sent now is for the second in which the scenario has it, but for what brings that second on."""
        if self.pace and self.aimed and told["name"] != "advance_clock":
            if self.pace.is_new_to_its_power:
                self.look()  # which says whether it knows the time: that may hang on a fraction of a second
            self.pace.reach(self._second(), self.look)
            told["aimed"] = self._second()

    def look_closely(self, pace: Pace, *, timer: bool) -> None:
        """Look until the seconds of the clock are known, and with `timer` those of the timer, which nobody may guess after a boot."""
        if pace.is_new_to_its_power:
            self.look()
        pace.know(self.look, timer=timer)

    def slip(self, pace: Pace) -> None:
        """A cut takes the time that it takes, and so does a close look: what comes right after it has the first second that can be hit."""
        late = pace.seconds_late(self._second())
        self.now, self.slipped = self.now + late, self.slipped + late

    def _second(self) -> int:
        """What a clock that runs is to show at a command that is sent now."""
        return self.now + self.ahead

    def _where(self) -> Any:
        return self.step.where if self.step else self.scenario.where

    # Names

    def box_named(self, arguments: dict[str, Any]) -> bytes:
        return self.other_id if arguments.get("at-box") == OTHER_BOX else self.box_id

    def code(self, name: str) -> Answer:
        if name not in self.codes:
            raise ScenarioError(self._where(), f"{name} is no code, or none was issued", "let an earlier step generate it")
        return self.codes[name]

    def grant(self, name: str) -> tuple[Answer, dict[str, Any]]:
        if name not in self.grants:
            raise ScenarioError(self._where(), f"{name} is no grant, or it was refused", "let an earlier step grant it")
        return self.grants[name]

    def nonce(self, name: str) -> Nonce:
        """Waited for, if need be: a nonce that nothing needs yet is asked for together with what comes after it."""
        if name not in self.named_nonces:
            self._until_answered(self.outbox.catch_up, {"name": "challenge", "about": "ask for a nonce", "arguments": {}})
        return self.named_nonces[name]

    @property
    def runs_ahead(self) -> bool:
        """Commands may wait for each other's answers before they are sent, and nobody for them."""
        return not (self.outbox.one_at_a_time or self.armed)

    def keep_nonce(self, value: bytes) -> Nonce:
        self.nonces.append(value)
        return Nonce(len(self.nonces), value)

    # What authority and player both have a hand in

    def provision(self, told: Provisioning, *, new: bool) -> None:
        """The box gets its keys and zone, anew or as another box, and so does the bench's own knowledge of its days."""
        given: Record = {"box_id": told.box_id, "secret": told.secret, "zone": told.zone}
        about = "provision it as a new box" if new else "replace its zone table"
        self.command("provision", about, Command(Code.PROVISION, told), new=new, **given)
        if new or self.days is None:
            zones: Zones = [(told.zone, None)]
        else:
            zones = self.days.replaced_by(told.zone, self.now, self.now, self.profile)
        self.days = Days(self.keys, zones, self.generator(told.box_id, told.secret, self.profile))


Do = Callable[[Stage, Step], None]


class Verbs(dict[str, Do]):
    """What is done for each verb. As a decorator it enters a function under its verb."""

    def __call__(self, verb: str) -> Callable[[Do], Do]:
        def enter(function: Do) -> Do:
            self[verb] = function
            return function

        return enter


def listed(value: Any) -> list[Any]:
    """What stands in a step where one or several may."""
    return value if isinstance(value, list) else [value]
