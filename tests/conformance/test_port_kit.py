"""The port kit as a box that the kit builds, starts and judges; with the mistakes that C invites, each caught and named."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lockproof.conformance import port_kit, suite
from lockproof.conformance.faults import Kind
from lockproof.conformance.killing import found_by_tearing, try_fault
from lockproof.conformance.matrix import Outcome
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict
from lockproof.spec.clauses import all_clauses
from lockproof.spec.observable import BadInput, CutClass

SCENARIOS = {each.id: each for each in suite.packaged()}
BY_TEARING = {"commit-in-place", "journal-not-carried-on", "watchdog-in-a-commit"}
"""Those that no scenario is sure to name: it takes a write that is torn, or a box that boots of itself at the right commit."""
NAMED_BY = {
    "hour-closed": "the-hour-is-over",
    "hour-to-the-minute": "the-hour-is-over",
    "hour-by-uptime": "an-expired-code-stays-so-over-a-cut-with-refusals-counted",
    "first-use-in-ram": "first-use-is-not-forgotten",
    "first-use-in-one-place": "two-codes-of-one-day-have-an-hour-each",
    "mark-in-ram": "a-time-order-is-kept-at-once",
    "time-order-unsigned": "a-day-that-was-over-does-not-come-back",
    "clock-in-32-bits": "the-second-at-which-32-bits-are-full",
    "timer-in-32-bits": "a-nonce-grows-old-whatever-the-timer-counts-to",
    "day-in-utc": "a-day-in-honolulu",
    "offset-in-16-bits": "a-day-in-auckland",
    "offset-unsigned": "a-day-in-st-johns",
    "zone-change-late": "a-day-of-23-hours",
    "day-in-little-endian": "codes-made-by-the-authority-open",
    "digits-as-a-number": "leading-zeros-are-digits-too",
    "digits-cut-to-size": "a-digit-off-is-not-the-code",
    "tag-by-size-of-a-pointer": "forged-tickets-change-nothing",
    "nonce-stays-open": "a-ticket-opens-once",
    "random-unseeded": "nonces-cannot-be-foreseen",
    "window-end-closed": "a-window-is-exact-to-the-second",
    "revocation-in-ram": "what-a-box-heard-survives-a-power-cut",
    "revocations-in-four-bits": "a-hundred-revocations-are-not-too-many",
    "charge-after-compare": "an-entry-is-charged-before-it-is-compared",
    "refill-in-a-byte": "one-wrong-entry-comes-back-every-five-minutes",
    "refusals-in-a-byte": "three-hundred-refusals-are-counted",
    "log-wraps-early": "three-hundred-openings-stand-in-the-log",
    "epoch-kept": "a-box-made-anew-knows-nothing",
    "reply-by-content": "the-same-digits-again-are-another-entry",
    "memory-not-cleared": "a-box-made-anew-knows-nothing",
}
"""A scenario that names the clause that the fault breaks."""
TRIED = (  # of each kind one; all of them: lockproof faults --over firmware
    "hour-to-the-minute",
    "clock-in-32-bits",
    "timer-in-32-bits",
    "offset-in-16-bits",
    "digits-as-a-number",
    "tag-by-size-of-a-pointer",
    "random-unseeded",
    "revocations-in-four-bits",
    "charge-after-compare",
    "refusals-in-a-byte",
    "reply-by-content",
)


def test_every_fault_of_the_header_is_found_and_breaks_a_clause_that_there_is():
    text = (port_kit.FIRMWARE / "core" / "faulty.h").read_text(encoding="utf-8")
    faults = port_kit.all_faults()
    assert len(faults) == len(re.findall(r"^    FAULT\(", text, re.MULTILINE)) > 20
    assert {fault.breaks for fault in faults.values()} <= all_clauses().keys()
    assert faults["hour-closed"].breaks == "code.expiry.after-first-use"
    assert (faults["hour-closed"].kind, faults["reply-by-content"].kind) == (Kind.TIME, Kind.PROTOCOL)
    assert faults["hour-closed"].does == "<= where < is meant: the second in which the hour ends still opens."


def test_the_good_one_is_built_started_judged_and_gone():
    judged = target("firmware")
    assert judged.board is not None
    result = run(judged, [SCENARIOS["a-power-cut-right-after-first-use"], SCENARIOS["a-code-outlives-a-power-cut"]])
    assert [each.verdict for each in result.scenarios] == [Verdict.PASS] * 2
    assert {cut for each in result.scenarios for cut in each.cuts} == {CutClass.NTH_WRITE, CutClass.RESET, CutClass.SUPPLY}
    assert not Path(judged.board.serial).parent.exists()


def test_a_clone_may_lie_where_a_name_has_a_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    clone = tmp_path / "my clone"
    shutil.copytree(port_kit.FIRMWARE, clone, ignore=shutil.ignore_patterns("build"))
    monkeypatch.setattr(port_kit, "FIRMWARE", clone)
    result = run(target("firmware"), [SCENARIOS["a-code-outlives-a-power-cut"]])
    assert [each.verdict for each in result.scenarios] == [Verdict.PASS]
    assert (clone / "build" / "good" / "lockproof-host").exists()


def test_every_fault_has_a_scenario_that_names_it_or_is_seen_by_tearing():
    assert NAMED_BY.keys() | BY_TEARING == port_kit.all_faults().keys()
    assert not NAMED_BY.keys() & BY_TEARING
    assert set(NAMED_BY.values()) <= {each.id for each in suite.written()}


@pytest.mark.parametrize("name", TRIED)
def test_the_clause_that_a_fault_breaks_is_named(name: str):
    kill = try_fault(port_kit.all_faults()[name], "firmware", [SCENARIOS[NAMED_BY[name]]])
    assert kill.result.firmware == f"faulty: {name.replace('-', '_')}"[:32]
    assert (kill.caught_by(SCENARIOS), kill.result.exit_code) == ([NAMED_BY[name]], 1)
    assert kill.named


def test_what_no_scenario_names_is_seen_where_writes_are_torn():
    fault = port_kit.all_faults()["commit-in-place"]
    kill = try_fault(fault, "firmware", [SCENARIOS["wrong-digits-are-refused"]])
    assert (kill.result.exit_code, kill.caught_by(SCENARIOS), kill.named) == (0, [], False)
    torn = found_by_tearing(fault)
    assert (torn.outcome, torn.scenario.split()[0], torn.clauses) == (Outcome.NAMED, "write", ("box.power",))
    assert torn.commands > 10


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (("run", "--box", "firmware"), signal.SIGKILL),
        (("faults", "--over", "firmware", "hour-closed"), signal.SIGINT),
        (("faults", "--over", "firmware", "hour-closed"), signal.SIGKILL),
    ],
)
def test_nothing_is_left_of_it_however_the_kit_ends(tmp_path: Path, words: tuple[str, ...], end: signal.Signals):
    command = [sys.executable, "-m", "lockproof.conformance.command", *words]
    there = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=there, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as kit:
        while not (lines := list(tmp_path.glob("lockproof-firmware-*/line"))):
            assert kit.poll() is None
            time.sleep(0.05)
        (state,) = (line.parent for line in lines)
        port = Path("/proc", (state / "pid").read_text(encoding="ascii").strip())
        assert (port / "exe").resolve().name == "lockproof-host"
        kit.send_signal(end)
    while state.exists() or port.exists():
        time.sleep(0.05)


def test_a_fault_that_there_is_not():
    with pytest.raises(BadInput, match=r"^no fault is called hour-open\n    did you mean hour-closed\?"):
        target("firmware:hour-open")


@pytest.mark.parametrize("name", ["firmware", "firmware:hour-closed"])
def test_where_only_the_package_is_installed_it_says_what_to_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str):
    monkeypatch.setattr(port_kit, "_FAULTS", tmp_path / "faulty.h")
    with pytest.raises(BadInput, match=r"^the port kit can't be built: .*/faulty\.h is not here: use a clone$"):
        target(name)


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "cc" else which(name))
    with pytest.raises(BadInput, match=r"^the port kit can't be built: not installed: cc \(Debian: make gcc util-linux\)$"):
        target("firmware")
