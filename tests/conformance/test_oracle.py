"""The oracle fails what the standard forbids, by name, and nothing else; it reads the journal only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lockproof.conformance.faults import named
from lockproof.conformance.journal import Journal
from lockproof.conformance.oracle import Contradiction, ExactJudge
from lockproof.conformance.verdict import Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import ClockReading, Decision, LogPage, NoAnswer
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
    from lockproof.conformance.player import Player  # noqa: PLC0415
    from lockproof.conformance.run import authority_for_a_bench  # noqa: PLC0415

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
