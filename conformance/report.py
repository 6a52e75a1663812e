"""What a run found, for people and for machines: failures told so that they can be understood, a table by clause, JSON."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lockproof.conformance import replaying
from lockproof.conformance.pace import AIMED_AT
from lockproof.conformance.targets import of_authority
from lockproof.conformance.verdict import ClauseResult, Finding, RunResult, ScenarioResult, Verdict
from lockproof.conformance.visible import visible
from lockproof.conformance.whole_files import write_over
from lockproof.conformance.words import counted
from lockproof.hw_adapter.messages import Status
from lockproof.hw_adapter.values import name_of
from lockproof.spec import clauses
from rich import markup
from rich.console import Console
from rich.table import Table

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.ERROR: "magenta",
}
REPORT = "report.json"
HISTORY = 8  # lines of history in front of a failure
EXPLAINED = 20  # failures of which it is said what contradicts what, which takes a moment each
TOLD = 12  # failures that are told whole; of more of them no more than clause and scenario is
NAMED = 8  # scenarios in a line
TIMING_HELPS = (
    "a second is hit more surely with a smaller tolerance (a bench file's; 0 if not said), on a line that is faster or has less latency,"
    " on a machine that does nothing else, and after a power cut with a smaller boot_ms; where the box can, hold its clock"
    " (--clock hold); then play these again with --scenario"
)
_OF_ONE_TIME = re.compile(r"step \d+: |, by -?[\d.]+ s")  # what differs where the reason is the same
_OFF_ITS_SECOND = re.compile(r"decided at [^;]+, and meant for [^;]+")
_NOT_THERE = f" with status {Status.UNKNOWN_COMMAND:d}, {name_of(Status.UNKNOWN_COMMAND)}"  # of a box on a line
MARK = "»"  # in front of a line that contradicts others so marked


def show(
    console: Console, results: Sequence[RunResult], *, brief: bool = False, left_out: bool = False, failures: bool = True
) -> None:
    """Failures first, then the clauses, then what decided nothing, then a line per run.

    With `left_out` also which scenarios were not played, and why. Without `failures` these were told already.
    """
    for result in results if failures else ():
        _show_failures(console, result)
    reached = [result for result in results if result.scenarios]  # of the others there is no more than a line to say
    if brief:
        _show_gaps(console, reached)
    elif reached:
        console.print(clause_table(reached))
    for result in reached:
        for line in (*(_not_played(result) if left_out else ()), *undecided(result)):
            console.print(line, highlight=False, soft_wrap=True)
    for result in results:
        for line in _told_of_exploring(result):
            console.print(line, highlight=False, soft_wrap=True)
        console.print(summary(result), highlight=False, soft_wrap=True)


def escape(text: str) -> str:
    """What a box, a scenario or a journal says, as it may stand in a line that is printed: it is no markup, and turns no terminal."""
    return markup.escape(visible(text, None))


def _told_of_exploring(result: RunResult) -> Iterator[str]:
    if result.explored:
        yield f"{escape(result.target)}: {escape(result.explored)}" + ("; of the model not reached:" if result.missed else "")
        yield from (f"    {escape(missed)}" for missed in result.missed)


def _show_failures(console: Console, result: RunResult) -> None:
    errors: dict[str, list[str]] = {}
    told = _to_be_told({scenario.id: scenario.finding.clauses for scenario in result.scenarios if scenario.finding is not None})
    rest: dict[str, list[str]] = {}
    for scenario in result.scenarios:
        if scenario.finding is not None and scenario.id in told:
            console.print(failure(result, scenario, scenario.finding), highlight=False)
        elif scenario.finding is not None:
            rest.setdefault(_names(scenario.finding), []).append(scenario.id)
        elif scenario.verdict is Verdict.ERROR and not result.error:
            errors.setdefault(scenario.message, []).append(scenario.id)
    for message, ids in errors.items():
        console.print(f"[magenta]ERROR[/] {_some(ids)}: {escape(message)}", highlight=False, soft_wrap=len(ids) > 1)
    if any(message.endswith(_NOT_THERE) for message in errors) and not result.bench and not of_authority(result.target)[0]:
        console.print(f"    how far this firmware has come: lockproof bringup{_at_box(result)}", highlight=False, soft_wrap=True)

    for names, ids in rest.items():
        console.print(f"[bold red]FAIL[/]  [bold]{names}[/]  {counted(len(ids), 'more scenario')}: {_some(ids)}", soft_wrap=True)
    if rest:
        one = next(iter(rest.values()))[0]
        console.print(f"      each is told by a command like {escape(replay_command(result, one))}\n", soft_wrap=True)


def _to_be_told(failed: Mapping[str, Sequence[str]]) -> set[str]:
    """Of scenarios with the clauses that fail there, `TOLD`: those first in which one fails that did in none before."""
    first_of: dict[str, str] = {}
    for name, failing in failed.items():
        for clause in failing:
            first_of.setdefault(clause, name)
    first = [name for name in failed if name in first_of.values()]
    return set(list(dict.fromkeys((*first, *failed)))[:TOLD])


def _names(found: Finding) -> str:
    return escape(", ".join(found.clauses) or "?")


def _not_played(result: RunResult) -> Iterator[str]:
    for scenario in result.scenarios:
        if scenario.verdict is Verdict.NOT_APPLICABLE:
            yield f"[dim]left out[/]  {escape(scenario.id)}: {escape(scenario.message)}"


def _show_gaps(console: Console, results: Sequence[RunResult]) -> None:
    """What is inconclusive, and why, where the table is not shown."""
    for result in results:
        for row in result.clauses:
            if row.verdict is Verdict.INCONCLUSIVE and not result.error:
                console.print(f"{_styled(row.verdict)}  {row.id}: {escape(row.reason)}", highlight=False, soft_wrap=True)


def undecided(result: RunResult) -> Iterator[str]:
    """Why scenarios that were played decided nothing, those of one reason together, and what helps where that was their timing."""
    reasons = why_undecided(result)
    for reason, ids in reasons.items():
        yield f"{_styled(Verdict.INCONCLUSIVE)}  {counted(len(ids), 'scenario')}, {_some(ids)}: {escape(reason)}"
    if any(AIMED_AT in reason for reason in reasons):
        yield f"    {TIMING_HELPS}"


def _some(ids: Sequence[str]) -> str:
    return escape(", ".join(ids[:NAMED])) + (f" and {len(ids) - NAMED} more" if len(ids) > NAMED else "")


def why_undecided(result: RunResult) -> dict[str, list[str]]:
    """The reasons for which scenarios that were played decided nothing, and which they are."""
    reasons: dict[str, list[str]] = {}
    for scenario in result.scenarios:
        if scenario.verdict is Verdict.INCONCLUSIVE:
            reasons.setdefault(_in_general(scenario.message), []).append(scenario.id)
    return reasons


def _in_general(message: str) -> str:
    """The reason without what differs from one scenario to the next."""
    return _OFF_ITS_SECOND.sub(f"decided outside {AIMED_AT}", _OF_ONE_TIME.sub("", message))


def failure(result: RunResult, scenario: ScenarioResult, found: Finding) -> str:
    """What was done, what the standard says, by how much, and the next command."""
    step = f"{escape(scenario.id)}, step {found.step}"
    lines = [f"[bold red]FAIL[/]  [bold]{_names(found)}[/]        {step}   [dim]{escape(found.where)}[/]"]
    history = found.history or (f"{found.did}   {found.saw}",)
    lines += [*_story(history, found.contradicting), f"      [red]{' ' * 22}{escape(found.must)}[/]"]
    if found.saw not in history[-1]:
        lines.append(f"      seen: {escape(found.saw)}")
    known = clauses.all_clauses()
    lines += [f'      "{escape(known[clause].sentence)}"' for clause in found.clauses if clause in known]
    lines += [
        f"      {escape(line)}" for line in (*_made_small(result, scenario), *next_commands(result, scenario.id, found.where))
    ]
    return "\n".join(lines) + "\n"


def _story(history: Sequence[str], contradicting: Container[int]) -> Iterator[str]:
    """The last few lines, and any before them that contradicts what was seen, marked; a date where the line above has another."""
    last = len(history) - 1
    told = [n for n in range(last + 1) if n > last - HISTORY or n in contradicting]
    date = ""
    for number, earlier in zip(told, [-1, *told], strict=False):
        left_out = number - earlier - 1
        if left_out:
            yield f"      [dim]… {left_out} more[/]"
        before, (date, _, rest) = date, history[number].partition(" ")
        line = escape(f"{' ' * len(date) if date == before else date} {rest}")
        mark = MARK if number in contradicting or number == last else " "
        yield f"    {mark} {f'[bold]{line}[/]' if number == last else line}"


def _made_small(result: RunResult, scenario: ScenarioResult) -> Iterator[str]:
    """Of an explored scenario: the command that plays the smallest form of it."""
    if (small := scenario.shrunk) is None:
        return
    cost = f"{small.steps} steps of {small.before}, found in {counted(small.resets, 'reset')}"
    yield f"made small: {cost}; it failed {small.failed} of {small.played} times   ({', '.join(small.clauses)})"
    if small.file:
        yield f"play it: {_alone(result, small.file)}"


def how_alone(result: RunResult, scenario: str) -> str:
    """The command that plays the file of an explored scenario that was made small, which stands beside the journal."""
    return _alone(result, str(Path(result.journal).parent / f"{scenario}.yaml"))


def _alone(result: RunResult, file: str) -> str:
    return f"lockproof run {shlex.quote(file)}{_at_box(result)} --seed {shlex.quote(result.seed)}"


def _at_box(result: RunResult) -> str:
    bench = result.bench.get("file")
    return (f" --bench {shlex.quote(bench)}" if bench else "") + f" --box {shlex.quote(result.target)}"


def next_commands(result: RunResult, scenario: str, where: str) -> list[str]:
    """The command that judges a scenario again from what was recorded, and what else it does."""
    on_the_box = f"on the box again: {how_on_the_box(result, scenario, where)}"
    frames = "; its frames: --frames; as a unit test in C: --export-c FILE" if replaying.has_bytes(Path(result.journal)) else ""
    return [f"again: {replay_command(result, scenario)}", f"       ({on_the_box}{frames})"]


def replay_command(result: RunResult, scenario: str) -> str:
    """It judges the scenario again from what was recorded."""
    return f"lockproof replay {shlex.quote(str(replaying.short_name(Path(result.journal))))} --scenario {shlex.quote(scenario)}"


def how_on_the_box(result: RunResult, scenario: str, where: str) -> str:
    """What to add to play it there. A box of a bench file is known to nothing but the file, so that it takes a run of its own, as does an
    authority.
    """
    authority, beside = of_authority(result.target)
    box = f"--box {shlex.quote(beside or result.target)}" if beside or not authority else ""
    if authority:
        box = f"--authority {shlex.quote(authority)}{f' {box}' if box else ''}"
    if not (bench := result.bench.get("file")) and not authority:
        return box
    file = where.rpartition(":")[0]
    named = f"{shlex.quote(file)} " if file and Path(file).is_file() else ""
    on = f"--bench {shlex.quote(bench)} " if bench else ""
    return f"lockproof run {named}{on}{box} --scenario {scenario} --seed {result.seed}"


def clause_table(results: Sequence[RunResult]) -> Table:
    """A row per clause, a column per run."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("clause", no_wrap=True)
    table.add_column("decided by")
    for result in results:
        table.add_column(escape(result.target))
    table.add_column("shown by")
    for rows in zip(*(result.clauses for result in results), strict=True):
        cells = [_styled(row.verdict) for row in rows]
        table.add_row(rows[0].id, rows[0].decider, *cells, _shown_by(rows))
    return table


def _shown_by(rows: Sequence[ClauseResult]) -> str:
    said = next((row for row in rows if row.verdict is not Verdict.PASS), max(rows, key=lambda row: bool(row.reason)))
    if said.verdict in {Verdict.PASS, Verdict.FAIL}:
        names = said.scenarios
        told = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")  # noqa: PLR2004
        return escape(told + (f"; {said.reason}" if said.reason else ""))
    return f"[dim]{escape(said.reason)}[/]"


def summary(result: RunResult) -> str:
    """One line: target, verdict, counts, time, where the journal is."""
    told = counts(result)
    error = f"\n    {escape(result.error)}" if result.error else ""
    link = f"   {escape(result.link)}" if result.link else ""
    measured = next((each.measured for each in reversed(result.scenarios) if each.measured), "")
    link += "".join(f"   {escape(said)}" for said in (result.clock, measured) if said)
    who = f" ({escape(result.firmware)})" if result.firmware else ""
    journal = f"   {escape(result.journal)}" if result.journal else ""
    link += f"   {escape(_reached_with(result))}" if result.bench else ""
    return f"{_styled(result.verdict)}  {escape(result.target)}{who}: {told} in {result.seconds:.1f} s{link}{journal}{error}"


def counts(result: RunResult) -> str:
    """How many scenarios came out how; where not all that are about such boxes were decided, how many were."""
    played = Counter("left out" if each.left_out else str(each.verdict) for each in result.scenarios)
    told = ", ".join(f"{played[word]} {word}" for word in (*Verdict, "left out") if played[word]) or "no scenario"
    decided = played[Verdict.PASS] + played[Verdict.FAIL]
    for_it = played.total() - played[Verdict.NOT_APPLICABLE]
    return told + (f"; {decided} of {for_it} decided" if result.verdict is Verdict.INCONCLUSIVE else "")


def _reached_with(result: RunResult) -> str:
    """Who told of openings, and how power was cut."""
    seen = sorted({by for scenario in result.scenarios for by in scenario.observed_by})
    cuts = Counter(cut for scenario in result.scenarios for cut in scenario.cuts)
    told = ", ".join(f"{count} {cut}" for cut, count in sorted(cuts.items())) or "none"
    return f"openings {' and '.join(seen) or 'none'}, power cuts: {told}"


def write_json(path: Path, results: Sequence[RunResult]) -> None:
    """Everything that was found, for programs; `verdict` of the whole is the worst of the runs'."""
    runs = [{**asdict(result), "verdict": result.verdict} for result in results]
    text = json.dumps({"format": "lockproof-run/1", "runs": runs}, indent=1, ensure_ascii=False)
    write_over(path, f"{text}\n".encode(errors="backslashreplace"))  # of a name that is no text, JSON has these escapes, too


def _styled(verdict: Verdict) -> str:
    return f"[{STYLES[verdict]}]{verdict}[/]"
