"""Faulty boxes that declare what is rare and legal: what catches them, and which are no fault there. All of it: `nox -s declarations`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lockproof.conformance import declared, faults, suite
from lockproof.conformance.declared import DECLARATIONS, declaring, excused, single_faults
from lockproof.conformance.run import run
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import Declined, Provisioning, ZoneTable

ZONE = ZoneTable(((0, -18_000),), 2_000_000_000)
BEHIND = "a-clock-found-behind-is-not-trusted-over-a-short-power-cut"
OF_ONE_CODE = {
    "day-of-twenty-four-hours": "a-day-of-25-hours-with-one-code",
    "ninth-index-opens": "there-is-no-second-index",
    "one-first-use-for-all": "two-codes-of-two-places-have-an-hour-each",
    "use-of-one-code-uses-all": "two-codes-of-two-places-have-an-hour-each",
    "an-untrusted-clock-ends-tables": "two-moves-while-the-time-is-unknown-end-no-code",
    "power-up-trusts-a-clock-that-fell-behind": "a-clock-that-fell-behind-is-found-at-a-short-power-cut",
    "reading-a-clock-that-fell-behind-loses-the-time": "a-clock-that-was-read-while-behind-is-trusted",
    "offsets-in-whole-hours": "a-day-in-kolkata-with-one-code",
    "time-unknown-forgotten-at-a-cut": BEHIND,
    "time-known-again-when-the-clock-caught-up": BEHIND,
    "time-found-unknown-is-not-written": BEHIND,
}
CAUGHT = [
    *(("little", fault, by) for fault, by in OF_ONE_CODE.items()),
    *(("the least", fault, by) for fault, by in OF_ONE_CODE.items()),
    ("no app", "time-found-unknown-is-not-written", BEHIND),
    ("no app", "time-known-again-when-the-clock-caught-up", BEHIND),
    ("a holdover of a year", "an-untrusted-clock-ends-tables", "two-moves-while-the-time-is-unknown-end-no-code"),
    ("two indices", "ninth-index-opens", "there-is-no-third-index"),
    ("three indices", "ninth-index-opens", "there-is-no-fourth-index"),
    ("seven indices", "ninth-index-opens", "there-is-no-eighth-index"),
    ("two indices", "day-of-twenty-four-hours", "a-day-of-25-hours-with-one-code"),
    ("little", "dead-index-opens", "equal-codes-of-eight-digits-are-dead-on-the-second-day"),
    ("seven digits", "dead-index-opens", "equal-codes-of-seven-digits-are-dead-on-the-second-day"),
    ("little, and seven digits", "dead-index-opens", "equal-codes-of-seven-digits-are-dead-on-the-second-day"),
    ("nine digits", "dead-index-opens", "equal-codes-of-nine-digits-are-dead-on-the-second-day"),
    ("the least", "dead-index-opens", "equal-codes-of-nine-digits-are-dead-on-the-second-day"),
]
"""What a box declares, its fault, and a scenario that names the broken clause; without these scenarios it would pass."""


def judged(make, declares, scenario):
    box = Target("declared", reference=False, time=VirtualTime(), make=declaring(make, DECLARATIONS[declares]))
    return run(box, suite.select(suite.written(), [scenario]), rehearse=False)


@pytest.mark.parametrize(("declares", "fault", "by"), CAUGHT)
def test_a_fault_is_caught_whatever_the_box_declares(declares, fault, by):
    result = judged(faults.named(fault).make, declares, by)
    assert {each.id: each.verdict for each in result.scenarios}[by] is Verdict.FAIL
    assert faults.named(fault).breaks in {row.id for row in result.clauses if row.verdict is Verdict.FAIL}
    assert not excused(fault, DECLARATIONS[declares])


@pytest.mark.parametrize(("declares", "by"), sorted({(declares, by) for declares, _, by in CAUGHT}))
def test_a_box_that_conforms_passes_there(declares, by):
    result = judged(ReferenceBox, declares, by)
    assert {each.id: each.verdict for each in result.scenarios}[by] is result.verdict is Verdict.PASS


NONE_THERE = {
    ("expires-at-midnight", "codes end with their day"): "it declares that a used code ends with its day",
    ("wrong-code-in-the-log", "one index"): "a day has no code but its first",
    ("dead-index-opens", "codes of its own"): "which of its own codes are equal its maker alone knows, and none is to be had for a test",
    ("tells-right-from-wrong-while-disabled", "no reasons"): "it tells no reasons",
    ("log-entry-missing", "a log of two entries that refuses"): "its log never keeps a third entry",
    ("any-nonce-opens", "no app"): "it takes no ticket and no revocation order, and has to say so before it is judged",
}  # fmt: skip


@pytest.mark.parametrize(("fault", "declares"), NONE_THERE)
def test_what_is_no_fault_in_such_a_box_is_said(fault, declares):
    assert excused(fault, DECLARATIONS[declares]) == NONE_THERE[fault, declares]
    assert not excused(fault, DECLARATIONS["the default"])


def test_only_faults_that_there_are_are_excused():
    assert {*declared.NO_FAULT, *declared.ABOUT_TICKETS} <= set(single_faults())


def test_a_box_does_what_it_declares():
    box = declaring(ReferenceBox, DECLARATIONS["the least"])()
    hello = box.hello()
    assert (hello.code_indices, hello.holdover, hello.log_capacity, hello.gives_reasons) == (1, 0, 1, False)
    assert box.enter("123456789").reason is None
    with pytest.raises(Declined, match="no app"):
        box.present(b"")
    own = declaring(ReferenceBox, DECLARATIONS["long codes of its own"])()
    assert own.hello().classes == ("core",)


def test_a_full_log_that_refuses_keeps_the_oldest_and_counts_on():
    box = declaring(ReferenceBox, {"log_capacity": 2, "log_when_full": declared.REFUSES})()
    box.provision(Provisioning(b"b" * 16, b"s" * 32, ZONE))
    other = declaring(ReferenceBox, {"log_capacity": 2})()
    other.provision(Provisioning(b"b" * 16, b"s" * 32, ZONE))
    for each in (box, other):
        each.state = replace(each.state, time_known=True)
        for _ in range(5):
            each.enter("00000000")
    assert [entry.number for entry in box.read_log(1).entries] == [1, 2]
    assert [entry.number for entry in other.read_log(1).entries] == [4, 5]
    assert box.read_log(1).next_number == other.read_log(1).next_number == 6
