"""What the latest recorded runs found: a page of it, and a part of the page of each clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lockproof.conformance import digests, report
from lockproof.conformance.html_report import MARKS
from lockproof.conformance.verdict import ClauseResult, RunResult, Verdict
from lockproof.spec.clauses import Clause
from making.markdown import Page, clause_link, link, literal, table
from making.rooms import Rooms
from making.scenario_pages import scenario_page

RESULTS = "results"
HOW = "lockproof run --box reference --box firmware --out build/results"
_NONE = "No recorded run was at hand when this page was made."
_NAMED = 4
"""Of the scenarios in which a box failed, so many are named; a pass is by their number."""


def results_page(rooms: Rooms) -> Page:
    """Each box that was judged, and each clause on each of them."""
    if rooms.results:
        text = [
            "# The latest results",
            f"Judged again from the journals of recorded runs when this page was made. To make one: `{HOW}`.",
            table(("box", "verdict", "firmware", "scenarios", "begun", "judged by"), (_run(result) for result in rooms.results)),
            "Where no authority is judged with a box, what the authority decides is not applicable.",
            "## Clause by clause",
            table(
                ("clause", "decided by", *(_box(rooms, result) for result in rooms.results)),
                (_row(rooms, clause) for clause in rooms.clauses.values()),
            ),
        ]
    else:
        text = ["# The latest results", f"{_NONE} To make one: `{HOW}`, and then these pages: `python docs/build.py`."]
    return Page(RESULTS, "The latest results", "\n\n".join(text) + "\n", ("The kit",))


def _box(rooms: Rooms, result: RunResult) -> str:
    """By its name; where others have the same one, by its firmware as well."""
    alike = sum(each.target == result.target for each in rooms.results)
    return f"`{literal(result.target)}`" + (f" {literal(result.firmware)}" if alike > 1 else "")


def _run(result: RunResult) -> tuple[str, ...]:
    return (
        f"`{literal(result.target)}`",
        _verdict(result.verdict),
        literal(result.firmware),
        literal(result.error or report.counts(result)),
        _begun(result),
        kit_of(result.kit),
    )


def _begun(result: RunResult) -> str:
    return result.began[:16].replace("T", " ") + " UTC"


def kit_of(kit: Mapping[str, Any]) -> str:
    """The kit that a record was made with, and whether by the clauses, the model and the profile that this page is of."""
    version = f"lockproof {literal(str(kit.get('version', 'of no recorded version')))}"
    same = kit.get("spec") == digests.kit()["spec"]
    return version if same else f'{version}, <span class="gap">another text of the standard</span>'


def _verdict(verdict: Verdict) -> str:
    said = f"{MARKS[verdict]} {verdict}"
    return f'<span class="gap">{said}</span>' if verdict in {Verdict.FAIL, Verdict.ERROR} else said


def _row(rooms: Rooms, clause: Clause) -> tuple[str, ...]:
    found = ({row.id: row for row in result.clauses}.get(clause.id) for result in rooms.results)
    return clause_link(RESULTS, clause.id), str(clause.decider), *(_verdict(row.verdict) if row else "" for row in found)


# On the page of a clause


def judged(page: str, rooms: Rooms, clause: Clause) -> Iterator[str]:
    """What the latest runs found of one clause."""
    if not rooms.results:
        yield f"{_NONE} [How one is made]({link(page, RESULTS)})."
        return
    yield f"In [the latest recorded runs]({link(page, RESULTS)}), judged again from their journals when this page was made:"
    found = [(result, [row for row in result.clauses if row.id == clause.id]) for result in rooms.results]
    yield table(
        ("box", "verdict", "by", "begun", "judged by"),
        ((_box(rooms, result), *_found(page, rooms, result, rows), _begun(result), kit_of(result.kit)) for result, rows in found),
    )


def _found(page: str, rooms: Rooms, result: RunResult, rows: Sequence[ClauseResult]) -> tuple[str, str]:
    """The verdict on a clause, and by what; where the run came to none, what became of the run."""
    for row in rows:
        return _verdict(row.verdict), _by(page, rooms, row)
    return _verdict(result.verdict), literal(result.error)


def _by(page: str, rooms: Rooms, row: ClauseResult) -> str:
    if row.verdict is not Verdict.FAIL:
        number = len(row.scenarios)
        told = f"{number} {'scenario' if number == 1 else 'scenarios'}" if number else ""
        how = [*(f"power cut: {cut}" for cut in row.cuts), *(f"openings: {who}" for who in row.observed_by)]
        return literal("; ".join(filter(None, [told, row.reason, *how])))
    named = [_scenario(page, rooms, name) for name in row.scenarios[:_NAMED]]
    return ", ".join(named) + (f" and {len(row.scenarios) - _NAMED} more" if len(row.scenarios) > _NAMED else "")


def _scenario(page: str, rooms: Rooms, name: str) -> str:
    said = literal(name.replace("-", " "))
    return f"[{said}]({link(page, scenario_page(name))})" if name in rooms.plays else said
