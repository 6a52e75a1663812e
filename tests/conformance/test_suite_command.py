"""The command and its suites: which scenarios are meant, one of them as people would write it, and which source caught what."""

from __future__ import annotations

import io

import pytest
from lockproof.conformance import suite
from lockproof.conformance.command import app
from lockproof.conformance.faults import named
from lockproof.conformance.killing import show_smallest, smallest_set, try_fault
from lockproof.conformance.suite import Suite
from rich.console import Console
from typer.testing import CliRunner

A_VECTOR = "entry-is-made-within-life-within-its-life-fails"


def asked(*words):
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


@pytest.mark.parametrize("which", Suite)
def test_a_suite_is_listed(which):
    code, told = asked("scenarios", "list", "--suite", which)
    assert code == 0
    assert [line for line in told.splitlines() if not line.startswith(" ")] == [each.id for each in suite.packaged(which)]


def test_all_is_what_is_meant_where_nothing_is_said():
    assert asked("scenarios", "list") == asked("scenarios", "list", "--suite", "all")
    assert asked("scenarios", "list") != asked("scenarios", "list", "--suite", "written")


@pytest.mark.parametrize(
    "words",
    [("run",), ("run", "my-scenario.yaml"), ("faults",), ("scenarios", "list")],
    ids=["run", "run a file", "faults", "list"],
)
def test_a_suite_that_does_not_exist_is_bad_input(lockproof, words):
    result = lockproof(*words, "--suite", "own")
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "--suite own: write written, synthesized, all or none\n")


def test_of_a_suite_one_scenario_can_be_played(lockproof):
    words = ("--box", "reference", "--scenario", A_VECTOR)
    assert lockproof("run", "--suite", "synthesized", *words).returncode == 0
    elsewhere = lockproof("run", "--suite", "written", *words)
    assert elsewhere.returncode == 2
    assert f"no scenario is called {A_VECTOR}" in elsewhere.stderr


def test_a_vector_is_shown_as_a_file_that_is_played(lockproof, tmp_path):
    code, told = asked("scenarios", "show", A_VECTOR)
    assert code == 0
    assert told.splitlines()[:2] == [f"id: {A_VECTOR}", "clauses: [code.expiry.after-first-use]"]
    path = tmp_path / f"{A_VECTOR}.yaml"
    path.write_text(told, encoding="utf-8")
    assert lockproof("run", str(path), "--box", "reference").returncode == 0
    faulty = lockproof("run", str(path), "--box", "fault:expires-one-second-late")
    assert faulty.returncode == 1
    assert "code.expiry.after-first-use" in faulty.stdout
    path.write_text(told.replace("59m59s", "59m58s").replace("after: 1h,", "after: 59m59s,"), encoding="utf-8")
    early = lockproof("run", str(path), "--box", "reference")
    assert early.returncode == 2
    assert "the scenario expects that the box refuses, and the standard says otherwise" in early.stderr


# By which source


def about(fault):
    """The controls, and the scenarios of both sources that show what the fault breaks."""
    return [each for each in suite.packaged() if each.control or fault.breaks in each.clauses]


FEW = (
    "expires-one-second-late",
    "reentry-restarts-the-hour",
    "window-end-inclusive",
    "forgets-revocations-at-a-cut",
    "replayed-ticket-opens",
    "code-logged-as-connect",
)


@pytest.fixture(scope="module")
def kills():
    return [try_fault(named(name), "fault", about(named(name))) for name in FEW]


IDS = {"written": {each.id for each in suite.written()}, "synthesized": {each.id for each in suite.synthesized()}}


def test_what_caught_a_fault_is_told_by_source(kills):
    for kill in kills:
        caught = {source: kill.caught_by(ids) for source, ids in IDS.items()}
        assert set(caught["written"]) | set(caught["synthesized"]) == {
            each.id for each in kill.result.scenarios if each.finding and kill.fault.breaks in each.finding.clauses
        }
        assert caught["written"]
    assert [bool(kill.caught_by(IDS["synthesized"])) for kill in kills][:2] == [True, True]


def test_the_fewest_still_catch_all_that_all_of_them_catch(kills):
    fewest = smallest_set(kills, IDS["synthesized"])
    caught = [kill for kill in kills if kill.caught_by(IDS["synthesized"])]
    assert all(kill.caught_by(fewest) for kill in caught)
    for left_out in fewest:
        others = [name for name in fewest if name != left_out]
        assert not all(kill.caught_by(others) for kill in caught)
    assert smallest_set(list(reversed(kills)), IDS["synthesized"]) == fewest
    said = io.StringIO()
    show_smallest(Console(file=said, width=240), kills)
    first, *names = said.getvalue().splitlines()
    assert first == (
        f"{len(fewest)} of {len(IDS['synthesized'])} synthesized scenarios catch all {len(caught)} faults that they catch together:"
    )
    assert [name.strip() for name in names] == fewest


def test_where_there_is_nothing_to_catch_the_fewest_are_none(lockproof):
    result = lockproof("faults", "refuses-all", "--suite", "synthesized", "--smallest")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"0 of {len(IDS['synthesized'])} synthesized scenarios catch all 0 faults that they catch together:" in result.stdout
