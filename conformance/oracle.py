"""The oracle: is there a behaviour that the standard allows and that explains everything in the journal so far?

It reads journal records only, so that any run can be judged again without the device. What is not known of the box (which
commits a power cut came before, how many counted refusals were written by then) is held as several worlds; a record that no
world explains is a failure, and the clauses between what was seen and what the worlds say are its clauses. Times are exact:
the clock is held, and every command is decided at the instant that the journal says.

The same interface will serve uncertain times: a judge sees records, and has a finding or has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from lockproof.conformance.journal import Record
from lockproof.conformance.verdict import Finding, ScenarioResult, Verdict
from lockproof.spec import clauses
from lockproof.spec.civil import local_text
from lockproof.spec.model import box as model
from lockproof.spec.observable import BadInput, CodeIndex, CutClass, LogKind
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Outcome

UNBOUNDED = 2**63  # of a log that never gets full


class Contradiction(BadInput):
    """A scenario expects what the standard does not allow: `where` it stands, and what the model says instead."""

    def __init__(self, where: str, expected: str, says: str) -> None:
        super().__init__(
            f"{where}: the scenario expects that the {expected}, and the standard says otherwise: {says}"
            "\n    mend the expectation, or the steps before it"
        )


class Judge(Protocol):
    """Sees the records of one scenario in order."""

    finding: Finding | None
    error: str
    seen: int  # records, frames not counted

    def see(self, record: Record) -> None: ...

    def result(self) -> ScenarioResult: ...


@dataclass(frozen=True, slots=True)
class Expected:
    """A log entry as the standard has it; `reasons` are the clauses any of which may be given.

    Counted refusals may have any instant from the earliest of them, `instant`, to the latest.
    """

    kind: LogKind
    accepted: bool
    instant: int | None
    credential: CodeIndex | str | None
    reasons: frozenset[str]
    count: int = 1
    or_none: bool = False  # a box need not tell whose digits they were
    latest: int | None = None


@dataclass(frozen=True, slots=True)
class World:
    """One way in which the box may stand: its state, the first uses of codes, what it has heard, and its log from number 1."""

    box: model.Box
    first_uses: tuple[tuple[CodeIndex, int], ...] = ()
    heard: frozenset[str] = frozenset()
    log: tuple[Expected, ...] = ()

    def code(self, index: CodeIndex) -> model.Code:
        first_use = dict(self.first_uses).get(index)
        return model.Code(index.day_start, index.day_end, first_use is not None, first_use or 0)


@dataclass(frozen=True, slots=True)
class Course:
    """What one command may come to in one world: the worlds after each commit before the last, the world after it, the outcome."""

    on_the_way: tuple[World, ...]
    after: World
    outcome: Outcome
    bounds: tuple[tuple[str, int], ...] = ()  # need's name -> the instant at which it turns


@dataclass(slots=True)
class ExactJudge:
    """Judges one scenario whose clock is held, by running the model."""

    scenario: Record
    profile: Profile
    gives_reasons: bool = True
    log_capacity: int = UNBOUNDED
    log_overwrites: bool = True
    finding: Finding | None = None
    error: str = ""
    seen: int = 0
    _worlds: list[World] = field(default_factory=list)
    _step: Record = field(default_factory=dict)
    _command: Record = field(default_factory=dict)
    _armed: Record | None = None
    _epoch: int | None = None
    _epochs: set[int] = field(default_factory=set)  # of what the box was before
    _unanswered: bool = False
    _shown: list[str] = field(default_factory=list)
    _channels: set[str] = field(default_factory=set)
    _history: list[str] = field(default_factory=list)
    _date: str = ""
    _commands: int = 0
    _complete: bool = False
    _open: bool = False  # a command is out and has no answer yet
    _evidence: int = 0  # what was answered or looked at in this step
    _cuts: list[str] = field(default_factory=list)
    _observed_by: list[str] = field(default_factory=list)

    def see(self, record: Record) -> None:
        """Take one record into account. Raises `Contradiction` for a scenario that the model contradicts."""
        kind = record["record"]
        if kind == "frame":
            return
        if self.finding is None and not self.error:
            self._in_order(kind)
        if self.finding is None and not self.error:
            getattr(self, "_see_" + kind.replace("-", "_"), _ignore)(record)
        self.seen += 1

    def result(self) -> ScenarioResult:
        scenario = self.scenario
        verdict = Verdict.FAIL if self.finding else Verdict.PASS
        message = self.error
        if self.error:
            verdict = Verdict.ERROR
        elif not self.finding and not self._complete:
            verdict, message = Verdict.ERROR, "the scenario was not played to its end"
        return ScenarioResult(
            id=scenario["id"],
            verdict=verdict,
            clauses=tuple(scenario["clauses"]),
            shown=tuple(dict.fromkeys(self._shown)),
            channels=tuple(sorted(self._channels)),
            finding=self.finding,
            message=message,
            commands=self._commands,
            cuts=tuple(self._cuts),
            observed_by=tuple(dict.fromkeys(self._observed_by)),
        )

    # Records

    def _in_order(self, kind: str) -> None:
        """A journal with holes decides nothing: a command has one answer, and a step that asks or shows has something to show."""
        answers = kind in {"answer", "no-answer"}
        if self._open and not answers and kind != "error":
            self.error = f"the journal is not whole: {kind} where the answer to {self._command['name']} must stand"
        elif answers and not self._open:
            self.error = f"the journal is not whole: an {kind} to no command"
        elif kind in {"step", "end"} and not self._evidence and (self._step.get("shows") or self._step.get("asks")):
            self.error = f"the journal is not whole: nothing was seen in step {self._step['step']}"
        self._open = kind == "command"
        self._evidence = 0 if kind == "step" else self._evidence + (answers or kind in {"authority", "check"})

    def _see_step(self, record: Record) -> None:
        self._passed()
        self._step = record

    def _see_end(self, record: Record) -> None:
        if record["records"] != self.seen:
            self.error = f"the journal is not whole: {self.seen} records of the scenario, {record['records']} were written"
            return
        self._passed()
        self._complete = True

    def _see_error(self, record: Record) -> None:
        self.error = record["message"]

    def _see_command(self, record: Record) -> None:
        self._command = record
        self._commands += 1
        if record["name"] == "cut_power":
            self._cuts.append(record["arguments"]["cut"])

    def _see_no_answer(self, record: Record) -> None:
        if self._armed is None:
            self.error = record["message"]
            return
        cut, self._armed, self._unanswered = self._armed, None, True
        name = self._command["name"]
        if name in _DECISIONS:
            courses = [course for world in self._worlds for course in self._courses(world)]
            stages = [stage for course in courses for stage in (*course.on_the_way, course.after)]
        else:
            stages = list(self._simple(name, self._command["arguments"]))
        self._worlds = _distinct(after for stage in [*self._worlds, *stages] for after in self._cut(stage, cut["off_for"]))

    def _see_answer(self, record: Record) -> None:
        name, value = self._command["name"], record["value"]
        if name in _DECISIONS:
            self._decided(value, record)
        elif name == "read_log":
            self._read_log(value)
        elif name == "read_clock":
            self._read_clock(value)
        else:
            self._worlds = _distinct(self._simple(name, self._command["arguments"]))
            if name in {"advance_clock", "hold_clock", "disturb_clock"}:
                self._read_clock(value)

    def _see_authority(self, record: Record) -> None:
        expected, answer = self._step.get("accepted"), record["answer"]
        asked_of_box = self._step.get("asks") == "box"
        wanted = True if asked_of_box else expected
        did, saw = f"ask the authority to {record['request']}", _accepted_word(answer["accepted"])
        self._note(did, saw)
        because = () if asked_of_box else tuple(self._step.get("because", ()))
        if wanted is not None and answer["accepted"] != wanted:
            self._fail(did, saw, f"must be {_accepted_word(wanted)}", tuple(answer["clauses"]))
        elif because and set(because) != set(answer["clauses"]):
            said = f"refused for {', '.join(answer['clauses']) or 'nothing'}"
            self._fail(did, said, f"must be refused for {', '.join(because)}", because)

    def _see_check(self, record: Record) -> None:
        if record["seen"] != record["expected"]:
            self._note(f"look at the {record['what']}", _short(record["seen"]))
            self._fail(f"look at the {record['what']}", _short(record["seen"]), f"must be {_short(record['expected'])}", ())

    # What the box did

    def _decided(self, value: Record, record: Record) -> None:
        courses = [course for world in self._worlds for course in self._courses(world)]
        self._against_the_scenario(courses)
        if self.finding:
            return None
        saw, said = bool(value["accepted"]), bool(record.get("reported", value["accepted"]))
        self._observed_by += [record["observed_by"]] if "observed_by" in record else []
        agreeing = [course for course in courses if course.outcome.accepted == saw]
        did, word = self._did(), self._word(saw) + (f" ({value['reason']})" if value["reason"] else "") + self._seen_by(record)
        self._note(did, word)
        if said != saw:
            return self._fail(did, word, f"{self._must(courses[0])}; and say what it does", _between(courses, None))
        if not agreeing:
            return self._fail(did, word, self._must(courses[0]), _between(courses, value["reason"]))
        if value["reason"] is not None and not self.gives_reasons:
            return self._fail(did, word, "must give no reason: the box declares that it gives none", _between(agreeing, None))
        if self.gives_reasons and not saw:
            reasoned = [course for course in agreeing if value["reason"] in self._reasons(course)]
            if not reasoned:
                allowed = sorted({clause for course in agreeing for clause in self._reasons(course)})
                return self._fail(did, word, f"must be refused for {' or '.join(allowed)}", _between(agreeing, value["reason"]))
            agreeing = reasoned
        timed = [course for course in agreeing if value["box_time"] == _box_time(course.after.box)]
        if not timed:
            shows = _box_time(agreeing[0].after.box)
            return self._fail(
                did,
                f"{word} at {self._time(value['box_time'])}",
                f"box time must be {self._time(shows)}",
                _wrong_time(shows, value["box_time"]),
            )
        self._worlds = _distinct(course.after for course in timed)
        return None

    def _against_the_scenario(self, courses: list[Course]) -> None:
        """A scenario may only expect what the standard says; where a cut left several worlds, what one of them says."""
        expected, asks = self._step.get("accepted"), self._step.get("asks")
        if expected is None or asks != "box" or self._command["name"] not in self._step.get("decides", ()):
            return
        if expected not in {course.outcome.accepted for course in courses}:
            if theorem := self.scenario.get("theorem"):
                self._model_is_broken(theorem, expected, courses)
                return
            raise Contradiction(self._step["where"], f"box {self._word(expected, future=True)}", self._must(courses[0]))
        for clause in self._step.get("because", ()):
            if not any(clause in (*course.outcome.clauses(), *course.outcome.because()) for course in courses):
                raise Contradiction(self._step["where"], f"box does so because of {clause}", self._must(courses[0]))

    def _model_is_broken(self, theorem: str, expected: bool, courses: list[Course]) -> None:
        """The scenario is one that a theorem's failure gave: what it expects is the standard, and it is the model that is wrong."""
        must = "open" if expected else "refuse"
        says = f'must {must}: "{self.scenario["story"]}" ({theorem})'
        saw = f"the model says: {self._must(courses[0])}"
        self._note(self._did(), saw)
        self._fail(self._did(), saw, says, tuple(self._step.get("because", ())))

    def _read_clock(self, value: Record) -> None:
        worlds = [world for world in self._worlds if value["box_time"] == _box_time(world.box)]
        if not worlds and self._worlds:
            shows = _box_time(self._worlds[0].box)
            did, saw = f"read the clock after {self._command['name'].replace('_', ' ')}", self._time(value["box_time"])
            self._fail(did, saw, f"box time must be {self._time(shows)}", _wrong_time(shows, value["box_time"]))
        self._worlds = worlds

    def _read_log(self, value: Record) -> None:
        if self._epoch is not None and value["epoch"] != self._epoch:
            return self._fail("read the log", f"epoch {value['epoch']}", f"must still be epoch {self._epoch}", ("box.log",))
        if value["epoch"] in self._epochs:
            return self._fail("read the log", f"epoch {value['epoch']}", "must be another epoch than before", ("box.log",))
        self._epoch = value["epoch"]
        wrongs = [(world, self._log_differs(world, value)) for world in self._worlds]
        agreeing = [world for world, wrong in wrongs if wrong is None]
        self._note("read the log", f"{len(value['entries'])} entries")
        if not agreeing:
            saw, must = wrongs[0][1] or ("", "")
            return self._fail("read the log", saw, must, ("box.log",))
        self._worlds = _distinct(replace(world, box=model.write_refusals(world.box)[0]) for world in agreeing)
        return None

    def _log_differs(self, world: World, value: Record) -> tuple[str, str] | None:
        entries = value["entries"]
        first = self._lost(world, len(entries))
        for number, (expected, entry) in enumerate(zip(world.log[first:], entries, strict=False), first + 1):
            if (wrong := self._entry_differs(number, expected, entry)) is not None:
                return wrong
        if len(entries) > len(world.log) or len(entries) < min(len(world.log), self.log_capacity):
            missing = f"; the first one missing: {self._told(world.log[len(entries)])}" if len(entries) < len(world.log) else ""
            return f"{len(entries)} entries", f"must be {len(world.log)} entries{missing}"
        if value["next_number"] != world.box.next_entry:
            return f"next number {value['next_number']}", f"must be next number {world.box.next_entry}"
        return None

    def _lost(self, world: World, kept: int) -> int:
        """How many of its oldest entries a full log has lost; it keeps at least as many as it declares (`box.log`)."""
        full = len(world.log) > kept >= self.log_capacity
        return len(world.log) - kept if full and self.log_overwrites else 0

    def _entry_differs(self, number: int, expected: Expected, entry: Record) -> tuple[str, str] | None:
        credential = CodeIndex(**entry["credential"]) if isinstance(entry["credential"], dict) else entry["credential"]
        told_none = expected.or_none and credential is None
        seen = (entry["number"], entry["kind"], entry["accepted"], None if told_none else credential, entry["count"])
        must = (number, expected.kind, expected.accepted, None if told_none else expected.credential, expected.count)
        timed = entry["instant"] == expected.instant
        if None not in (entry["instant"], expected.instant, expected.latest):
            timed = expected.instant <= entry["instant"] <= expected.latest
        reasoned = not self.gives_reasons or expected.accepted or entry["reason"] in expected.reasons
        if seen == must and timed and reasoned:
            return None
        told = Expected(
            entry["kind"],
            entry["accepted"],
            entry["instant"],
            credential,
            frozenset([entry["reason"]] if entry["reason"] else []),
            entry["count"],
        )
        return f"entry {entry['number']}: {self._told(told)}", f"entry {number} must be: {self._told(expected)}"

    def _told(self, entry: Expected) -> str:
        about = (
            f"code {entry.credential.index}"
            if isinstance(entry.credential, CodeIndex)
            else f"grant {str(entry.credential)[:8]}"
            if entry.credential
            else "no credential"
        )
        reasons = f", {' or '.join(sorted(entry.reasons))}" if entry.reasons and not entry.accepted else ""
        count = f", {entry.count} times" if entry.kind is LogKind.REFUSALS else ""
        return (
            f"{entry.kind}, {about}, {'opened' if entry.accepted else 'refused'} at {self._time(entry.instant)}{reasons}{count}"
        )

    # Courses: what a command may come to, by the model

    def _courses(self, world: World) -> Iterator[Course]:
        name, meaning = self._command["name"], self._command["meaning"]
        yield _COURSES[name](self, world, meaning)

    def _enter(self, world: World, meaning: Record) -> Course:
        index = CodeIndex(*meaning["code"]) if meaning["code"] else None
        charged, charge = model.charge_entry(world.box, self.profile)
        if not charge.accepted:
            return Course(
                (),
                self._counted(world, charged),
                charge,
                (("keypad enabled", world.box.arrival - self.profile.keypad_tolerance),),
            )
        code = world.code(index) if index else model.Code(0, 0, False, 0)
        decided, used, outcome = model.decide_entry(charged, code, index is not None, self.profile)
        first_uses = dict(world.first_uses) | ({index: used.first_use} if index and used.used else {})
        reasons = frozenset(outcome.clauses()) | _cannot_tell(code if index else None, charged.mark, self.profile)
        entry = Expected(LogKind.CODE, outcome.accepted, charged.mark, index, reasons)
        log = (*world.log, replace(entry, or_none=bool(_cannot_tell(code if index else None, charged.mark, self.profile))))
        after = World(decided, tuple(sorted(first_uses.items())), world.heard, log)
        bounds = (("within its life", code.first_use + self.profile.code_life), ("ends with its day", code.day_end))
        day = code.day_start if charged.mark < code.day_start else code.day_end
        return Course((replace(world, box=charged),), after, outcome, (*bounds, ("within its day", day)))

    def _present(self, world: World, meaning: Record) -> Course:
        ticket = model.Ticket(meaning["window_start"], meaning["window_end"], meaning["nonce"], meaning["authentic"])
        state, outcome = model.present_ticket(world.box, meaning["grant"] in world.heard, ticket, self.profile)
        after = replace(world, box=state)
        if outcome.counted:
            after = self._counted(world, state)
        if outcome.logged:
            entry = Expected(LogKind.CONNECT, outcome.accepted, world.box.clock, meaning["grant"], frozenset(outcome.clauses()))
            after = replace(after, log=(*world.log, entry))
        bounds = (("window has begun", ticket.window_start), ("window is not over", ticket.window_end))
        fresh_until = world.box.clock - world.box.timer + world.box.nonce_at + self.profile.ticket_life
        return Course((), after, outcome, (*bounds, ("answers the open nonce in time", fresh_until)))

    def _hear(self, world: World, meaning: Record) -> Course:
        heard, outcome = model.hear_revocation(meaning["grant"] in world.heard, meaning["authentic"])
        return Course((), replace(world, heard=world.heard | ({meaning["grant"]} if heard else set())), outcome)

    def _take_time(self, world: World, meaning: Record) -> Course:
        order = model.TimeOrder(meaning["value"], meaning["nonce"], meaning["authentic"])
        state, outcome = model.take_time_order(world.box, order, self.profile)
        return Course((), replace(world, box=state), outcome, (("not before the last decision", world.box.mark),))

    def _counted(self, world: World, state: model.Box) -> World:
        reason = "box.wrong-entry.bound" if state.refused_while_disabled else "box.ready"
        now = world.box.clock if state.refused_while_disabled else None
        entry = Expected(LogKind.REFUSALS, False, now, None, frozenset([reason]), state.refusals, latest=now)
        if state.refusals == 1:
            return replace(world, box=state, log=(*world.log, entry))
        return replace(world, box=state, log=(*world.log[:-1], _spanning(world.log[-1], entry)))

    def _cut(self, world: World, off_for: int) -> Iterator[World]:
        """Each number of counted refusals that may have been written by then gives a world of its own."""
        for kept in range(world.box.refusals_written, world.box.refusals + 1):
            state, _ = model.lose_power(world.box, world.box.clock + off_for, off_for, kept, self.profile)
            log = world.log
            if world.box.refusals:
                log = (*log[:-1], replace(log[-1], count=kept)) if kept else log[:-1]
            yield replace(world, box=state, log=log)

    def _simple(self, name: str, given: Record) -> Iterator[World]:
        if name == "reset" or (name == "provision" and given["new"]):
            self._epochs |= set() if self._epoch is None else {self._epoch}
            self._epoch, self._armed = None, None if name == "reset" else self._armed
            before = self._worlds[0].box if self._worlds else model.new_box(0)
            yield World(model.new_box(before.clock, before.nonce))
        elif name == "cut_power" and given["cut"] == CutClass.NTH_WRITE:
            self._armed = given if given["nth"] else None
            yield from self._worlds
        elif name == "cut_power":
            self._armed = None
            for world in self._worlds:
                yield from self._cut(world, given["off_for"])
        elif name == "challenge":
            yield from (replace(world, box=model.challenge(world.box)[0]) for world in self._worlds)
        elif name == "advance_clock":
            gone = given["seconds"]
            for world in self._worlds:
                box = world.box
                yield replace(world, box=replace(box, clock=box.clock + gone, timer=box.timer + gone))
        elif name == "disturb_clock":  # the box is not told: timer, mark and what it knows stay
            yield from (replace(w, box=replace(w.box, clock=w.box.clock - given["seconds"])) for w in self._worlds)
        else:
            yield from self._worlds

    # Words

    def _passed(self) -> None:
        """The step before this one came out right; where a power cut kept the box from answering, it shows nothing."""
        self._shown += () if self._unanswered else self._step.get("shows", ())
        self._unanswered = False
        if self._step.get("channel"):
            self._channels.add(self._step["channel"])

    def _fail(self, did: str, saw: str, must: str, contradicted: tuple[str, ...]) -> None:
        self.finding = Finding(
            step=self._step.get("step", 0),
            where=self._step.get("where", ""),
            did=did,
            saw=saw,
            must=must,
            shown=tuple(self._step.get("shows", ())),
            contradicted=contradicted,
            channel=self._step.get("channel", ""),
            history=tuple(self._history),
        )

    def _note(self, did: str, saw: str) -> None:
        """One line of the story: the date where it is another than on the line before, the time, what was done and seen."""
        when = self._time(self._step.get("at"))
        date, _, time = when.partition(" ")
        before, self._date = self._date, date
        self._history.append(f"{date if date != before else '':<10} {time}   {did:<32} {saw}")

    def _seen_by(self, record: Record) -> str:
        """Who saw it, where that is not the box itself, and what the box said, where that is something else."""
        if "reported" not in record:
            return ""
        differs = record["reported"] != record["value"]["accepted"]
        return f" [{record['observed_by']}" + (f"; the box says: {self._word(record['reported'])}]" if differs else "]")

    def _did(self) -> str:
        return str(self._command.get("about") or self._command["name"])

    def _must(self, course: Course) -> str:
        bounds = dict(course.bounds)
        word = {"opens": "open", "takes it": "take it", "refuses": "refuse"}[self._word(course.outcome.accepted, future=True)]
        if course.outcome.accepted:
            needs = [n for n in course.outcome.entitled_by if n.holds]
            return f"must {word}: " + (", ".join(f"{n.name} ({n.clause})" for n in needs) or "nothing forbids it")
        told = []
        for need in course.outcome.needs:
            if need.forbids:
                turns = self._turned(bounds[need.name], course) if need.name in bounds else ""
                told.append(f"not {need.name} ({need.clause}{turns})")
        return f"must {word}: " + ", ".join(told)

    def _turned(self, bound: int, course: Course) -> str:
        """The bound, and how far from it the decision was."""
        return f", bound {self._time(bound)}, margin {abs(course.after.box.clock - bound)} s"

    def _word(self, accepted: bool, *, future: bool = False) -> str:
        opens = self._command["name"] in {"enter", "present"}
        if future:
            return ("opens" if opens else "takes it") if accepted else "refuses"
        return ("opened" if opens else "taken") if accepted else "refused"

    def _reasons(self, course: Course) -> frozenset[str]:
        index = self._command["meaning"].get("code")
        generic = frozenset[str]()
        if index and course.outcome.logged:
            generic = _cannot_tell(course.after.code(CodeIndex(*index)), course.after.box.mark, self.profile)
        return frozenset(course.outcome.clauses()) | generic

    def _time(self, instant: int | None) -> str:
        return "unknown time" if instant is None else local_text(instant, self.scenario["zone"]) if instant >= 0 else str(instant)


_COURSES: dict[str, Callable[[ExactJudge, World, Record], Course]] = {
    "enter": ExactJudge._enter,  # noqa: SLF001 (its own table)
    "present": ExactJudge._present,  # noqa: SLF001
    "revocation_order": ExactJudge._hear,  # noqa: SLF001
    "time_order": ExactJudge._take_time,  # noqa: SLF001
}
_DECISIONS = frozenset(_COURSES)


def _ignore(_: Record) -> None:
    """Records that decide nothing: the run's head, frames, what was made."""


def _cannot_tell(code: model.Code | None, now: int, profile: Profile) -> frozenset[str]:
    """When its day and its hour are over a box may forget first use, and need not tell a code from junk, nor before its day."""
    if code is None:
        return frozenset(["code.digits"])
    in_its_hour = code.used and now < code.first_use + profile.code_life
    return frozenset() if in_its_hour or code.day_start <= now < code.day_end else frozenset(["code.digits", "code.day"])


def _between(courses: list[Course], reason: str | None) -> tuple[str, ...]:
    """The clauses by which the standard decides otherwise than the box did, and the one that the box wrongly gives as its reason."""
    found = [clause for course in courses for clause in (*course.outcome.clauses(), *course.outcome.because())]
    if reason is not None and reason in clauses.all_clauses():
        found.append(reason)
    return tuple(dict.fromkeys(found))


def _spanning(before: Expected, entry: Expected) -> Expected:
    """The count that goes on, with the instants of both: the clock may have gone back in between."""
    instants = [i for i in (before.instant, before.latest, entry.instant) if i is not None]
    return replace(entry, instant=min(instants), latest=max(instants)) if instants else entry


def _box_time(box: model.Box) -> int | None:
    return box.clock if model.ready(box) else None


def _wrong_time(must: int | None, saw: int | None) -> tuple[str, ...]:
    """The clause between two box times: one says when the time is unknown, the other how right a known one must be."""
    return ("box.clock.never-back",) if None in (must, saw) else ("box.clock.accuracy",)


def _distinct(worlds: Iterable[World]) -> list[World]:
    return list(dict.fromkeys(worlds))


def _accepted_word(accepted: bool) -> str:
    return "accepted" if accepted else "refused"


def _short(value: Any) -> str:
    text = "\n".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else str(value)
    return text or "nothing"
