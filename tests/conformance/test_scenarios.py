"""The packaged scenarios: each loads, is right about the standard, and the reference box passes it, on whatever day."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from lockproof.conformance import suite
from lockproof.conformance.journal import Journal
from lockproof.conformance.player import Player
from lockproof.conformance.run import OF_THE_APP, authority_for_a_bench
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.suite import written
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.clauses import all_clauses
from lockproof.spec.profile import DEFAULT

SCENARIOS = written()
FAMILIES = {"eligibility", "connect", "code", "report", "box", "interop", "time"}
SHOWN_ELSEWHERE = {
    "time.local-refused": "the authority is asked in instants, so it is people's words that are refused: by the reader of scenarios",
}
IMPORTANT = {
    "code.day": 10,
    "code.expiry.after-first-use": 5,
    "code.expiry.not-extended": 4,
    "code.irrevocable": 6,
    "connect.ticket": 6,
    "connect.revoke.bound": 6,
    "connect.window.bounds": 3,
    "box.wrong-entry.bound": 6,
    "box.clock.never-back": 6,
    "box.power": 6,
    "box.log": 6,
    "box.ready": 4,
    "report.once": 4,
}
CHANGES_OF_CLOCKS = ("2026-10-31", "2026-11-01", "2027-03-13", "2027-03-14", "2028-02-28", "2026-12-31")


def played(scenario: Scenario, today: str = "2027-03-02") -> ScenarioResult:
    profile = replace(DEFAULT, **scenario.profile)
    return Player(ReferenceBox(profile=profile), authority_for_a_bench(profile), Journal(), today, profile).play(scenario)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_the_reference_box_passes(scenario: Scenario) -> None:
    result = played(scenario)
    assert (result.finding, result.message, result.verdict) == (None, "", Verdict.PASS)
    assert set(result.shown) == set(scenario.clauses)


@pytest.mark.parametrize("today", CHANGES_OF_CLOCKS)
def test_any_day_will_do(today: str) -> None:
    assert {scenario.id: played(scenario, today).finding for scenario in SCENARIOS} == dict.fromkeys(
        (s.id for s in SCENARIOS), None
    )


def test_every_clause_is_shown_or_there_is_a_reason_why_not() -> None:
    shown = {clause for scenario in SCENARIOS for clause in scenario.clauses}
    assert set(all_clauses()) - shown == set(SHOWN_ELSEWHERE)


@pytest.mark.parametrize("clause", IMPORTANT)
def test_what_matters_most_is_shown_many_times(clause: str) -> None:
    assert Counter(cited for scenario in SCENARIOS for cited in scenario.clauses)[clause] >= IMPORTANT[clause]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_scenario_stands_in_its_family_and_can_be_read_aloud(scenario: Scenario) -> None:
    assert Path(scenario.where.file).parent.name in FAMILIES
    assert scenario.story.endswith(".")
    assert len(scenario.story.split()) <= 50
    assert len(scenario.steps) <= 50


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_scenario_that_names_a_date_starts_on_one(scenario: Scenario) -> None:
    text = suite.path_of(scenario).read_text(encoding="utf-8")
    assert scenario.start[0].isdigit() or not re.search(r"\d{4}-\d\d-\d\d", text)


def test_the_vital_signs_come_first_and_are_a_fair_control_of_every_channel() -> None:
    controls = [scenario for scenario in SCENARIOS if scenario.control]
    assert list(SCENARIOS[:2]) == controls
    assert [control.id for control in controls] == ["vital-signs-of-the-app", "vital-signs"]
    steps = [step for control in controls for step in control.steps]
    for channel, verbs in (("keypad", {"enter"}), ("app", {"present", "connect"}), ("clock", {"set-clock"})):
        outcomes = [step.accepted for step in steps if step.channel == channel and step.verb in verbs]
        assert len(outcomes) >= 8
        assert 3 <= sum(outcomes) <= len(outcomes) - 3
    for control in controls:
        assert "box.ready" in control.clauses
        assert any(step.channel == "log" for step in control.steps)


def test_a_box_without_an_app_has_a_control_too() -> None:
    (control,) = [s for s in SCENARIOS if s.control and not {step.verb for step in s.steps} & OF_THE_APP]
    assert control.id == "vital-signs"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_refusal_that_shows_something_says_why_somewhere(scenario: Scenario) -> None:
    refusals = [step for step in scenario.steps if step.shows and step.accepted is False]
    assert not refusals or any(step.because for step in scenario.steps if step.accepted is False)


def test_each_profile_that_a_scenario_asks_for_is_legal_and_the_default_suits_nearly_all() -> None:
    unsuited = {scenario.id: scenario.unsuitable(DEFAULT) for scenario in SCENARIOS if scenario.unsuitable(DEFAULT)}
    assert unsuited == {
        "the-hour-ends-with-the-day-if-the-profile-says-so": "it declares code_ends_with_its_day no, this is for yes"
    }
