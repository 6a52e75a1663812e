"""`lockproof report`: the page of a run, made anew from its journals alone."""

from __future__ import annotations

from pathlib import Path

from lockproof.conformance import html_report
from lockproof.conformance.judging import judged_anew
from lockproof.conformance.verdict import RunResult
from lockproof.spec.observable import BadInput

PAGE = "report.html"
STATEMENT = "statement.json"


def refuse_if_signed(run: Path, remedy: str) -> None:
    """Raises `BadInput` for the folder of a run of which a statement stands there, with the digest of every file."""
    if (statement := run / STATEMENT).exists():
        raise BadInput(f"{statement}: this run was signed, and would not be the one that was any more; {remedy}")


def report_anew(place: Path, out: Path | None) -> tuple[Path, list[RunResult]]:
    """Write the page: to `out`, or where the run keeps its own, unless that was signed. Raises `BadInput`."""
    results = judged_anew(place)
    folder = place if place.is_dir() else place.parent
    path = out or folder / PAGE
    if out is None and path.exists():
        refuse_if_signed(folder, "name another file with --out")
    try:
        html_report.write(path, results)
    except OSError as wrong:
        raise BadInput(f"{path}: the page can't be written: {wrong.strerror}; name another file with --out") from None
    return path, results
