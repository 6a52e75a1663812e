"""`lockproof replay`: a recorded run judged again, played again on a box, its frames printed."""

from __future__ import annotations

import contextlib
import json
import math
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lockproof.conformance import command as commands
from lockproof.conformance import journal as journals
from lockproof.conformance import recording, replaying, unit_test
from lockproof.conformance.judging import judge_again
from lockproof.conformance.verdict import Verdict
from lockproof.spec.observable import BadInput

HOUR = "the-hour-is-over"
FAULT = "expires-one-second-late"


def command(*words, cwd):
    run = [sys.executable, "-m", "lockproof.conformance.command", *words]
    result = subprocess.run(run, capture_output=True, text=True, timeout=120, cwd=cwd, check=False)
    assert "Traceback" not in result.stdout + result.stderr
    return result


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder in which a faulty box was judged on a real line, `runs/0001`, and the reference box in this process and on a line."""
    place = tmp_path_factory.mktemp("bench")
    first = command("run", "--box", f"pty:{FAULT}", "--scenario", HOUR, "--seed", "s1", "--today", "2027-03-02", cwd=place)
    assert (first.returncode, first.stderr) == (1, "")
    second = command("run", "--box", "reference", "--box", "pty", "--scenario", HOUR, cwd=place)
    assert (second.returncode, second.stderr) == (0, "")
    return place, first.stdout


def failure_in(text):
    return text[text.index("FAIL") : text.index("--export-c FILE")]


def test_the_failure_names_the_command_and_that_prints_the_same_failure(recorded):
    place, said = recorded
    line = f"again: lockproof replay runs/0001 --scenario {HOUR}\n"
    assert line in said
    again = command(*line.split()[2:], cwd=place)
    assert (again.returncode, again.stderr) == (1, "")
    assert failure_in(again.stdout) == failure_in(said)
    whole = command("replay", "runs/0001", cwd=place)
    assert whole.returncode == 1
    assert failure_in(whole.stdout) == failure_in(said)
    assert "code.expiry.after-first-use" in whole.stdout.partition("--export-c FILE")[2], "the table of clauses, too"


def test_a_passing_run_is_judged_again_to_a_pass(recorded):
    place, _ = recorded
    for box in ("pty", "reference"):
        again = command("replay", f"runs/0002/{box}", "--scenario", HOUR, cwd=place)
        assert (again.returncode, again.stderr) == (0, "")
        assert f"pass  {box}" in again.stdout


def test_a_run_of_several_boxes_asks_which(recorded):
    place, _ = recorded
    asked = command("replay", "runs/0002", cwd=place)
    assert asked.returncode == 2
    assert asked.stderr == "runs/0002: a run of 2 boxes; name one of them:\n    runs/0002/pty\n    runs/0002/reference\n"
    empty = place / "empty"
    empty.mkdir(exist_ok=True)
    with pytest.raises(BadInput, match=r"no journal.jsonl in this folder"):
        replaying.journal_of(empty)


def test_a_journal_with_frame_records_is_judged_as_before(recorded, tmp_path, unchained, rechain):
    place, said = recorded
    lines = unchained(place / f"runs/0001/pty_{FAULT}/journal.jsonl")
    old = [
        re.sub(r'^\{"record":"bytes",.*', '{"record":"frame","direction":"in","bytes":"00","decoded":null}', line)
        for line in lines
    ]
    assert old != lines
    rechain(tmp_path / "journal.jsonl", old)
    again = command("replay", "journal.jsonl", "--scenario", HOUR, cwd=tmp_path)
    assert again.returncode == 1
    assert failure_in(again.stdout + "--export-c FILE").splitlines()[0] == failure_in(said).splitlines()[0]


def test_the_same_scenario_is_played_on_a_box_with_the_same_seed_and_day(recorded):
    place, said = recorded
    shutil.rmtree(place / "again", ignore_errors=True)
    wrong = command("replay", "runs/0001", "--scenario", HOUR, "--box", f"fault:{FAULT}", "--out", "again", cwd=place)
    right = command("replay", "runs/0001", "--box", "reference", "--out", "again", cwd=place)
    assert (wrong.returncode, wrong.stderr, right.returncode, right.stderr) == (1, "", 0, "")
    assert failure_in(said).splitlines()[1:7] == wrong.stdout[wrong.stdout.index("FAIL") :].splitlines()[1:7]
    first, second = (
        list(journals.read(next((place / folder).glob("*/journal.jsonl")))) for folder in ("runs/0001", "again/0002")
    )
    heads = [next(r for r in records if r["record"] == "run") for records in (first, second)]
    assert [(head["seed"], head["today"]) for head in heads] == [("s1", "2027-03-02")] * 2
    sent = [[r["arguments"] for r in records if r.get("name") == "provision"] for records in (first, second)]
    assert sent[0] == sent[1] != []


def test_a_scenario_of_a_file_is_played_from_it_and_if_it_is_gone_that_is_said(tmp_path, hour_text):
    file = tmp_path / "a-scenario.yaml"
    file.write_text(hour_text)
    assert command("run", "a-scenario.yaml", "--box", "reference", cwd=tmp_path).returncode == 0
    played = command("replay", "runs/0001", "--box", "reference", cwd=tmp_path)
    assert (played.returncode, played.stderr) == (4 if "inconclusive" in played.stdout else 0, "")
    assert "a-scenario" in (tmp_path / "runs/0002/report.json").read_text()
    file.unlink()
    gone = command("replay", "runs/0001", "--box", "reference", cwd=tmp_path)
    assert gone.returncode == 2
    assert gone.stderr.startswith(
        "a-scenario.yaml: the scenario a-scenario was played from this file, and it is gone; put it back\n"
    )
    assert command("replay", "runs/0001", "--scenario", "a-scenario", cwd=tmp_path).returncode == 0


def test_frames_are_printed_decoded_with_instants_and_hex(recorded):
    place, _ = recorded
    printed = command("replay", "runs/0001", "--scenario", HOUR, "--frames", cwd=place)
    assert (printed.returncode, printed.stderr) == (0, "")
    lines = printed.stdout.splitlines()
    assert re.fullmatch(r" +\d+\.\d{6} out  request [0-9a-f]{8}/\d+  reset, clock-hold true, provision .+", lines[0])
    assert re.fullmatch(r" {18}([0-9a-f]{2} )+[0-9a-f]{2}", lines[1])
    entries = [line for line in lines if "keypad-entry" in line]
    step = command("replay", "runs/0001", "--scenario", HOUR, "--frames", "--step", "4", cwd=place).stdout
    assert step in printed.stdout
    assert [line for line in step.splitlines() if "keypad-entry" in line] == entries[-1:]
    assert "ok true null " in step.splitlines()[-2], "what the faulty box answered at the end"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_journal_is_judged_or_is_bad_input(recorded, tmp_path, data, unchained, rechain):
    lines = unchained(recorded[0] / f"runs/0001/pty_{FAULT}/journal.jsonl")
    at = data.draw(st.integers(0, len(lines) - 1))
    record = json.loads(lines[at])
    name = data.draw(st.sampled_from(sorted(record)))
    record[name] = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2) | st.just({}))
    lines[at] = json.dumps(record)
    path = tmp_path / "damaged.jsonl"
    rechain(path, lines)
    for read in (
        lambda: judge_again(path),
        lambda: list(replaying.frames_of(path, HOUR)),
        lambda: replaying.to_play_again(path, ""),
        lambda: unit_test.export(path, HOUR, tmp_path / "failure.c"),
    ):
        with contextlib.suppress(BadInput):
            assert read()


@pytest.fixture(scope="module")
def waited_for(tmp_path_factory, unchained):
    """The lines of a journal of a clock that ran."""
    place = tmp_path_factory.mktemp("running")
    ran = command("run", "--box", "reference", "--clock", "wall-clock", "--scenario", HOUR, cwd=place)
    assert (ran.returncode, ran.stderr) == (0, "")
    return place, unchained(place / "runs/0001/reference/journal.jsonl")


DAMAGED = "; the file was changed or damaged: judge it as the run wrote it\n"
DRIFT = "a number from 0 to 10000 belongs there"
FAR = "a number from 0 to 1.09951e+12 belongs there"


@pytest.mark.parametrize(
    ("kind", "place", "value", "message"),
    [
        ("run", "target", 1e18, "is 1e+18; a text belongs there"),
        ("run", "hello.firmware", -5, "is -5; a text belongs there"),
        ("run", "hello.log_capacity", 0, "is 0; a whole number from 1 to 9223372036854775807 belongs there"),
        ("run", "left_out", {"a": ["b"]}, "is {'a': ['b']}; a reason and clauses of each scenario belongs there"),
        ("run", "planned", {"a": "b"}, "is {'a': 'b'}; the clauses of each scenario belongs there"),
        ("run", "bench.file", 7, "is 7; a text belongs there"),
        ("scenario", "id", {}, "is {}; a text belongs there"),
        ("scenario", "clauses", [1], "is [1]; a list of texts belongs there"),
        ("scenario", "running.slip", math.inf, "is inf; a number from 0 to 1 belongs there"),
        ("scenario", "running.slip", 1.5, "is 1.5; a number from 0 to 1 belongs there"),
        ("scenario", "running.drift_ppm", math.nan, f"is nan; {DRIFT}"),
        ("scenario", "running.drift_ppm", -1, f"is -1; {DRIFT}"),
        ("scenario", "running.bench_ppm", 10**400, f"is 1{'0' * 59}; {DRIFT}"),
        ("scenario", "running.skew", 3_601, "is 3601; a number from 0 to 3600 belongs there"),
        ("scenario", "running.tolerance", True, "is True; a number from 0 to 3600 belongs there"),
        ("scenario", "running.alive", None, "is None; a number from -1.09951e+12 to 1.09951e+12 belongs there"),
        ("scenario", "running.clock", [math.nan] * 5, "is [nan, nan, nan, nan, nan]; what is known of a counter belongs there"),
        (
            "scenario",
            "running.timer",
            [0, 0, 0, [1, 2], None],
            "is [0, 0, 0, [1, 2], None]; what is known of a counter belongs there",
        ),
        ("step", "shows", "x", "is 'x'; a list of texts belongs there"),
        ("command", "sent", -1.0, f"is -1.0; {FAR}"),
        ("answer", "received", math.inf, f"is inf; {FAR}"),
    ],
)
def test_a_record_that_can_not_be_is_named(waited_for, tmp_path, kind, place, value, message, rechain):
    lines = list(waited_for[1])
    number, record = next((n, json.loads(line)) for n, line in enumerate(lines) if json.loads(line)["record"] == kind)
    *within, name = place.split(".")
    inner = record
    for each in within:
        inner = inner[each]
    inner[name] = value
    lines[number] = json.dumps(record)
    rechain(tmp_path / "journal.jsonl", lines)
    for words in ((), ("--box", "reference")):
        again = command("replay", "journal.jsonl", *words, cwd=tmp_path)
        assert (again.returncode, again.stdout) == (2, "")
        assert again.stderr == f"journal.jsonl:{number + 1}: {kind}.{place} {message}{DAMAGED}"


def test_on_a_box_it_waits_as_long_as_the_run_did_or_as_is_said(waited_for, monkeypatch, tmp_path, rechain):
    asked = []
    monkeypatch.setattr(commands, "run", lambda *_, **options: asked.append((options["clock"], options["wait"])) or sys.exit(0))
    head, *rest = waited_for[1]
    for recorded, wait in ((None, ""), (5_400, ""), (5_400, "10m")):
        path = tmp_path / "journal.jsonl"
        rechain(path, [json.dumps(json.loads(head) | {"wait": recorded}), *rest])
        with pytest.raises(SystemExit):
            commands.replay(path, scenario="", box="pty", frames=False, step=None, export_c=None, wait=wait, out=tmp_path)
    assert asked == [("wall-clock", ""), ("wall-clock", "5400s"), ("wall-clock", "10m")]


def test_what_is_left_out_on_a_box_is_said(waited_for):
    place, _ = waited_for
    again = command("replay", "runs/0001", "--box", "pty", "--wait", "60s", "--scenario", HOUR, cwd=place)
    told = "not exercised: its clock would have to run for 1d6h19m51s: allow that with --wait 1d6h19m51s"
    assert f"left out  {HOUR}: {told}\n" in again.stdout
    assert (again.returncode, again.stderr) == (4, "")
    head = json.loads(
        next(iter((place / "runs/0002/pty/journal.jsonl").read_text().split('\n{"record":"scenario"'))).splitlines()[-1]
    )
    assert (head["record"], head["wait"]) == ("run", 60)


def test_a_journal_that_ends_before_the_plan_says_so(waited_for, tmp_path, rechain):
    lines = waited_for[1]
    second = [n for n, line in enumerate(lines) if '"record":"scenario"' in line][1]
    rechain(tmp_path / "journal.jsonl", lines[:second])
    again = judge_again(tmp_path / "journal.jsonl")
    first, *others = again.scenarios
    assert first.verdict is Verdict.PASS
    assert {each.verdict for each in others} == {Verdict.ERROR}
    assert {each.message for each in others} == {"not played: the journal ends before it"}
    (clause,) = [each for each in again.clauses if each.id == "code.expiry.after-first-use"]
    assert (clause.verdict, clause.scenarios) == (Verdict.ERROR, (HOUR,))


def test_a_failure_becomes_a_unit_test_in_c(recorded):
    place, _ = recorded
    made = command("replay", "runs/0001", "--scenario", HOUR, "--export-c", "failure.c", cwd=place)
    assert (made.returncode, made.stderr) == (0, "")
    assert re.fullmatch(r"failure\.c: \d+ requests; enter .* at the end: keypad-entry must be refused\n", made.stdout)
    assert "int main(void)" in (place / "failure.c").read_text()
    nowhere = command("replay", "runs/0001", "--scenario", HOUR, "--export-c", "no/where.c", cwd=place)
    assert (nowhere.returncode, nowhere.stderr) == (
        2,
        "no/where.c: the test can't be written: No such file or directory; name another file\n",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("runs/0001", "--frames"), "--frames and --export-c: name one scenario of the run with --scenario"),
        (("runs/0001", "--scenario", "the-our-is-over"), "did you mean the-hour-is-over?"),
        (
            ("runs/0001", "--scenario", "nothing", "--frames"),
            "nothing was not played in this run   (what was: lockproof replay runs/0001)",
        ),
        (("runs/0001", "--scenario", HOUR, "--frames", "--step", "77"), f"{HOUR} has no step 77 in this run"),
        (("runs/0001", "--wait", "2h"), "--wait says how long a scenario may wait; name the box with --box, too"),
        (("runs/0001", "--scenario", HOUR, "--step", "1"), "--step says whose frames to print; write --frames, too"),
        (
            ("runs/0002/reference", "--scenario", HOUR, "--frames"),
            "no bytes were recorded there; a box in this process has no line",
        ),
        (("runs/0001", "--scenario", "nothing", "--box", "reference"), "nothing was not played in this run"),
    ],
)
def test_what_can_not_be_replayed_is_said(recorded, words, message):
    place, _ = recorded
    result = command("replay", *words, cwd=place)
    assert result.returncode == 2
    assert message in result.stderr


def test_every_byte_of_the_run_is_there_with_rising_instants(recorded):
    place, _ = recorded
    records = list(journals.read(place / f"runs/0001/pty_{FAULT}/journal.jsonl"))
    instants = [r["at"] for r in records if r["record"] == "bytes"]
    assert instants == sorted(instants)
    passed = list(recording.frames(records))
    asked = [p.frame.sequence for p in passed if p.direction == "out" and p.frame]
    answered = [p.frame.sequence for p in passed if p.direction == "in" and p.frame and p.frame.kind == 2]
    assert asked == answered != []
    assert json.loads((place / "runs/0001/report.json").read_text())["runs"][0]["link"].startswith(f"{len(asked)} requests")
