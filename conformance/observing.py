"""Who says whether a box opened: an operator at the terminal, or a sensor of the bench. What the box says stands beside it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol, TextIO

from lockproof.conformance.around import AroundBox
from lockproof.conformance.bench import Observation
from lockproof.conformance.programs import ProgramError, run_program
from lockproof.spec.observable import BenchError, Box, Decision, ObservedDecision

SENSED = "sensed"
_IN_FOURS = 4
_LOOK_AGAIN_S = 0.05
_OPEN, _CLOSED = 0, 1  # exit statuses of a sensor


class Eye(Protocol):
    """Looks at the box from outside."""

    @property
    def kind(self) -> str:
        """How what it sees is marked."""

    def before(self) -> None:
        """A presentation is about to be made: the box must be closed. Raises `BenchError` where it is not."""

    def opened(self, did: str) -> bool:
        """Whether it opened upon what was done. Raises `BenchError` where that can't be told."""


class ObservedBox(AroundBox):
    """A box whose openings count as they were seen."""

    def __init__(self, inner: Box, eye: Eye) -> None:
        super().__init__(inner)
        self._eye = eye

    def enter(self, digits: str) -> Decision:
        return self._seen(f"entered {_in_fours(digits)}", lambda: self.inner.enter(digits))

    def present(self, ticket: bytes) -> Decision:
        return self._seen("presented a ticket", lambda: self.inner.present(ticket))

    def _seen(self, did: str, present: Callable[[], Decision]) -> ObservedDecision:
        self._eye.before()
        told = present()
        opened = self._eye.opened(did)
        reason = None if opened else told.reason
        return ObservedDecision(opened, reason, told.box_time, observed_by=self._eye.kind, reported=told.accepted)


class Operator:
    """Asks whoever sits at the terminal."""

    kind = "operator"

    def __init__(self, box: str, answers: TextIO | None = None, questions: TextIO | None = None) -> None:
        self._box = box
        self._answers = answers or sys.stdin
        self._questions = questions or sys.stderr

    def before(self) -> None:
        """The operator closes the box before answering."""

    def opened(self, did: str) -> bool:
        question = f"{self._box}: {did}; did it open? (then close it)  y/n: "
        while True:
            self._questions.write(question)
            self._questions.flush()
            answer = self._answers.readline()
            if not answer:
                raise BenchError(
                    f"{self._box}: nobody answers whether it opened; run at a terminal, or name a sensor in the bench file"
                )
            word = answer.strip().lower()
            if word in {"y", "yes", "n", "no"}:
                return word.startswith("y")
            question = "    please answer y or n: "


class Sensor:
    """Runs the sensor's program: status 0 is open, 1 is closed; or status 0, and the last word that it says is open or closed."""

    kind = SENSED

    def __init__(self, box: str, observation: Observation) -> None:
        assert observation.command is not None
        self._box = box
        self._program = observation.command
        self._observation = observation

    def before(self) -> None:
        give_up = time.monotonic() + self._observation.settle
        while self._is_open():
            if time.monotonic() >= give_up:
                what = f"says that {self._box} is open before anything is presented, for {self._observation.settle:g} s by now"
                raise ProgramError(self._program, f"{what}; close the box, or mend the sensor")
            time.sleep(_LOOK_AGAIN_S)

    def opened(self, did: str) -> bool:
        del did
        time.sleep(self._observation.delay)
        return self._is_open()

    def _is_open(self) -> bool:
        ended = run_program(self._program, self._observation.timeout, self._box)
        word = ended.said.split()[-1].lower() if ended.said else ""
        if ended.status == _OPEN and word in {"", "open", "closed"}:
            return word != "closed"
        if ended.status == _CLOSED and word in {"", "closed"}:
            return False
        raise ProgramError(self._program, f"says neither open nor closed (status {ended.status})", ended.said)


def _in_fours(digits: str) -> str:
    """Digits as they are printed for people, four and four."""
    return " ".join(digits[at : at + _IN_FOURS] for at in range(0, len(digits), _IN_FOURS))
