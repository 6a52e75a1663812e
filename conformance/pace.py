"""How scenario time passes at a box: its clock is held and moved by command, or it runs and is waited for.

Where it runs, every command of a scenario is aimed at the second in which the scenario has it: the clock is measured until its
seconds are known well enough, and what can no longer be sent in its second is not sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from lockproof.conformance.journal import Record
from lockproof.conformance.running import Gauge, Running
from lockproof.hw_adapter.bench_time import BenchTime
from lockproof.spec.observable import BenchError, Hello


class ClockMode(StrEnum):
    """How the clock of a box is dealt with. `model`: it is a number in this process; see `Hello.clock_modes`."""

    HOLD = "hold"  # it stands still; time passes by command, and every decision is made at a known second
    ADVANCE = "advance"  # it runs; what takes longer than a moment passes by command
    WALL_CLOCK = "wall-clock"  # it runs, and is waited for


class PlayAgain(BenchError):  # noqa: N818  (reads as what to do)
    """The scenario was given up, and shows nothing as it was played."""


class Missed(PlayAgain):
    """The second at which a command was aimed was over before it could be sent."""


AIMED_AT = "the second that this was aimed at"  # in every message about one that was missed
WELL_KNOWN = 0.2  # seconds: a counter's fractions are known so well
MOST_LOOKS = 12  # at a clock, to know it so well
_TURNS = 6  # of a clock that is measured
_MARGIN = 0.05  # seconds before the end of a second in which nothing is sent, at the least
_LONGEST_MARGIN = 0.3
_EDGE = 0.02  # seconds after a counter has turned in which nothing is sent
_A_LOOK_BEFORE = 15.0  # seconds before a second that is aimed at, to look at the clock again
_A_LOOK = 2.0  # seconds: so long one may take
_SOON = 0.1  # seconds: what comes next is sent within them
_TICK = 1e-6  # seconds: less is no time
_NAP = 1.0  # seconds: the longest sleep at a stretch


@dataclass(slots=True)
class Pace:
    """A box whose clock runs, in one run.

    `running` is what was seen of its clock and timer, which is what a judge goes by. `aim` is that and two guesses, until they are
    seen to be wrong: that a clock which was set stands to its new value as it stood to the last one (`offset`), and that a power
    cut does not move it.
    """

    mode: ClockMode
    hello: Hello
    time: BenchTime
    tolerance: float = 0.0
    waiting: Callable[[float], object] = lambda _: None  # is told how many seconds are still to be waited
    stand_by: Callable[[], object] = lambda: None  # asked now and then in a long wait; raises where the line is gone
    running: Running = field(init=False)
    aim: Running = field(init=False)
    released: bool = False  # the clock was let go
    offset: tuple[float, float] | None = None  # between what the clock was ahead of its new value, once set
    session: int = 0  # the one in which all this was seen
    _began: float = 0.0
    _took: float = 0.0  # from sending a command to its answer, of late

    def __post_init__(self) -> None:
        self._began, self.session = self.time.now(), self.hello.session
        made = {"drift_ppm": self.hello.drift_ppm, "skew": self.hello.clock_skew, "bench_ppm": self.time.ppm}
        self.running, self.aim = (Running(**made, tolerance=self.tolerance) for _ in range(2))
        self.aim.slip = 0.0

    def now(self) -> float:
        """Seconds since the run began."""
        return self.time.now() - self._began

    @property
    def ahead(self) -> int:
        """Whole seconds by which the clock is ahead of a value that it was just set to; 0 where it is behind, or not measured."""
        return max(0, math.floor(self.offset[0] + WELL_KNOWN)) if self.offset else 0

    # What was seen

    def answered(self, command: Record, answer: Record) -> None:
        """Learn from a command and its answer."""
        self._took = min(_LONGEST_MARGIN, (self._took + answer["received"] - command["sent"]) / 2)
        self.running.answered(command, answer)
        wrong = self.aim.answered(command, answer)
        if command["name"] == "time_order" and answer["value"]["accepted"]:
            self._was_set(command, answer)
        elif wrong:
            self.offset = None
            self.aim = Running.of(self.running.told())

    def unanswered(self, command: Record, loss: Record, armed: int | None) -> None:
        """Learn from a command that may have been carried out."""
        self.running.unanswered(command, loss, armed)
        self.aim.unanswered(command, loss, armed)

    def forget(self) -> None:
        """Nobody knows whether the box has booted."""
        self.running.forget()
        self.aim.forget()

    def booted(self) -> None:
        """Of itself, at some instant since the last answer."""
        self.running.booted(0, 0)
        self.aim.booted(0, 0)

    def measure(self, value: int, sent: float, received: float) -> None:
        """How far the clock is ahead of the value that it took at an instant between these two, by what it has shown since."""
        self.offset = self.running.clock.low - value + sent, self.running.clock.high - value + received

    def _was_set(self, command: Record, answer: Record) -> None:
        if self.offset:
            value, (low, high) = command["meaning"]["value"], self.offset
            self.aim.clock.became(value, (low, high), *self.aim.instants(command, answer))

    # Aiming

    def to_skip(self, second: int) -> int:
        """How many seconds are to be passed by command so that the clock shows this second, or is just before it."""
        (low, high), (begin, end) = self._clock_now(), self._window()
        if self.mode is ClockMode.WALL_CLOCK or not math.isfinite(high - low):
            return 0
        now = math.floor(low)
        fits = low - now >= begin and high - now < end - _SOON
        return max(0, second - now if fits else math.floor(second + begin - low))

    def reach(self, second: int, look: Callable[[], object]) -> None:
        """Wait until the clock surely shows this second; `look` reads it. Raises `Missed` where the second is over."""
        looks = 0
        while True:
            (low, high), (begin, end) = self._clock_now(), self._window()
            if low >= second + begin and high < second + end:
                return
            if not math.isfinite(high - low):
                if looks == MOST_LOOKS:
                    raise Missed("the clock shows nothing, so that nobody knows when the second comes that this was aimed at")
                look()
                looks += 1
                continue
            early = second + begin - high
            width = high - low + 2 * self.running.drift * max(0.0, early)  # when it will be time
            if early > _A_LOOK_BEFORE and width > WELL_KNOWN:
                self._come_nearer((early - _A_LOOK_BEFORE) / (1 + self.running.drift))
            elif early > _A_LOOK and width > WELL_KNOWN / 2 and looks < MOST_LOOKS:
                self.look_at_an_edge(look)
                looks += 1
            elif low < second + begin:
                self._come_nearer(second + begin - low)
            elif low >= second + 1:
                raise Missed(f"the clock was past {AIMED_AT}, by {low - second - 1:.1f} s")
            else:
                raise Missed(f"what was left of {AIMED_AT} was too short")

    def know(self, look: Callable[[], object], *, timer: bool) -> None:
        """Look until the seconds of the clock are known well, and with `timer` those of the timer."""
        for _ in range(2 * MOST_LOOKS):
            least = self._least_known_of(timer=timer)
            if least is None or least.width <= WELL_KNOWN:
                return
            self.look_at_an_edge(look, least)

    def _least_known_of(self, *, timer: bool) -> Gauge | None:
        gauges = (self.aim.clock, *((self.running.timer,) if timer else ()))
        return max((each for each in gauges if math.isfinite(each.width)), key=lambda gauge: gauge.width, default=None)

    def seconds_late(self, second: int) -> int:
        """By how many seconds this one is missed: 0 where it can still be hit, or nobody knows."""
        high, end = self._clock_now()[1], self._window()[1] - _SOON
        return max(0, math.floor(high - end) + 1 - second) if math.isfinite(high) else 0

    def told(self) -> str:
        """In a few words, for a summary: how the clock is dealt with where it runs, and how it stands to what it is set to."""
        if self.mode is ClockMode.HOLD:
            return ""
        offset = f", {self.offset[0]:+.2f} to {self.offset[1]:+.2f} s from what it is set to" if self.offset else ""
        return f"clock: {self.mode}{offset}"

    def pass_time(self, seconds: int, skip: Callable[[int], object]) -> None:
        """Let it pass by command, where the mode has that, or wait."""
        if self.mode is ClockMode.ADVANCE:
            skip(seconds)
        else:
            self._sleep(seconds)

    def look_at_an_edge(self, look: Callable[[], object], gauge: Gauge | None = None) -> None:
        """Look at a counter when that says most: where it is as likely as not that the next second has begun."""
        low, high = (gauge or self._least_known()).at_instant(self.now())
        if math.isfinite(low) and math.isfinite(high):
            middle = (low + high) / 2
            self._sleep(math.floor(middle) + 1 - middle)
        look()

    def measure_closely(self, look: Callable[[], object]) -> None:
        """Look at the clock where its second turns, until that is known well, then surely before it turns, and surely behind."""
        for _ in range(_TURNS):
            self.look_at_an_edge(look, self.aim.clock)
        for _ in range(_TURNS):
            for place, beside in ((1, -_EDGE), (0, _TICK)):
                bound = self.aim.clock.at_instant(self.now())[place] if math.isfinite(self.aim.clock.width) else 0.0
                self._sleep((1 - bound % 1 + beside) % 1)
                look()

    @property
    def is_new_to_its_power(self) -> bool:
        """It has booted, and was not looked at since."""
        return not math.isfinite(self.running.timer.low)

    def is_known(self) -> bool:
        """Whether both counters are known well."""
        return self._least_known().width <= WELL_KNOWN

    def _least_known(self) -> Gauge:
        return max(self.aim.clock, self.aim.timer, key=lambda gauge: gauge.width)

    def _clock_now(self) -> tuple[float, float]:
        return self.aim.clock.at_instant(self.now())

    def _window(self) -> tuple[float, float]:
        """The part of a second of the clock to send in: the longer one in which the timer does not turn, if that is long enough."""
        margin = max(_MARGIN, self._took)
        (low, high), (least, most) = self._clock_now(), self.aim.timer.at_instant(self.now())
        if max(high - low, most - least) > WELL_KNOWN:
            return _EDGE, 1.0 - margin
        turns = ((low + high) / 2 - (least + most) / 2) % 1.0  # where in its second the clock is when the timer turns
        unsure = (most - least) / 2 + _EDGE
        before, after = (_EDGE, turns - unsure - margin), (turns + unsure, 1.0 - margin)
        begin, end = max(before, after, key=lambda part: part[1] - part[0])
        return (begin, end) if end - begin > WELL_KNOWN else (_EDGE, 1.0 - margin)  # too short a part would never be hit

    def _come_nearer(self, seconds: float) -> None:
        """Sleep, by which the clock surely comes on by half of that. Raises `Missed` if it does not."""
        before, _ = self._clock_now()
        self._sleep(seconds)
        if self._clock_now()[0] - before < seconds / 2:
            raise Missed("the clock may drift so far that nobody knows when the second comes that this was aimed at")

    def _sleep(self, seconds: float) -> None:
        until = self.now() + seconds + _TICK
        while (left := until - self.now()) >= _TICK:
            self.waiting(left)
            if left > _NAP:
                self.stand_by()
            self.time.sleep(min(left, _NAP) if self.time.ppm else left)
