"""What a run was asked for, kept in its folder before anything is done, so that it can be gone on with."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from lockproof.conformance import declaring, exploration, html_report, junit, report, reporting, suite, targets
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.progress import Progress
from lockproof.conformance.replaying import JOURNAL
from lockproof.conformance.resuming import Earlier
from lockproof.conformance.run import run
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.suite import Suite
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import RunResult
from lockproof.spec.observable import BadInput, BenchError
from rich.console import Console

ASKED: Final = "asked.json"
_FORMAT: Final = "lockproof-asked/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of `lockproof run`, and what they left open as it was decided: `today`, `seed`. Paths as they were given, in `cwd`."""

    today: str
    seed: str
    cwd: str = ""
    boxes: tuple[str, ...] = ()
    bench: str = ""
    files: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    suite: str = Suite.ALL
    codes: str = ""
    one_at_a_time: bool = False
    clock: str = ""
    longest_wait: int | None = None  # seconds
    pics: str = ""  # the file of the declaration
    explore: str = ""
    plainly: bool = False

    def write(self, folder: Path) -> None:
        """Whole or not at all. Raises `BenchError`."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"
        begun = folder / f"{ASKED}.begun"
        try:
            begun.write_text(text, encoding="utf-8")
            begun.replace(folder / ASKED)
        except OSError as error:
            raise BenchError(f"{folder}: no run can be kept there: {error.strerror}; name another folder with --out") from error

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `BadInput`."""
        path = folder / ASKED
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror}; name the folder of a run, such as runs/0001") from None
        except (ValueError, RecursionError):
            raise BadInput(f"{path}: not what a run was asked for; the file was changed or damaged") from None
        known = {each.name for each in fields(cls)}
        if not isinstance(found, dict) or found.pop("format", None) != _FORMAT or set(found) != known:
            raise BadInput(f"{path}: not in the format {_FORMAT}; the file was changed, or is another version's")
        given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
        return cls(**given)

    def understood(self) -> Understood:
        """Raises what reading scenarios and bench file does, and `BadInput` where a box contradicts the declaration."""
        found = suite.from_files([Path(file) for file in self.files]) if self.files else suite.packaged(Suite(self.suite))
        chosen = suite.select(found, self.scenarios)
        judged = targets.chosen(self.boxes, Path(self.bench) if self.bench else None)
        options = {
            "codes": Path(self.codes) if self.codes else None,
            "clock": ClockMode(self.clock) if self.clock else None,
            "longest_wait": self.longest_wait,
            "pics": declaring.for_a_run(Path(self.pics) if self.pics else None, judged),
        }
        return Understood(chosen, judged, options, exploration.read(self.explore, aimed=not self.plainly))


@dataclass(frozen=True, slots=True)
class Understood:
    """What was asked for, read: scenarios, boxes, and what `run.run` and `preparing.plan_of` are told besides."""

    scenarios: tuple[Scenario, ...]
    targets: list[Target]
    options: dict[str, Any]
    explore: exploration.Exploration | None


def carry_out(asked: Asked, understood: Understood, folder: Path, console: Console) -> list[RunResult]:
    """Judge every box that was asked for, in a folder of its own below that of the run; what an earlier try has left is gone on with.

    Reports are written at the end. Raises `BadInput` for what a box declares otherwise, and `BenchError` where the reports cannot be
    written.
    """
    scenarios, judged = understood.scenarios, understood.targets
    results: list[RunResult] = []
    with Progress(console, live=not any(each.asks_the_operator for each in judged)) as progress:
        for target, place in zip(judged, _places(folder, judged), strict=True):
            if results and results[-1].stopped:
                break
            place.mkdir(exist_ok=True)
            results.append(
                run(
                    target,
                    scenarios,
                    place,
                    progress,
                    asked.today,
                    asked.seed,
                    explain=report.EXPLAINED,
                    one_at_a_time=asked.one_at_a_time,
                    explore=understood.explore,
                    **understood.options,
                    earlier=Earlier.of(place / JOURNAL) if (place / JOURNAL).exists() else None,
                )
            )
    try:
        report.write_json(folder / report.REPORT, results)
        junit.write(folder / "junit.xml", results)
        html_report.write(folder / reporting.PAGE, results)
    except OSError as error:
        raise BenchError(
            f"{folder}: the reports cannot be written: {error.strerror}; make room; the journal is what there is"
        ) from error
    except BadInput as error:  # of a journal that could not be written whole; the verdicts are there
        sys.stderr.write(f"{folder / reporting.PAGE} was not written: {error}\n")
    return results


def _places(folder: Path, judged: Sequence[Target]) -> Iterator[Path]:
    """A folder for each box, named after it."""
    taken: set[str] = set()
    for number, each in enumerate(judged, 1):
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", each.name).strip("_")
        name = f"{name}_{number}" if name in taken else name
        taken.add(name)
        yield folder / name
