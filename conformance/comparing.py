"""`lockproof diff`: two runs beside each other, by clause and by scenario: what got worse, what got better, what is new or gone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockproof.conformance.judging import judged_anew
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.conformance.visible import visible
from lockproof.conformance.whole_files import bounded
from lockproof.spec.observable import BadInput

FORMAT = "lockproof-run/1"
LARGEST = 2**28  # bytes of a report
_ABOUT = ("target", "identity", "firmware", "seed")
_OF_THE_KIT = {"version": "version of the kit", "spec": "text of the standard"}
_ORDER = (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.FAIL)
"""From the best: what passed and is not looked at any more has lost its evidence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and why, of a clause or a scenario."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One box as one run judged it."""

    about: Mapping[str, str]
    verdict: Verdict
    clauses: Mapping[str, Outcome]
    scenarios: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Change:
    """Of one clause or scenario, or of the whole; None where it is only in the other run."""

    what: str
    name: str
    before: Outcome | None
    after: Outcome | None

    @property
    def is_worse(self) -> bool:
        """What is new is worse only if something is wrong with it."""
        if self.after is None:
            return False
        before = Verdict.NOT_APPLICABLE if self.before is None else self.before.verdict
        if self.before is None and self.after.verdict is Verdict.INCONCLUSIVE:
            return False
        return _ORDER.index(self.after.verdict) > _ORDER.index(before)

    @property
    def is_better(self) -> bool:
        if self.before is None or self.after is None:
            return False
        return _ORDER.index(self.after.verdict) < _ORDER.index(self.before.verdict)


def compare(before: Path, after: Path) -> tuple[list[str], int]:
    """What is told, and the exit code: 0 if no verdict got worse, 1 if one did. Raises `BadInput`."""
    one, other = read(before), read(after)
    lines, worse = [], False
    for first, second in _pairs(one, other):
        changes = list(changes_between(first, second))
        worse = worse or any(change.is_worse for change in changes)
        lines += [*_head(first, second), *told(changes)]
    return lines, int(worse)


def read(place: Path) -> list[Side]:
    """The boxes of a run: judged again from its journals, or as a `report.json` has them. Raises `BadInput`."""
    if place.suffix == ".json":
        return _of_report(place)
    return [side_of(result) for result in judged_anew(place)]


def side_of(result: RunResult) -> Side:
    """One box of a run, to be compared."""
    scenarios = {each.id: Outcome(each.verdict, _reason(each)) for each in result.scenarios}
    about = {name: getattr(result, name) for name in _ABOUT} | {name: result.kit.get(name, "") for name in _OF_THE_KIT}
    return Side(about, result.verdict, {row.id: Outcome(row.verdict, row.reason) for row in result.clauses}, scenarios)


def _reason(result: ScenarioResult) -> str:
    found = result.finding
    return f"step {found.step}: {found.saw}; {found.must}" if found else result.message


def _of_report(path: Path) -> list[Side]:
    try:
        with bounded(path, LARGEST, "the report.json of a run", "name the folder of a run, or its report.json") as file:
            told = json.loads(file.read().decode())
        if told["format"] != FORMAT:
            raise BadInput(
                f"{path}: its format is {told['format']}, and {FORMAT} is read here; name the folder of the run instead"
            )
        return [_of_run(run) for run in told["runs"]]
    except OSError as wrong:
        raise BadInput(f"{path}: {wrong.strerror}; name the folder of a run, or its report.json") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        raise BadInput(
            f"{path}: no report of a run ({type(wrong).__name__}: {wrong}); name the folder of the run instead"
        ) from None


def _of_run(run: Mapping[str, Any]) -> Side:
    def outcome(told: Mapping[str, Any]) -> Outcome:
        found = told.get("finding")
        reason = (
            f"step {found['step']}: {found['saw']}; {found['must']}" if found else told.get("message", told.get("reason", ""))
        )
        return Outcome(Verdict(told["verdict"]), str(reason))

    about = {name: str(run.get(name, "")) for name in _ABOUT} | {
        name: str(run.get("kit", {}).get(name, "")) for name in _OF_THE_KIT
    }
    clauses, scenarios = ({each["id"]: outcome(each) for each in run[name]} for name in ("clauses", "scenarios"))
    return Side(about, Verdict(run["verdict"]), clauses, scenarios)


def _pairs(one: Sequence[Side], other: Sequence[Side]) -> Iterator[tuple[Side, Side]]:
    """Boxes of one name belong together; so do the only ones of two runs, whatever they are called."""
    if len(one) == len(other) == 1:
        yield one[0], other[0]
        return
    named = {side.about["target"]: side for side in other}
    pairs = [(side, named[side.about["target"]]) for side in one if side.about["target"] in named]
    if not pairs:
        names = " and ".join(", ".join(side.about["target"] for side in sides) for sides in (one, other))
        raise BadInput(f"no box is in both runs: {names}; name the folder of one box in each")
    yield from pairs


def changes_between(before: Side, after: Side) -> Iterator[Change]:
    """Whatever is another, the whole first, then clauses, then scenarios."""
    if before.verdict is not after.verdict:
        yield Change("the whole", after.about["target"], Outcome(before.verdict), Outcome(after.verdict))
    for what, one, other in (
        ("clause", before.clauses, after.clauses),
        ("scenario", before.scenarios, after.scenarios),
    ):
        for name in dict.fromkeys([*other, *one]):
            if one.get(name) != other.get(name):
                yield Change(what, name, one.get(name), other.get(name))


# Words


def _head(before: Side, after: Side) -> Iterator[str]:
    yield f"{before.about['target']} then, {after.about['target']} now: {before.verdict} then, {after.verdict} now"
    for name in (*_ABOUT[1:], *_OF_THE_KIT):
        then, now = before.about[name], after.about[name]
        if then != now:
            yield f"    another {_OF_THE_KIT.get(name, name)}: {visible(then) or 'not recorded'} then, {visible(now) or 'not recorded'} now"


def told(changes: Iterable[Change]) -> Iterator[str]:
    """Worse first, then better, new, gone, and what has only another reason."""
    changes = list(changes)
    kinds = {
        "worse": [c for c in changes if c.is_worse],
        "better": [c for c in changes if c.is_better],
        "new": [c for c in changes if c.before is None and not c.is_worse],
        "gone": [c for c in changes if c.after is None],
        "another reason": [c for c in changes if c.before and c.after and c.before.verdict is c.after.verdict],
    }
    for kind, them in kinds.items():
        for change in them:
            yield f"{kind:<15} {change.what} {change.name}: {_words(change)}"
    yield ", ".join(f"{len(them)} {kind}" for kind, them in kinds.items() if them) or "nothing is another than it was"


def _words(change: Change) -> str:
    before, after = change.before, change.after
    if before and after and before.verdict is after.verdict:
        return f"{after.verdict}: {visible(before.reason) or 'no reason'} then, {visible(after.reason) or 'no reason'} now"
    then, now = (f"{each.verdict}" if each else "not there" for each in (before, after))
    why = after.reason if after else ""
    return f"{then} then, {now} now" + (f": {visible(why)}" if why else "")
