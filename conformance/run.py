"""A run: select by what the box declares, rehearse, play, judge, and draw the clauses together.

A clause passes only if every scenario that shows it passed, and nothing that was played shakes the controls: where a
control came out wrong in a channel, what came through that channel is no evidence (`inconclusive`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from lockproof.conformance.journal import Journal
from lockproof.conformance.oracle import Contradiction
from lockproof.conformance.player import Player, Watcher
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.targets import Target, opened
from lockproof.conformance.verdict import ClauseResult, RunResult, ScenarioResult, Verdict
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.box import ReferenceBox
from lockproof.reference.pins import CHEAP
from lockproof.spec import clauses
from lockproof.spec.clauses import Decider
from lockproof.spec.observable import Authority, BenchError, Box, CutClass, Hello
from lockproof.spec.profile import DEFAULT, Profile, ProfileError


class OnProgress(Watcher):
    """Is told how a run goes; the plain one says nothing."""

    def begins(self, target: Target, hello: Hello, plan: Plan) -> None:
        """The box has answered and the plan is made."""

    def step(self, scenario: Scenario, number: int, step: Any) -> None:
        """A step is about to be taken."""

    def done(self, result: ScenarioResult) -> None:
        """A scenario is over."""


@dataclass(slots=True)
class Plan:
    """What will be played and what it will cost, as the rehearsal on the reference box counted it."""

    selected: list[Scenario] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)  # scenario id -> the declared reason
    commands: int = 0
    writes: int = 0
    cuts: int = 0
    resets: int = 0


def authority_for_a_bench(profile: Profile) -> Callable[[], AbstractContextManager[Authority]]:
    """A fresh authority for every scenario, with PINs that are cheap to check."""
    return lambda: ReferenceAuthority(profile=profile, pin_cost=CHEAP)


def run(
    target: Target,
    scenarios: Sequence[Scenario],
    folder: Path | None = None,
    progress: OnProgress | None = None,
    today: str = DEFAULT_TODAY,
    *,
    rehearse: bool = True,
) -> RunResult:
    """Judge a box. Link and harness errors end in the verdict `error`, in the result.

    Without `rehearse` the plan does not say what it costs, and a scenario that the model contradicts is found only on the way.
    Raises `Contradiction` and `ScenarioError` for a scenario that cannot be played, before the box is touched.
    """
    started, progress = time.perf_counter(), progress or OnProgress()
    result = RunResult(target.name, "", "", journal=str(folder / "journal.jsonl") if folder else "")
    journal = Journal(folder / "journal.jsonl" if folder else None)
    plan = Plan()
    try:
        with opened(target, _record_frames(journal)) as box:
            hello = box.hello()
            result.identity, result.firmware = hello.identity, hello.firmware
            profile = declared_profile(asdict(hello))
            plan = make_plan(scenarios, hello, profile, target, today, rehearse=rehearse)
            journal.write(
                "run", target=target.name, today=today, hello=hello, left_out=plan.left_out, judged_authority=target.reference
            )
            progress.begins(target, hello, plan)
            player = Player(box, authority_for_a_bench(profile), journal, today, profile, hello.gives_reasons, progress)
            _play_all(player, plan, result, progress)
    except BenchError as error:
        result.error = str(error)
        journal.write("error", message=str(error))
    finally:
        journal.close()
    if not plan.selected and not result.error:
        result.error = (
            "no scenario was run: " + next(iter(plan.left_out.values()), "none was chosen") + "; nothing can be said of this box"
        )
    result.scenarios += [_left_out(s, plan.left_out[s.id]) for s in scenarios if s.id in plan.left_out]
    result.clauses = clause_results(result.scenarios, judged_authority=target.reference)
    result.seconds = time.perf_counter() - started
    return result


NOT_EXERCISED = "not exercised:"
"""Begins a reason that lies in the bench and not in the standard: what was left out for it is inconclusive, never passed over."""

DECLARED = ("code_digits", "code_indices", "code_ends_with_its_day", "holdover", "clock_skew")
"""What a box declares of the profile in its hello; everything else is the standard's."""


def declared_profile(hello: dict[str, Any]) -> Profile:
    """The default profile with what the box declares of its own. Raises `BenchError` for what the standard does not allow."""
    try:
        return replace(DEFAULT, **{name: hello[name] for name in DECLARED})
    except ProfileError as error:
        raise BenchError(f"the box declares what the standard does not allow: {error}; mend its hello") from None


def make_plan(
    scenarios: Sequence[Scenario], hello: Hello, profile: Profile, target: Target, today: str, *, rehearse: bool = True
) -> Plan:
    """Select by declaration, rehearse what is selected on the reference box, and count what it costs."""
    plan = Plan()
    rehearsal = ReferenceBox(profile=profile)
    for scenario in scenarios:
        reason = _not_applicable(scenario, hello, profile, target)
        if rehearse and not reason:
            reason = _rehearse(scenario, rehearsal, profile, today, plan)
        if reason:
            plan.left_out[scenario.id] = reason
        else:
            plan.selected.append(scenario)
    plan.writes = rehearsal.store.writes
    return plan


def _not_applicable(scenario: Scenario, hello: Hello, profile: Profile, target: Target) -> str:
    if not scenario.uses_box and not target.reference:
        return "the authority decides it, and no authority is judged here"
    if unsuitable := scenario.unsuitable(profile):
        return unsuitable
    verbs = {step.verb for step in scenario.steps}
    if hello.production:
        return "the box declares a production build, which refuses test commands"
    if "interop" not in hello.classes:
        return f"the box declares {' and '.join(hello.classes) or 'no class'}, and this scenario uses the codes of class interop"
    if "core" not in hello.classes and verbs & {"connect", "present", "deliver"}:
        return f"the box declares {' and '.join(hello.classes)}, a box without an app"
    if "test-clock" not in hello.clock_modes and "model" not in hello.clock_modes:
        return f"{NOT_EXERCISED} the box declares no test clock, and this scenario needs times to the second"
    cuts = {
        CutClass.NTH_WRITE if "at-write" in step.arguments else CutClass.RESET for step in scenario.steps if step.verb == "cut"
    }
    for cut in sorted(cuts - set(hello.cut_classes)):
        return f"{NOT_EXERCISED} the box does not declare power cuts of class {cut}"
    return ""


def _rehearse(scenario: Scenario, box: ReferenceBox, profile: Profile, today: str, plan: Plan) -> str:
    """Play it on the reference box: what the model contradicts is refused before any box is touched."""
    journal = Journal()
    player = Player(box, authority_for_a_bench(profile), journal, today, profile)
    try:
        result = player.play(scenario)
    except Contradiction as error:
        if profile == DEFAULT:
            raise
        return f"written for the default profile; for what the box declares, {error}"
    if result.verdict is not Verdict.PASS:
        found = result.finding
        told = f"{found.did}: {found.saw}; {found.must}" if found else result.message
        raise Contradiction(found.where if found else str(scenario.where), "reference passes", told)
    plan.commands += result.commands
    plan.resets += 1
    plan.cuts += sum(step.verb == "cut" for step in scenario.steps)
    return ""


def _play_all(player: Player, plan: Plan, result: RunResult, progress: OnProgress) -> None:
    for scenario in plan.selected:
        if result.error:
            result.scenarios.append(
                ScenarioResult(scenario.id, Verdict.ERROR, scenario.clauses, message="not played: the link was lost")
            )
            continue
        played = player.play(scenario)
        result.scenarios.append(played)
        progress.done(played)
        if played.verdict is Verdict.ERROR:
            result.error = _link_is_gone(player.box)
            if result.error:
                player.journal.write("error", message=result.error)


def _link_is_gone(box: Box) -> str:
    """After an error of the link: does the box still answer at all?"""
    try:
        box.hello()
    except BenchError as error:
        return str(error)
    return ""


def _left_out(scenario: Scenario, reason: str) -> ScenarioResult:
    return ScenarioResult(scenario.id, Verdict.NOT_APPLICABLE, scenario.clauses, message=reason)


def _record_frames(journal: Journal) -> Callable[..., None]:
    def record(direction: str, data: bytes, decoded: Any) -> None:
        journal.write("frame", direction=direction, bytes=data, decoded=str(decoded) if decoded is not None else None)

    return record


def clause_results(results: Iterable[ScenarioResult], *, judged_authority: bool) -> list[ClauseResult]:
    """Each clause of the standard, and what the scenarios showed of it."""
    results = list(results)
    shaken = {r.finding.channel: r for r in results if r.finding and r.finding.is_control}
    return [_clause_result(clause, results, shaken, judged_authority) for clause in clauses.all_clauses().values()]


def _clause_result(
    clause: clauses.Clause, results: list[ScenarioResult], shaken: dict[str, ScenarioResult], judged_authority: bool
) -> ClauseResult:
    def said(verdict: Verdict, by: Iterable[ScenarioResult] = (), reason: str = "") -> ClauseResult:
        return ClauseResult(clause.id, clause.decider, verdict, tuple(result.id for result in by), reason)

    if clause.decider is Decider.AUTHORITY and not judged_authority:
        return said(Verdict.NOT_APPLICABLE, reason="the authority decides it, and no authority is judged here")
    citing = [result for result in results if clause.id in result.clauses]
    failed = [result for result in results if result.finding and clause.id in result.finding.clauses]
    if failed:
        return said(Verdict.FAIL, failed)
    if errors := [result for result in citing if result.verdict is Verdict.ERROR]:
        return said(Verdict.ERROR, errors, errors[0].message)
    played = [result for result in citing if result.verdict is not Verdict.NOT_APPLICABLE]
    if not played:
        reason = citing[0].message if citing else "no scenario shows it"
        unable = any(result.message.startswith(NOT_EXERCISED) for result in citing)
        return said(Verdict.INCONCLUSIVE if unable else Verdict.NOT_APPLICABLE, citing, reason)
    if broken := [result for result in played if result.verdict is not Verdict.PASS]:
        return said(Verdict.INCONCLUSIVE, broken, f"{broken[0].id} failed before it could show this")
    for result in played:
        for channel in result.channels:
            if channel in shaken:
                other = shaken[channel].id
                return said(
                    Verdict.INCONCLUSIVE, [result], f"a control failed at the {channel} in {other}, so nothing seen there counts"
                )
    return said(Verdict.PASS, played)
