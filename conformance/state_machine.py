"""The third source of scenarios: a state machine of Hypothesis does to a box whatever a bench can do, for as long as it is let.

Each rule appends an act to a scenario that grows on the model (`growing`); which acts, and when, hangs on the seed and on what
the box declares, never on what it does. A whole scenario is grown first, and then played by the player and judged by the
oracle, as any other: a reset each, and no expectation ever leaves this process. Time is aimed at bounds (`aiming`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from lockproof.conformance import suite
from lockproof.conformance.aiming import COUNTERS, instants
from lockproof.conformance.covering import Covered
from lockproof.conformance.drawing import EVENLY
from lockproof.conformance.exact import World
from lockproof.conformance.forgeries import FORGERIES
from lockproof.conformance.growing import (
    OTHERS,
    Act,
    Bench,
    CannotGrow,
    Growing,
    Place,
    day_said,
    growing,
    said,
    scenario_of,
)
from lockproof.conformance.replaying import EXPLORED
from lockproof.conformance.scenario import DEFAULT_START, DEFAULT_ZONE, FIRST_PROPERTY, Scenario
from lockproof.conformance.words import spoken
from lockproof.spec.civil import NoSuchDay, date_at, day_bounds
from lockproof.spec.model import box as model
from lockproof.spec.profile import DAY, DEFAULT, HOUR, MINUTE

ACTS = 30  # of one scenario, so that a box is reset now and then, and no failure is longer
AT_ONCE = 20  # scenarios that one run of the state machine grows
FARTHEST = 60 * DAY  # that a scenario goes on for
MOST_AHEAD = DAY  # by which a clock is set wrong: further off, a box need not know the days around the true time
MOST_MOVES = 3  # to another property: a box has room for four zone tables
LONG_AWAY = 21 * DAY  # without power: by the clock, every table of before is over
MOST_WAYS = 16  # beyond which the log is read, so that a judge need not remember more
MOST_WRONG = 7  # entries at once
MOST_FORGERIES = 3  # of a ticket that is fresh
MISTAKES = (
    "the last digit",
    "the last digit",
    "the last digit",
    "digit 1",
    "digit 4 by 5",
    "a digit too many",
    "a digit too few",
    "a nought before it",
    "the first digit left out",
)
BETWEEN = (
    "cut",
    "cut",
    "wrong",
    "another code",
    "another code",
    "the clock",
    "the clock",
    "a disturbed clock",
    "a revocation",
    "a grant",
    "read-log",
    "read-clock",
)
LENGTHS = (30 * MINUTE, 45 * MINUTE, HOUR, DAY, 7 * DAY)  # of a window
ALTERED = ("first byte of the nonce", "last byte of the nonce")
HOSTILE_DIGITS = ("00000000", "12345678", "11111111", "0", "1234567", "123456789", "1234567890123456", "99999999")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be done to a box, by what it declares, and how it is done."""

    bench: Bench = Bench()
    at_writes: bool = True  # it cuts its own power at a write
    disturbs: bool = True  # its clock can be put back
    app: bool = True
    moves: bool = True  # its clock can be held and moved, so that power may be away for a time
    longest: int = FARTHEST  # seconds that a scenario may go on for
    aimed: bool = True  # time is aimed at bounds


@dataclass(frozen=True, slots=True)
class Explored:
    """A scenario that has grown, with the acts that it is made of. `ended`: why it could not go on, empty where it was long enough."""

    scenario: Scenario
    acts: tuple[Act, ...]
    place: Place
    ended: str = ""


def explored(reach: Reach, covered: Covered | None = None) -> Iterator[Explored]:
    """Scenarios without end: the same for the same seed, and for boxes that declare the same."""
    number = 0
    for turn in count():
        grown: list[Explored] = []
        named = {"reach": reach, "into": grown, "before": number, "covered": covered}
        machine = type("Machine", (Explorer,), named)
        run_state_machine_as_test(seed(_number(f"{reach.bench.seed} {turn}"))(machine), settings=_SETTINGS)
        yield from grown[1:]  # what Hypothesis draws first is the simplest that there is, every time
        number += len(grown) - 1


_SETTINGS = settings(
    backend=EVENLY,
    max_examples=AT_ONCE,
    stateful_step_count=ACTS,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def name_of(text: str, number: int) -> str:
    """The id of the explored scenario of this number, from 1, and of this seed."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "0"
    return f"{EXPLORED}{plain}-{number}"


@cache
def _places() -> tuple[tuple[str, str], ...]:
    """Where and when people let their scenarios begin: around days on which clocks change, and some others."""
    return tuple(sorted({(each.properties[0].zone, each.start) for each in suite.written()}))


def _is_of_a_code(act: Act) -> bool:
    """It was refused for what it is, and so was looked at."""
    return any(clause.startswith("code.") for clause in act.because)


_AT_A_WRITE = 4  # before, between, and after what a decision writes


def _unwritten(world: World) -> int:
    return world.box.refusals - world.box.refusals_written


@cache
def _odd_days(today: dt.date, zone: str) -> list[int]:
    """How many days ahead those lie that have not 24 hours, of all for which there may be codes."""
    return [ahead for ahead in range(DEFAULT.code_days_ahead + 1) if _is_odd(today + dt.timedelta(days=ahead), zone)]


def _is_odd(date: dt.date, zone: str) -> bool:
    try:
        bounds = day_bounds(date, zone)
    except NoSuchDay:
        return False
    return bounds.end - bounds.start != DAY


class Explorer(RuleBasedStateMachine):
    """What a bench can do to a box. A rule does one thing, or a few that belong together."""

    reach: ClassVar[Reach]
    into: ClassVar[list[Explored]]
    before: ClassVar[int]  # so many scenarios have grown before those of this run
    covered: ClassVar[Covered | None]

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.place = Place()
        self.grown: Growing
        self.moved = self.named = 0
        self.ways = 1  # in which a box may stand by what power cuts have left open, at the most, since its log was read
        self.torn = False  # a cut is armed
        self.ended = ""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        zone, start = data.draw(st.sampled_from([(DEFAULT_ZONE, DEFAULT_START)] * len(_places()) + list(_places())))
        self.place = Place(zone, start, elsewhere=data.draw(st.booleans()))
        self.name = name_of(self.reach.bench.seed, self.before + len(self.into))
        self.grown = self.closing.enter_context(growing(self.reach.bench, self.place, self.name, self.covered))
        self.began = self.grown.now
        for day in data.draw(st.sampled_from((("today",), ("today", "today"), ("today", "tomorrow"), ("tomorrow",)))):
            self.do("generate", by="joe", day=day, as_=self.new("code"))
        if self.reach.app:
            self.do(
                "grant", by="joe", to="rita", from_="now", for_=spoken(data.draw(st.sampled_from(LENGTHS))), as_=self.new("grant")
            )

    def teardown(self) -> None:
        self.closing.close()
        acts = tuple(self.grown.acts) if hasattr(self, "grown") else ()
        scenario = scenario_of(acts, self.place, getattr(self, "name", "explored-0"), self.reach.bench)
        self.into.append(Explored(scenario, acts, self.place, self.ended))

    # What there is

    @property
    def codes(self) -> list[str]:
        return sorted(self.grown.stage.codes)

    @property
    def grants(self) -> list[str]:
        return sorted(name for name in self.grown.stage.grants if not name.startswith("another"))

    @property
    def nonces(self) -> list[str]:
        return list(self.grown.stage.named_nonces)

    @property
    def tickets(self) -> list[str]:
        return list(self.grown.stage.tickets)

    @property
    def revoked(self) -> list[str]:
        ended = {each.grant for each in self.grown.stage.authority.revocations()}
        return [name for name in self.grants if self.grown.stage.grants[name][1]["grant"] in ended]

    @property
    def of_another_box(self) -> set[str]:
        """Grants; whoever forges has only messages for this one."""
        return {act.makes for act in self.grown.acts if "at-box" in act.arguments}

    def has(self, what: str) -> bool:
        return not self.ended and bool(getattr(self, what))

    def do(self, verb: str, times: int = 1, every: int = 0, **arguments: str | None) -> Act | None:
        """One more act, now, with those arguments that are not None; None where it can't be, and then this scenario is over."""
        given: dict[str, Any] = {
            key.rstrip("_").replace("_", "-"): value for key, value in arguments.items() if value is not None
        }
        wanted = Act(self.grown.now, verb, given, times, every)
        if self.ended or wanted.at + wanted.lasts(self.reach.bench.profile) > self.began + self.reach.longest:
            return None
        if verb == "cut":
            self.ways *= _AT_A_WRITE if "at-write" in given else 1 + max(_unwritten(world) for world in self.grown.judge.worlds)
        try:
            act = self.grown.take(wanted)
        except CannotGrow as error:
            self.ended = str(error)
            return None
        self.ways = 1 if verb == "read-log" else self.ways
        if self.ways > MOST_WAYS and not self.torn:
            self.do("read-log")
        return act

    def new(self, kind: str) -> str:
        self.named += 1
        return f"{kind}-{self.named}"

    def wait(self, until: int) -> None:
        if not self.ended and self.grown.now < until <= self.began + self.reach.longest:
            self.grown.wait(until)

    def some_time(self, data: st.DataObject) -> None:
        """Time goes on: to somewhere near a bound, or for any while."""
        turns = instants(self.grown) if self.reach.aimed and data.draw(st.integers(0, 4)) else []
        if turns:
            self.wait(data.draw(st.sampled_from(turns)) + data.draw(st.sampled_from((0, -1, 1))))
        else:
            self.wait(self.grown.now + data.draw(st.integers(1, 90)) * data.draw(st.sampled_from((1, MINUTE, HOUR))))

    # At the authority

    @rule(data=st.data(), other=st.sampled_from((None,) * 7 + ("other-box",)))
    def generate(self, data: st.DataObject, other: str | None) -> None:
        """For one of the next days, or for one that is longer or shorter than others."""
        calendar = self.grown.stage.calendar
        today = date_at(self.grown.now, calendar.zone)
        ahead = [0, 0, 0, 1, 1, 2, 14, -1] + (_odd_days(today, calendar.zone) * 3 if self.reach.aimed else [])
        day = day_said(today, data.draw(st.sampled_from(ahead)), calendar)
        self.do("generate", by="joe", day=day, as_=self.new("code"), at_box=other)

    @rule(
        to=st.sampled_from(("rita", "ralph")),
        begins=st.sampled_from((0, 0, 0, -HOUR, MINUTE, HOUR, DAY, 50 * DAY)),
        lasts=st.sampled_from(LENGTHS),
        other=st.sampled_from((None,) * 7 + ("other-box",)),
    )
    def grant(self, to: str, begins: int, lasts: int, other: str | None) -> None:
        start = "now" if begins == 0 else said(self.grown.now + begins, self.grown.stage.calendar)
        self.do("grant", by="joe", to=to, from_=start, for_=spoken(lasts), as_=self.new("grant"), at_box=other)

    @precondition(lambda self: self.has("grants") or self.has("codes"))
    @rule(data=st.data(), hears=st.booleans())
    def revoke(self, data: st.DataObject, hears: bool) -> None:
        what = data.draw(st.sampled_from(self.grants * 3 + self.codes))
        if self.do("revoke", what=what, by="joe") and hears and what in self.grants and self.reach.app:
            self.do("deliver", grant=what)

    @precondition(lambda self: not self.ended and self.place.elsewhere and self.moved < MOST_MOVES)
    @rule(data=st.data(), where=st.sampled_from((*(each.name for each in OTHERS), FIRST_PROPERTY)))
    def move(self, data: st.DataObject, where: str) -> None:
        self.moved += 1
        self.do("assign", property=where)
        if data.draw(st.booleans()):
            self.use_at_once(data)

    @precondition(lambda self: self.has("codes") and self.place.elsewhere and not self.moved and self.reach.moves)
    @rule(data=st.data())
    def move_while_the_time_is_unknown(self, data: st.DataObject) -> None:
        """Twice, and be told in between neither the time nor how long power was away; what was made before counts still."""
        self.out_of_the_bound(data)
        self.set_right(data)
        self.moved += 2
        code, now = self._make_a_code(data), self.grown.now
        first, second = data.draw(st.permutations([each.name for each in OTHERS]))
        self.do("assign", property=first)
        self.do("cut", off=spoken(LONG_AWAY))
        self.do("assign", property=second)
        self.do("set-clock", to=said(now + MINUTE, self.grown.stage.calendar))
        self.do("enter", code=code)

    # At the keypad

    @precondition(lambda self: self.has("codes"))
    @rule(data=st.data())
    def enter(self, data: st.DataObject) -> None:
        self.out_of_the_bound(data)
        self.set_right(data)
        for _ in range(data.draw(st.sampled_from((1, 1, 2)))):
            self.do("enter", code=self.some_code(data))

    def some_code(self, data: st.DataObject) -> str:
        """Rather one that may open; if there is none, one is made, more often than not."""
        codes = self.grown.stage.codes
        used = {index for world in self.grown.judge.worlds for index, first in world.first_uses if self._runs(first)}

        def may_open(name: str) -> bool:
            index = codes[name].code
            unused = index is not None and not any(index in dict(world.first_uses) for world in self.grown.judge.worlds)
            return index is not None and (index in used or (unused and self._is_now(index.day_start, index.day_end)))

        return self._rather(data, self.codes, [name for name in self.codes if may_open(name)], self._make_a_code)

    def some_grant(self, data: st.DataObject) -> str:
        """As a code."""
        grants = self.grown.stage.grants
        live = [name for name in self.grants if name not in self.revoked]
        now = [name for name in live if self._is_now(grants[name][1]["window_start"], grants[name][1]["window_end"])]
        return self._rather(data, self.grants, now, self._make_a_grant)

    def _rather(self, data: st.DataObject, names: list[str], good: list[str], make: Callable[[st.DataObject], str]) -> str:
        if not good and data.draw(st.integers(0, 3)):
            good = [make(data)] * 4
        return data.draw(st.sampled_from(names + good * 4))

    def _make_a_code(self, data: st.DataObject) -> str:
        del data
        calendar, name = self.grown.stage.calendar, self.new("code")
        clock = self.grown.judge.worlds[0].box.clock
        made = self.do("generate", by="joe", day=day_said(date_at(clock, calendar.zone), 0, calendar), as_=name)
        return name if made and made.makes else next(iter(self.codes), "wrong")

    def _make_a_grant(self, data: st.DataObject) -> str:
        name, start = self.new("grant"), self.grown.judge.worlds[0].box.clock
        begins = "now" if start == self.grown.now else said(start, self.grown.stage.calendar)
        made = self.do("grant", by="joe", to="rita", from_=begins, for_=spoken(data.draw(st.sampled_from(LENGTHS))), as_=name)
        return name if made and made.makes else self.grants[0]

    def _is_now(self, start: int, end: int) -> bool:
        return any(start <= world.box.clock < end for world in self.grown.judge.worlds)

    def _runs(self, first_use: int) -> bool:
        return self._is_now(first_use, first_use + self.reach.bench.profile.code_life)

    def out_of_the_bound(self, data: st.DataObject) -> None:
        """Where the keypad is disabled, it is waited for, more often than not."""
        owed = max((world.box.arrival - world.box.clock for world in self.grown.judge.worlds), default=0)
        if owed > self.reach.bench.profile.keypad_tolerance and data.draw(st.integers(0, 3)):
            self.wait(self.grown.now + owed)

    def set_right(self, data: st.DataObject) -> None:
        """Where the time is unknown, or is not what it is, it is set, more often than not."""
        boxes = [world.box for world in self.grown.judge.worlds]
        right = all(model.ready(box) and box.clock == self.grown.now for box in boxes)
        possible = all(box.mark <= self.grown.now for box in boxes)
        if not right and possible and data.draw(st.integers(0, 3)):
            self.do("set-clock")

    @rule(data=st.data(), times=st.sampled_from((1, 1, 2, 4, 5, 6)), every=st.sampled_from((0, 0, 0, 1, 299, 300)))
    def enter_wrong(self, data: st.DataObject, times: int, every: int) -> None:
        self.set_right(data)
        self.do("enter", times, every if times > 1 else 0, code="wrong")

    @rule(data=st.data())
    def enter_something_near(self, data: st.DataObject) -> None:
        """A code with a mistake in it, an index that is or is not one of the day, or digits that somebody tries first."""
        self.out_of_the_bound(data)
        self.set_right(data)
        most, calendar = self.reach.bench.profile.code_indices, self.grown.stage.calendar
        what = data.draw(st.sampled_from(("index", "index", "digits", *(["mistake"] * 2 if self.codes else []))))
        if what == "mistake":
            self.do("enter", code=self.some_code(data), mistyped=data.draw(st.sampled_from(MISTAKES)))
        elif what == "index":
            day = day_said(date_at(self.grown.now, calendar.zone), data.draw(st.sampled_from((0, 0, 0, 0, 1, -1))), calendar)
            self.do("enter", index=str(data.draw(st.sampled_from((0, most - 1, most, most)))), day=day)
        else:
            self.do("enter", data.draw(st.sampled_from((1, 1, MOST_WRONG))), digits=data.draw(st.sampled_from(HOSTILE_DIGITS)))

    @rule(data=st.data(), times=st.sampled_from((1, 2, 3)))
    def count_the_writes(self, data: st.DataObject, times: int) -> None:
        """An entry that is compared takes two at least: one that charges it, and one that decides it."""
        self.out_of_the_bound(data)
        self.set_right(data)
        code = self.some_code(data) if bool(self.codes) and data.draw(st.booleans()) else "wrong"
        self.do("wear")
        acts = [self.do("enter", code=code) for _ in range(times)]
        compared = sum(act is not None and (act.accepted is True or _is_of_a_code(act)) for act in acts)
        if compared:
            self.do("wear", at_least=str(2 * compared))

    # At the app

    @precondition(lambda self: not self.ended and self.reach.app)
    @rule()
    def challenge(self) -> None:
        self.do("challenge", as_=self.new("nonce"))

    @precondition(lambda self: self.has("grants") and self.has("nonces") and self.reach.app)
    @rule(data=st.data(), verb=st.sampled_from(("fetch", "mint", "mint")), altered=st.sampled_from((None, None, *ALTERED)))
    def make_a_ticket(self, data: st.DataObject, verb: str, altered: str | None) -> None:
        """For one of the last nonces, which may have grown old, or for one with another byte."""
        grant, nonce = self.some_grant(data), data.draw(st.sampled_from(self.nonces[-3:]))
        self.do(verb, grant=grant, nonce=nonce, as_=self.new("ticket"), altered=altered if verb == "mint" else None)
        if bool(self.tickets) and data.draw(st.booleans()):
            self.do("present", ticket=self.tickets[-1])

    @precondition(lambda self: self.has("tickets"))
    @rule(data=st.data(), forged=st.one_of(st.none(), st.sampled_from(sorted(FORGERIES))))
    def present(self, data: st.DataObject, forged: str | None) -> None:
        ticket = data.draw(st.sampled_from(self.tickets[-4:]))
        self.do("present", ticket=ticket, forged=forged if self.grown.stage.tickets[ticket].meaning["authentic"] else None)

    @precondition(lambda self: self.has("grants") and self.reach.app)
    @rule(data=st.data(), forged=st.lists(st.sampled_from(sorted(FORGERIES)), max_size=MOST_FORGERIES))
    def use_a_fresh_ticket(self, data: st.DataObject, forged: list[str]) -> None:
        """Twice, after a moment or at once; forgeries of it may come first."""
        self.set_right(data)
        nonce, ticket = self.new("nonce"), self.new("ticket")
        self.do("challenge", as_=nonce)
        self.do("mint", grant=self.some_grant(data), nonce=nonce, as_=ticket)
        self.between(data)
        self.in_its_life(data)
        if data.draw(st.integers(0, 2)) == 0:  # of another grant, which may be refused and leaves the nonce as it was
            other = self.new("ticket")
            self.do("mint", grant=data.draw(st.sampled_from(self.grants)), nonce=nonce, as_=other)
            self.do("present", ticket=other)
        for each in forged:
            self.do("present", ticket=ticket, forged=each)
        self.do("present", ticket=ticket)
        self.do("present", ticket=ticket)

    @precondition(lambda self: self.has("grants") and self.reach.app)
    @rule(data=st.data())
    def use_an_old_nonce(self, data: st.DataObject) -> None:
        """Just after its life, or when a counter has come round since."""
        life = self.reach.bench.profile.ticket_life
        nonce, ticket = self.new("nonce"), self.new("ticket")
        self.do("challenge", as_=nonce)
        if data.draw(st.booleans()):
            self.between(data)
        after = data.draw(st.sampled_from((life, *COUNTERS, COUNTERS[1]) if self.reach.aimed else (life, HOUR, DAY)))
        self.wait(self.grown.now + after + data.draw(st.sampled_from((0, 1, life // 2))))
        self.do("mint", grant=self.some_grant(data), nonce=nonce, as_=ticket)
        self.do("present", ticket=ticket)

    def between(self, data: st.DataObject, code: str = "") -> None:
        """Something that must change nothing of what it comes between, or only so much: between uses of this code, if it is one."""
        what = data.draw(st.sampled_from((*(None,) * 8, *BETWEEN)))
        if what == "cut":
            self.do("cut")
        elif what == "wrong":
            self.do("enter", data.draw(st.sampled_from((1, 3, MOST_WRONG))), code="wrong")
        elif what == "another code":
            self.do("enter", code=next((name for name in self.codes if name != code), "") or self._make_a_code(data))
        elif what == "the clock":
            self.do("set-clock", 1, 0, **self._clock(data))
        elif what == "a disturbed clock" and self.reach.disturbs and self.behind() < MOST_AHEAD:
            self.do("disturb-clock", back=spoken(self._back(data)))
        elif what == "a revocation" and self.reach.app:
            self.do("end-another-grant", by="joe", to="ralph")
        elif what == "a grant" and self.reach.app and self.grants:
            self.do("connect", grant=self.some_grant(data))
        elif what in {"read-log", "read-clock"}:
            self.do(what)

    def in_its_life(self, data: st.DataObject) -> None:
        """At once, or about when the nonce that was just made grows old, or some other time."""
        life = self.reach.bench.profile.ticket_life
        after = data.draw(st.sampled_from((0, 0, life - 1, life, life, life + 1, None) if self.reach.aimed else (0, 0, None)))
        if after is None:
            self.some_time(data)
        else:
            self.wait(self.grown.now + after)

    @precondition(lambda self: self.has("grants") and self.reach.app)
    @rule(data=st.data())
    def connect(self, data: st.DataObject) -> None:
        self.set_right(data)
        self.do("connect", grant=self.some_grant(data))

    @precondition(lambda self: self.has("grants") and self.reach.app)
    @rule(data=st.data())
    def use_what_is_revoked(self, data: st.DataObject) -> None:
        """With a ticket that was fetched just before; rather a grant whose window goes on."""
        self.set_right(data)
        if not self.revoked or data.draw(st.integers(0, 3)):
            grant = self._make_a_grant(data)
            self.do("revoke", what=grant, by="joe")
        else:
            grant = data.draw(st.sampled_from(self.revoked))
        if grant not in self.revoked:
            return
        nonce, ticket = self.new("nonce"), self.new("ticket")
        if data.draw(st.integers(0, 3)):
            self.do("deliver", grant=grant)
        then = data.draw(st.sampled_from(("", "another", "cut")))
        if then == "another":
            self.do("end-another-grant", by="joe", to="ralph")
        elif then == "cut":
            self.do("cut")
        self.between(data)
        self.do("challenge", as_=nonce)
        self.do("mint", grant=grant, nonce=nonce, as_=ticket)
        self.do("present", ticket=ticket)

    @precondition(lambda self: self.has("revoked") and self.reach.app)
    @rule(data=st.data(), forged=st.one_of(st.none(), st.sampled_from(sorted(FORGERIES))))
    def deliver(self, data: st.DataObject, forged: str | None) -> None:
        grant = data.draw(st.sampled_from(self.revoked))
        self.do("deliver", grant=grant, forged=forged if grant not in self.of_another_box else None)

    # Clock and power

    @rule(data=st.data(), forged=st.one_of(st.none(), st.none(), st.sampled_from(sorted(FORGERIES))))
    def set_clock(self, data: st.DataObject, forged: str | None) -> None:
        nonce = data.draw(st.sampled_from([None, None, *self.nonces[-3:]]))
        self.do("set-clock", 1, 0, nonce=nonce, forged=forged, **self._clock(data))

    @rule(data=st.data(), forged=st.one_of(st.none(), st.sampled_from(sorted(FORGERIES))))
    def set_clock_twice(self, data: st.DataObject, forged: str | None) -> None:
        """For one nonce; the first time it may be a forgery."""
        nonce = self.new("nonce")
        self.do("challenge", as_=nonce)
        self.between(data)
        self.in_its_life(data)
        self.do("set-clock", nonce=nonce, forged=forged, ahead="1s")
        self.do("set-clock", nonce=nonce, ahead="2s")

    def _clock(self, data: st.DataObject) -> dict[str, str]:
        """What it is set to: what it is, somewhat more or less, or something at a bound."""
        near = [at for at in instants(self.grown) if abs(at - self.grown.now) <= MOST_AHEAD] if self.reach.aimed else []
        way = data.draw(st.sampled_from(("right", "ahead", "behind", *(["to"] if near else []))))
        if way == "to":
            at = data.draw(st.sampled_from(near)) + data.draw(st.sampled_from((0, -1, 1)))
            return {"to": said(at, self.grown.stage.calendar)}
        return {} if way == "right" else {way: spoken(data.draw(st.sampled_from((1, MINUTE, HOUR, 2 * HOUR, DAY))))}

    @precondition(lambda self: not self.ended and self.reach.disturbs and self.behind() < MOST_AHEAD)
    @rule(data=st.data())
    def disturb_clock(self, data: st.DataObject) -> None:
        """It falls back, and is found to have, or not; it may run past its last decision again, or power be cut, before it is used again."""
        if data.draw(st.booleans()):
            self.some_time(data)
        back = self._back(data)
        if data.draw(st.booleans()):
            self.do("read-clock")
        self.do("disturb-clock", back=spoken(back))
        self.use_at_once(data)
        for then in data.draw(st.sampled_from(((), ("cut",), ("wait",), ("wait", "cut"), ("cut", "wait"), ("cut", "wait")))):
            if then == "cut":
                self.do("cut")
            else:
                self.wait(self.grown.now + back + data.draw(st.sampled_from((0, 0, 1, -1))))
        self.use_at_once(data)

    def use_at_once(self, data: st.DataObject) -> None:
        """Whatever the clock shows."""
        ways = [*(["code"] if self.codes else []), *(["grant"] if self.grants and self.reach.app else [])]
        way = data.draw(st.sampled_from([*ways, "nothing"]))
        if way == "code":
            self.do("enter", code=self.some_code(data))
        elif way == "grant":
            self.do("connect", grant=self.some_grant(data))

    def _back(self, data: st.DataObject) -> int:
        """Seconds: to somewhere near the last decision, or any."""
        since = [world.box.clock - world.box.mark for world in self.grown.judge.worlds]
        near = [at + more for at in since for more in (0, 1, -1) if 0 < at + more <= DAY] if self.reach.aimed else []
        return data.draw(st.sampled_from((1, MINUTE, HOUR, 2 * HOUR, DAY, *near, *near)))

    def behind(self) -> int:
        """Seconds by which the clock is behind true time, at the most."""
        return max((self.grown.now - world.box.clock for world in self.grown.judge.worlds), default=0)

    @rule(what=st.sampled_from(("read-log", "read-log", "read-clock")))
    def look(self, what: str) -> None:
        self.do(what)

    @rule(data=st.data())
    def cut(self, data: st.DataObject) -> None:
        """For no time, for a while, to near a bound, or around what the clock holds over."""
        off = data.draw(st.sampled_from(("", "", "a while", "a bound", "the holdover"))) if self.reach.moves else ""
        away = f"{data.draw(st.sampled_from((1, 2, 61, 600, 3601)))}s"
        if off == "a bound":
            near = [at - self.grown.now for at in instants(self.grown) if self.reach.aimed]
            aimed = [at for at in near if 1 < at <= self.reach.bench.profile.holdover]
            away = spoken(data.draw(st.sampled_from(aimed)) + data.draw(st.sampled_from((0, -1, 1)))) if aimed else away
        elif off == "the holdover":
            away = data.draw(st.sampled_from(("the holdover", "1s longer than the holdover", "1h longer than the holdover")))
        self.do("cut", off=away if off else None)

    @precondition(lambda self: not self.ended and self.reach.at_writes)
    @rule(data=st.data(), nth=st.integers(1, 4), times=st.sampled_from((1,) * 9 + (5,)))
    def cut_at_a_write(self, data: st.DataObject, nth: int, times: int) -> None:
        """In the middle of something, perhaps of the same again and again; each time once more, so that nothing stays armed."""
        self.set_right(data)
        uses = ["wrong", *(["code"] * 2 if self.codes else [])]
        uses += (["ticket"] if self.tickets else []) + (["order"] if self.revoked else []) if self.reach.app else []
        use = data.draw(st.sampled_from(uses))
        code = "wrong" if use == "wrong" else self.some_code(data)
        order = data.draw(st.sampled_from(self.revoked)) if use == "order" else ""
        for _ in range(times):
            self.torn = True
            self.do("cut", at_write=str(nth))
            if use == "ticket":
                self.do("present", ticket=self.tickets[-1])
            elif use == "order":
                self.do("deliver", grant=order)
            else:
                self.do("enter", code=code)
            self.torn = False
            self.do("cut")

    # Time

    @rule(data=st.data())
    def let_time_pass(self, data: st.DataObject) -> None:
        self.some_time(data)

    @precondition(lambda self: self.has("codes"))
    @rule(data=st.data())
    def enter_in_time(self, data: st.DataObject) -> None:
        """The digits at a bound, and at the seconds around it."""
        self.out_of_the_bound(data)
        self.set_right(data)
        code = data.draw(st.sampled_from(self.codes)) if data.draw(st.booleans()) else self.some_code(data)
        if data.draw(st.booleans()):
            self.do("enter", code=code)
        self.between(data, code)
        for _ in self.around(data, code):
            self.do("enter", code=code)

    @rule(data=st.data())
    def enter_first_at_a_bound_of_its_day(self, data: st.DataObject) -> None:
        """A code that nobody has used yet, of a day that may be longer or shorter than others."""
        calendar, name = self.grown.stage.calendar, self.new("code")
        today = date_at(self.grown.now, calendar.zone)
        ahead = data.draw(st.sampled_from([1, 1, 2, *(_odd_days(today, calendar.zone) * 6 if self.reach.aimed else [])]))
        made = self.do("generate", by="joe", day=day_said(today, ahead, calendar), as_=name)
        day = self.grown.stage.codes[name].code if made and made.makes else None
        if day is not None:
            turn = data.draw(st.sampled_from((day.day_start, day.day_end, day.day_start + DAY)))
            life = self.reach.bench.profile.code_life
            for _ in self.moments(data, turn, ((-1,), (0,), (0,), (-1, 0), (-1, life))):
                self.out_of_the_bound(data)
                self.set_right(data)
                self.do("enter", code=name)

    @rule(data=st.data(), then=st.sampled_from(("cut", "cut", "the clock", "another code")))
    def disturb_after_the_first_use(self, data: st.DataObject, then: str) -> None:
        """At once, before anything else is written; then the hour is looked at, from inside and outside, by the box's clock."""
        self.out_of_the_bound(data)
        self.set_right(data)
        code, used = self._make_a_code(data), self.grown.judge.worlds[0].box.clock
        self.do("enter", code=code)
        if then == "cut":
            self.do("cut")
        elif then == "the clock":
            self.do("set-clock", ahead=spoken(data.draw(st.sampled_from((MINUTE, HOUR, 2 * HOUR)))))
        else:
            self.do("enter", code=self._make_a_code(data))
        ahead = self.grown.judge.worlds[0].box.clock - self.grown.now
        for _ in self.moments(data, used + self.reach.bench.profile.code_life - ahead, ((-1,), (0,), (-1, 0))):
            self.do("enter", code=code)

    @precondition(lambda self: not self.ended and self.reach.app)
    @rule(data=st.data(), begins=st.sampled_from((MINUTE, HOUR, DAY)), lasts=st.sampled_from(LENGTHS))
    def connect_first_at_a_bound_of_its_window(self, data: st.DataObject, begins: int, lasts: int) -> None:
        start, name = self.grown.now + begins, self.new("grant")
        begins_at = said(start, self.grown.stage.calendar)
        made = self.do("grant", by="joe", to="rita", from_=begins_at, for_=spoken(lasts), as_=name)
        if made and made.makes:
            turn = data.draw(st.sampled_from((start, start + lasts)))
            for _ in self.moments(data, turn, ((-1,), (0,), (-1, 0))):
                self.set_right(data)
                self.do("connect", grant=name)

    @precondition(lambda self: self.has("grants") and self.reach.app)
    @rule(data=st.data())
    def connect_in_time(self, data: st.DataObject) -> None:
        self.set_right(data)
        grant = data.draw(st.sampled_from(self.grants)) if data.draw(st.booleans()) else self.some_grant(data)
        self.between(data)
        for _ in self.around(data, grant):
            self.do("connect", grant=grant)

    @rule(data=st.data())
    def enter_wrong_in_time(self, data: st.DataObject) -> None:
        self.set_right(data)
        self.do("enter", MOST_WRONG, code="wrong")
        self.between(data)
        for _ in self.around(data):
            self.do("enter", 2, code="wrong")

    def around(self, data: st.DataObject, only: str = "") -> Iterator[None]:
        """Moments: a second before a bound, at it, and a second after it, or two of them; without aim, any two."""
        turns = [at for at in instants(self.grown, only) if at > self.grown.now] if self.reach.aimed else []
        if not turns:
            for _ in range(2):
                self.some_time(data)
                yield
            return
        yield from self.moments(data, data.draw(st.sampled_from(turns)), ((-1, 0), (-1, 0, 1), (0, 1)))

    def moments(self, data: st.DataObject, turn: int, ways: tuple[tuple[int, ...], ...]) -> Iterator[None]:
        """So many seconds before and after it, one of the ways; without aim, as many moments as that are."""
        for moment in data.draw(st.sampled_from(ways)):
            if self.reach.aimed:
                self.wait(turn + moment)
            else:
                self.some_time(data)
            yield
