"""Wrong changes of the model: a live count while they are judged, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lockproof.conformance.counting import Counting
from lockproof.spec import mutants, mutation
from lockproof.spec.mutation import Judged, Verdict
from lockproof.spec.theorems import THEOREMS
from rich.console import Console
from rich.table import Table


def judge_and_tell(console: Console) -> int:
    """Judge every mutant of the model and say what became of them; returned is the exit code."""
    every, judged = mutants.all_mutants(), list[Judged]()
    try:
        with Counting(console, len(every), "mutants") as count:
            for each in mutation.judge_all(every):
                judged.append(each)
                _survives(console, each)
                count(_said(judged))
    except KeyboardInterrupt:
        show(console, judged, all_of_them=False)
        console.print(
            f"stopped by Ctrl-C after {len(judged)} of {len(every)} mutants; nothing is known of the rest", highlight=False
        )
        return 3
    return 1 if show(console, judged) else 0


def _survives(console: Console, judged: Judged) -> None:
    if judged.verdict is Verdict.SURVIVED:
        console.print(f"[bold red]survived:[/] {_plain(judged.mutant.id)}", highlight=False, soft_wrap=True)


def _said(judged: Sequence[Judged]) -> str:
    count = Counter(each.verdict for each in judged)
    return f"{', '.join(f'{count[verdict]} {verdict.lower()}' for verdict in Verdict)}   {judged[-1].mutant.place}"


def show(console: Console, judged: Sequence[Judged], *, all_of_them: bool = True) -> list[Judged]:
    """What became of them, survivors first; returned are the survivors. What a theorem is good for, only all of them tell."""
    survivors = _of(judged, Verdict.SURVIVED)
    for each in survivors:
        _tell(console, each, "bold red")
    console.print(_table("operator", judged, lambda each: each.mutant.operator))
    console.print()
    console.print(_table("function", judged, lambda each: each.mutant.place))
    console.print()
    if all_of_them:
        console.print(_theorems(judged))
        console.print()
    for each in _of(judged, Verdict.EQUIVALENT):
        _tell(console, each, "yellow")
    if all_of_them:
        _needless(console, judged)
    count = Counter(each.verdict for each in judged)
    console.print(
        f"{len(judged)} mutants: {count[Verdict.KILLED]} killed, {count[Verdict.EQUIVALENT]} equivalent, {len(survivors)} surviving",
        highlight=False,
    )
    return survivors


def _of(judged: Iterable[Judged], verdict: Verdict) -> list[Judged]:
    return [each for each in judged if each.verdict is verdict]


def _tell(console: Console, judged: Judged, style: str) -> None:
    console.print(f"[{style}]{judged.verdict}[/]  {_plain(judged.mutant.id)}", highlight=False, soft_wrap=True)
    for line in judged.lines:
        console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)


def _table(title: str, judged: Sequence[Judged], part: Callable[[Judged], str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title)
    for column in ("mutants", "killed", "equivalent", "surviving"):
        table.add_column(column, justify="right")
    for name in dict.fromkeys(part(each) for each in judged):
        count = Counter(each.verdict for each in judged if part(each) == name)
        table.add_row(name, str(count.total()), *(str(count[verdict]) for verdict in Verdict))
    return table


def _theorems(judged: Sequence[Judged]) -> Table:
    """How many each theorem kills, and how many nothing else kills; of `on a trace` the violation was run with values."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("theorem")
    for column in ("kills", "on a trace", "alone"):
        table.add_column(column, justify="right")
    violated, shown, alone = _kills(judged)
    for name in sorted(THEOREMS, key=lambda name: (-alone[name], -violated[name])):
        table.add_row(name, *(str(count[name]) for count in (violated, shown, alone)))
    return table


def _kills(judged: Iterable[Judged]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By theorem: what violates it, what violates it on a trace, what violates nothing else."""
    killed = _of(judged, Verdict.KILLED)
    violated = Counter(name for each in killed for name in each.theorems)
    shown = Counter(kill.theorem for each in killed for kill in each.kills)
    return violated, shown, Counter(each.theorems[0] for each in killed if len(each.theorems) == 1)


def _needless(console: Console, judged: Sequence[Judged]) -> None:
    """Theorems without which nothing here would survive; to be looked at, for a theorem says more than it kills here."""
    violated, _, alone = _kills(judged)
    never = [name for name in THEOREMS if not violated[name]]
    with_others = [name for name in THEOREMS if violated[name] and not alone[name]]
    for said, names in (("kill nothing here", never), ("kill nothing that no other kills", with_others)):
        if names:
            console.print(f"[bold]{len(names)} theorems {said}:[/] {', '.join(names)}", highlight=False, soft_wrap=True)
    spoken_for = {clause for name in THEOREMS if violated[name] for clause in THEOREMS[name].clauses}
    mute = dict.fromkeys(c for theorem in THEOREMS.values() for c in theorem.clauses if c not in spoken_for)
    if mute:
        console.print(f"[bold]clauses none of whose theorems kills:[/] {', '.join(mute)}", highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
