"""Judging by asking a solver whether any behaviour that the standard allows explains all that was seen.

It is asked where not everything is known: an answer was lost, so that a command may have been carried out or not; the box booted
of itself, before or after any commit; a batch was cut short. The model is the one that `exact` runs. What is unknown is a
variable, what was seen a fact about variables; a fact that cannot hold beside those before it is a failure. An observation
shows something only if the other outcome would have been a failure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lockproof.conformance.belief import (
    COURSES,
    NEVER_GIVEN,
    Belief,
    Course,
    Written,
    after_simple,
    makes_anew,
    merged,
    still_open,
    without_power,
)
from lockproof.conformance.journal import Record
from lockproof.conformance.knowledge import Knowledge, NoTelling
from lockproof.conformance.meant import Meant, conditions
from lockproof.conformance.running import Gauge, Look, Running, Wrong, middle
from lockproof.conformance.story import ACCURACY, Expected, StoryJudge, between, wrong_time
from lockproof.spec.model import box as model
from lockproof.spec.observable import CodeIndex, CutClass, LogKind
from lockproof.spec.vocabulary import Outcome, Truth, either, every, implies, later, no, same

OF_THE_BOX_ALONE = ("nonces asked for", "log from entry")
"""Beginnings of the checks that hold whatever was carried out."""
_FAR = 2**40  # seconds: no counter stands there
_LEAST_PPM = 1.0  # no bench measures less
_NEAR = 2  # seconds from a bound: so near to it, it is the second that counts
OF_NO_LINE = -1  # what was seen, and has no line in the story
PRESENTATIONS = ("enter", "present")
"""What is not asked again where its answer was lost: the box may have decided, and a second one would be another presentation."""


@dataclass(slots=True, kw_only=True)
class ExplainingJudge(StoryJudge):
    """Judges one scenario by what can explain it.

    In `doubt` no command is taken as carried out because it was answered: each is an assumption, so that of a failure it can be
    said which observations contradict each other (`contradicting`).
    """

    doubt: bool = False
    _belief: Belief = field(default_factory=lambda: Belief(model.new_box(0)))
    _known: Knowledge = field(default_factory=Knowledge)
    _written: list[Written] = field(default_factory=list)
    _nonces: list[Any] = field(default_factory=list)  # what the model calls those that were answered, in order
    _gave_up: str = ""
    _batch: Any = None  # of the last command without an answer
    _went_on: Truth = True  # whether the box had carried out that command to its end
    _uncertain: bool = False  # an answer was lost, or the box booted of itself
    _slipped: bool = False  # a power cut took longer than the scenario has for it, so that what came next came later
    _late: bool = False  # something came in another second than it was meant for
    _running: Running | None = None  # its clock and timer, where they are not held
    _timer_seen: bool = False  # one that is held
    _aimed: list[int | None] = field(default_factory=list)  # the second at which each nonce was asked for, if it was in that
    _cut_at: float | None = None  # the instant before which the last power cut cannot have been, until the timer tells
    _put_on: int = 0  # seconds that its timer was put on by command since then
    _looks: Gauge | None = None  # at the clock, in this step that measures it
    _measured: Gauge | None = None  # in an earlier one
    _assumed: dict[Any, int] = field(default_factory=dict)  # an assumption -> the line of the story that it stands for
    _looked: dict[float, int] = field(default_factory=dict)  # the instant of a look at a clock that runs -> its line
    _since: Look | None = None  # the look that a wrong clock does not go with
    _meant: Meant | None = None  # of a clock that runs, until an answer is missing

    def __post_init__(self) -> None:
        if told := self.scenario.get("running"):
            self._running = Running.of(told)

    @property
    def may_decide(self) -> bool:
        """What shows nothing may show something if it is played again."""
        return self._uncertain or self._late

    @property
    def questions(self) -> int:
        """How often the solver was asked."""
        return self._known.questions

    def see(self, record: Record) -> None:
        """Take one record into account. What the solver cannot tell is inconclusive."""
        if self._gave_up and record["record"] not in {"end", "error", "given-up"}:
            self.seen += 1
            return
        line = len(self._history)
        try:
            super(ExplainingJudge, self).see(record)  # by name: a dataclass with slots is a class made anew
            if self._running is not None and record["record"] == "answer" and len(self._history) > line:
                self._looked.setdefault(middle(*self._running.instants(self._command, record)), line)
        except NoTelling as error:
            self._gave_up = str(error)
            self._undecided.append(f"step {self._step.get('step', 0)}: {error}")
            self._open, self.seen = False, self.seen + 1

    def contradicting(self) -> tuple[int, ...]:
        """The lines of the story that cannot all be true, as few as possible; of a judge in doubt that has a finding."""
        found = self._known.core(list(self._assumed)) if self.finding else None
        lines = {line for each, line in self._assumed.items() if any(each.eq(one) for one in found or ())}
        lines |= {self._looked[self._since.at]} if self._since and self._since.at in self._looked else set()
        return tuple(sorted(lines - {OF_NO_LINE}))

    # Records

    def _see_answer(self, record: Record) -> None:
        name, value = self._command["name"], record["value"]
        self._batch = None
        if self._running is not None and not self._kept_time(record, self._running):
            return
        self._see_meant(name)
        if name in COURSES:
            self._decided(value, record)
        elif name == "read_log":
            self._read_log(value)
        elif name == "read_clock":
            self._read_clock(value)
        else:
            self._belief = self._settled(self._simple(self._belief, record_of=self._command))
            if name == "challenge":
                self._begins_late(True)
                self._nonces.append(self._belief.box.nonce)
                self._aimed.append(self._command.get("aimed"))
            if name in {"reset", "provision"} and makes_anew(self._command):
                self._forget_the_log()
            if name in {"reset", "cut_power"}:
                self._arm(self._command["arguments"])
            if name in {"advance_clock", "hold_clock", "disturb_clock"}:
                self._read_clock(value)

    def _see_meant(self, name: str) -> None:
        """What was carried out, as the scenario means it; and whether what is decided now is decided for what it has."""
        if self._running is None:
            return
        if self._command["name"] == "reset" and not self._step.get("step"):
            self._meant = Meant(self.profile, Belief(model.new_box(self._command["at"])), self._command["at"])
        if self._meant is None:
            return
        if name in COURSES and self._step.get("accepted") is not None and name in self._step.get("decides", ()):
            self._weigh_conditions(self._meant)
        self._meant.carried_out(self._command)

    def _weigh_conditions(self, meant: Meant) -> None:
        """A step shows something only if every condition that can forbid is, beyond doubt, as the scenario means it.

        So none stands in for another. A box that does not know the time has no clock that anything could be said of.
        """
        if not meant.belief.box.time_known:
            return
        seen, said = conditions(lambda: self._course(self._belief)), conditions(lambda: meant.comes_to(self._command))
        for number, ((name, holds), (_, wanted)) in enumerate(zip(seen, said, strict=True)):
            if holds is wanted or not meant.forbids(self._command, number):
                continue
            if self._known.possible(no(same(holds, wanted))):
                self._undecided.append(
                    f"step {self._step['step']}: where its clock stands, {name} may {'not hold' if wanted else 'hold'}, and the"
                    f" scenario means that it {'does' if wanted else 'does not'}"
                )
                self._unanswered = True
                return

    def _see_no_answer(self, record: Record) -> None:
        """It was carried out wholly, up to any commit, or not at all; where power failed, what was not durable is gone."""
        name = self._command["name"]
        armed, self._armed = self._armed, None
        self._lose(record, armed)
        before = self._belief
        course = self._course(before) if name in COURSES else None
        after = course.after if course else self._simple(before, record_of=self._command)
        began = self._known.truth(f"{name} begun")
        ended = self._known.truth(f"{name} carried out")
        self._known.learn(implies(ended, began))
        if self._batch is not None and record.get("batch") == self._batch:
            self._known.learn(implies(began, self._went_on))  # commands of one request follow each other
        self._batch, self._went_on = record.get("batch"), ended
        booted = bool(armed or record.get("booted"))
        if course is None or not course.on_the_way or not booted:
            self._known.learn(same(began, ended))  # nothing but a power cut stops it on the way
            belief = merged(ended, after, before)
        else:
            belief = merged(ended, after, merged(began, course.on_the_way[0], before))
        self._log(course.written if course else (), ended)
        if makes_anew(self._command):  # its epoch is the one before or another
            self._written = [replace(each, there=every(each.there, no(ended))) for each in self._written]
            self._epoch = None
        if booted:
            off_for = armed["off_for"] if armed else 0
            cut = self._power_cut(belief, off_for)
            if off_for and record.get("unsteady"):  # or it booted of itself
                cut = merged(self._known.truth("the cut struck"), cut, self._power_cut(belief, 0))
            belief = cut
        self._belief = self._settled(belief)
        if armed:
            self._unanswered = True
        elif name in PRESENTATIONS:
            self._unanswered = True
            self._note(self._did(), "no answer")
            if self._step.get("shows"):
                self._undecided.append(f"step {self._step['step']}: no answer came to {self._did()}")

    def _lose(self, record: Record, armed: Record | None) -> None:
        """What is not known any more, whatever became of the command."""
        self._uncertain, self._meant = True, None
        if record.get("booted") and not armed:
            self._came_between()
        if self._running is not None:
            self._running.unanswered(self._command, record, armed["off_for"] if armed else None)
            self._tick(self._running, self._running.instants(self._command, record), cut_for=self._cut_for())

    def _came_between(self) -> None:
        """A power cut that no scenario has may hide what it is about: a fault that needs power, or a nonce that is gone anyway."""
        if self._step.get("step"):
            self._undecided.append(f"step {self._step['step']}: the box booted of itself, which may hide what comes after it")

    def _see_authority(self, record: Record) -> None:
        """What the authority heard of the box hangs on what was not answered; only what agrees with the scenario counts."""
        super(ExplainingJudge, self)._see_authority(record)
        self._unless_uncertain()

    def _see_check(self, record: Record) -> None:
        super(ExplainingJudge, self)._see_check(record)
        if not record["what"].startswith(OF_THE_BOX_ALONE):
            self._unless_uncertain()

    def _unless_uncertain(self) -> None:
        if self.finding is not None and (self._uncertain or self._slipped or self._undecided):
            self.finding, self._unanswered = None, True
            self._undecided.append(
                f"step {self._step['step']}: by what is not known of the box, it came otherwise than the scenario has it"
            )

    def _see_booted(self, record: Record) -> None:
        """Nobody had cut its power, and it had nothing to do."""
        self._armed, self._uncertain, self._meant = None, True, None
        self._came_between()
        if self._running is not None:
            self._running.booted(0, 0)
            self._tick(self._running, (self._running.alive, record["received"] + self._running.tolerance))
        self._belief = self._settled(self._power_cut(self._belief, 0))

    # A clock that runs

    def _see_step(self, record: Record) -> None:
        super(ExplainingJudge, self)._see_step(record)
        self._slipped = self._slipped or bool(record.get("slipped"))
        if self._running is not None and record["verb"] == "measure-clock":
            self._looks = Gauge(self._running.drift)

    def _passed(self) -> None:
        if self._looks is not None and self._running is not None:
            self._compare(self._looks, self._running)
            self._measured, self._looks = self._looks, None
        elif self._running is not None:  # how right a clock is that runs, only a measurement shows
            self._step = {**self._step, "shows": [each for each in self._step.get("shows", ()) if each != ACCURACY]}
        super(ExplainingJudge, self)._passed()

    def _compare(self, now: Gauge, running: Running) -> None:
        """What the clock gained since it was measured before; known to less than what it declares, or it shows nothing."""
        before = self._measured
        if before is None or not math.isfinite(now.width + before.width):
            return
        passed = now.at - before.at
        least, most = ((bound / passed) * 1_000_000 for bound in (now.low - before.high, now.high - before.low))
        self.measured = f"drift {least:+.1f} to {most:+.1f} ppm in {passed:.0f} s{_allowed(running)}"
        if most - least > 2 * max(running.drift_ppm, _LEAST_PPM):
            what = f"its {self.measured}, and it declares {running.drift_ppm:g}: let it run for longer, or on a faster line"
            self._undecided.append(f"step {self._step['step']}: {what}")

    def _kept_time(self, answer: Record, running: Running) -> bool:
        """Whether clock and timer show what they can."""
        value = answer["value"] if isinstance(answer["value"], dict) else {}
        instants = running.instants(self._command, answer)
        if self._looks is not None and value.get("box_time") is not None:
            self._looks.saw(value["box_time"], *instants)
        wrong = running.answered(self._command, answer)
        if wrong is None:
            self._tick(running, instants, {} if self._sets_a_running_clock(value) else value, self._cut_for())
            self._was_cut_then(running, instants, value.get("timer"))
            return True
        self._since = wrong.since
        did, saw = self._did(), f"its {wrong.counter} shows {self._counted(wrong, wrong.shown)}"
        self._note(did, saw)
        least, most = (self._counted(wrong, each) for each in (wrong.least, wrong.most))
        must = f"its {wrong.counter} must show {least}" + (f" to {most}" if most != least else "")
        declared = f"it declares a drift of at most {running.drift_ppm:g} ppm and {running.skew:g} s of skew{_allowed(running)}"
        self._fail(did, saw, f"{must}: {self._stood(wrong)}{declared}", (ACCURACY,), shown=(ACCURACY,))
        return False

    def _stood(self, wrong: Wrong) -> str:
        """The earlier reading that it does not go with."""
        if wrong.since is None:
            return ""
        put_on = f", was put on {wrong.since.put_on} s since" if wrong.since.put_on else ""
        return f"it stood at {self._counted(wrong, wrong.since.shown)} {wrong.passed:.1f} s before{put_on}, and "

    def _counted(self, wrong: Wrong, value: int | None) -> str:
        return self._time(value) if wrong.counter == "clock" else f"{value} s"

    def _was_cut_then(self, running: Running, instants: tuple[float, float], timer: int | None) -> None:
        """A box that has booted of itself just before its power was to be cut is not seen to, but its timer has run for too long."""
        sent, received = instants
        name, given = self._command["name"], self._command["arguments"]
        if name == "cut_power" and given["cut"] != CutClass.NTH_WRITE:
            self._cut_at, self._put_on = sent, 0
        elif self._cut_at is not None:
            self._put_on += given["seconds"] if name == "advance_clock" else 0
            if timer is not None:
                if running.has_run_since(timer - self._put_on, received) < self._cut_at:
                    self._came_between()
                self._cut_at = None

    def _sets_a_running_clock(self, value: Record) -> bool:
        """What a clock that runs shows as it is set is not yet how it stands: it may be the order's value (PROTOCOL.md)."""
        return self._running is not None and self._command["name"] == "time_order" and bool(value["accepted"])

    def _tick(self, running: Running, instants: tuple[float, float], value: Record | None = None, cut_for: int = 0) -> None:
        """Clock and timer stand as they were seen, or anywhere between what they can show at one of these instants.

        `cut_for`: how long a power cut was that the clock has gone on through already, and the belief has not.
        """
        shown = value or {}
        box = replace(
            self._belief.box,
            clock=self._counter("clock", running.clock, instants, shown.get("box_time")) - cut_for,
            timer=self._counter("timer", running.timer, instants, shown.get("timer")),
        )
        self._belief = replace(self._belief, box=box)

    def _cut_for(self) -> int:
        """Of the command, if it is a power cut that does not wait for a write; in seconds."""
        given = self._command["arguments"]
        at_once = self._command["name"] == "cut_power" and given["cut"] != CutClass.NTH_WRITE
        return int(given["off_for"]) if at_once else 0

    def _counter(self, name: str, gauge: Gauge, instants: tuple[float, float], shown: int | None) -> Any:
        if shown is not None:
            return shown
        least, most = gauge.shows(*instants)
        return self._known.number(name, least or 0, _FAR if most is None else max(0, most))

    def _probed(self, course: Course, value: Record) -> None:
        """What a step shows, it shows only if it was decided in its second, and as long after its nonce as the scenario has it."""
        aimed, box = self._command.get("aimed"), course.after.box
        if aimed is None or self._command["name"] not in PRESENTATIONS:
            return
        if value["box_time"] not in {None, aimed}:
            why = f"decided at {self._time(value['box_time'])}, and meant for {self._time(aimed)}"
            if self._command["name"] == "enter":  # whose digits these are was said of the second that was meant
                self._late = True
                raise NoTelling(why)
            self._missed(why)
        number = self._command["meaning"].get("nonce")
        open_one = self._belief.box.nonce_open is True and number == len(self._aimed)
        asked = self._aimed[number - 1] if open_one else None
        if asked is None or abs(aimed - asked - self.profile.ticket_life) > _NEAR:
            return
        took = box.timer - self._belief.box.nonce_at
        if not isinstance(took, int) or took != aimed - asked:
            self._missed(f"by the timer it may not have been {aimed - asked} s after the nonce that it was decided")

    def _missed(self, why: str) -> None:
        self._late = True
        self._undecided.append(f"step {self._step['step']}: {why}")
        self._unanswered = True

    # What the box did

    def _decided(self, value: Record, record: Record) -> None:
        course = self._course(self._belief)
        accepted, saw = course.outcome.accepted, bool(value["accepted"])
        did, word = self._did(), self._word(saw) + (f" ({value['reason']})" if value["reason"] else "") + self._seen_by(record)
        self._note(did, word)
        if self._running is not None:
            self._probed(course, value)
        self._weigh(accepted, saw)
        facts: tuple[Any, ...] = (
            (saw == record.get("reported", saw), lambda told: (word, f"{self._says(told)}; and say what it does")),
            (same(accepted, saw), lambda told: (word, self._says(told))),
            *self._reasoned(course, value, word),
            (
                self._sets_a_running_clock(value) or self._shows_time(course.after.box, value["box_time"]),
                lambda told: self._timed(told, word, value),
            ),
        )
        if self.doubt and self._step.get("step"):
            self._doubt(every(*(fact for fact, _ in facts)), course)
            return
        together = every(*(fact for fact, _ in facts))
        if not self._known.possible(together):
            self._contradicted(course, did, value, facts)
            return
        self._known.learn(together)
        self._log(course.written)
        self._begins_late(_begins(self._belief, course.after))
        self._belief = self._settled(course.after)

    def _begins_late(self, begins: Truth) -> None:
        """A nonce, an hour or a charge from which time is counted: later steps stand where they would if it had begun in its second."""
        if self._step.get("slipped") and begins is not False and self._known.possible(begins):
            self._missed("a power cut took longer than the scenario has for it")

    def _weigh(self, accepted: Truth, saw: bool) -> None:
        """Whether this is evidence for what the step shows: only if the other outcome would have been a failure."""
        step = self._step
        expected = step.get("accepted")
        if expected is None or step.get("asks") != "box" or self._command["name"] not in step.get("decides", ()):
            return
        if saw != expected and self._known.possible(same(accepted, saw)):
            self._undecided.append(
                f"step {step['step']}: by what is not known of the box, it came otherwise than the scenario has it"
            )
            self._unanswered = True
        elif step.get("shows") and self._known.possible(same(accepted, not saw)):
            self._undecided.append(
                f"step {step['step']}: the other answer would have been right, too, by what is not known of the box"
            )
            self._unanswered = True

    def _reasoned(self, course: Course, value: Record, word: str) -> Iterable[Any]:
        """What must hold of the reason that was given, with words for where it does not."""
        reason = value["reason"]
        if reason is not None and not self.gives_reasons:
            yield False, lambda _: (word, "must give no reason: the box declares that it gives none")
        elif self.gives_reasons and not value["accepted"]:
            yield course.reasons.get(reason, False), lambda told: (word, self._may_say(told))

    def _may_say(self, told: Course) -> str:
        return f"must be refused for {' or '.join(sorted(clause for clause, holds in told.reasons.items() if holds))}"

    def _timed(self, told: Course, word: str, value: Record) -> tuple[str, str]:
        return f"{word} at {self._time(value['box_time'])}", f"box time must be {self._time(_box_time(told.after.box))}"

    def _doubt(self, seen: Truth, course: Course | None = None, line: int | None = None) -> None:
        """It is so, and was carried out, if the assumption holds; else nothing is known of it."""
        assumed, ran = self._known.truth("assumed"), self._known.truth("carried out")
        self._assumed[assumed] = len(self._history) - 1 if line is None else line
        self._known.learn(implies(assumed, every(ran, seen)))
        if course is not None:
            self._log(course.written, ran)
            self._belief = self._settled(merged(ran, course.after, self._belief))
        if self._known.core(list(self._assumed)) is not None:
            self._fail(self._did(), "", "", ())

    def _contradicted(self, course: Course, did: str, value: Record, facts: Iterable[Any]) -> None:
        """No behaviour explains it: the clauses are those by which any that explains what was before decides otherwise."""
        saw, must = "", ""
        for fact, tell in facts:
            if not self._known.possible(fact):
                saw, must = tell(self._likely(course))
                break
            self._known.learn(fact)
        outcome = course.outcome
        forbidding = tuple(replace(need, applies=True, holds=not self._known.possible(need.forbids)) for need in outcome.needs)
        entitling = tuple(replace(n, holds=self._known.possible(every(outcome.accepted, n.holds))) for n in outcome.entitled_by)
        clauses = between([Outcome(False, forbidding), Outcome(True, (), entitling)], value["reason"])
        likely = self._likely(course)
        shows = _box_time(likely.after.box)
        timed = must.startswith("box time")
        self._fail(did, saw, must, wrong_time(shows, value["box_time"]) if timed else clauses)

    def _likely(self, course: Course) -> Course:
        """One way in which it can have come to this, in plain values."""
        return self._known.example(course)  # type: ignore[no-any-return]

    def _says(self, told: Course) -> str:
        return self._must(told.outcome, told.bounds, told.after.box.clock)

    def _read_clock(self, value: Record) -> None:
        time = self._shows_time(self._belief.box, value["box_time"])
        fact = every(time, self._timer_shows(value["timer"]))
        if self.doubt and self._step.get("step"):
            self._doubt(fact, line=OF_NO_LINE)
            return
        if self._known.possible(fact):
            self._known.learn(fact)
            return
        if self._known.possible(time):
            likely = self._known.example(self._belief, time)
            self._fail_timer(value["timer"], likely.box.timer + likely.timer_began)
            return
        shows = _box_time(self._known.example(self._belief.box))
        clauses = wrong_time(shows, value["box_time"])
        if self._running is not None:  # a clock that is too far behind is found below the mark
            clauses = tuple(dict.fromkeys((ACCURACY, *clauses)))
        self._fail_clock(value["box_time"], shows, clauses)

    def _timer_shows(self, shown: int) -> Truth:
        """How the box's own timer stands to the model's is learned, once; one that runs was looked at already."""
        timer, began = self._belief.box.timer, self._belief.timer_began
        if self._running is not None:
            return True
        if not self._timer_seen and isinstance(timer, int) and isinstance(began, int):
            self._timer_seen = True
            self._belief = replace(self._belief, timer_began=shown - timer)
            return True
        return same(timer + began, shown)

    def _shows_time(self, box: model.Box, shown: int | None) -> Truth:
        ready = model.ready(box)
        return no(ready) if shown is None else every(ready, same(box.clock, shown))

    # The log

    def _log(self, written: Iterable[Written], ran: Truth = True) -> None:
        for each in written:
            there = every(each.there, ran)
            if there is not False:
                self._written.append(self._known.settled(replace(each, there=there)))

    def _forget_the_log(self) -> None:
        self._epochs |= set() if self._epoch is None else {self._epoch}
        self._epoch, self._written = None, []

    def _read_log(self, value: Record) -> None:
        if self._epoch is not None and value["epoch"] != self._epoch:
            self._fail("read the log", f"epoch {value['epoch']}", f"must still be epoch {self._epoch}", ("box.log",))
            return
        if value["epoch"] in self._epochs:
            self._fail("read the log", f"epoch {value['epoch']}", "must be another epoch than before", ("box.log",))
            return
        self._epoch = value["epoch"]
        self._note("read the log", f"{len(value['entries'])} entries")
        fact = self._explains_the_log(value)
        if self.doubt:
            self._doubt(fact)
        elif not self._known.possible(fact):
            saw, must = self._first_difference(value)
            self._fail("read the log", saw, must, ("box.log",))
            return
        else:
            self._known.learn(fact)
        self._belief = self._settled(replace(self._belief, box=model.write_refusals(self._belief.box)[0]))

    def _explains_the_log(self, value: Record) -> Truth:
        """Each entry that was written is the one that was read at its number, or is one that a full log does not keep."""
        entries, written = value["entries"], value["next_number"] - 1
        lost = written - len(entries)
        if lost < 0 or (lost and len(entries) < self.log_capacity):
            return False
        first = lost + 1 if self.log_overwrites else 1
        if [entry["number"] for entry in entries] != list(range(first, first + len(entries))):
            return False
        facts = [same(self._belief.box.next_entry, value["next_number"])]
        for each in (*self._written, still_open(self._belief)):
            if each.there is not False:
                places = (self._is(each, entry) for entry in entries)
                facts.append(implies(each.there, either(*places, bool(lost) and self._is_gone(each.number, first, len(entries)))))
        return every(*facts)

    def _is_gone(self, number: Any, first: int, kept: int) -> Truth:
        """A full log does not have it any more, or never had."""
        return number < first if self.log_overwrites else number > kept  # type: ignore[no-any-return]

    def _is(self, written: Written, entry: Record) -> Truth:
        if entry["kind"] != written.kind:
            return False
        credential = CodeIndex(**entry["credential"]) if isinstance(entry["credential"], dict) else entry["credential"]
        instant = entry["instant"]
        within = False if instant is None else every(written.instant <= instant, instant <= written.latest)
        timed = no(written.timed) if instant is None else every(written.timed, within)
        named = True if credential == written.credential else written.or_none if credential is None else False
        if timed is False or named is False:  # told apart without a term, as most are
            return False
        reasoned = written.accepted if self.gives_reasons else True
        return every(
            timed,
            named,
            same(written.number, entry["number"]),
            same(written.accepted, entry["accepted"]),
            same(written.count, entry["count"]),
            either(reasoned, written.reasons.get(entry["reason"], False)),
        )

    def _first_difference(self, value: Record) -> tuple[str, str]:
        """Against one of the logs that there may be; where that one would do, what no log explains is said as such."""
        known, box = self._known.example((tuple(self._written), self._belief.box)), self._known.example(self._belief.box)
        told, _ = known
        there = sorted((each for each in told if each.there is True), key=lambda each: each.number)
        open_one = self._known.example(still_open(self._belief))
        log = [_expected(each) for each in (*there, *([open_one] if open_one.there is True else []))]
        differs = self._log_differs(log, box.next_entry, value)
        return differs or (f"{len(value['entries'])} entries", "must be what was decided, and nothing else")

    # What is not a decision

    def _course(self, belief: Belief) -> Course:
        meaning: Mapping[str, Any] = self._command["meaning"]
        if "nonce" in meaning:
            number = meaning["nonce"]
            meaning = {**meaning, "nonce": self._nonces[number - 1] if 0 < number <= len(self._nonces) else NEVER_GIVEN}
        course = COURSES[self._command["name"]](belief, dict(meaning), self.profile)
        if self._running is not None and self._command["name"] == "time_order":  # what it shows since is known from itself
            box = replace(course.after.box, clock=belief.box.clock)
            return replace(course, after=replace(course.after, box=box))
        return course

    def _simple(self, belief: Belief, record_of: Record) -> Belief:
        if self._running is not None and record_of["name"] in {"advance_clock", "disturb_clock"}:
            return belief  # as the clock and the timer show, or are known to stand
        return after_simple(belief, record_of, lambda: self._kept(belief), self.profile)

    def _arm(self, given: Record) -> None:
        self._armed = given if given.get("cut") == CutClass.NTH_WRITE and given["nth"] else None

    def _power_cut(self, belief: Belief, off_for: int) -> Belief:
        return without_power(belief, off_for, self._kept(belief), self.profile)

    def _kept(self, belief: Belief) -> Any:
        """Of the counted refusals, those that had been written when power went."""
        return self._known.number("refusals kept", belief.box.refusals_written, belief.box.refusals)

    def _settled(self, belief: Belief) -> Belief:
        return self._known.settled(belief)  # type: ignore[no-any-return]


def _expected(written: Written) -> Expected:
    """A plain one as the exact judge has it."""
    timed = bool(written.timed)
    reasons = frozenset(clause for clause, holds in written.reasons.items() if holds)
    return Expected(
        written.kind,
        bool(written.accepted),
        written.instant if timed else None,
        written.credential,
        reasons,
        written.count,
        bool(written.or_none),
        written.latest if timed and written.kind is LogKind.REFUSALS else None,
    )


def _begins(before: Belief, after: Belief) -> Truth:
    """Whether a decision began something from which time is counted: the hour of a code, or the wait for a charge to be given back."""
    charged = no(same(after.box.arrival, later(before.box.arrival, before.box.clock)))
    return either(charged, *(no(same(code.used, before.code(index).used)) for index, code in after.codes.items()))


def _allowed(running: Running) -> str:
    """What is not held against a box, since it may be the bench's own."""
    return f", by a clock that may itself be wrong by {running.bench_ppm:g} ppm" if running.bench_ppm else ""


def _box_time(box: model.Box) -> int | None:
    return box.clock if model.ready(box) else None
