"""Every faulty box is caught, by the clause that its fault breaks; no clause passes with a degenerate one."""

from __future__ import annotations

import pytest
from lockproof.conformance import suite
from lockproof.conformance.faults import Kind, all_authorities, all_faults, authority_named, named
from lockproof.conformance.killing import Kill, try_fault
from lockproof.conformance.run import run
from lockproof.conformance.targets import target
from lockproof.conformance.verdict import Verdict
from lockproof.spec.observable import BadInput

FAULTS = all_faults()
AUTHORITIES = all_authorities()
DEGENERATE = [fault for fault in FAULTS.values() if fault.breaks is None]


def about(clause: str):
    """The controls and the scenarios that show a clause, which are enough to catch what breaks it."""
    return [s for s in suite.written() if s.control or clause in s.clauses]


@pytest.mark.parametrize("fault", [f for f in FAULTS.values() if f.breaks and not f.unseen], ids=lambda fault: fault.name)
def test_the_clause_that_a_fault_breaks_is_named(fault):
    kill = try_fault(fault, "fault", about(fault.breaks))
    assert kill.result.exit_code == 1
    assert fault.breaks in kill.failed


@pytest.mark.parametrize("fault", [f for f in AUTHORITIES.values() if f.breaks], ids=lambda fault: fault.name)
def test_the_clause_that_a_faulty_authority_breaks_is_named(fault):
    """And no clause of the box, which is the reference."""
    kill = try_fault(fault, "fault", about(fault.breaks))
    assert kill.result.exit_code == 1
    assert fault.breaks in kill.failed
    assert kill.result.target == f"authority fault:{fault.name}"
    assert [each for each in kill.result.clauses if each.decider == "box" and each.verdict is not Verdict.NOT_APPLICABLE] == []


@pytest.mark.parametrize("fault", [f for f in FAULTS.values() if f.unseen], ids=lambda fault: fault.name)
def test_a_fault_that_no_bench_can_see_is_still_not_seen(fault):
    """When a scenario does see it, the reason why it cannot be seen goes."""
    assert not try_fault(fault, "fault", suite.written()).named


@pytest.mark.parametrize("fault", DEGENERATE, ids=lambda fault: fault.name)
def test_no_clause_passes_with_a_degenerate_box(fault):
    kill = try_fault(fault, "fault", suite.written())
    assert [clause.id for clause in kill.result.clauses if clause.verdict is Verdict.PASS] == []
    assert kill.result.exit_code in {1, 3}
    assert kill.named


@pytest.mark.parametrize("name", [f.name for f in DEGENERATE])
def test_no_clause_passes_with_a_degenerate_box_on_a_line(name):
    result = run(target(f"pty:{name}"), about("code.day"))
    assert [clause.id for clause in result.clauses if clause.verdict is Verdict.PASS] == []
    assert result.exit_code in {1, 3}


def test_a_fault_that_nothing_catches_is_said_to_have_survived(hour):
    kill = try_fault(named("replayed-ticket-opens"), "fault", [hour])
    assert (kill.result.exit_code, kill.named) == (0, False)


def test_every_fault_says_what_it_does_and_there_are_enough_of_them():
    assert len(FAULTS) >= 25
    assert len([fault for fault in AUTHORITIES.values() if fault.breaks]) >= 25
    assert all(fault.does.endswith(".") for fault in (*FAULTS.values(), *AUTHORITIES.values()))
    assert not FAULTS.keys() & AUTHORITIES.keys()  # a name means one of them
    assert {fault.kind for fault in AUTHORITIES.values()} == {Kind.AUTHORITY}


def test_an_unknown_fault_names_the_nearest():
    with pytest.raises(BadInput, match="did you mean reentry-restarts-the-hour") as error:
        named("reentry-restarts-hour")
    assert "lockproof box --list-faults" in str(error.value)
    with pytest.raises(BadInput, match="did you mean notifies-for-a-code"):
        authority_named("notifies-for-code")


def test_a_kill_counts_only_if_the_broken_clause_is_named(hour):
    kill = try_fault(named("expires-one-second-late"), "fault", [hour])
    assert kill.named
    assert not Kill(named("code-logged-as-connect"), kill.result).named
