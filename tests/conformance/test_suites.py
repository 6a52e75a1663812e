"""Written and synthesized scenarios together: what each source catches, and what both say of the reference box."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from lockproof.conformance import suite
from lockproof.conformance.faults import all_faults, named
from lockproof.conformance.journal import Journal
from lockproof.conformance.killing import Kill, smallest_set, try_fault
from lockproof.conformance.planning import authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.run import run
from lockproof.conformance.suite import Suite
from lockproof.conformance.targets import IN_PROCESS, ON_A_LINE, target
from lockproof.conformance.verdict import Finding, RunResult, ScenarioResult, Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.profile import DEFAULT

SYNTHESIZED = suite.synthesized()


def play(scenario, today, declared=DEFAULT):
    profile = replace(declared, **scenario.profile)
    return Player(ReferenceBox(profile=profile), authority_for_a_bench(profile), Journal(), today, profile).play(scenario)


@pytest.mark.parametrize("today", ["2027-03-02", "2026-12-31", "2028-02-28"])
def test_every_synthesized_scenario_passes_with_the_profile_that_it_is_for_on_any_day(today):
    results = [play(scenario, today) for scenario in SYNTHESIZED]
    assert [(r.id, r.finding, r.message) for r in results if r.verdict is not Verdict.PASS] == []
    assert {r.id: set(r.shown) for r in results} == {s.id: set(s.clauses) for s in SYNTHESIZED}


def test_the_verdicts_are_the_same_over_a_line():
    """Of some; `lockproof run`, the first thing that anybody does, plays all of them on both."""
    chosen = [each for n, each in enumerate(suite.packaged(Suite.SYNTHESIZED)) if each.control or each.profile or n % 4 == 0]
    here, there = (run(target(name), chosen) for name in (IN_PROCESS, ON_A_LINE))
    assert (here.verdict, here.error) == (there.verdict, there.error) == (Verdict.PASS, "")
    assert {r.id: r.verdict for r in here.scenarios} == {r.id: r.verdict for r in there.scenarios}
    left_out = {r.id for r in there.scenarios if r.verdict is Verdict.NOT_APPLICABLE}
    assert left_out == {s.id for s in chosen if s.profile}  # of the profile that the default box does not declare


def test_suites_have_the_controls_and_nothing_twice():
    controls = {each.id for each in suite.written() if each.control}
    for which in Suite:
        ids = [each.id for each in suite.packaged(which)]
        assert len(set(ids)) == len(ids)
        assert controls <= set(ids)
    assert {each.id for each in suite.packaged()} == {each.id for each in (*suite.written(), *SYNTHESIZED)}


@pytest.mark.parametrize(
    ("fault", "scenario"),
    [
        ("expires-one-second-late", "entry-is-made-within-life-within-its-life-fails"),
        ("expires-one-second-early", "entry-is-made-within-life-within-its-life-holds"),
        ("window-end-inclusive", "ticket-is-presented-present-ticket-window-is-not-over-fails"),
        ("first-use-lost-at-a-cut", "entry-is-made-decide-entry-used-before-holds-after-a-power-cut"),
        ("reentry-restarts-the-hour", "entry-is-made-decide-entry-used-before-holds-after-its-own-use"),
        (
            "forgets-revocations-at-a-cut",
            "ticket-is-presented-present-ticket-heard-of-as-revoked-holds-after-a-power-cut-and-a-new-nonce",
        ),
    ],
)
def test_a_fault_at_a_bound_is_named_by_the_scenario_of_its_condition(fault, scenario):
    chosen = [each for each in suite.packaged(Suite.SYNTHESIZED) if each.control or each.id == scenario]
    kill = try_fault(named(fault), "fault", chosen)
    assert kill.caught_by({scenario}) == [scenario]
    assert kill.named


def test_a_scenario_of_another_condition_does_not_catch_it():
    other = "entry-is-made-within-day-its-day-has-begun-holds"
    chosen = [each for each in suite.packaged(Suite.SYNTHESIZED) if each.control or each.id == other]
    assert try_fault(named("expires-one-second-late"), "fault", chosen).caught_by({other}) == []


# The fewest that still catch all


def made_up(name, *catching):
    """A kill of the fault `name` by these scenarios."""
    fault = replace(all_faults()["never-expires"], name=name)
    found = Finding(1, "", "", "", "", (fault.breaks,), (), "keypad")
    results = [ScenarioResult(each, Verdict.FAIL, (fault.breaks,), finding=found) for each in catching]
    return Kill(fault, RunResult("", "", "", scenarios=results))


@pytest.mark.parametrize(
    "sets",
    [
        ("ab", "bc", "ca"),
        ("a", "b", "abc"),
        ("ad", "bd", "cd", "abc"),
        ("abc", "cde", "efa", "bdf", "ad"),
    ],
)
def test_the_smallest_set_is_as_small_as_can_be_and_catches_all(sets):
    kills = [made_up(f"fault-{number}", *names) for number, names in enumerate(sets)]
    everything = sorted(set("".join(sets)))
    found = smallest_set(kills, everything)
    assert all(set(found) & set(names) for names in sets)
    fewer = combinations(everything, len(found) - 1)
    assert not any(all(set(some) & set(names) for names in sets) for some in fewer)


def test_what_nothing_catches_asks_for_nothing():
    assert smallest_set([made_up("fault-0")], "abc") == []
