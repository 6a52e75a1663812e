"""The oracle fails what the standard forbids, by name, and nothing else; it reads the journal only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lockproof.conformance import suite
from lockproof.conformance.faults import named
from lockproof.conformance.journal import Journal
from lockproof.conformance.oracle import Contradiction, ExactJudge
from lockproof.conformance.player import Player
from lockproof.conformance.run import authority_for_a_bench, clause_results, make_plan
from lockproof.conformance.scenario import DEFAULT_TODAY
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import ClockReading, CutClass, Decision, LogPage, NoAnswer
from lockproof.spec.profile import DEFAULT


def test_the_reference_box_passes_and_shows_the_clause(play, hour):
    result = play(hour)
    assert (result.verdict, result.shown, result.channels) == (
        Verdict.PASS,
        ("code.expiry.after-first-use",),
        ("authority", "clock", "keypad"),
    )


def test_a_failure_names_the_clauses_between_what_was_seen_and_what_must_be(play, hour):
    found = play(hour, named("expires-one-second-late").make()).finding
    assert found.step == 4
    assert found.saw == "opened"
    assert found.must == "must refuse: not within its life (code.expiry.after-first-use, bound 2027-03-03 15:19:51, margin 0 s)"
    assert found.clauses == ("code.expiry.after-first-use",)
    assert [line.split()[:2] for line in found.history[-3:-1]] == [["2027-03-03", "14:19:51"], ["15:19:50", "enter"]]


def test_a_wrong_refusal_names_the_clause_that_entitles(play, hour):
    found = play(hour, named("expires-one-second-early").make()).finding
    assert (found.step, found.clauses) == (3, ("code.expiry.after-first-use",))
    assert found.must == "must open: used again within its life (code.expiry.after-first-use)"
    assert found.is_control


@pytest.mark.parametrize("fault", ["expires-one-second-late", "clock-runs-fast", None])
def test_a_journal_judged_again_gives_the_same_result(play, hour, fault):
    journal = Journal()
    result = play(hour, named(fault).make() if fault else None, journal)
    judge = ExactJudge(journal.records[0], DEFAULT)
    for record in journal.records[1:]:
        judge.see(record)
    assert judge.result() == replace(result, seconds=0.0)


def test_a_scenario_not_played_to_its_end_passes_nothing(play, hour):
    journal = Journal()
    play(hour, None, journal)
    judge = ExactJudge(journal.records[0], DEFAULT)
    for record in journal.records[1:-1]:
        judge.see(record)
    assert (judge.result().verdict, judge.result().message) == (Verdict.ERROR, "the scenario was not played to its end")


class LiesAboutTheTime(ReferenceBox):
    def enter(self, digits: str) -> Decision:
        decision = super().enter(digits)
        return replace(decision, box_time=decision.box_time + 1)


class GivesAnotherReason(ReferenceBox):
    def enter(self, digits: str) -> Decision:
        decision = super().enter(digits)
        return decision if decision.accepted else replace(decision, reason="box.ready")


class GivesNoReason(ReferenceBox):
    def hello(self):
        return replace(super().hello(), gives_reasons=False)

    def enter(self, digits: str) -> Decision:
        return replace(super().enter(digits), reason=None)


class DoesNotHold(ReferenceBox):
    def hold_clock(self, held: bool) -> ClockReading:
        return replace(super().hold_clock(held), held=False)


def test_a_latched_time_that_is_not_the_clocks_fails_accuracy(play, hour):
    found = play(hour, LiesAboutTheTime()).finding
    assert found.contradicted == ("box.clock.accuracy",)
    assert found.must == "box time must be 2027-03-03 14:19:51"


def test_a_reason_that_no_clause_gives_fails(play, hour):
    found = play(hour, GivesAnotherReason()).finding
    assert (found.saw, found.must) == ("refused (box.ready)", "must be refused for code.expiry.after-first-use")


def test_a_box_without_reasons_conforms_by_refusing(hour):
    player = Player(GivesNoReason(), authority_for_a_bench(DEFAULT), Journal(), gives_reasons=False)
    assert player.play(hour).verdict is Verdict.PASS


def test_a_lost_answer_without_a_cut_is_an_error_and_no_verdict(play, hour):
    class LosesAnAnswer(ReferenceBox):
        def enter(self, digits: str) -> Decision:
            super().enter(digits)
            raise NoAnswer("nothing came back; check the cable")

    result = play(hour, LosesAnAnswer())
    assert (result.verdict, result.message, result.finding) == (Verdict.ERROR, "nothing came back; check the cable", None)


CUT = """
    id: a-scenario
    clauses: [box.first-use.durable]
    story: Power fails at the {nth}th write of a first use.
    steps:
      - generate: {{by: joe, day: today, as: anns-code}}
        authority: accepts
      - cut: {{at-write: {nth}, off: 5s}}
      - enter: anns-code
        box: does not answer
      - read-log: {{}}
      - enter: anns-code
        box: opens
      - after: 1h
        enter: anns-code
        box: refuses
        shows: box.first-use.durable
"""


@pytest.mark.parametrize("nth", [1, 2])
def test_a_cut_at_any_write_leaves_the_worlds_that_the_standard_allows(play, scenario_of, nth):
    assert play(scenario_of(CUT.format(nth=nth))).verdict is Verdict.PASS


def test_a_log_that_belongs_to_no_world_fails(play, scenario_of):
    class ForgetsTheLogAtACut(ReferenceBox):
        def read_log(self, from_number: int) -> LogPage:
            page = super().read_log(from_number)
            return replace(page, next_number=page.next_number + 1)

    found = play(scenario_of(CUT.format(nth=2)), ForgetsTheLogAtACut()).finding
    assert found.contradicted == ("box.log",)


def test_a_scenario_that_the_model_contradicts_is_refused(play, scenario_of, hour_text):
    wrong = scenario_of(
        hour_text.replace("after: 1s", "after: 0s").replace("because: code.expiry.after-first-use", "because: code.day")
    )
    with pytest.raises(Contradiction) as error:
        play(wrong)
    assert str(error.value).startswith(
        "a-scenario.yaml:15: the scenario expects that the box refuses, and the standard says otherwise: must open"
    )


def declaring(box, **declared):
    """The box, declaring something else of itself."""
    real = box.hello
    box.hello = lambda: replace(real(), **declared)
    return box


def played(box, scenario, **player):
    return Player(box, authority_for_a_bench(DEFAULT), Journal(), **player).play(scenario)


@pytest.mark.parametrize(("kept", "verdict"), [(16, Verdict.PASS), (20, Verdict.PASS), (15, Verdict.FAIL)])
def test_a_full_log_keeps_what_it_declares(kept, verdict):
    vital = next(s for s in suite.written() if s.id == "every-decision-is-one-entry")
    box = ReferenceBox()
    box.store._log_capacity = kept
    result = played(box, vital, log_capacity=16)
    entries = box.store.entries(1, 1000)
    assert result.verdict is (verdict if len(entries) >= kept else Verdict.PASS)


def test_a_reason_from_a_box_that_declares_none_fails(hour):
    found = played(ReferenceBox(), hour, gives_reasons=False).finding
    assert found.must == "must give no reason: the box declares that it gives none"


def test_what_could_not_be_exercised_is_inconclusive_and_not_passed_over():
    chosen = [s for s in suite.written() if "box.power" in s.clauses or s.control]
    box = declaring(ReferenceBox(), cut_classes=(CutClass.RESET,))
    plan = make_plan(chosen, box.hello(), DEFAULT, Target("a-box", reference=False), DEFAULT_TODAY)
    results = [played(box, s) for s in plan.selected]
    results += [ScenarioResult(name, Verdict.NOT_APPLICABLE, ("box.power",), message=why) for name, why in plan.left_out.items()]
    power = next(c for c in clause_results(results, judged_authority=False) if c.id == "box.power")
    assert power.verdict is Verdict.INCONCLUSIVE
    assert power.reason == "not exercised: the box does not declare power cuts of class cut-at-nth-write"
