"""What was asked for is done: every box judged in a folder of its own, and the reports written."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lockproof.conformance import html_report, junit, report, reporting
from lockproof.conformance.asked import Asked, Understood
from lockproof.conformance.progress import Progress
from lockproof.conformance.replaying import JOURNAL
from lockproof.conformance.resuming import Earlier
from lockproof.conformance.run import run
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import RunResult
from lockproof.spec.observable import BadInput, BenchError
from rich.console import Console


def carry_out(asked: Asked, understood: Understood, folder: Path, console: Console) -> list[RunResult]:
    """Judge every box that was asked for, in a folder of its own below that of the run; what an earlier try has left is gone on with.

    Reports are written at the end. Raises `BadInput` for what a box declares otherwise, and `BenchError` where the reports cannot be
    written.
    """
    scenarios, judged = understood.scenarios, understood.targets
    results: list[RunResult] = []
    with Progress(console, live=not any(each.asks_the_operator for each in judged)) as progress:
        for target, place in zip(judged, places(folder, judged), strict=True):
            if results and results[-1].stopped:
                break
            results.append(run(target, scenarios, **to_judge(asked, understood, place), progress=progress))
    write_reports(folder, results)
    return results


def to_judge(asked: Asked, understood: Understood, place: Path) -> dict[str, Any]:
    """How one box is judged in a folder: what `run.run` and `run.steps` are told besides the box, the scenarios and the progress.

    The folder is made; what an earlier try has left there is gone on with.
    """
    place.mkdir(exist_ok=True)
    return {
        "folder": place,
        "today": asked.today,
        "seed": asked.seed,
        "explain": report.EXPLAINED,
        "one_at_a_time": asked.one_at_a_time,
        "explore": understood.explore,
        **understood.options,
        "earlier": Earlier.of(place / JOURNAL) if (place / JOURNAL).exists() else None,
    }


def write_reports(folder: Path, results: Sequence[RunResult]) -> None:
    """What a run leaves beside its journals. Raises `BenchError` where they cannot be written."""
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


def places(folder: Path, judged: Sequence[Target]) -> Iterator[Path]:
    """A folder for each box, named after it."""
    taken: set[str] = set()
    for number, each in enumerate(judged, 1):
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", each.name).strip("_.") or "box"  # a dot in front would hide it
        name = f"{name}_{number}" if name in taken else name
        taken.add(name)
        yield folder / name
