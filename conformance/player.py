"""The player: plays a scenario on a bench, writes down everything that is sent and seen, and stops at a contradiction.

A bench is an authority and a box. True time is the player's own; it moves only when a scenario says so, and box and
authority move with it. What a step expects is never sent to the box. Commands travel together where nothing hangs on their
answers (`conformance/outbox.py`), so that a contradiction may be noticed a few steps after it was seen.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from lockproof.conformance import at_the_authority, at_the_box, ctrl_c, digests, words
from lockproof.conformance.at_the_box import set_clock
from lockproof.conformance.authorities import Judged
from lockproof.conformance.cast import CAST
from lockproof.conformance.journal import Journal
from lockproof.conformance.oracle import Judge, Oracle
from lockproof.conformance.pace import MOST_LOOKS, ClockMode, Missed, Pace, PlayAgain
from lockproof.conformance.scenario import DEFAULT_TODAY, FIRST_PROPERTY, WAIT, Scenario, ScenarioError, Step, calendar_of
from lockproof.conformance.stage import Do, LostTogether, Stage
from lockproof.conformance.story import UNBOUNDED
from lockproof.conformance.verdict import ScenarioResult
from lockproof.hw_adapter.messages import Code, Command
from lockproof.reference.authority import Generator
from lockproof.reference.credentials import derive_keys, interop_digits
from lockproof.spec.observable import Authority, BenchError, Box, NoAnswer, Provisioning
from lockproof.spec.profile import DEFAULT, Profile

MOST_ATTEMPTS = 3  # to have a scenario decide
MOST_AIMS = 6  # at seconds of a clock that runs
TEST_CLOCK = "test-clock"
_TO_MEASURE = 100  # seconds before the beginning of a scenario, for a clock to be measured


class MakeAuthority(Protocol):
    def __call__(self) -> AbstractContextManager[Authority]: ...


class Watcher(Protocol):
    """Is told what is going on, as it happens."""

    def step(self, scenario: Scenario, number: int, step: Step) -> None: ...


class Stopped(KeyboardInterrupt):
    """Ctrl-C, with what was found of the scenario until then."""

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A box as the authority knows it."""

    id: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class _Ready:
    """An authority for a scenario that is yet to be played; `closing` ends it."""

    scenario: Scenario
    authority: Authority
    told: Provisioning  # what the box is told when it is put at the first property
    closing: ExitStack


@dataclass(slots=True)
class Player:
    """Plays scenarios on one box, each on a fresh authority."""

    box: Box
    make_authority: MakeAuthority
    journal: Journal
    today: str = DEFAULT_TODAY
    profile: Profile = DEFAULT
    gives_reasons: bool = True
    log_capacity: int = UNBOUNDED
    log_overwrites: bool = True
    watcher: Watcher | None = None
    seed: str = ""  # ids, secrets and wrong digits follow from it, so that no box can know them beforehand
    one_at_a_time: bool = False  # each command in a request of its own, as from the first answer on that is lost
    generator: Generator = interop_digits  # of the box's codes
    supply: bool = False  # the bench can cut the supply itself
    unsteady: bool = False  # the box has booted of itself in this run
    unanswered: bool = False  # the scenario played last ended since no answer came
    attempts: int = MOST_ATTEMPTS  # so many are worth it for the scenario that was played last
    pace: Pace | None = None  # for scenarios whose clock runs
    clock: ClockMode = ClockMode.HOLD  # of all others
    shrinking: bool = False  # what is played is a smaller form of a scenario that failed
    explain: int = 0  # of so many failures, also which observations contradict each other
    judged: Judged | None = None  # the authority, where it is judged; it is that of every scenario, one after the other
    _ready: _Ready | None = None
    _stopped: bool = False  # by Ctrl-C

    def play(self, scenario: Scenario, following: Scenario | None = None) -> ScenarioResult:
        """Play one scenario to its end or its first contradiction. `BenchError` ends in the verdict `error`, Ctrl-C in `Stopped`.

        The authority for the scenario that is to follow is made ready meanwhile, while the box is at work. Raises
        `ScenarioError` and `Contradiction` for a scenario that cannot be played.
        """
        started, self.unanswered, self.attempts = time.perf_counter(), False, MOST_ATTEMPTS
        pace, again, unsure = self._pace_of(scenario), False, False
        profile = replace(self.profile, **scenario.profile)
        calendar = calendar_of(scenario.properties[0].zone, scenario.start, self.today)
        head = self.journal.write(
            "scenario",
            id=scenario.id,
            clauses=scenario.clauses,
            story=scenario.story,
            zone=calendar.zone,
            start=scenario.start,
            today=self.today,
            seed=self.seed,
            profile=scenario.profile,
            theorem=scenario.theorem,
            written=digests.scenario(scenario),
            clock=ClockMode.WALL_CLOCK if scenario.runs else self.clock,
            running=pace.running.told() if pace else None,
            **({"shrinks": True} if self.shrinking else {}),
        )
        judge = Oracle(
            scenario=head,
            profile=profile,
            gives_reasons=self.gives_reasons,
            log_capacity=self.log_capacity,
            log_overwrites=self.log_overwrites,
            authority=self.judged.told() if self.judged else None,
        )
        try:
            with self._ready_for(scenario) as ready:
                stage = self._stage(scenario, judge, ready.authority, calendar, profile, pace)
                if following and self.judged is None:
                    stage.outbox.meanwhile(partial(self._make_ready, following))
                self._to_its_end(stage, ready.told)
        except PlayAgain as given_up:
            again, unsure = again or not judge.undecided, not isinstance(given_up, Missed)
            judge.see(self.journal.write("given-up", message=str(given_up)))
        except LostTogether as lost:
            unsure = True
            self.one_at_a_time = True
            judge.see(self.journal.write("given-up", message=f"{lost}; from here on each command is a request of its own"))
        except BenchError as error:
            self.unanswered, unsure = isinstance(error, NoAnswer), True
            judge.see(self.journal.write("error", message=str(error)))
        except KeyboardInterrupt:
            self._stopped = True
            ended = self.journal.write("error", message=ctrl_c.what_is_kept())
            if not judge.is_over:
                judge.see(ended)
        finally:
            if judge.error or sys.exc_info()[0]:
                self.put_away()
        if pace and unsure:
            pace.forget()
        result = self._judged(judge)
        if pace:
            self.attempts = MOST_AIMS if again or judge.may_decide else 1
        self.explain -= result.finding is not None
        return self._told(replace(result, seconds=time.perf_counter() - started))

    def _judged(self, judge: Judge) -> ScenarioResult:
        try:
            with ctrl_c.let_in():  # what contradicts what takes a moment, and is not worth waiting for
                return judge.result(explain=self.explain > 0 and not self._stopped)
        except KeyboardInterrupt:
            self._stopped = True
            return judge.result()

    def _told(self, result: ScenarioResult) -> ScenarioResult:
        if self._stopped:
            raise Stopped(result)
        return result

    def _pace_of(self, scenario: Scenario) -> Pace | None:
        """None where the clock is held."""
        if scenario.runs and self.pace is None:
            raise ScenarioError(scenario.where, "its clock must run, and nobody said how it is waited for", "play it with a pace")
        held = self.clock is ClockMode.HOLD or self._is_without_box(scenario)
        return self.pace if scenario.runs or not held else None

    def _is_without_box(self, scenario: Scenario) -> bool:
        """The authority is judged, and has no part of it to a box: none is set up for that, and no clock waited for."""
        return self.judged is not None and not scenario.touches_box

    def put_away(self) -> None:
        """What was made ready for a scenario that is not to be played after all is given back."""
        if self._ready:
            self._ready.closing.close()
            self._ready = None

    @contextmanager
    def _ready_for(self, scenario: Scenario) -> Iterator[_Ready]:
        if self._ready is None or self._ready.scenario is not scenario:
            self.put_away()
            self._make_ready(scenario)
        ready, self._ready = self._ready, None
        assert ready is not None
        with ready.closing:
            yield ready

    def _make_ready(self, scenario: Scenario) -> None:
        """A fresh authority that knows the people, properties and boxes of a scenario; both boxes are at the first property."""
        with ExitStack() as stack:
            authority = stack.enter_context(self.make_authority())
            start = calendar_of(scenario.properties[0].zone, scenario.start, self.today).instant(scenario.start)
            for person in CAST.values():
                if person.person:
                    authority.add_person(person.person, person.name, person.pin, person.office)
                elif person.account:
                    authority.register_account(person.email, start)
            for prop in scenario.properties:
                authority.add_property(prop.name, prop.address, prop.zone, CAST["joe"].person, CAST["joe"].office)
            boxes = self._boxes(scenario)
            for box in boxes:
                authority.add_box(box.id, box.secret, (CAST["owen"].person,))
            told, _ = (authority.assign(box.id, FIRST_PROPERTY, start) for box in boxes)
            assert told is not None
            derive_keys(told.box_id, told.secret)  # which are kept, so that they are there when they are asked for
            self._ready = _Ready(scenario, authority, told, stack.pop_all())

    def _boxes(self, scenario: Scenario) -> tuple[_Keyed, _Keyed]:
        """The box that is played with, and the other one."""
        seed = hashlib.sha256(self._seed(scenario).encode()).digest()
        secret = scenario.secret or hashlib.sha256(seed + b"secret").digest()
        other = _Keyed(hashlib.sha256(seed + b"other").digest()[:16], hashlib.sha256(seed + b"other secret").digest())
        return _Keyed(seed[:16], secret), other

    def _seed(self, scenario: Scenario) -> str:
        salt = "" if scenario.secret else self.seed  # a secret that was searched for belongs to one box id
        return salt + scenario.id

    def _stage(
        self,
        scenario: Scenario,
        judge: Judge,
        authority: Authority,
        calendar: words.Calendar,
        profile: Profile,
        pace: Pace | None,
    ) -> Stage:
        box, other = self._boxes(scenario)
        return Stage(
            scenario=scenario,
            box=self.box,
            authority=authority,
            journal=self.journal,
            judge=judge,
            calendar=calendar,
            now=calendar.instant(scenario.start),
            profile=profile,
            box_id=box.id,
            keys=derive_keys(box.id, box.secret),
            other_id=other.id,
            seed=self._seed(scenario),
            one_at_a_time=self.one_at_a_time or pace is not None or self.judged is not None,
            judged=self.judged is not None,
            without_box=self._is_without_box(scenario),
            pace=pace,
            generator=self.generator,
            supply=self.supply,
            unsteady=self.unsteady,
        )

    def _to_its_end(self, stage: Stage, told: Provisioning) -> None:
        """Or as far as it goes; then what was seen is written down."""
        try:
            with ctrl_c.let_in():
                try:
                    self._play(stage, told)
                except BenchError:
                    with suppress(BenchError):  # what is out may have been carried out
                        stage.outbox.abandon()
                    raise
        except KeyboardInterrupt:
            with suppress(BenchError):
                stage.outbox.write_down()
            raise
        finally:
            self.unsteady = stage.unsteady

    def _play(self, stage: Stage, told: Provisioning) -> None:
        self._set_up(stage, told)
        for number, step in enumerate(stage.scenario.steps, 1):
            if _is_over(stage):
                break
            if self.watcher:
                self.watcher.step(stage.scenario, number, step)
            stage.step = step
            try:
                self._step(stage, number, step)
            except (ScenarioError, words.WordsError) as error:
                stage.outbox.settle()  # what went wrong at the box may be why
                if _is_over(stage):
                    break
                if isinstance(error, ScenarioError):
                    raise
                raise ScenarioError(step.where, str(error)) from None  # of words that hang on what earlier steps made
        if not _is_over(stage):
            stage.outbox.settle()
        _end(stage)

    @contextmanager
    def rehearsing(self, scenario: Scenario, judge: Judge) -> Iterator[Stage]:
        """The stage of a scenario whose steps are not known yet, set up; they are taken one by one, with `take`."""
        calendar = calendar_of(scenario.properties[0].zone, scenario.start, self.today)
        profile = replace(self.profile, **scenario.profile)
        with self._ready_for(scenario) as ready:
            stage = self._stage(scenario, judge, ready.authority, calendar, profile, None)
            self._set_up(stage, ready.told)
            stage.outbox.settle()
            yield stage

    def take(self, stage: Stage, number: int, step: Step) -> None:
        """Take one more step, to its end."""
        stage.step = step
        self._step(stage, number, step)
        stage.outbox.settle()

    def _step(self, stage: Stage, number: int, step: Step) -> None:
        self._begin(stage, number, step)
        for time_around in range(step.times):
            if time_around and step.every:
                stage.move_to(stage.nominal + words.seconds(step.every))
            if not stage.judge.finding:
                DO[step.verb](stage, step)

    def _set_up(self, stage: Stage, told: Provisioning) -> None:
        """As from the factory, then provisioned for the first property, the clock held and set."""
        stage.write("step", step=0, where=str(stage.scenario.where), verb="set-up", channel="clock", shows=(), at=stage.now)
        stage.command("reset", "reset to the factory's state", Command(Code.RESET))
        self._hold(stage)
        stage.provision(told, new=True)
        stage.outbox.meanwhile(partial(_learn_digits, stage))
        if stage.pace and stage.pace.offset is None:
            self._measure(stage, stage.pace)
        if stage.pace:
            stage.look_closely(stage.pace, timer=True)
        set_clock(stage, stage.now)
        stage.aimed = True

    def _hold(self, stage: Stage) -> None:
        """The clock is held, or let go where it is to run and may have been held."""
        if stage.pace is None:
            stage.command("hold_clock", "hold the clock", Command(Code.CLOCK_HOLD, True), held=True)
        elif not stage.pace.released and TEST_CLOCK in stage.pace.hello.clock_modes:
            stage.command("hold_clock", "let the clock run", Command(Code.CLOCK_HOLD, False), held=False)
        if self.pace:
            self.pace.released = stage.pace is not None

    def _measure(self, stage: Stage, pace: Pace) -> None:
        """How a clock stands that was just set, and what fractions of their seconds clock and timer are in."""
        set_clock(stage, stage.now - _TO_MEASURE - stage.profile.clock_skew)
        order = stage.last_order
        reading = stage.look()
        if reading is None or order is None:
            return
        if reading.box_time is None:  # the clock is behind what it was set to, by no more than that
            pace.pass_time(stage.profile.clock_skew + 1, stage.let_pass)
        for _ in range(MOST_LOOKS):
            if pace.is_known():
                break
            pace.look_at_an_edge(stage.look)
        pace.measure(*order)

    def _wait(self, stage: Stage, number: int, step: Step) -> None:
        """Time passes before the step: a control of its own, which shows nothing but that the clock goes on."""
        stage.write("step", step=number, where=str(step.where), verb="wait", channel="clock", shows=(), at=stage.now)
        if stage.pace and self._to_be_looked_at(stage, step):
            stage.look_closely(stage.pace, timer=False)
            if step.at is None and step.after is None:
                stage.slip(stage.pace)
        if step.at is not None:
            stage.move_to(stage.calendar.instant(step.at, stage.spans))
        if step.after is not None:
            stage.move_to(stage.nominal + words.seconds(step.after))

    def _to_be_looked_at(self, stage: Stage, step: Step) -> bool:
        """Whether fractions of a second must be known that a power cut has left unknown."""
        pace = stage.pace
        return pace is not None and step.asks != "authority" and pace.is_new_to_its_power

    def _begin(self, stage: Stage, number: int, step: Step) -> None:
        if step.at is not None or step.after is not None or self._to_be_looked_at(stage, step):
            self._wait(stage, number, step)
        stage.write(
            "step",
            step=number,
            where=str(step.where),
            verb=step.verb,
            arguments=step.arguments,
            accepted=step.accepted,
            asks=step.asks,
            decides=DECIDES.get(step.verb, ()),
            because=step.because,
            shows=step.shows,
            channel=step.channel,
            at=stage.now,
            **({"slipped": stage.slipped} if stage.slipped else {}),
        )


def _end(stage: Stage) -> None:
    """Raises `Missed` for one that shows nothing any more."""
    if not _is_over(stage):
        stage.write("end", records=stage.judge.seen)
        stage.outbox.write_down()
        return
    stage.outbox.abandon()
    if not (stage.judge.finding or stage.judge.error):
        raise Missed("it was not decided when it was meant to be")


def _is_over(stage: Stage) -> bool:
    """Something was wrong, as far as that is known."""
    return bool(stage.judge.finding or stage.judge.error or (stage.pace and stage.judge.undecided))


def _learn_digits(stage: Stage) -> None:
    """Those of the days around now, which are kept: whoever asks for them later has them at once."""
    assert stage.days is not None
    stage.days.indices_of("", stage.now, stage.profile)


def _wait(_: Stage, __: Step) -> None:
    """The step's own time is all there is to it."""


DO: dict[str, Do] = {WAIT: _wait, **at_the_authority.does, **at_the_box.does}

# Which commands of a step its expectation is about
DECIDES = {
    "enter": ("enter",),
    "present": ("present",),
    "connect": ("present",),
    "deliver": ("revocation_order",),
    "end-another-grant": ("revocation_order",),
    "set-clock": ("time_order",),
}
