"""Every theorem about one world has a shortest trace that a bench can play; a broken model's trace fails, and says which theorem."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from lockproof.conformance import suite, tracing, witnesses
from lockproof.conformance.moves import SET_UP
from lockproof.conformance.scenario import ScenarioError, from_data, load
from lockproof.conformance.verdict import Verdict
from lockproof.spec.model import authority, box
from lockproof.spec.observable import BadInput
from lockproof.spec.theorems import THEOREMS
from lockproof.spec.vocabulary import Need, Outcome, named, satisfied
from rich.console import Console

OF_NUMBERS = {name for name, theorem in THEOREMS.items() if not theorem.events}


@pytest.fixture(autouse=True)
def afresh():
    """Searches of the model as it is now, forgotten afterwards."""
    witnesses._searches.cache_clear()
    yield
    witnesses._searches.cache_clear()


@pytest.fixture(scope="module")
def told():
    return {name: witnesses.witness(theorem) for name, theorem in THEOREMS.items()}


def test_only_theorems_about_numbers_have_no_trace(told):
    assert {name for name, each in told.items() if each.scenario is None} == OF_NUMBERS
    assert {told[name].reason for name in OF_NUMBERS} == {"it speaks of numbers alone, and of no event"}


@pytest.mark.parametrize("name", [name for name in THEOREMS if name not in OF_NUMBERS])
def test_a_witness_runs_and_comes_out_on_the_reference_box_as_proved(told, name):
    each = told[name]
    step = each.trace.last()
    claim = each.theorem.claim(step)
    assert (claim.when, claim.then) == (True, True)
    assert step.event in each.theorem.events
    result = tracing.play(each)
    assert (result.finding, result.message, result.verdict) == (None, "", Verdict.PASS)


def test_a_witness_is_as_short_as_can_be(told):
    lengths = {name: len(each.trace.moments) - len(SET_UP) for name, each in told.items() if each.trace}
    assert lengths["a_code_is_issued_iff_allowed"] == 1
    assert lengths["a_box_that_heard_never_opens_again"] == 6  # a nonce, a grant, its ticket; revoked, heard; presented
    assert lengths["the_default_profile_is_the_text__five_entries"] == 6


def test_a_theorem_that_no_bench_can_show_says_so():
    nothing = replace(THEOREMS["a_ticket_opens_once"], claim=lambda step: replace(CLAIM(step), when=False))
    assert witnesses.witness(nothing).reason == "no bench makes happen in 9 events what it speaks of"


CLAIM = THEOREMS["a_ticket_opens_once"].claim


# Broken models


def a_second_longer(code, now, profile):
    return named("within its life", now <= code.first_use + profile.code_life)


def unrevoked(grant, registered):
    needs = (
        Need("connect.account", "granted", named("granted", grant.granted)),
        Need("connect.account", "registered", registered),
    )
    return grant, Outcome(satisfied(needs), needs)


def test_the_trace_of_a_broken_model_fails_and_names_the_theorem(monkeypatch):
    monkeypatch.setattr(box, "within_life", a_second_longer)
    found = witnesses.counterexample(THEOREMS["a_ready_box_opens_for_a_code_iff_entitled"])
    assert found.scenario["id"] == "a-ready-box-opens-for-a-code-iff-entitled-is-broken"
    assert found.scenario["theorem"] == "a_ready_box_opens_for_a_code_iff_entitled"
    assert found.scenario["steps"][1:3] == [
        {"enter": "anns-code", "box": "opens"},
        {
            "after": "1h",
            "enter": "anns-code",
            "box": "refuses",
            "because": ["code.expiry.after-first-use"],
            "shows": ["code.expiry.after-first-use"],
        },
    ]
    finding = tracing.play(found).finding
    assert finding.must == (
        'must refuse: "A ready box with its keypad enabled opens for our code\'s digits exactly at the instants of its entitlement."'
        " (a_ready_box_opens_for_a_code_iff_entitled)"
    )
    assert finding.saw == "the model says: must open: used again within its life (code.expiry.after-first-use)"
    assert finding.clauses == ("code.expiry.after-first-use",)


def test_the_same_trace_passes_where_the_model_is_whole(monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(box, "within_life", a_second_longer)
        found = witnesses.counterexample(THEOREMS["ended_entitlement_never_returns"])
        assert tracing.play(found).verdict is Verdict.FAIL
    assert tracing.play(found).verdict is Verdict.PASS


def test_what_only_the_authority_decides_wrongly_fails_too(monkeypatch):
    monkeypatch.setattr(authority, "issue_ticket", unrevoked)
    found = witnesses.counterexample(THEOREMS["no_ticket_after_the_end"])
    result = tracing.play(found)
    assert result.verdict is Verdict.FAIL
    assert (result.finding.saw, result.finding.must) == ("accepted", "must be refused")


def test_what_is_only_kept_wrongly_is_followed_to_an_answer(monkeypatch):
    real = box.decide_entry

    def forgets_first_use(state, code, matches, profile):
        decided, used, outcome = real(state, code, matches, profile)
        return decided, replace(used, used=code.used), outcome

    monkeypatch.setattr(box, "decide_entry", forgets_first_use)
    found = witnesses.counterexample(THEOREMS["first_use_is_recorded_when_it_happens"])
    assert found.scenario["steps"][-3]["because"] == ["code.expiry.after-first-use"]
    assert tracing.play(found).verdict is Verdict.FAIL


def test_a_theorem_that_holds_has_no_counterexample():
    found = witnesses.counterexample(THEOREMS["a_code_is_issued_iff_allowed"])
    assert (found.scenario, found.reason) == (None, "no bench makes happen in 9 events what breaks it")


def test_lockproof_run_plays_the_file_and_fails(tmp_path, monkeypatch):
    """The file is written by a broken model, and played by the command with that same model broken."""
    with monkeypatch.context() as broken:
        broken.setattr(box, "within_life", a_second_longer)
        console = Console(file=io.StringIO(), width=200)
        tracing.show_counterexamples(console, ["a_ready_box_opens_for_a_code_iff_entitled"], tmp_path / "made")
    (path,) = (tmp_path / "made").glob("*.yaml")
    script = (
        "from lockproof.spec.model import box\n"
        "from lockproof.conformance.command import main\n"
        "box.within_life = lambda code, now, profile: now <= code.first_use + profile.code_life\n"
        "main()\n"
    )
    command = ["run", str(path), "--box", "reference", "--out", str(tmp_path / "runs")]
    broken_run = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=False)
    assert (broken_run.returncode, broken_run.stderr) == (1, "")
    assert "(a_ready_box_opens_for_a_code_iff_entitled)" in broken_run.stdout
    assert f"again: lockproof replay {tmp_path / 'runs/0001'} --scenario" in " ".join(broken_run.stdout.split())
    whole = subprocess.run(
        [sys.executable, "-m", "lockproof.conformance.command", *command], capture_output=True, text=True, check=False
    )
    assert (whole.returncode, whole.stderr) == (0, "")


# Files


def test_a_witness_as_a_file_is_the_scenario(told, tmp_path):
    each = told["revocation_takes_effect_within_ticket_life"]
    path = tracing._write(each, tmp_path)
    assert path.name == "revocation-takes-effect-within-ticket-life.yaml"
    read, meant = load(path), from_data(each.scenario, "there", 1)
    assert [(s.verb, s.arguments, s.after, s.accepted, s.because, s.shows) for s in read.steps] == [
        (s.verb, s.arguments, s.after, s.accepted, s.because, s.shows) for s in meant.steps
    ]


def test_a_folder_that_cannot_be_written_to_is_bad_input(told, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="the trace cannot be written"):
        tracing._write(told["a_ticket_opens_once"], tmp_path / "file")


def test_a_scenario_that_names_no_theorem_is_refused(told):
    scenario = {**told["a_ticket_opens_once"].scenario, "theorem": "a_ticket_opens_twice"}
    with pytest.raises(
        ScenarioError, match="there is no theorem called a_ticket_opens_twice\n    did you mean a_ticket_opens_once"
    ):
        load(suite.Path("a-ticket-opens-once.yaml"), suite.as_yaml(scenario))


def test_witnesses_that_go_wrong_are_said(monkeypatch, told, tmp_path):
    one = told["a_ticket_opens_once"]
    wrong = replace(one, scenario={**one.scenario, "steps": [*one.scenario["steps"], {"notifications": 7}]})
    monkeypatch.setattr(tracing, "witness", lambda _: wrong)
    monkeypatch.setattr(tracing, "THEOREMS", {"a_ticket_opens_once": THEOREMS["a_ticket_opens_once"]})
    said = io.StringIO()
    assert not tracing.show_witnesses(Console(file=said, width=300), tmp_path)
    text = said.getvalue()
    assert "fail: must be 7" in text
    assert text.splitlines()[-1].startswith("0 of 1 shortest traces of theorems")
