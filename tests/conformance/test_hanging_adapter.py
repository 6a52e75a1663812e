"""Adapters in Python whose methods never return: each is one clear error, and nothing waits for them longer than is said."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from lockproof.conformance.adapter_check import CHECKS, check_and_tell
from lockproof.hw_adapter.guard import AdapterFault, AdapterGone, AdapterHangs, AdapterPatience
from lockproof.hw_adapter.installed import open_adapter
from lockproof.spec.observable import NoAnswer

ADAPTER = Path(__file__).parent.parent / "hw_adapter" / "hanging_adapter.py"
HURRIED = AdapterPatience(answer=0.3, end=0.2)
SOON = 5  # seconds; a hung call lasts ten minutes
COMMAND = [sys.executable, "-m", "lockproof.conformance.command"]


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    """The folder of the adapter's package, as an installer leaves it; it can be imported here and by commands."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "hanging-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lockproof.adapters]\nhanging = hanging_adapter:HangingAdapter\n")
    shutil.copy(ADAPTER, folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    yield folder
    sys.modules.pop("hanging_adapter", None)


@pytest.mark.parametrize("how", ["sleeps", "reads"])
def test_a_method_that_hangs_is_told_with_its_place_and_the_adapter_is_not_asked_again(installed, how):
    with open_adapter("hanging", {"in": "enter", "how": how}, HURRIED) as box:
        box.hello()
        with pytest.raises(AdapterHangs) as hangs:
            box.enter("12345678")
        told = str(hangs.value)
        place = re.escape(f"{installed}/hanging_adapter.py")
        assert re.fullmatch(
            rf"adapter hanging: no answer to keypad-entry within 0\.33 s, and the adapter is given up: it is in enter > enters > {how}"
            rf" \({place}:\d+\); let it wait for the box no longer than that, and then raise no_answer"
            r' \(ADAPTERS\.md, "Time limits"\)',
            told,
        )
        for ask in (box.hello, box.reset, lambda: box.mint(b"", b"", None), box.lose_next_answer):
            with pytest.raises(AdapterGone) as gone:
                ask()
            assert str(gone.value) == told
        assert not isinstance(gone.value, NoAnswer), "nobody knows what the box got"
    assert box.adapter.closed == 0, "a method that never returns can't be followed by another"


@pytest.mark.usefixtures("installed")
def test_all_is_called_on_one_thread_that_ends():
    before = set(threading.enumerate())
    with open_adapter("hanging", {"in": "nothing"}, HURRIED) as box:
        assert box.hello().boot_ms == 20
        box.reset()
        (thread,) = set(threading.enumerate()) - before
    assert box.adapter.threads == {thread.ident} != {threading.get_ident()}
    assert box.adapter.closed == 1
    thread.join(SOON)
    assert not thread.is_alive()


@pytest.mark.usefixtures("installed")
def test_an_answer_that_comes_late_is_no_answer_to_anything():
    with open_adapter("hanging", {"in": "enter", "how": "is_late"}, HURRIED) as box:
        with pytest.raises(AdapterHangs):
            box.enter("12345678")
        time.sleep(0.6)
        with pytest.raises(AdapterGone):
            box.read_clock()
    assert box.adapter.closed == 1, "it has returned, so that it can give back what it has opened"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("method", "within"), [("open", "0.3"), ("close", "0.2")])
def test_opening_and_closing_have_a_limit_too(method, within):
    with (
        pytest.raises(AdapterHangs, match=f"no answer to {method} within {within} s"),
        open_adapter("hanging", {"in": method}, HURRIED),
    ):
        pass


@pytest.mark.usefixtures("installed")
def test_what_went_wrong_before_is_told_rather_than_that_it_does_not_close():
    with pytest.raises(ZeroDivisionError), open_adapter("hanging", {"in": "close"}, HURRIED):
        raise ZeroDivisionError


@pytest.mark.usefixtures("installed")
def test_an_adapter_that_ends_the_program_does_not():
    with open_adapter("hanging", {"in": "reset", "how": "exits"}, HURRIED) as box:
        with pytest.raises(AdapterFault, match="the adapter failed at reset: SystemExit: 0"):
            box.reset()
        assert not box.enter("1").accepted


# The command


@pytest.mark.usefixtures("installed")
def test_a_run_ends_with_an_error_and_is_no_verdict_of_the_box(lockproof, tmp_path):
    done = lockproof("run", "--box", "adapter:hanging:in=present", "--scenario", "the-hour-is-over")
    assert (done.returncode, done.stderr) == (3, "")
    assert "no answer to present-ticket within 10.03 s, and the adapter is given up: it is in present > " in done.stdout
    (run,) = json.loads((tmp_path / "runs/0001/report.json").read_text())["runs"]
    assert {each["verdict"] for each in run["scenarios"]} == {"error"}
    assert {each["verdict"] for each in run["clauses"]} <= {"error", "not-applicable"}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("how", ["sleeps", "spins", "reads", "prints"])
def test_ctrl_c_ends_a_run_while_a_method_hangs(tmp_path, how):
    run = subprocess.Popen(
        [*COMMAND, "run", "--box", f"adapter:hanging:in=enter,how={how}", "--scenario", "the-hour-is-over"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ,
    )
    try:
        wait_for_an_entry(run, tmp_path)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=SOON)
    finally:
        run.kill()
    assert (run.returncode, said) == (3, b"")
    (report,) = json.loads((tmp_path / "runs/0001/report.json").read_text())["runs"]
    assert report["error"] == "stopped by Ctrl-C; what was done is kept"


def wait_for_an_entry(run: subprocess.Popen[bytes], folder: Path) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and run.poll() is None:
        journal = next(folder.rglob("journal.jsonl"), None)
        if journal and b'"name":"enter"' in journal.read_bytes():
            return
        time.sleep(0.02)
    raise AssertionError(run.communicate(timeout=SOON))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("method", "caught", "before"),
    [("enter", "clock.latched", 5), ("cut_power", "hello.true", 1), ("read_log", "reset.forgets", 8)],
)
def test_the_check_of_adapters_catches_it_and_goes_on_to_its_end(method, caught, before):
    told: list[str] = []
    with open_adapter("hanging", {"in": method}, HURRIED) as box:
        assert check_and_tell(box, told.append) == 1
    verdicts = [each.split()[:2] for each in told[:-1]]
    names = list(CHECKS)
    assert [name for _, name in verdicts] == names
    assert [verdict for verdict, _ in verdicts[:before]] == ["pass"] * before
    assert verdicts[before] == ["fail", caught]
    assert {verdict for verdict, _ in verdicts[before + 1 :]} == {"inconclusive"}
    assert "within 0.33 s, and the adapter is given up: it is in " in told[before]
    assert "not tried: adapter hanging: no answer to " in told[-2]


@pytest.mark.usefixtures("installed")
def test_an_adapter_that_hangs_in_hello_can_not_be_checked(lockproof):
    done = lockproof("adapter", "check", "adapter:hanging:in=hello")
    assert done.returncode == 3
    assert done.stderr.startswith("adapter hanging: no answer to hello within 10 s, and the adapter is given up: it is in hello")
    assert "Traceback" not in done.stderr
