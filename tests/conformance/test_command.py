"""The command as people use it: what it prints, how it exits, and one clear message for whatever is wrong."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from lockproof.conformance import digests, journal, proving, suite
from lockproof.conformance.carrying_out import places
from lockproof.conformance.targets import Target
from lockproof.spec.guessing import guessing
from lockproof.spec.invariants import INVARIANTS
from lockproof.spec.profile import DEFAULT
from lockproof.spec.prove import Result, Row
from lockproof.spec.theorems import THEOREMS
from lockproof.spec.town_theorems import TOWN_THEOREMS

A_FEW = ("--scenario", "the-hour-is-over")
A_LONG_ONE = ("--scenario", "three-hundred-refusals-are-counted")


def says(result: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """It exited so, said this, and spared the reader a traceback."""
    told = result.stdout + result.stderr
    assert result.returncode == code, told
    assert "Traceback" not in told
    for word in words:
        assert word in told, told


def test_run_judges_the_reference_box_in_process_and_over_a_line_alike(lockproof, tmp_path):
    result = lockproof("run", *A_FEW)
    says(result, 0, "reference", "pty")
    runs = json.loads((tmp_path / "runs/0001/report.json").read_text())["runs"]
    assert [run["target"] for run in runs] == ["reference", "pty"]
    verdicts = [[(s["id"], s["verdict"]) for s in run["scenarios"]] for run in runs]
    assert verdicts[0] == verdicts[1]
    assert ("the-hour-is-over", "pass") in verdicts[0]
    suites = ET.parse(tmp_path / "runs/0001/junit.xml").getroot()
    assert [s.get("failures") for s in suites] == ["0", "0"]


def test_a_faulty_box_fails_and_the_failure_says_what_to_do_next(lockproof, tmp_path):
    result = lockproof("run", "--box", "fault:expires-one-second-late", *A_FEW)
    says(
        result,
        1,
        "FAIL",
        "code.expiry.after-first-use",
        "must refuse",
        "again: lockproof replay runs/0001 --scenario the-hour-is-over",
        "(on the box again: --box fault:expires-one-second-late)",
    )
    failures = ET.parse(tmp_path / "runs/0001/junit.xml").getroot().findall(".//failure")
    assert [f.get("type") for f in failures] == ["code.expiry.after-first-use, code.expiry.not-extended"]


def test_a_run_leaves_a_page_that_report_makes_anew_and_diff_compares_runs(lockproof, tmp_path):
    lockproof("run", "--box", "fault:expires-one-second-late", "--box", "reference", *A_FEW, "--seed", "s1")
    page = (tmp_path / "runs/0001/report.html").read_bytes()
    assert b"<h1>fault:expires-one-second-late, reference</h1>" in page
    says(lockproof("report", "runs/0001", "--out", "anew.html"), 1, "fail  fault:expires", "pass  reference", "anew.html")
    assert (tmp_path / "anew.html").read_bytes() == page
    box = "runs/0001/reference"
    says(lockproof("report", box), 0, f"{box}/report.html")
    says(
        lockproof("diff", box, "runs/0001/fault_expires-one-second-late"),
        1,
        "worse           scenario the-hour-is-over: pass then",
    )
    says(lockproof("diff", "runs/0001", "runs/0001"), 0, "nothing is another than it was")
    says(lockproof("report", "runs/0002"), 2, "runs/0002: No such file or directory; name the file of a journal")
    says(lockproof("diff", "runs/0002", "runs/0001"), 2, "runs/0002: No such file or directory")


def test_a_run_is_judged_again_from_its_journal_alone(lockproof, tmp_path, unchained, rechain):
    lockproof("run", "--box", "fault:expires-one-second-late", *A_FEW)
    path = tmp_path / "runs/0001/fault_expires-one-second-late/journal.jsonl"
    says(lockproof("replay", str(path)), 1, "FAIL", "code.expiry.after-first-use", "must refuse")
    rechain(path, [line.replace('"record":"run"', '"record":"walk"') for line in unchained(path)])
    says(lockproof("replay", str(path)), 2, "no run begins in it; name the journal.jsonl of a run")


@pytest.fixture(scope="module")
def journal_lines(tmp_path_factory, unchained):
    """The journal of a passing run, line by line, without its chain."""
    out = tmp_path_factory.mktemp("runs")
    command = [sys.executable, "-m", "lockproof.conformance.command", "run", "--box", "reference", *A_FEW, "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return unchained(out / "0001/reference/journal.jsonl")


def without(lines, nth, *kinds):
    """The lines without the nth of these kinds, counted among themselves."""
    places = [i for i, line in enumerate(lines) if json.loads(line)["record"] in kinds]
    return [line for i, line in enumerate(lines) if i != places[nth]]


@pytest.mark.parametrize("nth", [0, 3, -1])
def test_a_journal_without_one_of_its_answers_decides_nothing(lockproof, tmp_path, journal_lines, nth, rechain):
    path = tmp_path / "journal.jsonl"
    rechain(path, without(journal_lines, nth, "answer"))
    says(lockproof("replay", str(path)), 3, "the journal is not whole")


def test_a_journal_with_no_evidence_decides_nothing(lockproof, tmp_path, journal_lines, rechain):
    path = tmp_path / "journal.jsonl"
    bare = [line for line in journal_lines if json.loads(line)["record"] in {"run", "scenario", "step", "end"}]
    rechain(path, bare)
    result = lockproof("replay", str(path))
    says(result, 3, "the journal is not whole")
    assert " pass " not in result.stdout.replace("not-applicable", "")


def test_a_journal_without_a_command_and_its_answer_decides_nothing(lockproof, tmp_path, journal_lines, rechain):
    path = tmp_path / "journal.jsonl"
    places = [i for i, line in enumerate(journal_lines) if json.loads(line)["record"] == "command"]
    gone = places[-1]
    rechain(path, [line for i, line in enumerate(journal_lines) if i not in {gone, gone + 1}])
    says(lockproof("replay", str(path)), 3, "the journal is not whole")


@pytest.mark.parametrize(
    "damage", ["[]", "7", "null", '{"record": "answer"}', '{"no": "record"}', "[" * 100_000, '{"record": "scenario"}']
)
def test_a_damaged_journal_is_bad_input(lockproof, tmp_path, journal_lines, damage, rechain):
    path = tmp_path / "journal.jsonl"
    place = 1 + next(i for i, line in enumerate(journal_lines) if json.loads(line)["record"] == "answer")
    rechain(path, [*journal_lines[:place], damage, *journal_lines[place:]])
    result = lockproof("replay", str(path))
    says(result, 3 if damage == '{"record": "answer"}' else 2)


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
def test_ctrl_c_and_a_ci_that_has_waited_enough_keep_what_was_done(tmp_path, number, name):
    command = [sys.executable, "-m", "lockproof.conformance.command", "run", "--box", "pty", "--out", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    path = tmp_path / "0001" / "pty" / "journal.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not path.exists() or path.read_text().count('"record":"scenario"') < 4):
        time.sleep(0.01)
    process.send_signal(number)
    told, errors = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in errors) == (3, False)
    assert f"stopped by {name}; what was done is kept" in told
    (run,) = json.loads((tmp_path / "0001" / "report.json").read_text())["runs"]
    assert sum(scenario["verdict"] == "pass" for scenario in run["scenarios"]) >= 3


@pytest.mark.parametrize("words", [("run", "--box", "reference", *A_FEW), ("clauses",), ("prove",)])
def test_an_output_that_is_full_is_no_traceback(words, tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "lockproof.conformance.command", *words]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 3
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("words", [("run", "--box", "reference", *A_FEW), ("clauses",), ("bringup", "--box", "loop://")])
@pytest.mark.parametrize("close", ["| true", ">&- 2>&-"])
def test_an_output_that_nobody_reads_is_no_verdict(words, close, tmp_path):
    command = shlex.join([sys.executable, "-m", "lockproof.conformance.command", *words])
    line = ["bash", "-c", f"{command} {close}; exit ${{PIPESTATUS[0]}}"]
    result = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
    reads_it = close != "| true" and words[0] != "bringup"
    assert (result.returncode, result.stdout, result.stderr) == (0 if reads_it else 3, "", "")


def test_a_mistake_of_the_kits_own_is_no_verdict_about_a_box(tmp_path):
    program = "from lockproof.conformance import command, suite; suite.select = None; command.main()"
    result = subprocess.run([sys.executable, "-c", program, "run"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 3
    assert result.stderr.splitlines()[-2:] == [
        "TypeError: 'NoneType' object is not callable",
        "this is a mistake of the kit's own, and says nothing about a box",
    ]


def test_the_same_box_may_be_judged_twice_in_one_run(lockproof, tmp_path):
    says(lockproof("run", "--box", "reference", "--box", "reference", *A_FEW), 0)
    assert {p.name for p in (tmp_path / "runs/0001").iterdir() if p.is_dir()} == {"reference", "reference_2"}


def test_a_seed_gives_the_same_ids_and_digits_again(lockproof, tmp_path):
    first: list[str] = []
    for number in (1, 2):
        says(lockproof("run", "--box", "reference", "--seed", "abc", *A_FEW), 0)
        text = (tmp_path / f"runs/000{number}/reference/journal.jsonl").read_text()
        digits = [json.loads(line)["arguments"]["digits"] for line in text.splitlines() if '"name":"enter"' in line]
        assert number == 1 or digits == first
        first = digits
    says(lockproof("run", "--box", "reference", *A_FEW), 0)
    assert first[0] not in (tmp_path / "runs/0003/reference/journal.jsonl").read_text()


COUNT = len(THEOREMS) + len(TOWN_THEOREMS)


def test_prove_proves_exports_and_names_what_it_proved(lockproof, tmp_path):
    result = lockproof("prove", "--export", "obligations", timeout=600)  # a minute and a half of a processor, beside other tests
    says(result, 0, "a_ready_box_opens_for_a_code_iff_entitled", "witness: entry is made")
    assert "not proved" not in result.stdout
    rows = [line for line in result.stdout.splitlines() if line.startswith("proved ")]
    assert len(rows) == COUNT + len(INVARIANTS)
    assert {row.split()[1] for row in rows if "   witness: " in row} >= {*THEOREMS}
    assert all(re.search(r"z3 .*\d+ unsat.* in \d+ ms   cvc5 .*\d+ unsat.* in \d+ ms", row) for row in rows)
    *_, proved, times, guess, exported = result.stdout.splitlines()
    count = len(list((tmp_path / "obligations").glob("*.smt2")))
    theorems, invariants = f"{COUNT} of {COUNT} theorems", f"{len(INVARIANTS)} of {len(INVARIANTS)} invariants"
    assert re.fullmatch(
        rf"{theorems} and {invariants} proved; {count} obligations, each put to z3 \d+\.\d+\.\d+, cvc5 \d+\.\d+\.\d+", proved
    )
    assert re.fullmatch(
        r"z3 [\d.]+ s, cvc5 [\d.]+ s in \d+ processes, wall time [\d.]+ s;"
        r" peak memory: z3 \d+ MB, the largest process of cvc5 \d+ MB",
        times,
    )
    assert guess == str(guessing(DEFAULT))
    assert exported == f"{count} obligations written to obligations, with an index, obligations/obligations.json"


def test_prove_without_cvc5_is_an_error_of_the_harness_and_says_what_to_do(tmp_path):
    (tmp_path / "cvc5.py").write_text("raise ImportError('not for this machine')\n")
    command = [sys.executable, "-m", "lockproof.conformance.command", "prove"]
    path = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=path, check=False)
    says(result, 3, "no cvc5", "cvc5 cannot be asked: not for this machine", "install it: pip install cvc5", "cvc5 missing")
    says(result, 3, f"0 of {COUNT} theorems", "not proved: mark_is_the_last_decision")
    assert not any(line.startswith("proved") for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ({Result.PROVED}, 0),
        (set(), 3),
        ({Result.PROVED, Result.MISSING}, 3),
        ({Result.PROVED, Result.CRASHED}, 3),
        ({Result.MISSING, Result.FALSE}, 1),
        *(({Result.PROVED, other}, 1) for other in Result if other not in {Result.PROVED, Result.MISSING, Result.CRASHED}),
    ],
)
def test_how_prove_exits(results, code):
    rows = [Row(f"theorem_{number}", "", (), result, 0.0, 1) for number, result in enumerate(results)]
    assert proving.exit_code(rows) == code


def test_ctrl_c_stops_the_proofs_at_once_and_leaves_no_process(tmp_path):
    command = [sys.executable, "-m", "lockproof.conformance.command", "prove"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=tmp_path
    )
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    began = time.monotonic()
    told, errors = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert (process.returncode, errors) == (3, "")
    assert first.startswith("proved ")
    assert "stopped by Ctrl-C; 0 of 0 theorems and " in told
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_on_a_terminal_prove_shows_where_it_is(tmp_path):
    near, far = pty.openpty()
    command = [sys.executable, "-m", "lockproof.conformance.command", "prove"]
    process = subprocess.Popen(command, stdout=far, stderr=far, cwd=tmp_path, env={**os.environ, "TERM": "xterm"})
    os.close(far)
    seen = b""
    while not re.search(rb"\d+ s   z3 \d+   cvc5 \d+   [a-z_]+", seen):
        seen += os.read(near, 4096)
    process.send_signal(signal.SIGINT)
    while b"stopped by Ctrl-C" not in seen:
        seen += os.read(near, 4096)
    assert process.wait(20) == 3
    os.close(near)


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("run", "--help"),
        ("prove", "--help"),
        ("box", "--help"),
        ("ports", "--help"),
        ("scenarios", "--help"),
        ("scenarios", "check", "--help"),
    ],
)
def test_help_comes_with_an_example(lockproof, words):
    says(lockproof(*words), 0, "lockproof")


def test_the_version_is_told_with_what_it_judges_by(lockproof):
    result = lockproof("--version")
    kit = digests.kit()
    told = f"lockproof {kit['version']}   (spec {kit['spec'][:12]}, judge {kit['judge'][:12]})\n"
    assert (result.returncode, result.stdout, result.stderr) == (0, told, "")


def test_help_imports_nothing_heavy():
    look = (
        "import sys\ntry:\n    from lockproof.conformance.command import app; app(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('z3', 'cvc5', 'hypothesis', 'cryptography', 'serial', 'yaml', 'cbor2') if m in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("run", "--scenario", "the-hour-is-ovr"),
            2,
            ("no scenario is called the-hour-is-ovr", "did you mean the-hour-is-over?"),
        ),
        (("run", "--box", "fault:nothing-like-it"), 2, ("no fault is called nothing-like-it", "lockproof box --list-faults")),
        (("run", "--today", "tomorrow"), 2, ("--today tomorrow: no date; write it as 2027-03-02",)),
        (("run", "--today", "0001-01-01"), 2, ("--today 0001-01-01: choose a date from 2000 to 2100",)),
        (("run", "nowhere.yaml"), 2, ("nowhere.yaml:1: cannot be read",)),
        (("run", "--box", "/dev/there-is-no-such-port", *A_FEW), 3, ("/dev/there-is-no-such-port",)),
        (("clauses", "code.expiry.after-first-used"), 2, ("did you mean code.expiry.after-first-use?",)),
        (("scenarios", "show", "nothing"), 2, ("no scenario is called nothing",)),
        (("scenarios", "list", "--clause", "code.dya"), 2, ("did you mean code.day?",)),
        (("box", "--fault", "ech"), 2, ("did you mean echo?",)),
        (("prove", "--export", "/dev/null"), 2, ("/dev/null: no obligations can be written there", "name another folder")),
        (("replay", "nowhere.jsonl"), 2, ("nowhere.jsonl: No such file or directory; name the file of a journal",)),
        (("faults", "--over", "the-moon"), 2, ("--over the-moon",)),
        (("frobnicate",), 2, ("No such command",)),
    ],
)
def test_bad_input_gets_one_clear_message(lockproof, words, code, said):
    says(lockproof(*words), code, *said)


def test_a_scenario_that_the_model_contradicts_is_refused_before_any_box_is_touched(lockproof, tmp_path, hour_text):
    (tmp_path / "a-scenario.yaml").write_text(hour_text.replace("59m59s", "1h").replace("\n    ", "\n"))
    for words in (("scenarios", "check", "a-scenario.yaml"), ("run", "a-scenario.yaml", "--box", "reference")):
        says(lockproof(*words), 2, "a-scenario.yaml:", "the standard says otherwise: must refuse")


def test_the_folder_of_a_box_is_named_after_it_and_never_hidden():
    names = ("./box", "/dev/ttyUSB0", "box", "...", "fault:opens-once")
    assert [place.name for place in places(Path("runs/0001"), [Target(name, reference=False) for name in names])] == [
        "box",
        "dev_ttyUSB0",
        "box_3",
        "box_4",
        "fault_opens-once",
    ]


def test_the_source_prints_its_two_lines(lockproof):
    says(lockproof("scenarios", "list", "--clause", "report.lines"), 0, "report.lines")


# On a line


def serve(behaviour) -> str:
    """The path of a pseudo-terminal at whose other end `behaviour(file)` runs until the test ends."""
    near, far = pty.openpty()
    tty.setraw(far)
    threading.Thread(target=behaviour, args=(near,), daemon=True).start()
    return os.ttyname(far)


def echo(near: int) -> None:
    while data := os.read(near, 1000):
        os.write(near, data)


def silence(near: int) -> None:
    while os.read(near, 1000):
        pass


def modem(near: int) -> None:
    while os.read(near, 1000):
        os.write(near, b"AT\r\nOK\r\n")


def babble(near: int) -> None:
    while True:
        os.write(near, bytes(range(1, 256)))
        time.sleep(0.01)


@pytest.mark.parametrize("behaviour", [echo, silence, modem, babble])
def test_what_is_not_a_box_is_an_error_of_the_link_and_never_a_verdict(lockproof, behaviour):
    path = serve(behaviour)
    began = time.monotonic()
    result = lockproof("run", "--box", path, *A_FEW)
    says(result, 3, path)
    assert time.monotonic() - began < 60
    assert " pass" not in result.stdout


def test_a_port_in_use_says_so(lockproof):
    path = serve(silence)
    import serial  # noqa: PLC0415

    with serial.Serial(path, exclusive=True):
        says(lockproof("run", "--box", path, *A_FEW), 3, path)


@pytest.fixture
def served():
    """Starts `lockproof box` with some options, and ends it; returns the process and where it is."""
    started = []

    def start(*words: str):
        command = [sys.executable, "-m", "lockproof.conformance.command", "box", "--quiet", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_box_on_a_tcp_port_is_judged_like_one_on_a_line(lockproof, served):
    _, url = served("--tcp", "0")
    assert url.startswith("socket://127.0.0.1:")
    says(lockproof("run", "--box", url, *A_FEW), 0, "pass", url)


@contextmanager
def in_the_middle(folder: Path, box: str) -> Iterator[Callable[[], subprocess.CompletedProcess[str]]]:
    """A run on a box that has answered for a while and has long to go; what is yielded waits for its end."""
    command = [sys.executable, "-m", "lockproof.conformance.command", "run", "--box", box, *A_LONG_ONE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder)

    def rest() -> subprocess.CompletedProcess[str]:
        told, errors = process.communicate(timeout=180)
        return subprocess.CompletedProcess(command, process.returncode, told, errors)

    try:
        until(folder / "runs", '"record":"answer"', 20)
        yield rest
    finally:
        process.kill()
        process.wait()


def until(out: Path, what: str, times: int) -> None:
    """Waits until the one journal below `out` has this in it so many times."""
    deadline = time.monotonic() + 60
    while not any(path.read_text().count(what) >= times for path in out.glob("0001/*/journal.jsonl")):
        assert time.monotonic() < deadline, f"no {times} times {what} in the journal"
        time.sleep(0.01)


def test_a_box_that_vanishes_in_the_middle_is_an_error_and_the_journal_is_kept(served, tmp_path, request):
    process, path = served()
    held = os.open(path, os.O_RDWR | os.O_NOCTTY)  # or another box may get its number, and the run goes on with that
    request.addfinalizer(lambda: os.close(held))
    with in_the_middle(tmp_path, path) as rest:
        process.kill()
        says(rest(), 3, path)
    records = list(journal.read(next(tmp_path.glob("runs/0001/*/journal.jsonl"))))
    assert [record["record"] for record in records[-2:]] == ["error", "over"]
    assert sum(record["record"] == "answer" for record in records) >= 20


def test_a_stalled_box_ends_the_run_in_bounded_time(served, tmp_path):
    process, path = served()
    with in_the_middle(tmp_path, path) as rest:
        process.send_signal(signal.SIGSTOP)
        says(rest(), 3, path)


def test_a_production_build_is_not_judged(lockproof, served):
    _, path = served("--production")
    says(
        lockproof("run", "--box", path, *A_FEW),
        3,
        "no scenario was run: the box declares a production build, which refuses test commands",
    )


def test_a_box_of_another_profile_is_judged_by_what_it_declares(lockproof, served):
    _, path = served("--profile", "code_ends_with_its_day=yes", "--profile", "code_digits=7")
    says(lockproof("run", "--box", path), 0, "not-applicable", path)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("code_lif=3", "the profile has no code_lif; it has code_life"),
        ("code_life=long", "write code_life= and then a whole number (s)"),
        ("code_digits=6", "code_digits: 6 is not legal; digits of a code: 7 to 9 digits (code.digits)"),
    ],
)
def test_a_profile_that_is_not_legal_is_refused(lockproof, said, message):
    says(lockproof("box", "--profile", said), 2, message)


def test_the_store_of_another_program_is_refused(lockproof, tmp_path):
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE diary (entry TEXT)")
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"nonsense" * 100)
    for name in ("other.db", "broken.db"):
        says(lockproof("box", "--store", name), 3, name, "name a file that a box made, or a new one")


def test_a_killed_run_keeps_every_step_up_to_the_kill(tmp_path):
    command = [sys.executable, "-m", "lockproof.conformance.command", "run", "--box", "pty", "--out", str(tmp_path), *A_LONG_ONE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    path = tmp_path / "0001" / "pty" / "journal.jsonl"
    until(tmp_path, '"record":"answer"', 50)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    records = list(journal.read(path))
    answers = [i for i, record in enumerate(records) if record["record"] == "answer"]
    assert len(answers) >= 50
    sent = [r["record"] for r in records if r["record"] in {"command", "answer"}]
    assert sent[::2] == ["command"] * len(sent[::2])
    assert next(record for record in records if record["record"] != "bytes")["record"] == "run"


def test_a_box_that_keeps_a_store_outlives_its_process(lockproof, served, tmp_path):
    store = str(tmp_path / "box.db")
    process, path = served("--store", store)
    says(lockproof("run", "--box", path, *A_FEW), 0)
    process.kill()
    process.wait()
    _, again = served("--store", store)
    says(lockproof("run", "--box", again, *A_FEW), 0)


def test_a_tcp_port_that_is_taken_says_so(lockproof):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        says(lockproof("box", "--tcp", str(port)), 3, str(port))


def test_the_packaged_scenarios_are_files_that_people_can_open():
    assert all(suite.path_of(scenario).exists() for scenario in suite.written())
