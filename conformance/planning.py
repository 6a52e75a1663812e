"""What will be played on a box and what it will cost, by what the box declares and by a rehearsal on the reference box."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from typing import Any

from lockproof.conformance.at_the_box import cut_class
from lockproof.conformance.estimating import Estimate
from lockproof.conformance.journal import Journal
from lockproof.conformance.pace import ClockMode, Pace
from lockproof.conformance.player import TEST_CLOCK, Player
from lockproof.conformance.scenario import WAIT, Scenario, ScenarioError, outage
from lockproof.conformance.story import Contradiction
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import NOT_EXERCISED, ONLY_HELD, Verdict
from lockproof.conformance.words import LONGEST, seconds, spoken
from lockproof.reference.authority import Generator, ReferenceAuthority
from lockproof.reference.box import ReferenceBox
from lockproof.reference.credentials import interop_digits
from lockproof.reference.days import Days, Zones
from lockproof.reference.pins import CHEAP
from lockproof.spec.observable import Authority, BadInput, BenchError, Box, CutClass, Hello
from lockproof.spec.profile import DAY, DEFAULT, HOUR, MINUTE, Profile, ProfileError, ProfileOfOwnCodes


@dataclass(frozen=True, slots=True)
class Timing:
    """How the clock of the box is dealt with; `longest_wait` in seconds, None where waiting costs nothing.

    `in_all`: the longest wait is chosen so that all together wait no longer than this; None where it is said.
    """

    mode: ClockMode = ClockMode.HOLD
    longest_wait: int | None = 0
    in_all: int | None = None

    def pace(self, box: Box, hello: Hello, target: Target, waiting: Callable[[float], object]) -> Pace:
        """For scenarios whose clock runs; `waiting` is told how many seconds are still to be waited."""
        tolerance = target.board.tolerance if target.board else 0.0
        pace = Pace(self.mode, hello, target.time, tolerance, waiting=waiting)
        pace.stand_by = getattr(box, "stand_by", pace.stand_by)
        return pace

    def waits_for(self, scenario: Scenario) -> bool:
        """The clock runs in it, and every second of it costs one."""
        return self.longest_wait is not None and (scenario.runs or self.mode is ClockMode.WALL_CLOCK)


def timing_of(hello: Hello, target: Target, wanted: ClockMode | None, longest_wait: int | None) -> Timing:
    """Raises `BadInput` for what the box does not declare."""
    mode = wanted or (ClockMode.HOLD if can_hold(hello) else ClockMode.WALL_CLOCK)
    if mode is not ClockMode.WALL_CLOCK and not can_hold(hello):
        raise BadInput(
            f"--clock {mode}: the box declares no test clock, so that nobody can hold its clock or move it; use --clock wall-clock"
        )
    if not target.time.ppm:
        return Timing(mode, None)
    if mode is ClockMode.WALL_CLOCK and longest_wait is None:
        return Timing(mode, LONGEST, IN_ALL)
    return Timing(mode, longest_wait or 0)


def can_hold(hello: Hello) -> bool:
    """Somebody can hold its clock, and move it."""
    return bool({TEST_CLOCK, "model"} & set(hello.clock_modes))


IN_ALL = HOUR
"""How long the scenarios of a run may wait together for a clock that is waited for, in seconds, where nothing is said."""
OFFERED = (0, MINUTE, 5 * MINUTE, HOUR, 2 * HOUR, DAY)
"""For how many seconds each scenario might be allowed to wait: a plan says what is played then."""


@dataclass(slots=True)
class Cost:
    """Of scenarios to a box, as the rehearsal on the reference box counted it."""

    commands: int = 0
    writes: int = 0
    cuts: int = 0
    resets: int = 0
    waits: int = 0  # seconds, for a clock that runs
    presentations: int = 0
    rehearsed: float = 0.0  # seconds that the rehearsal took

    def add(self, other: Cost) -> None:
        for each in fields(Cost):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class Offer:
    """What is played where each scenario may wait for `wait` seconds, and how long all of them wait then."""

    wait: int
    scenarios: int
    in_all: int


@dataclass(slots=True)
class Plan(Cost):
    """What will be played and what it will cost."""

    selected: list[Scenario] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)  # scenario id -> the declared reason
    supply: bool = False  # power is cut at the supply, where that takes no time of its clock
    longest_wait: int = 0  # of a scenario, in seconds
    in_all: int | None = None  # the longest wait was chosen so that all wait no longer than this; None where it was said
    offers: list[Offer] = field(default_factory=list)  # where a clock is waited for: what some waits give
    costs: dict[str, Cost] = field(default_factory=dict)  # of each scenario that is selected
    estimate: Estimate | None = None  # how long it will take, where it was rehearsed
    not_certifiable: list[str] = field(default_factory=list)  # why, whatever comes out
    authority: str = ""  # that is judged: its name and version


def authority_for_a_bench(
    profile: Profile, generator: Generator = interop_digits
) -> Callable[[], AbstractContextManager[Authority]]:
    """A fresh authority for every scenario, with PINs that are cheap to check."""
    return lambda: ReferenceAuthority(profile=profile, pin_cost=CHEAP, generator=generator)


NO_AUTHORITY = "the authority decides it, and no authority is judged here"
NO_BOX = "the box decides it, and the box beside the authority is not judged"
MEASURE = "measure-clock"
OF_THE_APP = {"connect", "present", "deliver", "mint", "fetch", "end-another-grant"}
"""Verbs that need a box with an app: class code-only answers tickets and revocation orders as unsupported."""

PRESENTATIONS = {"enter", "present"}
"""Commands after which a box may open."""

FOR_THE_DEFAULT = "written for the default profile, and does not fit what the box declares"

DECLARED = ("code_digits", "code_indices", "code_ends_with_its_day", "holdover", "clock_skew")
"""What a box declares of the profile in its hello; everything else is the standard's."""


def profile_declared_in(hello: Mapping[str, Any]) -> Profile:
    """The default profile with what is declared of a box's own. Raises `ProfileError` for what the standard does not allow."""
    declared = {name: hello[name] for name in DECLARED}
    of_its_own = "interop" not in hello["classes"] and declared["code_digits"] != DEFAULT.code_digits
    return ProfileOfOwnCodes(**declared) if of_its_own else replace(DEFAULT, **declared)


def declared_profile(hello: dict[str, Any]) -> Profile:
    """The same of a box that was asked. Raises `BenchError` for what the standard does not allow."""
    try:
        return profile_declared_in(hello)
    except ProfileError as error:
        raise BenchError(f"the box declares what the standard does not allow: {error}; mend its hello") from None


def make_plan(
    scenarios: Sequence[Scenario],
    hello: Hello,
    profile: Profile,
    target: Target,
    today: str,
    timing: Timing = Timing(),
    *,
    rehearse: bool = True,
    has_codes: bool = True,
    listed: Generator | None = None,
    has: Collection[str] | None = None,
) -> Plan:
    """Select by declaration, rehearse what is selected on the reference box, and count what it costs.

    It is rehearsed with codes as the standard makes them, or with those that a file lists, which may not be enough. `has`: of the
    requests that an authority need not have, those that the one has that is judged.
    """
    plan = Plan(supply=target.cuts_supply(hello.holdover, held=timing.mode is ClockMode.HOLD))
    rehearsal = Rehearsing(listed, profile)
    costs: dict[str, Cost] = {}
    for scenario in scenarios:
        said = {"judges_authority": target.judges_authority, "judges_box": target.judges_box, "has_codes": has_codes}
        cost, reason = Cost(), _not_applicable(scenario, hello, profile, **said, supply=plan.supply)
        reason = reason or _without_a_request(scenario, has)
        waits = timing.waits_for(scenario) and (has is None or scenario.touches_box)
        if (rehearse or waits) and not reason:
            cost, reason = _rehearse(scenario, rehearsal, profile, today, waits=waits)
            reason = reason or _too_much_log(scenario, rehearsal, hello)
        if reason:
            plan.left_out[scenario.id] = reason
        else:
            costs[scenario.id] = cost
    _choose(plan, [each for each in scenarios if each.id in costs], costs, timing)
    return plan


def why_not_asked(scenario: Scenario, hello: Hello, profile: Profile, today: str, *, reference: bool, supply: bool) -> str:
    """Why a box that says this hello is not asked to play it, whatever its bench can do and somebody waits for; empty where it is.

    The same that a plan says of it, for whoever has only what a run has left. `reference` and `supply` are those of its target and
    its plan; of a box of class core it is taken for granted that its codes are known.
    """
    judges = {"judges_authority": reference, "judges_box": True}
    if reason := _not_applicable(scenario, hello, profile, **judges, has_codes=True, supply=supply):
        return reason
    rehearsal = Rehearsing(None, profile)
    _, reason = _rehearse(scenario, rehearsal, profile, today, waits=False)
    return reason or _too_much_log(scenario, rehearsal, hello)


def _too_much_log(scenario: Scenario, rehearsal: Rehearsing, hello: Hello) -> str:
    """Of one that was just rehearsed."""
    entries = rehearsal.state.next_entry - 1
    if entries <= hello.log_capacity or all(step.verb != "upload" for step in scenario.steps):
        return ""
    return f"it uploads a log of {entries} entries, and the box declares room for {hello.log_capacity}"


def _choose(plan: Plan, scenarios: Sequence[Scenario], costs: Mapping[str, Cost], timing: Timing) -> None:
    """Leave out what would wait too long."""
    waits = [cost.waits for cost in costs.values()]
    longest = LONGEST if timing.longest_wait is None else timing.longest_wait
    if timing.in_all is not None:
        within = (wait for wait in sorted(set(waits), reverse=True) if _waited(waits, wait).in_all <= timing.in_all)
        longest = next(within, 0)
    plan.longest_wait, plan.in_all = longest, timing.in_all
    if timing.mode is ClockMode.WALL_CLOCK and any(waits):
        plan.offers = _offers(waits, longest)
    for scenario in scenarios:
        if (cost := costs[scenario.id]).waits > longest:
            plan.left_out[scenario.id] = _too_long(cost.waits, only_held=timing.mode is ClockMode.HOLD)
        else:
            plan.selected.append(scenario)
            plan.costs[scenario.id] = cost
            plan.add(cost)


def _offers(waits: Sequence[int], chosen: int) -> list[Offer]:
    """What is chosen, and what else might be: of those that come to the same, the shortest."""
    offers: list[Offer] = []
    for wait in sorted({*OFFERED, min(chosen, max(waits))}):
        offer = _waited(waits, wait)
        if not offers or offer.scenarios > offers[-1].scenarios:
            offers.append(offer)
    return offers


def _waited(waits: Iterable[int], longest: int) -> Offer:
    played = [wait for wait in waits if wait <= longest]
    return Offer(longest, len(played), sum(played))


def _not_applicable(
    scenario: Scenario, hello: Hello, profile: Profile, *, judges_authority: bool, judges_box: bool, has_codes: bool, supply: bool
) -> str:
    if not scenario.uses_box and not judges_authority:
        return NO_AUTHORITY
    if not judges_box and not scenario.asks_authority:
        return NO_BOX
    if unsuitable := scenario.unsuitable(profile):
        return unsuitable
    if hello.production:
        return "the box declares a production build, which refuses test commands"
    if other := of_another_class(scenario, hello.classes, has_codes=has_codes):
        return other
    if not can_hold(hello) and _moves_its_clock(scenario, profile):
        return f"{NOT_EXERCISED} the box declares no test clock, and in this scenario power is away for a time"
    if "disturb-clock" in {step.verb for step in scenario.steps} and not hello.disturbs_clock:
        return f"{NOT_EXERCISED} the box does not declare that its clock can be disturbed"
    cuts = {cut_class(step, profile, supply=supply) for step in scenario.steps if step.verb == "cut"}
    for cut in sorted(cuts - set(hello.cut_classes) - {CutClass.SUPPLY}):
        return f"{NOT_EXERCISED} the box does not declare power cuts of class {cut}"
    return ""


def _without_a_request(scenario: Scenario, has: Collection[str] | None) -> str:
    """A code is shared in one way at least, so that whoever has no email is right without it (`code.share`)."""
    by_email = any(step.verb == "share" and step.arguments.get("by") == "email" for step in scenario.steps)
    return "the authority declares no share_by_email" if has is not None and by_email and "share_by_email" not in has else ""


def of_another_class(scenario: Scenario, classes: Collection[str], *, has_codes: bool = True) -> str:
    """Why a box of these classes is not asked to play it, empty where it is."""
    if "interop" not in classes and (own := _not_with_codes_of_its_own(scenario, classes, has_codes)):
        return own
    if "code-only" in classes and {step.verb for step in scenario.steps} & OF_THE_APP:
        return "the box declares class code-only, a box without an app"
    return ""


def _moves_its_clock(scenario: Scenario, profile: Profile) -> bool:
    """By a command that a box whose only clock mode is `wall-clock` declines (PROTOCOL.md)."""
    return any(step.verb == "cut" and outage(step.arguments.get("off", "0s"), profile) for step in scenario.steps)


def _not_with_codes_of_its_own(scenario: Scenario, classes: Collection[str], has_codes: bool) -> str:
    """Digits are opaque, so that most can be played with any; what is about how codes and messages are made can't.

    Messages are those of class interop, whoever makes the codes, so that forged ones are forged in its forms.
    """
    declares = f"the box declares {' and '.join(classes) or 'no class'}"
    if not has_codes:
        return (
            f"{declares}, and nobody says what its codes are: give its adapter a mint, or give them with --codes"
            "   (hw_adapter/ADAPTERS.md)"
        )
    if scenario.secret:
        return f"{declares}, and this scenario needs codes of class interop that were searched for"
    if any(clause.startswith("interop.") for clause in scenario.clauses):
        return f"{declares}, and this scenario shows a clause of class interop"
    return ""


_NOT_LISTED = (
    f"{NOT_EXERCISED} a file of codes says those of one box in one zone, and this scenario needs others; give the adapter a mint"
)


class Rehearsing(ReferenceBox):
    """The reference box, with codes that a file lists if there is one."""

    def __init__(self, listed: Generator | None, profile: Profile) -> None:
        self.listed = listed
        super().__init__(profile=profile)

    def _boot_days(self, zones: Zones) -> None:
        self.days = Days(self.keys, zones, self.listed(self.box_id, self.secret, self.profile) if self.listed else None)


def _rehearse(scenario: Scenario, box: Rehearsing, profile: Profile, today: str, *, waits: bool) -> tuple[Cost, str]:
    """Play it on the reference box: what it costs, and why it can't be played.

    What the model contradicts is refused before any box is touched. `waits`: every second of it costs one.
    """
    generator, journal, writes = box.listed or interop_digits, Journal(), box.store.writes
    if scenario.runs:
        steps = tuple(replace(step, verb=WAIT, shows=()) if step.verb == MEASURE else step for step in scenario.steps)
        scenario = replace(scenario, runs=False, steps=steps)
    player = Player(box, authority_for_a_bench(profile, generator), journal, today, profile, generator=generator)
    began = time.perf_counter()
    try:
        result = player.play(scenario)
    except (Contradiction, ScenarioError):
        if box.listed:
            return Cost(), _NOT_LISTED
        if profile == DEFAULT:
            raise
        return Cost(), FOR_THE_DEFAULT
    if box.listed and result.verdict is not Verdict.PASS:
        return Cost(), f"{NOT_EXERCISED} {result.message}" if result.message else _NOT_LISTED
    if (
        result.verdict is not Verdict.PASS and not scenario.theorem
    ):  # a broken model's counterexample is to fail in front of everybody
        if profile != DEFAULT:
            return Cost(), FOR_THE_DEFAULT
        found = result.finding
        told = f"{found.did}: {found.saw}; {found.must}" if found else result.message
        raise Contradiction(found.where if found else str(scenario.where), "reference passes", told)
    moved = sum(r["arguments"]["seconds"] for r in journal.records if r.get("name") == "advance_clock")
    cuts = sum(step.verb == "cut" for step in scenario.steps)
    presented = sum(r.get("name") in PRESENTATIONS for r in journal.records)
    took = time.perf_counter() - began
    return Cost(result.commands, box.store.writes - writes, cuts, 1, moved if waits else 0, presented, took), ""


_ALLOW = "allow that with --wait "


def wait_for(reason: str) -> float:
    """How long a scenario that was left out would wait, in seconds; infinite where waiting is not what it lacks."""
    return seconds(reason.partition(_ALLOW)[2]) if _ALLOW in reason else math.inf


def _too_long(waits: int, *, only_held: bool) -> str:
    """Why it is left out; where the clock is held, this is the only kind of scenario that waits."""
    told = f"its clock would have to run for {spoken(waits)}: {_ALLOW}{spoken(waits)}"
    return f"{ONLY_HELD}; {told}" if only_held else f"{NOT_EXERCISED} {told}"
