"""What `lockproof prove` shows: a row for each theorem with both solvers' answers, then totals, times and memory."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from lockproof.conformance.tracing import show_counterexamples, show_witnesses
from lockproof.spec import memory
from lockproof.spec.export import Export
from lockproof.spec.guessing import guessing
from lockproof.spec.obligations import Kind
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT
from lockproof.spec.prove import Result, Row, Standing, prove, versions
from lockproof.spec.second_solver import SecondSolver
from rich.console import Console
from rich.live import Live
from rich.text import Text

OF_THE_HARNESS = {Result.CRASHED, Result.MISSING}
"""Where a solver could not be asked nothing is known of the theorem: an error of the harness, and no failure of the standard."""


def prove_and_tell(
    console: Console, folder: Path | None = None, witnesses: Path | None = None, counterexamples: Path = Path("counterexamples")
) -> int:
    """Prove everything, export it if there is a folder, and say so; returned is the exit code.

    Traces go to `witnesses`, if it is given, one for each theorem, and to `counterexamples`, one for each that is false.
    """
    export = Export(folder) if folder else None
    begin = time.perf_counter()
    rows: list[Row] = []
    live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None

    def tell(row: Row) -> None:
        rows.append(row)
        _show(console, row)

    def watch(standing: Standing) -> None:
        if stop:
            raise KeyboardInterrupt
        if live:
            gone = time.perf_counter() - begin
            said = f"{gone:.0f} s   z3 {standing.by_first}   cvc5 {standing.by_second}   {standing.name}"
            live.update(Text(said, overflow="ellipsis", no_wrap=True))

    try:
        with _ctrl_c() as stop, SecondSolver() as second, live or nullcontext():
            prove(tell, second=second, export=export, watch=watch)
    except KeyboardInterrupt:
        _say(console, f"stopped by Ctrl-C; {_proved(rows)} until then, and nothing is known of the rest")
        return 3
    _show_totals(console, rows, second, time.perf_counter() - begin)
    if export:
        _say(console, f"{export.written} obligations written to {folder}, with an index, {folder}/obligations.json")
    code = exit_code(rows)
    try:
        show_counterexamples(console, [row.name for row in rows if row.result is Result.FALSE], counterexamples)
        shown = show_witnesses(console, witnesses) if witnesses else True
    except BadInput as error:  # what was found out stands, written or not
        _say(console, str(error))
        return code or 2
    return code or (0 if shown else 1)


@contextmanager
def _ctrl_c() -> Iterator[list[int]]:
    """Ctrl-C only makes a note, for whoever looks: an exception that comes while z3 frees a term would be lost."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def exit_code(rows: Sequence[Row]) -> int:
    """0 if both solvers proved everything, 1 if something is not so or not known, 3 if all that is missing is a solver."""
    results = {row.result for row in rows} - {Result.PROVED}
    if not results:
        return 0 if rows else 3
    return 3 if results <= OF_THE_HARNESS else 1


def _show(console: Console, row: Row) -> None:
    proved = row.result is Result.PROVED
    style = "green" if proved else "bold red"
    about = ", ".join(row.clauses) or str(row.kind)
    witness = f"   witness: {row.witness.replace('_', ' ')}" if row.witness and row.kind is Kind.THEOREM else ""
    broken = f"   at: {row.event.replace('_', ' ')}" if row.event else ""
    second = f"   cvc5 {row.second}" if row.second else ""
    console.print(
        f"[{style}]{row.result:<10}[/] [bold]{row.name}[/]   z3 {row.first}{second}   [dim]{about}[/]{witness}{broken}",
        highlight=False,
        soft_wrap=True,
    )
    if not proved and row.sentence:
        _say(console, f'           "{row.sentence}"')
    for line in row.counterexample:
        _say(console, f"           {line}")


def _show_totals(console: Console, rows: Sequence[Row], second: SecondSolver, wall: float) -> None:
    asked = sum(row.obligations for row in rows)
    _say(console, f"{_proved(rows)}; {asked} obligations, each put to {versions(second)}")
    first, other = sum(row.first.seconds for row in rows), sum(row.second.seconds for row in rows if row.second)
    _say(
        console,
        f"z3 {first:.1f} s, cvc5 {other:.1f} s in {second.processes} processes, wall time {wall:.1f} s; {_peak_memory(second)}",
    )
    _say(console, str(guessing(DEFAULT)))
    failed = [row.name for row in rows if row.result is not Result.PROVED]
    if failed:
        console.print(f"[bold red]not proved:[/] {', '.join(failed)}", highlight=False, soft_wrap=True)


def _proved(rows: Sequence[Row]) -> str:
    counts = []
    for kind in (Kind.THEOREM, Kind.INVARIANT):
        of_kind = [row for row in rows if row.kind is kind]
        counts.append(f"{sum(row.result is Result.PROVED for row in of_kind)} of {len(of_kind)} {kind}s")
    return f"{' and '.join(counts)} proved"


def _peak_memory(second: SecondSolver) -> str:
    here, there = (f"{peak / 1e6:.0f} MB" if peak else "not measured" for peak in (memory.peak(), second.peak))
    return f"peak memory: z3 {here}, the largest process of cvc5 {there}"


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)
