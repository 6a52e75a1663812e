"""A scenario that grows step by step: each is rehearsed on the reference box, and its expectation is what the model says of it.

What has grown is a list of acts, each with its own instant, so that some can be left out and the others stay when they are. A
list of acts becomes a scenario, or a file that people can read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lockproof.conformance import suite
from lockproof.conformance.covering import Covered
from lockproof.conformance.expecting import Foreteller
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import Rehearsing, authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import (
    DEFAULT_START,
    DEFAULT_TODAY,
    DEFAULT_ZONE,
    FIRST_ADDRESS,
    FIRST_PROPERTY,
    Property,
    Scenario,
    ScenarioError,
    Step,
    Where,
    calendar_of,
    outage,
)
from lockproof.conformance.stage import Stage
from lockproof.conformance.verbs import VERBS
from lockproof.conformance.words import Calendar, WordsError, spoken
from lockproof.reference.authority import Generator
from lockproof.reference.credentials import interop_digits
from lockproof.spec import civil
from lockproof.spec.civil import CivilError
from lockproof.spec.observable import BenchError
from lockproof.spec.profile import DEFAULT, HOUR, Profile

Line = dict[str, Any]
OTHERS = (Property("cabin", "7 Pine Road", "Asia/Tokyo"), Property("flat", "9 Long Lane", "Europe/London"))
_NEAR = 2 * HOUR  # up to here a time is said as so long after the step before


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a scenario begins. `elsewhere`: there are other properties, in other zones."""

    zone: str = DEFAULT_ZONE
    start: str = DEFAULT_START
    elsewhere: bool = False

    @property
    def properties(self) -> tuple[Property, ...]:
        home = Property(FIRST_PROPERTY, FIRST_ADDRESS, self.zone)
        return (home, *OTHERS) if self.elsewhere else (home,)


@dataclass(frozen=True, slots=True)
class Act:
    """One step with its instant `at`. What is expected is the model's, and None before it was rehearsed, or where either may come."""

    at: int
    verb: str
    arguments: dict[str, Any]
    times: int = 1
    every: int = 0  # seconds
    accepted: bool | None = None
    asks: str = ""
    because: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()

    @property
    def makes(self) -> str:
        """The name that later acts know it by."""
        return str(self.arguments.get("as", ""))

    def uses(self) -> set[str]:
        """The names that it needs earlier acts for."""
        kinds = VERBS[self.verb].arguments
        named = {key for key, kind in kinds.items() if kind in _NAMED}
        return {str(self.arguments[key]) for key in named & set(self.arguments)} - {"wrong"}

    def lasts(self, profile: Profile) -> int:
        """Seconds that it takes of the scenario's time."""
        away = (
            0 if "at-write" in self.arguments else outage(self.arguments.get("off", "0s"), profile) if self.verb == "cut" else 0
        )
        return away + (self.times - 1) * self.every


_NAMED = {"grant", "code", "code or wrong", "grant or code", "ticket", "nonce"}


@dataclass(frozen=True, slots=True)
class Bench:
    """What is known of a box before anything grows for it; all that grows hangs on this, on the place and on the seed alone."""

    profile: Profile = DEFAULT
    today: str = DEFAULT_TODAY
    seed: str = ""
    generator: Generator = interop_digits  # of the codes of its maker's own


class CannotGrow(Exception):  # noqa: N818  (reads as what it is)
    """These acts can't be played one after the other: what one of them needs is not there."""


class Growing:
    """Acts rehearsed so far, on a stage of its own."""

    def __init__(self, bench: Bench, player: Player, stage: Stage, judge: Foreteller) -> None:
        self.bench, self.stage, self.judge = bench, stage, judge
        self._player = player
        self.acts: list[Act] = []

    @property
    def now(self) -> int:
        return self.stage.now

    def wait(self, until: int) -> None:
        """Time passes; it is told with the act that comes after it."""
        self.stage.move_to(until)
        self.stage.outbox.settle()

    def take(self, act: Act) -> Act:
        """Rehearse an act, whatever it expects, and append it with what the model says. Raises `CannotGrow`."""
        number = len(self.acts) + 1
        step = Step(Where(self.stage.scenario.id, number), act.verb, act.arguments, times=act.times, every=_every(act))
        try:
            if act.at > self.now:
                self.wait(act.at)
            began = self.now
            self._player.take(self.stage, number, step)
        except (ScenarioError, WordsError, CivilError, BenchError, KeyError) as error:
            raise CannotGrow(str(error)) from error
        if self.judge.finding or self.judge.error:
            raise CannotGrow(self.judge.error or str(self.judge.finding))
        self.acts.append(self._expecting(replace(act, at=began)))
        return self.acts[-1]

    def _expecting(self, act: Act) -> Act:
        judge, word = self.judge, VERBS[act.verb].accepts
        plain = replace(act, accepted=None, asks="", because=(), shows=())
        if word == "accepts" or (act.verb == "connect" and judge.asked and not judge.asked[0]):
            assert judge.asked is not None
            accepted, clauses = judge.asked
            arguments = act.arguments if accepted else {key: value for key, value in act.arguments.items() if key != "as"}
            return replace(plain, arguments=arguments, accepted=accepted, asks="authority", because=() if accepted else clauses)
        besides = tuple(clause for name, clause in _SHOWN_BESIDES.items() if name in act.arguments)
        if word is None:
            return replace(plain, shows=besides)
        because = judge.because if judge.accepted is False else ()
        return replace(plain, accepted=judge.accepted, asks="box", because=because, shows=(*judge.shows, *besides))


_SHOWN_BESIDES = {"forged": "interop.message", "at-least": "box.wrong-entry.bound"}
"""By argument: what an act shows of which the model says nothing, the forms of messages and what is written when."""


def _every(act: Act) -> str | None:
    return spoken(act.every) if act.every else None


@contextmanager
def growing(bench: Bench, place: Place, name: str, covered: Covered | None = None) -> Iterator[Growing]:
    """Nothing has grown yet: a stage with the reference box and an authority, set up as every scenario is."""
    scenario = scenario_of((), place, name, bench)
    judge = Foreteller(scenario=_head(scenario), profile=bench.profile, covered=covered)
    own = None if bench.generator is interop_digits else bench.generator
    authority = authority_for_a_bench(bench.profile, bench.generator)
    player = Player(
        Rehearsing(own, bench.profile),
        authority,
        Journal(),
        bench.today,
        bench.profile,
        seed=bench.seed,
        generator=bench.generator,
    )
    with player.rehearsing(scenario, judge) as stage:
        yield Growing(bench, player, stage, judge)


def _head(scenario: Scenario) -> Line:
    return {"id": scenario.id, "clauses": (), "zone": scenario.properties[0].zone, "profile": {}, "clock": "hold"}


def regrown(acts: Iterable[Act], bench: Bench, place: Place, name: str) -> list[Act]:
    """These acts once more, each with what the model says of it where others may be left out. Raises `CannotGrow`."""
    with growing(bench, place, name) as again:
        for act in acts:
            if act.at < again.now:
                raise CannotGrow("an act lies before the one in front of it")
            again.take(act)
        return again.acts


def scenario_of(
    acts: Sequence[Act], place: Place, name: str, bench: Bench, story: str = "", clauses: tuple[str, ...] = ()
) -> Scenario:
    """The acts as a scenario; only those of `clauses` are shown, if there are any."""
    calendar = calendar_of(place.zone, place.start, bench.today)
    now, steps = calendar.instant(place.start), []
    for number, act in enumerate(acts, 1):
        at = said(act.at, calendar) if act.at - now > _NEAR else None
        after = spoken(act.at - now) if 0 < act.at - now <= _NEAR else None
        steps.append(
            Step(
                Where(f"{name}.yaml", number),
                act.verb,
                act.arguments,
                at,
                after,
                act.accepted,
                act.asks,
                act.because,
                act.shows,
                act.times,
                _every(act),
            )
        )
        now = act.at + act.lasts(bench.profile)
    return Scenario(name, story or _STORY, clauses, Where(f"{name}.yaml", 1), tuple(steps), place.start, place.properties)


_STORY = "Explored: what the explorer did to the box, one thing after the other."


def day_said(date: dt.date, ahead: int, calendar: Calendar) -> str:
    """The day so many days after this date in words, relative to the day on which the scenario begins."""
    date += dt.timedelta(days=ahead)
    days = (date - calendar.today).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, f"in {days} days" if days > 0 else date.isoformat())


def said(instant: int, calendar: Calendar) -> str:
    """An instant in words, relative to the day on which the scenario begins."""
    day, time = civil.local_text(instant, calendar.zone).split(" ")
    name = day_said(dt.date.fromisoformat(day), 0, calendar)
    offset = civil.local_text_with_offset(instant, calendar.zone)[-6:]
    for text in (f"{name} {time}", f"{name} {time}{offset}"):
        try:
            if calendar.instant(text) == instant:
                return text
        except (WordsError, CivilError):
            continue
    start = calendar.instant("today 12:00")
    return f"{spoken(abs(instant - start))} {'after' if instant >= start else 'before'} today 12:00"


def file_of(scenario: Scenario) -> str:
    """The scenario as people would write it, in YAML."""
    head: Line = {"id": scenario.id, "clauses": list(scenario.clauses), "story": scenario.story}
    home, *others = scenario.properties
    head |= {"zone": home.zone} if home.zone != DEFAULT_ZONE else {}
    head |= {"start": scenario.start} if scenario.start != DEFAULT_START else {}
    head |= {"properties": {each.name: {"address": each.address, "zone": each.zone} for each in others}} if others else {}
    head |= {"profile": scenario.profile} if scenario.profile else {}
    return suite.as_yaml({**head, "steps": [_line_of(step) for step in scenario.steps]})


def _line_of(step: Step) -> Line:
    verb, line = VERBS[step.verb], dict[str, Any]()
    line |= {"at": step.at} if step.at else {"after": step.after} if step.after else {}
    alone = set(step.arguments) == {verb.main}
    line[step.verb] = step.arguments[verb.main] if alone and verb.main else dict(step.arguments)
    line |= {"times": step.times} if step.times > 1 else {}
    line |= {"every": step.every} if step.every else {}
    if step.asks:
        word = (verb.accepts if step.asks == "box" else "accepts") or ""
        line[step.asks] = f"{word} or refuses" if step.accepted is None else word if step.accepted else "refuses"
    line |= {"because": list(step.because)} if step.because else {}
    line |= {"shows": list(step.shows)} if step.shows else {}
    return line
