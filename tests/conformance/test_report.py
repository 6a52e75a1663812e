"""How a failure is told."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from lockproof.conformance import report, suite
from lockproof.conformance.faults import named
from lockproof.conformance.run import clause_results
from lockproof.conformance.verdict import Finding, RunResult, ScenarioResult, Verdict
from lockproof.hw_adapter.messages import Code, Command, Status, declined
from lockproof.spec.observable import Declined
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


# Many failures


@pytest.fixture
def failing(failed):
    """What is shown of a run in which scenarios fail, each by these clauses."""

    def shown_of(*clauses: str) -> str:
        results = []
        for number, each in enumerate(clauses):
            finding = replace(failed(7).finding, shown=tuple(each.split()), contradicted=())
            results.append(ScenarioResult(f"s{number}", Verdict.FAIL, finding.clauses, finding=finding))
        told = clause_results(results, judged_authority=False)
        return shown(RunResult("a box", "", "", results, told, journal="runs/0001/a_box/journal.jsonl"))

    return shown_of


def test_as_many_failures_as_can_be_read_are_told_whole(failing):
    told = failing(*["code.day"] * report.TOLD)
    assert told.count("FAIL  code.day        s") == report.TOLD
    assert "more scenario" not in told


def test_of_more_failures_each_clause_is_told_once_and_the_rest_by_name(failing):
    told = failing(*["code.day"] * 20, "code.digits code.day", "code.digits", *["code.expiry.after-first-use"] * 2)
    lines = told.splitlines()
    whole = [line.split("step")[0].split() for line in lines if line.startswith("FAIL") and ", step" in line]
    assert [words[-1] for words in whole] == [*(f"s{n}," for n in range(10)), "s20,", "s22,"]
    assert [line for line in lines if "more scenario" in line] == [
        "FAIL  code.day  10 more scenarios: s10, s11, s12, s13, s14, s15, s16, s17 and 2 more",
        "FAIL  code.digits  1 more scenario: s21",
        "FAIL  code.expiry.after-first-use  1 more scenario: s23",
    ]
    assert [line for line in lines if "each is told" in line] == [
        "      each is told by a command like lockproof replay runs/0001/a_box --scenario s10"
    ]


def test_an_index_that_is_dead_is_entered_as_such(play):
    chosen = next(each for each in suite.written() if each.id == "the-later-of-two-equal-codes-is-dead")
    finding = play(chosen, named("dead-index-opens").make()).finding
    *_, live, dead = [line.split("enter ")[1].split() for line in finding.history if "enter index" in line]
    assert (live[:4], live[5:]) == (["index", "2", "of", "2027-03-03"], ["opened"])
    assert (dead[:4], dead[5:]) == (["index", "2", "of", "2027-03-04"], ["(not", "live)", "opened"])


# What decided nothing

SHORT = "what was left of the second that this was aimed at was too short"
WAITS = "not exercised: its clock would have to run for {0}: allow that with --wait {0}"
NEVER = "not exercised: the box declares no test clock, and in this scenario power is away for a time"


MANY = "[yellow]inconclusive[/]  2 scenarios"


def result_of(*scenarios: tuple[str, Verdict, str], cites: str = "code.digits", error: str = "") -> RunResult:
    """A run in which these scenarios came out so, with these messages."""
    results = [ScenarioResult(name, verdict, (cites,), message=message) for name, verdict, message in scenarios]
    return RunResult("a box", "", "", results, clause_results(results, judged_authority=False) if results else [], error)


def shown(*results: RunResult) -> str:
    console = Console(file=StringIO(), width=200)
    report.show(console, results)
    return console.file.getvalue()


def test_scenarios_that_decided_nothing_are_told_by_reason_and_once_what_helps():
    told = list(
        report.undecided(
            result_of(
                ("one", Verdict.INCONCLUSIVE, SHORT),
                ("other", Verdict.PASS, ""),
                ("two", Verdict.INCONCLUSIVE, "step 3: no answer came to enter"),
                ("three", Verdict.INCONCLUSIVE, SHORT),
                ("four", Verdict.INCONCLUSIVE, "step 4: no answer came to enter"),
            )
        )
    )
    assert told == [
        f"[yellow]inconclusive[/]  2 scenarios, one, three: {SHORT}",
        "[yellow]inconclusive[/]  2 scenarios, two, four: no answer came to enter",
        f"    {report.TIMING_HELPS}",
    ]


def test_the_same_reason_at_other_times_is_one():
    off = "step {0}: decided at 2027-03-02 12:00:0{0}, and meant for 2027-03-02 12:00:09; it was not decided when it was meant to be"
    late = "the clock was past the second that this was aimed at, by {}.2 s"
    scenarios = [
        (f"{word}-{n}", Verdict.INCONCLUSIVE, said.format(n)) for word, said in (("off", off), ("late", late)) for n in (1, 2)
    ]
    assert list(report.undecided(result_of(*scenarios))) == [
        f"{MANY}, off-1, off-2: decided outside the second that this was aimed at; it was not decided when it was meant to be",
        f"{MANY}, late-1, late-2: the clock was past the second that this was aimed at",
        f"    {report.TIMING_HELPS}",
    ]


def test_many_of_one_reason_are_counted_and_some_named():
    told = list(report.undecided(result_of(*((f"n{number}", Verdict.INCONCLUSIVE, "why") for number in range(10)))))
    assert told == ["[yellow]inconclusive[/]  10 scenarios, n0, n1, n2, n3, n4, n5, n6, n7 and 2 more: why"]


def test_what_somebody_can_do_something_about_comes_first_in_the_line_of_a_clause():
    never, long = ("never", Verdict.NOT_APPLICABLE, NEVER), ("long", Verdict.NOT_APPLICABLE, WAITS.format("1d1h"))
    short, unsure = ("short", Verdict.NOT_APPLICABLE, WAITS.format("5m")), ("unsure", Verdict.INCONCLUSIVE, SHORT)
    unknown = (
        "unknown",
        Verdict.INCONCLUSIVE,
        "step 5: the other answer would have been right, too, by what is not known of the box",
    )
    passed = ("passed", Verdict.PASS, "")

    def reason(*scenarios: tuple[str, Verdict, str]) -> str:
        row = next(each for each in result_of(passed, *scenarios).clauses if each.id == "code.digits")
        assert row.verdict is Verdict.INCONCLUSIVE
        assert set(row.scenarios) == {name for name, _, _ in scenarios}
        return row.reason

    assert reason(never, long, short, unsure) == f"unsure showed nothing: {SHORT}"
    assert reason(never, long, short) == f"short was {WAITS.format('5m')}"
    assert reason(unknown, long) == f"long was {WAITS.format('1d1h')}"
    assert reason(unknown, never) == f"unknown showed nothing: {unknown[2]}"
    assert reason(never) == f"never was {NEVER}"


def test_errors_of_one_reason_are_told_together():
    ids = [f"scenario-{number}" for number in range(12)]
    ended = [ScenarioResult(each, Verdict.ERROR, (), message="not played: the journal ends before it") for each in ids]
    result = RunResult("a box", "", "")
    result.scenarios = [*ended, ScenarioResult("another", Verdict.ERROR, (), message="the box answers with status 2")]
    result.clauses = clause_results(result.scenarios, judged_authority=False)
    console = Console(file=StringIO(), width=400)
    report.show(console, [result], brief=True)
    assert [line for line in console.file.getvalue().splitlines() if line.startswith("ERROR")] == [
        f"ERROR {', '.join(ids[:8])} and 4 more: not played: the journal ends before it",
        "ERROR another: the box answers with status 2",
    ]


def test_a_firmware_that_lacks_a_command_is_sent_to_its_rungs():
    lacks = declined("/dev/a box", Command(Code.READ_LOG, 1), Status.UNKNOWN_COMMAND)
    rungs = "    how far this firmware has come: lockproof bringup --box '/dev/a box'\n"

    def told(why, **of):
        return shown(replace(result_of(("a", Verdict.ERROR, str(why)), ("b", Verdict.ERROR, str(why))), **of))

    assert f"ERROR a, b: {lacks}\n{rungs}" in told(lacks, target="/dev/a box")
    for others in (
        told(declined("/dev/a box", Command(Code.READ_LOG, 1), Status.UNSUPPORTED), target="/dev/a box"),
        told(Declined("unknown-command", "no such command"), target="program:a"),
        told(lacks, target="a box", bench={"file": "bench.toml"}),
        told(lacks, target="authority program:a"),
    ):
        assert "ERROR a, b: " in others
        assert "bringup" not in others


def test_what_was_left_out_is_counted_apart_and_so_is_what_was_decided():
    played = (("a", Verdict.PASS, ""), ("b", Verdict.INCONCLUSIVE, SHORT))
    left_out = (("c", Verdict.NOT_APPLICABLE, NEVER), ("d", Verdict.NOT_APPLICABLE, WAITS.format("5m")))
    other = ("e", Verdict.NOT_APPLICABLE, "the authority decides it, and no authority is judged here")
    assert report.counts(result_of(*played, *left_out, other)) == (
        "1 pass, 1 inconclusive, 1 not-applicable, 2 left out; 1 of 4 decided"
    )
    assert report.counts(result_of(played[0], other)) == "1 pass, 1 not-applicable"


def test_of_a_box_that_was_not_reached_there_is_one_line():
    gone = result_of(error="/dev/ttyUSB9: there is no such port")
    assert shown(gone) == "error  a box: no scenario in 0.0 s\n    /dev/ttyUSB9: there is no such port\n"
    assert "code.digits" in shown(result_of(("a", Verdict.PASS, "")), gone)


HOSTILE = "\x1b]0;owned\x07[bold]\u202e\u2028"
TOLD = "\\x1b]0;owned\\x07[bold]\\u202e\\u2028"


def test_what_a_box_or_a_journal_says_turns_no_terminal_and_is_no_markup():
    finding = Finding(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), (), "keypad", (f"2027-03-02 09:00:00   {HOSTILE}",))
    results = [
        ScenarioResult(f"failed {HOSTILE}", Verdict.FAIL, ("code.digits",), finding=finding),
        ScenarioResult(f"error {HOSTILE}", Verdict.ERROR, ("code.digits",), message=HOSTILE),
        ScenarioResult(f"undecided {HOSTILE}", Verdict.INCONCLUSIVE, ("code.digits",), message=HOSTILE),
        ScenarioResult(f"left out {HOSTILE}", Verdict.NOT_APPLICABLE, ("code.digits",), message=HOSTILE),
    ]
    result = RunResult(HOSTILE, HOSTILE, HOSTILE, results, journal=HOSTILE, link=HOSTILE, clock=HOSTILE)
    result.explored, result.missed, result.bench = HOSTILE, [HOSTILE], {"file": HOSTILE}
    result.clauses = clause_results(results, judged_authority=True)
    out = StringIO()
    for brief in (False, True):
        report.show(Console(file=out, width=400), [result], brief=brief, left_out=True)
    told = out.getvalue()
    assert not [char for char in told if not char.isprintable() and char != "\n"]
    for what in ("failed", "error", "undecided", "left out"):
        assert f"{what} {TOLD}" in told
    assert TOLD in told.splitlines()[-1]
