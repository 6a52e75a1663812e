"""How a failure is told."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from lockproof.conformance import report
from lockproof.conformance.faults import named
from lockproof.conformance.verdict import RunResult
from rich.console import Console

A_LONG_WAY = """
    id: a-scenario
    clauses: [code.expiry.after-first-use]
    story: A code is entered again and again, over midnight, until its hour is over.
    steps:
      - generate: {by: joe, day: tomorrow, as: anns-code}
        authority: accepts
      - {at: tomorrow 23:30:00, enter: anns-code, box: opens}
      - {after: 5s, enter: anns-code, box: opens, times: LINES, every: 5s}
      - {at: in 2 days 00:29:59, enter: anns-code, box: opens}
      - {after: 1s, enter: anns-code, box: refuses, because: code.expiry.after-first-use, shows: code.expiry.after-first-use}
"""


def lines_of(result) -> list[str]:
    """The story of a failure, as it is shown: the lines between its head and what must be."""
    console = Console(file=StringIO(), width=200)
    console.print(report.failure(RunResult("a box", "", ""), result, result.finding), highlight=False)
    lines = console.file.getvalue().splitlines()
    must = next(number for number, line in enumerate(lines) if "must refuse" in line)
    return lines[1:must]


@pytest.fixture
def failed(scenario_of, play):
    """The failure of a box that expires one second late, after so many entries in a row."""

    def fails(entries: int):
        return play(scenario_of(A_LONG_WAY.replace("LINES", str(entries))), named("expires-one-second-late").make())

    return fails


def test_a_short_story_says_a_date_where_it_changes(failed):
    assert [line[:28].strip() for line in lines_of(failed(2))] == [
        "2027-03-02 09:00:00",
        "09:00:00",
        "2027-03-03 23:30:00",
        "23:30:05",
        "23:30:10",
        "2027-03-04 00:29:59",
        "»            00:30:00",
    ]


@pytest.mark.parametrize(("entries", "at"), [(7, "23:30:10"), (20, "23:31:15")])
def test_the_first_line_that_is_shown_of_a_long_one_says_its_date(failed, entries, at):
    more, first, *others = lines_of(failed(entries))
    assert more.strip() == f"… {entries - 3} more"
    assert first.split()[:2] == ["2027-03-03", at]
    assert [line.split()[0] for line in others if "2027-" in line] == ["2027-03-04"]


def test_a_line_after_a_gap_says_its_date_where_it_changed_in_the_gap(failed):
    result = failed(20)
    marked = replace(result, finding=replace(result.finding, contradicting=(0, 2)))
    first, gap, used, more, *others = lines_of(marked)
    assert [first.split()[:3], gap.strip(), used.split()[:3]] == [
        ["»", "2027-03-02", "09:00:00"],
        "… 1 more",
        ["»", "2027-03-03", "23:30:00"],
    ]
    assert more.strip() == "… 14 more"
    assert others[0].split()[0] == "23:31:15"
