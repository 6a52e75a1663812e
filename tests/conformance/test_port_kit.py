"""The port kit as a box that the kit builds, starts and judges; with the mistakes that C invites, each caught and named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from lockproof.conformance import port_kit, suite
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict
from lockproof.spec.clauses import all_clauses
from lockproof.spec.observable import BadInput, CutClass

SCENARIOS = {each.id: each for each in suite.packaged()}


def test_every_fault_of_the_header_is_found_and_breaks_a_clause_that_there_is():
    text = (port_kit.FIRMWARE / "core" / "faulty.h").read_text(encoding="utf-8")
    faults = port_kit.all_faults()
    assert len(faults) == len(re.findall(r"^    FAULT\(", text, re.MULTILINE)) > 20
    assert {fault.breaks for fault in faults.values()} <= all_clauses().keys()
    assert faults["hour-closed"].breaks == "code.expiry.after-first-use"
    assert faults["hour-closed"].does == "<= where < is meant: the second in which the hour ends still opens."


def test_the_good_one_is_built_started_judged_and_gone():
    judged = target("firmware")
    assert judged.board is not None
    result = run(judged, [SCENARIOS["a-power-cut-right-after-first-use"], SCENARIOS["a-code-outlives-a-power-cut"]])
    assert [each.verdict for each in result.scenarios] == [Verdict.PASS] * 2
    assert {cut for each in result.scenarios for cut in each.cuts} == {CutClass.NTH_WRITE, CutClass.RESET, CutClass.SUPPLY}
    assert not Path(judged.board.serial).parent.exists()


def test_a_fault_that_there_is_not():
    with pytest.raises(BadInput, match=r"^no fault is called hour-open\n    did you mean hour-closed\?"):
        target("firmware:hour-open")


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "cc" else which(name))
    with pytest.raises(BadInput, match=r"^the port kit can't be built: not installed: cc \(Debian: make gcc util-linux\)$"):
        target("firmware")
