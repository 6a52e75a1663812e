"""The suite over faulty boxes: what caught each of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from lockproof.conformance import suite
from lockproof.conformance.faults import Fault, named
from lockproof.conformance.run import run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import RunResult, Verdict
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Kill:
    """What the suite made of one faulty box."""

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

    @property
    def scenarios(self) -> list[str]:
        return [scenario.id for scenario in self.result.scenarios if scenario.verdict is Verdict.FAIL]


def try_fault(fault: Fault, over: str, scenarios: Sequence[Scenario]) -> Kill:
    """Run the suite on one faulty box, in process (`fault`) or on a line (`pty`)."""
    return Kill(fault, run(target(f"{over}:{fault.name}"), scenarios, rehearse=False))


def try_faults(names: Sequence[str], over: str) -> list[Kill]:
    """The packaged scenarios on each of these faulty boxes, on as many processors as there are; in the order of the names."""
    with ProcessPoolExecutor(max_workers=min(len(names), os.cpu_count() or 1)) as workers:
        return list(workers.map(_try_named, names, [over] * len(names)))


def _try_named(name: str, over: str) -> Kill:
    return try_fault(named(name), over, suite.written())


def show_kills(console: Console, kills: Sequence[Kill]) -> list[str]:
    """Survivors first; returned are the names of those that a bench could have seen."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("fault", "breaks", "exit", "named", "failed clauses", "caught by"):
        table.add_column(column, overflow="fold")
    for kill in sorted(kills, key=lambda kill: kill.named):
        missed = "[bold red]NO[/]" if not kill.fault.unseen else "[yellow]can't be seen[/]"
        caught = kill.scenarios
        more = f" and {len(caught) - 2} more" if len(caught) > 2 else ""  # noqa: PLR2004 (two are shown)
        table.add_row(
            kill.fault.name,
            kill.fault.breaks or "degenerate",
            str(kill.result.exit_code),
            "yes" if kill.named else missed,
            ", ".join(kill.failed),
            (", ".join(caught[:2]) + more) or kill.result.error.split("\n")[0] or kill.fault.unseen,
        )
    console.print(table)
    console.print(f"{sum(kill.named for kill in kills)} of {len(kills)} faults caught and named")
    return [kill.fault.name for kill in kills if not kill.named and not kill.fault.unseen]
