"""`lockproof authority check`: an authority that keeps to its protocol passes, and each that does not is caught by the check about it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from lockproof.conformance.authorities import BenchAuthority, InProcess
from lockproof.conformance.authority_check import CHECKS, Trial, check_and_tell
from lockproof.conformance.honesty import exit_code
from lockproof.conformance.verdict import Verdict
from lockproof.hw_adapter.authority import AskedInPython
from lockproof.reference.authority import ReferenceAuthority
from lockproof.spec.observable import Answer, AuthorityHello, BenchError

ROOT = Path(__file__).parent.parent.parent
REFUSED = Answer(False, ("connect.grantor",))


class Honest(InProcess):
    """Passes on, and passes back."""

    lies: ClassVar[str] = ""


class HelloChanges(Honest):
    lies = "hello.stable"
    said = 0

    def hello(self) -> AuthorityHello:
        self.said += 1
        return replace(super().hello(), version=f"{self.said}")


class DeclaresNoEmail(Honest):
    lies = "hello.true"

    def hello(self) -> AuthorityHello:
        return replace(super().hello(), requests=())


class DeclaresWhatItDeclines(Honest):
    lies = "hello.true"

    def share_by_email(self, code: str, to: str) -> bytes:
        raise BenchError(f"{code}: no mail to {to}")


class AnswersAnything(Honest):
    lies = "request.unknown"

    def open_every_box(self) -> None:
        """Does not."""


class KnowsEverybody(Honest):
    lies = "name.unknown"

    def grant_connect(self, **given: Any) -> Answer:
        try:
            return self.__getattr__("grant_connect")(**given)
        except BenchError:
            return REFUSED


class KeepsTheReport(Honest):
    lies = "reset.forgets"
    kept: tuple = ()

    def reset(self) -> None:
        self.kept = self.report()
        super().reset()

    def report(self) -> tuple:
        return (*self.kept, *(self._now.report() if self._now else ()))


class KeepsPeople(Honest):
    lies = "reset.forgets"

    def reset(self) -> None:
        """Forgets nothing, and lets nobody be named twice."""
        if self._now is None:
            super().reset()

    def add_person(self, **given: Any) -> None:
        self._ignoring("add_person", given)

    def add_property(self, **given: Any) -> None:
        self._ignoring("add_property", given)

    def _ignoring(self, name: str, given: Any) -> None:
        try:
            self.__getattr__(name)(**given)
        except BenchError:
            return


class AcceptsAStranger(Honest):
    lies = "answer.kept"

    def grant_connect(self, **given: Any) -> Answer:
        answer = self.__getattr__("grant_connect")(**given)
        return answer if answer.accepted else Answer(True, reference="00" * 16)


class HidesReasons(Honest):
    lies = "reasons.true"

    def grant_connect(self, **given: Any) -> Answer:
        return replace(self.__getattr__("grant_connect")(**given), clauses=())

    def generate_code(self, **given: Any) -> Answer:
        return replace(self.__getattr__("generate_code")(**given), clauses=())


class TellsReasonsAllTheSame(Honest):
    lies = "reasons.true"

    def hello(self) -> AuthorityHello:
        return replace(super().hello(), gives_reasons=False)


class LooksAtAClock(Honest):
    lies = "clock.given"
    first = 0

    def generate_code(self, **given: Any) -> Answer:
        self.first = self.first or given["now"]
        return self.__getattr__("generate_code")(**{**given, "now": self.first})


LIARS = [each for each in Honest.__subclasses__() if each.lies]


def checked(made: type[InProcess]) -> dict[str, Verdict]:
    authority = BenchAuthority(AskedInPython(made(ReferenceAuthority), "it"), "it")
    findings = CHECKS.try_all(Trial(authority, authority.hello()))
    assert exit_code(findings) == (1 if made.lies else 0)
    return {each.check: each.verdict for each in findings}


def test_an_honest_one_passes_every_check():
    assert set(checked(Honest).values()) == {Verdict.PASS}


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.__name__)
def test_each_is_caught_by_the_check_that_is_about_it(liar):
    failed = [name for name, verdict in checked(liar).items() if verdict is Verdict.FAIL]
    assert failed == [liar.lies]


def test_every_check_has_one_that_it_catches():
    assert {liar.lies for liar in LIARS} == set(CHECKS)


def test_one_that_refuses_everything_can_not_be_tried():
    class RefusesAll(Honest):
        lies = "answer.kept"

        def grant_connect(self, **_: Any) -> Answer:
            return REFUSED

        def generate_code(self, **_: Any) -> Answer:
            return REFUSED

    verdicts = checked(RefusesAll)
    assert verdicts["answer.kept"] is Verdict.FAIL
    assert verdicts["hello.true"] is verdicts["reset.forgets"] is verdicts["clock.given"] is Verdict.INCONCLUSIVE


def test_it_is_told_as_it_goes():
    said: list[str] = []
    authority = BenchAuthority(AskedInPython(InProcess(), "it"), "it")
    assert check_and_tell(authority, said.append) == 0
    assert len(said) == len(CHECKS) + 1
    assert said[0] == (
        "pass          hello.stable    Asked twice with nothing in between, hello says the same.\n"
        "                              lockproof reference 0.1.0, core and interop\n"
    )
    assert said[-1] == f"{len(CHECKS)} pass\n"


def test_the_command_checks_a_program(lockproof):
    service = f"program:'{sys.executable}' '{ROOT}/examples/authority/service.py'"
    done = lockproof("authority", "check", service)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{service}: {len(CHECKS)} checks of its protocol; they make it forget everything\n")
    wild = f"program:'{sys.executable}' '{ROOT}/tests/hw_adapter/json_service.py' dies 5"
    done = lockproof("authority", "check", wild)
    assert done.returncode == 1
    assert "it had ended (exit status 3)" in done.stdout
    assert done.stdout.count("not tried: ") == 3
    assert lockproof("authority", "check", "pty").returncode == 2
