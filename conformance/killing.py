"""Every source of scenarios over faulty boxes: what caught each of them."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from lockproof.conformance import suite
from lockproof.conformance.counting import Counting
from lockproof.conformance.faults import Fault, FaultyAuthority, all_authorities, all_faults, one_of
from lockproof.conformance.matrix import EXPLORED, PLAIN, SYNTHESIZED, TEARING, WRITTEN, Found, Matrix, Outcome, Row
from lockproof.conformance.run import OnProgress, run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import FIRMWARE, IN_PROCESS_FAULT, Target, target, with_authority
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.conformance.words import counted
from lockproof.conformance.workers import mapped_apart
from lockproof.spec.observable import BenchError
from rich.console import Console
from rich.table import Table

AT_A_LINE = 4  # boxes for each processor: it is the line that is waited for


@dataclass(frozen=True, slots=True)
class Kill:
    """What a run of scenarios made of one faulty box."""

    fault: Fault
    result: RunResult

    @property
    def named(self) -> bool:
        """The broken clause failed; of a degenerate box, not one clause passed."""
        passed = [clause.id for clause in self.result.clauses if clause.verdict is Verdict.PASS]
        if self.fault.breaks is None:
            return not passed and self.result.exit_code != 0
        return self.fault.breaks in self.failed and self.result.exit_code == 1

    @property
    def failed(self) -> list[str]:
        return [clause.id for clause in self.result.clauses if clause.verdict is Verdict.FAIL]

    def caught_by(self, scenarios: Container[str]) -> list[str]:
        """Those of these scenarios that named the broken clause; of a degenerate box, those that failed."""
        return [
            each.id
            for each in self.result.scenarios
            if each.id in scenarios and each.finding and (self.fault.breaks is None or self.fault.breaks in each.finding.clauses)
        ]

    def found(self) -> Found:
        """The same as what its source has found, with the commands that it took until then."""
        failed = {each.id: each.finding.clauses for each in self.result.scenarios if each.finding}
        named = next(iter(self.caught_by(failed)), "")
        first = named or next(iter(failed), "")
        commands = 0
        for each in self.result.scenarios:
            commands += each.commands
            if each.id == first:
                break
        if self.named:
            outcome = Outcome.NAMED
        elif self.result.verdict is Verdict.ERROR:
            outcome = Outcome.ERROR
        else:
            outcome = Outcome.CAUGHT if failed else Outcome.SURVIVED
        message = self.result.error.split("\n")[0]
        return Found(outcome, commands, first, failed.get(first, ()), failed, message=message)


@dataclass(frozen=True, slots=True)
class Trial:
    """What faulty boxes are tried with: packaged scenarios, then so many steps of exploration, once for each seed.

    `plain`: besides, exploration that lets time just go on. `whole`: a source goes on when it has named the clause.
    """

    over: str = "fault"
    which: suite.Suite = suite.Suite.ALL
    steps: int = 0
    plain: bool = False
    seeds: tuple[str, ...] = ("1",)
    whole: bool = False

    @property
    def suites(self) -> dict[str, tuple[Scenario, ...]]:
        """Each with controls of its own."""
        wanted = {WRITTEN: suite.Suite.WRITTEN, SYNTHESIZED: suite.Suite.SYNTHESIZED}
        return {source: suite.packaged(each) for source, each in wanted.items() if self.which in {each, suite.Suite.ALL}}

    @property
    def explorations(self) -> dict[str, bool]:
        """Whether each aims."""
        return {EXPLORED: True, **({PLAIN: False} if self.plain else {})} if self.steps else {}

    def tries(self, fault: Fault) -> bool:
        """What is explored is a box."""
        return bool(self.suites) or not isinstance(fault, FaultyAuthority)

    @property
    def workers(self) -> int:
        return (os.cpu_count() or 1) * (1 if self.over == "fault" else AT_A_LINE)


def faults_over(over: str) -> Mapping[str, Fault]:
    """The faulty boxes that there are in process (`fault`), with the faulty authorities, on a line (`pty`), or of the port kit
    (`firmware`), by name.
    """
    if over != FIRMWARE:
        return {**all_faults(), **(all_authorities() if over == IN_PROCESS_FAULT else {})}
    from lockproof.conformance import port_kit  # noqa: PLC0415 (only where there is such a box)

    return port_kit.all_faults()


class UntilNamed(OnProgress):
    """Nothing more is played once this clause has failed."""

    def __init__(self, clause: str | None) -> None:
        self.clause = clause

    def enough(self, result: ScenarioResult) -> bool:
        return result.finding is not None and self.clause in result.finding.clauses


def where_it_stands(fault: Fault, over: str) -> Target:
    """The faulty box, or the authority beside the reference box."""
    if isinstance(fault, FaultyAuthority):
        return with_authority(f"{over}:{fault.name}", ())[0]
    return target(f"{over}:{fault.name}")


def try_fault(fault: Fault, over: str, scenarios: Sequence[Scenario], *, whole: bool = True) -> Kill:
    """Run scenarios on one faulty box, in process (`fault`), on a line (`pty`), or in C (`firmware`), or on a faulty authority.

    `whole`: all of them, not just up to the first that names the broken clause.
    """
    progress = None if whole or fault.breaks is None else UntilNamed(fault.breaks)
    return Kill(fault, run(where_it_stands(fault, over), scenarios, None, progress, rehearse=False))


def try_by_all(trial: Trial, name: str) -> Row:
    """Each source on a faulty box of its own, so that what it finds, and after how many commands, hangs on no other."""
    fault = one_of(faults_over(trial.over), name)
    found: dict[str, tuple[Found, ...]] = {
        source: (try_fault(fault, trial.over, scenarios, whole=trial.whole).found(),)
        for source, scenarios in trial.suites.items()
    }
    if trial.over == FIRMWARE and found and all(each.outcome is not Outcome.NAMED for each, *_ in found.values()):
        found[TEARING] = (found_by_tearing(fault),)
    for source, aimed in trial.explorations.items() if not isinstance(fault, FaultyAuthority) else ():
        found[source] = tuple(_found_by_exploring(fault, trial, seed, aimed=aimed) for seed in trial.seeds)
    return Row(fault, found)


def found_by_tearing(fault: Fault) -> Found:
    """Power fails in the middle of each write of a first use of a firmware; `scenario` is the first write at which that showed."""
    from lockproof.conformance.tearing import tearing  # noqa: PLC0415 (only where there is such a box)

    try:
        with tearing(f"{FIRMWARE}:{fault.name}") as torn:
            torn.sweep()
    except BenchError as error:
        return Found(Outcome.ERROR, message=str(error).split("\n")[0])
    tally, where = torn.tally, torn.tally.by_clause()
    clause = fault.breaks if fault.breaks in where else next(iter(where), None)
    if clause is None:
        return Found(Outcome.ERROR if tally.error else Outcome.SURVIVED, tally.commands, message=tally.error)
    outcome = Outcome.NAMED if clause == fault.breaks else Outcome.CAUGHT
    return Found(outcome, tally.first[clause], where[clause], (clause,))


def _found_by_exploring(fault: Fault, trial: Trial, seed: str, *, aimed: bool) -> Found:
    from lockproof.conformance.exploring import explore_until_killed  # noqa: PLC0415 (Hypothesis only where it explores)

    try:
        killed = explore_until_killed(
            target(f"{trial.over}:{fault.name}"), trial.steps, seed, aimed=aimed, until=fault.breaks or ""
        )
    except BenchError as error:
        outcome = Outcome.NAMED if fault.breaks is None else Outcome.ERROR  # what answers nothing passes nothing
        return Found(outcome, seed=seed, message=str(error).split("\n")[0])
    named = fault.breaks in killed.clauses or (fault.breaks is None and bool(killed.clauses))
    outcome = Outcome.NAMED if named else Outcome.CAUGHT if killed.clauses else Outcome.SURVIVED
    failed = {killed.scenario: killed.clauses} if killed.clauses else {}
    return Found(outcome, killed.commands, killed.scenario, killed.clauses, failed, seed)


def _died(trial: Trial, name: str) -> Row:
    why = "its process was ended from outside, twice, as is done where memory runs out"
    sources = [*trial.suites, *trial.explorations]
    return Row(one_of(faults_over(trial.over), name), {source: (Found(Outcome.ERROR, message=why),) for source in sources})


def try_all(trial: Trial, names: Sequence[str]) -> Iterator[Row]:
    """Each of these faulty boxes, on as many processors as there are; in the order of the names."""
    return mapped_apart(partial(try_by_all, trial), names, partial(_died, trial), trial.workers)


def try_and_tell(
    console: Console, names: Sequence[str], trial: Trial, folder: Path | None = None, *, smallest: bool = False
) -> int:
    """Try them, say how far that is and what caught each, and write the matrix; with `smallest`, also say the fewest scenarios that
    catch as many.

    Returned is the exit code: 0 if every one is caught that a bench can see, 1 if one got away, 3 after Ctrl-C, or where a box could not
    be tried.
    """
    settings = asdict(trial)
    matrix = Matrix(settings.pop("over"), settings)
    try:
        with Counting(console, len(names), "faults") as count:
            for row in try_all(trial, names):
                matrix.rows.append(row)
                if row.survived:
                    console.print(f"[bold red]not caught:[/] {row.fault.name}", highlight=False)
                count(f"{sum(each.outcome is Outcome.NAMED for each in matrix.rows)} caught   {row.fault.name}")
    except KeyboardInterrupt:
        matrix.not_tried = names[len(matrix.rows) :]
    show(console, matrix)
    if folder:
        matrix.write(folder)
        console.print(f"{folder / 'matrix.json'}, matrix.csv", highlight=False, markup=False, soft_wrap=True)
    if matrix.not_tried:
        console.print(
            f"stopped by Ctrl-C after {len(matrix.rows)} of {len(names)} faults; nothing is known of the rest", highlight=False
        )
    elif smallest:
        show_smallest(console, matrix.rows)
    return matrix.exit_code


def show(console: Console, matrix: Matrix) -> None:
    """Survivors first: by source, after how many commands the broken clause failed, and in which scenario. Then the figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("fault", "kind", "breaks", "named"):
        table.add_column(column, no_wrap=True)
    for column in matrix.sources:
        table.add_column(column, overflow="fold")
    for row in matrix.in_order():
        told = (row.fault.name, row.fault.kind, row.fault.breaks or "degenerate", _named(row))
        table.add_row(*told, *(_by(row, source) for source in matrix.sources))
    console.print(table)
    console.print()
    console.print(_kinds(matrix))
    console.print()
    console.print(_sources(matrix))
    if pairs := matrix.aimed_against_plain():
        console.print(
            f"{counted(pairs.number, 'kill')} by aimed and plain exploration both: a median of {pairs.aimed:g} commands with aim,"
            f" {pairs.plain:g} without, {pairs.ratio:.1f} times as many",
            highlight=False,
        )
    named = sum(row.outcome is Outcome.NAMED for row in matrix.rows)
    torn = sum(row.by_tearing_alone for row in matrix.rows)
    console.print(
        f"{named} of {len(matrix.rows)} faults caught and named{_by_source(matrix)}{f'; {torn} by tearing alone' if torn else ''}"
    )


def _named(row: Row) -> str:
    if row.outcome is Outcome.NAMED:
        return "yes"
    return f"[yellow]{row.outcome}[/]" if row.outcome is Outcome.UNSEEN else f"[bold red]{row.outcome}[/]"


def _by(row: Row, source: str) -> str:
    """Of several seeds the first that named it, or the first."""
    found = row.by.get(source, ())
    best = next((each for each in found if each.outcome is row.outcome_of(source)), None)
    if best is None:
        return ""
    if best.outcome is Outcome.SURVIVED:
        return row.fault.unseen or "-"
    if best.outcome is Outcome.ERROR or not best.scenario:
        return best.message
    return f"{best.commands}: {best.scenario}" + ("" if best.outcome is Outcome.NAMED else f" ({', '.join(best.clauses)})")


def _kinds(matrix: Matrix) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("kind")
    for column in ("faults", *Outcome):
        table.add_column(column, justify="right")
    for kind, outcomes in matrix.kinds().items():
        table.add_row(kind, str(outcomes.total()), *(str(outcomes[each]) for each in Outcome))
    return table


def _sources(matrix: Matrix) -> Table:
    """Of single faults."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("source")
    outcomes = tuple(reversed(Outcome))
    for column in (*outcomes, "median of commands to the kill"):
        table.add_column(column, justify="right")
    for source in matrix.sources:
        count, median = matrix.outcomes(source), matrix.median(source)
        table.add_row(source, *(str(count[each]) for each in outcomes), "-" if median is None else f"{median:g}")
    return table


def _by_source(matrix: Matrix) -> str:
    """How many of single faults each of the two suites named, and how many alone."""
    written, synthesized = (
        {row.fault.name for row in matrix.rows if row.fault.breaks and row.outcome_of(source) is Outcome.NAMED}
        for source in (WRITTEN, SYNTHESIZED)
    )
    if not (written and synthesized):
        return ""
    told = [f"{len(written)} by written scenarios", f"{len(synthesized)} by synthesized scenarios"]
    told += [f"{len(written - synthesized)} by written ones alone", f"{len(synthesized - written)} by synthesized ones alone"]
    return f"; {', '.join(told)}"


def smallest_set(kills: Sequence[Kill | Row], scenarios: Container[str]) -> list[str]:
    """Fewest of these scenarios that still catch every fault that they catch together: z3's optimum, and so as few as can be.

    Of several such sets the first, by the names in it, so that the same kills always give the same.
    """
    import z3  # noqa: PLC0415 (only for this)
    from lockproof.spec.asking import asked  # noqa: PLC0415 (z3 only for this)

    caught = [found for kill in kills if kill.fault.breaks and (found := kill.caught_by(scenarios))]
    if not caught:
        return []
    taken = {name: z3.Bool(name) for name in sorted({name for found in caught for name in found})}
    size = z3.Sum([z3.If(term, 1, 0) for term in taken.values()])
    best, solver = z3.Optimize(), z3.Solver()
    for each in (best, solver):
        each.add(*(z3.Or(*(taken[name] for name in found)) for found in caught))
    best.minimize(size)
    unknown = BenchError("z3 found no smallest set of scenarios; try again with fewer faults")
    if asked(best) != z3.sat:
        raise unknown
    solver.add(size == best.model().eval(size, model_completion=True))
    for term in taken.values():
        solver.add(term if asked(solver, term) == z3.sat else z3.Not(term))
    if asked(solver) != z3.sat:
        raise unknown
    return [name for name, term in taken.items() if z3.is_true(solver.model().eval(term, model_completion=True))]


def show_smallest(console: Console, kills: Sequence[Kill | Row]) -> None:
    """The fewest synthesized scenarios that still catch every faulty box that all of them catch."""
    synthesized = {each.id for each in suite.synthesized()}
    fewest = smallest_set(kills, synthesized)
    caught = sum(bool(kill.caught_by(synthesized)) for kill in kills if kill.fault.breaks)
    console.print(
        f"{len(fewest)} of {len(synthesized)} synthesized scenarios catch all {caught} faults that they catch together:"
    )
    for name in fewest:
        console.print(f"    {name}", highlight=False)
