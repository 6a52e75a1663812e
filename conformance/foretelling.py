"""`lockproof run --plan`: what a run would play, what it would leave out and why, what that shows, and what it costs."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lockproof.conformance import certifiable
from lockproof.conformance.planning import Plan, wait_for
from lockproof.conformance.preparing import Prepared, plan_of
from lockproof.conformance.progress import told_beginning
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import EXIT_CODES, NOT_EXERCISED, ONLY_HELD, Verdict, is_left_out
from lockproof.conformance.words import counted, spoken
from rich.console import Console

WIDTH = 145  # of a line of names
_TIED = "\N{NO-BREAK SPACE}"  # where a line must not end


def told(target: Target, ready: Prepared, *, verbose: bool) -> Iterator[str]:
    """The plan for one box, a line each: what a run says at its beginning, then by clause, then what is not played, by reason.

    With `verbose` also every scenario that is played, with its clauses and what it costs.
    """
    plan = ready.plan
    yield from told_beginning(target, ready.hello, plan)
    yield from _clauses(ready)
    if verbose:
        yield f"to be played: {counted(len(plan.selected), 'scenario')}"
        yield from _selected(plan)
    for heading, left_out in (("left out here", True), ("not applicable", False)):
        yield from _not_played(heading, {name: why for name, why in plan.left_out.items() if is_left_out(why) is left_out})


def _clauses(ready: Prepared) -> Iterator[str]:
    plan = ready.plan
    shown = Counter(clause for each in plan.selected for clause in each.clauses)
    without = {clause for name, (why, clauses) in ready.head["left_out"].items() if is_left_out(why) for clause in clauses}
    needed = certifiable.mandatory(ready.hello.classes)
    yield f"clauses that it must be seen to keep ({len(needed)}), and how many scenarios show each, * if some are left out:"
    yield from _names(f"{clause}{_TIED}{shown[clause]}{'*' if clause in without else ''}" for clause in needed)
    if others := [clause for clause in sorted(shown) if clause not in needed]:
        yield f"other clauses ({len(others)}):"
        yield from _names(f"{clause}{_TIED}{shown[clause]}" for clause in others)


def _selected(plan: Plan) -> Iterator[str]:
    for each in plan.selected:
        cost = plan.costs[each.id]
        spent = [counted(cost.commands, "command"), counted(cost.writes, "write")]
        spent += [counted(cost.cuts, "power cut")] if cost.cuts else []
        spent += [f"{spoken(cost.waits)} of waiting"] if cost.waits else []
        yield f"    {each.id}   {', '.join(spent)}   {', '.join(each.clauses)}"


def _not_played(heading: str, reasons: dict[str, str]) -> Iterator[str]:
    """By reason, what is for most of them first; what would have to be waited for together, each with how long, the shortest first."""
    by_reason: dict[str, list[str]] = {}
    all_waits = {name: wait_for(why) for name, why in reasons.items() if not why.startswith(ONLY_HELD)}
    waits = {name: int(wait) for name, wait in sorted(all_waits.items(), key=lambda item: item[1]) if math.isfinite(wait)}
    if len(set(waits.values())) > 1:
        least, *_, most = waits.values()
        reason = (
            f"{NOT_EXERCISED} its clock would have to run, for {spoken(least)} to {spoken(most)}; --wait says how long it may"
        )
        by_reason[reason] = [f"{name}{_TIED}({spoken(wait)})" for name, wait in waits.items()]
        reasons = {name: why for name, why in reasons.items() if name not in waits}
    for name, why in reasons.items():
        by_reason.setdefault(why, []).append(name)
    for why, names in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        yield f"{heading}, {counted(len(names), 'scenario')}: {why}"
        yield from _names(names)


def _names(names: Iterable[str]) -> list[str]:
    lines = textwrap.wrap(", ".join(names), WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return [line.replace(_TIED, " ") for line in lines]


def foretell(
    console: Console,
    targets: Sequence[Target],
    scenarios: Sequence[Scenario],
    today: str,
    options: dict[str, Any],
    *,
    verbose: bool,
) -> int:
    """Say what a run of these would be; the exit code, that of a run where nothing would be played. Raises as `plan_of` does."""
    played = True
    for target in targets:
        ready = plan_of(target, scenarios, today, **options)
        for line in told(target, ready, verbose=verbose):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        played = played and bool(ready.plan.selected)
    return EXIT_CODES[Verdict.PASS if played else Verdict.ERROR]
