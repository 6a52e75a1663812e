"""The suite over faulty boxes: what caught each of them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lockproof.conformance import suite
from lockproof.conformance.counting import Counting
from lockproof.conformance.faults import Fault, all_faults, one_of
from lockproof.conformance.run import run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import FIRMWARE, target
from lockproof.conformance.verdict import RunResult, Verdict
from lockproof.conformance.workers import mapped
from lockproof.spec.observable import BenchError
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Kill:
    """What the suite made of one faulty box.

    `torn` are the clauses that failed, and at which write first, where power was made to fail in the middle of one
    (`tearing`): tried with a firmware whose fault the suite did not name.
    """

    fault: Fault
    result: RunResult
    torn: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """It was caught by the clause that it breaks: by a scenario, or by tearing."""
        return self.named_by_scenarios or self.fault.breaks in self.torn

    @property
    def named_by_scenarios(self) -> bool:
        """The broken clause failed; of a degenerate box, not one clause passed."""
        passed = [clause.id for clause in self.result.clauses if clause.verdict is Verdict.PASS]
        if self.fault.breaks is None:
            return not passed and self.result.exit_code != 0
        return self.fault.breaks in self.failed and self.result.exit_code == 1

    @property
    def survived(self) -> bool:
        """It got away, and a bench could have seen it."""
        return not self.named and not self.fault.unseen

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

    @property
    def scenarios(self) -> list[str]:
        return [scenario.id for scenario in self.result.scenarios if scenario.verdict is Verdict.FAIL]


def faults_over(over: str) -> Mapping[str, Fault]:
    """The faulty boxes that there are in process (`fault`), on a line (`pty`), or of the port kit (`firmware`), by name."""
    if over != FIRMWARE:
        return all_faults()
    from lockproof.conformance import port_kit  # noqa: PLC0415 (only where there is such a box)

    return port_kit.all_faults()


def try_fault(fault: Fault, over: str, scenarios: Sequence[Scenario]) -> Kill:
    """Run the suite on one faulty box, in process (`fault`), on a line (`pty`), or in C (`firmware`).

    What the suite does not name in C is swept besides: power fails in the middle of each write of a first use.
    """
    name = f"{over}:{fault.name}"
    kill = Kill(fault, run(target(name), scenarios, rehearse=False))
    return kill if kill.named or over != FIRMWARE else replace(kill, torn=_torn(name))


def _torn(name: str) -> dict[str, str]:
    from lockproof.conformance.tearing import tearing  # noqa: PLC0415 (only where there is such a box)

    with tearing(name) as torn:
        torn.sweep()
    return torn.tally.by_clause()


def try_faults(names: Sequence[str], over: str, which: suite.Suite = suite.Suite.ALL) -> Iterator[Kill]:
    """The packaged scenarios on each of these faulty boxes, on as many processors as there are; in the order of the names."""
    return mapped(partial(_try_named, over, which), names)


def try_and_tell(
    console: Console, names: Sequence[str], over: str, which: suite.Suite = suite.Suite.ALL, *, smallest: bool = False
) -> int:
    """Try them, say how far that is, and what caught each; with `smallest`, also the fewest scenarios that catch as many.

    Returned is the exit code: 0 if every one is caught that a bench can see, 1 if one got away, 3 after Ctrl-C.
    """
    kills: list[Kill] = []
    try:
        with Counting(console, len(names), "faults") as count:
            for kill in try_faults(names, over, which):
                kills.append(kill)
                if kill.survived:
                    console.print(f"[bold red]not caught:[/] {kill.fault.name}", highlight=False)
                count(f"{sum(each.named for each in kills)} caught   {kill.fault.name}")
    except KeyboardInterrupt:
        show_kills(console, kills)
        console.print(
            f"stopped by Ctrl-C after {len(kills)} of {len(names)} faults; nothing is known of the rest", highlight=False
        )
        return 3
    survived = show_kills(console, kills)
    if smallest:
        show_smallest(console, kills)
    return 1 if survived else 0


def _try_named(over: str, which: suite.Suite, name: str) -> Kill:
    return try_fault(one_of(faults_over(over), name), over, suite.packaged(which))


def show_kills(console: Console, kills: Sequence[Kill]) -> list[str]:
    """Survivors first; returned are the names of those that a bench could have seen.

    By source: how many scenarios of it named the broken clause, and the first that did. By tearing, if any was swept: the first
    write in whose middle power failed, so that it did.
    """
    torn = ("tearing",) if any(kill.torn for kill in kills) else ()
    sources = {"written": {each.id for each in suite.written()}, "synthesized": {each.id for each in suite.synthesized()}}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("fault", "breaks", "exit", "named", "failed clauses", *sources, *torn):
        table.add_column(column, overflow="fold")
    for kill in sorted(kills, key=lambda kill: kill.named):
        missed = "[bold red]NO[/]" if not kill.fault.unseen else "[yellow]can't be seen[/]"
        table.add_row(
            kill.fault.name,
            kill.fault.breaks or "degenerate",
            str(kill.result.exit_code),
            "yes" if kill.named else missed,
            ", ".join(kill.failed),
            *(_by(kill, kill.caught_by(ids)) for ids in sources.values()),
            *(kill.torn.get(kill.fault.breaks or "", "-") for _ in torn),
        )
    console.print(table)
    console.print(f"{sum(kill.named for kill in kills)} of {len(kills)} faults caught and named{_by_source(kills, sources)}")
    return [kill.fault.name for kill in kills if kill.survived]


def _by(kill: Kill, caught: Sequence[str]) -> str:
    if not caught:
        return kill.result.error.split("\n")[0] or kill.fault.unseen or "-"
    return f"{len(caught)}: {caught[0]}"


def _by_source(kills: Sequence[Kill], sources: Mapping[str, Container[str]]) -> str:
    counts = {name: {kill.fault.name for kill in kills if kill.caught_by(ids)} for name, ids in sources.items()}
    torn = sum(kill.named and not kill.named_by_scenarios for kill in kills)
    by_tearing = f"; {torn} by tearing alone" if torn else ""
    if not all(counts.values()):
        return by_tearing
    told = [f"{len(caught)} by {name} scenarios" for name, caught in counts.items()]
    written, synthesized = counts.values()
    told += [f"{len(written - synthesized)} by written ones alone", f"{len(synthesized - written)} by synthesized ones alone"]
    return f"; {', '.join(told)}{by_tearing}"


def smallest_set(kills: Sequence[Kill], scenarios: Container[str]) -> list[str]:
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


def show_smallest(console: Console, kills: Sequence[Kill]) -> None:
    """The fewest synthesized scenarios that still catch every faulty box that all of them catch."""
    synthesized = {each.id for each in suite.synthesized()}
    fewest = smallest_set(kills, synthesized)
    caught = sum(bool(kill.caught_by(synthesized)) for kill in kills if kill.fault.breaks)
    console.print(
        f"{len(fewest)} of {len(synthesized)} synthesized scenarios catch all {caught} faults that they catch together:"
    )
    for name in fewest:
        console.print(f"    {name}", highlight=False)
