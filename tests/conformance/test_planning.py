"""What a plan says that a run costs, and what is left out where a clock is waited for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lockproof import hw_adapter
from lockproof.conformance import progress, suite
from lockproof.conformance.bench import Board, Power, Program
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import IN_ALL, OFFERED, Offer, Plan, Timing, make_plan, timing_of
from lockproof.conformance.targets import Target, target
from lockproof.conformance.verdict import NOT_EXERCISED, is_left_out
from lockproof.conformance.words import spoken
from lockproof.reference.box import ReferenceBox
from lockproof.spec.profile import DEFAULT

LINE = Target("a-box", reference=False)
RUNS = replace(ReferenceBox().hello(), clock_modes=("wall-clock",))
WAITED = "not exercised: its clock would have to run for "
WAITS = {"no-wait": "", "half-an-hour": "30m", "the-most": "25m", "another-half": "30m"}
ONE = """
    id: ID
    clauses: [code.digits]
    story: Digits of no code are refused, after a while.
    steps:
      - generate: {by: joe, day: today, as: anns-code}
        authority: accepts
      - {enter: anns-code, box: opens}
      - {WAIT enter: wrong, box: refuses, because: code.digits, shows: code.digits}
"""


@pytest.fixture
def scenarios(scenario_of):
    """Some that wait for as long as `WAITS` says."""
    return [
        scenario_of(ONE.replace("ID", name).replace("WAIT", f"after: {wait}," if wait else ""), name)
        for name, wait in WAITS.items()
    ]


@pytest.fixture
def plan_of(scenarios):
    def planned(timing: Timing) -> Plan:
        return make_plan(scenarios, RUNS, DEFAULT, LINE, "2027-03-02", timing)

    return planned


def test_where_nothing_is_said_all_together_wait_an_hour_at_most(plan_of):
    plan = plan_of(timing_of(RUNS, target("pty"), None, None))
    assert ([each.id for each in plan.selected], plan.waits) == (["no-wait", "the-most"], 1_500)
    assert (plan.longest_wait, plan.in_all) == (1_500, IN_ALL)
    assert plan.left_out == dict.fromkeys(("half-an-hour", "another-half"), f"{WAITED}30m: allow that with --wait 30m")
    assert plan.offers == [Offer(0, 1, 0), Offer(1_500, 2, 1_500), Offer(3_600, 4, 5_100)]


def test_what_is_said_is_waited_for_however_long_it_is_in_all(plan_of):
    plan = plan_of(timing_of(RUNS, target("pty"), None, 1_800))
    assert ([each.id for each in plan.selected], plan.waits, plan.left_out) == (list(WAITS), 5_100, {})
    assert (plan.longest_wait, plan.in_all) == (1_800, None)
    assert plan.offers == [Offer(0, 1, 0), Offer(1_800, 4, 5_100)]


def test_what_is_left_out_costs_nothing(plan_of):
    """Of each: three writes to set the box up, and charge and decision of two entries."""
    costs = [(plan.commands, plan.writes, plan.resets) for plan in (plan_of(Timing(ClockMode.WALL_CLOCK, w)) for w in (0, 1_800))]
    (commands, writes, resets), all_of_them = costs
    assert (writes, resets) == (7, 1)
    assert all_of_them[1:] == (4 * writes, 4 * resets)
    assert all_of_them[0] == 4 * commands + 3  # three more move the clock


def test_the_plan_is_told_with_what_other_waits_give(plan_of):
    plan = plan_of(timing_of(RUNS, target("pty"), None, None))
    assert progress.told(plan) == (
        "2 scenarios, 2 left out, 15 commands; about 14 writes, 0 power cuts, 2 resets; 25m of waiting for its clock"
    )
    assert list(progress.told_waits(plan)) == [
        "its clock is waited for, in no scenario longer than 25m, so that all together wait no longer than 1h; --wait chooses:",
        "    --wait 0s       1 scenario, no waiting",
        "  > --wait 25m      2 scenarios, 25m of waiting",
        "    --wait 1h       4 scenarios, 1h25m of waiting",
    ]


def test_the_page_says_what_such_a_box_can_be_judged_by():
    page = " ".join((Path(hw_adapter.__path__[0]) / "PROTOCOL.md").read_text(encoding="utf-8").split())
    packaged = suite.packaged()
    plan = make_plan(packaged, RUNS, DEFAULT, LINE, "2027-03-02", timing_of(RUNS, target("pty"), None, None))
    never = {name for name, why in plan.left_out.items() if why.startswith(f"{NOT_EXERCISED} the box declares no test clock")}
    left_out = sum(is_left_out(why) for why in plan.left_out.values())
    others, played = len(plan.left_out) - left_out, len(plan.selected)
    assert f"{len(never)} of the {played + left_out} scenarios that are for such a box" in page
    counts = f"5 inconclusive, {others} not-applicable, {left_out} left out; {played - 5} of {played + left_out} decided"
    assert f"`{played - 5} pass, {counts}`" in page
    for offer in plan.offers:
        if offer.wait in OFFERED:
            assert f"| `--wait {spoken(offer.wait)}` | {offer.scenarios} | {spoken(offer.in_all)} |" in page
    clauses = sorted({clause for each in packaged if each.id in never for clause in each.clauses})
    assert f"however long is waited: {', '.join(f'`{clause}`' for clause in clauses)}." in page


@pytest.mark.parametrize(("off", "runs", "supply"), [(0.5, True, True), (0.6, True, False), (2.0, False, True)])
def test_a_supply_is_cut_where_the_clock_runs_only_if_that_takes_less_than_its_second(scenario_of, off, runs, supply):
    program = Program(("true",), Path(), "bench.toml:4")
    judged = replace(LINE, board=Board("A1", "bench.toml:1", power=Power(program, program, off)))
    hello = replace(ReferenceBox().hello(), cut_classes=())
    timing = Timing(ClockMode.WALL_CLOCK if runs else ClockMode.HOLD)
    cut = scenario_of(ONE.replace("ID", "a-cut").replace("- {WAIT", "- cut: {}\n      - {"), "a-cut")
    plan = make_plan([cut], hello, DEFAULT, judged, "2027-03-02", timing)
    why = "not exercised: the box does not declare power cuts of class reset"
    assert (plan.supply, plan.left_out) == (supply, {} if supply else {"a-cut": why})


def test_where_no_clock_is_waited_for_nothing_is_said_of_waits(scenarios):
    plan = make_plan(scenarios[:1], ReferenceBox().hello(), DEFAULT, LINE, "2027-03-02")
    assert progress.told(plan) == "1 scenario, 7 commands; about 7 writes, 0 power cuts, 1 reset"
    assert list(progress.told_waits(plan)) == []
