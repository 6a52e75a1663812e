"""Openings that somebody else than the box tells of: a sensor that reads a file, and an operator at a terminal or a pipe."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance.bench import Observation, Program, read
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import judge_again
from lockproof.conformance.observing import ObservedBox, Operator, Sensor
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.run import run
from lockproof.conformance.scenario import load
from lockproof.conformance.targets import PARENT_PIPE, target
from lockproof.conformance.verdict import RunResult, Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BenchError, Decision, ObservedDecision
from lockproof.spec.profile import DEFAULT

COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]
SENSOR = Path(__file__).parents[2] / "examples" / "bench" / "sensor.py"
HOUR = """
    id: a-scenario
    clauses: [code.expiry.after-first-use]
    story: A code opens until its hour is over.
    steps:
      - {generate: {by: joe, day: tomorrow, as: anns-code}, authority: accepts}
      - {at: tomorrow 14:19:51, enter: anns-code, box: opens}
      - {after: 59m59s, enter: anns-code, box: opens}
      - {after: 1s, enter: anns-code, box: refuses, because: code.expiry.after-first-use, shows: code.expiry.after-first-use}
"""
READS_THE_SHACKLE = f"{sys.executable} {SENSOR} shackle"


@pytest.fixture
def serve(tmp_path):
    """Serves a box at `box` in the folder of the test, whose mechanism writes to the file `shackle`."""
    started = []

    def start(*words: str) -> None:
        command = [*COMMAND, "box", "--quiet", "--link", "box", "--shackle", "shackle", *words]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, PARENT_PIPE: "1"}
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"box\n"

    yield start
    for process in started:
        process.kill()
        process.communicate()


def bench_file(folder: Path, observation: str) -> Path:
    bench = folder / "bench.toml"
    bench.write_text(f'[[box]]\nname = "A1"\nserial = "{folder}/box"\n[box.observation]\n{observation}\n')
    return bench


@pytest.fixture
def judged(tmp_path):
    """Judges the box with a sensor that is this command."""

    def judge(scenario, command: str = READS_THE_SHACKLE) -> RunResult:
        bench = read(bench_file(tmp_path, f'command = "{command}"\nsettle = 0.3\ntimeout = 5'))
        (tmp_path / "run").mkdir()
        return run(target("A1", bench), [scenario], tmp_path / "run")

    return judge


def presentations(tmp_path: Path) -> list[tuple[bool, bool, str]]:
    """Of the journal: what counts, what the box said, who saw it."""
    lines = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    answers = [each for each in map(json.loads, lines) if each["record"] == "answer" and "observed_by" in each]
    return [(each["value"]["accepted"], each["reported"], each["observed_by"]) for each in answers]


def test_a_sensor_that_agrees_is_marked_beside_each_opening(serve, judged, hour, tmp_path):
    serve()
    result = judged(hour)
    assert (result.error, result.verdict) == ("", Verdict.PASS)
    assert presentations(tmp_path) == [(True, True, "sensed"), (True, True, "sensed"), (False, False, "sensed")]
    assert result.scenarios[0].observed_by == ("sensed",)
    assert {each.observed_by for each in result.clauses if each.verdict is Verdict.PASS} == {("sensed",)}
    assert judge_again(tmp_path / "run" / "journal.jsonl").scenarios[0].observed_by == ("sensed",)


def test_without_one_openings_are_marked_self_reported(serve, hour, tmp_path):
    serve()
    (tmp_path / "run").mkdir()
    result = run(target(f"{tmp_path}/box"), [hour], tmp_path / "run")
    assert result.scenarios[0].observed_by == ("self-reported",)
    assert '"observed_by":"self-reported"' in (tmp_path / "run" / "journal.jsonl").read_text()


def test_a_box_that_says_that_it_opened_and_did_not(serve, judged, hour, tmp_path):
    """OpensAlways says so of the entry that it must refuse; its mechanism does not move. By its own word it fails, too."""
    serve("--fault", "opens-always")
    finding = judged(hour).scenarios[0].finding
    assert presentations(tmp_path)[-1] == (False, True, "sensed")
    assert (finding.step, finding.clauses) == (4, ("code.expiry.after-first-use",))
    assert finding.saw == "refused [sensed; the box says: opened]"
    assert finding.must.startswith("must refuse: not within its life (code.expiry.after-first-use")
    assert finding.must.endswith("; and say what it does")


def test_a_box_that_says_opened_where_it_must_and_stays_closed(serve, judged, hour, tmp_path):
    serve()
    finding = judged(hour, "false").scenarios[0].finding
    assert presentations(tmp_path) == [(False, True, "sensed")]
    assert finding.step == 2
    assert finding.saw == "refused [sensed; the box says: opened]"
    assert finding.must.startswith("must open: ")
    assert finding.clauses == ("code.day",)


def test_a_box_that_says_that_it_refused_and_opened(serve, judged, hour, tmp_path):
    serve("--fault", "refuses-all")
    finding = judged(hour).scenarios[0].finding
    assert presentations(tmp_path) == [(True, False, "sensed")]
    assert (finding.step, finding.saw) == (2, "opened [sensed; the box says: refused]")


@pytest.mark.parametrize(
    ("sensor", "said"),
    [
        ("true", "true: says that A1 is open before anything is presented, for 0.3 s by now; close the box, or mend the sensor"),
        ("sh -c 'exit 2'", "'exit 2': says neither open nor closed (status 2)"),
        ("echo perhaps", "echo perhaps: says neither open nor closed (status 0)"),
        ("sh -c 'echo no file; exit 1'", "says neither open nor closed (status 1)"),
        ("sleep 60", "sleep 60: did not end within 5 s"),
    ],
)
def test_a_sensor_that_can_not_tell_is_an_error_and_no_verdict_of_the_box(serve, judged, hour, tmp_path, sensor, said):
    serve()
    result = judged(hour, sensor)
    assert result.scenarios[0].verdict is Verdict.ERROR
    assert result.scenarios[0].message.startswith(f"{tmp_path}/bench.toml:5: ")
    assert said in result.scenarios[0].message
    assert result.scenarios[0].finding is None


class Closed:
    """A box that says this."""

    def __init__(self, accepted: bool) -> None:
        self.decision = Decision(accepted, None if accepted else "code.digits", 7)

    def enter(self, digits: str) -> Decision:
        del digits
        return self.decision


@pytest.mark.parametrize(("words", "opened"), [("echo open", True), ("echo it is closed", False), ("echo Open", True)])
def test_a_sensor_may_also_say_it(words, opened, tmp_path):
    observation = Observation("sensor", Program(tuple(words.split()), tmp_path, "bench.toml:1"))
    assert Sensor("A1", observation).opened("entered 1234") is opened


@pytest.mark.parametrize(
    ("says", "answer", "decision"),
    [
        (True, "y\n", ObservedDecision(True, None, 7, observed_by="operator", reported=True)),
        (True, "no\n", ObservedDecision(False, None, 7, observed_by="operator", reported=True)),
        (False, "what?\nN\n", ObservedDecision(False, "code.digits", 7, observed_by="operator", reported=False)),
        (False, "YES\n", ObservedDecision(True, None, 7, observed_by="operator", reported=False)),
    ],
)
def test_an_operator_is_asked_until_the_answer_is_one(says, answer, decision):
    asked = io.StringIO()
    assert ObservedBox(Closed(says), Operator("A1", io.StringIO(answer), asked)).enter("47112345") == decision
    assert asked.getvalue() == "A1: entered 4711 2345; did it open? (then close it)  y/n: " + (
        "    please answer y or n: " if answer.startswith("what") else ""
    )


def test_nobody_at_the_terminal_is_an_error():
    with pytest.raises(BenchError, match="A1: nobody answers whether it opened; run at a terminal, or name a sensor"):
        ObservedBox(Closed(True), Operator("A1", io.StringIO(""), io.StringIO())).enter("47112345")


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ("y\ny\nn\n", 0, "1 pass"),
        ("y\ny\ny\n", 1, "opened [operator; the box says: refused]"),
        ("y\nn\n", 1, "refused [operator; the box says: opened]"),
        ("y\n", 3, "A1: nobody answers whether it opened"),
    ],
)
def test_an_operator_answers_the_command(serve, tmp_path, hour_text, answers, code, said):
    serve()
    bench_file(tmp_path, 'by = "operator"')
    (tmp_path / "a-scenario.yaml").write_text(hour_text.replace("\n    ", "\n"))
    command = [*COMMAND, "run", "a-scenario.yaml", "--bench", "bench.toml"]
    result = subprocess.run(command, cwd=tmp_path, input=answers, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, said in result.stdout, "Traceback" in result.stderr) == (code, True, False), result
    assert result.stderr.count("did it open?") == min(3, answers.count("\n") + (code == 3))
    if code == 1:
        assert (
            "on the box again: lockproof run a-scenario.yaml --bench bench.toml --box A1 --scenario a-scenario" in result.stdout
        )


def test_on_a_terminal_the_question_stands_alone(serve, tmp_path, hour_text):
    """No live line is drawn over it."""
    serve()
    bench_file(tmp_path, 'by = "operator"')
    (tmp_path / "a-scenario.yaml").write_text(hour_text.replace("\n    ", "\n"))
    near, far = pty.openpty()
    command = [*COMMAND, "run", "a-scenario.yaml", "--bench", "bench.toml"]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=far, stdout=far, stderr=far, env={**os.environ, "TERM": "xterm"})
    os.close(far)
    told = b""
    for number, answer in enumerate((b"y\n", b"y\n", b"n\n"), 1):
        while told.count(b"y/n: ") < number:
            told += os.read(near, 4096)
        os.write(near, answer)
    while b"runs/0001" not in told:
        told += os.read(near, 4096)
    assert process.wait(20) == 0
    os.close(near)
    assert b"A1: entered " in told
    assert b"\x1b[2K" not in told, "a line is erased where somebody is to read it"


class Scripted:
    """Sees these openings, one after the other."""

    kind = "sensed"

    def __init__(self, openings: list[bool]) -> None:
        self._openings = iter(openings)

    def before(self) -> None:
        pass

    def opened(self, did: str) -> bool:
        assert did.startswith("entered ")
        return next(self._openings)


class Says(ReferenceBox):
    """Says this of its entries, with the reason that it has, whatever it does."""

    def __init__(self, words: list[bool]) -> None:
        super().__init__()
        self._words = iter(words)

    def enter(self, digits: str) -> Decision:
        decided = super().enter(digits)
        said = next(self._words)
        return Decision(said, None if said else decided.reason or "code.day", decided.box_time)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=3, max_size=3))
def test_only_a_box_that_does_what_it_must_and_says_so_passes(seen_and_said):
    """The standard has it open, open and refuse; the first entry at which sight or word is otherwise is the finding."""
    seen, said = ([each[i] for each in seen_and_said] for i in (0, 1))
    scenario = load(Path("a-scenario.yaml"), textwrap.dedent(HOUR))
    box = ObservedBox(Says(said), Scripted(seen))
    result = Player(box, authority_for_a_bench(DEFAULT), Journal()).play(scenario)
    wrong = [step for step, must, each in zip((2, 3, 4), (True, True, False), seen_and_said, strict=True) if each != (must, must)]
    assert (result.finding.step if result.finding else None) == (wrong[0] if wrong else None)
    assert result.verdict is (Verdict.FAIL if wrong else Verdict.PASS)
