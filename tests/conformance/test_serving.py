"""`lockproof box` as a child: it ends with its parent, holds nothing of its parent's open, and says why it did not start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lockproof.conformance import serving, targets
from lockproof.conformance.serving import serve
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import BadInput, BenchError
from lockproof.spec.profile import DEFAULT

COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]
SOON = 5  # seconds
SERVED = "from lockproof.conformance.targets import served\nwith served() as path:\n    print(path, flush=True)\n    input()\n"

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are looked up in /proc")


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def within(seconds: float, what) -> bool:
    give_up = time.monotonic() + seconds
    while not what():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_killed_leaves_no_box_behind(number: signal.Signals, tmp_path: Path) -> None:
    run = subprocess.Popen(
        [*COMMAND, "run", "--box", "pty", "--scenario", "three-hundred-refusals-are-counted", "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    journal = tmp_path / "0001" / "pty" / "journal.jsonl"
    assert within(60, lambda: journal.exists() and '"record":"answer"' in journal.read_text())
    boxes = children(run.pid)
    assert boxes
    run.send_signal(number)
    run.communicate(timeout=SOON)  # hangs for as long as anyone holds what the run was given
    assert run.returncode == (-number if number is signal.SIGKILL else 3)  # the others end it as Ctrl-C does
    assert within(SOON, lambda: not any(runs(box) for box in boxes))


@needs_proc
def test_a_run_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    run = subprocess.Popen(
        ["nohup", *COMMAND, "run", "--box", "pty", "--scenario", "three-hundred-refusals-are-counted", "--out", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    journal = tmp_path / "0001" / "pty" / "journal.jsonl"
    assert within(60, lambda: journal.exists() and '"record":"answer"' in journal.read_text())
    run.send_signal(signal.SIGHUP)
    said, _ = run.communicate(timeout=60)
    assert (run.returncode, b"stopped" in said) == (0, False)


@needs_proc
def test_a_box_that_was_served_ends_at_the_end() -> None:
    others = set(children(os.getpid()))  # that other tests in this process have started, such as one that watches over workers
    with targets.served() as path:
        assert Path(path).exists()
        boxes = [child for child in children(os.getpid()) if child not in others]
        assert any(runs(box) for box in boxes)
    assert not any(runs(box) for box in boxes)


def test_two_boxes_end_each_with_its_own_parent() -> None:
    with targets.served() as one, targets.served() as two:
        assert one != two
        with subprocess.Popen([sys.executable, "-c", SERVED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout
            assert other.stdout.readline()
            other.kill()
        with targets.opened(targets.Target(one, reference=False)) as box:
            assert box.hello().protocol == 1


def test_a_box_with_no_input_goes_on_serving() -> None:
    process = subprocess.Popen([*COMMAND, "box", "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        path = process.stdout.readline().strip()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        with targets.opened(targets.Target(path, reference=False)) as box:
            assert box.hello().protocol == 1
    finally:
        process.terminate()
        assert process.wait(SOON) == 0
        process.communicate()


def test_a_box_on_a_tcp_port_ends_with_its_parent_too() -> None:
    process = subprocess.Popen(
        [*COMMAND, "box", "--quiet", "--tcp", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, targets.PARENT_PIPE: "1"},
    )
    assert process.stdout
    assert process.stdout.readline().startswith(b"socket://127.0.0.1:")
    assert process.stdin
    process.stdin.close()
    assert process.wait(SOON) == 0
    process.stdout.close()


def test_why_a_box_did_not_start_is_told() -> None:
    with pytest.raises(BenchError) as told, targets.served("echo-echo"):
        pass
    assert str(told.value).startswith(
        "the box that was to be served ended at once; try lockproof box by hand\nno fault is called echo-echo"
    )


def test_what_a_box_says_as_it_crashes_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    program = "import sys; print('/dev/pts/x', flush=True); sys.stdin.close(); raise RuntimeError('the box is broken')"
    started, start = [], subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda _, **how: started.append(start([sys.executable, "-c", program], **how)) or started[0]
    )
    with targets.served():
        started[0].wait(SOON)
    assert capsys.readouterr().err.rstrip().endswith("RuntimeError: the box is broken")


def test_a_box_whose_clock_only_runs_drifts_and_stands_off_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ReferenceBox] = []
    monkeypatch.setattr(serving, "Device", lambda box, **_: made.append(box))
    monkeypatch.setattr(serving, "serve_tcp", lambda *_, **__: None)
    serve("", 0, None, None, DEFAULT, production=False, quiet=True, clock=Clock(drift_ppm=40.0, offset=3))
    (box,) = made
    assert box.hello().clock_modes == ("wall-clock",)
    assert (box.hardware.drift_ppm, box.hardware.offset) == (40.0, 3)


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_what_is_no_tcp_port(port: int) -> None:
    with pytest.raises(BadInput) as told:
        serve("", port, None, None, DEFAULT, production=False, quiet=True)
    assert str(told.value) == f"--tcp {port}: a TCP port is a number from 0 to 65535; 0 picks one that is free"


@pytest.mark.parametrize("name", ["", " "])
def test_no_box_is_named(name: str) -> None:
    with pytest.raises(BadInput, match=r"^--box: name a box: reference, pty, firmware, a port \(/dev/ttyUSB0, "):
        targets.target(name)


@pytest.mark.parametrize("name", ["pty:", "fault:"])
def test_no_fault_is_named(name: str) -> None:
    with pytest.raises(BadInput, match=f"^--box {name}: name a fault after the colon"):
        targets.target(name)


@pytest.mark.parametrize("name", ["pty:nonsense", "fault:nonsense"])
def test_a_fault_that_does_not_exist(name: str) -> None:
    with pytest.raises(BadInput, match=r"^no fault is called nonsense"):
        targets.target(name)


@pytest.mark.parametrize("name", ["reference", "pty", "pty:echo", "fault:refuses-all", "/dev/ttyUSB0", "COM3", "socket://host:1"])
def test_what_can_be_named(name: str) -> None:
    assert targets.target(name).name == name
