"""The plugin of pytest, in a pytest of its own: it says what the command says, and is never green where the command is not."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

JSON_BOX = Path(__file__).parents[1] / "hw_adapter" / "json_box.py"
HOUR, WINDOW, WRONG = "the-hour-is-over", "a-window-lasts-to-its-last-second", "wrong-digits-are-refused"
CONTROLS = ["vital-signs-of-the-app", "vital-signs"]
OF_ONE_RUN = {"seconds", "began", "journal", "link", "measured"}
"""What differs from one run to the next."""
DYING = f"""
import subprocess, sys
box = subprocess.Popen([{sys.executable!r}, {str(JSON_BOX)!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for number, line in enumerate(sys.stdin.buffer):
    if number == 70:
        box.kill()
        sys.exit(3)
    box.stdin.write(line)
    box.stdin.flush()
    sys.stdout.buffer.write(box.stdout.readline())
    sys.stdout.buffer.flush()
"""
OWN_TEST = """
def test_it_says_hello(lockproof_box):
    assert lockproof_box.hello().identity == "unprovisioned"
"""


@pytest.fixture
def judged(pytester):
    """A pytest of its own with these options of the plugin and these words; how it ended."""

    def run(*words, **options):
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options_of("--lockproof-", options), *words, timeout=120)

    return run


def options_of(prefix, options):
    return [
        f"{prefix}{name}={each}" for name, given in options.items() for each in (given if isinstance(given, list) else [given])
    ]


def found(folder):
    """What a run has found, without what differs from one to the next."""

    def same(value):
        if isinstance(value, dict):
            return {name: same(each) for name, each in value.items() if name not in OF_ONE_RUN}
        return [same(each) for each in value] if isinstance(value, list) else value

    (run,) = json.loads((folder / "report.json").read_text())["runs"]
    return same({**run, "clock": ""})  # where it ran, what was measured of it


def outcomes(result):
    return {name: count for name, count in result.parseoutcomes().items() if name != "deselected"}


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ({"box": "reference", "scenario": [HOUR, WINDOW]}, 0, {"passed": 4}),
        ({"box": "pty", "scenario": HOUR}, 0, {"passed": 3}),
        ({"box": "fault:reentry-restarts-the-hour", "scenario": [HOUR, WINDOW]}, 1, {"passed": 3, "failed": 1}),
        ({"box": "pty:expires-one-second-late", "scenario": HOUR}, 1, {"passed": 2, "failed": 1}),
        (
            {"box": "pty", "scenario": [HOUR, WRONG], "clock": "wall-clock", "wait": "0s"},
            4,
            {"passed": 1, "skipped": 3, "run": 1},
        ),
        ({"box": f"program:'{sys.executable}' dying.py", "scenario": [HOUR, WINDOW]}, 3, {"passed": 2, "errors": 2}),
    ],
    ids=["reference", "pty", "faulty", "faulty on a pty", "left out", "disappears"],
)
def test_plugin_and_command_say_the_same(judged, lockproof, pytester, tmp_path, options, code, told):
    for folder in (tmp_path, pytester.path):
        (folder / "dying.py").write_text(DYING)
    command = lockproof("run", *options_of("--", {**options, "seed": "7"}))
    assert command.returncode == code, command.stdout + command.stderr
    result = judged(**options, seed="7")
    assert result.ret == (1 if code else 0)
    assert outcomes(result) == told
    assert f"lockproof run would have ended with exit code {code}" in result.outlines
    ours = pytester.path / "runs" / "0001"
    assert found(ours) == found(tmp_path / "runs" / "0001")
    assert {each.name for each in ours.iterdir() if each.is_file()} == {"asked.json", "report.json", "junit.xml", "report.html"}
    again = subprocess.run(
        [sys.executable, "-m", "lockproof.conformance.command", "judge", str(ours)], capture_output=True, text=True, check=False
    )
    assert again.returncode == code, again.stdout


def test_a_failure_is_told_in_the_words_of_the_command(judged, lockproof):
    options = {"box": "fault:reentry-restarts-the-hour", "scenario": HOUR, "seed": "7"}
    command = lockproof("run", *options_of("--", options)).stdout
    failure = command[command.index("FAIL  ") : command.index("\n\n")].splitlines()
    assert failure[0].startswith("FAIL  code.expiry.after-first-use, code.expiry.not-extended        the-hour-is-over, step 4")
    assert failure[-2] == "      again: lockproof replay runs/0001 --scenario the-hour-is-over"
    told = judged(**options).outlines
    at = told.index(failure[0].rstrip())
    assert told[at : at + len(failure)] == [line.rstrip() for line in failure]
    assert "lockproof::the-hour-is-over" in "".join(told)


def test_what_is_left_out_is_skipped_with_the_reason_and_the_session_is_not_green(judged):
    told = judged("-rs", box="pty", scenario=HOUR, clock="wall-clock", wait="0s").outlines
    skipped = [line.partition(": ")[2] for line in told if line.startswith("SKIPPED")]
    assert skipped == [
        "not exercised: its clock would have to run for 1h: allow that with --wait 1h",
        "not exercised: its clock would have to run for 1d6h19m51s: allow that with --wait 1d6h19m51s",
    ]
    assert "inconclusive  code.expiry.after-first-use: the-hour-is-over was not exercised" in "\n".join(told)
    assert ", 1 run inconclusive in " in told[-1]


SILENT = f"""
import json, subprocess, sys
box = subprocess.Popen([{sys.executable!r}, {str(JSON_BOX)!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for line in sys.stdin:
    box.stdin.write(line)
    box.stdin.flush()
    answer = box.stdout.readline()
    asked = json.loads(line)
    if asked["command"] == "present":
        answer = json.dumps({{"id": asked["id"], "error": {{"kind": "no-answer", "message": "the box was silent"}}}}) + "\\n"
    print(answer, end="", flush=True)
"""


def test_a_scenario_that_decides_nothing_is_inconclusive_and_the_session_fails(judged, pytester):
    (pytester.path / "silent.py").write_text(SILENT)
    result = judged("-v", box=f"program:'{sys.executable}' silent.py", scenario=WINDOW)
    assert result.ret == 1
    (line,) = [line for line in result.outlines if line.startswith(f"lockproof::{WINDOW}")]
    assert line.split()[1] == "INCONCLUSIVE"
    assert [each["verdict"] for each in found(pytester.path / "runs/0001")["scenarios"]][-1] == "inconclusive"
    assert "FAILURES" not in "".join(result.outlines)


def test_ctrl_c_ends_it_with_the_reports_written(pytester):
    options = options_of("--lockproof-", {"box": "pty", "suite": "written"})
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options], cwd=pytester.path, stdout=subprocess.PIPE, text=True
    )
    try:
        journal = pytester.path / "runs/0001/pty/journal.jsonl"
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up and not (journal.exists() and journal.read_text().count('"record":"scenario"') > 3):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    run = found(pytester.path / "runs/0001")
    assert (run["stopped"], run["error"]) == (True, "stopped by Ctrl-C; what was done is kept")
    verdicts = [each["verdict"] for each in run["scenarios"] if each["verdict"] != "not-applicable"]
    assert (verdicts[:3], verdicts[-2:]) == (["pass"] * 3, ["error", "error"])
    assert "lockproof run would have ended with exit code 3" in told


def test_a_chosen_subset_is_played_with_its_controls_and_says_so(judged, pytester):
    result = judged("-k", HOUR, box="reference", suite="written", seed="7")
    assert (result.ret, outcomes(result)) == (0, {"passed": 1})
    asked = json.loads((pytester.path / "runs/0001/asked.json").read_text())
    assert asked["scenarios"] == [HOUR]
    run = found(pytester.path / "runs/0001")
    assert [each["id"] for each in run["scenarios"]] == [*CONTROLS, HOUR]
    told = "\n".join(result.outlines)
    assert f"a chosen subset: 1 of 227 scenarios, and beside them {', '.join(CONTROLS)}" in told
    assert "not certifiable: only 3 of the 595 packaged scenarios are chosen" in told


def test_a_control_that_has_no_test_and_fails_is_told_and_the_session_fails(judged):
    result = judged("-k", "a-window-is-exact-to-the-second", box="fault:forged-tickets-are-logged", suite="written")
    assert (result.ret, outcomes(result)) == (1, {"passed": 1, "run": 1})
    told = "\n".join(result.outlines)
    assert "FAIL  box.log        vital-signs-of-the-app, step 15" in told
    assert ", 1 run fail in " in result.outlines[-1].replace(" 208 deselected,", "")


def test_where_everything_is_deselected_the_session_fails(judged, pytester):
    pytester.makepyfile(OWN_TEST)
    result = judged("-m", "not lockproof", box="reference")
    assert (result.ret, outcomes(result)) == (1, {"passed": 1, "run": 1})
    assert "no scenario was run; nothing can be said of this box" in result.outlines
    assert not (pytester.path / "runs").exists()


def test_what_x_stops_is_told_as_not_played_and_can_be_gone_on_with(judged, lockproof, pytester):
    options = {"box": "fault:reentry-restarts-the-hour", "scenario": [HOUR, WINDOW], "seed": "7"}
    result = judged("-x", **options)
    assert (result.ret, outcomes(result)) == (1, {"passed": 2, "failed": 1})
    run = found(pytester.path / "runs/0001")
    assert [each["verdict"] for each in run["scenarios"]] == ["pass", "pass", "fail", "error"]
    assert run["scenarios"][3]["message"].startswith("not played: pytest ended the run before every scenario was played")
    assert "to go on with it: lockproof resume runs/0001" in result.outlines
    resumed = lockproof("resume", str(pytester.path / "runs/0001"))
    assert (resumed.returncode, "3 pass, 1 fail in" in resumed.stdout) == (1, True), resumed.stdout + resumed.stderr


def test_scenarios_are_played_in_their_order_whatever_pytest_makes_of_it(judged, pytester):
    """Own tests first, so that the box is free again; then the controls and the others, as the suite has them."""
    pytester.makeconftest("def pytest_collection_modifyitems(items):\n    items.reverse()\n")
    pytester.makepyfile(OWN_TEST)
    result = judged("-v", box="pty", scenario=[WINDOW, HOUR])
    told = [line.partition(" ")[0] for line in result.outlines if " PASSED " in line]
    assert told[0].endswith("::test_it_says_hello")
    assert told[1:] == [f"lockproof::{name}" for name in (*CONTROLS, HOUR, WINDOW)]


def test_other_plugins_look_at_what_every_test_of_theirs_has(judged, pytester):
    """As labgrid's does, at each test that begins."""
    pytester.makeconftest("def pytest_runtest_setup(item):\n    assert 'strategy' not in item.fixturenames\n")
    result = judged(box="reference", scenario=HOUR)
    assert (result.ret, outcomes(result)) == (0, {"passed": 3})


def test_a_test_of_ones_own_has_the_box_that_a_fixture_names(pytester):
    pytester.makeconftest('import pytest\n\n@pytest.fixture(scope="session")\ndef lockproof_url():\n    return "pty"\n')
    pytester.makepyfile(OWN_TEST)
    result = pytester.runpytest_subprocess()
    assert (result.ret, outcomes(result)) == (0, {"passed": 1})
    assert "lockproof run" not in "\n".join(result.outlines)


def test_a_test_that_wants_a_box_and_has_none_is_an_error(pytester):
    pytester.makepyfile(OWN_TEST)
    result = pytester.runpytest_subprocess()
    assert (result.ret, outcomes(result)) == (1, {"errors": 1})
    assert "no box is named: give --lockproof-box, or a fixture lockproof_url of your own" in "\n".join(result.outlines)


def test_collecting_touches_no_box_and_keeps_no_run(judged, pytester):
    result = judged("--collect-only", "-q", box="/dev/no-such-port", scenario=HOUR)
    assert result.ret == 0
    assert result.outlines[:3] == [f"lockproof::{name}" for name in (*CONTROLS, HOUR)]
    assert not (pytester.path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        ((), {"suite": "written"}, "nothing is judged: name the box with --lockproof-box, too"),
        ((), {"box": "reference", "scenario": "the-hour-is-ova"}, "no scenario is called the-hour-is-ova"),
        ((), {"box": "reference", "suite": "some"}, "--suite some: write written, synthesized, all or none"),
        ((), {"box": "reference", "clock": "stop"}, "--clock stop: write hold, advance, wall-clock"),
        ((), {"box": "reference", "wait": "soon"}, "--wait: "),
        ((), {"box": "fault:none-such"}, "none-such"),
        ((), {"box": "reference", "pics": "no.toml"}, "no.toml: "),
        ((), {"bench": "two.toml"}, "one box is judged at a time; name one of A1, A2 with --lockproof-box"),
        ((), {"bench": "two.toml", "box": "A2"}, "somebody at the terminal is asked what this box does: give -s"),
        (("-n", "2"), {"box": "reference"}, "one box can't be shared by the workers of pytest-xdist; give -n 0 (or -p no:xdist)"),
    ],
)
def test_options_that_cannot_be_used_are_refused_before_anything_is_collected(judged, pytester, words, options, message):
    boxes = ("A1", ""), ("A2", '[box.observation]\nby = "operator"\n')
    (pytester.path / "two.toml").write_text("".join(f'[[box]]\nname = "{n}"\nserial = "/dev/{n}"\n{more}' for n, more in boxes))
    result = judged(*words, **options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith("ERROR: lockproof: ")
    assert message in "\n".join(result.errlines)
    assert not (pytester.path / "runs").exists()


def test_a_box_that_contradicts_its_declaration_is_not_judged(judged, lockproof, pytester, tmp_path):
    lockproof("pics", "draft", "--box", "reference", "--out", "pics.toml")
    pics = (tmp_path / "pics.toml").read_text().replace("log_capacity = ", "log_capacity = 1")
    for folder in (tmp_path, pytester.path):
        (folder / "pics.toml").write_text(pics)
    command = lockproof("run", "--box", "reference", "--pics", "pics.toml", "--scenario", HOUR)
    assert command.returncode == 2, command.stdout + command.stderr
    result = judged(box="reference", pics="pics.toml", scenario=HOUR)
    assert (result.ret, outcomes(result)) == (1, {"failed": 3})
    assert "lockproof run would have ended with exit code 2" in result.outlines
    assert command.stderr.splitlines()[0] in "\n".join(result.outlines)


NOTHING_SLOW = """
import sys
before = set(sys.modules)
import lockproof.conformance.pytest_plugin
print(*sorted(name for name in set(sys.modules) - before if name.startswith("lockproof")))
"""


def test_without_its_options_it_imports_nothing_and_says_nothing(pytester):
    pytester.makepyfile("import sys\n\ndef test_it():\n    assert not [m for m in sys.modules if m in ('z3', 'typer', 'rich')]\n")
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest")
    assert (result.ret, outcomes(result)) == (0, {"passed": 1})
    assert "lockproof run" not in "\n".join(result.outlines)
    loaded = subprocess.run([sys.executable, "-c", "import pytest\n" + NOTHING_SLOW], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["lockproof", "lockproof.conformance", "lockproof.conformance.pytest_plugin"]
