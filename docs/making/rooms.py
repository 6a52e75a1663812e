"""What the pages are made from: read once, from the four rooms, and handed to whoever makes a page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lockproof.conformance import faults, matrix, suite
from lockproof.conformance.faults import Fault
from lockproof.conformance.html_report import scenarios_of
from lockproof.conformance.journal import Record
from lockproof.conformance.judging import judged_anew
from lockproof.conformance.played import Played, played
from lockproof.conformance.run import run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.targets import IN_PROCESS, target
from lockproof.conformance.verdict import RunResult, ScenarioResult, Verdict
from lockproof.spec.clauses import Clause, all_clauses
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT, Profile
from lockproof.spec.theorems import THEOREMS, Theorem
from lockproof.spec.town_theorems import TOWN_THEOREMS, TownTheorem

ROOT = Path(__file__).resolve().parents[2]
SEED = "docs"


class NotPublished(Exception):  # noqa: N818  (reads as what happened)
    """What stands in the rooms can't be published as it is; the message says why."""


@dataclass(frozen=True, slots=True)
class Play:
    """A scenario as the reference box played it when the pages were made."""

    scenario: Scenario
    result: ScenarioResult
    records: tuple[Record, ...]
    text: str  # as it stands in its file

    @property
    def is_played(self) -> bool:
        return bool(self.records)


@dataclass(frozen=True)
class Rooms:
    """Everything that pages are made from. `kills` is a recorded kill matrix, as `lockproof faults --out` writes it, or nothing.

    `results` are the latest recorded runs, one for each box.
    """

    plays: Mapping[str, Play]
    profile: Profile = DEFAULT
    kills: Mapping[str, Any] | None = None
    results: tuple[RunResult, ...] = ()

    @property
    def clauses(self) -> Mapping[str, Clause]:
        return all_clauses()

    @property
    def theorems(self) -> Iterable[Theorem | TownTheorem]:
        return (*THEOREMS.values(), *TOWN_THEOREMS.values())

    @cached_property
    def faults(self) -> Mapping[str, Fault]:
        """Boxes, then authorities."""
        return {**faults.all_faults(), **faults.all_authorities()}

    @cached_property
    def synthesized(self) -> tuple[Scenario, ...]:
        return suite.synthesized()

    @cached_property
    def killed(self) -> Mapping[str, Mapping[str, Any]]:
        """What became of each faulty box or authority, by its name."""
        return {row["name"]: row for row in self.kills["faults"]} if self.kills else {}

    def theorems_about(self, clause: str) -> list[Theorem | TownTheorem]:
        return [theorem for theorem in self.theorems if clause in theorem.clauses]

    def plays_about(self, clause: str) -> list[Play]:
        """Those that show it first, and of these the shortest."""
        about = [play for play in self.plays.values() if clause in play.scenario.clauses]

        def order(play: Play) -> tuple[bool, int, str]:
            shows = any(clause in step.shows for step in play.scenario.steps)
            return not shows, len(play.scenario.steps), play.scenario.id

        return sorted(about, key=order)

    def synthesized_about(self, clause: str) -> list[Scenario]:
        return [scenario for scenario in self.synthesized if clause in scenario.clauses]

    def faults_of(self, clause: str) -> list[Fault]:
        return [fault for fault in self.faults.values() if fault.breaks == clause]

    def seen(self, play: Play) -> Played:
        """What was done and seen, its spans by this profile."""
        head = play.records[0]
        declared = {name: value for name, value in head["profile"].items() if name in Profile.__slots__}
        return played(play.records, _with(self.profile, declared))


def _with(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    return Profile(**{**{name: getattr(profile, name) for name in Profile.__slots__}, **changes})


def read(kills: Path | None = None, runs: Sequence[Path] = ()) -> Rooms:
    """Reads the rooms, and has the reference box play every written scenario. Raises `NotPublished` where it fails one of them.

    `kills` is the file of a kill matrix, `runs` the folders of recorded runs; `BadInput` is raised where they can't be read.
    """
    told = read_kills(kills) if kills else None
    return Rooms(kills=told, results=read_results(runs), plays=play_all())


def play_all() -> Mapping[str, Play]:
    """Every written scenario, played in this process."""
    written = suite.written()
    with tempfile.TemporaryDirectory() as folder:
        result = run(target(IN_PROCESS), written, Path(folder), seed=SEED)
        records = {plays[-1][0]["id"]: tuple(plays[-1]) for _, plays in scenarios_of(Path(result.journal))}
    if result.verdict not in {Verdict.PASS, Verdict.INCONCLUSIVE}:
        failed = [each.id for each in result.scenarios if each.verdict in {Verdict.FAIL, Verdict.ERROR}]
        raise NotPublished(
            f"the reference box comes out as {result.verdict}, in {', '.join(failed[:5]) or result.error};"
            " see lockproof run --box reference"
        )
    outcomes = {each.id: each for each in result.scenarios}
    return {each.id: Play(each, outcomes[each.id], records.get(each.id, ()), _text(each)) for each in written}


def _text(scenario: Scenario) -> str:
    return next((ROOT / "conformance" / "scenarios").rglob(f"{scenario.id}.yaml")).read_text(encoding="utf-8")


def read_results(runs: Sequence[Path]) -> tuple[RunResult, ...]:
    """The latest run of each box, judged again from its journal, so that no report is taken at its word. Raises `BadInput`.

    Two firmwares on one port are two boxes.
    """
    found = [result for run in runs for result in judged_anew(run)]
    latest = {(result.target, result.firmware): result for result in sorted(found, key=lambda result: result.began)}
    return tuple(latest[box] for box in dict.fromkeys((result.target, result.firmware) for result in found))


def read_kills(file: Path) -> Mapping[str, Any]:
    """A kill matrix that `lockproof faults --out` has written. Raises `BadInput`."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{file}: no kill matrix can be read there: {error}; make one with lockproof faults --out FOLDER"
        ) from None
    if not isinstance(told, dict) or told.get("format") != matrix.FORMAT:
        raise BadInput(
            f"{file}: this is no kill matrix of the format {matrix.FORMAT}; make one with lockproof faults --out FOLDER"
        )
    try:
        whole = all(map(_is_row, told["faults"])) and isinstance(told.get("kit", {}), dict)
    except (LookupError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise BadInput(f"{file}: a kill matrix that was changed or damaged; make one with lockproof faults --out FOLDER")
    return told


def _is_row(row: Mapping[str, Any]) -> bool:
    """It says of one faulty box what the pages take from it."""
    found = [each for sources in row["sources"].values() for each in sources]
    known = [matrix.Outcome(each["outcome"]) for each in (row, *found)]
    told = all(type(each["scenario"]) is str and type(each["commands"]) is int for each in found)
    return bool(known) and told and type(row["name"]) is str
