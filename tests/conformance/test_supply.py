"""Power cuts at the supply: by real programs, on a real line, with a box that is served by a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lockproof.conformance.bench import Board, Power, Program, read
from lockproof.conformance.boards import between_scripts
from lockproof.conformance.judging import judge_again
from lockproof.conformance.report import summary
from lockproof.conformance.run import run
from lockproof.conformance.supply import supplied
from lockproof.conformance.targets import PARENT_PIPE, target
from lockproof.conformance.verdict import RunResult, Verdict
from lockproof.hw_adapter.adapter import NotCut, SerialBox
from lockproof.hw_adapter.device import Device
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import CutClass, PowerCut

COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "bench"
OFF, ON = "rm power", "touch power"
CUTS = """
    id: a-scenario
    clauses: [code.expiry.after-first-use]
    story: A code opens until its hour is over, whatever the power does.
    steps:
      - generate: {by: joe, day: tomorrow, as: anns-code}
        authority: accepts
      - {at: tomorrow 14:19:51, enter: anns-code, box: opens}
      - cut: {}
      - cut: {off: 5s}
      - {after: 59m54s, enter: anns-code, box: opens}
      - {after: 1s, enter: anns-code, box: refuses, because: code.expiry.after-first-use, shows: code.expiry.after-first-use}
"""


@pytest.fixture
def cuts(scenario_of):
    return scenario_of(CUTS)


@pytest.fixture
def serve(tmp_path):
    """Serves a box in the folder of the test: at a link of this name, with power while the file `power` is there."""
    started = []

    def start(link: str = "box", *words: str) -> subprocess.Popen[bytes]:
        (tmp_path / "power").touch()
        command = [*COMMAND, "box", "--quiet", "--link", link, "--supply", "power", "--shackle", "shackle", *words]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, PARENT_PIPE: "1"}
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == f"{link}\n".encode()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def judged(tmp_path) -> Callable[..., RunResult]:
    """Judges the box at the link in a bench file whose programs are these."""

    def judge(scenarios, off: str = OFF, on: str = ON, more: str = "", minimum_off: float = 0.05) -> RunResult:
        bench = tmp_path / "bench.toml"
        bench.write_text(
            f'[[box]]\nname = "A1"\nserial = "{tmp_path}/box"\n{more}\n'
            f'[box.power]\noff = "{off}"\non = "{on}"\nminimum_off = {minimum_off}\ntimeout = 5\n'
        )
        (tmp_path / "run").mkdir()
        return run(target("A1", read(bench)), scenarios, tmp_path / "run")

    return judge


def records(tmp_path: Path, kind: str) -> list[dict]:
    lines = (tmp_path / "run" / "journal.jsonl").read_text().splitlines()
    return [each for each in map(json.loads, lines) if each["record"] == kind]


def test_a_cut_of_no_time_is_made_at_the_supply_and_a_longer_one_by_the_box(serve, judged, cuts, tmp_path):
    serve()
    script = tmp_path / "switch"
    script.write_text('#!/bin/sh\necho "$LOCKPROOF_BOX $1" >> said\ncase $1 in on) touch power;; off) rm power;; esac\n')
    script.chmod(0o755)
    result = judged([cuts], off="./switch off", on="./switch on")
    assert (result.error, result.verdict) == ("", Verdict.PASS)
    assert (tmp_path / "said").read_text() == "A1 off\nA1 on\n"
    sent = [each["arguments"] for each in records(tmp_path, "command") if each["name"] == "cut_power"]
    assert sent == [{"cut": "supply", "off_for": 0, "nth": 0}, {"cut": "reset", "off_for": 5, "nth": 0}]
    assert result.scenarios[0].cuts == ("supply", "reset")
    assert "   openings self-reported, power cuts: 1 reset, 1 supply   " in summary(result)
    shown = {each.id: each.cuts for each in result.clauses if each.verdict is Verdict.PASS}
    assert shown == {"code.expiry.after-first-use": ("reset", "supply")}
    again = judge_again(tmp_path / "run" / "journal.jsonl")
    assert again.scenarios[0].cuts == ("supply", "reset")
    assert again.bench == result.bench == records(tmp_path, "run")[0]["bench"]
    assert result.bench["supply"] == {"minimum_off": 0.05}


def test_a_box_that_may_forget_the_time_meanwhile_cuts_itself(serve, judged, cuts):
    """It declares that its clock runs without power for ten seconds, and the programs may take as long as that and more."""
    serve("box", "--profile", "holdover=10")
    result = judged([cuts])
    assert (result.error, result.verdict, result.scenarios[0].cuts) == ("", Verdict.PASS, ("reset", "reset"))


def test_without_a_power_command_the_box_cuts_itself(serve, cuts, tmp_path):
    serve()
    result = run(target(f"{tmp_path}/box"), [cuts])
    assert (result.verdict, result.scenarios[0].cuts, result.bench) == (Verdict.PASS, ("reset", "reset"), {})


def test_scripts_run_in_the_folder_of_the_file_before_the_box_is_reached_and_when_all_is_over(serve, judged, cuts, tmp_path):
    serve("elsewhere")
    scripts = 'pre_script = ["sh", "-c", "ln -s elsewhere box; echo $LOCKPROOF_BOX began >> said"]\npost_script = "rm box"'
    result = judged([cuts], more=scripts)
    assert (result.error, result.verdict) == ("", Verdict.PASS)
    assert (tmp_path / "said").read_text() == "A1 began\n"
    assert not os.path.lexists(tmp_path / "box")


def test_a_script_that_fails_is_told_and_the_other_one_runs_nevertheless(judged, cuts, tmp_path):
    scripts = 'pre_script = ["sh", "-c", "echo no board here; exit 4"]\npost_script = "touch over"'
    result = judged([cuts], more=scripts)
    assert result.exit_code == 3
    assert f"{tmp_path}/bench.toml:4: " in result.error
    assert "ended with status 4" in result.error
    assert "it says: no board here" in result.error
    assert (tmp_path / "over").exists()


def test_a_second_run_of_a_box_is_refused_before_it_runs_a_script(serve, judged, cuts, tmp_path):
    """It would cut the power under the first one. Another box of the same file is nobody else's business."""
    serve()
    first = Board("A1", "first.toml:1", serial=f"{tmp_path}/box")
    with between_scripts(first):
        second = judged([cuts], more='pre_script = "touch began"\npost_script = "touch over"')
        with between_scripts(Board("A2", "first.toml:5", serial=f"{tmp_path}/other-box")):
            pass
    assert (second.exit_code, second.scenarios) == (3, [])
    assert second.error == (
        f"{tmp_path}/bench.toml:1: another run on this machine has box A1: wait for its end, or end it; nothing was done here"
    )
    assert not (tmp_path / "began").exists()
    assert not (tmp_path / "over").exists()
    with between_scripts(first):
        pass


def test_a_box_is_free_again_whatever_ended_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    board = Board("A1", "bench.toml:1", id="FT1")
    with pytest.raises(KeyboardInterrupt), between_scripts(board):
        raise KeyboardInterrupt
    with between_scripts(board):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_port_beside_the_file_is_found_from_anywhere(serve, cuts, tmp_path):
    serve()
    bench = tmp_path / "bench.toml"
    bench.write_text('[[box]]\nname = "A1"\nserial = "./box"\n')
    assert read(bench).board("A1").serial == f"{tmp_path}/box"
    assert run(target("A1", read(bench)), [cuts]).verdict is Verdict.PASS


def test_a_box_that_forgets_when_its_supply_goes_is_caught(serve, judged, cuts):
    serve("box", "--fault", "cut-restarts-the-hour")
    result = judged([cuts])
    (scenario,) = result.scenarios
    assert (scenario.verdict, scenario.cuts) == (Verdict.FAIL, ("supply", "reset"))
    assert scenario.finding is not None
    assert scenario.finding.step == 6
    assert scenario.finding.clauses[0] == "code.expiry.after-first-use"


def test_a_program_that_switches_nothing_proves_no_cut_and_fails_no_box(serve, judged, cuts, tmp_path):
    serve()
    result = judged([cuts], off="true", on="true")
    (scenario,) = result.scenarios
    assert scenario.verdict is Verdict.ERROR
    assert f"{tmp_path}/box: the supply was switched off for 0.05 s, and the session is still" in scenario.message
    assert "the box did not lose power" in scenario.message
    assert Verdict.FAIL not in {each.verdict for each in result.clauses}


class Line:
    """A channel to a box in this process."""

    def __init__(self, device: Device) -> None:
        self.device, self.coming = device, b""

    def send(self, data: bytes) -> None:
        self.coming += self.device.feed(data)

    def receive(self, _: float) -> bytes:
        coming, self.coming = self.coming, b""
        return coming

    def close(self) -> None:
        pass


@pytest.mark.parametrize("openings", [0, 1, 2, 9])
def test_a_boot_of_a_box_that_boots_whenever_its_line_is_opened_is_no_cut(tmp_path, openings):
    """With one opening it has just been switched on; after that it stays up, and the programs switch nothing."""
    devices = [Device(ReferenceBox(":memory:")) for _ in range(openings + 1)]

    def opened() -> SerialBox:
        if len(devices) > 1:
            del devices[0]
        box = SerialBox(Line(devices[0]), "box")
        box.hello()
        return box

    nothing = Program(("true",), tmp_path, "bench.toml:1")
    with supplied(opened, Power(nothing, nothing, 0.0), "A1") as box, pytest.raises(NotCut) as told:
        box.cut_power(PowerCut(CutClass.SUPPLY))
    boots = str(told.value).startswith("box: the box boots whenever its line is opened")
    assert boots == (openings > 2)


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ("sh -c 'echo no relay; exit 3'", "no relay; exit 3': ended with status 3; try it by hand in"),
        ("sleep 60", "sleep 60: did not end within 5 s; try it by hand in"),
    ],
)
def test_a_program_that_goes_wrong_is_an_error_of_the_bench(serve, judged, cuts, tmp_path, off, said):
    serve()
    result = judged([cuts], off=off, on="touch switched-on")
    (scenario,) = result.scenarios
    assert scenario.verdict is Verdict.ERROR
    assert scenario.message.startswith(f"{tmp_path}/bench.toml:6: ")
    assert said in scenario.message
    assert (tmp_path / "switched-on").exists(), "a box is not left without power"


def test_a_box_that_does_not_come_back(serve, judged, cuts, tmp_path):
    serve()
    result = judged([cuts], on="true")
    (scenario,) = result.scenarios
    assert scenario.verdict is Verdict.ERROR
    assert scenario.message.startswith("power is back, and the box is not, 5.02 s later: ")
    assert result.error.startswith(f"{tmp_path}/box: nothing answers")


def test_another_box_after_the_cut_is_noticed(serve, judged, cuts):
    serve()
    serve("other")
    result = judged([cuts], on="sh -c 'touch power; ln -sf other box'")
    (scenario,) = result.scenarios
    assert scenario.verdict is Verdict.ERROR
    assert "A1: another board is there since the line came back: identity unprovisioned, and it was " in scenario.message


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ('firmware = "2.3.1"', "firmware lockproof reference 0.1.0, and 2.3.1 is expected"),
        ('identity = "door 17"', "identity unprovisioned, and door 17 is expected"),
    ],
)
def test_the_wrong_box_on_the_port_is_noticed_before_anything_runs(serve, judged, cuts, tmp_path, field, said):
    serve()
    result = judged([cuts], more=field)
    assert result.verdict is Verdict.ERROR
    assert result.error == (
        f"{tmp_path}/bench.toml:1: box A1: a wrong board is on the port: {said}; connect the right one, or correct what is expected"
    )
    assert result.exit_code == 3
    assert [each["record"] for each in records(tmp_path, "command")] == []


def test_the_right_box_is_judged(serve, judged, cuts):
    serve()
    assert judged([cuts], more='firmware = "lockproof reference 0.1.0"\nidentity = "unprovisioned"').verdict is Verdict.PASS


def test_ctrl_c_while_the_power_is_off_switches_it_on_again(serve, tmp_path):
    serve()
    (tmp_path / "bench.toml").write_text(
        '[[box]]\nname = "A1"\nserial = "box"\n[box.power]\noff = "rm power"\non = "touch power"\nminimum_off = 600\n'
    )
    words = ("run", "--bench", "bench.toml", "--scenario", "a-power-cut-forgets-the-nonce")
    process = subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while (tmp_path / "power").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert b"stopped by Ctrl-C" in told
    assert (tmp_path / "power").exists()


def test_the_example_works_as_its_comments_say(serve, lockproof, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # its python3 is this one
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    serve()
    words = ("run", "--bench", "bench.toml", "--box", "tried-here", "--scenario", "a-code-outlives-a-power-cut")
    comments = (EXAMPLE / "bench.toml").read_text(encoding="utf-8")
    assert f"lockproof {' '.join(words)}\n" in comments
    assert "touch power; lockproof box --link box --supply power --shackle shackle\n" in comments
    result = lockproof(*words)
    assert result.returncode == 0, result
    assert "    power cuts at the supply where they take no time of its clock; openings sensor\n" in result.stdout
    assert "openings sensed, power cuts: 2 reset, 1 supply" in result.stdout
