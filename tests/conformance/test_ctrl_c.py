"""Ctrl-C, at whatever instant: the run is over at once, its verdict is an error, and all that was recorded counts."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import z3
from lockproof.conformance import command, ctrl_c, judging, suite
from lockproof.conformance.ctrl_c import what_is_kept
from lockproof.conformance.explaining import ExplainingJudge
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import judge_again
from lockproof.conformance.knowledge import Knowledge
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict
from lockproof.spec.asking import was_interrupted
from lockproof.spec.profile import DEFAULT

STOPPED = what_is_kept()
SCENARIOS = {each.id: each for each in suite.packaged() if not each.unsuitable(DEFAULT)}
FEW = ("vital-signs", "the-hour-is-over", "a-window-is-exact-to-the-second")
RUNS = {"rehearse": False, "clock": ClockMode.WALL_CLOCK}
HARD_S = 0.3  # from the beginning of a question that is hard, to Ctrl-C


def judged(place, box="reference", names=FEW, **options):
    place.mkdir()
    return run(target(box), [SCENARIOS[name] for name in names], place, seed="s", explain=2, **{**RUNS, **options})


def told(result):
    """What is the same when it is judged again."""
    scenarios = [(each.id, each.verdict, each.shown, each.message, each.attempts) for each in result.scenarios]
    clauses = [(each.id, each.verdict, each.scenarios) for each in result.clauses]
    return result.verdict, result.error, scenarios, clauses


def interrupt():
    signal.raise_signal(signal.SIGINT)


def on_call(number, function, then=interrupt):
    """The function, which is disturbed the so manieth time that it is called."""
    count = iter(range(1, 10**9))

    def disturbed(*args, **kwargs):
        made = function(*args, **kwargs)
        if next(count) == number:
            then()
        return made

    return disturbed


def ask_what_is_hard(known):
    x, y, z = z3.Ints("x y z")
    threading.Timer(HARD_S, os.kill, (os.getpid(), signal.SIGINT)).start()
    return known.possible(z3.And(x > 2, y > 2, z > 2, x * x * x + y * y * y == z * z * z))


def test_in_the_middle_of_a_question_it_is_not_kept_by_the_solver():
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask_what_is_hard(Knowledge())
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("reason", "seconds", "interrupted"),
    [
        ("interrupted from keyboard", 4.99, True),
        ("canceled", 1.0, True),
        ("canceled", 5.01, False),
        ("timeout", 5.0, False),
        ("(incomplete quantifiers)", 0.1, False),
    ],
)
def test_what_the_solver_says_of_it(reason, seconds, interrupted):
    assert was_interrupted(reason, seconds, 5) is interrupted


def test_in_the_middle_of_a_question_it_ends_the_run_and_what_was_recorded_is_judged_the_same(tmp_path, monkeypatch):
    asked = Knowledge.possible
    journal, done = tmp_path / "run" / "journal.jsonl", []

    def possible(known, fact):
        if not done and journal.read_text().count('"record":"end"') == 2:
            done.append(True)
            ask_what_is_hard(known)
        return asked(known, fact)

    monkeypatch.setattr(Knowledge, "possible", possible)
    began = time.monotonic()
    result = judged(tmp_path / "run")
    assert time.monotonic() - began < 5
    assert (result.stopped, result.verdict, result.exit_code, result.error) == (True, Verdict.ERROR, 3, STOPPED)
    assert [each.verdict for each in result.scenarios] == [Verdict.PASS, Verdict.PASS, Verdict.ERROR]
    assert told(judge_again(tmp_path / "run" / "journal.jsonl")) == told(result)


@pytest.mark.parametrize("number", [1, 100, 5_000])
@pytest.mark.parametrize("name", ["from_param", "__del__"])
def test_while_z3_converts_or_frees_a_term_it_is_neither_lost_nor_another_exception(tmp_path, capsys, name, number):
    calls = iter(range(1, 10**9))

    def called(frame, event, _):
        within = event == "call" and frame.f_code.co_name == name and frame.f_globals["__name__"].startswith("z3.")
        if within and next(calls) == number:
            interrupt()

    sys.setprofile(called)
    try:
        result = judged(tmp_path / "run")
    finally:
        sys.setprofile(None)
    assert (result.stopped, result.exit_code, result.error) == (True, 3, STOPPED)
    assert told(judge_again(tmp_path / "run" / "journal.jsonl")) == told(result)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("box", "clock", "every"),
    [
        ("reference", ClockMode.HOLD, 1),
        ("fault:expires-one-second-late", ClockMode.HOLD, 1),
        ("reference", ClockMode.WALL_CLOCK, 11),
    ],
)
def test_at_every_record_the_report_and_the_journal_say_the_same(tmp_path, monkeypatch, box, clock, every):
    names = FEW[1:2]
    whole = judged(tmp_path / "whole", box, names, clock=clock)
    *_, over = lines = (tmp_path / "whole" / "journal.jsonl").read_text().splitlines()
    assert json.loads(over)["record"] == "over", "when that is written, all was done"
    count = len(lines) - 1
    write, verdicts = Journal.write, Counter()
    for number in range(2, count + 1, every):
        monkeypatch.setattr(Journal, "write", on_call(number, write))
        place = tmp_path / str(number)
        result = judged(place, box, names, clock=clock)
        assert (result.stopped, result.error) == (True, STOPPED)
        assert told(judge_again(place / "journal.jsonl")) == told(result)
        verdicts[result.verdict] += 1
        lines = (place / "journal.jsonl").read_text().splitlines()
        assert len(lines) > number, "what was recorded is there, and why it ended"
    assert verdicts[Verdict.ERROR] > 3
    assert set(verdicts) <= {Verdict.ERROR, whole.verdict} - {Verdict.PASS}


def test_a_failure_that_was_seen_stays_one(tmp_path, monkeypatch):
    monkeypatch.setattr(ExplainingJudge, "contradicting", on_call(1, ExplainingJudge.contradicting))
    result = judged(tmp_path / "run", "fault:expires-one-second-late", FEW[1:])
    assert (result.stopped, result.verdict, result.error) == (True, Verdict.FAIL, STOPPED)
    first, second = result.scenarios
    assert first.finding is not None
    assert "code.expiry.after-first-use" in first.finding.clauses
    assert (second.verdict, second.message) == (Verdict.ERROR, f"not played: {STOPPED}")


def test_while_the_plan_is_rehearsed_nothing_is_contradicted(tmp_path, monkeypatch):
    monkeypatch.setattr(Journal, "write", on_call(5, Journal.write))
    result = judged(tmp_path / "run", rehearse=True)
    assert (result.stopped, result.exit_code, result.error, result.scenarios) == (True, 3, STOPPED, [])


def test_at_random_instants(tmp_path):
    random_, seen = random.Random(1), Counter()
    for number in range(25):
        timer = threading.Timer(random_.uniform(0, 0.3), os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        try:
            result = judged(tmp_path / str(number), clock=random_.choice([ClockMode.ADVANCE, ClockMode.WALL_CLOCK]))
            timer.cancel()
            timer.join()
        except KeyboardInterrupt:  # at its end, when all was done, or after it
            seen["late"] += 1
            continue
        seen[result.error] += 1
        assert result.stopped == bool(result.error)
        assert not result.stopped or (result.exit_code, result.error) == (3, STOPPED)
        if result.scenarios:
            assert told(judge_again(tmp_path / str(number) / "journal.jsonl")) == told(result)
    assert seen[STOPPED] > seen["late"]


@pytest.mark.parametrize("records", [2, 9, 40, 90])
def test_the_command_ends_with_exit_3_and_a_report_and_no_traceback(tmp_path, records):
    words = [
        "run",
        "--box",
        "reference",
        "--clock",
        "wall-clock",
        "--out",
        str(tmp_path),
        *(f"--scenario={name}" for name in FEW),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "lockproof.conformance.command", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    journal = tmp_path / "0001/reference/journal.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not journal.exists() or journal.read_text().count("\n") < records):
        time.sleep(0.005)
    began = time.monotonic()
    while process.poll() is None:  # by somebody who is impatient
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    out, errors = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert (process.returncode, errors) == (3, "")
    assert STOPPED in out
    (reported,) = json.loads((tmp_path / "0001/report.json").read_text())["runs"]
    assert (reported["verdict"], reported["error"], reported["stopped"]) == ("error", STOPPED, True)
    again = judge_again(Path(reported["journal"]))
    assert [(each["id"], each["verdict"]) for each in reported["clauses"]] == [(each.id, each.verdict) for each in again.clauses]
    assert [(each["id"], each["verdict"]) for each in reported["scenarios"]] == [(e.id, e.verdict) for e in again.scenarios]


def test_any_other_command_ends_with_exit_3_and_says_so(monkeypatch, capsys, tmp_path):
    (tmp_path / "journal.jsonl").write_text("")
    monkeypatch.setattr(judging, "judge_again", lambda *_: interrupt())
    monkeypatch.setattr(sys, "argv", ["lockproof", "replay", str(tmp_path / "journal.jsonl")])
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as end:
            command.main()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN, "to the end of the process"
    finally:
        signal.signal(signal.SIGINT, before)
    assert (end.value.code, capsys.readouterr().err) == (3, "stopped by Ctrl-C\n")


def test_what_is_held_is_passed_on_at_the_end_and_once():
    log = []

    @ctrl_c.minded()
    @ctrl_c.held()
    def work():
        interrupt()
        log.append("held")
        with pytest.raises(KeyboardInterrupt), ctrl_c.let_in():
            log.append("never")
        interrupt()
        log.append("once")

    work()
    with pytest.raises(KeyboardInterrupt):
        ctrl_c.minded()(ctrl_c.held()(interrupt))()
    assert log == ["held", "once"]


def test_it_is_minded_only_where_somebody_has_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ctrl_c.minded():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(judging_beside()))
    thread.start()
    thread.join()
    assert seen == [before]


def judging_beside():
    """Beside the main thread a run leaves Ctrl-C alone."""
    with ctrl_c.minded(), ctrl_c.held():
        return signal.getsignal(signal.SIGINT)
