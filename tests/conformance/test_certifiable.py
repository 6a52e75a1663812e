"""Whether a run can certify a box, by its plan, and whether it did, by its result."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lockproof.conformance import suite
from lockproof.conformance.certifiable import IF_ALL_PASSES, before_a_run, mandatory, why_not, why_not_planned
from lockproof.conformance.declared import declaring
from lockproof.conformance.judging import judge_again
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import Timing, make_plan, of_another_class, wait_for
from lockproof.conformance.preparing import prepare
from lockproof.conformance.run import clause_results, run
from lockproof.conformance.scenario import DEFAULT_TODAY
from lockproof.conformance.shapes import read
from lockproof.conformance.targets import Target, target
from lockproof.conformance.verdict import NOT_EXERCISED, RunResult, ScenarioResult, Verdict
from lockproof.conformance.words import LONGEST, spoken
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.reference.box import ReferenceBox
from lockproof.spec.clauses import Decider, all_clauses
from lockproof.spec.observable import BadInput, Decision, Declined
from lockproof.spec.profile import DEFAULT

PACKAGED = suite.packaged()
BOX = Target("a-box", reference=False)
FULL = ("core", "interop")
OF_THE_BOX = [clause.id for clause in all_clauses().values() if clause.decider is not Decider.AUTHORITY]
TICKETS = {"connect.window.bounds", "connect.ticket", "connect.available", "connect.revoke.bound", "connect.revoke.only-it"}
CLOCK = "a-clock-that-runs-keeps-to-what-it-declares"


def head_of(left_out=(), *, classes=FULL, reason=f"{NOT_EXERCISED} the bench has no hands", **said):
    """The `run` record of a run of everything but these scenarios."""
    hello = {"classes": list(classes), "production": False}
    return {
        "hello": hello,
        "planned": {each.id: each.clauses for each in PACKAGED if each.id not in left_out},
        "left_out": {each.id: (reason, each.clauses) for each in PACKAGED if each.id in left_out},
        **said,
    }


def result_of(head, changed=(), **said) -> RunResult:
    """What became of it, if all passed but what is `changed`."""
    scenarios = [ScenarioResult(name, Verdict.PASS, tuple(cited)) for name, cited in head["planned"].items()]
    scenarios += [
        ScenarioResult(name, Verdict.NOT_APPLICABLE, cited, message=why) for name, (why, cited) in head["left_out"].items()
    ]
    scenarios = [replace(each, **dict(changed).get(each.id, {})) for each in scenarios]
    return RunResult("a-box", "", "", scenarios, clause_results(scenarios, judged_authority=False), **said)


# Which clauses


def test_the_full_box_must_be_seen_to_keep_all_that_is_not_the_authoritys():
    assert mandatory(FULL) == tuple(OF_THE_BOX)
    assert mandatory(reversed(FULL)) == mandatory(FULL)


def test_a_box_with_codes_of_its_own_is_not_asked_for_those_of_class_interop():
    assert set(OF_THE_BOX) - set(mandatory(["core"])) == {"interop.code", "interop.message"}


def test_a_box_without_an_app_is_not_asked_for_what_is_about_tickets():
    assert set(OF_THE_BOX) - set(mandatory([*FULL, "code-only"])) == TICKETS


def test_no_clause_is_dropped_that_some_scenario_shows_of_such_a_box():
    for classes in (FULL, ("core",), (*FULL, "code-only")):
        for clause in OF_THE_BOX:
            shows = [each for each in PACKAGED if clause in each.clauses and not of_another_class(each, classes)]
            assert bool(shows) is (clause in mandatory(classes))


# By the plan


def test_a_run_of_everything_may_certify():
    assert why_not_planned(head_of()) == []
    assert before_a_run([]) == [IF_ALL_PASSES] == ["certifiable if all passes"]
    assert before_a_run(["a"]) == ["not certifiable: a"]
    assert before_a_run(["a", "b"]) == ["not certifiable:", "    a", "    b"]


def test_a_choice_does_not():
    head = head_of()
    head["planned"] = {each.id: each.clauses for each in suite.select(PACKAGED, ["the-hour-is-over"])}
    assert why_not_planned(head) == [f"only {len(head['planned'])} of the {len(PACKAGED)} packaged scenarios are chosen"]


def test_nor_do_scenarios_of_ones_own_under_the_packaged_names():
    brought = [each.id for each in PACKAGED]
    assert why_not_planned(head_of(brought=brought)) == ["none of the packaged scenarios is chosen"]
    some = [each for each in brought if each != "the-hour-is-over"][:2]
    assert why_not_planned(head_of(brought=some)) == [
        f"only {len(PACKAGED) - 2} of the {len(PACKAGED)} packaged scenarios are chosen"
    ]


def test_nor_does_nothing():
    assert why_not_planned(head_of([each.id for each in PACKAGED])) == ["no scenario is selected"]


def test_nor_does_a_production_build():
    head = head_of()
    head["hello"]["production"] = True
    assert why_not_planned(head) == [
        "it is a production build, of which lockproof box --production says whether it refuses test commands"
    ]


def test_what_the_bench_can_not_do_is_in_the_way():
    why = f"{NOT_EXERCISED} the box does not declare power cuts of class reset"
    names = ["a-code-outlives-a-power-cut"]
    (clauses,) = [each.clauses for each in PACKAGED if each.id == names[0]]
    told = ", ".join(clause for clause in OF_THE_BOX if clause in clauses)
    assert why_not_planned(head_of(names, reason=why)) == [
        f"{told}: 1 scenario left out: the box does not declare power cuts of class reset"
    ]


def test_a_box_of_which_only_a_held_clock_was_judged_can_be_certified():
    hello = replace(ReferenceBox().hello(), clock_modes=("test-clock",))
    plan = make_plan(PACKAGED, hello, DEFAULT, target("pty"), DEFAULT_TODAY, rehearse=False)
    (left_out,) = [why for name, why in plan.left_out.items() if name == CLOCK]
    assert left_out.startswith("only a clock that is held was judged; its clock would have to run for 1h15m")
    assert why_not_planned(head_of([CLOCK], reason=left_out)) == []


def test_what_would_have_to_be_waited_for_is_told_with_the_wait():
    left_out = "not exercised: its clock would have to run for 1h15m: allow that with --wait 1h15m"
    assert why_not_planned(head_of([CLOCK], reason=left_out)) == [
        "box.clock.accuracy: 1 scenario left out: --wait 1h15m plays it"
    ]


def test_what_would_have_to_be_waited_for_is_told_together_with_the_longest_wait():
    hello = replace(ReferenceBox().hello(), clock_modes=("wall-clock",))
    plan = make_plan(suite.written(), hello, DEFAULT, target("pty"), DEFAULT_TODAY, Timing(ClockMode.WALL_CLOCK, 60))
    head = head_of()
    for each in suite.written():
        if each.id in plan.left_out:
            head["left_out"][each.id] = (plan.left_out[each.id], head["planned"].pop(each.id))
    of_the_box = [why for why, cited in head["left_out"].values() if set(cited) & set(OF_THE_BOX)]
    waits = [each for each in map(wait_for, of_the_box) if each < LONGEST]
    *others, told = why_not_planned(head)
    assert told.endswith(f": {len(waits)} scenarios left out: its clock would have to run, for {spoken(int(max(waits)))} at most")
    assert any("the box declares no test clock" in each for each in others), "so that no wait would do"
    head["left_out"] = {name: (why, cited) for name, (why, cited) in head["left_out"].items() if wait_for(why) < LONGEST}
    head["planned"] |= {each.id: each.clauses for each in PACKAGED if each.id not in head["left_out"]}
    assert why_not_planned(head)[-1].endswith(f": {len(waits)} scenarios left out: --wait {spoken(int(max(waits)))} plays them")


def test_what_is_not_applicable_for_what_the_box_is_is_not_in_the_way():
    names = ["a-code-outlives-a-power-cut"]
    assert why_not_planned(head_of(names, reason="it declares code_digits 9, this is for 8")) == []


def test_a_clause_that_nothing_shows_is_in_the_way():
    interop = [each.id for each in PACKAGED if "interop.code" in each.clauses or "interop.message" in each.clauses]
    head = head_of(interop, reason="it is another box")
    assert why_not_planned(head) == ["interop.code, interop.message: no scenario that is selected shows them"]
    head["hello"]["classes"] = ["core"]
    assert why_not_planned(head) == []


@pytest.mark.parametrize("classes", [FULL, ("core",), (*FULL, "code-only")], ids="-".join)
def test_of_each_class_there_is_a_box_that_a_run_may_certify(classes):
    """A box of class core has codes that somebody mints."""
    box = ReferenceBox()
    hello = replace(box.hello(), classes=classes)
    box.mint = lambda _box_id, _secret, _code: "00000000"
    ready = prepare(box, (hello, 0.0), target("fault:opens-always"), PACKAGED, rehearse=False)
    assert ready.plan.not_certifiable == []
    del box.mint
    ready = prepare(box, (hello, 0.0), target("fault:opens-always"), PACKAGED, rehearse=False)
    assert bool(ready.plan.not_certifiable) is (classes == ("core",))


def test_what_another_profile_has_is_not_in_the_way():
    """A box whose used codes end at midnight."""
    box = ReferenceBox()
    hello = replace(box.hello(), code_ends_with_its_day=True)
    ready = prepare(box, (hello, 0.0), target("fault:opens-always"), suite.written(), rehearse=False)
    assert ready.plan.left_out
    assert ready.plan.not_certifiable == [f"only {len(suite.written())} of the {len(PACKAGED)} packaged scenarios are chosen"]


# By the result


def test_where_all_passed_nothing_is_in_the_way():
    assert why_not(result_of(head_of()), head_of()) == []


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.ERROR])
def test_a_clause_that_did_not_pass_is(verdict):
    head = head_of()
    name = "codes-made-by-the-authority-open"
    (cited,) = [each.clauses for each in PACKAGED if each.id == name]
    told = ", ".join(clause for clause in OF_THE_BOX if clause in cited)
    result = result_of(head, {name: {"verdict": verdict, "message": "it rained"}})
    assert why_not(result, head) == [f"{verdict}: {told}"]


def test_a_run_that_was_stopped_or_ended_with_an_error_is():
    head = head_of()
    assert why_not(result_of(head, stopped=True, error="stopped by Ctrl-C"), head) == ["the run was stopped"]
    assert why_not(result_of(head, error="the line is gone\nplug it in"), head) == [
        "the run ended with an error: the line is gone"
    ]


def test_a_result_that_lacks_what_was_planned_is():
    head, result = head_of(), result_of(head_of())
    result.scenarios.pop(-1)
    assert why_not(result, head) == ["no result: 1 scenario of the plan"]
    result = result_of(head)
    result.clauses = [row for row in result.clauses if row.id != "code.day"]
    assert why_not(result, head) == ["not judged: code.day"]


def test_a_verdict_that_no_mandatory_clause_tells_is():
    head, result = head_of(), result_of(head_of())
    row = next(number for number, each in enumerate(result.clauses) if each.decider is Decider.AUTHORITY)
    result.clauses[row] = replace(result.clauses[row], verdict=Verdict.FAIL)
    assert why_not(result, head) == ["the verdict of the run is fail"]


def test_what_the_plan_says_is_said_once():
    head = head_of([CLOCK])
    result = result_of(head)
    assert {row.id: row.verdict for row in result.clauses}["box.clock.accuracy"] is Verdict.INCONCLUSIVE
    assert why_not(result, head) == why_not_planned(head) != []


# Runs


def judged(tmp_path, name: str, scenarios, **options):
    result = run(target(name), scenarios, tmp_path, **options)
    head = next(record for record in read(tmp_path / "journal.jsonl") if record["record"] == "run")
    return result, head


def test_the_reference_box_is_certifiable_and_so_says_its_journal(tmp_path):
    result, head = judged(tmp_path, "reference", PACKAGED, rehearse=False)
    assert (why_not(result, head), why_not_planned(head)) == ([], [])
    assert why_not(judge_again(tmp_path / "journal.jsonl"), head) == []


NO_APP = "without an app"


def without_an_app(tmp_path, make, **declares):
    declares = {"classes": (*FULL, "code-only"), **declares}
    box = Target(NO_APP, reference=False, time=VirtualTime(), make=declaring(make, declares))
    result = run(box, suite.select(PACKAGED, ["the-hour-is-over"]), tmp_path, rehearse=False)
    return result, next(record for record in read(tmp_path / "journal.jsonl") if record["record"] == "run")


def test_a_box_without_an_app_is_asked_for_a_ticket_and_a_revocation(tmp_path):
    result, head = without_an_app(tmp_path, ReferenceBox)
    assert head["declined"] == {"present": "unsupported", "revocation_order": "unsupported"}
    assert result.verdict is Verdict.PASS
    nobody = "it declares that it has no app, and nobody has asked whether it takes tickets and revocation orders"
    assert nobody not in why_not(result, head)
    assert nobody in why_not(result, {**head, "declined": {}})
    assert nobody in why_not(result, {**head, "declined": {"present": "unsupported", "revocation_order": "refused"}})
    assert nobody not in why_not(result, {**head, "declined": {}, "hello": {**head["hello"], "classes": FULL}})


class TakesTickets(ReferenceBox):
    """Declares that it has no app, and has one."""

    classes = (*FULL, "code-only")


class OpensForAnyTicket(TakesTickets):
    def present(self, ticket: bytes) -> Decision:
        return Decision(True, None, super().present(ticket).box_time)


class HasNeverHeardOfTickets(TakesTickets):
    def present(self, _ticket: bytes) -> Decision:
        raise Declined("unknown-command", "what is a ticket?")

    def revocation_order(self, _order: bytes) -> Decision:
        raise Declined("unsupported", "this box has no app")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (TakesTickets, "a ticket (it was decided) and a revocation order (it was decided);"),
        (OpensForAnyTicket, "a ticket (it was opened for) and a revocation order (it was decided);"),
        (
            HasNeverHeardOfTickets,
            "unsupported: a ticket (unknown-command); let it answer both with unsupported, status 4 on a line,",
        ),
    ],
)
def test_a_box_that_declares_no_app_and_has_one_is_not_judged(make, told):
    box = Target(NO_APP, reference=False, time=VirtualTime(), make=make)
    with pytest.raises(BadInput) as wrong:
        run(box, suite.select(PACKAGED, ["the-hour-is-over"]), rehearse=False)
    assert told in str(wrong.value)


def test_a_faulty_box_is_not(tmp_path):
    result, head = judged(tmp_path, "fault:reentry-restarts-the-hour", suite.select(PACKAGED, ["the-hour-is-over"]))
    assert why_not(result, head) == [*why_not_planned(head), "fail: code.expiry.after-first-use, code.expiry.not-extended"]


def test_scenarios_from_files_are_brought(tmp_path, scenario_of, hour_text):
    _, head = judged(tmp_path, "reference", [scenario_of(hour_text)])
    assert head["brought"] == ["a-scenario"]
    assert why_not_planned(head) == ["none of the packaged scenarios is chosen"]
