"""`lockproof adapter check`: an honest adapter passes, and each lie is caught by the check that is about it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from lockproof.conformance.adapter_check import CHECKS, check_adapter
from lockproof.conformance.honesty import exit_code
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.guard import GuardedBox
from lockproof.hw_adapter.vendor import BoxAdapter, declared, no_answer
from lockproof.reference.box import ReferenceBox
from lockproof.reference.hardware import Clock
from lockproof.spec.observable import BenchError, CutClass, Decision, Declined, NoAnswer

JSON_BOX = Path(__file__).parent.parent / "hw_adapter" / "json_box.py"


class Bench:
    """A clock that goes on when somebody waits, and only then."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


class Honest(BoxAdapter):
    """Passes on, and passes back."""

    changes: ClassVar[dict] = {}

    def __init__(self, bench: Bench) -> None:
        self.box = ReferenceBox(clock=Clock(lambda: bench.seconds))
        self.loses = False

    @classmethod
    def open(cls, options):
        raise NotImplementedError

    def hello(self):
        return replace(self.box.hello(), **self.changes)

    def reset(self):
        self.box.reset()

    def provision(self, provisioning):
        self.box.provision(provisioning)

    def time_order(self, order):
        return self.box.time_order(order)

    def revocation_order(self, order):
        return self.box.revocation_order(order)

    def enter(self, digits):
        decision = self.box.enter(digits)
        if self.loses:
            self.loses = False
            raise no_answer("enter")
        return decision

    def challenge(self):
        return self.box.challenge()

    def present(self, ticket):
        return self.box.present(ticket)

    def read_log(self, from_number):
        return self.box.read_log(from_number)

    def read_clock(self):
        return self.box.read_clock()

    def hold_clock(self, held):
        return self.box.hold_clock(held)

    def advance_clock(self, seconds):
        return self.box.advance_clock(seconds)

    def disturb_clock(self, seconds):
        return self.box.disturb_clock(seconds)

    def cut_power(self, cut):
        self.box.cut_power(cut)

    def lose_next_answer(self):
        self.loses = True


class SendsAgain(Honest):
    def enter(self, digits):
        try:
            return super().enter(digits)
        except NoAnswer:
            return super().enter(digits)


class SendsAgainAndSaysNothing(Honest):
    def enter(self, digits):
        try:
            return super().enter(digits)
        except NoAnswer:
            super().enter(digits)
            raise


class InventsAnOpening(Honest):
    def enter(self, digits):
        try:
            return super().enter(digits)
        except NoAnswer:
            return Decision(True, None, self.box.read_clock().box_time)


class TakesSilenceForARefusal(Honest):
    def enter(self, digits):
        try:
            return super().enter(digits)
        except NoAnswer:
            return Decision(False, "code.digits", self.box.read_clock().box_time)


class TakesSilenceForDeclined(Honest):
    def enter(self, digits):
        try:
            return super().enter(digits)
        except NoAnswer:
            raise Declined("refused", "nothing came") from None


class KeepsTheClock(Honest):
    kept = None

    def _keep(self, reading):
        self.kept = reading
        return reading

    def time_order(self, order):
        self.kept = None
        return super().time_order(order)

    def cut_power(self, cut):
        self.kept = None
        super().cut_power(cut)

    def reset(self):
        self.kept = None
        super().reset()

    def read_clock(self):
        return self.kept or self._keep(super().read_clock())

    def hold_clock(self, held):
        return self._keep(super().hold_clock(held))

    def advance_clock(self, seconds):
        return self._keep(super().advance_clock(seconds))


class DoesNotHold(Honest):
    def read_clock(self):
        return replace(self.box.read_clock(), held=True)

    def hold_clock(self, held):
        return self.read_clock()

    def advance_clock(self, seconds):
        return replace(self.box.advance_clock(seconds), held=True)


class AdvancesAMinuteLess(Honest):
    def advance_clock(self, seconds):
        return self.box.advance_clock(max(seconds - 60, 0))


class StampsDecisionsItself(Honest):
    def enter(self, digits):
        return replace(super().enter(digits), box_time=1700000000)


class KeepsANonce(Honest):
    nonce = b""

    def challenge(self):
        self.nonce = self.nonce or super().challenge()
        return self.nonce


class DoesNotReset(Honest):
    def reset(self):
        return


class PretendsACut(Honest):
    def cut_power(self, cut):
        if cut.cut is CutClass.NTH_WRITE:
            super().cut_power(cut)


class CutsWithoutTime(Honest):
    def cut_power(self, cut):
        super().cut_power(replace(cut, off_for=0))


class DropsRefusalsFromTheLog(Honest):
    def read_log(self, from_number):
        page = super().read_log(from_number)
        return replace(page, entries=tuple(entry for entry in page.entries if entry.accepted))


class CountsWritesFromBoot(Honest):
    counted = 0

    def hello(self):
        hello = super().hello()
        return replace(hello, writes=hello.writes - self.counted)

    def cut_power(self, cut):
        super().cut_power(cut)
        self.counted = self.box.hello().writes


class CountsItsHellos(Honest):
    asked = 0

    def hello(self):
        self.asked += 1
        return replace(super().hello(), identity=f"box {self.asked}")


class DeclaresTooMuch(Honest):
    def disturb_clock(self, seconds):
        raise Declined("unsupported", "no such register")


class DeclaresTooLittle(Honest):
    changes: ClassVar[dict] = {"disturbs_clock": False}


class RefusesEveryTicket(Honest):
    def present(self, ticket):
        return Decision(False, "box.authentic", self.box.read_clock().box_time)


class AnswersNothing(Honest):
    def challenge(self):
        return None


class Fails(Honest):
    def read_log(self, from_number):
        return {}[from_number]


LIARS = {
    SendsAgain: {"lost.once": "power cut at the first write: the log shows it 1 times, and once sent it can be there 0 times"},
    SendsAgainAndSaysNothing: {
        "lost.once": "power cut at the first write: the log shows it 1 times, and once sent it can be there 0 times"
    },
    InventsAnOpening: {"lost.answer": "power cut at the first write: the box did not answer, and the adapter says accepted"},
    TakesSilenceForARefusal: {
        "lost.answer": "power cut at the first write: the box did not answer, and the adapter says refused (code.digits)"
    },
    TakesSilenceForDeclined: {
        "lost.declined": "power cut at the first write: the box did not answer, and the adapter says that it declined: nothing came"
    },
    KeepsTheClock: {
        "clock.runs": "clock 1804006800, timer 0, running; 2.2 s later still clock 1804006800, timer 0, running:"
        " is the reading kept by the adapter?"
    },
    DoesNotHold: {"clock.held": "clock 1804006800, timer 0, held; 2.2 s later clock 1804006802, timer 2, held"},
    AdvancesAMinuteLess: {
        "clock.advance": "advanced by 3599 s from clock 1804006800, timer 2, held: it says clock 1804010339, timer 3541, held,"
        " not clock 1804010399, timer 3601, held"
    },
    StampsDecisionsItself: {"clock.latched": "the clock shows 1804006800, the decision says 1700000000"},
    KeepsANonce: {"nonce.fresh": None},
    DoesNotReset: {"reset.forgets": "the log has 1 entries, in epoch 8; before reset it was 8"},
    PretendsACut: {"power.cut": None},
    CutsWithoutTime: {
        "power.cut": "clock 1804010399, timer 10799, held before a cut of 10 s, and clock 1804010399, timer 0, held after it,"
        " not clock 1804010409, timer 0, held"
    },
    DropsRefusalsFromTheLog: {
        "log.complete": "5 decisions, accepted, accepted, refused, refused, accepted;"
        " the log has [(1, True), (2, True), (5, True)], next 6"
    },
    CountsWritesFromBoot: {"power.writes": None},
    CountsItsHellos: {"hello.stable": "identity was 'box 2', then 'box 3'"},
    DeclaresTooMuch: {"hello.true": "disturbing its clock are declared, and declined: no such register"},
    DeclaresTooLittle: {"hello.true": "disturbing its clock: not declared, and not declined"},
    RefusesEveryTicket: {
        "decision.kept": "a forged ticket was refused (box.authentic), and the genuine one refused (box.authentic)"
    },
}


def checked(adapter: type[Honest]):
    bench = Bench()
    return check_adapter(GuardedBox(adapter(bench), "adapter liar"), wait=bench.wait)


def test_an_honest_adapter_passes_every_check():
    findings = checked(Honest)
    assert [(each.check, each.verdict) for each in findings] == [(name, Verdict.PASS) for name in CHECKS]
    assert exit_code(findings) == 0
    assert findings[-1].seen == "power cut at the first write: 0 in the log; answer thrown away: 1 in the log"


@pytest.mark.parametrize("liar", LIARS)
def test_a_liar_is_caught_by_the_check_that_is_about_its_lie(liar):
    findings = checked(liar)
    failed = {each.check: each.seen for each in findings if each.verdict is Verdict.FAIL}
    assert failed.keys() == LIARS[liar].keys()
    for check, seen in LIARS[liar].items():
        assert seen in (None, failed[check])
    assert exit_code(findings) == 1


def test_every_check_catches_somebody():
    assert {check for caught in LIARS.values() for check in caught} == CHECKS.keys()


def test_where_no_answer_can_be_lost_nothing_is_said_of_it():
    class Plain(Honest):
        changes: ClassVar[dict] = {"cut_classes": (CutClass.RESET,)}

        def cut_power(self, cut):
            if cut.cut is CutClass.NTH_WRITE:
                raise Declined("unsupported", "no such cut")
            super().cut_power(cut)

        lose_next_answer = BoxAdapter.lose_next_answer

    findings = checked(Plain)
    told = {each.check: each.seen for each in findings if each.verdict is not Verdict.PASS}
    cannot = "the box declares no cut at the nth write, and the adapter has no lose_next_answer: no answer can be lost"
    assert told == {"lost.answer": cannot, "lost.declined": cannot, "lost.once": cannot}
    assert exit_code(findings) == 4


def test_an_answer_of_no_legal_form_is_the_adapters_fault():
    failed = [each for each in checked(AnswersNothing) if each.verdict is Verdict.FAIL]
    assert {each.seen for each in failed} == {"adapter liar: the answer to challenge is none: a bytes belongs there; it was None"}
    assert "clock.held" in {each.check for each in failed}


def test_an_adapter_that_raises_is_told_with_the_place():
    failed = [each for each in checked(Fails) if each.verdict is Verdict.FAIL]
    where = f"({__file__}:{Fails.read_log.__code__.co_firstlineno + 1})"
    assert {each.seen for each in failed} == {
        f"adapter liar: the adapter failed at read-log: KeyError: 1 {where}; mend it, the box was not judged"
    }


def test_a_box_that_says_no_hello_is_an_error_of_the_bench():
    class Silent(Honest):
        def hello(self):
            raise no_answer("hello")

    with pytest.raises(BenchError, match="no answer to hello; what it did is unknown"):
        checked(Silent)


def test_a_declaration_is_never_guessed():
    with pytest.raises(TypeError, match=r"missing .* 'session'"):
        declared(identity="A1")


def test_the_command_over_a_program(lockproof):
    done = lockproof("adapter", "check", f"program:'{sys.executable}' '{JSON_BOX}'")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"{len(CHECKS)} pass"
    assert "pass          lost.once       A command whose answer is lost is not sent again.\n" in done.stdout


@pytest.mark.parametrize(
    ("box", "code", "told"),
    [
        ("adapter:acme", 2, "no adapter is called 'acme', and none is installed"),
        ("program:/no/such/program", 3, "program /no/such/program: can't be started: No such file or directory"),
    ],
)
def test_the_command_without_a_box(lockproof, box, code, told):
    done = lockproof("adapter", "check", box)
    assert done.returncode == code
    assert done.stderr.startswith(told)
    assert "Traceback" not in done.stderr
