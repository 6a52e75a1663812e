"""The oracle fails what the standard forbids, by name, and nothing else; it reads the journal only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lockproof.conformance import suite
from lockproof.conformance.exact import ExactJudge
from lockproof.conformance.explaining import ExplainingJudge
from lockproof.conformance.faults import named
from lockproof.conformance.faults.clock import ShowsItsTimerInMinutes
from lockproof.conformance.journal import Journal
from lockproof.conformance.planning import authority_for_a_bench, make_plan
from lockproof.conformance.player import Player
from lockproof.conformance.run import clause_results
from lockproof.conformance.scenario import DEFAULT_TODAY
from lockproof.conformance.story import Contradiction
from lockproof.conformance.targets import Target
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.reference.box import ReferenceBox
from lockproof.spec.observable import ClockReading, CutClass, Decision, LogPage, NoAnswer, PowerCut, Provisioning
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
    assert [line.split()[:3] for line in found.history[-3:]] == [
        ["2027-03-03", "14:19:51", "enter"],
        ["2027-03-03", "15:19:50", "enter"],
        ["2027-03-03", "15:19:51", "enter"],
    ]


def test_the_story_says_what_was_done_to_the_box_between():
    for fault, scenario, did in (
        ("first-use-lost-at-a-cut", "first-use-is-not-forgotten", "cut the power for "),
        ("reassignment-forgets-the-old-zone", "a-far-code-outlives-a-move-to-another-zone", "replace its zone table"),
        ("keypad-trusts-a-clock-that-fell-behind", "a-clock-that-fell-behind-is-found-at-the-keypad", "disturb the clock, "),
    ):
        (chosen,) = [each for each in suite.written() if each.id == scenario]
        player = Player(named(fault).make(), authority_for_a_bench(DEFAULT), Journal(), profile=DEFAULT)
        found = player.play(chosen).finding
        assert found is not None
        lines = [each for each in found.history[:-1] if did in each]
        assert lines
        assert all(line == line.rstrip() for line in lines), "nothing was seen of it"
        assert len(found.history) == len(found.steps)


def test_what_does_not_verify_is_said_so():
    for fault, scenario, must in (
        ("short-tags-are-taken", "forged-tickets-change-nothing", "must refuse: the ticket does not verify (box.authentic)"),
        (
            "revocation-mac-unchecked",
            "forged-revocation-orders-change-nothing",
            "must refuse: the order does not verify (box.authentic)",
        ),
    ):
        (chosen,) = [each for each in suite.written() if each.id == scenario]
        player = Player(named(fault).make(), authority_for_a_bench(DEFAULT), Journal(), profile=DEFAULT)
        found = player.play(chosen).finding
        assert found is not None
        assert found.must == must


def test_a_wrong_refusal_names_the_clause_that_entitles(play, hour):
    found = play(hour, named("expires-one-second-early").make()).finding
    assert (found.step, found.clauses) == (3, ("code.expiry.after-first-use",))
    assert found.must == "must open: used again within its life (code.expiry.after-first-use)"
    assert found.is_control


@pytest.mark.parametrize("fault", ["expires-one-second-late", "clock-runs-fast", None])
def test_a_journal_judged_again_gives_the_same_result(play, hour, fault):
    journal = Journal()
    result = play(hour, named(fault).make() if fault else None, journal)
    judge = ExactJudge(scenario=journal.records[0], profile=DEFAULT)
    for record in journal.records[1:]:
        judge.see(record)
    assert judge.result() == replace(result, seconds=0.0)


def test_a_scenario_not_played_to_its_end_passes_nothing(play, hour):
    journal = Journal()
    play(hour, None, journal)
    judge = ExactJudge(scenario=journal.records[0], profile=DEFAULT)
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


class ShowsMilliseconds(ReferenceBox):
    def enter(self, digits: str) -> Decision:
        decision = super().enter(digits)
        return replace(decision, box_time=decision.box_time * 1000)


def test_a_box_time_that_no_calendar_has_is_judged_too(play, hour):
    found = play(hour, ShowsMilliseconds()).finding
    assert (found.saw, found.contradicted) == ("opened at 1804101591000", ("box.clock.accuracy",))


class CountsOnOverCuts(ReferenceBox):
    """Its timer shows what it counted before the cut, too."""

    before = 0

    def cut_power(self, cut: PowerCut) -> None:
        counted = self.read_clock().timer
        super().cut_power(cut)
        self.before = counted

    def read_clock(self) -> ClockReading:
        reading = super().read_clock()
        return replace(reading, timer=reading.timer + self.before)


class CountsFromNewKeys(ReferenceBox):
    """Its timer shows what it counted since it was made another box, which is no boot."""

    before = 0

    def provision(self, provisioning: Provisioning) -> None:
        self.before = self.state.timer
        super().provision(provisioning)

    def read_clock(self) -> ClockReading:
        reading = super().read_clock()
        return replace(reading, timer=reading.timer - self.before)


class CountsFromFive(ReferenceBox):
    """Its timer stands at five as the scenario begins, which nobody knows before it was seen."""

    def reset(self) -> None:
        super().reset()
        self.hardware.advance(5)


TIMED = """
    id: a-scenario
    clauses: [box.clock.accuracy]
    story: Time passes, and something happens to a box whose clock is held.
    steps:
      - {{after: 1h, read-clock: {{}}}}
      - {what}
      - {{after: 1m, read-clock: {{}}, shows: box.clock.accuracy}}
"""
OFF, BECOMES = "cut: {off: 5s}", "become: other-box"


@pytest.mark.parametrize(
    ("box", "what", "wrong"),
    [
        (ReferenceBox, OFF, None),
        (ReferenceBox, BECOMES, None),
        (CountsFromFive, OFF, None),
        (CountsFromFive, BECOMES, None),
        (CountsOnOverCuts, OFF, (3, "its timer shows 3660 s", "its timer must show 60 s")),
        (CountsFromNewKeys, BECOMES, (3, "its timer shows 60 s", "its timer must show 3660 s")),
        (ShowsItsTimerInMinutes, OFF, None),
        (ShowsItsTimerInMinutes, "{after: 59s, read-clock: {}}", (2, "its timer shows 3600 s", "its timer must show 3659 s")),
    ],
)
@pytest.mark.parametrize("judge", [ExactJudge, ExplainingJudge])
def test_a_timer_is_as_exact_as_the_held_clock(play, scenario_of, box, what, wrong, judge):
    journal = Journal()
    play(scenario_of(TIMED.format(what=what)), box(), journal)
    judging = judge(scenario=journal.records[0], profile=DEFAULT)
    for record in journal.records[1:]:
        judging.see(record)
    found = judging.finding
    assert (found and (found.step, found.saw, found.must)) == wrong
    assert (found and found.contradicted) == (("box.clock.accuracy",) if wrong else None)


def test_a_reason_that_no_clause_gives_fails(play, hour):
    found = play(hour, GivesAnotherReason()).finding
    assert (found.saw, found.must) == ("refused (box.ready)", "must be refused for code.expiry.after-first-use")


def test_a_box_without_reasons_conforms_by_refusing(hour):
    player = Player(GivesNoReason(), authority_for_a_bench(DEFAULT), Journal(), gives_reasons=False)
    assert player.play(hour).verdict is Verdict.PASS


def test_a_lost_answer_without_a_cut_shows_nothing(play, hour):
    class LosesAnAnswer(ReferenceBox):
        def enter(self, digits: str) -> Decision:
            super().enter(digits)
            raise NoAnswer("nothing came back; check the cable")

    result = play(hour, LosesAnAnswer())
    assert (result.verdict, result.finding, result.shown) == (Verdict.INCONCLUSIVE, None, ())
    assert result.message.startswith("step 4: no answer came to enter anns-code ")


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
    why = "not exercised: the box does not declare power cuts of class cut-at-nth-write"
    assert power.reason == f"{next(name for name, each in plan.left_out.items() if each == why)} was {why}"


# A clock that falls behind

BEHIND = """
    id: a-scenario
    clauses: [box.ready]
    story: A clock falls behind and nobody tells the box.
    steps:
      - generate: {{by: joe, day: today, as: anns-code}}
        authority: accepts
      - {{at: "today 10:00:00", enter: anns-code, box: opens}}
      - {{after: 1m, disturb-clock: {{back: {back}}}}}
      - {{after: {later}, enter: anns-code, box: {box}, shows: box.ready}}
      - {{set-clock: {{}}, box: takes}}
      - {{enter: anns-code, box: {other}}}
      - {{set-clock: {{forged: tag all zero}}, box: refuses}}
      - {{at: "today 11:01:00", enter: anns-code, box: refuses}}
"""


def behind(scenario_of, back: str, later: str, box: str):
    return scenario_of(BEHIND.format(back=back, later=later, box=box, other="opens"))


@pytest.mark.parametrize(
    ("back", "later", "box"),
    [("60s", "0s", "opens"), ("61s", "0s", "refuses"), ("61s", "1s", "opens"), ("0s", "0s", "opens"), ("1h", "58m", "refuses")],
)
def test_a_clock_is_trusted_while_it_is_not_before_the_last_decision(play, scenario_of, back, later, box):
    assert play(behind(scenario_of, back, later, box)).verdict is Verdict.PASS


@pytest.mark.parametrize(("back", "box"), [("60s", "refuses"), ("61s", "opens")])
def test_a_scenario_that_expects_otherwise_is_refused(play, scenario_of, back, box):
    with pytest.raises(Contradiction, match="must open: used again" if box == "refuses" else "not certain of the time"):
        play(behind(scenario_of, back, "0s", box))


class ShowsWhateverItsClockShows(ReferenceBox):
    def read_clock(self) -> ClockReading:
        reading = super().read_clock()
        return replace(reading, box_time=self.clock()) if self.state.time_known else reading


class LatchesWhateverItsClockShows(ReferenceBox):
    def enter(self, digits: str) -> Decision:
        return replace(super().enter(digits), box_time=self.clock())


class IsNotDisturbed(ReferenceBox):
    def disturb_clock(self, seconds: int) -> ClockReading:
        assert seconds > 0
        return self.read_clock()


class IsToldThatItWasDisturbed(ReferenceBox):
    def disturb_clock(self, seconds: int) -> ClockReading:
        super().disturb_clock(seconds)
        self.state = replace(self.state, time_known=False)
        return self.read_clock()


@pytest.mark.parametrize(
    ("box", "back", "found"),
    [
        (
            ShowsWhateverItsClockShows,
            "61s",
            ("read the clock after disturb clock", "2027-03-02 09:59:59", "unknown time", ("box.clock.never-back",)),
        ),
        (
            LatchesWhateverItsClockShows,
            "61s",
            ("enter anns-code", "refused (box.ready) at 2027-03-02 09:59:59", "unknown time", ("box.clock.never-back",)),
        ),
        (
            IsNotDisturbed,
            "61s",
            ("read the clock after disturb clock", "2027-03-02 10:01:00", "unknown time", ("box.clock.never-back",)),
        ),
        (
            IsNotDisturbed,
            "60s",
            ("read the clock after disturb clock", "2027-03-02 10:01:00", "2027-03-02 10:00:00", ("box.clock.accuracy",)),
        ),
        (
            IsToldThatItWasDisturbed,
            "60s",
            ("read the clock after disturb clock", "unknown time", "2027-03-02 10:00:00", ("box.clock.never-back",)),
        ),
    ],
)
def test_what_a_disturbed_clock_shows_is_judged(play, scenario_of, box, back, found):
    finding = play(behind(scenario_of, back, "0s", "opens" if back == "60s" else "refuses"), box()).finding
    did, saw, must, contradicted = found
    assert finding.did.startswith(did)
    assert (finding.saw, finding.must, finding.contradicted) == (saw, f"box time must be {must}", contradicted)


def test_a_disturbed_clock_is_judged_again_alike_from_the_journal(play, scenario_of):
    journal = Journal()
    result = play(behind(scenario_of, "61s", "0s", "refuses"), None, journal)
    (command,) = [record for record in journal.records if record.get("name") == "disturb_clock"]
    assert (command["about"], command["arguments"]) == ("disturb the clock, 61 s back", {"seconds": 61})
    judge = ExactJudge(scenario=journal.records[0], profile=DEFAULT)
    for record in journal.records[1:]:
        judge.see(record)
    assert judge.result() == replace(result, seconds=0.0)
    command["arguments"]["seconds"] = 60
    judge = ExactJudge(scenario=journal.records[0], profile=DEFAULT)
    for record in journal.records[1:]:
        judge.see(record)
    assert judge.finding.must == "box time must be 2027-03-02 10:00:00"


def test_a_clock_that_would_show_a_time_before_1970_is_an_error_and_no_verdict(play, scenario_of):
    result = play(behind(scenario_of, "36525d", "0s", "refuses"))
    assert (result.verdict, result.finding) == (Verdict.ERROR, None)
    assert result.message.endswith("s less would be before 1970")


@pytest.mark.parametrize("declared", [True, False])
def test_a_box_whose_clock_can_not_be_disturbed_is_not_asked_and_not_passed(declared):
    chosen = [s for s in suite.written() if "box.clock.never-back" in s.clauses or (s.control and s.uses_box)]
    box = declaring(ReferenceBox(), disturbs_clock=declared)
    plan = make_plan(chosen, box.hello(), DEFAULT, Target("a-box", reference=False), DEFAULT_TODAY)
    disturbed = {s.id for s in chosen if any(step.verb == "disturb-clock" for step in s.steps)}
    assert len(disturbed) >= 6
    why = "not exercised: the box does not declare that its clock can be disturbed"
    assert plan.left_out == ({} if declared else dict.fromkeys(disturbed, why))
    results = [played(box, s) for s in plan.selected]
    results += [ScenarioResult(s.id, Verdict.NOT_APPLICABLE, s.clauses, message=why) for s in chosen if s.id in plan.left_out]
    clause = next(c for c in clause_results(results, judged_authority=False) if c.id == "box.clock.never-back")
    inconclusive = (Verdict.INCONCLUSIVE, f"{next(iter(plan.left_out), '')} was {why}")
    assert (clause.verdict, clause.reason) == ((Verdict.PASS, "") if declared else inconclusive)


# Counted refusals, and a clock that goes back among them

COUNTED = """
    id: a-scenario
    clauses: [box.log]
    story: A clock falls back while a disabled keypad counts its refusals.
    steps:
      - enter: {index: 0}
        box: opens
      - {at: "today 10:00:00", enter: wrong, times: 5, box: refuses}
      - {at: "today 10:01:00", enter: wrong, times: 2, box: refuses, because: box.wrong-entry.bound}
      - disturb-clock: {back: 20s}
      - {after: 10s, enter: wrong, box: refuses, because: box.wrong-entry.bound}
      - after: 1m
        disturb-clock: {back: 1s}
      - read-log: {}
        shows: box.log
"""


class WritesAnotherInstant(ReferenceBox):
    """Counted refusals are written down so many seconds after ten."""

    seconds = 0

    def read_log(self, from_number: int) -> LogPage:
        page = super().read_log(from_number)
        *before, last = page.entries
        return replace(page, entries=(*before, replace(last, instant=self.state.mark + self.seconds)))


@pytest.mark.parametrize(
    ("seconds", "right"), [(39, False), (40, False), (49, False), (50, True), (55, True), (60, True), (61, False)]
)
def test_a_count_has_an_instant_from_its_earliest_refusal_to_its_latest(play, scenario_of, seconds, right):
    box = WritesAnotherInstant()
    box.seconds = seconds
    result = play(scenario_of(COUNTED), box)
    assert result.verdict is (Verdict.PASS if right else Verdict.FAIL)
    if not right:
        assert result.finding.contradicted == ("box.log",)
        assert result.finding.must.startswith("entry 7 must be: refusals, no credential, refused at 2027-03-02 10:00:50")


def test_the_reference_box_writes_the_instant_of_the_latest_refusal(play, scenario_of):
    box = ReferenceBox()
    assert play(scenario_of(COUNTED), box).verdict is Verdict.PASS
    (entry,) = box.read_log(7).entries
    assert (entry.count, entry.instant - box.state.mark) == (3, 50)
