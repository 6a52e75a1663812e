"""The firmware on a Cortex-M3 that QEMU emulates: reset, killed and started again, and judged by the kit over its UART."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lockproof.hw_adapter.adapter import open_box
from lockproof.spec.observable import CutClass, NoAnswer, PowerCut, Provisioning, ZoneTable

FIRMWARE = Path(__file__).parents[3] / "hw_adapter" / "firmware"
TOOLS = ("qemu-system-arm", "arm-none-eabi-gcc", "make")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
IN_CI = bool({"CI", "LOCKPROOF_CI"} & os.environ.keys())
NOON = 1772985600
PROVISIONED = Provisioning(
    bytes(range(16)), bytes(range(32)), ZoneTable(((NOON - 500_000, -18000), (1772953200, -14400)), NOON + 900_000)
)

# As with ser2net: where the tools can't be had the other tests still run, and in CI, which installs them, these fail without them.
pytestmark = pytest.mark.skipif(
    bool(MISSING) and not IN_CI,
    reason=f"not installed: {' '.join(MISSING)} (Debian: qemu-system-arm gcc-arm-none-eabi make)",
)


class Emulated:
    """A board that runs in QEMU; its store and its clock's battery lie in `state`."""

    def __init__(self, build: Path, state: Path) -> None:
        self._environment = {**os.environ, "BUILD": str(build)}
        self._state = state
        self._control = state / "control"
        self._process: subprocess.Popen[str] | None = None
        self.line = str(state / "line")

    def start(self) -> None:
        command = [
            str(FIRMWARE / "lm3s6965" / "run"),
            str(self._state),
            self.line,
            "-qmp",
            f"unix:{self._control},server=on,wait=off",
        ]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"{self.line}\n"

    def reset(self) -> None:
        """The emulator's own reset, of which the firmware knows nothing before."""
        with socket.socket(socket.AF_UNIX) as control, control.makefile("rw", encoding="utf-8") as words:
            control.connect(str(self._control))
            for order in ("qmp_capabilities", "system_reset"):
                words.write(json.dumps({"execute": order}) + "\n")
                words.flush()
            while "RESET" not in words.readline():
                pass

    def kill(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.communicate(timeout=10)
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.kill()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    where = tmp_path_factory.mktemp("lm3s6965")
    made = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE), f"BUILD={where}", "lm3s6965"], capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")
    return where


@pytest.fixture
def board(built, tmp_path) -> Iterator[Emulated]:
    board = Emulated(built, tmp_path)
    board.start()
    yield board
    board.stop()


def written(box: Any) -> int:
    """A box with something in its store, and how many writes that took."""
    box.reset()
    box.hold_clock(True)
    box.provision(PROVISIONED)
    writes: int = box.hello().writes
    return writes


def test_it_passes_scenarios_of_the_suite(board, tmp_path):
    scenarios = ("--scenario", "a-power-cut-at-the-first-use", "--scenario", "five-wrong-entries-and-no-sixth")
    command = [sys.executable, "-m", "lockproof.conformance.command", "run", "--box", board.line, *scenarios]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout


BENCH = """\
[[box]]
name = "emulated"
serial = "{state}/line"
[box.power]
command = ["{power}", "{state}"]
minimum_off = 0.1
"""


def test_a_bench_cuts_its_supply(built, tmp_path):
    """Off ends the emulator, on starts it again: the kit sees a box that booted, in another session, with all that it knew."""
    power = [str(FIRMWARE / "lm3s6965" / "power"), str(tmp_path / "board")]
    bench = tmp_path / "bench.toml"
    bench.write_text(BENCH.format(state=power[1], power=power[0]), encoding="utf-8")
    environment = {**os.environ, "BUILD": str(built)}
    subprocess.run([*power, "on"], env=environment, check=True)
    command = [
        sys.executable,
        "-m",
        "lockproof.conformance.command",
        "run",
        "--bench",
        str(bench),
        "--scenario",
        "a-code-outlives-a-power-cut",
    ]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    subprocess.run([*power, "off"], check=True)
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"power cuts: .*\d supply", " ".join(ran.stdout.split()))


def test_what_it_wrote_outlives_a_reset_and_a_kill(board):
    with closing(open_box(board.line)) as box:
        writes = written(box)
        first = box.session
        board.reset()
        after = box.hello()
        assert (after.reset_cause, after.writes) == ("reset", writes)
        assert after.session != first
        assert box.read_clock().held
    board.kill()
    board.start()
    with closing(open_box(board.line)) as box:
        again = box.hello()
        assert again.writes == writes
        assert again.session not in (first, after.session)
        assert box.read_clock().held
        assert len(box.challenge()) == 16  # it has its keys


@pytest.mark.parametrize("passing", [True, False])
def test_a_board_that_is_there_for_one_kit_alone_ends_with_it(built, tmp_path, passing):
    state = tmp_path / "board"
    state.mkdir()
    if passing:
        (state / "passing").touch()
    power = [str(FIRMWARE / "lm3s6965" / "power"), str(state)]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as kit:
        there = {**os.environ, "BUILD": str(built), "LOCKPROOF_KIT": str(kit.pid)}
        subprocess.run([*power, "on"], env=there, check=True)
        emulator = Path("/proc", (state / "pid").read_text(encoding="ascii").strip())
        assert emulator.exists()
        kit.kill()
    while passing and (state.exists() or emulator.exists()):
        time.sleep(0.05)
    if not passing:
        with open_box(str(state / "line")) as box:
            assert box.hello().reset_cause
        subprocess.run([*power, "off"], check=True)
        assert state.exists()


def test_power_goes_as_the_nth_write_begins(board):
    with closing(open_box(board.line)) as box:
        box.reset()
        box.cut_power(PowerCut(CutClass.NTH_WRITE, nth=1))
        writes = box.hello().writes
        with pytest.raises(NoAnswer):
            box.provision(PROVISIONED)
        after = box.hello()
        assert (after.reset_cause, after.writes) == ("reset by firmware", writes)
        assert len({after.session, box.session}) == 1
        box.provision(PROVISIONED)
        assert box.hello().writes == writes + 1
