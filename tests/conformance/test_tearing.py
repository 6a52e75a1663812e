"""Power that fails in the middle of a write: a good firmware stands it, and what only shows so is caught and named."""

from __future__ import annotations

import pytest
from lockproof.conformance.tearing import Tally, main, tearing
from lockproof.conformance.verdict import Finding, ScenarioResult, Verdict

OF_A_TORN_FIRST_USE = {"box.first-use.durable", "box.power", "code.expiry.after-first-use"}


def test_a_good_firmware_stands_it_at_every_write_of_a_first_use_and_at_any_of_others():
    with tearing("firmware", seed=1) as torn:
        writes = torn.sweep()
        torn.at_random(torn.box.failures + 3)
    assert writes >= 10
    assert torn.tally.failed == []
    assert torn.tally.verdicts[Verdict.PASS] > writes
    assert torn.tally.verdicts.keys() <= {Verdict.PASS, Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(("fault", "first"), [("commit-in-place", 1), ("journal-not-carried-on", 13), ("first-use-in-ram", 1)])
def test_commits_that_are_not_whole_are_caught(fault: str, first: int):
    with tearing(f"firmware:{fault}") as torn:
        torn.sweep(first, until_one_fails=True)
    assert torn.tally.verdicts[Verdict.FAIL] == 1
    assert torn.tally.by_clause().keys() == OF_A_TORN_FIRST_USE


def test_a_host_port_that_is_gone_ends_it_and_passes_nothing():
    with tearing("firmware") as torn:
        torn.sweep(12)
        swept = torn.box.failures
        told, torn.box.enter = torn.box.enter, lambda _: told("not digits")
        torn.at_random(swept + 10)
    assert torn.tally.error.startswith(f"seed 0, {swept} cuts: ")
    assert (torn.box.failures, torn.tally.verdicts[Verdict.ERROR], torn.tally.exit_code) == (swept, 1, 3)
    assert list(torn.tally.lines())[-1] == f"    stopped: {torn.tally.error}"


def test_what_decided_nothing_passes_nothing():
    tally = Tally()
    assert tally.exit_code == 3
    tally.count("write 1", ScenarioResult("a-scenario", Verdict.INCONCLUSIVE, ()))
    assert tally.exit_code == 3
    tally.count("write 2", ScenarioResult("a-scenario", Verdict.PASS, ()))
    assert tally.exit_code == 0


def test_another_box_has_no_writes_to_tear(capsys):
    assert main(["--box", "pty"]) == 2
    assert (
        capsys.readouterr().err
        == "--box pty: only the port kit's host port can be told to tear a write: firmware, or firmware:NAME\n"
    )
    assert main(["--box", "firmware:hour-open"]) == 2


def test_where_a_clause_failed_first_is_told():
    tally = Tally()
    for where, clauses in (("write 1", ()), ("write 2", ("box.power",)), ("write 3", ("box.power", "box.log"))):
        finding = Finding(1, "", "", "", "", clauses, (), "") if clauses else None
        verdict = Verdict.FAIL if clauses else Verdict.PASS
        tally.count(where, ScenarioResult("a-scenario", verdict, (), finding=finding))
    assert tally.by_clause() == {"box.power": "write 2", "box.log": "write 3"}
    assert list(tally.lines()) == ["1 pass, 2 fail", "    box.power failed 2 times", "    box.log failed 1 times"]
