"""The authority as the system under test: the same verdicts wherever it stands, and no pass for one that does nothing sensible."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from lockproof.conformance import authorities, suite
from lockproof.conformance.authorities import BoxBeside, InProcess, Judged
from lockproof.conformance.certifiable import why_not
from lockproof.conformance.faults import all_authorities
from lockproof.conformance.faults.authorities.remembering import Remembering
from lockproof.conformance.journal import Journal
from lockproof.conformance.judging import judge_again
from lockproof.conformance.killing import Trial, faults_over
from lockproof.conformance.pace import ClockMode
from lockproof.conformance.planning import NO_AUTHORITY, NO_BOX
from lockproof.conformance.player import Player
from lockproof.conformance.report import how_on_the_box
from lockproof.conformance.run import run
from lockproof.conformance.scenario import DEFAULT_TODAY, load
from lockproof.conformance.targets import chosen, of_authority, target, with_authority
from lockproof.conformance.verdict import RunResult, Verdict
from lockproof.hw_adapter.authority import AskedInPython
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.hardware import Clock
from lockproof.spec.clauses import Decider, all_clauses
from lockproof.spec.observable import Answer, AuthorityHello, BadInput, BenchError, CodeIndex
from lockproof.spec.profile import DAY, DEFAULT

ROOT = Path(__file__).parent.parent.parent
SERVICE = f"program:'{sys.executable}' '{ROOT}/examples/authority/service.py'"
WILD = f"program:'{sys.executable}' '{ROOT}/tests/hw_adapter/json_service.py'"
FAULTS = all_authorities()
DEGENERATE = [name for name, fault in FAULTS.items() if fault.breaks is None]


def judged_with(name: str, *ids: str, boxes: tuple[str, ...] = ()) -> RunResult:
    (judged,) = chosen(boxes, None, name)
    return run(judged, suite.select(suite.written(), ids, authority=True), rehearse=False)


def clauses_of(result: RunResult) -> dict[str, str]:
    return {each.id: each.verdict for each in result.clauses}


def finding_in(result: RunResult):
    (finding,) = (each.finding for each in result.scenarios if each.finding)
    return finding


def told(result: RunResult) -> list[tuple]:
    return [(each.id, each.verdict, each.shown, each.channels, each.message) for each in result.scenarios]


@pytest.fixture(scope="module")
def reference() -> RunResult:
    return judged_with("reference")


def test_the_reference_passes_whatever_not_the_box_alone_decides(reference):
    assert reference.exit_code == 0
    shown = {"time.local-refused": "not-applicable"}  # no scenario can ask for it
    for clause in all_clauses().values():
        verdict = Verdict.NOT_APPLICABLE if clause.decider is Decider.BOX else Verdict.PASS
        assert clauses_of(reference)[clause.id] == shown.get(clause.id, verdict), clause.id
    reasons = {each.reason for each in reference.clauses if each.decider == Decider.BOX}
    assert reasons == {NO_BOX}
    assert (reference.identity, reference.firmware) == ("lockproof reference", "0.1.0")


def test_the_same_verdicts_as_a_program(reference):
    by_program = judged_with(SERVICE)
    assert told(by_program) == told(reference)
    assert clauses_of(by_program) == clauses_of(reference)
    assert (by_program.identity, by_program.firmware) == ("example service", "1.0")


def test_one_that_gives_no_reasons_passes_as_much(reference):
    assert clauses_of(judged_with(f"{SERVICE} --no-reasons")) == clauses_of(reference)


def test_only_scenarios_in_which_an_authority_has_a_part_are_played(reference):
    left_out = {each.id: each.message for each in reference.scenarios if each.verdict is Verdict.NOT_APPLICABLE}
    assert left_out["vital-signs"] == left_out["five-wrong-entries-and-no-sixth"] == NO_BOX
    assert {"which-to-use", "vital-signs-of-the-authority", "a-box-that-heard-does-not-open"} & left_out.keys() == set()
    of_a_box = run(target("fault:expires-one-second-late"), suite.select(suite.written(), ["which-to-use"]), rehearse=False)
    assert {each.id: each.message for each in of_a_box.scenarios}["which-to-use"] == NO_AUTHORITY


# What gets no pass


@pytest.mark.parametrize("name", DEGENERATE)
def test_one_that_does_nothing_sensible_gets_no_pass_at_all(name):
    result = judged_with(f"fault:{name}")
    assert [clause for clause, verdict in clauses_of(result).items() if verdict == Verdict.PASS] == []
    assert result.exit_code == (3 if name == "authority-silent" else 1)


def test_these_are_all():
    assert set(DEGENERATE) == {
        "authority-refuses-all",
        "authority-accepts-all",
        "authority-says-the-opposite",
        "authority-answers-at-random",
        "authority-silent",
    }


@pytest.mark.parametrize(
    ("how", "told"), [("echoes", "this has id, command, arguments"), ("dies", "it had ended (exit status 3)")]
)
def test_a_program_that_is_none_gets_no_pass_and_no_verdict(how, told):
    result = judged_with(f"{WILD} {how} 1")
    assert (result.exit_code, {each.verdict for each in result.clauses} & {Verdict.PASS, Verdict.FAIL}) == (3, set())
    assert told in result.error


def test_an_error_at_a_decision_ends_the_run_and_is_no_verdict_about_anybody(tmp_path):
    (judged,) = chosen((), None, f"{WILD} dies 60")
    result = run(judged, suite.written(), tmp_path, rehearse=False)
    assert result.exit_code == 3
    first, *others = [each for each in result.scenarios if each.verdict is Verdict.ERROR]
    assert "it had ended (exit status 3)" in first.message
    assert {each.message.partition(":")[0] for each in others} == {"not played"}
    assert [each for each in result.scenarios if each.finding] == []
    again = judge_again(tmp_path / "journal.jsonl")
    assert clauses_of(again) == clauses_of(result)
    assert told(again) == told(result)


# What is found, and whose it is


def test_a_wrong_acceptance_names_the_clauses_that_forbid_it():
    finding = finding_in(judged_with("fault:grants-a-window-that-is-over", "a-window-that-is-over-is-not-granted"))
    assert (finding.saw, finding.must, finding.channel) == ("accepted", "must be refused", "authority")
    assert finding.clauses == ("connect.window.not-over",)
    assert not finding.is_control


def test_a_wrong_refusal_at_the_box_is_the_authoritys_and_a_control():
    """The step shows a clause of the box; nothing is said of that, and whatever came from this authority is no evidence."""
    result = judged_with("fault:loses-one-of-two-grants", "revoking-one-grant-leaves-the-others")
    finding = finding_in(result)
    assert (finding.shown, finding.contradicted, finding.channel) == ((), ("connect.account",), "authority")
    assert finding.is_control
    assert clauses_of(result)["eligibility.advice"] == Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("fault", "scenario", "did", "clauses"),
    [
        ("days-in-utc", "vital-signs-of-the-authority", "look at the day of the code", ("time.day",)),
        ("issues-a-used-index", "a-used-index-is-not-issued-again", "look at the place of the code", ("code.index",)),
        ("issues-a-dead-index", "the-later-of-two-equal-codes-is-dead", "look at the place of the code", ("code.index",)),
        ("issues-the-digits-of-the-next-index", "eight-codes-and-no-more", "look at the place of the code", ("code.index",)),
        ("tickets-for-an-hour-more", "the-three-instants-of-a-revocation", None, None),
        ("tickets-for-an-hour-more", "a-grant-opens-as-often-as-it-is-used", "look at the ticket for ritas-grant", None),
        ("orders-for-the-first-grant", "a-box-that-heard-does-not-open", None, None),
        ("no-order-for-a-box-that-was-moved", "a-box-hears-that-it-was-moved", None, ("connect.revoke.bound",)),
    ],
)
def test_what_is_issued_is_looked_at_where_it_is_issued(fault, scenario, did, clauses):
    found = [each.finding for each in judged_with(f"fault:{fault}", scenario).scenarios if each.finding]
    if did is None and clauses is None:
        assert found == []  # nothing there that it is about
        return
    finding = found[0]
    assert did is None or finding.did == did
    assert clauses is None or finding.clauses == clauses
    assert not finding.is_control


def test_what_was_looked_at_shakes_nothing_else():
    """Who names a wrong day in a control still refuses as it must: other clauses keep their evidence."""
    verdicts = clauses_of(judged_with("fault:shares-without-the-day"))
    assert verdicts["code.share"] == Verdict.FAIL
    assert verdicts["connect.grantor"] == verdicts["report.lines"] == Verdict.PASS


def played(make, text: str, hello: AuthorityHello | None = None):
    """One scenario, written here, on an authority in this process."""
    inner = InProcess(make)
    asked = authorities.BenchAuthority(AskedInPython(inner, "it"), "it")
    judged = Judged(asked, hello or inner.hello(), inner)
    box = judged.box(Clock(lambda: 0.0))
    player = Player(box, judged.fresh, Journal(), DEFAULT_TODAY, DEFAULT, judged=judged)
    return player.play(load(Path("a-test.yaml"), text))


CONSUMER = """
id: a-test
clauses: [eligibility.consumer-never]
story: A consumer is named.
steps:
  - {grant: {by: joe, to: rita, from: now, for: 1h}, authority: accepts}
  - grant: {by: joe, to: carl, from: now, for: 1h}
    authority: refuses
    because: [eligibility.consumer-never, eligibility.connect-realtor]
    shows: eligibility.consumer-never
"""


def refusing_for(*clauses: str):
    class Refuses(ReferenceAuthority):
        def grant_connect(self, *given, **named):
            answer = super().grant_connect(*given, **named)
            return answer if answer.accepted else Answer(False, clauses)

    return Refuses


SAYS = AuthorityHello("it", "1", ("interop",), gives_reasons=True)
SAYS_NOTHING = replace(SAYS, gives_reasons=False)


@pytest.mark.parametrize(
    ("clauses", "hello", "must"),
    [
        (("eligibility.consumer-never", "eligibility.connect-realtor"), SAYS, ""),
        (("eligibility.connect-realtor",), SAYS, ""),
        ((), SAYS, "must be refused for eligibility.consumer-never or eligibility.connect-realtor"),
        (("connect.grantor",), SAYS, "must be refused for eligibility.consumer-never or eligibility.connect-realtor"),
        (
            ("eligibility.consumer-never", "connect.grantor"),
            SAYS,
            "must be refused for eligibility.consumer-never or eligibility.connect-realtor",
        ),
        (("no.such-clause",), SAYS, "must be refused for eligibility.consumer-never or eligibility.connect-realtor"),
        ((), SAYS_NOTHING, ""),
        (("eligibility.consumer-never",), SAYS_NOTHING, "must give no reason: the authority declares that it gives none"),
    ],
)
def test_reasons_are_among_those_that_forbid_it(clauses, hello, must):
    result = played(refusing_for(*clauses), CONSUMER, hello)
    assert (result.finding.must if result.finding else "") == must
    assert result.verdict is (Verdict.FAIL if must else Verdict.PASS)


def test_a_wrong_refusal_names_what_is_a_clause():
    class Refuses(ReferenceAuthority):
        def grant_connect(self, *_, **__):
            return Answer(False, ("no.such-clause", "connect.grantor"))

    finding = played(Refuses, CONSUMER, SAYS).finding
    assert (finding.contradicted, finding.is_control, finding.channel) == (("connect.grantor",), True, "authority")


class OneIdForAll(Remembering):
    """Grants of one window to one person have one id between them, each with tickets of its own."""

    def after_grant(self, asked, answer):
        same = (name for name, each in self.grants.items() if replace(each, by=asked.by) == asked)
        return replace(answer, reference=next(same, answer.reference))

    def after_ticket(self, grant, account, nonce, answer):
        del account
        return answer if answer.accepted else self.ticket(grant, nonce)


def test_what_comes_otherwise_at_a_box_that_is_right_is_the_authoritys():
    """The box has heard of an id, and refuses the other grant that has it: the box is right, and the scenario is."""
    text = suite.path_of(next(each for each in suite.written() if each.id == "revoking-one-grant-leaves-the-others")).read_text()
    finding = played(OneIdForAll, text.replace("revoking-one-grant-leaves-the-others", "a-test")).finding
    assert (finding.did, finding.saw) == ("present same-grant", "what the authority issued says otherwise")
    assert finding.must.startswith("the scenario has it that the box opens; by what the authority issued, the box must refuse")
    assert (finding.clauses, finding.channel) == (("connect.revoke.only-it",), "authority")


def test_an_accepted_revocation_of_a_code_is_a_fail_and_no_error():
    finding = finding_in(judged_with("fault:revokes-a-code", "a-code-cannot-be-revoked"))
    assert finding.clauses == ("code.irrevocable",)


def test_who_makes_up_a_day_that_there_is_not_is_found_and_nothing_breaks():
    finding = finding_in(judged_with("fault:codes-for-a-day-that-was-left-out", "a-day-that-was-left-out-has-no-code"))
    assert finding.clauses == ("time.no-such-day",)


class Absurd(ReferenceAuthority):
    """Issues what no box could have."""

    place = CodeIndex(-(2**62), 2**62, 999)

    def generate_code(self, *given, **named):
        answer = super().generate_code(*given, **named)
        return replace(answer, code=self.place) if answer.accepted else answer


def test_what_is_absurd_is_found_and_nothing_breaks():
    enters = "  - {enter: anns-code, box: opens}\n  - {enter: wrong, box: refuses}"
    generates = "  - {generate: {by: joe, day: today, as: anns-code}, authority: accepts}"
    text = CONSUMER.replace("steps:", f"steps:\n{generates}\n{enters}")
    finding = played(Absurd, text).finding
    assert (finding.did, finding.clauses) == ("look at the day of the code", ("time.day",))


# Both, and what they must agree about


def test_a_box_that_is_named_is_judged_too():
    result = judged_with("reference", "the-hour-is-over", "which-to-use", boxes=("fault:expires-one-second-late",))
    assert clauses_of(result)["code.expiry.after-first-use"] == Verdict.FAIL
    assert clauses_of(result)["eligibility.advice"] == Verdict.PASS
    assert result.target == "authority reference with fault:expires-one-second-late"


def test_a_faulty_authority_beside_a_box_leaves_the_box_alone():
    result = judged_with("fault:notifies-for-a-code", "a-code-never-notifies", "the-hour-is-over", boxes=("reference",))
    assert clauses_of(result)["code.notify-never"] == Verdict.FAIL
    assert clauses_of(result)["code.expiry.after-first-use"] == Verdict.PASS


class OfItsOwn(InProcess):
    """With codes of its maker's own."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = lambda box_id, secret, _: lambda code: self.mint(box_id, secret, code)

    def hello(self) -> AuthorityHello:
        return replace(
            super().hello(), classes=("core",), requests=("mint",), code_indices=6, code_days_ahead=20, window_longest=DAY
        )

    def reset(self) -> None:
        self.profile = authorities.profile_of(self.hello())
        super().reset()

    def mint(self, box_id: bytes, secret: bytes, code: CodeIndex) -> str:
        del box_id
        return f"{(int.from_bytes(secret[:4], 'big') + code.day_start // 3600 * 8 + code.index) % 10**8:08}"


def test_one_with_codes_of_its_own_and_another_profile(monkeypatch):
    @contextmanager
    def opened(*_):
        asked = authorities.BenchAuthority(AskedInPython(OfItsOwn(), "it"), "it")
        yield Judged(asked, asked.hello())

    monkeypatch.setattr(authorities, "opened", opened)
    (judged,) = with_authority("reference", ())
    result = run(judged, suite.written())
    verdicts = {each.id: each for each in result.scenarios}
    assert {each.verdict for each in result.scenarios} == {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert verdicts["a-code-never-notifies"].verdict is Verdict.PASS
    assert verdicts["eight-codes-and-no-more"].message == "it declares code_indices 6, this is for 8"
    assert "does not fit what the box declares" in verdicts["a-window-has-a-shortest-and-a-longest-length"].message
    assert verdicts["a-code-is-shared-with-its-instructions"].message == "the authority declares no share_by_email"
    assert clauses_of(result)["code.share"] == Verdict.PASS


def test_what_box_and_authority_declare_must_agree():
    inner = InProcess()
    asked = authorities.BenchAuthority(AskedInPython(inner, "it"), "it")
    hello = BoxBeside(inner.hello(), asked.mint, Clock(lambda: 0.0)).hello()
    for other, said in (
        (replace(SAYS, code_digits=9), "the authority declares code_digits 9, and the box 8"),
        (replace(SAYS, code_indices=4), "the authority declares code_indices 4, and the box 8"),
        (replace(SAYS, classes=("core",), requests=("mint",)), "one has codes of class interop and one has not"),
    ):
        with pytest.raises(BadInput, match=said):
            Judged(asked, other).agree(hello, DEFAULT, None)
    assert Judged(asked, replace(SAYS, code_days_ahead=3)).agree(hello, DEFAULT, None) == replace(DEFAULT, code_days_ahead=3)
    with pytest.raises(BenchError, match="the authority declares what the standard does not allow: code_digits"):
        authorities.profile_of(replace(SAYS, code_digits=3))


# The command


def test_the_command_judges_one_tells_how_to_try_again_and_judges_its_journal_alike(lockproof, tmp_path):
    words = ("--scenario", "only-a-grantor-grants", "--out", str(tmp_path))
    done = lockproof("run", "--authority", "fault:an-office-has-no-say", *words)
    assert done.returncode == 1
    assert "FAIL  connect.grantor" in done.stdout
    assert "lockproof run --authority fault:an-office-has-no-say --scenario only-a-grantor-grants --seed" in done.stdout
    judged = lockproof("judge", str(tmp_path / "0001"))
    assert judged.returncode == 1
    assert "the same" in judged.stdout
    (report,) = json.loads((tmp_path / "0001" / "report.json").read_text(encoding="utf-8"))["runs"]
    assert report["target"] == "authority fault:an-office-has-no-say"


def test_a_run_that_was_stopped_is_gone_on_with(lockproof, tmp_path):
    lockproof("run", "--authority", "reference", "--scenario", "which-to-use", "--out", str(tmp_path))
    done = lockproof("resume", str(tmp_path / "0001"))
    assert done.returncode == 0, done.stderr
    assert "going on: 2 of 2 are decided" in done.stdout


def test_a_plan_says_what_is_judged(lockproof, tmp_path):
    done = lockproof("run", "--authority", SERVICE, "--plan", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "example service 1.0, beside lockproof reference" in done.stdout
    assert "not certifiable: an authority is judged, and what is certified is a box" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--authority", "referense"),
            "--authority referense: name an authority: reference, program:COMMAND, adapter:NAME or fault:NAME",
        ),
        (("--authority", "fault:notifies-for-code"), "did you mean notifies-for-a-code?"),
        (("--authority", "program:"), "program: name a program after the colon, such as program:'./my-service --test'"),
        (("--authority", "adapter:nobody"), "no adapter is called 'nobody'"),
        (("--authority", "reference", "--explore", "10"), "--explore: a box is explored, and here an authority is judged"),
    ],
)
def test_what_can_not_be_judged_is_told(lockproof, tmp_path, words, told):
    done = lockproof("run", *words, "--scenario", "which-to-use", "--out", str(tmp_path))
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_of_an_authority_certifies_no_box(tmp_path):
    (judged,) = with_authority("reference", ())
    result = run(judged, suite.written(), tmp_path, rehearse=False)
    records = map(json.loads, (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    head = next(each for each in records if each["record"] == "run")
    assert (head["judged_authority"], head["judged_box"]) == (True, False)
    assert why_not(result, head)[0] == "an authority is judged, and what is certified is a box"


def test_the_name_of_a_target_says_what_to_ask_again():
    assert of_authority("authority program:./it --test") == ("program:./it --test", "")
    assert of_authority("authority fault:needs-no-pin with /dev/ttyUSB0") == ("fault:needs-no-pin", "/dev/ttyUSB0")
    assert of_authority("reference") == ("", "")
    beside = RunResult("authority reference with /dev/ttyUSB0", "", "", seed="s")
    assert how_on_the_box(beside, "it", "") == ("lockproof run --authority reference --box /dev/ttyUSB0 --scenario it --seed s")


def test_faulty_authorities_stand_in_the_table_of_faulty_boxes(lockproof, tmp_path):
    names = ("notifies-for-a-code", "authority-refuses-all", "expires-one-second-late")
    done = lockproof("faults", *names, "--suite", "written", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    matrix = json.loads((tmp_path / "0001" / "matrix.json").read_text(encoding="utf-8"))
    rows = {each["name"]: (each["kind"], each["breaks"], each["outcome"]) for each in matrix["faults"]}
    assert rows == {
        "notifies-for-a-code": ("authority", "code.notify-never", "named"),
        "authority-refuses-all": ("authority", None, "named"),
        "expires-one-second-late": ("time", "code.expiry.after-first-use", "named"),
    }
    listed = lockproof("box", "--list-faults").stdout
    assert "\nof authorities (lockproof run --authority fault:NAME):\n" in listed
    assert all(f"\n{name} " in listed for name in FAULTS)


def test_authorities_are_not_explored_and_stand_on_no_line():
    fault = FAULTS["notifies-for-a-code"]
    assert Trial().tries(fault)
    assert not Trial(which=suite.Suite.NONE, steps=5).tries(fault)
    assert FAULTS.keys() <= faults_over("fault").keys()
    assert not FAULTS.keys() & faults_over("pty").keys()


def test_what_is_no_part_of_a_boxs_is_played_without_one(reference):
    """Nothing is set up for it, and where a clock only runs, nobody waits for it."""
    commands = {each.id: each.commands for each in reference.scenarios}
    assert commands["which-to-use"] == commands["wrong-pins-are-bounded"] == commands["vital-signs-of-the-authority"] == 0
    assert commands["a-code-needs-the-right-pin"] > 0  # whose code is entered
    (judged,) = chosen(("pty",), None, "reference")
    few = suite.select(suite.written(), ["wrong-pins-are-bounded", "a-code-never-notifies"], box=False, authority=True)
    result = run(judged, few, clock=ClockMode.WALL_CLOCK, longest_wait=0)
    verdicts = {each.id: (each.verdict, each.clock) for each in result.scenarios}
    assert verdicts["wrong-pins-are-bounded"] == (Verdict.PASS, "wall-clock")
    assert verdicts["a-code-never-notifies"][0] is Verdict.NOT_APPLICABLE
    assert result.seconds < 60
