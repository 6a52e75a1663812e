"""Coverage of conditions while something is played: what was seen both ways, and what decided alone."""

from __future__ import annotations

from dataclasses import replace

from lockproof.conformance.covering import Covered, wanted_goals
from lockproof.spec.coverage import Goal, Occurrence
from lockproof.spec.model import box as model
from lockproof.spec.profile import DEFAULT

VERIFIES = Occurrence("revocation_is_heard", "hear_revocation", "order verifies")
LIFE = Occurrence("entry_is_made", "within_life", "within its life")
BEGUN = Occurrence("entry_is_made", "within_day", "its day has begun")


def hears(covered: Covered, *, authentic: bool, heard: bool = False) -> None:
    given = {"ours": True, "authentic": authentic}
    covered.look("revocation_is_heard", {"box": model.new_box(0), "heard": heard}, given)


def enters(covered: Covered, code: model.Code, at: int) -> None:
    box = replace(model.new_box(at), time_known=True)
    given = {"ours": True, "matches": True, "other": code, "remember": False}
    covered.look("entry_is_made", {"box": box, "code": code}, given)


def test_a_condition_counts_as_it_came_out():
    covered = Covered()
    hears(covered, authentic=True)
    assert covered.seen == covered.decided == {Goal(VERIFIES, True)}
    hears(covered, authentic=False)
    assert covered.decided == {Goal(VERIFIES, True), Goal(VERIFIES, False)}


def test_only_the_one_that_changes_what_comes_out_decides_alone():
    covered = Covered()
    enters(covered, model.Code(0, 86400, True, 1000), 1000 + 3600)
    assert Goal(LIFE, False) in covered.decided
    assert Goal(BEGUN, True) in covered.seen
    assert Goal(BEGUN, True) not in covered.decided  # of a code that was used nobody asks for its day


def test_a_condition_that_was_masked_may_decide_later():
    covered = Covered()
    code = model.Code(5000, 86400, False, 0)
    enters(covered, code, 4999)
    enters(covered, code, 5000)
    assert {Goal(BEGUN, False), Goal(BEGUN, True)} <= covered.decided


def test_what_is_wanted_is_of_a_box_and_can_be_reached():
    goals = wanted_goals()
    assert {goal.occurrence.event for goal in goals} == {
        "entry_is_made",
        "ticket_is_presented",
        "revocation_is_heard",
        "time_order_arrives",
        "power_fails",
    }
    never = Occurrence("ticket_is_presented", "ready", "time known", 2)
    assert Goal(never, False) in goals
    assert Goal(never, True) not in goals


def test_what_only_another_profile_has_is_wanted_of_that_one_alone():
    ends = Goal(Occurrence("entry_is_made", "decide_entry", "codes end with their day"), True)
    assert ends not in wanted_goals()
    assert ends in wanted_goals(replace(DEFAULT, code_ends_with_its_day=True))


def test_what_was_not_reached_is_named():
    covered = Covered()
    assert len(covered.missed()) == len(wanted_goals())
    hears(covered, authentic=True)
    assert "revocation is heard: order verifies, fails: never so" in covered.missed()
    assert len(covered.missed()) == len(wanted_goals()) - 1
    assert covered.told().startswith("0 of 38 conditions both ways")
    hears(covered, authentic=False)
    assert covered.told() == "1 of 38 conditions both ways, 1 deciding alone"
    assert not [line for line in covered.missed() if line.startswith("revocation is heard")]
