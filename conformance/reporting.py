"""`lockproof report`: the page of a run, made anew from its journals alone."""

from __future__ import annotations

from pathlib import Path

from lockproof.conformance import html_report
from lockproof.conformance.judging import judged_anew
from lockproof.conformance.verdict import RunResult
from lockproof.spec.observable import BadInput

PAGE = "report.html"


def report_anew(place: Path, out: Path | None) -> tuple[Path, list[RunResult]]:
    """Write the page: to `out`, or where the run keeps its own. Raises `BadInput`."""
    results = judged_anew(place)
    path = out or (place if place.is_dir() else place.parent) / PAGE
    try:
        html_report.write(path, results)
    except OSError as wrong:
        raise BadInput(f"{path}: the page can't be written: {wrong.strerror}; name another file with --out") from None
    return path, results
