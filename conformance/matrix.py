"""The kill matrix: what each source of scenarios made of each faulty box, after how many commands, and by which clauses."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Any

from lockproof.conformance import digests
from lockproof.conformance.faults import Fault, Kind
from lockproof.spec.observable import BadInput

FORMAT = "lockproof-kill-matrix/1"
WRITTEN, SYNTHESIZED, TEARING, EXPLORED, PLAIN = "written", "synthesized", "tearing", "explored", "explored plainly"
STANDS = {"fault": "Python, in process", "pty": "Python, on a line", "firmware": "firmware in C, on a line"}
"""Where a faulty box stands, by what `--over` says."""


class Outcome(StrEnum):
    """What became of a faulty box, from what matters most to whoever reads it."""

    SURVIVED = "survives"  # nothing failed
    CAUGHT = "caught otherwise"  # a clause failed, but not the one that it breaks
    ERROR = "error"  # of harness or link, so that nothing is known
    UNSEEN = "can't be seen"  # by any bench, and nothing named it
    NAMED = "named"  # the clause that it breaks failed; of a degenerate box, not one clause passed


@dataclass(frozen=True, slots=True)
class Found:
    """What one source made of one faulty box.

    `commands` to the box, counted from the beginning of this source alone and in its order: up to the first scenario that named
    the broken clause, or, if none did, up to the first that failed, or all of them. `failed`: the scenarios that failed, as far as they
    were played, each with its clauses. `seed` of an exploration.
    """

    outcome: Outcome
    commands: int = 0
    scenario: str = ""
    clauses: tuple[str, ...] = ()
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seed: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One faulty box, with what each source made of it; an exploration once for each seed."""

    fault: Fault
    by: Mapping[str, tuple[Found, ...]]

    def outcome_of(self, source: str) -> Outcome | None:
        """The best of its seeds; None where it was not tried."""
        found = {each.outcome for each in self.by.get(source, ())}
        return next((outcome for outcome in _BEST if outcome in found), None)

    @property
    def outcome(self) -> Outcome:
        """The best of all sources; of a degenerate box, which no source may give a pass, the worst."""
        found = {each for source in self.by if (each := self.outcome_of(source))}
        if self.fault.breaks is None:
            return next((outcome for outcome in reversed(_BEST) if outcome in found), Outcome.ERROR)
        return _seen(self, next((outcome for outcome in _BEST if outcome in found), Outcome.ERROR))

    @property
    def survived(self) -> bool:
        """It got away, and a bench could have seen it."""
        return self.outcome in {Outcome.SURVIVED, Outcome.CAUGHT}

    @property
    def by_tearing_alone(self) -> bool:
        named = {source for source in self.by if self.outcome_of(source) is Outcome.NAMED}
        return named == {TEARING}

    def caught_by(self, scenarios: Container[str]) -> list[str]:
        """Those of these scenarios that named the broken clause; of a degenerate box, those that failed."""
        failed = {name: clauses for found in self.by.values() for each in found for name, clauses in each.failed.items()}
        return [
            name
            for name, clauses in failed.items()
            if name in scenarios and (self.fault.breaks is None or self.fault.breaks in clauses)
        ]


_BEST = (Outcome.NAMED, Outcome.ERROR, Outcome.CAUGHT, Outcome.SURVIVED)
"""Of several; an error stands before what it might have found."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Faults and seeds with which both aimed and plain exploration named the clause, and the medians of commands to that."""

    number: int
    aimed: float
    plain: float

    @property
    def ratio(self) -> float:
        """How many times as many commands it takes without aim."""
        return self.plain / self.aimed


@dataclass(slots=True)
class Matrix:
    """Rows in the order in which they were tried; `settings` are what they were tried with, `not_tried` what is not known."""

    over: str
    settings: Mapping[str, Any]
    rows: list[Row] = field(default_factory=list)
    not_tried: Sequence[str] = ()

    @property
    def sources(self) -> list[str]:
        found = {source for row in self.rows for source in row.by}
        return [source for source in (WRITTEN, SYNTHESIZED, TEARING, EXPLORED, PLAIN) if source in found]

    @property
    def exit_code(self) -> int:
        """0 if every one is caught that a bench can see, 1 if one got away, 3 where one of them was not tried to its end."""
        if any(row.survived for row in self.rows) and not self.not_tried:
            return 1
        return 3 if self.not_tried or any(row.outcome is Outcome.ERROR for row in self.rows) else 0

    def in_order(self) -> list[Row]:
        """Those that got away first, then what else is not named; within that as they were tried."""
        order = list(Outcome)
        return sorted(self.rows, key=lambda row: order.index(row.outcome))

    def outcomes(self, source: str) -> Counter[Outcome]:
        """Of single faults: a degenerate box breaks no clause."""
        return Counter(_seen(row, outcome) for row in _single(self.rows) if (outcome := row.outcome_of(source)))

    def commands(self, source: str) -> list[int]:
        """To each kill by the right clause, each seed for itself."""
        return [each.commands for row in _single(self.rows) for each in row.by.get(source, ()) if each.outcome is Outcome.NAMED]

    def median(self, source: str) -> float | None:
        commands = self.commands(source)
        return median(commands) if commands else None

    def aimed_against_plain(self) -> Pairs | None:
        """None where nothing was killed by both."""
        both = [
            (aimed.commands, plain.commands)
            for row in _single(self.rows)
            for aimed in row.by.get(EXPLORED, ())
            for plain in row.by.get(PLAIN, ())
            if aimed.seed == plain.seed and aimed.outcome is plain.outcome is Outcome.NAMED
        ]
        return Pairs(len(both), median(a for a, _ in both), median(p for _, p in both)) if both else None

    def kinds(self) -> dict[Kind, Counter[Outcome]]:
        """What became of the faults of each kind."""
        found = {kind: Counter(row.outcome for row in self.rows if row.fault.kind is kind) for kind in Kind}
        return {kind: outcomes for kind, outcomes in found.items() if outcomes}

    def told(self) -> dict[str, Any]:
        """For a file: nothing in it hangs on when, where or how fast it was made."""
        pairs = self.aimed_against_plain()
        return {
            "format": FORMAT,
            "kit": dict(digests.kit()),
            "over": self.over,
            "stands": STANDS[self.over],
            **self.settings,
            "not_tried": list(self.not_tried),
            "summary": {
                "outcomes": _told(Counter(row.outcome for row in self.rows)),
                "kinds": {kind: _told(outcomes) for kind, outcomes in self.kinds().items()},
                "sources": {
                    source: {**_told(self.outcomes(source)), "median_commands": self.median(source)} for source in self.sources
                },
                "aimed_against_plain": pairs
                and {
                    "pairs": pairs.number,
                    "median_aimed": pairs.aimed,
                    "median_plain": pairs.plain,
                    "ratio": round(pairs.ratio, 2),
                },
            },
            "faults": [_told_of(row) for row in self.in_order()],
        }

    def write(self, folder: Path) -> None:
        """`matrix.json`, and `matrix.csv` for people. Raises `BadInput`."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "matrix.json").write_text(json.dumps(self.told(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            (folder / "matrix.csv").write_text(self.as_csv(), encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{folder}: no matrix can be kept there: {error.strerror}; name another folder with --out") from None

    def as_csv(self) -> str:
        """A line for each fault, source and seed, in the order of `in_order`."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(_COLUMNS)
        lines.writerows(self._lines())
        return out.getvalue()

    def _lines(self) -> Iterator[Sequence[object]]:
        for row in self.in_order():
            for source in self.sources:
                for found in row.by.get(source, ()):
                    yield (
                        row.fault.name,
                        row.outcome,
                        row.fault.kind,
                        row.fault.breaks or "",
                        STANDS[self.over],
                        source,
                        found.seed,
                        found.outcome,
                        found.scenario,
                        found.commands,
                        " ".join(found.clauses),
                        found.message,
                        row.fault.does,
                    )


_COLUMNS = (
    "fault",
    "in all",
    "kind",
    "breaks",
    "stands",
    "source",
    "seed",
    "outcome",
    "first scenario",
    "commands",
    "clauses that failed in it",
    "message",
    "what it does",
)


def _seen(row: Row, outcome: Outcome) -> Outcome:
    """Of a fault that no bench can see, nothing else was to be found."""
    return Outcome.UNSEEN if row.fault.unseen and outcome in {Outcome.CAUGHT, Outcome.SURVIVED} else outcome


def _single(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.fault.breaks is not None]


def _told(outcomes: Mapping[Outcome, int]) -> dict[str, int]:
    return {str(outcome): outcomes.get(outcome, 0) for outcome in Outcome}


def _told_of(row: Row) -> dict[str, Any]:
    fault = row.fault
    return {
        "name": fault.name,
        "kind": fault.kind,
        "breaks": fault.breaks,
        "does": fault.does,
        "unseen": fault.unseen,
        "outcome": row.outcome,
        "by_tearing_alone": row.by_tearing_alone,
        "sources": {source: [_told_found(each) for each in found] for source, found in row.by.items()},
    }


def _told_found(found: Found) -> dict[str, Any]:
    return {
        "seed": found.seed,
        "outcome": found.outcome,
        "scenario": found.scenario,
        "commands": found.commands,
        "clauses": list(found.clauses),
        "failed": {name: list(clauses) for name, clauses in found.failed.items()},
        "message": found.message,
    }
