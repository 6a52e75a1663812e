"""The kill matrix of `lockproof faults`: who was killed by what, after how many commands, and what is known of the rest."""

from __future__ import annotations

import csv
import io
import json
import os

import pytest
from lockproof.conformance import killing, suite
from lockproof.conformance.faults import Kind, all_faults, named
from lockproof.conformance.killing import Trial, show, try_and_tell, try_by_all, try_fault
from lockproof.conformance.matrix import EXPLORED, FORMAT, PLAIN, SYNTHESIZED, TEARING, WRITTEN, Found, Matrix, Outcome, Row
from lockproof.conformance.workers import mapped_apart
from rich.console import Console

LATE = named("expires-one-second-late")
ALWAYS = named("opens-always")
UNSEEN = named("charged-after-the-look")
SCENARIOS = {each.id: each for each in suite.written()}
FEW = [
    SCENARIOS[name]
    for name in ("vital-signs", "wrong-digits-are-refused", "the-hour-is-over", "many-uses-do-not-extend-the-hour")
]


def found(outcome, commands=0, seed=""):
    return Found(outcome, commands, "a-scenario" if outcome is Outcome.NAMED else "", seed=seed)


def row(fault, **by):
    """Found by each source: of one outcome, or of several, one for each seed."""
    return Row(fault, {source: tuple(each) for source, each in by.items()})


def matrix(*rows, over="fault"):
    return Matrix(over, {}, list(rows))


# One box


def test_commands_are_counted_up_to_the_first_scenario_that_names_the_clause():
    kill = try_fault(LATE, "fault", FEW)
    before = sum(each.commands for each in kill.result.scenarios[:3])
    told = kill.found()
    assert (told.outcome, told.scenario, told.commands) == (Outcome.NAMED, "the-hour-is-over", before)
    assert "code.expiry.after-first-use" in told.clauses
    assert list(told.failed) == ["the-hour-is-over", "many-uses-do-not-extend-the-hour"]


def test_what_is_not_to_be_whole_ends_there_and_says_the_same_of_it():
    whole, short = (try_fault(LATE, "fault", FEW, whole=way) for way in (True, False))
    assert [each.id for each in short.result.scenarios] == [each.id for each in FEW[:3]]
    assert (short.found().commands, short.found().scenario) == (whole.found().commands, whole.found().scenario)
    assert short.named


def test_another_clause_is_no_kill_by_the_right_one():
    told = killing.Kill(named("code-logged-as-connect"), try_fault(LATE, "fault", FEW).result).found()
    assert (told.outcome, told.scenario) == (Outcome.CAUGHT, "the-hour-is-over")


def test_what_nothing_catches_survives_all_its_commands():
    kill = try_fault(named("replayed-ticket-opens"), "fault", FEW)
    told = kill.found()
    assert (told.outcome, told.scenario, told.clauses) == (Outcome.SURVIVED, "", ())
    assert told.commands == sum(each.commands for each in kill.result.scenarios)


def test_each_source_begins_anew_with_controls_of_its_own():
    told = try_by_all(Trial(steps=600, plain=True, seeds=("k1", "k2")), LATE.name)
    assert list(told.by) == [WRITTEN, SYNTHESIZED, EXPLORED, PLAIN]
    assert [each.seed for each in told.by[EXPLORED]] == ["k1", "k2"]
    for source, which in ((WRITTEN, suite.Suite.WRITTEN), (SYNTHESIZED, suite.Suite.SYNTHESIZED)):
        alone = try_by_all(Trial(which=which), LATE.name)
        assert alone.by == {source: told.by[source]}
    assert told.outcome is Outcome.NAMED


def test_a_box_that_does_not_answer_is_degenerate_by_every_source():
    told = try_by_all(Trial(steps=100), "silent")
    assert {told.outcome_of(source) for source in told.by} == {Outcome.NAMED}
    assert told.by[EXPLORED][0].message.startswith("no box answers")


# What becomes of a row


@pytest.mark.parametrize(
    ("outcomes", "in_all"),
    [
        ((Outcome.SURVIVED, Outcome.NAMED), Outcome.NAMED),
        ((Outcome.SURVIVED, Outcome.CAUGHT), Outcome.CAUGHT),
        ((Outcome.SURVIVED, Outcome.SURVIVED), Outcome.SURVIVED),
        ((Outcome.ERROR, Outcome.SURVIVED), Outcome.ERROR),
        ((Outcome.ERROR, Outcome.NAMED), Outcome.NAMED),
    ],
)
def test_a_fault_is_what_its_best_source_made_of_it(outcomes, in_all):
    by = dict(zip((WRITTEN, EXPLORED), ([found(each)] for each in outcomes), strict=True))
    assert row(LATE, **by).outcome is in_all


def test_a_degenerate_box_must_get_no_pass_from_any_source():
    assert row(ALWAYS, written=[found(Outcome.NAMED)], explored=[found(Outcome.SURVIVED)]).survived
    assert row(ALWAYS, written=[found(Outcome.NAMED)], explored=[found(Outcome.NAMED)]).outcome is Outcome.NAMED


def test_what_no_bench_can_see_is_no_survivor_and_counts_as_none():
    told = matrix(row(UNSEEN, written=[found(Outcome.SURVIVED)]))
    assert (told.rows[0].outcome, told.rows[0].survived, told.exit_code) == (Outcome.UNSEEN, False, 0)
    assert told.outcomes(WRITTEN) == {Outcome.UNSEEN: 1}


def test_what_tearing_alone_sees_is_told_so():
    torn = row(LATE, written=[found(Outcome.SURVIVED)], tearing=[found(Outcome.NAMED, 20)])
    assert torn.by_tearing_alone
    assert not row(LATE, written=[found(Outcome.NAMED)], tearing=[found(Outcome.NAMED)]).by_tearing_alone
    told = matrix(torn, over="firmware")
    assert told.sources == [WRITTEN, TEARING]
    assert said_of(told).endswith("1 of 1 faults caught and named; 1 by tearing alone\n")
    assert told.told()["faults"][0]["by_tearing_alone"] is True


# The whole


def test_survivors_stand_at_the_top_and_then_what_is_not_known():
    rows = [
        row(LATE, written=[found(Outcome.NAMED, 5)]),
        row(UNSEEN, written=[found(Outcome.SURVIVED)]),
        row(named("no-bound"), written=[found(Outcome.ERROR)]),
        row(named("mac-unchecked"), written=[found(Outcome.CAUGHT)]),
        row(named("never-expires"), written=[found(Outcome.SURVIVED)]),
    ]
    order = ["never-expires", "mac-unchecked", "no-bound", "charged-after-the-look", "expires-one-second-late"]
    told = matrix(*rows)
    assert [each["name"] for each in told.told()["faults"]] == order
    assert [line["fault"] for line in csv.DictReader(io.StringIO(told.as_csv()))] == order
    assert [line.split()[0] for line in said_of(told).splitlines()[1:6]] == order
    assert told.exit_code == 1


def test_medians_are_over_kills_by_the_right_clause_alone():
    rows = [
        row(LATE, explored=[found(Outcome.NAMED, 10, "a"), found(Outcome.NAMED, 40, "b")]),
        row(named("no-bound"), explored=[found(Outcome.CAUGHT, 1, "a"), found(Outcome.NAMED, 100, "b")]),
        row(named("never-expires"), explored=[found(Outcome.SURVIVED, 900, "a"), found(Outcome.ERROR, 0, "b")]),
        row(ALWAYS, explored=[found(Outcome.NAMED, 2, "a"), found(Outcome.NAMED, 2, "b")]),
    ]
    told = matrix(*rows)
    assert told.commands(EXPLORED) == [10, 40, 100]
    assert told.median(EXPLORED) == 40
    assert told.outcomes(EXPLORED) == {Outcome.NAMED: 2, Outcome.ERROR: 1}
    assert matrix(rows[2]).median(EXPLORED) is None


def test_aimed_and_plain_are_compared_where_both_killed_with_the_same_seed():
    seeds = ("a", "b")
    aimed = [found(Outcome.NAMED, 10, "a"), found(Outcome.NAMED, 20, "b")]
    plain = [found(Outcome.NAMED, 50, "a"), found(Outcome.SURVIVED, 900, "b")]
    other = [found(Outcome.NAMED, 30, seed) for seed in seeds]
    told = matrix(
        Row(LATE, {EXPLORED: tuple(aimed), PLAIN: tuple(plain)}),
        Row(named("no-bound"), {EXPLORED: tuple(other), PLAIN: tuple(other)}),
    )
    pairs = told.aimed_against_plain()
    assert pairs is not None
    assert (pairs.number, pairs.aimed, pairs.plain, pairs.ratio) == (3, 30, 30, 1)
    told.rows.pop()
    pairs = told.aimed_against_plain()
    assert pairs is not None
    assert (pairs.number, pairs.aimed, pairs.plain, pairs.ratio) == (1, 10, 50, 5)
    assert (
        "1 kill by aimed and plain exploration both: a median of 10 commands with aim, 50 without, 5.0 times as many"
        in said_of(told)
    )
    assert matrix(Row(LATE, {EXPLORED: tuple(aimed)})).aimed_against_plain() is None


def test_what_is_counted_by_kind():
    told = matrix(row(LATE, written=[found(Outcome.NAMED)]), row(named("no-bound"), written=[found(Outcome.SURVIVED)]))
    assert told.kinds() == {Kind.TIME: {Outcome.NAMED: 1}, Kind.LOCKOUT: {Outcome.SURVIVED: 1}}


def said_of(told):
    said = io.StringIO()
    show(Console(file=said, width=300), told)
    return said.getvalue()


# Files


def test_the_matrix_is_written_and_is_the_same_again(tmp_path):
    trial = Trial(which=suite.Suite.WRITTEN, steps=200, seeds=("k1",))
    names = ["opens-once", "refuses-all"]
    for folder in ("a", "b"):
        console = Console(file=io.StringIO(), width=300)
        assert try_and_tell(console, names, trial, tmp_path / folder) == 0
    (first, again) = ((tmp_path / folder / "matrix.json").read_bytes() for folder in ("a", "b"))
    assert first == again
    told = json.loads(first)
    assert list(told) == [
        "format",
        "kit",
        "over",
        "stands",
        "which",
        "steps",
        "plain",
        "seeds",
        "whole",
        "not_tried",
        "summary",
        "faults",
    ]
    assert (told["format"], told["stands"], told["seeds"]) == (FORMAT, "Python, in process", ["k1"])
    once = told["faults"][0]
    assert list(once) == ["name", "kind", "breaks", "does", "unseen", "outcome", "by_tearing_alone", "sources"]
    assert (once["name"], once["kind"], once["breaks"], once["outcome"]) == (
        "opens-once",
        "time",
        "code.expiry.after-first-use",
        "named",
    )
    by = once["sources"]["written"][0]
    assert list(by) == ["seed", "outcome", "scenario", "commands", "clauses", "failed", "message"]
    assert once["breaks"] in by["failed"][by["scenario"]]
    assert told["summary"]["sources"]["written"] == {
        "survives": 0,
        "caught otherwise": 0,
        "error": 0,
        "can't be seen": 0,
        "named": 1,
        "median_commands": by["commands"],
    }
    lines = list(csv.DictReader((tmp_path / "a" / "matrix.csv").read_text(encoding="utf-8").splitlines()))
    assert [(line["fault"], line["source"], line["outcome"]) for line in lines] == [
        ("opens-once", "written", "named"),
        ("opens-once", "explored", "named"),
        ("refuses-all", "written", "named"),
        ("refuses-all", "explored", "named"),
    ]


def test_ctrl_c_keeps_what_was_found_and_writes_it(tmp_path, monkeypatch):
    def stopped(_trial, names):
        yield row(named(names[0]), written=[found(Outcome.NAMED, 3)])
        raise KeyboardInterrupt

    monkeypatch.setattr(killing, "try_all", stopped)
    names = ["opens-once", "never-expires", "no-bound"]
    said = io.StringIO()
    assert try_and_tell(Console(file=said, width=300), names, Trial(), tmp_path) == 3
    told = json.loads((tmp_path / "matrix.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in told["faults"]] == names[:1]
    assert told["not_tried"] == names[1:]
    assert said.getvalue().splitlines()[-1] == "stopped by Ctrl-C after 1 of 3 faults; nothing is known of the rest"


# Processes that are ended


def _ends(number):
    if number == 3:
        os._exit(9)
    return number * 10


def test_a_process_that_is_ended_takes_nothing_else_with_it():
    assert list(mapped_apart(_ends, range(8), lambda number: -number, workers=2)) == [0, 10, 20, -3, 40, 50, 60, 70]


def test_a_fault_whose_process_is_ended_is_an_error_and_no_survivor(monkeypatch, tmp_path):
    monkeypatch.setattr(killing, "try_by_all", _dies_of_one)
    said = io.StringIO()
    assert try_and_tell(Console(file=said, width=300), ["opens-once", "no-bound"], Trial(), tmp_path) == 3
    told = json.loads((tmp_path / "matrix.json").read_text(encoding="utf-8"))
    assert [(each["name"], each["outcome"]) for each in told["faults"]] == [("opens-once", "error"), ("no-bound", "named")]
    assert told["faults"][0]["sources"]["written"][0]["message"].startswith("its process was ended from outside, twice")
    assert "not caught" not in said.getvalue()


def _dies_of_one(_trial, name):
    if name == "opens-once":
        os._exit(9)
    return row(named(name), written=[found(Outcome.NAMED)])


# The command


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--explore", "10m"), "--explore 10m: here it is a number of steps, such as 3000"),
        (("--explore-plain",), "--explore-plain says how else to explore; write --explore STEPS, too"),
        (("--suite", "none"), "--suite none: nothing would be tried; write --explore STEPS, too"),
        (("--over", "paper"), "--over paper: faulty boxes stand in process (fault)"),
    ],
)
def test_what_cannot_be_tried_is_bad_input_and_leaves_no_folder(lockproof, tmp_path, words, wrong):
    result = lockproof("faults", "opens-once", *words, "--out", str(tmp_path / "kept"))
    assert result.returncode == 2
    assert wrong in result.stderr
    assert not (tmp_path / "kept").exists()


def test_the_command_numbers_its_folders_and_fails_for_a_survivor(lockproof, tmp_path):
    words = ("faults", "dead-index-opens", "--suite", "none", "--explore", "60", "--seed", "s", "--out", str(tmp_path))
    for number in ("0001", "0002"):
        result = lockproof(*words)
        assert result.returncode == 1
        assert "not caught: dead-index-opens" in result.stdout
        told = json.loads((tmp_path / number / "matrix.json").read_text(encoding="utf-8"))
        assert (told["faults"][0]["outcome"], told["seeds"], told["steps"]) == ("survives", ["s"], 60)


# Which faults there are


def test_there_are_enough_faults_of_each_kind():
    kinds = [fault.kind for fault in all_faults().values() if fault.breaks]
    assert set(kinds) == set(Kind) - {Kind.DEGENERATE, Kind.AUTHORITY}  # those of authorities are no boxes
    asked = (Kind.PERSISTENCE, Kind.TIME, Kind.ZONE, Kind.CRYPTO, Kind.LOG, Kind.LOCKOUT, Kind.ISOLATION, Kind.PROTOCOL)
    assert {kind for kind in asked if kinds.count(kind) < 6} == set()
    assert sum(kind in asked for kind in kinds) > 60
