"""The packaged scenarios: each loads, is right about the standard, and the reference box passes it, on whatever day."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from lockproof.conformance import suite
from lockproof.conformance.journal import Journal
from lockproof.conformance.pace import ClockMode, Pace
from lockproof.conformance.planning import OF_THE_APP, authority_for_a_bench
from lockproof.conformance.player import Player
from lockproof.conformance.scenario import Scenario
from lockproof.conformance.suite import written
from lockproof.conformance.verdict import ScenarioResult, Verdict
from lockproof.hw_adapter.bench_time import VirtualTime
from lockproof.reference.box import ReferenceBox
from lockproof.reference.credentials import TicketClaims
from lockproof.reference.hardware import Clock
from lockproof.spec.clauses import all_clauses
from lockproof.spec.observable import LogPage
from lockproof.spec.profile import DAY, DEFAULT, Profile

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


def played(scenario: Scenario, today: str = "2027-03-02", declared: Profile = DEFAULT) -> ScenarioResult:
    profile, time = replace(declared, **scenario.profile), VirtualTime()
    box = ReferenceBox(profile=profile, clock=Clock(time.now))
    pace = Pace(ClockMode.WALL_CLOCK, box.hello(), time)
    result = Player(box, authority_for_a_bench(profile), Journal(), today, profile, pace=pace).play(scenario)
    assert result.message == ""
    return result


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


OTHER_BOXES = [{"code_indices": number} for number in range(1, 8)] + [{"holdover": held} for held in (0, 60, 7 * DAY, 30 * DAY)]


@pytest.mark.parametrize("declared", OTHER_BOXES, ids=str)
def test_whatever_a_box_may_declare_each_scenario_passes_or_says_that_it_is_not_for_it(declared: dict[str, int]) -> None:
    profile = replace(DEFAULT, **declared)
    suited = [scenario for scenario in SCENARIOS if not scenario.unsuitable(profile)]
    assert {s.id: played(s, declared=profile).finding for s in suited} == dict.fromkeys((s.id for s in suited), None)
    assert {scenario.id for scenario in SCENARIOS if scenario.control} <= {scenario.id for scenario in suited}
    assert len(suited) > len(SCENARIOS) / 2


def test_a_seed_gives_other_ids_secrets_and_wrong_digits() -> None:
    scenario = next(s for s in SCENARIOS if s.id == "wrong-digits-are-refused")
    first, again, other = (sent(scenario, seed) for seed in ("", "", "11"))
    assert first == again
    assert not first & other


def test_a_secret_that_is_written_down_keeps_its_box() -> None:
    scenario = next(s for s in SCENARIOS if s.id == "leading-zeros-are-digits-too")
    assert sent(scenario, "") == sent(scenario, "11")


def sent(scenario: Scenario, seed: str) -> set[str]:
    """Keys and drawn digits that a run with this seed sends."""
    journal = Journal()
    Player(ReferenceBox(), authority_for_a_bench(DEFAULT), journal, seed=seed).play(scenario)
    commands = [record for record in journal.records if record["record"] == "command"]
    told = [c["arguments"] for c in commands if c["name"] == "provision"]
    wrong = [c["arguments"]["digits"] for c in commands if c["about"].startswith("wrong ", len("enter "))]
    return {str(t["box_id"]) for t in told} | {str(t["secret"]) for t in told} | set(wrong)


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
    assert list(SCENARIOS[:3]) == controls
    assert [control.id for control in controls] == ["vital-signs-of-the-app", "vital-signs", "vital-signs-of-the-authority"]
    (of_the_authority,) = (control for control in controls if not control.uses_box)
    for verb in ("grant", "generate", "revoke"):
        outcomes = [step.accepted for step in of_the_authority.steps if step.verb == verb]
        assert 2 <= sum(outcomes) <= len(outcomes) - 2
    assert {step.channel for step in of_the_authority.steps} == {"authority"}
    controls.remove(of_the_authority)
    steps = [step for control in controls for step in control.steps]
    for channel, verbs in (("keypad", {"enter"}), ("app", {"present", "connect"}), ("clock", {"set-clock"})):
        outcomes = [step.accepted for step in steps if step.channel == channel and step.verb in verbs]
        assert len(outcomes) >= 8
        assert 3 <= sum(outcomes) <= len(outcomes) - 3
    for control in controls:
        assert "box.ready" in control.clauses
        assert any(step.channel == "log" for step in control.steps)


def test_a_box_without_an_app_has_a_control_too() -> None:
    (control,) = [s for s in SCENARIOS if s.control and s.uses_box and not {step.verb for step in s.steps} & OF_THE_APP]
    assert control.id == "vital-signs"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_refusal_that_shows_something_says_why_somewhere(scenario: Scenario) -> None:
    refusals = [step for step in scenario.steps if step.shows and step.accepted is False]
    assert not refusals or any(step.because for step in scenario.steps if step.accepted is False)


def test_each_profile_that_a_scenario_asks_for_is_legal_and_the_default_suits_nearly_all() -> None:
    unsuited = {scenario.id: scenario.unsuitable(DEFAULT) for scenario in SCENARIOS if scenario.unsuitable(DEFAULT)}
    few = enumerate(("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"), 1)
    assert unsuited == {
        "the-hour-ends-with-the-day-if-the-profile-says-so": "it declares code_ends_with_its_day no, this is for yes",
        "equal-codes-of-seven-digits-are-dead-on-the-second-day": "it declares code_digits 8, this is for 7",
        "equal-codes-of-nine-digits-are-dead-on-the-second-day": "it declares code_digits 8, this is for 9",
        **{f"there-is-no-{beyond}-index": f"it declares code_indices 8, this is for {most}" for most, beyond in few},
    }


class CountsItsNonces(ReferenceBox):
    """Nonces are 16 bytes and never come again, but anybody can tell the next."""

    given = 0

    def challenge(self) -> bytes:
        super().challenge()
        CountsItsNonces.given += 1
        self.nonce = CountsItsNonces.given.to_bytes(16, "big")
        return self.nonce


class HasNoncesOfTwoBytes(ReferenceBox):
    """Two bytes of a nonce change, and the rest never does."""

    def challenge(self) -> bytes:
        self.nonce = bytes(14) + super().challenge()[:2]
        return self.nonce


class RepeatsItsNonce(ReferenceBox):
    """Every nonce is the same."""

    def challenge(self) -> bytes:
        super().challenge()
        self.nonce = bytes(range(16))
        return self.nonce


class BeginsAlikeAtEveryOtherBoot(ReferenceBox):
    """A generator that begins alike gives the session first: one that was the last is drawn again, so boots alternate."""

    boots, drawn = 0, 100  # it has been on for a while when a scenario begins

    def challenge(self) -> bytes:
        super().challenge()
        self.drawn += 1
        self.nonce = hashlib.sha256(bytes([self.boots % 2, self.drawn])).digest()[:16]
        return self.nonce

    def power_up(self, cause: str) -> None:
        super().power_up(cause)
        self.boots, self.drawn = self.boots + 1, 0


@pytest.mark.parametrize(
    ("box", "seen"),
    [
        (BeginsAlikeAtEveryOtherBoot, "one came twice"),
        (CountsItsNonces, "three in a row are as far from each other, as if they were counted"),
        (HasNoncesOfTwoBytes, "14 of their 16 bytes are the same in all 8"),
        (RepeatsItsNonce, "one came twice"),
    ],
)
def test_nonces_that_can_be_foreseen_are_seen(box: type[ReferenceBox], seen: str) -> None:
    finding = played_on(box(), "nonces-cannot-be-foreseen").finding
    assert finding is not None
    assert (finding.did, finding.saw, finding.shown) == ("look at the nonces asked for so far", seen, ("connect.ticket",))


def test_a_nonce_that_comes_again_names_its_clause_also_at_a_step_that_shows_nothing() -> None:
    finding = played_on(RepeatsItsNonce(), "a-nonce-never-comes-again").finding
    assert finding is not None
    assert (finding.step, finding.saw, finding.shown) == (3, "one came twice", ())
    assert finding.clauses == ("connect.ticket",)


class ReadsOneTooLate(ReferenceBox):
    """Asked for the log from a number on, it begins after it, but for the first and the next page."""

    following = 1

    def read_log(self, from_number: int) -> LogPage:
        page = super().read_log(from_number + (from_number not in {1, self.following}))
        self.following = page.next_number
        return page


def test_a_log_that_begins_one_too_late_is_seen() -> None:
    finding = played_on(ReadsOneTooLate(), "three-hundred-refusals-are-counted").finding
    assert finding is not None
    assert (finding.did, finding.saw) == ("look at the log from entry 6", "nothing")
    assert finding.must == "must be [6]"
    assert finding.contradicted == ("box.log",)


class TakesWhatItUnderstands(ReferenceBox):
    """Looks at the tag and at the claims that it needs, and not at the form in which they stand."""

    def open_ticket(self, message: bytes) -> TicketClaims | None:
        try:
            protected, _, payload, tag = cbor2.loads(message)
            claims = cbor2.loads(payload)
            said = TicketClaims(claims[7], claims[5], claims[4], claims[10])
        except (cbor2.CBORDecodeError, ValueError, TypeError, KeyError):
            return None
        covered = cbor2.dumps(["MAC0", protected, b"", payload])
        ours = claims[3] == self.box_id and tag == hmac.digest(self.keys.ticket, covered, "sha256")
        return said if ours else None


@pytest.mark.parametrize("form", ["a claim too many", "not the shortest form"])
def test_a_box_that_takes_another_form_is_seen(form: str) -> None:
    scenario = next(s for s in SCENARIOS if s.id == "forged-tickets-change-nothing")
    steps = tuple(step for step in scenario.steps if step.arguments.get("forged", form) == form)
    only = replace(scenario, steps=steps)
    finding = Player(TakesWhatItUnderstands(), authority_for_a_bench(DEFAULT), Journal()).play(only).finding
    assert finding is not None
    assert (finding.did, finding.saw) == (f"present ticket, {form}", "opened")
    assert "box.authentic" in finding.shown


def played_on(box: ReferenceBox, name: str) -> ScenarioResult:
    scenario = next(scenario for scenario in SCENARIOS if scenario.id == name)
    return Player(box, authority_for_a_bench(DEFAULT), Journal()).play(scenario)
