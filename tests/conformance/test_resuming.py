"""A run that was stopped is gone on with: the same verdicts, and nothing that was decided is asked again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from lockproof.conformance import journal as journals
from lockproof.conformance import suite
from lockproof.conformance.asked import Asked
from lockproof.conformance.evidence import Evidence
from lockproof.conformance.judging import judge_again, judge_so_far
from lockproof.conformance.resuming import Earlier
from lockproof.conformance.run import OnProgress, run
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import BadInput
from lockproof.spec.profile import DEFAULT

KILLS = int(os.environ.get("LOCKPROOF_KILLS", "6"))
COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]
FEW = (
    "the-hour-is-over",
    "a-window-is-exact-to-the-second",
    "first-use-is-not-forgotten",
    "a-day-of-23-hours",
    "every-decision-is-one-entry",
)
CUT = "a-power-cut-forgets-the-nonce"  # for no time, so at the supply
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}


@pytest.fixture
def box(tmp_path):
    """Serves a box on a line that outlives whoever speaks to it; the arguments of `lockproof run` that reach it."""
    served = []

    def serve(*words: str) -> list[str]:
        link = tmp_path / "box"
        served.append(subprocess.Popen([*COMMAND, "box", "--quiet", "--link", str(link), *words], stdout=subprocess.DEVNULL))
        give_up = time.monotonic() + 60
        while not link.exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        return ["--box", str(link), "--seed", "again", "--brief", *(f"--scenario={name}" for name in FEW)]

    yield serve
    for process in served:
        process.kill()
        process.wait()


def lockproof(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=120, cwd=cwd, check=False)


def journal_of(folder: Path) -> Path:
    return next(iter(folder.glob("*/journal.jsonl")), folder / "none")


def verdicts(folder: Path) -> dict:
    (run,) = json.loads((folder / "report.json").read_text())["runs"]
    told = ("id", "verdict", "shown", "channels", "finding", "message", "cuts", "observed_by", "clock")
    return {
        "verdict": run["verdict"],
        "error": run["error"],
        "scenarios": [{name: each[name] for name in told} for each in run["scenarios"]],
        "clauses": run["clauses"],
    }


def has_grown(process: subprocess.Popen, folder: Path, size: float) -> bool:
    """Once its journal is so large; False if it came to its end before."""
    while process.poll() is None:
        journal = journal_of(folder)
        if journal.exists() and journal.stat().st_size >= size:
            return True
        time.sleep(0.001)
    return False


def kill_at(process: subprocess.Popen, folder: Path, size: float) -> bool:
    if not has_grown(process, folder, size):
        return False
    process.kill()
    process.communicate()
    return True


def killed_and_resumed(words: list[str], folder: Path, sizes: list[float]) -> int:
    """A run that is killed whenever its journal has reached one of these sizes. How often it was."""
    process, kills = subprocess.Popen([*COMMAND, "run", "--out", str(folder.parent), *words], **QUIET), 0
    for size in sizes:
        if not kill_at(process, folder, size):
            break
        kills += 1
        process = subprocess.Popen([*COMMAND, "resume", str(folder), "--brief"], **QUIET)
    _, errors = process.communicate(timeout=120)
    assert errors == ""
    return kills


def played(folder: Path) -> list[Counter[str]]:
    """How often each scenario was begun, in each part of the run."""
    parts = [Counter()]
    for record in journals.read(journal_of(folder)):
        if record["record"] == "resumed":
            parts.append(Counter())
        elif record["record"] == "scenario":
            parts[-1][record["id"]] += 1
    return parts


@pytest.mark.parametrize("fault", ["", "expires-one-second-late"])
def test_a_run_that_is_killed_again_and_again_comes_to_the_same(box, tmp_path, fault):
    words = box(*(["--fault", fault] if fault else []))
    whole = lockproof("run", *words, "--out", str(tmp_path / "whole"), cwd=tmp_path)
    assert whole.returncode == (1 if fault else 0)
    size = journal_of(tmp_path / "whole/0001").stat().st_size
    draw = random.Random(fault)
    kills, tries = 0, 0
    while kills < KILLS:
        tries += 1
        out = tmp_path / f"killed{tries}/0001"
        kills += killed_and_resumed(words, out, sorted(draw.uniform(0, 1.2 * size) for _ in range(min(6, KILLS - kills))))
        assert verdicts(out) == verdicts(tmp_path / "whole/0001")
        assert lockproof("judge", str(out), "--brief", cwd=tmp_path).stdout.splitlines()[-1].startswith("the same ")
        decided: set[str] = set()
        for part in played(out):
            assert not decided & set(part), "what was decided is not asked again"
            assert all(times == 1 for times in part.values())
            decided |= set(list(part)[:-1])


@pytest.fixture
def stopped(box, tmp_path):
    """A run that was killed in the middle, and the size of its journal then."""
    words = box()
    process = subprocess.Popen([*COMMAND, "run", *words], cwd=tmp_path, **QUIET)
    assert kill_at(process, tmp_path / "runs/0001", 40_000)
    return tmp_path / "runs/0001"


def test_it_says_how_far_it_is_and_from_any_folder(stopped, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    so_far = judge_so_far(journal_of(stopped))
    decided = len(so_far.scenarios) - 1
    assert decided > 0
    again = lockproof("resume", "../runs/0001", "--brief", cwd=tmp_path / "elsewhere")
    assert (again.returncode, again.stderr) == (0, "")
    assert f"    going on: {decided} of 7 are decided\n" in again.stdout
    assert "7 pass" in again.stdout.splitlines()[-1]
    hellos = [each["hello"]["identity"] for each in journals.read(journal_of(stopped)) if "hello" in each]
    assert hellos[0] == "unprovisioned" != hellos[1], "provisioned, it calls itself otherwise"
    assert json.loads((stopped / "report.json").read_text())["runs"][0]["identity"] == "unprovisioned"
    assert list(Evidence.of(stopped).against_the_report()) == [], "so that it can be certified"
    size = journal_of(stopped).stat().st_size
    over = lockproof("resume", "runs/0001", "--brief", cwd=tmp_path)
    assert (over.returncode, over.stderr) == (0, "")
    assert "    going on: 7 of 7 are decided\n" in over.stdout
    asked = [each["record"] for each in journals.read(journal_of(stopped))][-40:]
    assert asked[-1] == "over"
    assert "scenario" not in asked[asked.index("over") :]
    assert journal_of(stopped).stat().st_size > size, "that it was asked for is on record, too"


def test_a_run_that_was_signed_is_not_gone_on_with(tmp_path):
    lockproof("run", "--box=reference", "--suite=none", "--brief", cwd=tmp_path)
    before = journal_of(tmp_path / "runs/0001").read_bytes()
    (tmp_path / "runs/0001/statement.json").write_text("{}")
    again = lockproof("resume", "runs/0001", cwd=tmp_path)
    told = "this run was signed, and would not be the one that was any more; begin a new run"
    assert (again.returncode, again.stderr) == (2, f"{tmp_path}/runs/0001/statement.json: {told}\n")
    assert journal_of(tmp_path / "runs/0001").read_bytes() == before


def test_ctrl_c_says_how_to_go_on(box, tmp_path):
    process = subprocess.Popen([*COMMAND, "run", *box()], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert has_grown(process, tmp_path / "runs/0001", 1)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (3, "")
    assert out.splitlines()[-1] == "to go on with it: lockproof resume runs/0001"
    again = lockproof("resume", "runs/0001", "--brief", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert "to go on" not in again.stdout
    assert verdicts(tmp_path / "runs/0001")["verdict"] == "pass"


class StopsAtHello(ReferenceBox):
    def hello(self):
        raise KeyboardInterrupt


class StopsAtTheBeginning(OnProgress):
    def begins(self, *_args):
        raise KeyboardInterrupt


@pytest.mark.parametrize(("make", "progress"), [(StopsAtHello, None), (ReferenceBox, StopsAtTheBeginning())])
def test_going_on_with_a_run_that_is_over_can_be_stopped_and_changes_nothing(tmp_path, make, progress):
    """As SIGTERM does it, before the box has said a word, and after it."""

    def going_on(make=ReferenceBox, **options):
        box = Target("in-process", reference=False, time=VirtualTime(), make=make)
        scenarios = suite.select(suite.packaged(), ["the-hour-is-over"])
        return run(box, scenarios, tmp_path, seed="over", rehearse=False, **options)

    begun = going_on()
    assert begun.verdict is Verdict.PASS
    for make_now, progress_now in ((make, progress), (ReferenceBox, None)):
        again = going_on(make_now, progress=progress_now, earlier=Earlier.of(tmp_path / "journal.jsonl"))
        judged = judge_again(tmp_path / "journal.jsonl")
        for result in (again, judged):
            assert (result.verdict, result.stopped, result.error) == (Verdict.PASS, False, "")
            assert [(each.id, each.verdict) for each in result.scenarios] == [(each.id, each.verdict) for each in begun.scenarios]


def test_one_that_is_not_over_is_stopped(tmp_path):
    box = Target("in-process", reference=False, time=VirtualTime(), make=ReferenceBox)
    scenarios = suite.select(suite.packaged(), ["the-hour-is-over"])
    begun = run(box, scenarios, tmp_path, StopsAtTheBeginning(), seed="over", rehearse=False)
    assert (begun.stopped, begun.verdict) == (True, Verdict.ERROR)
    again = run(
        box,
        scenarios,
        tmp_path,
        StopsAtTheBeginning(),
        seed="over",
        rehearse=False,
        earlier=Earlier.of(tmp_path / "journal.jsonl"),
    )
    assert (again.stopped, again.verdict) == (True, Verdict.ERROR)


def test_another_box_is_refused_and_nothing_is_lost(stopped, tmp_path):
    decided = [(each.id, each.verdict) for each in judge_so_far(journal_of(stopped)).scenarios[:-1]]
    was = (tmp_path / "box").resolve()
    (tmp_path / "box").unlink()
    link = tmp_path / "box"
    other = subprocess.Popen(
        [*COMMAND, "box", "--quiet", "--link", str(link), "--profile", "clock_skew=2"], stdout=subprocess.DEVNULL
    )
    with contextlib.ExitStack() as ends:
        ends.callback(other.wait)
        ends.callback(other.kill)
        give_up = time.monotonic() + 60
        while not link.exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        assert link.resolve() != was
        again = lockproof("resume", "runs/0001", "--brief", cwd=tmp_path)
    assert again.returncode == 3
    other = f"this run began with another box: its clock_skew was {DEFAULT.clock_skew}, this one's is 2; connect the box that it began"
    assert other in again.stdout
    told = [(each["id"], each["verdict"]) for each in verdicts(stopped)["scenarios"]]
    assert told[: len(decided)] == decided
    assert {verdict for _, verdict in told[len(decided) :]} <= {"error", "not-applicable"}


def test_whatever_is_another_than_the_run_began_with_is_refused(stopped, tmp_path, unchained, rechain):
    lines = unchained(journal_of(stopped))
    at = next(number for number, line in enumerate(lines) if '"record":"run"' in line)
    for name, told in (
        ("suite", "a scenario"),
        ("kit", "this lockproof"),
        ("target", "what it is to judge"),
        ("codes", "the file of codes"),
        ("bench", "the box's part of the bench file"),
        ("pics", "the declaration"),
        ("today", "the date of today"),
        ("seed", "the seed"),
        ("clock", "how its clock is dealt with"),
        ("wait", "the longest wait"),
    ):
        head = json.loads(lines[at])
        head[name] = {**head.get(name, {}), "judge": "00"} if name in {"kit", "bench", "pics"} else "00"
        if name == "pics":
            head[name] |= {"file": "", "sha256": "", "text": ""}
        if name == "wait":
            head[name] = 7
        before = rechain(journal_of(stopped), [*lines[:at], json.dumps(head), *lines[at + 1 :]]).read_bytes()
        again = lockproof("resume", "runs/0001", cwd=tmp_path)
        assert (again.returncode, again.stderr) == (
            2,
            f"{told} is not what the run began with; put it back, or begin a new run\n",
        )
        after = journal_of(stopped).read_bytes()
        assert after.startswith(before)
        assert all(line.startswith(b'{"record":"bytes"') for line in after.removeprefix(before).splitlines()), (
            "of its hello, no more"
        )


def test_what_a_refused_try_leaves_is_gone_on_with(stopped, tmp_path):
    """What was being played is still played anew, as it would have been without it."""
    (broken_off,) = [each.id for each in judge_so_far(journal_of(stopped)).scenarios[-1:]]
    asked = json.loads((stopped / "asked.json").read_text())
    (stopped / "asked.json").write_text(json.dumps({**asked, "seed": "another"}))
    assert lockproof("resume", "runs/0001", cwd=tmp_path).returncode == 2
    (stopped / "asked.json").write_text(json.dumps(asked))
    again = lockproof("resume", "runs/0001", "--brief", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert played(stopped)[-1][broken_off] == 1
    assert "7 pass" in again.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "No such file or directory; name the folder of a run, such as runs/0001"),
        ("{", "not what a run was asked for; the file was changed or damaged"),
        ('{"format": "lockproof-asked/2"}', "not in the format lockproof-asked/1; the file was changed, or is another version's"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, text, told):
    (tmp_path / "run").mkdir()
    if text is not None:
        (tmp_path / "run/asked.json").write_text(text)
    again = lockproof("resume", "run", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"{tmp_path}/run/asked.json: {told}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 7),
        ("boxes", "pty"),
        ("boxes", [1]),
        ("longest_wait", "1h"),
        ("one_at_a_time", 1),
        ("suite", None),
        ("cwd", "\0"),
        ("files", ["\ud800"]),
    ],
)
def test_what_was_asked_for_is_looked_at_before_it_is_done(tmp_path, name, value):
    Asked(today="2027-03-02", seed="s").write(tmp_path)
    path = tmp_path / "asked.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    shown = repr(tuple(value) if isinstance(value, list) else value)
    with pytest.raises(BadInput, match=re.escape(f"{path}: {name} is {shown}; the file was changed or damaged")):
        Asked.read(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system refuses such names")
def test_a_folder_whose_name_is_no_text_is_as_good_as_another(tmp_path):
    place = tmp_path / os.fsdecode(b"\xff")
    place.mkdir()
    ran = lockproof("run", "--box=reference", "--suite=none", "--brief", f"--out={place}", cwd=place)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {"asked.json", "report.json", "report.html", "junit.xml"} <= {path.name for path in (place / "0001").iterdir()}
    again = lockproof("judge", str(place / "0001"), "--brief", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[-1].startswith("the same ")
    assert lockproof("resume", str(place / "0001"), cwd=tmp_path).returncode == 0


def test_a_run_that_was_killed_before_the_box_said_a_word_begins(box, tmp_path):
    lockproof("run", *box(), cwd=tmp_path)
    shutil.copytree(tmp_path / "runs/0001", tmp_path / "runs/0002")
    (journal_of(tmp_path / "runs/0002")).write_bytes(b'{"record":"by')
    again = lockproof("resume", "runs/0002", "--brief", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert verdicts(tmp_path / "runs/0002") == verdicts(tmp_path / "runs/0001")


def test_a_box_without_power_is_given_it_back(tmp_path):
    """Killed while the bench had the supply off, which nobody but the journal knows."""
    (tmp_path / "switch").write_text(
        "#!/bin/sh\necho $1 >> said\ncase $1 in off) rm -f power; if test -e hang; then exec sleep 60; fi;; on) touch power;; esac\n"
    )
    (tmp_path / "switch").chmod(0o755)
    (tmp_path / "bench.toml").write_text(
        '[[box]]\nname = "A1"\nserial = "./box"\n'
        '[box.power]\noff = "./switch off"\non = "./switch on"\nminimum_off = 0.05\ntimeout = 100\n'
    )
    for name in ("power", "hang"):
        (tmp_path / name).touch()
    words = ["box", "--quiet", "--link", "box", "--supply", "power", "--store", "store", "--profile", "holdover=3600"]
    process = subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 60
        while not (tmp_path / "box").exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        run = subprocess.Popen([*COMMAND, "run", "--bench", "bench.toml", "--brief", "--scenario", CUT], cwd=tmp_path, **QUIET)
        while not (tmp_path / "said").exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        run.kill()
        run.communicate()
        (tmp_path / "hang").unlink()
        again = lockproof("resume", "runs/0001", "--brief", cwd=tmp_path)
    finally:
        process.kill()
        process.wait()
    assert (again.returncode, again.stderr) == (0, "")
    assert (tmp_path / "said").read_text().split()[:3] == ["off", "off", "on"]
    assert verdicts(tmp_path / "runs/0001")["verdict"] == "pass"


def test_judge_says_what_is_another_verdict_than_the_run_gave(box, tmp_path):
    lockproof("run", *box(), cwd=tmp_path)
    same = lockproof("judge", "runs/0001", cwd=tmp_path)
    assert (same.returncode, same.stderr) == (0, "")
    report = tmp_path / "runs/0001/report.json"
    told = json.loads(report.read_text())
    number = 1 + len(told["runs"][0]["scenarios"]) + len(told["runs"][0]["clauses"])
    assert same.stdout.splitlines()[-1] == f"the same {number} verdicts as the run itself gave"
    told["runs"][0]["scenarios"][2]["verdict"] = "inconclusive"
    report.write_text(json.dumps(told))
    other = lockproof("judge", "runs/0001", cwd=tmp_path)
    name = told["runs"][0]["scenarios"][2]["id"]
    assert other.returncode == 3
    assert other.stdout.splitlines()[-2:] == [
        f"    better          scenario {name}: inconclusive then, pass now",
        "    1 better",
    ]
    assert "   hold   " not in same.stdout.splitlines()[-2], "it is said in a run's own words how its clock was dealt with"
    report.unlink()
    alone = lockproof("judge", "runs/0001", cwd=tmp_path)
    assert (alone.returncode, alone.stdout.splitlines()[-1]) == (0, "the run has left no report.json to compare with")
