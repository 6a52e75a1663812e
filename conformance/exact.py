"""Judging by running the model, where times are exact and every answer came: the clock is held, and each command is decided at
the instant that the journal says.

What is not known of the box (which commits an armed power cut came before, how many counted refusals were written by then) is
held as several worlds; a record that no world explains is a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from lockproof.conformance.belief import cannot_tell
from lockproof.conformance.journal import Record
from lockproof.conformance.story import Contradiction, Expected, StoryJudge, between, wrong_time
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, CutClass, LogKind
from lockproof.spec.profile import Profile
from lockproof.spec.vocabulary import Outcome


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


@dataclass(slots=True, kw_only=True)
class ExactJudge(StoryJudge):
    """Judges one scenario whose clock is held, by running the model."""

    _worlds: list[World] = field(default_factory=list)
    _timer_began: int | None = None  # what the box's own timer showed where the model's showed 0; not known before it was seen

    def can_tell(self, record: Record) -> bool:
        """Whether running the model is enough to judge this record: no, where an answer is missing that no armed power cut took.

        Of a box that boots of itself it is not certain that the cut did.
        """
        if record["record"] not in {"no-answer", "booted"} or self.finding or self.error:
            return True
        return record["record"] == "no-answer" and self._armed is not None and not record.get("unsteady")

    # Records

    def _see_no_answer(self, record: Record) -> None:
        if self._armed is None:
            self.error = record["message"]
            return
        cut, self._armed, self._unanswered, self._timer_began = self._armed, None, True, 0
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

    # What the box did

    def _decided(self, value: Record, record: Record) -> None:
        courses = [course for world in self._worlds for course in self._courses(world)]
        self._against_the_scenario(courses)
        if self.finding:
            return None
        saw, said = bool(value["accepted"]), bool(record.get("reported", value["accepted"]))
        agreeing = [course for course in courses if course.outcome.accepted == saw]
        did, word = self._did(), self._word(saw) + (f" ({value['reason']})" if value["reason"] else "") + self._seen_by(record)
        self._note(did, word)
        if said != saw:
            return self._fail(did, word, f"{self._says(courses[0])}; and say what it does", between(_outcomes(courses), None))
        if not agreeing:
            return self._fail(did, word, self._says(courses[0]), between(_outcomes(courses), value["reason"]))
        if value["reason"] is not None and not self.gives_reasons:
            return self._fail(
                did, word, "must give no reason: the box declares that it gives none", between(_outcomes(agreeing), None)
            )
        if self.gives_reasons and not saw:
            reasoned = [course for course in agreeing if value["reason"] in self._reasons(course)]
            if not reasoned:
                allowed = sorted({clause for course in agreeing for clause in self._reasons(course)})
                return self._fail(
                    did, word, f"must be refused for {' or '.join(allowed)}", between(_outcomes(agreeing), value["reason"])
                )
            agreeing = reasoned
        timed = [course for course in agreeing if value["box_time"] == _box_time(course.after.box)]
        if not timed:
            shows = _box_time(agreeing[0].after.box)
            return self._fail(
                did,
                f"{word} at {self._time(value['box_time'])}",
                f"box time must be {self._time(shows)}",
                wrong_time(shows, value["box_time"]),
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
            if self._blame_the_authority(f"box {self._word(expected, future=True)}", self._says(courses[0])):
                return
            raise Contradiction(self._step["where"], f"box {self._word(expected, future=True)}", self._says(courses[0]))
        for clause in self._step.get("because", ()):
            if not any(clause in (*course.outcome.clauses(), *course.outcome.because()) for course in courses):
                if self._blame_the_authority(f"box does so because of {clause}", self._says(courses[0])):
                    return
                raise Contradiction(self._step["where"], f"box does so because of {clause}", self._says(courses[0]))

    def _model_is_broken(self, theorem: str, expected: bool, courses: list[Course]) -> None:
        """The scenario is one that a theorem's failure gave: what it expects is the standard, and it is the model that is wrong."""
        must = "open" if expected else "refuse"
        says = f'must {must}: "{self.scenario["story"]}" ({theorem})'
        saw = f"the model says: {self._says(courses[0])}"
        self._note(self._did(), saw)
        self._fail(self._did(), saw, says, tuple(self._step.get("because", ())))

    def _read_clock(self, value: Record) -> None:
        worlds = [world for world in self._worlds if value["box_time"] == _box_time(world.box)]
        if not worlds and self._worlds:
            shows = _box_time(self._worlds[0].box)
            self._fail_clock(value["box_time"], shows, wrong_time(shows, value["box_time"]))
        self._worlds = worlds
        for timer in {world.box.timer for world in worlds}:  # one: what a cut leaves open is not how long ago it was
            if self._timer_began is None:
                self._timer_began = value["timer"] - timer
            if value["timer"] != timer + self._timer_began:
                self._fail_timer(value["timer"], timer + self._timer_began)

    def _read_log(self, value: Record) -> None:
        if self._epoch is not None and value["epoch"] != self._epoch:
            return self._fail("read the log", f"epoch {value['epoch']}", f"must still be epoch {self._epoch}", ("box.log",))
        if value["epoch"] in self._epochs:
            return self._fail("read the log", f"epoch {value['epoch']}", "must be another epoch than before", ("box.log",))
        self._epoch = value["epoch"]
        wrongs = [(world, self._log_differs(world.log, world.box.next_entry, value)) for world in self._worlds]
        agreeing = [world for world, wrong in wrongs if wrong is None]
        self._note("read the log", f"{len(value['entries'])} entries")
        if not agreeing:
            saw, must = wrongs[0][1] or ("", "")
            return self._fail("read the log", saw, must, ("box.log",))
        self._worlds = _distinct(replace(world, box=model.write_refusals(world.box)[0]) for world in agreeing)
        return None

    def _says(self, course: Course) -> str:
        return self._must(course.outcome, course.bounds, course.after.box.clock)

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
            yield World(replace(model.new_box(before.clock, before.nonce), timer=before.timer))  # it is no boot
        elif name == "cut_power" and given["cut"] == CutClass.NTH_WRITE:
            self._armed = given if given["nth"] else None
            yield from self._worlds
        elif name == "cut_power":
            self._armed, self._timer_began = None, 0
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

    def _reasons(self, course: Course) -> frozenset[str]:
        index = self._command["meaning"].get("code")
        generic = frozenset[str]()
        if index and course.outcome.logged:
            generic = _cannot_tell(course.after.code(CodeIndex(*index)), course.after.box.mark, self.profile)
        return frozenset(course.outcome.clauses()) | generic


_COURSES: dict[str, Callable[[ExactJudge, World, Record], Course]] = {
    "enter": ExactJudge._enter,  # noqa: SLF001 (its own table)
    "present": ExactJudge._present,  # noqa: SLF001
    "revocation_order": ExactJudge._hear,  # noqa: SLF001
    "time_order": ExactJudge._take_time,  # noqa: SLF001
}
_DECISIONS = frozenset(_COURSES)


def _cannot_tell(code: model.Code | None, now: int, profile: Profile) -> frozenset[str]:
    """The reasons that may be given where a box cannot tell the code from another, or from none."""
    if code is None:
        return frozenset(["code.digits"])
    return frozenset(["code.digits", "code.day"]) if cannot_tell(code, now, profile) else frozenset()


def _outcomes(courses: Iterable[Course]) -> list[Outcome]:
    return [course.outcome for course in courses]


def _spanning(before: Expected, entry: Expected) -> Expected:
    """The count that goes on, with the instants of both: the clock may have gone back in between."""
    instants = [i for i in (before.instant, before.latest, entry.instant) if i is not None]
    return replace(entry, instant=min(instants), latest=max(instants)) if instants else entry


def _box_time(box: model.Box) -> int | None:
    return box.clock if model.ready(box) else None


def _distinct(worlds: Iterable[World]) -> list[World]:
    return list(dict.fromkeys(worlds))
