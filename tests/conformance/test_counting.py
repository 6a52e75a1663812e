"""What is shown while many like parts are done, and `lockproof faults`, which shows it."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest
from lockproof.conformance import killing, live_line
from lockproof.conformance.counting import Counting
from lockproof.conformance.suite import Suite
from rich.console import Console

FAULTS = ["expires-one-second-late", "opens-always", "expires-one-second-early"]
COMMAND = [sys.executable, "-m", "lockproof.conformance.command", "faults", "--suite", "written"]


def console_of(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=200)


def test_on_a_terminal_the_line_goes_on_while_nothing_is_done():
    console = console_of(terminal=True)
    with Counting(console, 3, "goals") as count:
        count("the first")
        shown = console.file.tell()
        give_up = time.monotonic() + 20
        while "1/3 goals   1 s   " not in console.file.getvalue()[shown:]:
            assert time.monotonic() < give_up
            time.sleep(0.05)
    assert re.search(r"1/3 goals   1 s   about \d s left   the first", console.file.getvalue()[shown:])


def test_elsewhere_there_is_a_line_now_and_then(monkeypatch):
    console = console_of(terminal=False)
    with Counting(console, 3, "goals") as count:
        count("the first")
        assert console.file.getvalue() == ""
        monkeypatch.setattr(live_line, "EVERY_WITHOUT_A_TERMINAL", 0.0)
        count("[the] second")
    assert re.fullmatch(r"2/3 goals   0 s   about 0 s left   \[the\] second\n", console.file.getvalue())


def test_faults_say_how_far_they_are(monkeypatch):
    monkeypatch.setattr(live_line, "EVERY_WITHOUT_A_TERMINAL", 0.0)
    console = console_of(terminal=False)
    assert killing.try_and_tell(console, FAULTS, killing.Trial(which=Suite.WRITTEN)) == 0
    lines = console.file.getvalue().splitlines()
    for number, name in enumerate(FAULTS):
        assert re.fullmatch(rf"{number + 1}/3 faults   \d+ s   about \d+ s left   {number + 1} caught   {name}", lines[number])
    assert lines[-1].startswith("3 of 3 faults caught and named")


def test_a_fault_that_gets_away_is_told_at_once_and_fails(monkeypatch):
    monkeypatch.setattr(killing.Kill, "named", property(lambda kill: kill.fault.name != FAULTS[1]))
    console = console_of(terminal=False)
    assert killing.try_and_tell(console, FAULTS, killing.Trial(which=Suite.WRITTEN)) == 1
    *before, last = console.file.getvalue().splitlines()
    told = [line for line in before if not line.startswith("1/3 faults ")]  # which is there on a slow machine
    assert told[0] == f"not caught: {FAULTS[1]}"
    assert last.startswith("2 of 3 faults caught and named")


@pytest.mark.parametrize("words", [[], FAULTS[:1]])
def test_on_a_terminal_faults_show_where_they_are_and_ctrl_c_keeps_what_was_done(tmp_path, words):
    near, far = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen([*COMMAND, *words], stdout=far, stderr=far, cwd=tmp_path, env=env)
    os.close(far)
    seen = b""
    total = b"1" if words else rb"\d+"
    while not re.search(rb"(0|1)/" + total + rb" faults   \d+ s", seen):
        seen += os.read(near, 4096)
    if not words:
        while not re.search(rb"[1-9]\d*/\d+ faults   \d+ s   about \d+ s left   \d+ caught   [a-z-]+", seen):
            seen += os.read(near, 4096)
        process.send_signal(signal.SIGINT)
        while not re.search(rb"stopped by Ctrl-C after \d+ of \d+ faults; nothing is known of the rest", seen):
            seen += os.read(near, 4096)
        assert b" faults caught and named" in seen
    assert process.wait(60) == (0 if words else 3)
    os.close(near)
