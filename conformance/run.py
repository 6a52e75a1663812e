"""A run: select by what the box declares, rehearse, play, judge, and draw the clauses together.

A clause passes only if every scenario that shows it passed, and nothing that was played shakes the controls: where a
control came out wrong in a channel, what came through that channel is no evidence (`inconclusive`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lockproof.conformance.at_the_box import cut_class
from lockproof.conformance.journal import Journal
from lockproof.conformance.own_codes import generator_of
from lockproof.conformance.pace import ClockMode, Pace
from lockproof.conformance.player import TEST_CLOCK, Player, Watcher
from lockproof.conformance.scenario import DEFAULT_TODAY, WAIT, Scenario, ScenarioError, outage
from lockproof.conformance.story import Contradiction
from lockproof.conformance.targets import Target, opened
from lockproof.conformance.verdict import ClauseResult, RunResult, ScenarioResult, Verdict
from lockproof.conformance.words import spoken
from lockproof.reference.authority import Generator, ReferenceAuthority
from lockproof.reference.box import ReferenceBox
from lockproof.reference.credentials import interop_digits
from lockproof.reference.days import Days, Zones
from lockproof.reference.pins import CHEAP
from lockproof.spec import clauses
from lockproof.spec.clauses import Decider
from lockproof.spec.observable import Authority, BadInput, BenchError, Box, CutClass, Hello
from lockproof.spec.profile import DEFAULT, HOUR, Profile, ProfileError, ProfileOfOwnCodes


class OnProgress(Watcher):
    """Is told how a run goes; the plain one says nothing."""

    def begins(self, target: Target, hello: Hello, plan: Plan) -> None:
        """The box has answered and the plan is made."""

    def step(self, scenario: Scenario, number: int, step: Any) -> None:
        """A step is about to be taken."""

    def waiting(self, seconds: float) -> None:
        """So many seconds are still to be waited, for a clock that runs."""

    def done(self, result: ScenarioResult) -> None:
        """A scenario is over."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How the clock of the box is dealt with; `longest_wait` in seconds, None where waiting costs nothing."""

    mode: ClockMode = ClockMode.HOLD
    longest_wait: int | None = 0

    def pace(self, hello: Hello, target: Target, progress: OnProgress) -> Pace:
        """For scenarios whose clock runs."""
        mode = ClockMode.WALL_CLOCK if self.mode is ClockMode.HOLD else self.mode
        tolerance = target.board.tolerance if target.board else 0.0
        return Pace(mode, hello, target.time, tolerance, waiting=progress.waiting)


def timing_of(hello: Hello, target: Target, wanted: ClockMode | None, longest_wait: int | None) -> Timing:
    """Raises `BadInput` for what the box does not declare."""
    can_hold = TEST_CLOCK in hello.clock_modes or "model" in hello.clock_modes
    mode = wanted or (ClockMode.HOLD if can_hold else ClockMode.WALL_CLOCK)
    if mode is not ClockMode.WALL_CLOCK and not can_hold:
        raise BadInput(
            f"--clock {mode}: the box declares no test clock, so that nobody can hold its clock or move it; use --clock wall-clock"
        )
    if not target.time.ppm:
        return Timing(mode, None)
    return Timing(mode, DEFAULT_WAITS[mode] if longest_wait is None else longest_wait)


DEFAULT_WAITS = {ClockMode.HOLD: 0, ClockMode.ADVANCE: 0, ClockMode.WALL_CLOCK: 2 * HOUR}
"""How long a scenario may wait for a clock that runs, in seconds, where nothing is said."""


@dataclass(slots=True)
class Plan:
    """What will be played and what it will cost, as the rehearsal on the reference box counted it."""

    selected: list[Scenario] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)  # scenario id -> the declared reason
    commands: int = 0
    writes: int = 0
    cuts: int = 0
    resets: int = 0
    waits: int = 0  # seconds, for a clock that runs


def authority_for_a_bench(
    profile: Profile, generator: Generator = interop_digits
) -> Callable[[], AbstractContextManager[Authority]]:
    """A fresh authority for every scenario, with PINs that are cheap to check."""
    return lambda: ReferenceAuthority(profile=profile, pin_cost=CHEAP, generator=generator)


def run(
    target: Target,
    scenarios: Sequence[Scenario],
    folder: Path | None = None,
    progress: OnProgress | None = None,
    today: str = DEFAULT_TODAY,
    seed: str = "",
    *,
    rehearse: bool = True,
    explain: int = 0,
    codes: Path | None = None,
    one_at_a_time: bool = False,
    clock: ClockMode | None = None,
    longest_wait: int | None = None,
) -> RunResult:
    """Judge a box. Link and harness errors, and Ctrl-C, end in the verdict `error`, in the result.

    Ids, secrets and wrong digits of the scenarios follow from `seed`, so that no box can know them beforehand. Without
    `rehearse` the plan does not say what it costs, and a scenario that the model contradicts is found only on the way.
    The first `explain` failures also say which observations contradict each other. `codes` is a file of a box's own codes, for
    class core; one that can't be used is `BadInput`.
    With `one_at_a_time` each command is a request of its own, answered and judged before the next.
    `clock` says how its clock is dealt with: held, where the box can, if nothing is said. `longest_wait`: a scenario that waits
    for a clock that runs for more seconds than that is left out; time that costs nothing is waited for however long.
    Raises `Contradiction` and `ScenarioError` for a scenario that cannot be played, before the box is touched.
    """
    started, progress = time.perf_counter(), progress or OnProgress()
    result = RunResult(target.name, "", "", journal=str(folder / "journal.jsonl") if folder else "", seed=seed)
    result.bench = target.board.settings() if target.board else {}
    journal = Journal(folder / "journal.jsonl" if folder else None)
    plan = Plan()
    try:
        with opened(target, journal.passed) as box:
            hello = box.hello()
            result.identity, result.firmware = hello.identity, hello.firmware
            profile = declared_profile(asdict(hello))
            generator = generator_of(box, hello, codes)
            timing = timing_of(hello, target, clock, longest_wait)
            listed = generator if codes else None
            has_codes = generator is not None
            plan = make_plan(
                scenarios, hello, profile, target, today, timing, rehearse=rehearse, has_codes=has_codes, listed=listed
            )
            told = {s.id: (plan.left_out[s.id], s.clauses) for s in scenarios if s.id in plan.left_out}
            judged = {"left_out": told, "judged_authority": target.reference, "clock": timing.mode}
            recorded = {"began": journal.began, "today": today, "seed": seed, "hello": hello, "bench": result.bench, **judged}
            journal.write("run", target=target.name, **recorded)
            target.refuse_beyond_budget(plan.writes, plan.cuts)
            progress.begins(target, hello, plan)
            player = Player(
                box,
                authority_for_a_bench(profile, generator or interop_digits),
                journal,
                today,
                profile,
                hello.gives_reasons,
                hello.log_capacity,
                hello.log_when_full == OVERWRITES,
                watcher=progress,
                explain=explain,
                seed=seed,
                supply=target.cuts_supply(hello.holdover),
                generator=generator or interop_digits,
                one_at_a_time=one_at_a_time,
                pace=timing.pace(hello, target, progress),
                clock=timing.mode,
            )
            _play_all(player, plan, result, progress)
            result.link, result.clock = _link_of(box), player.clock_told()
    except BenchError as error:
        _end_with(str(error), result, journal)
    except KeyboardInterrupt:
        result.stopped = True
        _end_with("stopped by Ctrl-C; what was done is kept", result, journal)
    finally:
        journal.close()
    if not plan.selected and not result.error:
        why = next(iter(plan.left_out.values()), "none was chosen")
        result.error = f"no scenario was run: {why}; nothing can be said of this box"
    result.scenarios += [_left_out(s, plan.left_out[s.id]) for s in scenarios if s.id in plan.left_out]
    result.clauses = clause_results(result.scenarios, judged_authority=target.reference)
    result.seconds = time.perf_counter() - started
    return result


def _end_with(error: str, result: RunResult, journal: Journal) -> None:
    result.error = error
    with contextlib.suppress(BenchError):  # where the journal itself is what failed
        journal.write("error", message=error)


def _link_of(box: Box) -> str:
    """What the link has cost, where there is one."""
    counters = getattr(box, "counters", None)
    if counters is None:
        return ""
    return f"{counters.requests} requests, {counters.resent} sent again, {counters.busy} busy, {counters.damaged} damaged frames"


MEASURE = "measure-clock"
OVERWRITES = "overwrite-oldest"
ONLY_HELD = "only a clock that is held was judged"
NOT_EXERCISED = "not exercised:"
"""Begins a reason that lies in the bench and not in the standard: what was left out for it is inconclusive, never passed over."""

OF_THE_APP = {"connect", "present", "deliver", "mint", "fetch", "end-another-grant"}
"""Verbs that need a box with an app: class code-only answers tickets and revocation orders as unsupported."""

FOR_THE_DEFAULT = "written for the default profile, and does not fit what the box declares"

DECLARED = ("code_digits", "code_indices", "code_ends_with_its_day", "holdover", "clock_skew")
"""What a box declares of the profile in its hello; everything else is the standard's."""


def declared_profile(hello: dict[str, Any]) -> Profile:
    """The default profile with what the box declares of its own. Raises `BenchError` for what the standard does not allow."""
    declared = {name: hello[name] for name in DECLARED}
    of_its_own = "interop" not in hello["classes"] and declared["code_digits"] != DEFAULT.code_digits
    try:
        return ProfileOfOwnCodes(**declared) if of_its_own else replace(DEFAULT, **declared)
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
) -> Plan:
    """Select by declaration, rehearse what is selected on the reference box, and count what it costs.

    It is rehearsed with codes as the standard makes them, or with those that a file lists, which may not be enough.
    """
    plan = Plan()
    rehearsal = _Rehearsing(listed, profile)
    for scenario in scenarios:
        reason = _not_applicable(scenario, hello, profile, target, has_codes=has_codes)
        if (rehearse or scenario.runs or timing.mode is ClockMode.WALL_CLOCK) and not reason:
            reason = _rehearse(scenario, rehearsal, profile, today, plan, timing)
        entries = rehearsal.state.next_entry - 1
        if not reason and entries > hello.log_capacity and any(step.verb == "upload" for step in scenario.steps):
            reason = f"it uploads a log of {entries} entries, and the box declares room for {hello.log_capacity}"
        if reason:
            plan.left_out[scenario.id] = reason
        else:
            plan.selected.append(scenario)
    plan.writes = rehearsal.store.writes
    return plan


def _not_applicable(scenario: Scenario, hello: Hello, profile: Profile, target: Target, *, has_codes: bool) -> str:
    if not scenario.uses_box and not target.reference:
        return "the authority decides it, and no authority is judged here"
    if unsuitable := scenario.unsuitable(profile):
        return unsuitable
    verbs = {step.verb for step in scenario.steps}
    if hello.production:
        return "the box declares a production build, which refuses test commands"
    if "interop" not in hello.classes and (own := _not_with_codes_of_its_own(scenario, hello, has_codes)):
        return own
    if "code-only" in hello.classes and verbs & OF_THE_APP:
        return "the box declares class code-only, a box without an app"
    if TEST_CLOCK not in hello.clock_modes and "model" not in hello.clock_modes and _moves_its_clock(scenario, profile):
        return (
            f"{NOT_EXERCISED} the box declares no test clock, and this scenario moves its clock over a power cut, or disturbs it"
        )
    if "disturb-clock" in verbs and not hello.disturbs_clock:
        return f"{NOT_EXERCISED} the box does not declare that its clock can be disturbed"
    supply = target.cuts_supply(hello.holdover)
    cuts = {cut_class(step, profile, supply=supply) for step in scenario.steps if step.verb == "cut"}
    for cut in sorted(cuts - set(hello.cut_classes) - {CutClass.SUPPLY}):
        return f"{NOT_EXERCISED} the box does not declare power cuts of class {cut}"
    return ""


def _moves_its_clock(scenario: Scenario, profile: Profile) -> bool:
    """By a command that a box whose only clock mode is `wall-clock` declines (PROTOCOL.md)."""
    cuts = any(step.verb == "cut" and outage(step.arguments.get("off", "0s"), profile) for step in scenario.steps)
    return cuts or any(step.verb == "disturb-clock" for step in scenario.steps)


def _not_with_codes_of_its_own(scenario: Scenario, hello: Hello, has_codes: bool) -> str:
    """Digits are opaque, so that most can be played with any; what is about how codes and messages are made can't.

    Messages are those of class interop, whoever makes the codes, so that forged ones are forged in its forms.
    """
    declares = f"the box declares {' and '.join(hello.classes) or 'no class'}"
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


class _Rehearsing(ReferenceBox):
    """The reference box, with codes that a file lists if there is one."""

    def __init__(self, listed: Generator | None, profile: Profile) -> None:
        self.listed = listed
        super().__init__(profile=profile)

    def _boot_days(self, zones: Zones) -> None:
        self.days = Days(self.keys, zones, self.listed(self.box_id, self.secret, self.profile) if self.listed else None)


def _rehearse(scenario: Scenario, box: _Rehearsing, profile: Profile, today: str, plan: Plan, timing: Timing) -> str:
    """Play it on the reference box: what the model contradicts is refused before any box is touched."""
    generator, journal = box.listed or interop_digits, Journal()
    if scenario_runs := scenario.runs:
        steps = tuple(replace(step, verb=WAIT, shows=()) if step.verb == MEASURE else step for step in scenario.steps)
        scenario = replace(scenario, runs=False, steps=steps)
    player = Player(box, authority_for_a_bench(profile, generator), journal, today, profile, generator=generator)
    try:
        result = player.play(scenario)
    except (Contradiction, ScenarioError):
        if box.listed:
            return _NOT_LISTED
        if profile == DEFAULT:
            raise
        return FOR_THE_DEFAULT
    if box.listed and result.verdict is not Verdict.PASS:
        return f"{NOT_EXERCISED} {result.message}" if result.message else _NOT_LISTED
    if (
        result.verdict is not Verdict.PASS and not scenario.theorem
    ):  # a broken model's counterexample is to fail in front of everybody
        if profile != DEFAULT:
            return FOR_THE_DEFAULT
        found = result.finding
        told = f"{found.did}: {found.saw}; {found.must}" if found else result.message
        raise Contradiction(found.where if found else str(scenario.where), "reference passes", told)
    waits = sum(r["arguments"]["seconds"] for r in journal.records if r.get("name") == "advance_clock")
    if scenario_runs or timing.mode is ClockMode.WALL_CLOCK:
        if timing.longest_wait is not None and waits > timing.longest_wait:
            return _too_long(waits, only_held=timing.mode is ClockMode.HOLD)
        plan.waits += waits
    plan.commands += result.commands
    plan.resets += 1
    plan.cuts += sum(step.verb == "cut" for step in scenario.steps)
    return ""


def _too_long(waits: int, *, only_held: bool) -> str:
    """Why it is left out; where the clock is held, this is the only kind of scenario that waits."""
    told = f"its clock would have to run for {spoken(waits)}: allow that with --wait {spoken(waits)}"
    return f"{ONLY_HELD}; {told}" if only_held else f"{NOT_EXERCISED} {told}"


def _play_all(player: Player, plan: Plan, result: RunResult, progress: OnProgress) -> None:
    for scenario, following in zip_longest(plan.selected, plan.selected[1:]):
        if result.error:
            not_played = f"not played: {result.error.splitlines()[0]}"
            result.scenarios.append(ScenarioResult(scenario.id, Verdict.ERROR, scenario.clauses, message=not_played))
            continue
        played = play_until_it_decides(player, scenario, following)
        result.scenarios.append(played)
        progress.done(played)
        if scenario.control and played.finding and played.finding.step == 0:
            result.error = f"the box could not be set up ({played.id}): {played.finding.did}: {played.finding.saw}"
        if played.verdict is Verdict.ERROR:
            result.error = _link_is_gone(player.box)
            if result.error:
                player.journal.write("error", message=result.error)


def play_until_it_decides(player: Player, scenario: Scenario, following: Scenario | None = None) -> ScenarioResult:
    """Played until it decides, a few times at most: what was not answered decides nothing. A failure is never tried again."""
    attempt = 0
    while attempt == 0 or attempt < player.attempts:
        attempt += 1
        played = replace(player.play(scenario, following), attempts=attempt)
        undecided = played.verdict is Verdict.INCONCLUSIVE or (
            played.verdict is Verdict.ERROR and player.unanswered and not _link_is_gone(player.box)
        )
        if not undecided:
            break
    return played


def _link_is_gone(box: Box) -> str:
    """After an error of the link: does the box still answer at all?"""
    try:
        box.hello()
    except BenchError as error:
        return str(error)
    return ""


def _left_out(scenario: Scenario, reason: str) -> ScenarioResult:
    return ScenarioResult(scenario.id, Verdict.NOT_APPLICABLE, scenario.clauses, message=reason)


def clause_results(results: Iterable[ScenarioResult], *, judged_authority: bool) -> list[ClauseResult]:
    """Each clause of the standard, and what the scenarios showed of it."""
    results = list(results)
    shaken = {r.finding.channel: r for r in results if r.finding and r.finding.is_control}
    return [_clause_result(clause, results, shaken, judged_authority) for clause in clauses.all_clauses().values()]


def _clause_result(
    clause: clauses.Clause, results: list[ScenarioResult], shaken: dict[str, ScenarioResult], judged_authority: bool
) -> ClauseResult:
    def said(verdict: Verdict, by: Iterable[ScenarioResult] = (), reason: str = "") -> ClauseResult:
        by = list(by)
        return ClauseResult(
            clause.id,
            clause.decider,
            verdict,
            tuple(result.id for result in by),
            reason,
            cuts=tuple(sorted({cut for result in by for cut in result.cuts})),
            observed_by=tuple(sorted({who for result in by for who in result.observed_by})),
            clocks=tuple(sorted({result.clock for result in by if result.clock})),
        )

    if clause.decider is Decider.AUTHORITY and not judged_authority:
        return said(Verdict.NOT_APPLICABLE, reason="the authority decides it, and no authority is judged here")
    citing = [result for result in results if clause.id in result.clauses]
    failed = [result for result in results if result.finding and clause.id in result.finding.clauses]
    if failed:
        return said(Verdict.FAIL, failed)
    if errors := [result for result in citing if result.verdict is Verdict.ERROR]:
        return said(Verdict.ERROR, errors, errors[0].message)
    verdict, by, reason = _without_a_failure(citing, shaken)
    return said(verdict, by, reason)


def _without_a_failure(
    citing: list[ScenarioResult], shaken: dict[str, ScenarioResult]
) -> tuple[Verdict, list[ScenarioResult], str]:
    """Whether what was seen is enough for a pass: all of it came out right, and no control shakes the channels it came through."""
    if unable := [result for result in citing if result.message.startswith(NOT_EXERCISED)]:
        return Verdict.INCONCLUSIVE, unable, unable[0].message
    played = [result for result in citing if result.verdict is not Verdict.NOT_APPLICABLE]
    if not played:
        return Verdict.NOT_APPLICABLE, citing, citing[0].message if citing else "no scenario shows it"
    if broken := [result for result in played if result.verdict is not Verdict.PASS]:
        first = broken[0]
        why = "failed before it could show this" if first.finding else f"showed nothing: {first.message}"
        return Verdict.INCONCLUSIVE, broken, f"{first.id} {why}"
    for result in played:
        for channel in result.channels:
            if channel in shaken:
                other = shaken[channel].id
                return (
                    Verdict.INCONCLUSIVE,
                    [result],
                    f"a control failed at the {channel} in {other}, so nothing seen there counts",
                )
    held = next((result.message for result in citing if result.message.startswith(ONLY_HELD)), "")
    return Verdict.PASS, played, held
