"""`lockproof report`: the page of a run, made anew from its journals alone."""

from __future__ import annotations

from pathlib import Path

from lockproof.conformance import html_report, replaying
from lockproof.conformance import journal as journals
from lockproof.conformance.judging import judge_again
from lockproof.conformance.verdict import RunResult
from lockproof.spec.observable import BadInput

PAGE = "report.html"


def judged_anew(place: Path) -> list[RunResult]:
    """The verdict on each box of a run, in the order in which they were judged; `place` is its folder, that of one box, or a journal.

    Raises `BadInput`.
    """
    several = sorted(place.glob(f"*/{replaying.JOURNAL}"), key=_began)
    return [judge_again(journal) for journal in (several or [replaying.journal_of(place)])]


def _began(journal: Path) -> tuple[str, str]:
    records = (record for record in journals.read(journal) if record["record"] in {"run", "over"})
    return str(next(records, {}).get("began", "")), str(journal)


def report_anew(place: Path, out: Path | None) -> tuple[Path, list[RunResult]]:
    """Write the page: to `out`, or where the run keeps its own. Raises `BadInput`."""
    results = judged_anew(place)
    path = out or (place if place.is_dir() else place.parent) / PAGE
    try:
        html_report.write(path, results)
    except OSError as wrong:
        raise BadInput(f"{path}: the page can't be written: {wrong.strerror}; name another file with --out") from None
    return path, results
