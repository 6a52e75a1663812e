"""A clock that runs, measured: between which bounds the counters of a box stand at an instant of the bench's own clock.

Every command has the instants between which it was carried out: after it was sent, and before its answer was there. A counter
that shows `n` then stood in [n, n + 1). Between two looks it gained no less and no more than its drift allows. What lies
outside is not explained by a late answer, nor by a second that had only just begun: it is the clock that is wrong
(`box.clock.accuracy`).

Units: seconds, real numbers; instants of the bench count from the beginning of the run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Self

from lockproof.conformance.journal import Record
from lockproof.spec.observable import CutClass

UNKNOWN = math.inf
_ONE = 1.0  # what a counter of whole seconds does not tell


@dataclass(frozen=True, slots=True)
class Look:
    """What a counter was seen at, or was set to, at an instant of the bench, and by how much it was put on since."""

    shown: int
    at: float
    put_on: int = 0


@dataclass(slots=True)
class Gauge:
    """How far a counter is ahead of the bench's clock: between `low` and `high` at the instant `at`, and from then on as it drifts."""

    drift: float  # seconds in a second, at the most
    low: float = -UNKNOWN
    high: float = UNKNOWN
    at: float = 0.0
    low_by: Look | None = None  # what each bound was learned from
    high_by: Look | None = None

    @property
    def width(self) -> float:
        return self.high - self.low

    def at_instant(self, instant: float) -> tuple[float, float]:
        """Between which values the counter stands then, fractions of a second and all."""
        may_have_drifted = self.drift * abs(instant - self.at)
        return self.low - may_have_drifted + instant, self.high + may_have_drifted + instant

    def shows(self, sent: float, received: float) -> tuple[int | None, int | None]:
        """The least and the most that it can show at an instant between these two; None where nothing is known."""
        low, high = self.at_instant(sent)[0], self.at_instant(received)[1]
        return (math.floor(low) if math.isfinite(low) else None), (math.floor(high) if math.isfinite(high) else None)

    def saw(self, shown: int, sent: float, received: float) -> bool:
        """It showed this at an instant between these two. False if it can't have: then nothing is learned."""
        at = middle(sent, received)
        low, high = (bound - at for bound in self.at_instant(at))
        slack = self.drift * (received - sent) / 2
        least, most = shown - received - slack, shown + _ONE - sent + slack
        if most <= low or least > high:
            return False
        look = Look(shown, at)
        self.low, self.low_by = max((low, self.low_by), (least, look), key=_bound)
        self.high, self.high_by = min((high, self.high_by), (most, look), key=_bound)
        self.at = at
        return True

    def jump(self, least: float, most: float) -> None:
        """It went forward by some value between these at once."""
        self.low, self.high = self.low + least, self.high + most
        self.low_by, self.high_by = _put_on(self.low_by, least), _put_on(self.high_by, most)

    def became(self, value: int, within: tuple[float, float], sent: float, received: float) -> None:
        """It was set to a value, and to between these two more, at an instant between those."""
        low, high = value + within[0], value + within[1]
        self.low_by = self.high_by = Look(value, middle(sent, received))
        self.at = middle(sent, received)
        slack = self.drift * (received - sent) / 2
        self.low, self.high = low - received - slack, high - sent + slack

    def either(self, other: Gauge) -> None:
        """It stands as this one says or as the other one does."""
        at = max(self.at, other.at)
        mine, others = self.at_instant(at), other.at_instant(at)
        self.low, self.low_by = min((mine[0] - at, self.low_by), (others[0] - at, other.low_by), key=_bound)
        self.high, self.high_by = max((mine[1] - at, self.high_by), (others[1] - at, other.high_by), key=_bound)
        self.at = at


@dataclass(frozen=True, slots=True)
class Wrong:
    """A counter that showed what it can't: its name, what it showed, and the least and the most that it could have.

    `since` is what it was seen at, or set to, before, where that is what it does not go with; `passed` seconds before.
    """

    counter: str
    shown: int
    least: int | None
    most: int | None
    since: Look | None
    passed: float


@dataclass(slots=True, kw_only=True)
class Running:
    """The clock and the timer of a box that run, as far as they were seen.

    `drift_ppm` is what the box declares, `bench_ppm` how far the bench's own clock may go wrong, `skew` how far a clock may be
    from what it was set to, `tolerance` seconds by which the bench's instants may be wrong, `slip` what a power cut may cost clock and
    timer or give them: they may forget how much of a second was gone.
    """

    drift_ppm: float
    skew: float
    bench_ppm: float = 0.0
    tolerance: float = 0.0
    slip: float = _ONE
    clock: Gauge = field(init=False)
    timer: Gauge = field(init=False)
    alive: float = 0.0  # an instant since which the box may have booted: it has answered what was sent then

    def __post_init__(self) -> None:
        self.clock, self.timer = Gauge(self.drift), Gauge(self.drift)

    @property
    def drift(self) -> float:
        """Of box and bench against each other, seconds in a second."""
        return (self.drift_ppm + self.bench_ppm) / 1_000_000

    def told(self) -> Record:
        """For the journal; what is unknown is null."""
        return {
            **{name: getattr(self, name) for name in ("drift_ppm", "skew", "bench_ppm", "tolerance", "slip", "alive")},
            **{name: _told(getattr(self, name)) for name in ("clock", "timer")},
        }

    @classmethod
    def of(cls, told: Record) -> Self:
        """As it was recorded."""
        made = cls(**{name: float(told[name]) for name in ("drift_ppm", "skew", "bench_ppm", "tolerance", "slip")})
        made.alive = float(told["alive"])
        made.clock, made.timer = (_gauge(told[name], made.drift) for name in ("clock", "timer"))
        return made

    def instants(self, command: Record, answer: Record) -> tuple[float, float]:
        """Between which instants the command was carried out, if it was."""
        return command["sent"] - self.tolerance, answer["received"] + self.tolerance

    def answered(self, command: Record, answer: Record) -> Wrong | None:
        """A command was carried out, and this is what its answer showed of clock and timer."""
        sent, received = self.instants(command, answer)
        if not math.isfinite(self.timer.low):  # it counts from power-up, and that was before this answer
            self.timer.high = self.timer.at_instant(received)[1] - received
            self.timer.low, self.timer.at = -received - self.slip, received
        taken = command["name"] == "time_order" and bool(_field(answer, "accepted"))
        self._carried_out(command, sent, received, taken=taken)  # a cut first: a boot of the box's own may have come before it
        self.alive = sent
        for name, gauge, shown in (
            ("clock", self.clock, None if taken else _field(answer, "box_time")),  # or what it was told, before it stands so
            ("timer", self.timer, _field(answer, "timer")),
        ):
            if shown is None:
                continue
            bounds = gauge.shows(sent, received)
            if not gauge.saw(shown, sent, received):
                since = gauge.low_by if shown <= (bounds[0] or 0) else gauge.high_by
                return Wrong(name, shown, *bounds, since, middle(sent, received) - since.at if since else 0.0)
        return None

    def has_run_since(self, timer: int, received: float) -> float:
        """The latest instant at which power can have come back, where the timer showed this by then."""
        return received - (timer - self.slip) * (1 - self.drift)

    def unanswered(self, command: Record, loss: Record, armed: int | None = None) -> None:
        """A command may have been carried out or not, and the box may have booted: by a cut of `armed` seconds, or of itself."""
        sent, received = self.instants(command, loss)
        before = replace(self.clock), replace(self.timer)
        self._carried_out(command, sent, received, taken=True)
        self.clock.either(before[0])
        self.timer.either(before[1])
        if armed is not None:
            self.booted(0 if loss.get("unsteady") else armed, armed)
        elif loss.get("booted"):
            self.booted(0, 0)

    def booted(self, least: int, most: int) -> None:
        """Power was away for so long, since it was `alive`: the timer began anew, of the clock no more than a second is lost."""
        self.clock.jump(least - self.slip, most + self.slip)
        self.timer.low, self.timer.high, self.timer.at = -UNKNOWN, self.slip - self.alive, self.alive

    def forget(self) -> None:
        """Both stood still for as long as nobody knows."""
        self.clock, self.timer = Gauge(self.drift), Gauge(self.drift)

    def _carried_out(self, command: Record, sent: float, received: float, *, taken: bool) -> None:
        name, given = command["name"], command["arguments"]
        if name == "advance_clock":
            self.clock.jump(given["seconds"], given["seconds"])
            self.timer.jump(given["seconds"], given["seconds"])
        elif name == "disturb_clock":
            self.clock.jump(-given["seconds"], -given["seconds"])
        elif taken and name == "time_order":
            value = command["meaning"]["value"]
            self.clock.became(value, (-self.skew, self.skew + _ONE), sent, received)
        elif name == "hold_clock":
            self.forget()
        elif name == "cut_power" and given["cut"] != CutClass.NTH_WRITE:
            self.booted(given["off_for"], given["off_for"])


def _field(answer: Record, name: str) -> Any:
    value = answer.get("value")
    return value.get(name) if isinstance(value, dict) else None


def middle(sent: float, received: float) -> float:
    """The instant that stands for a look in which something was sent and received."""
    return (sent + received) / 2


def _bound(known: tuple[float, Look | None]) -> float:
    return known[0]


def _put_on(look: Look | None, by: float) -> Look | None:
    return look and replace(look, put_on=look.put_on + round(by))


def _told(gauge: Gauge) -> list[Any]:
    """As `_gauge` reads it."""
    bounds = [bound if math.isfinite(bound) else None for bound in (gauge.low, gauge.high, gauge.at)]
    return [*bounds, *(look and [look.shown, look.at, look.put_on] for look in (gauge.low_by, gauge.high_by))]


def _gauge(told: list[Any], drift: float) -> Gauge:
    low, high, at, *looks = told
    by = [Look(*look) if look else None for look in looks]
    return Gauge(drift, -UNKNOWN if low is None else low, UNKNOWN if high is None else high, at or 0.0, *by)
