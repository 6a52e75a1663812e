"""A run: plan, play, judge, and draw the clauses together.

A clause passes only if every scenario that shows it passed, and nothing that was played shakes the controls: where a
control came out wrong in a channel, what came through that channel is no evidence (`inconclusive`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial, wraps
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from lockproof.conformance import ctrl_c, digests
from lockproof.conformance.journal import Journal, Record
from lockproof.conformance.options import Exploration
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.pics import Declaration
from lockproof.conformance.planning import NO_AUTHORITY, NO_BOX, Plan, Timing, authority_for_a_bench, wait_for
from lockproof.conformance.player import Player, Stopped, Watcher
from lockproof.conformance.preparing import Prepared, declined, prepare, said_hello
from lockproof.conformance.scenario import DEFAULT_TODAY, Scenario
from lockproof.conformance.targets import Target, opened, opened_authority
from lockproof.conformance.verdict import NOT_EXERCISED, ONLY_HELD, ClauseResult, RunResult, ScenarioResult, Verdict
from lockproof.reference.credentials import interop_digits
from lockproof.spec import clauses
from lockproof.spec.clauses import Decider
from lockproof.spec.observable import OVERWRITES, BadInput, BenchError, Box, Hello

if TYPE_CHECKING:
    from lockproof.conformance.resuming import Earlier  # which judges what an earlier run has left, and so knows this one


class OnProgress(Watcher):
    """Is told how a run goes; the plain one says nothing."""

    def begins(self, target: Target, hello: Hello, plan: Plan, decided: int) -> None:
        """The box has answered and the plan is made; of it so many are decided already, where a run is gone on with."""

    def step(self, scenario: Scenario, number: int, step: Any) -> None:
        """A step is about to be taken."""

    def waiting(self, seconds: float) -> None:
        """So many seconds are still to be waited, for a clock that runs."""

    def done(self, result: ScenarioResult) -> None:
        """A scenario is over."""

    def enough(self, result: ScenarioResult) -> bool:
        """Nothing more need be played after this."""
        del result
        return False

    def exploring(self, said: str, done: float) -> None:
        """How far its exploration is, in words, and how much of it is done, from 0 to 1."""


def steps(
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
    pics: Declaration | None = None,
    earlier: Earlier | None = None,
    explore: Exploration | None = None,
) -> Iterator[RunResult]:
    """Judge a box, scenario by scenario. Link and harness errors, and Ctrl-C, end in the verdict `error`, in the result.

    What is yielded is one result: before the box is opened, after each scenario that was played, and whole at the end. To stop
    before that, throw `BenchError`, with the reason, or `KeyboardInterrupt` into it.

    Ids, secrets and wrong digits of the scenarios follow from `seed`, so that no box can know them beforehand. Without
    `rehearse` the plan does not say what it costs, and a scenario that the model contradicts is found only on the way.
    The first `explain` failures also say which observations contradict each other. `codes` is a file of a box's own codes, for
    class core; one that can't be used is `BadInput`.
    With `one_at_a_time` each command is a request of its own, answered and judged before the next.
    `clock` says how its clock is dealt with: held, where the box can, if nothing is said. `longest_wait`: a scenario that waits
    for a clock that runs for more seconds than that is left out; time that costs nothing is waited for however long.
    `pics` is the vendor's declaration, which the journal then keeps; a box that contradicts it is not judged, and is `BadInput`.
    `earlier` is what a run that was stopped has left, in the same folder: it is gone on with, if box and scenarios are the same.
    `explore`: afterwards it is explored for so long, as `exploring` has it.
    Raises `Contradiction` and `ScenarioError` for a scenario that cannot be played, before the box is touched, and `BadInput`
    for a box that can't be explored.
    """
    started, progress = time.perf_counter(), progress or OnProgress()
    result = RunResult(target.name, "", "", journal=str(folder / "journal.jsonl") if folder else "", seed=seed)
    result.kit = digests.kit()
    result.bench = target.board.settings() if target.board else {}
    journal = earlier.journal if earlier else Journal(folder / "journal.jsonl" if folder else None)
    plan, result.began = Plan(), journal.began
    try:
        yield result
        without_power = earlier is not None and earlier.so_far.cut
        with (
            ctrl_c.let_in(),
            opened_authority(target, journal.passed) as judged,
            opened(target, journal.passed, without_power=without_power, beside=judged) as box,
        ):
            said = said_hello(box)
            hello, _ = said
            result.identity, result.firmware = hello.identity, hello.firmware
            options: dict[str, Any] = {"codes": codes, "clock": clock, "longest_wait": longest_wait, "pics": pics, "seed": seed}
            options |= {"explore": explore, "earlier": earlier, "judged": judged}
            ready = prepare(box, said, target, scenarios, today, rehearse=rehearse, **options)
            # as the run began with: provisioned, a box may call itself otherwise
            result.identity, result.firmware = who_is_judged((earlier and earlier.so_far.head) or ready.head)
            plan, profile, timing = ready.plan, ready.profile, ready.timing
            generator = ready.generator or interop_digits
            if explore:
                _refuse_to_explore(ready)
            if earlier and earlier.so_far.head:
                journal.write("resumed", began=dt.datetime.now(dt.UTC).isoformat(), hello=hello, decided=len(earlier.results))
                result.scenarios += earlier.results
            else:
                recorded = {
                    "declined": declined(box, hello),
                    "began": journal.began,
                    "today": today,
                    "seed": seed,
                    "bench": result.bench,
                    **ready.head,
                }
                journal.write("run", target=target.name, **recorded)
            target.refuse_beyond_budget(plan.writes, plan.cuts)
            decided = {each.id for each in plan.selected} & {each.id for each in result.scenarios}
            progress.begins(target, hello, plan, len(decided))
            pace = timing.pace(box, hello, target, progress.waiting)
            player = Player(
                box,
                judged.fresh if judged else authority_for_a_bench(profile, generator),
                journal,
                today,
                profile,
                hello.gives_reasons,
                hello.log_capacity,
                hello.log_when_full == OVERWRITES,
                watcher=progress,
                explain=explain,
                seed=seed,
                supply=plan.supply,
                generator=generator,
                one_at_a_time=one_at_a_time,
                unsteady=earlier is not None and earlier.so_far.booted,
                pace=pace,
                clock=timing.mode,
                judged=judged,
            )
            for _ in _play_all(player, plan, result, progress, earlier.tries if earlier else 0):
                yield result
            if explore and not result.error:
                _explore(player, explore, hello, timing, result, progress, folder)
            result.link, result.clock = _link_of(box), pace.told()
    except BenchError as error:
        _end_with(str(error), result, journal)
    except KeyboardInterrupt:
        _stop(result, journal, earlier)
    finally:
        _with_what_was_not_played(result, plan, scenarios, earlier)
        result.seconds = time.perf_counter() - started
        _close(journal, None if earlier is not None and not (plan.selected or result.error) else result)
    judged_what = {"judged_authority": target.judges_authority, "judged_box": target.judges_box}
    result.clauses = clause_results(result.scenarios, **judged_what)
    yield result


def _refuse_to_explore(ready: Prepared) -> None:
    """Raises `BadInput` for what can't be explored."""
    if ready.judged:
        raise BadInput("--explore: a box is explored, and here an authority is judged; leave one of the two out")
    if ready.hello.production or ready.generator is None:
        raise BadInput("--explore: a production build, or a box of which nobody says what its codes are, can't be explored")


_How = ParamSpec("_How")


def _to_the_end(stepped: Callable[_How, Iterator[RunResult]]) -> Callable[_How, RunResult]:
    @wraps(stepped)
    @ctrl_c.minded()
    @ctrl_c.held()
    def run(*words: _How.args, **options: _How.kwargs) -> RunResult:
        *_, result = stepped(*words, **options)
        return result

    return run


run = _to_the_end(steps)
"""The same, to its end."""


def _with_what_was_not_played(result: RunResult, plan: Plan, scenarios: Sequence[Scenario], earlier: Earlier | None) -> None:
    if earlier and earlier.so_far.head and not plan.selected:  # it was not gone on with, and what it had shown is what it has
        earlier.so_far.error = result.error
        result.scenarios = earlier.so_far.result(Path(result.journal)).scenarios
        return
    if not (plan.selected or result.scenarios or result.error):
        why = next(iter(plan.left_out.values()), "none was chosen")
        result.error = f"no scenario was run: {why}; nothing can be said of this box"
    played = {each.id for each in result.scenarios}
    missing = [each for each in plan.selected if each.id not in played]
    if missing and not result.error:
        result.error = "it was broken off"  # by what nobody here knows of: an output that nobody reads, a mistake of our own
    result.scenarios += [not_played(each.id, each.clauses, result.error) for each in missing]
    result.scenarios += [left_out(s, plan.left_out[s.id]) for s in scenarios if s.id in plan.left_out]


def _explore(
    player: Player,
    wanted: Exploration,
    hello: Hello,
    timing: Timing,
    result: RunResult,
    progress: OnProgress,
    folder: Path | None,
) -> None:
    from lockproof.conformance import exploring, growing  # noqa: PLC0415 (Hypothesis only where it explores)

    bench = growing.Bench(player.profile, player.today, player.seed, player.generator)
    reach = exploring.reach_of(bench, hello, timing, aimed=wanted.aimed)
    exploring.explore(player, wanted, reach, result, progress, folder, partial(_why_over, player))


def _end_with(error: str, result: RunResult, journal: Journal) -> None:
    result.error = error
    with contextlib.suppress(BenchError):  # where the journal itself is what failed
        journal.write("error", message=error)


def _stop(result: RunResult, journal: Journal, earlier: Earlier | None) -> None:
    """By Ctrl-C. Of a run that was over already nothing is stopped: it ends as it did."""
    if earlier is None or not earlier.so_far.is_over:
        result.stopped = True
        _end_with(ctrl_c.what_is_kept(), result, journal)
        return
    for name in ("link", "clock", "explored", "missed"):
        setattr(result, name, (earlier.so_far.over or {})[name])


OF_THE_END = ("target", "began", "seed", "kit", "bench", "seconds", "link", "clock", "explored", "missed", "error", "stopped")
"""What the last record says of a run: what nothing else in the journal tells, or not of a box that never answered."""


def _close(journal: Journal, result: RunResult | None) -> None:
    """None of a run that was to be gone on with and was refused: it is not over by that, and what broke off can still be played."""
    with contextlib.suppress(BenchError):
        if result is not None:
            journal.write("over", **{name: getattr(result, name) for name in OF_THE_END})
    journal.close()


def _link_of(box: Box) -> str:
    """What the link has cost, where there is one."""
    counters = getattr(box, "counters", None)
    if counters is None:
        return ""
    return f"{counters.requests} requests, {counters.resent} sent again, {counters.busy} busy, {counters.damaged} damaged frames"


def _play_all(player: Player, plan: Plan, result: RunResult, progress: OnProgress, tries: int) -> Iterator[ScenarioResult]:
    """What is not decided yet; the first of it was played to an end so many times before."""
    controls = {each.id for each in plan.selected if each.control}
    result.error = next((_not_set_up(each) for each in result.scenarios if each.id in controls), "")
    decided = {each.id for each in result.scenarios}
    to_play = [each for each in plan.selected if each.id not in decided and not result.error]
    for scenario, following in zip_longest(to_play, to_play[1:]):
        with ctrl_c.held():  # but for playing, so that what was found is kept
            try:
                played = play_until_it_decides(player, scenario, following, tries)
            except Stopped as stopped:
                result.scenarios.append(stopped.result)
                raise KeyboardInterrupt from None
            result.scenarios.append(played)
            player.journal.to_disk()
            progress.done(played)
        tries = 0
        if scenario.control:
            result.error = _not_set_up(played)
        result.error = _why_over(player, played) or result.error
        if result.error:
            player.journal.write("error", message=result.error)
        yield played
        if result.error:
            break
        if progress.enough(played):
            plan.selected = plan.selected[: plan.selected.index(scenario) + 1]
            break


def _why_over(player: Player, played: ScenarioResult) -> str:
    """Why nothing more can be played after this, empty where something can."""
    if played.verdict is not Verdict.ERROR:
        return ""
    return (player.judged.gone() if player.judged else "") or _link_is_gone(player.box)


def _not_set_up(control: ScenarioResult) -> str:
    """What was wrong as the box was set up, in the words of a run that ends there; empty where nothing was."""
    found = control.finding
    return f"the box could not be set up ({control.id}): {found.did}: {found.saw}" if found and found.step == 0 else ""


def play_until_it_decides(
    player: Player, scenario: Scenario, following: Scenario | None = None, tries: int = 0
) -> ScenarioResult:
    """Played until it decides, a few times at most: what was not answered decides nothing. A failure is never tried again.

    `tries`: how often it was played before, and decided nothing.
    """
    attempt = tries
    while attempt == tries or attempt < player.attempts:
        attempt += 1
        try:
            played = replace(player.play(scenario, following), attempts=attempt)
        except Stopped as stopped:
            raise Stopped(replace(stopped.result, attempts=attempt)) from None
        if not _is_undecided(played, player):
            break
    return played


def _is_undecided(played: ScenarioResult, player: Player) -> bool:
    """It showed nothing, and is worth playing again. Raises `Stopped`."""
    if played.verdict is not Verdict.ERROR or not player.unanswered:
        return played.verdict is Verdict.INCONCLUSIVE
    try:
        with ctrl_c.let_in():
            return not _link_is_gone(player.box)
    except KeyboardInterrupt:
        raise Stopped(played) from None


def _link_is_gone(box: Box) -> str:
    """After an error of the link: does the box still answer at all?"""
    try:
        box.hello()
    except BenchError as error:
        return str(error)
    return ""


def not_played(name: str, cited: Sequence[str], why: str) -> ScenarioResult:
    """Of a scenario that was to be played, when the run ended before it."""
    return ScenarioResult(name, Verdict.ERROR, tuple(cited), message=f"not played: {why.splitlines()[0]}")


def left_out(scenario: Scenario, reason: str) -> ScenarioResult:
    """Of a scenario that is not played on this box, and why."""
    return ScenarioResult(scenario.id, Verdict.NOT_APPLICABLE, scenario.clauses, message=reason)


def who_is_judged(head: Record) -> tuple[str, str]:
    """By the `run` record: identity and firmware of the box, or name and version of the authority where that alone is judged."""
    if head.get("judged_box", True):
        return head["hello"]["identity"], head["hello"]["firmware"]
    return head["authority"]["name"], head["authority"]["version"]


def clause_results(results: Iterable[ScenarioResult], *, judged_authority: bool, judged_box: bool = True) -> list[ClauseResult]:
    """Each clause of the standard, and what the scenarios showed of it."""
    results = list(results)
    shaken = {r.finding.channel: r for r in results if r.finding and r.finding.is_control}
    not_judged = {} if judged_authority else {Decider.AUTHORITY: NO_AUTHORITY}
    not_judged |= {} if judged_box else {Decider.BOX: NO_BOX}
    return [_clause_result(clause, results, shaken, not_judged) for clause in clauses.all_clauses().values()]


def _clause_result(
    clause: clauses.Clause, results: list[ScenarioResult], shaken: dict[str, ScenarioResult], not_judged: Mapping[Decider, str]
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

    if clause.decider in not_judged:
        return said(Verdict.NOT_APPLICABLE, reason=not_judged[clause.decider])
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
    """Whether what was seen is enough for a pass: all of it came out right, and no control shakes the channels it came through.

    Of several reasons why not, the first is one that somebody can do something about: by playing again, or by waiting.
    """
    played = [result for result in citing if result.verdict is not Verdict.NOT_APPLICABLE]
    broken = [result for result in played if result.verdict is not Verdict.PASS]
    unable = [result for result in citing if result.message.startswith(NOT_EXERCISED)]
    if in_its_way := sorted([*broken, *unable], key=_trouble):
        return Verdict.INCONCLUSIVE, in_its_way, _why_undecided(in_its_way[0])
    if not played:
        return Verdict.NOT_APPLICABLE, citing, citing[0].message if citing else "no scenario shows it"
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


_UNKNOWABLE = "by what is not known of the box"  # in what a judge says where another try says no more


def _trouble(result: ScenarioResult) -> float:
    """How much somebody would have to do for it to be decided: play it again, wait so many seconds, or more than can be done."""
    if result.left_out:
        return wait_for(result.message)
    return math.inf if _UNKNOWABLE in result.message else -1.0


def _why_undecided(result: ScenarioResult) -> str:
    if result.left_out:
        return f"{result.id} was {result.message}"
    return f"{result.id} " + ("failed before it could show this" if result.finding else f"showed nothing: {result.message}")
